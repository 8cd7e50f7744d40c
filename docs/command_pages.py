"""Writes the page of the commands that are made from the API."""

from pathlib import Path
from typing import Any, Final

import typer.main

from doorstep.cli import app
from doorstep.cli.groups import GROUPS
from doorstep.cli.operations import command_name

PAGE: Final = Path(__file__).parent / "reference" / "api-commands.md"
HEAD: Final = """# Commands of the API

Each operation of the [API](api.md) has a command. It works over this machine's own data, without a key; with
`--server` and `--key` (or `DOORSTEP_SERVER` and `DOORSTEP_API_KEY`) over HTTP, on another Doorstep. What changes
something is done by a running `up`. `--json` writes what the API answers; without it a person gets a table of what
matters most, and `--fields` chooses other columns. A list ends after 50 rows; `--limit 0` shows all. `--workspace`
names one where this machine has several. [Exit codes](cli.md#exit-codes) are those of all commands. This page is made
from the code by `make docs`; do not edit it.
"""
ROW: Final = "| `doorstep {group} {name}{words}` | {about} | {options} |"


def page() -> str:
    """The whole page, ending in one newline."""
    groups = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # the app is a group
    parts = [section(group, groups[group], names) for group, names in GROUPS.items() if group in groups]
    return "\n".join((HEAD, *(one for one in parts if one)))


def section(group: str, commands: Any, operations: tuple[str, ...]) -> str:
    """One address of the API."""
    if not hasattr(commands, "list_commands"):
        return ""  # has a command of its own, written by hand
    known = {command_name(group, one) for one in operations}
    rows = [row(group, commands.get_command(None, name)) for name in commands.list_commands(None) if name in known]
    return "\n".join((f"## {group.capitalize()}\n", "| command | does | options |", "| --- | --- | --- |", *rows, ""))


def row(group: str, command: Any) -> str:
    """One operation."""
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    words = "".join(f" {one.metavar or one.name.upper()}" for one in arguments)
    own = [one.opts[0] for one in command.params if one.param_type_name == "option"]
    shared = {"--server", "--key", "--workspace", "--json", "--help", "--fields", "--limit"}
    options = " ".join(f"`{one}`" for one in own if one not in shared)
    about = " ".join(command.help.split()).replace("|", "\\|")
    return ROW.format(group=group, name=command.name, words=words, about=about, options=options)


def write() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")
