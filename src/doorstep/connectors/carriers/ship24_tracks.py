"""What Ship24 says about parcels, as tracks: of the results of a number, and of a webhook.

Sources: Ship24's OpenAPI file and its documentation of dates ("logistics date and time": with an offset, with a Z for
UTC, without either for the clock of the place, or a day alone). One bad tracking or event never spoils an answer.
"""

from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    not_followed,
    scan,
    trouble,
    universal,
)
from doorstep.core.event import TrackingEvent
from doorstep.core.number import carrier_named
from doorstep.core.order import Track
from doorstep.core.status_maps import System, codes

T = TypeVar("T")
NAME: Final = "Ship24"
SOURCE: Final = "ship24"
STATUS: Final = {detail or main: one.status for (main, detail), one in codes(System.SHIP24).items()}


class Problem(msgspec.Struct):
    """One error of a bad answer, or of one number."""

    code: str | None = None
    message: str | None = None


class _Bad(msgspec.Struct):
    errors: list[Problem] | None = None
    error: Problem | None = None


class _Window(msgspec.Struct, rename={"start": "from", "end": "to"}):
    start: str | None = None
    end: str | None = None


class _Handing(msgspec.Struct, rename="camel"):
    estimated_delivery_date: str | None = None
    courier_estimated_delivery_date: _Window | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    delivery: _Handing | None = None


class Tracker(msgspec.Struct, rename="camel"):
    """What follows a number."""

    tracking_number: str
    tracker_id: str = ""


class _Event(msgspec.Struct, rename="camel"):
    status: str | None = None
    occurrence_datetime: str | None = None
    datetime: str | None = None  # the same in older answers
    location: str | None = None
    courier_code: str | None = None
    status_code: str | None = None
    status_milestone: str | None = None


class _Metadata(msgspec.Struct, rename="camel"):
    message_id: str | None = None


class _Tracking(msgspec.Struct):
    tracker: Tracker
    shipment: _Shipment | None = None
    events: list[msgspec.Raw] | None = None


class _Named(msgspec.Struct):
    metadata: _Metadata | None = None
    tracker: Tracker | None = None


class _Trackings(msgspec.Struct):
    trackings: list[msgspec.Raw] | None = None


class _Results(msgspec.Struct):
    data: _Trackings | None = None


def tracked(answer: Answer) -> Facts:
    """Every tracking of an answer. A number that was asked for and is not there is not followed."""
    numbers = asked(answer)
    found = results(answer) if answer.status != 404 or not numbers else []
    reader = Reader(SOURCE)
    tracks = _tracks(found, reader)
    return reader.facts([*tracks, *not_followed(numbers, tracks)])


def pushed(answer: Answer) -> Facts:
    """The trackings of a webhook, which tells new events only: it never says all there is."""
    reader = Reader(SOURCE)
    return reader.facts(replace(track, complete=False) for track in _tracks(_pushed(answer), reader))


def delivery_id(answer: Answer) -> str:
    """The id of a webhook; '' where it has none."""
    named = [_known(raw) for raw in _pushed(answer)]
    return next((one.metadata.message_id or "" for one in named if one.metadata), "")


def trackers(answer: Answer) -> list[Tracker]:
    """What follows a number, of its results. Raises Trouble."""
    return [one.tracker for raw in results(answer) if (one := _known(raw)).tracker]


def results(answer: Answer) -> list[msgspec.Raw]:
    """The trackings of a good answer. Raises the Trouble that a bad one is."""
    data = opened(answer, _Results).data
    if data is None:
        raise broken(NAME, "no data")
    return data.trackings or []


def opened(answer: Answer, shape: type[T]) -> T:
    """A good answer. Raises the Trouble that a bad one is."""
    if problem := trouble(answer, said(answer), NAME):
        raise problem
    return decoded(answer, shape, NAME)


def said(answer: Answer) -> str:
    """Ship24's own words in a bad answer."""
    try:
        bad = msgspec.json.decode(answer.body, type=_Bad)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    errors = bad.errors or [one for one in (bad.error,) if one]
    return "; ".join(f"{one.code or ''} {one.message or ''}".strip() for one in errors)


def _pushed(answer: Answer) -> list[msgspec.Raw]:
    found = decoded(answer, _Trackings, NAME).trackings
    if found is None:
        raise broken(NAME, "no trackings in the message")
    return found


def _known(raw: msgspec.Raw) -> _Named:
    try:
        return msgspec.json.decode(raw, type=_Named)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Named()


def _tracks(raws: list[msgspec.Raw], reader: Reader) -> list[Track]:
    return reader.each(raws, _Tracking, lambda one: _track(one, reader))


def _track(one: _Tracking, reader: Reader) -> Track:
    number, raws = one.tracker.tracking_number, one.events or []
    couriers: dict[str, None] = {}
    events = reader.scans(number, raws, lambda raw: _event(raw, reader, couriers), newest_first=True)
    handing = (one.shipment.delivery if one.shipment else None) or _Handing()
    window = handing.courier_estimated_delivery_date or _Window()
    code = next(iter(couriers), "") if len(couriers) == 1 else ""
    first = day(window.start or handing.estimated_delivery_date)
    last = day(window.end or handing.estimated_delivery_date)
    return history(number, _carrier(code), events, len(raws), key=code, eta=(first, last))


def _event(raw: msgspec.Raw, reader: Reader, couriers: dict[str, None]) -> TrackingEvent:
    """One event; whose it is, is added to ``couriers``."""
    one = msgspec.json.decode(raw, type=_Event)
    if one.courier_code:
        couriers[one.courier_code] = None
    text = one.status or ""
    return scan(
        SOURCE,
        universal(one.occurrence_datetime or one.datetime),
        reader.told(System.SHIP24, one.status_milestone or "", one.status_code or "", text),
        text=text,
        code="/".join(word for word in (one.status_milestone, one.status_code) if word),
        place=place(None, None, one.location),
    )


def _carrier(code: str) -> str:
    """Ship24 writes national posts as us-post; such a code names no carrier by itself."""
    return carrier_named(code.replace("-", " "))
