"""Follow every parcel from the command line. What takes time to load is loaded by the command that needs it."""

import os
import sys
from typing import Annotated

import typer

from doorstep.cli import (
    answers,
    completion,
    estimates,
    keeping,
    keys,
    mails,
    numbers,
    operator,
    orders,
    parts,
    people,
    privacy,
    screen,
    server,
    tables,
)
from doorstep.cli.groups import GROUPS
from doorstep.cli.operations import Operations
from doorstep.core.message import Message

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False, help=__doc__)
for group in (server, parts, keeping, privacy, tables, numbers, orders, mails, estimates, answers, completion):
    app.add_typer(group.commands)
app.add_typer(people.commands, name="user")
app.add_typer(keys.commands, name="key")
app.add_typer(operator.commands, name="operator")
for name in GROUPS:
    if name != "recognize":  # needs no API: `doorstep recognize` knows more, from the library
        said = f"{name.capitalize()}, as the API has them: here, or on --server."
        app.add_typer(typer.Typer(cls=Operations, no_args_is_help=True), name=name, help=said, rich_help_panel="API")


def version(asked: bool) -> None:
    """Say which version this is."""
    if asked:
        from importlib.metadata import version as of

        print(f"doorstep {of('doorstep')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Say the version.")] = False,
) -> None:
    """Options of the command itself."""


def main() -> None:
    """Entry point of the command ``doorstep``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
    os.umask(0o077)  # what Doorstep writes holds people's addresses: for its own user only
    if completion.VARIABLE in os.environ:
        completion.prepare()
    try:
        app(prog_name="doorstep")
    except Exception as problem:
        from django.db import DatabaseError

        if not isinstance(problem, DatabaseError):
            raise
        unusable = Message(id="doctor.database_unusable", values={"problem": str(problem).strip()})
        screen.complain(unusable, "--json" in sys.argv)
        sys.exit(1)
