"""Commands about tracking numbers."""

import datetime as dt
import functools
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from doorstep.cli.screen import AsJson, load_keyless, show, table

if TYPE_CHECKING:
    from doorstep.core.number import TrackingNumber

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
    from doorstep.app.order.describe import described
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
    number: Annotated[str, typer.Argument(help="The tracking number, or a text or link that holds it.")],
    key: Annotated[str, typer.Option(help="A 17TRACK API key; - asks for it. Uses one unit of its quota.")] = "",
    carrier: Annotated[str, typer.Option(help="Carrier, if you know it.")] = "",
    extra: Annotated[list[str] | None, typer.Option(help="What the carrier wants besides (postcode=10115).")] = None,
    as_json: AsJson = False,
) -> None:
    """Follow one number: its scans from accounts in the environment (AFTERSHIP_API_KEY=...), the carrier's own first;
    without one, what it is and the carrier's own page.
    """
    from doorstep.app.order.describe import described
    from doorstep.core.number import Hints, TrackingNumber, carrier_named
    from doorstep.core.number import recognize as read

    recognition = read(number, Hints(carrier_text=carrier))
    found = described(number, recognition)
    best = carrier_named(carrier) or (recognition.best.carrier if recognition.best else "")
    keys = dict(one.partition("=")[::2] for one in extra or ())
    heard = _ask(TrackingNumber(text=recognition.number, carrier=best, keys=keys), key)
    if heard:
        found["track"] = next((one["track"] for one in heard if one["knows"]), heard[-1]["track"])
        found["asked"] = heard
    show(found, as_json, lambda: _tell_all(found))
    raise typer.Exit(int(bool(heard) and all(one["trouble"] for one in heard)))


def _ask(number: "TrackingNumber", key: str) -> list[dict[str, Any]]:
    """What the accounts of the environment say, as far as they were asked; nothing where there are none."""
    from doorstep.app.track import environment

    secret = typer.prompt("17TRACK key", hide_input=True) if key == "-" else key
    forms = environment.named({**os.environ, **({"SEVENTEEN_TRACK_API_KEY": secret} if secret else {})})
    names = list(environment.in_order(forms, number.carrier))
    if not names:
        return []
    load_keyless()
    from doorstep.app import loop
    from doorstep.app.say import say
    from doorstep.app.track import ask
    from doorstep.app.vendors.accounts import message_of
    from doorstep.connectors.registry import connector

    return [
        {
            "account": one.name,
            "label": connector("carrier", one.name).meta.label,
            "knows": one.knows,
            "track": asdict(one.track) if one.track else None,
            "trouble": say(message_of(one.trouble)) if one.trouble else "",
        }
        for one in loop.call(ask.ask_each(number, forms, names), timeout=180 * len(names))
    ]


def _tell_all(found: Mapping[str, Any]) -> None:
    """What the number is; and what whom was asked said, or how to ask."""
    _tell(found)
    for one in found.get("asked", ()):
        nothing = "" if one["knows"] else "knows nothing of it yet"
        print(f"{one['label']}: {one['trouble'] or nothing or 'knows it'}")
    if "asked" not in found:
        print("With an account in the environment (AFTERSHIP_API_KEY=... doorstep track ...) you see its scans here.")
    elif found["track"]:
        table([_event(one) for one in found["track"]["events"]], "Scans")


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
