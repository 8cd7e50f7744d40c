"""Commands about what is kept of a shopper."""

import base64
from pathlib import Path
from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, chore, fail, load_ready, show
from doorstep.core.message import Message

commands = typer.Typer()
Workspace = Annotated[str, typer.Option(help="Name of the workspace, where there is more than one.")]


@commands.command()
def erase(
    email: Annotated[str, typer.Argument(help="The shopper's e-mail address.")],
    workspace: Workspace = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a shopper: name, addresses and raw data go, orders and parcels stay. On SQLite a running `up` does it."""
    load_ready(as_json)
    if not yes:
        typer.confirm(f"Erase everything that names {email}? This cannot be undone.", abort=True)
    done = chore("erase", as_json, workspace=workspace, email=email)
    counts = "{people} address records, {bodies} raw answers and mails, names in {words} rows".format(**done)
    show(done, as_json, lambda: print(f"Erased: {counts}."))


@commands.command("export-person")
def export_person(
    email: Annotated[str, typer.Argument(help="The shopper's e-mail address.")],
    file: Annotated[Path, typer.Argument(help="The ZIP file to write; none must be there.")],
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Write everything about a shopper into a ZIP file. On SQLite a running `up` packs it."""
    load_ready(as_json)
    if file.exists():
        fail(Message(id="erase.file_there", values={"file": str(file)}), as_json)
    packed = chore("export-person", as_json, workspace=workspace, email=email)["zip"]
    size = file.write_bytes(base64.b64decode(packed))
    show({"file": str(file), "bytes": size}, as_json, lambda: print(f"{file}: {size:,} bytes."))
