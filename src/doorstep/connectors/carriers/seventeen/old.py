"""The older shapes of 17TRACK, so that a saved answer or a webhook still set to v1 becomes a timeline too.

Two events of v1 exist. The vendor's own: ``a`` time, ``c`` and ``d`` place, ``z`` text. The one of published samples:
``d`` time, ``a`` place, ``c`` text, ``z`` main status as a number. The web site's list (``FLastEvent``) has the first.
Times are local, without a zone.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from doorstep.core.event import InstantFrom, TrackingEvent, when
from doorstep.core.status import Status
from doorstep.core.words import read_words

# State of the whole parcel (v1 ``e``, the site's FPackageState): true for its newest event.
STATES: Final = {
    "10": Status.IN_TRANSIT,
    "20": Status.EXPIRED,
    "30": Status.AVAILABLE_FOR_PICKUP,
    "35": Status.ATTEMPT_FAILED,
    "40": Status.DELIVERED,
    "50": Status.EXCEPTION,
}
# Main status of one event, as far as published samples show it beside its text.
STAGES: Final = {
    "z1": Status.INFO_RECEIVED,
    "z2": Status.IN_TRANSIT,
    "z3": Status.ARRIVED,
    "z4": Status.OUT_FOR_DELIVERY,
    "z5": Status.DELIVERED,
}
WORDS: Final = STATES | STAGES
KNOWN: Final = frozenset({"", *STAGES})


class Event(msgspec.Struct):
    """One event of either v1 shape."""

    a: str | None = None
    c: str | None = None
    d: str | None = None
    z: str | int | None = None


class Track(msgspec.Struct):
    """A parcel: ``z0`` its newest event, ``z1``, ``z2`` and ``z9`` the events of its carriers, ``e`` its state."""

    z0: Event | None = None
    z1: list[Event] | None = None
    z2: list[Event] | None = None
    z9: list[Event] | None = None
    e: int | None = None


class _Package(msgspec.Struct):
    number: str = msgspec.field(name="FTrackNo")
    state: int | None = msgspec.field(name="FPackageState", default=None)
    last: str | None = msgspec.field(name="FLastEvent", default=None)


class _Site(msgspec.Struct):
    packages: list[_Package] = msgspec.field(name="Json")


def packages(body: bytes) -> list[tuple[str, Track]] | None:
    """(number, parcel) of the web site's list; None when the body is not one."""
    try:
        site = msgspec.json.decode(body, type=_Site)
        return [(one.number, Track(z0=_last(one.last), e=one.state)) for one in site.packages]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def events(track: Track, source: str) -> Iterator[TrackingEvent]:
    """First to happen first. Only the newest event carries the parcel's state. Raises ValueError for a bad time."""
    told = [one for part in (track.z1, track.z2, track.z9) for one in _rising(part or [])]
    told = told or ([track.z0] if track.z0 else [])
    for position, one in enumerate(told):
        state = str(track.e) if track.e and one is told[-1] else ""
        yield _event(one, source, position, state)


def _last(text: str | None) -> Event | None:
    return msgspec.json.decode(text, type=Event) if text else None


def _rising(told: list[Event]) -> list[Event]:
    """Vendor lists run newest first, samples oldest first: the times of both ends tell."""
    falling = len(told) > 1 and (_parts(told[0])[0] or "") > (_parts(told[-1])[0] or "")
    return told[::-1] if falling else told


def _parts(one: Event) -> tuple[str | None, str, str, str]:
    """(time, place, text, code) whichever shape it is."""
    if isinstance(one.z, int):
        return one.d, one.a or "", one.c or "", f"z{one.z}"
    return one.a, ", ".join(part for part in (one.c, one.d) if part), one.z or "", ""


def _event(one: Event, source: str, position: int, state: str) -> TrackingEvent:
    time, place, text, code = _parts(one)
    known = WORDS.get(code or state)
    status, reason = (known, None) if known else read_words(text)
    at = when(time or "")
    return TrackingEvent(
        source=source,
        raw_text=text,
        raw_code=code,
        status=status,
        reason=reason,
        local=at.local,
        offset=at.offset,
        instant=at.instant,
        instant_from=InstantFrom.STATED if at.instant else InstantFrom.NONE,
        place=place,
        position=position,
        day_only=at.day_only,
    )
