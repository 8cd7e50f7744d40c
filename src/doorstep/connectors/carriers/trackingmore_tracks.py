"""What TrackingMore says about parcels, as tracks: of ``GET /trackings/get``, and of a webhook.

Sources: the types and the table of codes in TrackingMore's own SDKs (v4). The first and the last carrier have a list of
scans each; both are kept, the first carrier's before the other's. One bad tracking or scan never spoils an answer.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Busy, Denied, Facts, NotFound, Trouble
from doorstep.connectors.scans import (
    Reader,
    asked,
    broken,
    day,
    decoded,
    history,
    newest_first,
    not_followed,
    not_found,
    scan,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.number import carrier_named
from doorstep.core.order import Role, SaidNumber, Track
from doorstep.core.status import Status
from doorstep.core.status_maps import System, codes, from_system

NAME: Final = "TrackingMore"
SOURCE: Final = "trackingmore"
STATUS: Final = {detail or main: one.status for (main, detail), one in codes(System.TRACKINGMORE).items()}
ALREADY_FOLLOWED: Final = 4101
NOT_FOLLOWED: Final = 4102
OUT_OF_QUOTA: Final = 4190
BLOCKED: Final = 120.0  # seconds, after too many calls
A_DAY: Final = 86400.0


class _Meta(msgspec.Struct):
    code: int = 0
    message: str | None = None


class _Envelope(msgspec.Struct):
    meta: _Meta | None = None
    code: int = 0  # of a webhook, which has no meta
    message: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Scan(msgspec.Struct):
    checkpoint_date: str | None = None
    checkpoint_delivery_status: str | None = None
    checkpoint_delivery_substatus: str | None = None
    tracking_detail: str | None = None
    location: str | None = None
    country_iso2: str | None = None
    city: str | None = None


class _Leg(msgspec.Struct):
    courier_code: str | None = None
    trackinfo: list[msgspec.Raw] | None = None


class Tracking(msgspec.Struct):
    """One tracking, as far as we look at it."""

    tracking_number: str
    id: str = ""
    courier_code: str | None = None
    delivery_status: str | None = None
    substatus: str | None = None
    status_info: str | None = None
    scheduled_delivery_date: str | None = None
    destination_track_number: str | None = None
    origin_info: _Leg | None = None
    destination_info: _Leg | None = None


def tracked(answer: Answer) -> Facts:
    """Every tracking of an answer. A number that was asked for and is not there is not followed."""
    numbers = asked(answer)
    try:
        found = listed(answer)
    except NotFound:
        if not numbers:
            raise
        found = []
    reader = Reader(SOURCE)
    tracks = _tracks(found, reader)
    return reader.facts([*tracks, *not_followed(numbers, tracks)])


def pushed(answer: Answer) -> Facts:
    """The tracking of a webhook."""
    data = decoded(answer, _Envelope, NAME).data
    if bytes(data)[:1] != b"{":
        raise broken(NAME, "no tracking in the message")
    reader = Reader(SOURCE)
    return reader.facts(_tracks([data], reader))


def opened(answer: Answer) -> msgspec.Raw:
    """The data of a good answer. Raises the Trouble that a bad one is; ``said`` begins with TrackingMore's code."""
    if problem := failure(answer):
        raise problem
    return decoded(answer, _Envelope, NAME).data


def listed(answer: Answer) -> list[msgspec.Raw]:
    """The items of a good answer, which may be one alone, or none. Raises Trouble."""
    data = bytes(opened(answer))
    if data[:1] == b"{":
        return [msgspec.Raw(data)]
    return msgspec.json.decode(data, type=list[msgspec.Raw]) if data[:1] == b"[" else []


def failure(answer: Answer) -> Trouble | None:
    """What TrackingMore's own code, or the HTTP status, means; None when all is well."""
    try:
        found = msgspec.json.decode(answer.body, type=_Envelope, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return trouble(answer, "", NAME, wait=BLOCKED)
    meta = found.meta or _Meta(code=found.code, message=found.message)
    code = meta.code or answer.status
    said = f"{code} {meta.message or ''}".strip()
    special: dict[int, Trouble] = {
        **dict.fromkeys((401, 403), Denied(said, message=Message(id="trackingmore.key_refused"))),
        NOT_FOLLOWED: NotFound(said),
        OUT_OF_QUOTA: Busy(said, retry_after=A_DAY, message=Message(id="trackingmore.out_of_quota")),
    }
    if code in special:
        return special[code]
    declined = 4000 <= code < 5000 and 200 <= answer.status < 500  # its own codes, whatever the HTTP status
    status = 400 if declined else 500 if 500 <= code < 600 else answer.status
    words = said if code != status else meta.message or ""
    return trouble(replace(answer, status=status), words, NAME, wait=BLOCKED)


def _tracks(raws: Iterable[msgspec.Raw], reader: Reader) -> list[Track]:
    return reader.each(raws, Tracking, lambda said: _track(said, reader))


def _track(said: Tracking, reader: Reader) -> Track:
    raws = [*_forwards(said.origin_info), *_forwards(said.destination_info)]  # the first carrier's, then the last's
    events = reader.scans(said.tracking_number, raws, lambda raw: _event(raw, reader), newest_first=False)
    told = from_system(System.TRACKINGMORE, said.delivery_status or "", said.substatus or "")
    if not events and told.status is Status.NOT_FOUND:
        return not_found(said.tracking_number, said.status_info or "")
    code, eta = said.courier_code or "", day(said.scheduled_delivery_date)
    carrier = _carrier(said.courier_code)
    return history(
        said.tracking_number, carrier, events, len(raws), key=code, last_mile=_last_mile(said), eta=(eta, eta)
    )


def _forwards(leg: _Leg | None) -> list[msgspec.Raw]:
    raws = (leg.trackinfo if leg else None) or []
    return raws[::-1] if newest_first([_time(raw) for raw in raws]) else raws


def _time(raw: msgspec.Raw) -> str | None:
    """The time of a scan; None for one that cannot be read, which is counted later."""
    try:
        return msgspec.json.decode(raw, type=_Scan).checkpoint_date
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    said = msgspec.json.decode(raw, type=_Scan)
    text, main = said.tracking_detail or "", said.checkpoint_delivery_status or ""
    detail = said.checkpoint_delivery_substatus or ""
    return scan(
        SOURCE,
        when(said.checkpoint_date or ""),
        reader.told(System.TRACKINGMORE, main, detail, text),
        text=text,
        code=detail or main,
        place=place(said.city, said.country_iso2, said.location),
    )


def _carrier(code: str | None) -> str:
    return carrier_named((code or "").replace("-", " "))


def _last_mile(said: Tracking) -> SaidNumber | None:
    number, leg = said.destination_track_number or "", said.destination_info or _Leg()
    if not number or number == said.tracking_number:
        return None
    return SaidNumber(text=number, role=Role.LOCAL, carrier=(leg.courier_code or "").replace("-", " "))
