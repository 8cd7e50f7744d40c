"""Commands about tracking numbers."""

import datetime as dt
import functools
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from doorstep.cli.screen import AsJson, fail, load, show, table

commands = typer.Typer()


@commands.command()
def recognize(
    text: Annotated[
        list[str] | None, typer.Argument(help="Numbers, or texts and links that hold one; without any, standard input.")
    ] = None,
    near: Annotated[str, typer.Option(help="Words beside it, for example a label.")] = "",
    carrier: Annotated[str, typer.Option(help="A carrier that is named beside it.")] = "",
    link_host: Annotated[str, typer.Option(help="Host of the link it stood in (www.ups.com).")] = "",
    sender: Annotated[str, typer.Option(help="Domain that wrote it (fedex.com).")] = "",
    store_carrier: Annotated[str, typer.Option(help="The store's own text for the carrier.")] = "",
    supplier: Annotated[str, typer.Option(help="Who shipped (CJdropshipping).")] = "",
    origin: Annotated[str, typer.Option(help="Country it comes from (CN).")] = "",
    destination: Annotated[str, typer.Option(help="Country it goes to (DE).")] = "",
    date: Annotated[str, typer.Option(help="Day it was shipped, about (2026-11-22).")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what a tracking number is: carrier, how sure, why; or what else a text is, and the number that was meant.

    Needs no database. With --json one object a line, and exit code 0; otherwise exit code 1 when one is no number.
    """
    from doorstep.app.describe import described
    from doorstep.core.number import Hints
    from doorstep.core.number import recognize as read

    hints = Hints(
        near=f"{near} {carrier}".strip(),
        carrier_text=store_carrier,
        link_host=link_host,
        sender=sender,
        supplier=supplier,
        origin=origin,
        destination=destination,
        date=_day(date),
    )
    unknown = False
    for one in map(_readable, text) if text else _lines():
        found = described(one, read(one, hints))
        unknown = unknown or not found["candidates"]
        show(found, as_json, functools.partial(_tell, found))
    raise typer.Exit(int(unknown and not as_json))


def _lines() -> Iterator[str]:
    """The lines of standard input as they come, without their ends; what is no UTF-8 is replaced."""
    if sys.stdin.isatty():
        raise typer.BadParameter("give texts, or lines on standard input", param_hint="TEXT")
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _readable(argument: str) -> str:
    """An argument of the command line; what is no UTF-8 in it is replaced."""
    return os.fsencode(argument).decode("utf-8", "replace")


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text} is no day; write it as 2026-11-22", param_hint="--date") from None


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
    found = described(number, recognition)
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
        why = " ".join(one["evidence"])
        console.print(f"  {one['name']} ({one['confidence']}): {why}", markup=False)
        if one["link"]:
            console.print(f"  {one['link']}", markup=False)
    other = found["not_a"] or ("" if found["candidates"] else "Nothing known.")
    for line in filter(None, (other, *(f"{one['number']}: {one['reason']}" for one in found["suggestions"]))):
        console.print(f"  {line}", markup=False)


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "local time": str(event["local"] or event["instant"] or ""),
        "status": str(event["status"]),
        "place": event["place"],
        "text": event["raw_text"],
    }
