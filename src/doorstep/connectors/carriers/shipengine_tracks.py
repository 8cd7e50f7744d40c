"""What ShipEngine (the ShipStation API) says about parcels, as tracks: of ``GET /v1/tracking``, and of a webhook.

Source: ShipEngine's OpenAPI file, whose two lists of codes are ``shipengine_codes.csv`` with our readings. An event has
a time in UTC and often the carrier's own, which is that of the place and has no offset: the two together give it. One
bad event never spoils an answer.
"""

from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.contract import Answer, Facts
from doorstep.connectors.scans import (
    Meaning,
    Reader,
    asked,
    broken,
    code_tables,
    day,
    decoded,
    history,
    not_found,
    scan,
    statuses,
    trouble,
    universal,
)
from doorstep.core.event import TrackingEvent, When, when
from doorstep.core.number import carrier_at
from doorstep.core.status import Status

NAME: Final = "ShipEngine"
SOURCE: Final = "shipengine"
_TABLES: Final = code_tables(Path(__file__).with_name("shipengine_codes.csv"))
_STATUSES, _DETAILS = _TABLES["status"], _TABLES["detail"]
STATUS: Final = {**statuses(_STATUSES), **statuses(_DETAILS)}
_QUARTER: Final = 15  # minutes: offsets of time zones are multiples of it
_WEST, _EAST = -12 * 60, 14 * 60


class _Problem(msgspec.Struct):
    error_code: str | None = None
    message: str | None = None


class _Bad(msgspec.Struct):
    errors: list[_Problem] | None = None
    message: str | None = None


class _Event(msgspec.Struct):
    occurred_at: str | None = None
    carrier_occurred_at: str | None = None
    description: str | None = None
    status_description: str | None = None
    carrier_status_description: str | None = None
    status_code: str | None = None
    status_detail_code: str | None = None
    carrier_status_code: str | int | None = None
    event_code: str | None = None
    city_locality: str | None = None
    state_province: str | None = None
    country_code: str | None = None


class _Log(msgspec.Struct):
    tracking_number: str
    carrier_code: str | None = None
    status_code: str | None = None
    status_description: str | None = None
    estimated_delivery_date: str | None = None
    events: list[msgspec.Raw] | None = None


class _Push(msgspec.Struct):
    resource_type: str | None = None
    data: msgspec.Raw = msgspec.Raw()


def tracked(answer: Answer) -> Facts:
    """The tracking of an answer. That the carrier does not know the number is said of it."""
    numbers = asked(answer)
    if numbers and answer.status == 404:
        return Facts(tracks=tuple(not_found(one, _said(answer)) for one in numbers))
    opened(answer)
    return _facts(decoded(answer, _Log, NAME))


def pushed(answer: Answer) -> Facts:
    """The tracking of a webhook."""
    data = decoded(answer, _Push, NAME).data
    if bytes(data)[:1] != b"{":
        raise broken(NAME, "no tracking in the message")
    return _facts(decoded(Answer(what="track", body=bytes(data), received_at=answer.received_at), _Log, NAME))


def about_a_parcel(answer: Answer) -> bool:
    """Whether a webhook tells of a parcel; batches and rates send some, too."""
    return decoded(answer, _Push, NAME).resource_type in {"API_TRACK", None}


def opened(answer: Answer) -> None:
    """Raises the Trouble that a bad answer is, and Broken for what is no JSON. An empty answer is a good one."""
    said = _said(answer)
    if problem := trouble(answer, said, NAME):
        raise problem
    if said:
        raise broken(NAME, said)
    if answer.body:
        decoded(answer, msgspec.Raw, NAME)


def _said(answer: Answer) -> str:
    """ShipEngine's own words in a bad answer: codes and texts."""
    try:
        bad = msgspec.json.decode(answer.body, type=_Bad)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    told = "; ".join(f"{one.error_code or ''} {one.message or ''}".strip() for one in bad.errors or ())
    return told or bad.message or ""


def _facts(said: _Log) -> Facts:
    reader = Reader(SOURCE)
    raws = said.events or []
    events = reader.scans(said.tracking_number, raws, lambda raw: _event(raw, reader), newest_first=None)
    code, eta = said.carrier_code or "", day(said.estimated_delivery_date)
    carrier = carrier_at("shipengine", code)
    track = history(said.tracking_number, carrier, events, len(raws), key=code, eta=(eta, eta))
    return reader.facts([track if events else replace(track, said=said.status_description or "")])


def _event(raw: msgspec.Raw, reader: Reader) -> TrackingEvent:
    said = msgspec.json.decode(raw, type=_Event)
    text = said.description or said.carrier_status_description or said.status_description or ""
    codes = (said.status_code, said.status_detail_code or said.event_code)
    return scan(
        SOURCE,
        _when(said),
        _meaning(said, text, reader),
        text=text,
        code="/".join(word for word in codes if word),
        place=place(said.city_locality or said.state_province, said.country_code, None),
    )


def _meaning(said: _Event, text: str, reader: Reader) -> Meaning:
    """The detail's, else the status's; where both say nothing, what the text says."""
    detail, main = said.status_detail_code or "", said.status_code or ""
    words = ((detail, _DETAILS), (main, _STATUSES))
    strange = next((word for word, table in words if word and word not in table), "")
    for word, table in words:
        if word in table and table[word].status is not Status.UNKNOWN:
            reader.strange(strange, text)
            return table[word]
    return reader.meaning({}, strange, text)


def _when(said: _Event) -> When:
    """The instant in UTC with the wall time of the carrier, where the two are a possible offset apart. A carrier's
    time alone is a wall time; one with a Z that is the same as the other is only its copy.
    """
    theirs = said.carrier_occurred_at or ""
    there, at = when(theirs.removesuffix("Z")), universal(said.occurred_at)
    if at.instant is None or there.local is None or at.local or there.day_only:
        return at if at.instant or at.local else there
    apart = round((there.local - at.instant.astimezone(UTC).replace(tzinfo=None)).total_seconds() / 60)
    fits = _WEST <= apart <= _EAST and apart % _QUARTER == 0 and not (theirs.endswith("Z") and apart == 0)
    return When(there.local, apart, at.instant, day_only=False) if fits else at
