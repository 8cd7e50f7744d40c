"""What a shell needs to complete commands, their options and words."""

from typing import Annotated, Literal

import typer

commands = typer.Typer()
VARIABLE = "_DOORSTEP_COMPLETE"  # a shell sets it when it asks for words


def prepare() -> None:
    """Let a shell ask for words."""
    from typer._completion_classes import completion_init

    completion_init()


@commands.command()
def completion(shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="bash, zsh or fish.")]) -> None:
    """Write what makes a shell complete this command: `source <(doorstep completion bash)`."""
    from typer._completion_shared import get_completion_script

    print(get_completion_script(prog_name="doorstep", complete_var=VARIABLE, shell=shell))
