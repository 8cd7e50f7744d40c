"""What EasyPost says about parcels, as tracks: of one Tracker, of a list, and of a webhook's Event.

Sources: recorded traffic of the official SDKs and EasyPost's published samples (v2). Times are UTC by their Z: the
clock of the place is not said. One bad tracker or scan never spoils an answer.
"""

from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import place, retry_after
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Facts, NotFound, Refused, Trouble
from doorstep.connectors.scans import Reader, asked, day, history, not_followed, scan, universal
from doorstep.core.event import TrackingEvent
from doorstep.core.message import Message
from doorstep.core.number import carrier_named
from doorstep.core.order import Track
from doorstep.core.status_maps import System, codes, from_system

T = TypeVar("T")
SOURCE: Final = "easypost"
_MAINS: Final = {main: from_system(System.EASYPOST, main).status for main, _ in codes(System.EASYPOST)}
_DETAILS: Final = {detail: from_system(System.EASYPOST, "", detail).status for _, detail in codes(System.EASYPOST)}
STATUS: Final = {word: status for word, status in {**_DETAILS, **_MAINS}.items() if word}
_NOTHING: Final = msgspec.Raw()


class _Error(msgspec.Struct):
    code: str = ""
    message: str | list[str] | dict[str, object] | None = None


class _Place(msgspec.Struct):
    city: str | None = None
    state: str | None = None
    country: str | None = None


class _Scan(msgspec.Struct):
    datetime: str | None = None
    message: str | None = None
    status: str | None = None
    status_detail: str | None = None
    tracking_location: _Place | None = None


class Tracker(msgspec.Struct):
    """One tracker, as far as we look at it."""

    tracking_code: str
    id: str = ""
    carrier: str | None = None
    tracking_details: list[msgspec.Raw] | None = None
    est_delivery_date: str | None = None


class _Said(msgspec.Struct):
    """Any answer: a list, an event around a tracker, an error, or else a tracker itself."""

    trackers: list[msgspec.Raw] | None = None
    result: msgspec.Raw = _NOTHING
    error: _Error | None = None
    tracking_code: str | None = None


def tracked(answer: Answer) -> Facts:
    """Every tracker of an answer. A number that was asked for (``context``) and is not there is not followed."""
    reader = Reader(SOURCE)
    tracks = reader.each(trackers(answer), Tracker, lambda said: _track(said, reader))
    return reader.facts([*tracks, *not_followed(asked(answer), tracks)])


def trackers(answer: Answer) -> list[msgspec.Raw]:
    """The trackers of a good answer, unread. Raises the Trouble that a bad one is."""
    problem = trouble(answer)
    if problem:
        raise problem
    said = decode(answer.body, _Said)
    if said.trackers is not None:
        return said.trackers
    if bytes(said.result)[:1] == b"{":
        return [said.result]
    return [msgspec.Raw(answer.body)] if said.tracking_code else []


def decode(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Raises Broken: HTML, garbage, or a shape that contradicts the documentation."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"not an answer of EasyPost: {error}") from error


def trouble(answer: Answer) -> Trouble | None:
    """What the HTTP status or EasyPost's own code means; None when all is well."""
    try:
        error = msgspec.json.decode(answer.body, type=_Said).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        error = None
    code = error.code if error else ""
    said = f"{code or answer.status} {error.message if error and isinstance(error.message, str) else ''}".strip()
    if answer.status in {429, 503} or code == "RATE_LIMITED":
        return Busy(said, retry_after=retry_after(answer))
    if answer.status in {401, 403} or code.startswith(("UNAUTHORIZED", "APIKEY", "FORBIDDEN")):
        return Denied(said, message=Message(id="easypost.key_refused"))
    if answer.status == 404 or code.endswith("NOT_FOUND"):
        return NotFound(said)
    if answer.status >= 500:
        return Broken(said)
    return Refused(said) if error or answer.status >= 300 else None


def _track(said: Tracker, reader: Reader) -> Track:
    """Recorded lists begin with the oldest scan, published samples with the newest."""
    number, raws = said.tracking_code, said.tracking_details or []
    events = reader.scans(number, raws, lambda raw: _event(raw, reader), newest_first=None)
    eta = day(said.est_delivery_date)
    return history(number, carrier_named(said.carrier or ""), events, len(raws), key=said.carrier or "", eta=(eta, eta))


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    said = msgspec.json.decode(raw, type=_Scan)
    text, where = said.message or "", said.tracking_location or _Place()
    return scan(
        SOURCE,
        universal(said.datetime),
        reader.told(System.EASYPOST, said.status or "", said.status_detail or "", text),
        text=text,
        code="/".join(part for part in (said.status, said.status_detail) if part),
        place=place(where.city or where.state, where.country, None),
    )
