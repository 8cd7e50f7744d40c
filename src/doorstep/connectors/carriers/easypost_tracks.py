"""What EasyPost says about parcels, as tracks: of one Tracker, of a list, and of a webhook's Event.

Sources: recorded traffic of the official SDKs and EasyPost's published samples (v2). Times are UTC by their Z: the
clock of the place is not said. One bad tracker or scan never spoils an answer.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import place, retry_after
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Facts, NotFound, Refused, Trouble, Word
from doorstep.core.event import InstantFrom, TrackingEvent, when
from doorstep.core.message import Message
from doorstep.core.number import carrier_named
from doorstep.core.order import Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.core.status_maps import System, codes, from_system
from doorstep.core.words import read_words

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
    facts = _facts(trackers(answer))
    told = {one.number for one in facts.tracks}
    asked = [one for one in answer.context.get("asked", "").split(",") if one and one not in told]
    lost = tuple(Track(number=one, answer=TrackAnswer.REJECTED, complete=False) for one in asked)
    return Facts(tracks=facts.tracks + lost, words=facts.words, bad=facts.bad)


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


def _facts(raws: Iterable[msgspec.Raw]) -> Facts:
    tracks: list[Track] = []
    words: dict[str, Word] = {}
    bad: list[str] = []
    for position, raw in enumerate(raws):
        try:
            tracker = msgspec.json.decode(raw, type=Tracker)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            bad.append(f"tracker {position}: {error}")
            continue
        tracks.append(_track(tracker, words, bad))
    return Facts(tracks=tuple(tracks), words=tuple(words.values()), bad=tuple(bad))


def _track(said: Tracker, words: dict[str, Word], bad: list[str]) -> Track:
    events = _events(said, words, bad)
    eta = _day(said.est_delivery_date)
    return Track(
        number=said.tracking_code,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier=carrier_named(said.carrier or ""),
        carrier_key=said.carrier or "",
        events=events,
        complete=len(events) == len(said.tracking_details or ()) > 0,  # a moment without events undoes none
        eta_from=eta,
        eta_to=eta,
    )


def _events(said: Tracker, words: dict[str, Word], bad: list[str]) -> tuple[TrackingEvent, ...]:
    """First to happen first: recorded lists run so, published samples the other way; the times of both ends tell. Adds
    to ``words`` what no mapping knows, to ``bad`` what cannot be read.
    """
    scans = []
    for place_in_list, raw in enumerate(said.tracking_details or ()):
        try:
            scan = msgspec.json.decode(raw, type=_Scan)
            when(scan.datetime or "")
            scans.append(scan)
        except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as error:
            bad.append(f"{said.tracking_code}: scan {place_in_list}: {error}")
    if len(scans) > 1 and (scans[0].datetime or "") > (scans[-1].datetime or ""):
        scans.reverse()
    return tuple(_event(scan, position, words) for position, scan in enumerate(scans))


def _event(said: _Scan, position: int, words: dict[str, Word]) -> TrackingEvent:
    text, where = said.message or "", said.tracking_location or _Place()
    told = from_system(System.EASYPOST, said.status or "", said.status_detail or "")
    status, reason = (told.status, told.reason) if told.status is not Status.UNKNOWN else read_words(text)
    strange = told.unknown or (text if status is Status.UNKNOWN else "")
    if strange:
        words.setdefault(strange, Word(text=strange, sample=text))
    utc = (said.datetime or "").removesuffix("Z")
    at = when(f"{utc}-00:00" if said.datetime and utc != said.datetime else utc)
    return TrackingEvent(
        source=SOURCE,
        raw_text=text,
        raw_code="/".join(part for part in (said.status, said.status_detail) if part),
        status=status,
        reason=reason,
        local=at.local,
        offset=at.offset,
        instant=at.instant,
        instant_from=InstantFrom.STATED if at.instant else InstantFrom.NONE,
        place=place(where.city or where.state, where.country, None),
        position=position,
        day_only=at.day_only,
    )


def _day(text: str | None) -> date | None:
    """The date of an estimate; an estimate that cannot be read is none."""
    try:
        at = when(text or "")
    except ValueError:
        return None
    return at.local.date() if at.local else None
