"""Commands about tracking numbers."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from doorstep.cli.screen import AsJson, fail, load, show, table

commands = typer.Typer()


@commands.command()
def recognize(
    text: Annotated[list[str], typer.Argument(help="Numbers, or links that hold one.")],
    near: Annotated[str, typer.Option(help="Words beside it, for example the carrier's name.")] = "",
    destination: Annotated[str, typer.Option(help="Country it goes to (DE).")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a tracking number is: carrier, how sure, why. Needs no database. Exit code 1 when one is unknown."""
    from doorstep.app.describe import described
    from doorstep.core.number import Hints
    from doorstep.core.number import recognize as read

    found = [described(read(one, Hints(near=near, destination=destination))) for one in text]

    def render() -> None:
        for one in found:
            _tell(one)

    show(found, as_json, render)
    raise typer.Exit(int(not all(one["candidates"] for one in found)))


@commands.command()
def track(
    number: str,
    key: Annotated[str, typer.Option(help="A 17TRACK API key; - asks for it. Uses one unit of its quota.")] = "",
    carrier: Annotated[str, typer.Option(help="Carrier, if you know it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Follow one number: its events with a 17TRACK key; without one, what it is and the carrier's own page."""
    from doorstep.app.describe import described
    from doorstep.core.number import Hints, TrackingNumber, carrier_named
    from doorstep.core.number import recognize as read

    recognition = read(number, Hints(carrier_text=carrier))
    found = described(recognition)
    if key:
        load()
        from doorstep.app import loop
        from doorstep.app.accounts import message_of
        from doorstep.app.ask import ask
        from doorstep.connectors.contract import Trouble

        secret = typer.prompt("17TRACK key", hide_input=True) if key == "-" else key
        best = carrier_named(carrier) or (recognition.best.carrier if recognition.best else "")
        try:
            answer = loop.call(ask(TrackingNumber(text=recognition.number, carrier=best), secret), timeout=180)
        except Trouble as trouble:
            fail(message_of(trouble), as_json)
        found["track"] = asdict(answer) if answer else None

    def render() -> None:
        _tell(found)
        if key:
            table([_event(one) for one in (found["track"] or {}).get("events", ())], "Events")
        else:
            print("With --key and a 17TRACK key you see its events here.")

    show(found, as_json, render)


def _tell(found: Mapping[str, Any]) -> None:
    """What a number is, in lines that fit any terminal."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(found["number"], style="bold", markup=False)
    for one in found["candidates"]:
        console.print(
            f"  {one['name'] or 'a carrier we do not know'} ({one['confidence']}): {one['why']}", markup=False
        )
        if one["link"]:
            console.print(f"  {one['link']}", markup=False)
    other = found["not_a"] or ("" if found["candidates"] else "Nothing known.")
    for line in filter(None, (other, found["meant"])):
        console.print(f"  {line}", markup=False)


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "local time": str(event["local"] or event["instant"] or ""),
        "status": str(event["status"]),
        "place": event["place"],
        "text": event["raw_text"],
    }
