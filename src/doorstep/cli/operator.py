"""Commands of the operator: carrier accounts that every workspace may use."""

from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, chore, load_ready, show, table

commands = typer.Typer(no_args_is_help=True, help="Carrier accounts that every workspace may use.")


@commands.command()
def lend(
    name: Annotated[str, typer.Argument(help="The carrier's connector, for example postnord.")],
    values: Annotated[list[str] | None, typer.Argument(help="field=value, as the console's form names them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lend a carrier account to every workspace: tested first. Again with a new key where the old one was refused."""
    load_ready(as_json)
    form = dict(one.partition("=")[::2] for one in values or ())
    made = chore("operator lend", as_json, name=name, form=form)
    show(made, as_json, lambda: print("{lent} is lent to {workspaces} workspaces, and to new ones.".format(**made)))


@commands.command("list")
def lent(as_json: AsJson = False) -> None:
    """The accounts that are lent."""
    load_ready(as_json)
    from doorstep.app.connections import lending

    rows = lending.lent()
    show(rows, as_json, lambda: table(rows))


@commands.command("take-back")
def take_back(
    account: Annotated[int, typer.Argument(help="Its id, as `doorstep operator list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Lend an account no longer, and forget its credentials. What it has told stays."""
    load_ready(as_json)
    done = chore("operator take-back", as_json, payer_id=account)
    show(done, as_json, lambda: print("{taken_back} is lent no longer.".format(**done)))
