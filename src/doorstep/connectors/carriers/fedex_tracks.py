"""What FedEx says about parcels, as tracks: of Track v1. Saved answers of the older SOAP service are read as well.

Sources: FedEx's OpenAPI file and its table of status codes, in ``fedex_codes.csv``. An exception says in its second
code and text what happened. FedEx uses numbers again: of several parcels under one number the last to begin counts.
One bad scan never spoils an answer.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.carriers import fedex_soap as soap
from doorstep.connectors.contract import Answer, Denied, Facts, Refused
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    code_tables,
    day,
    decoded,
    invalid,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, When, when
from doorstep.core.order import Track, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.core.words import read_words

NAME: Final = "FedEx"
_EVENTS: Final = code_tables(Path(__file__).with_name("fedex_codes.csv"))["event"]
STATUS: Final = statuses(_EVENTS)
_ARRIVALS: Final = frozenset({"AR", "AF"})
_NEAR: Final = "DESTINATION_FEDEX_FACILITY"
# What a second code may turn these into; a clearance delay stays customs and only learns its reason.
_OPEN: Final = frozenset({"DE", "SE", "DY", "DD", "RL"})
_ETAS: Final = ("ESTIMATED_DELIVERY", "APPOINTMENT_DELIVERY")


class _Where(msgspec.Struct, rename="camel"):
    city: str | None = None
    state_or_province_code: str | None = None
    country_code: str | None = None


class _Delay(msgspec.Struct):
    type: str | None = None


class _Scan(msgspec.Struct, rename="camel"):
    date: str | None = None
    event_type: str | None = None
    event_description: str | None = None
    exception_code: str | None = None
    exception_description: str | None = None
    location_type: str | None = None
    derived_status_code: str | None = None
    scan_location: _Where | None = None
    delay_detail: _Delay | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | list[str] | None = None


class _Number(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None


class _Dated(msgspec.Struct, rename="camel"):
    type: str | None = None
    date_time: str | None = None


class _Window(msgspec.Struct):
    begins: str | None = None
    ends: str | None = None


class _Estimate(msgspec.Struct):
    window: _Window | None = None


class _Result(msgspec.Struct, rename="camel"):
    tracking_number_info: _Number | None = None
    scan_events: list[msgspec.Raw] | None = None
    dates_and_times: list[_Dated] | None = msgspec.field(default=None, name="dateAndTimes")
    estimated_delivery_time_window: _Estimate | None = None
    error: _Error | None = None


class _Complete(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    track_results: list[msgspec.Raw] | None = None


class _Output(msgspec.Struct, rename="camel"):
    complete_track_results: list[msgspec.Raw] | None = None


class _Answer(msgspec.Struct):
    output: _Output | None = None
    errors: list[_Error] | None = None


def tracked(answer: Answer) -> Facts:
    """Every parcel of an answer. Raises the Trouble that a bad one is; that FedEx does not know a number, or takes it
    for none of its own, is said of the number.
    """
    words = said(answer)
    problem = trouble(answer, words, NAME)
    if problem:
        raise problem
    found, reader = _opened(answer), Reader("fedex")
    if found.output is None:
        words = "; ".join(map(_words, found.errors or ()))
        if not found.errors:
            raise broken(NAME, "no output")
        raise (Denied if "AUTHORIZED" in words or "FORBIDDEN" in words else Refused)(words)
    numbers = reader.each(found.output.complete_track_results or (), _Complete, lambda one: _newest(one, reader))
    return reader.facts([track for track in numbers if track.number or not asked(answer)])


def _opened(answer: Answer) -> _Answer:
    if answer.body.lstrip()[:1] == b"<":
        try:
            answer = replace(answer, body=msgspec.json.encode(soap.answer(answer.body)))
        except soap.NotSoap as error:
            raise broken(NAME, str(error)) from error
    return decoded(answer, _Answer, NAME)


def said(answer: Answer) -> str:
    """FedEx's own words in a bad answer: codes and texts."""
    try:
        errors = msgspec.json.decode(answer.body, type=_Answer, strict=False).errors or []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return "; ".join(_words(one) for one in errors)


def _words(error: _Error) -> str:
    return f"{error.code or ''} {error.message if isinstance(error.message, str) else ''}".strip()


def _newest(said: _Complete, reader: Reader) -> Track:
    """Of the parcels that had this number, the one that began last."""
    number = said.tracking_number or ""
    tracks = reader.each(said.track_results or (), _Result, lambda one: _track(one, number, reader))
    if not tracks:
        raise ValueError(f"{number}: nothing that can be read")
    return max(tracks, key=_began)


def _began(track: Track) -> str:
    """When its first scan was, as a text to compare; '' without any."""
    firsts = (one.instant or one.local for one in track.events)
    return min((f"{one:%Y-%m-%dT%H:%M:%S}" for one in firsts if one), default="")


def _track(found: _Result, number: str, reader: Reader) -> Track:
    number = number or (found.tracking_number_info or _Number()).tracking_number or ""
    events = reader.scans(
        number,
        found.scan_events or (),
        lambda raw: _event(msgspec.json.decode(raw, type=_Scan, strict=False), reader),
        newest_first=True,
    )
    if found.error and not found.scan_events:
        return _unknown(found.error, number)
    begins, ends = _eta(found)
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier="fedex",
        events=events,
        complete=len(events) == len(found.scan_events or ()) > 0,  # a moment without events undoes none
        eta_from=day(begins),
        eta_to=day(ends),
    )


def _unknown(error: _Error, number: str) -> Track:
    """What an error says of the number. Raises ValueError for one that only says that FedEx could not answer."""
    code, words = error.code or "", _words(error)
    if "INVALID" in code:
        return invalid(number, words)
    if "NOTFOUND" not in code:
        raise ValueError(f"{number}: {words}")
    return not_found(number, words)


def _eta(found: _Result) -> tuple[str | None, str | None]:
    window = (found.estimated_delivery_time_window or _Estimate()).window or _Window()
    dates = {one.type: one.date_time for one in found.dates_and_times or ()}
    one = next((dates[kind] for kind in _ETAS if dates.get(kind)), None)
    return (window.begins or one, window.ends or one)


def _event(said: _Scan, reader: Reader) -> TrackingEvent:
    code = said.event_type or said.derived_status_code or ""
    words = _joined((said.event_description, said.exception_description))
    where = said.scan_location or _Where()
    city = (where.city or where.state_or_province_code or "").title()
    return scan(
        "fedex",
        _when(said.date or ""),
        _meaning(said, code, reader),
        text=words,
        code="/".join(part for part in (code, said.exception_code) if part),
        place=place(city, where.country_code, None),
    )


def _joined(texts: Iterable[str | None]) -> str:
    return " - ".join(text for text in texts if text)


def _when(said: str) -> When:
    """A midnight without an offset is FedEx's way to say that it knows the day only."""
    at = when(said)
    only = at.offset is None and at.local is not None and at.local.time() == time()
    return at._replace(day_only=at.day_only or only)


def _meaning(said: _Scan, code: str, reader: Reader) -> Meaning:
    """By the code; in an exception the second text says what happened, and a delay may be the weather's."""
    told = reader.meaning(_EVENTS, code, said.event_description or "")
    if code in _ARRIVALS and said.location_type == _NEAR:
        return Meaning(Status.ARRIVED)
    exact, reason = read_words(said.exception_description or "")
    if code in _OPEN and exact not in {Status.UNKNOWN, Status.IN_TRANSIT}:
        return Meaning(exact, reason or (told.reason if exact is told.status else None))
    if (said.delay_detail or _Delay()).type == "WEATHER" and told.status is Status.EXCEPTION:
        return Meaning(told.status, Reason.DELAYED_WEATHER)
    return Meaning(told.status, told.reason or (reason if told.status is Status.CUSTOMS else None))
