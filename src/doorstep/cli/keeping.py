"""Commands about what is kept: copies of it."""

from pathlib import Path
from typing import Annotated

import typer

from doorstep.cli.screen import AsJson, chore, fail, load, load_ready, show
from doorstep.core.message import Message

commands = typer.Typer()


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; none must be there.")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Put the key into it too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy everything into one file, also while Doorstep runs."""
    load_ready(as_json)
    from doorstep.app.operate import backup as copies

    try:
        made = copies.take(file.absolute(), with_key=with_key)
    except copies.NotPossible as problem:
        fail(problem.message, as_json)
    size = file.stat().st_size
    key = "The key is inside: keep it where nobody else reads it." if with_key else "The key is not inside."
    data = {"file": str(file), "bytes": size, "with_key": with_key, "taken_at": made.taken_at, "kind": made.kind}
    show(data, as_json, lambda: print(f"{file}: {size:,} bytes, as of {made.taken_at}. {key}"))


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `doorstep backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Also where there are data already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of this installation's database. Nothing else may be running."""
    load()
    from django.conf import settings

    from doorstep.app.operate import backup as copies
    from doorstep.app.operate import restore as putting
    from doorstep.app.process import serve
    from doorstep.app.say import say

    folder = Path(settings.DATA_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with serve.alone(folder):
            done = putting.restore(file, force=force)
    except (serve.CannotStart, copies.NotPossible) as problem:
        fail(problem.message, as_json)
    moved = [str(one) for one in done.aside]
    lines = [f"Restored as of {done.manifest.taken_at}.", say(Message(id=f"backup.key.{done.key}"))]
    lines += [f"What was here is now {one}" for one in moved]
    data = {"taken_at": done.manifest.taken_at, "key": done.key, "aside": moved}
    show(data, as_json, lambda: print("\n".join(lines)))


@commands.command("rotate-key")
def rotate_key(
    close_links: Annotated[
        bool, typer.Option("--close-links", help="Also close every link shown so far: somebody has read the key.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a new key into use. Nothing else may be running. Everybody has to log in again."""
    load_ready(as_json)
    from django.conf import settings

    from doorstep.app.operate import rotation
    from doorstep.app.process import serve

    if close_links and not yes:
        typer.confirm("Close every link to a shopper's page, a look-up and a supplier's list?", abort=True)
    try:
        with serve.alone(Path(settings.DATA_DIR)):
            done = rotation.rotate(close_links=close_links)
    except (serve.CannotStart, rotation.NotPossible) as problem:
        fail(problem.message, as_json)
    lines = ["An earlier rotation was finished." if done["finished_earlier"] else "There is a new key."]
    lines += [f"{one}: its credentials could not be opened; connect it again." for one in done["unreadable"]]
    lines += [f"{done['links_closed']} links were closed."] if close_links else []
    lines += ["Back up the key file. Backups made before need the keys that were in it then: they stay in it."]
    show(done, as_json, lambda: print("\n".join(lines)))


@commands.command()
def partition(
    parts: Annotated[int, typer.Option("--parts", min=2, max=256, help="How many parts; a power of two is best.")],
    as_json: AsJson = False,
) -> None:
    """Split the hot tables by workspace, on PostgreSQL. Stop Doorstep first; each table is copied once."""
    load_ready(as_json)
    from django.db import OperationalError, connection

    from doorstep.db import partition as tables

    if connection.vendor != "postgresql":
        fail(Message(id="partition.postgres_only"), as_json)
    try:
        done = tables.split(parts)
    except OperationalError as problem:
        fail(Message(id="partition.in_use", values={"problem": str(problem).strip()}), as_json)
    now = tables.parts()
    said = [f"{table}: {count} parts{'' if table in done else ', as before'}" for table, count in now.items()]
    show({"parts": now, "rewritten": done}, as_json, lambda: print("\n".join(said)))


@commands.command()
def archive(
    older_than: Annotated[int, typer.Option("--older-than", min=3, help="Months since the parcel closed.")] = 12,
    as_json: AsJson = False,
) -> None:
    """Pack the scans of parcels that closed long ago; their pages stay. On SQLite a running `up` does it."""
    load_ready(as_json)
    done = chore("archive", as_json, months=older_than)
    show(done, as_json, lambda: print(f"The scans of {done['numbers']} numbers were packed."))
