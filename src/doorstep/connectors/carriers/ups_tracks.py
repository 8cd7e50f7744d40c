"""What UPS says about parcels, as tracks: of Track v1 details, and of a Track Alert.

Sources: UPS's OpenAPI files (Track, Track Alert) and its code tables, which are ``ups_codes.csv`` with our readings.
``type`` is the sure word; ``I`` covers everything on the road, and only the status code (or the movement code) tells
what; ``X`` has a table of its own. Dates and times come apart, as local time and again as GMT. One bad activity never
spoils an answer.
"""

import functools
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

import msgspec

from doorstep.connectors.answers import place, text
from doorstep.connectors.contract import Answer, Facts, NotFound
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
from doorstep.core.order import Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.core.words import read_words

NAME: Final = "UPS"
_TABLES: Final = code_tables(Path(__file__).with_name("ups_codes.csv"))
_TYPES, _STATUSES, _MOVES = _TABLES["type"], _TABLES["status"], _TABLES["movement"]
_HANDED, _EXCEPTIONS = _TABLES["delivery"], _TABLES["exception"]
_BESIDE: Final = {"I": _MOVES, "D": _HANDED, "X": _EXCEPTIONS}  # codes that mean something only beside their type
STATUS: Final = {
    **statuses(_TYPES),
    **statuses(_STATUSES),
    **{f"{kind}/{code}": one for kind, table in _BESIDE.items() for code, one in statuses(table).items()},
}
_ENDS: Final = frozenset({Status.DELIVERED, Status.AVAILABLE_FOR_PICKUP, Status.RETURNED})
_POSTAL: Final = "USPS_PIC"
_KEYS: Final = "2500"  # how codes about tokens and licences begin
_INVALID: Final = frozenset({"TV1002", "151018"})


class _Address(msgspec.Struct, rename="camel"):
    city: str | None = None
    state_province: str | None = None
    country_code: str | None = None
    country: str | None = None


class _Location(msgspec.Struct):
    address: _Address | None = None


class _State(msgspec.Struct, rename="camel"):
    type: str | None = None
    code: str | None = None
    status_code: str | int | None = None
    description_code: str | int | None = None  # what a Track Alert calls status_code
    description: str | None = None


class _Activity(msgspec.Struct, rename="camel"):
    date: str | None = None
    time: str | None = None
    gmt_date: str | None = None
    gmt_time: str | None = None
    gmt_offset: str | None = None
    location: _Location | None = None
    status: _State | None = None


class _Dated(msgspec.Struct):
    type: str | None = None
    date: str | None = None


class _Alternate(msgspec.Struct):
    type: str | None = None
    number: str | None = None


class _Package(msgspec.Struct, rename="camel"):
    tracking_number: str | None = None
    activity: list[msgspec.Raw] | None = None
    delivery_date: list[_Dated] | None = None
    alternate_tracking_number: list[_Alternate] | None = None


class _Problem(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    inquiry_number: str | None = None
    package: list[msgspec.Raw] | None = None
    warnings: list[_Problem] | None = None


class _Response(msgspec.Struct):
    shipment: list[_Shipment] | None = None


class _Errors(msgspec.Struct):
    errors: list[_Problem] | None = None


class _Answer(msgspec.Struct, rename="camel"):
    track_response: _Response | None = None
    response: _Errors | None = None


class _Alert(msgspec.Struct, rename="camel"):
    tracking_number: str
    activity_status: _State
    local_activity_date: str | None = None
    local_activity_time: str | None = None
    gmt_activity_date: str | None = None
    gmt_activity_time: str | None = None
    gmt_offset: str | None = None
    activity_location: _Address | None = None
    scheduled_delivery_date: str | None = None


def tracked(answer: Answer) -> Facts:
    """The packages of an answer about one number. Raises the Trouble that a bad answer is; that UPS does not know the
    number, or takes it for none of its own, is said of the number.
    """
    words, numbers = said(answer), asked(answer)
    strange = bool(_INVALID & {one.code for one in _errors(answer)})
    if numbers and (answer.status == 404 or strange):
        told = invalid if strange else not_found
        return Facts(tracks=tuple(told(number, words) for number in numbers))
    problem = trouble(replace(answer, status=_status(answer)), words, NAME)
    if problem:
        raise problem
    found = decoded(answer, _Answer, NAME).track_response
    if found is None:
        raise broken(NAME, "no trackResponse")
    return _shipments(found.shipment or [], numbers)


def said(answer: Answer) -> str:
    """UPS's own words in a bad answer: codes and texts."""
    return "; ".join(f"{one.code or ''} {one.message or ''}".strip() for one in _errors(answer))


def pushed(answer: Answer) -> Facts:
    """The one activity of a Track Alert."""
    alert, reader = decoded(answer, _Alert, NAME), Reader("ups")
    activity = _Activity(
        date=alert.local_activity_date,
        time=alert.local_activity_time,
        gmt_date=alert.gmt_activity_date,
        gmt_time=alert.gmt_activity_time,
        gmt_offset=alert.gmt_offset,
        location=_Location(address=alert.activity_location),
        status=alert.activity_status,
    )
    events = reader.scans(alert.tracking_number, [activity], lambda one: _event(one, reader), newest_first=True)
    eta = day(alert.scheduled_delivery_date)
    track = Track(
        number=alert.tracking_number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier="ups",
        events=events,
        complete=False,
        eta_from=eta,
        eta_to=eta,
    )
    return reader.facts([track])


def _status(answer: Answer) -> int:
    """The HTTP status; of a saved answer, which has lost it, what UPS's own codes say."""
    codes = [one.code or "" for one in _errors(answer)]
    if answer.status != 200 or not codes:
        return answer.status
    return 401 if any(code.startswith(_KEYS) for code in codes) else 400


def _errors(answer: Answer) -> list[_Problem]:
    try:
        told = msgspec.json.decode(answer.body, type=_Answer, strict=False).response
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []
    return (told.errors or []) if told else []


def _shipments(shipments: list[_Shipment], numbers: tuple[str, ...]) -> Facts:
    reader, tracks = Reader("ups"), []
    for shipment in shipments:
        number = shipment.inquiry_number or (numbers[0] if numbers else "")
        read = functools.partial(_track, inquired=number, reader=reader)
        tracks += reader.each(shipment.package or (), _Package, read)
        if not shipment.package:
            words = "; ".join(one.message or "" for one in shipment.warnings or ())
            if not number:
                raise NotFound(words)
            tracks.append(not_found(number, words))
    return reader.facts(tracks)


def _track(said: _Package, inquired: str, reader: Reader) -> Track:
    number = said.tracking_number or inquired
    events = reader.scans(
        number,
        said.activity or (),
        lambda raw: _event(msgspec.json.decode(raw, type=_Activity, strict=False), reader),
        newest_first=True,
    )
    dates = {one.type: day(one.date) for one in said.delivery_date or ()}
    eta = dates.get("RDD") or dates.get("SDD")
    postal = next((one.number for one in said.alternate_tracking_number or () if one.type == _POSTAL), None)
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier="ups",
        events=events,
        complete=len(events) == len(said.activity or ()) > 0,  # a moment without events undoes none
        last_mile=SaidNumber(text=postal, role=Role.LOCAL, carrier="USPS") if postal else None,
        eta_from=eta,
        eta_to=eta,
    )


def _event(said: _Activity, reader: Reader) -> TrackingEvent:
    state = said.status or _State()
    where = (said.location or _Location()).address or _Address()
    code = "/".join(part for part in (state.type, state.code, _padded(state)) if part)
    city, country = (where.city or where.state_province or "").title(), where.country_code or where.country
    meaning = _meaning(state, reader)
    return scan("ups", _when(said), meaning, text=state.description or "", code=code, place=place(city, country, None))


def _padded(state: _State) -> str:
    """The status code with three digits ('' without one): UPS's tables print it without zeros, its API with."""
    said = text(state.status_code) or text(state.description_code)
    return said.rjust(3, "0") if said else ""


def _meaning(state: _State, reader: Reader) -> Meaning:
    """By the type, made exact by its own table. A type or code that no table has is counted."""
    kind, code, words = state.type or "", state.code or "", state.description or ""
    if kind not in _TYPES:
        return reader.meaning(_STATUSES, _padded(state), words)
    if kind == "X":
        return _exception(state, reader)
    exact = _STATUSES.get(_padded(state))
    if kind == "D":
        return _HANDED.get(code) or (exact if exact and exact.status in _ENDS else _TYPES["D"])
    if kind != "I":
        return _TYPES[kind]
    if exact is None:
        reader.strange(_padded(state), words)
    moved = exact or _MOVES.get(code) or Meaning(*read_words(words))
    return moved if moved.status is not Status.UNKNOWN or exact else _TYPES["I"]


def _exception(state: _State, reader: Reader) -> Meaning:
    """By its code; a code that the table does not have is counted, and the text tells, or the status code."""
    code, words = state.code or "", state.description or ""
    if code in _EXCEPTIONS:
        return _EXCEPTIONS[code]
    reader.strange(code or _padded(state) or words, words)
    told = Meaning(*read_words(words))
    exact = _STATUSES.get(_padded(state), told)
    return next((one for one in (told, exact) if one.status is not Status.UNKNOWN), _TYPES["X"])


def _when(said: _Activity) -> When:
    """Local time as said; the offset where it is given ("-05:00", "-04.00"); the instant from GMT, or from both."""
    local = _moment(said.date, said.time)
    offset = (said.gmt_offset or "").replace(".", ":")
    at = when(f"{local}{offset}" if "T" in local else local)
    gmt = _moment(said.gmt_date, said.gmt_time)
    if "T" not in gmt:
        return at
    return at._replace(instant=datetime.fromisoformat(gmt).replace(tzinfo=UTC), day_only=False)


def _moment(date: str | None, clock: str | None) -> str:
    """ISO 8601 of YYYYMMDD and HHMMSS, whose first zero UPS may leave out. Raises ValueError."""
    if not date:
        return ""
    on = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC).date()
    if not clock:
        return on.isoformat()
    digits = clock.zfill(6)
    return datetime.combine(on, time(int(digits[:2]), int(digits[2:4]), int(digits[4:6]))).isoformat()
