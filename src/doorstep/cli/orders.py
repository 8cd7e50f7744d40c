"""Commands about orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from doorstep.cli.screen import AsJson, fail, show

commands = typer.Typer()


@commands.command()
def explain(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="An order as JSON, or - for standard input.")] = "-",  # type: ignore[assignment]  # typer opens the default too
    now: Annotated[str, typer.Option(help="Look at it at this time (2026-03-05T12:00:00Z).")] = "",
    as_json: AsJson = False,
) -> None:
    """Say why there is no news about an order, who does what, and until when. Needs no database."""
    from doorstep.app import clock
    from doorstep.app.order.explain import Unreadable, read
    from doorstep.app.order.explain import explain as found_in

    at = _time(now) if now else clock.now()
    try:
        found = found_in(read(file.read()), at)
    except Unreadable as problem:
        fail(problem.message, as_json)
    show(found, as_json, lambda: _tell(found))


def _time(text: str) -> datetime:
    from doorstep.app.order.explain import fault_of_time

    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no time like 2026-03-05T12:00:00Z", param_hint="--now") from None
    if fault_of_time(time):
        raise typer.BadParameter(fault_of_time(time), param_hint="--now")
    return time


def _tell(found: Sequence[dict[str, Any]]) -> None:
    """The findings in lines that fit any terminal."""
    from doorstep.app.say import moment, text

    console = Console(soft_wrap=True, highlight=False)
    for one in found:
        sure, who = text(f"finding.confidence.{one['confidence']}"), text(f"finding.who.{one['who']}")
        about = f" · {one['parcel']}" if one["parcel"] else ""
        console.print(one["text"], style="bold", markup=False, end="")
        console.print(f" ({sure}; {who}){about}", markup=False)
        for line in one["advice"]:
            console.print(f"  {line}", markup=False)
        console.print(f"  {' '.join(one['evidence'])}", style="dim", markup=False)
        if one["next_at"]:
            console.print(f"  {text('order.next_step')} {moment(datetime.fromisoformat(one['next_at']))}", markup=False)
