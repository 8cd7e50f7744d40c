"""What AfterShip says about parcels, as tracks: of ``GET /trackings``, of a single tracking, and of a webhook.

Sources: the schemas of the official TypeScript SDK (2025-01) and recorded answers of older versions, which differ in
the names of the country fields. One bad tracking or checkpoint never spoils an answer.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import place, retry_after
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Facts, NotFound, Refused, Trouble
from doorstep.connectors.scans import Reader, asked, day, history, not_followed, scan
from doorstep.core.event import TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.number import carrier_named
from doorstep.core.order import Role, SaidNumber, Track
from doorstep.core.status_maps import System, codes, from_system

T = TypeVar("T")
SOURCE: Final = "aftership"
STATUS: Final = {detail or main: one.status for (main, detail), one in codes(System.AFTERSHIP).items()}
ALREADY_FOLLOWED: Final = 4003
NOT_FOLLOWED: Final = 4004
_NOTHING: Final = msgspec.Raw()


class _Meta(msgspec.Struct):
    code: int = 0
    message: str | None = None


class Pagination(msgspec.Struct):
    """How a list goes on."""

    has_next_page: bool | None = None
    next_cursor: str | None = None


class Data(msgspec.Struct):
    """What an answer carries, whichever question it answers."""

    trackings: list[msgspec.Raw] | None = None
    tracking: msgspec.Raw = _NOTHING
    pagination: Pagination | None = None
    couriers: list[msgspec.Raw] | None = None
    id: str | None = None
    slug: str | None = None
    tracking_number: str | None = None


class _Envelope(msgspec.Struct):
    meta: _Meta
    data: msgspec.Raw = _NOTHING


class _Push(msgspec.Struct):
    msg: msgspec.Raw


class _Checkpoint(msgspec.Struct):
    checkpoint_time: str | None = None
    message: str | None = None
    tag: str | None = None
    subtag: str | None = None
    city: str | None = None
    state: str | None = None
    country_region_name: str | None = None
    country_name: str | None = None
    location: str | None = None


class _Estimate(msgspec.Struct):
    datetime: str | None = None
    datetime_min: str | None = None
    datetime_max: str | None = None


class _LastMile(msgspec.Struct):
    tracking_number: str | None = None
    slug: str | None = None


class _Tracking(msgspec.Struct):
    tracking_number: str
    slug: str | None = None
    tag: str | None = None
    subtag: str | None = None
    subtag_message: str | None = None
    checkpoints: list[msgspec.Raw] | None = None
    checkpoint: msgspec.Raw = _NOTHING  # the last one alone, of GET /last_checkpoint
    latest_estimated_delivery: _Estimate | None = None
    expected_delivery: str | None = None
    last_mile: _LastMile | None = None


def opened(answer: Answer) -> Data:
    """The data of a good answer. Raises the Trouble that a bad one is; NotFound and Refused carry AfterShip's text."""
    data = _opened(answer).data
    return decode(data, Data) if bytes(data).lstrip()[:1] == b"{" else Data()


def tracked(answer: Answer) -> Facts:
    """Every tracking of an answer. A number that was asked for (``context``) and is not there is not followed."""
    data = opened(answer)
    found = data.trackings or [one for one in (data.tracking,) if bytes(one) not in {b"", b"null"}]
    if not found and data.tracking_number:
        found = [_opened(answer).data]
    reader = Reader(SOURCE)
    tracks = _tracks(found, reader)
    return reader.facts([*tracks, *not_followed(() if cursor(data) else asked(answer), tracks)])


def pushed(answer: Answer) -> Facts:
    """The tracking of a webhook."""
    reader = Reader(SOURCE)
    return reader.facts(_tracks([decode(answer.body, _Push).msg], reader))


def cursor(data: Data) -> str:
    """Where the list goes on, '' at its end."""
    page = data.pagination or Pagination()
    return (page.next_cursor or "") if page.has_next_page else ""


def decode(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Raises Broken: HTML, garbage, or a shape that contradicts the documentation."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"not an answer of AfterShip: {error}") from error


def trouble(answer: Answer) -> Trouble | None:
    """What AfterShip's own code, or the HTTP status, means; None when all is well. ``said`` begins with the code."""
    try:
        meta = msgspec.json.decode(answer.body, type=_Envelope).meta
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        meta = _Meta()
    code = meta.code or answer.status
    said = f"{code} {meta.message or ''}".strip()
    if {code, answer.status} & {429, 503}:
        return Busy(said, retry_after=retry_after(answer) or 1)  # ten calls a second
    if {code, answer.status} & {401, 403}:
        return Denied(said, message=Message(id="aftership.key_refused"))
    if code in {404, NOT_FOLLOWED}:
        return NotFound(said)
    if 500 <= code < 600 or answer.status >= 500:
        return Broken(said)
    return Refused(said) if code >= 300 else None


def _opened(answer: Answer) -> _Envelope:
    problem = trouble(answer)
    if problem:
        raise problem
    return decode(answer.body, _Envelope)


def _tracks(raws: Iterable[msgspec.Raw], reader: Reader) -> list[Track]:
    return reader.each(raws, _Tracking, lambda said: _track(said, reader))


def _track(said: _Tracking, reader: Reader) -> Track:
    """The scans are in AfterShip's order, oldest first."""
    last = [one for one in (said.checkpoint,) if bytes(one)[:1] == b"{"]
    raws = said.checkpoints or last
    events = reader.scans(said.tracking_number, raws, lambda raw: _event(raw, reader), newest_first=False)
    eta = said.latest_estimated_delivery or _Estimate()
    track = history(
        said.tracking_number,
        _carrier(said.slug),
        events,
        len(said.checkpoints or ()),  # of the last one alone nobody knows whether it is all
        key=said.slug or "",
        last_mile=_last_mile(said),
        eta=(
            day(eta.datetime_min or eta.datetime or said.expected_delivery),
            day(eta.datetime_max or eta.datetime or said.expected_delivery),
        ),
    )
    told = from_system(System.AFTERSHIP, said.tag or "", said.subtag or "")
    return track if events else replace(track, reason=told.reason, said=said.subtag_message or "")


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    said = msgspec.json.decode(raw, type=_Checkpoint)
    text = said.message or ""
    return scan(
        SOURCE,
        when(said.checkpoint_time or ""),
        reader.told(System.AFTERSHIP, said.tag or "", said.subtag or "", text),
        text=text,
        code=said.subtag or said.tag or "",
        place=place(said.city or said.state, said.country_region_name or said.country_name, said.location),
    )


def _carrier(slug: str | None) -> str:
    return carrier_named((slug or "").replace("-", " "))


def _last_mile(said: _Tracking) -> SaidNumber | None:
    mile = said.last_mile or _LastMile()
    if not mile.tracking_number or mile.tracking_number == said.tracking_number:
        return None
    return SaidNumber(text=mile.tracking_number, role=Role.LOCAL, carrier=(mile.slug or "").replace("-", " "))
