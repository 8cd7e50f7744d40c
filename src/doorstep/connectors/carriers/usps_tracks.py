"""What USPS says about parcels, as tracks: of the Tracking API v3, and of saved answers of the old Web Tools.

Sources: USPS's OpenAPI file (3.2.6); event codes by Publication 199 and published answers, in ``usps_codes.csv``; a
code that is not there is read by its text. Each scan has the wall time of its place, and GMT beside it. One bad scan
never spoils an answer.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

import msgspec

from doorstep.connectors import xml
from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Denied, Facts, Refused
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    code_tables,
    day,
    decoded,
    history,
    invalid,
    not_found,
    scan,
    statuses,
    trouble,
)
from doorstep.core.event import TrackingEvent, when
from doorstep.core.order import Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.core.words import read_words

NAME: Final = "USPS"
_TABLES: Final = code_tables(Path(__file__).with_name("usps_codes.csv"))
_EVENTS: Final = _TABLES["event"]
STATUS: Final = statuses(_EVENTS)
_ON: Final = "%B %d, %Y"  # April 28, 2015
_AT: Final = "%I:%M %p"  # 9:01 am


class _Scan(msgspec.Struct, rename="camel"):
    event_type: str | None = None
    event_timestamp: str | None = None
    gmt: str | None = msgspec.field(default=None, name="GMTTimestamp")
    offset: str | None = msgspec.field(default=None, name="GMTOffset")
    event_city: str | None = None
    event_state: str | None = None
    event_country: str | None = None
    event_code: str | None = None


class _Detail(msgspec.Struct):
    code: str | None = None
    title: str | None = None
    detail: str | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    errors: list[_Detail] | None = None


class _Said(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    tracking_events: list[msgspec.Raw] | None = None
    expected_delivery_time_stamp: str | None = None
    expected_delivery_date: str | None = None
    predicted_delivery_time_stamp: str | None = None
    error: _Error | str | None = None
    error_description: str | None = msgspec.field(default=None, name="error_description")


def tracked(answer: Answer) -> Facts:
    """The parcel of an answer about one number. Raises the Trouble that a bad answer is; that USPS does not know the
    number, or takes it for none of its own, is said of the number.
    """
    if answer.body.lstrip()[:1] == b"<" and answer.status == 200:
        return _of_web_tools(answer)
    words, numbers = said(answer), asked(answer)
    if numbers and answer.status in {400, 404}:
        told = not_found if answer.status == 404 else invalid
        return Facts(tracks=tuple(told(number, words) for number in numbers))
    problem = trouble(answer, words, NAME)
    if problem:
        raise problem
    found, reader = decoded(answer, _Said, NAME), Reader("usps")
    if found.error is not None:
        raise (Denied if isinstance(found.error, str) else Refused)(words)
    number = found.tracking_number or "".join(numbers)
    if not number:
        raise broken(NAME, "no tracking number")
    return reader.facts([_track(found, number, reader)])


def said(answer: Answer) -> str:
    """USPS's own words in a bad answer."""
    try:
        told = msgspec.json.decode(answer.body, type=_Said, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(told.error, _Error):
        return f"{told.error or ''} {told.error_description or ''}".strip()
    parts = [one.detail or one.title or one.code for one in told.error.errors or ()]
    return "; ".join(part for part in (told.error.message, *parts) if part)


def _track(found: _Said, number: str, reader: Reader) -> Track:
    events = reader.scans(
        number,
        found.tracking_events or (),
        lambda raw: _event(msgspec.json.decode(raw, type=_Scan, strict=False), reader),
        newest_first=True,
    )
    eta = day(found.expected_delivery_time_stamp or found.predicted_delivery_time_stamp or found.expected_delivery_date)
    return history(number, "usps", events, len(found.tracking_events or ()), eta=(eta, eta))


def _event(found: _Scan, reader: Reader) -> TrackingEvent:
    words, code = found.event_type or "", found.event_code or ""
    at = when(f"{found.event_timestamp or ''}{found.offset or ''}" if found.event_timestamp else "")
    if found.gmt:
        at = at._replace(instant=when(found.gmt).instant, day_only=False)
    where = (found.event_city or found.event_state or "").title()
    return scan("usps", at, _meaning(code, words, reader), text=words, code=code, place=_place(where, found))


def _place(where: str, found: _Scan) -> str:
    """USPS names the country of foreign places only."""
    return place(where, (found.event_country or "").title() or ("US" if where else ""), None)


def _meaning(code: str, words: str, reader: Reader) -> Meaning:
    """By the code; but what is delivered to its sender has come back, whatever the code."""
    told = reader.meaning(_EVENTS, code, words)
    back = told.status is Status.DELIVERED and read_words(words)[0] is Status.RETURNED
    return Meaning(Status.RETURNED, told.reason) if back else told


def _of_web_tools(answer: Answer) -> Facts:
    """``TrackResponse`` of the XML API that came before v3: one ``TrackInfo`` for each number."""
    try:
        root = xml.parsed(answer.body)
    except xml.NotXml as error:
        raise broken(NAME, str(error)) from error
    if root.tag == "Error":
        raise Refused(xml.said(root, "Description"))
    if root.tag != "TrackResponse":
        raise broken(NAME, root.tag)
    reader = Reader("usps")
    return reader.facts([_told(one, reader) for one in root.iter("TrackInfo")])


def _told(info: Element, reader: Reader) -> Track:
    number, error = info.get("ID", ""), xml.said(info, "Error/Description")
    if error:
        return not_found(number, error)
    scans = [one for one in info if one.tag in {"TrackSummary", "TrackDetail"}]
    events = reader.scans(number, scans, lambda one: _event(_old(one), reader), newest_first=True)
    answer = TrackAnswer.EVENTS if events else TrackAnswer.NOTHING
    return Track(number=number, answer=answer, carrier="usps", events=events, complete=len(events) == len(scans) > 0)


def _old(found: Element) -> _Scan:
    """A scan of Web Tools in the words of v3. Raises ValueError for a date that is none."""
    on, at = xml.said(found, "EventDate"), xml.said(found, "EventTime")
    pattern, told = (f"{_ON} {_AT}", f"{on} {at}") if at else (_ON, on)
    local = datetime.strptime(told, pattern).replace(tzinfo=UTC) if on else None
    return _Scan(
        event_type=xml.said(found, "Event"),
        event_timestamp=(f"{local:%Y-%m-%dT%H:%M:%S}" if at else f"{local:%Y-%m-%d}") if local else None,
        event_city=xml.said(found, "EventCity"),
        event_state=xml.said(found, "EventState"),
        event_country=xml.said(found, "EventCountry"),
        event_code=xml.said(found, "EventCode"),
    )
