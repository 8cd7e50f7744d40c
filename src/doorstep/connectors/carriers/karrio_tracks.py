"""What Karrio says about parcels, as tracks, in its own words for every carrier.

Source: Karrio's OpenAPI file. ``date`` and ``time`` are the carrier's own; ``timestamp`` is mostly made of them, with a
Z that the carrier never said: it is believed only where it states an offset. One bad event never spoils an answer.
"""

import re
from dataclasses import replace
from typing import Final

import msgspec

from doorstep.connectors import scans
from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import Reader, asked, day, decoded, history, not_found, scan, trouble
from doorstep.core.event import TrackingEvent, When, when
from doorstep.core.number import carrier_at
from doorstep.core.order import Track
from doorstep.core.status_maps import System, codes, from_system

NAME: Final = "Karrio"
SOURCE: Final = "karrio"
_MAINS: Final = {main: from_system(System.KARRIO, main).status for main, _ in codes(System.KARRIO)}
_DETAILS: Final = {detail: from_system(System.KARRIO, "", detail).status for _, detail in codes(System.KARRIO)}
STATUS: Final = {word: status for word, status in {**_DETAILS, **_MAINS}.items() if word}
SEEN: Final = frozenset(
    {"pending", "picked_up", "in_transit", "on_hold", "out_for_delivery", "delivered", "delivery_failed", "unknown"}
    | {"consignee_not_home", "customs_inspection"}
)
_HALVES: Final = re.compile(r"(\d{1,2}):(\d\d) ?([AP]M)", re.IGNORECASE | re.ASCII)
_OFFSET: Final = re.compile(r"[+-]\d\d:?\d\d$", re.ASCII)
_NO_OFFSET: Final = re.compile(r"[+-]00:?00$", re.ASCII)


class _Scan(msgspec.Struct):
    date: str | None = None
    time: str | None = None
    timestamp: str | None = None
    status: str | None = None
    reason: str | None = None
    code: str | None = None
    description: str | None = None
    location: str | None = None


class _Track(msgspec.Struct):
    tracking_number: str
    carrier_name: str | None = None
    events: list[msgspec.Raw] | None = None
    estimated_delivery: str | None = None


class _List(msgspec.Struct):
    results: list[msgspec.Raw]


class _Error(msgspec.Struct):
    message: msgspec.Raw = msgspec.Raw(b"null")


class _Bad(msgspec.Struct):
    errors: list[_Error] | None = None
    messages: list[_Error] | None = None
    detail: str | None = None


def tracked(answer: Answer) -> Facts:
    """The tracker of an answer. That Karrio does not have the number is said of it."""
    numbers = asked(answer)
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(one, _said(answer)) for one in numbers))
    opened(answer)
    reader = Reader(SOURCE)
    return reader.facts([_track(decoded(answer, _Track, NAME), reader)])


def listed(answer: Answer) -> None:
    """Raises the Trouble that an answer with no list of trackers is."""
    opened(answer)
    decoded(answer, _List, NAME)


def opened(answer: Answer) -> None:
    """Raises the Trouble that a bad answer is, and Broken for what is no JSON."""
    if problem := trouble(answer, _said(answer), NAME):
        raise problem
    decoded(answer, dict[str, msgspec.Raw], NAME)


def _said(answer: Answer) -> str:
    """Karrio's own words in a bad answer; it passes on those of the carrier, texts and lists of them alike."""
    told = scans.opened(answer, _Bad)
    words = [
        bytes(one.message).decode(errors="replace").strip('"') for one in (*(told.errors or ()), *(told.messages or ()))
    ]
    return "; ".join(word for word in words if word != "null") or told.detail or ""


def _track(told: _Track, reader: Reader) -> Track:
    raws = told.events or ()
    events = reader.scans(told.tracking_number, raws, lambda raw: _event(raw, reader), newest_first=None)
    eta = day(told.estimated_delivery)
    name = carrier_at("karrio", told.carrier_name or "")
    track = history(told.tracking_number, name, events, len(raws), eta=(eta, eta))
    return replace(track, carrier_key=told.carrier_name or "")


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    found = msgspec.json.decode(raw, type=_Scan)
    text, main, detail = found.description or "", found.status or "", found.reason or ""
    return scan(
        SOURCE,
        _when(found),
        reader.told(System.KARRIO, main, detail, text),
        text=text,
        code=found.code or "",
        place=place(None, None, found.location),
    )


def _when(found: _Scan) -> When:
    """The instant where ``timestamp`` states an offset that is one; else the clock that ``date`` and ``time`` show."""
    stamp = found.timestamp or ""
    if _OFFSET.search(stamp) and not _NO_OFFSET.search(stamp):
        return when(stamp)
    clock = _HALVES.fullmatch((found.time or "").strip())
    if not found.date or not clock:
        return when(found.date or "")
    hours, minutes = int(clock[1]), clock[2]
    if hours <= 12:  # some of its connectors write 22:43 PM
        hours = hours % 12 + (12 if clock[3].upper() == "PM" else 0)
    return when(f"{found.date}T{hours:02}:{minutes}")
