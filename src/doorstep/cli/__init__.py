"""The command line. Commands are thin; what takes time to load is loaded by the command that needs it."""

import os
import sys

import typer

from doorstep.cli import (
    answers,
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
)
from doorstep.core.message import Message

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False, help=__doc__)
for group in (server, parts, keeping, privacy, numbers, orders, mails, estimates, answers):
    app.add_typer(group.commands)
app.add_typer(people.commands, name="user")
app.add_typer(keys.commands, name="key")
app.add_typer(operator.commands, name="operator")


def main() -> None:
    """Entry point of the command ``doorstep``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
    os.umask(0o077)  # what Doorstep writes holds people's addresses: for its own user only
    try:
        app()
    except Exception as problem:
        from django.db import DatabaseError

        if not isinstance(problem, DatabaseError):
            raise
        unusable = Message(id="doctor.database_unusable", values={"problem": str(problem).strip()})
        screen.complain(unusable, "--json" in sys.argv)
        sys.exit(1)
