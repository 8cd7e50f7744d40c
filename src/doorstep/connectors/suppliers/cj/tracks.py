"""What CJ says about parcels: the courier's number when asked, events when it calls."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from doorstep.connectors.answers import text
from doorstep.connectors.contract import Answer, Facts, NotFound, Word
from doorstep.connectors.suppliers.cj.envelope import SOURCE, Loose, data, decode
from doorstep.core.event import InstantFrom, TrackingEvent, when
from doorstep.core.order import Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Status

# trackingStatus of LOGISTIC webhooks and of each of their events.
STATUSES: Final = {
    "0": Status.NOT_FOUND,  # no information
    "1": Status.PICKED_UP,  # left CJ's warehouse
    "2": Status.IN_TRANSIT,  # at the forwarder
    "3": Status.RETURNING,  # sent back by the forwarder
    "4": Status.IN_TRANSIT,
    "5": Status.IN_TRANSIT,
    "6": Status.ARRIVED,  # in the country of destination
    "7": Status.CUSTOMS,
    "8": Status.CUSTOMS,  # released
    "9": Status.ARRIVED,  # with the last-mile courier
    "10": Status.OUT_FOR_DELIVERY,
    "11": Status.AVAILABLE_FOR_PICKUP,
    "12": Status.DELIVERED,
    "13": Status.EXCEPTION,
    "14": Status.RETURNING,
}
UNSEEN: Final = frozenset({"4", "7", "8", "9", "10", "11", "14"})  # in no recording yet


class _Row(msgspec.Struct, rename="camel"):
    """One number of ``trackInfo``."""

    tracking_number: str
    last_mile_carrier: str | None = None
    last_track_number: Loose = None


class _Logistic(msgspec.Struct, rename="camel"):
    tracking_number: Loose = None
    logistics_track_events: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    status: Loose = None
    activity: str | None = None
    location: str | None = None
    event_time: str | None = None
    third_activity: str | None = None


def numbers(answer: Answer) -> Facts:
    """Of ``trackInfo``: no events, but the courier's number. One that CJ's logistics do not know yet is NOTHING."""
    try:
        rows = data(answer, list[_Row]) or []
    except NotFound as trouble:
        asked = [number for number in answer.context.get("numbers", "").split(",") if number]
        unknown = (Track(number=one, answer=TrackAnswer.NOTHING, complete=False, said=trouble.said) for one in asked)
        return Facts(tracks=tuple(unknown))
    return Facts(tracks=tuple(_linked(row) for row in rows))


def pushed(params: Mapping[str, msgspec.Raw]) -> Facts:
    """Of a LOGISTIC webhook. It does not say whether its events are all events."""
    return _logistic(decode(msgspec.json.encode(params), _Logistic))


def _linked(row: _Row) -> Track:
    local = text(row.last_track_number)
    link = SaidNumber(text=local, role=Role.LOCAL, carrier=row.last_mile_carrier or "")
    told = link if local and local != row.tracking_number else None
    return Track(number=row.tracking_number, answer=TrackAnswer.EVENTS, complete=False, last_mile=told)


def _logistic(said: _Logistic) -> Facts:
    number = text(said.tracking_number)
    if not number:
        return Facts(bad=("LOGISTIC without a tracking number",))
    told: list[TrackingEvent] = []
    bad = []
    for raw in decode(said.logistics_track_events or "[]", list[msgspec.Raw]):
        try:
            told.append(_event(msgspec.json.decode(raw, type=_Event)))
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            bad.append(f"{number}: {error}")
    told = _in_order(told)
    answer = TrackAnswer.EVENTS if told else TrackAnswer.NOTHING
    track = Track(number=number, answer=answer, events=tuple(told), complete=False)
    words = {one.raw_code: one.raw_text for one in told if one.raw_code not in STATUSES}
    return Facts(
        tracks=(track,),
        words=tuple(Word(text=code, sample=sample) for code, sample in words.items() if code),
        bad=tuple(bad),
    )


def _in_order(told: list[TrackingEvent]) -> list[TrackingEvent]:
    """First to happen first. CJ does not document its order: the first and the last time tell it."""
    times = [event.local for event in told if event.local]
    oldest_first = told[::-1] if times and times[0] > times[-1] else told
    return [replace(event, position=position) for position, event in enumerate(oldest_first)]


def _event(said: _Event) -> TrackingEvent:
    """``eventTime`` names no zone as a rule, and then stays local. Of the place, parts with a digit (house, postcode)
    are left out.
    """
    code = text(said.status)
    at = when(said.event_time or "")
    place = [part.strip() for part in (said.location or "").split(",") if not any(map(str.isdigit, part))]
    return TrackingEvent(
        source=SOURCE,
        raw_text=(said.activity or said.third_activity or "").strip(),
        raw_code=code,
        status=STATUSES.get(code, Status.UNKNOWN),
        local=at.local,
        offset=at.offset,
        instant=at.instant,
        instant_from=InstantFrom.STATED if at.instant else InstantFrom.NONE,
        place=", ".join(part for part in place if part),
        day_only=at.day_only,
    )
