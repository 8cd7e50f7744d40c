"""Commands about saved answers of carriers."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doorstep.cli.screen import AsJson, fail, show, table
from doorstep.core.message import Message

if TYPE_CHECKING:
    from doorstep.connectors.normalize import Normalized

commands = typer.Typer()


@commands.command()
def normalize(
    file: Annotated[str, typer.Argument(help="A saved answer or webhook, or - for standard input.", metavar="FILE")],
    carrier: Annotated[str, typer.Option(help="Whose answer it is: its connector, for example seventeen_track.")],
    now: Annotated[
        str, typer.Option(help="Look at it at this time (2026-03-05T12:00:00Z), not at the newest scan's.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a carrier's saved answer says: status and scans of each parcel. Needs no database."""
    from doorstep.connectors.contract import Trouble
    from doorstep.connectors.normalize import NoSuchCarrier
    from doorstep.connectors.normalize import normalize as read

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        parcels = read(carrier, body, _time(now) if now else None)
    except OSError as problem:
        values = {"file": file, "problem": problem.strerror or str(problem)}
        fail(Message(id="normalize.file_unreadable", values=values), as_json)
    except NoSuchCarrier as unknown:
        fail(unknown.message, as_json)
    except Trouble as trouble:
        unreadable = Message(id="normalize.unreadable", values={"file": file, "said": trouble.said})
        fail(trouble.message or unreadable, as_json)
    if not parcels:
        fail(Message(id="normalize.no_parcels", values={"file": file}), as_json)
    for one in parcels:
        _tell(one, as_json)


def _time(text: str) -> datetime:
    """Aware; a time without an offset is UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no time like 2026-03-05T12:00:00Z", param_hint="--now") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _tell(parcel: "Normalized", as_json: bool) -> None:
    show(parcel.plain(), as_json, lambda: _render(parcel))


def _render(parcel: "Normalized") -> None:
    carrier = parcel.track.carrier or "a carrier we do not know"
    print(f"{parcel.track.number} ({carrier}): {parcel.status}{f', {parcel.reason}' if parcel.reason else ''}")
    rows = [
        {"time": str(one.local or one.instant or ""), "status": one.status, "place": one.place, "text": one.raw_text}
        for one in parcel.events
    ]
    table(rows, "Scans")
