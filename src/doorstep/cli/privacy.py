"""Commands about what is kept of a shopper."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, fail, load_ready, show
from doorstep.core.message import Message

commands = typer.Typer()
ACTOR = "cli"
Workspace = Annotated[str, typer.Option(help="Name of the workspace, where there is more than one.")]


@commands.command()
def erase(
    email: Annotated[str, typer.Argument(help="The shopper's e-mail address.")],
    workspace: Workspace = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a shopper: name, addresses and raw data go, orders and parcels stay. On SQLite `up` must not be running."""
    load_ready(as_json)
    from django.conf import settings

    from doorstep.app import connecting, erasure, serve, traces

    if not yes:
        typer.confirm(f"Erase everything that names {email}? This cannot be undone.", abort=True)
    try:
        with serve.alone(Path(settings.DATA_DIR)):
            done = erasure.erase(connecting.workspace_named(workspace), email, ACTOR)
    except (serve.CannotStart, connecting.NotPossible, traces.NotPossible) as problem:
        fail(problem.message, as_json)
    said = f"Erased: {done.people} address records, {done.bodies} raw answers and mails, names in {done.words} rows."
    show(asdict(done), as_json, lambda: print(said))


@commands.command("export-person")
def export_person(
    email: Annotated[str, typer.Argument(help="The shopper's e-mail address.")],
    file: Annotated[Path, typer.Argument(help="The ZIP file to write; none must be there.")],
    workspace: Workspace = "",
    as_json: AsJson = False,
) -> None:
    """Write everything about a shopper into a ZIP file. On SQLite `up` must not be running."""
    load_ready(as_json)
    from django.conf import settings

    from doorstep.app import connecting, disclosure, serve, traces

    if file.exists():
        fail(Message(id="erase.file_there", values={"file": str(file)}), as_json)
    try:
        with serve.alone(Path(settings.DATA_DIR)):
            packed = disclosure.disclose(connecting.workspace_named(workspace), email, ACTOR)
    except (serve.CannotStart, connecting.NotPossible, traces.NotPossible) as problem:
        fail(problem.message, as_json)
    size = file.write_bytes(packed)
    show({"file": str(file), "bytes": size}, as_json, lambda: print(f"{file}: {size:,} bytes."))
