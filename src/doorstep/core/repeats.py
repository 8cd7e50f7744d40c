"""Which scans of a timeline say again what another one says already. A pure function of the SET of events."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from doorstep.core.event import TrackingEvent
from doorstep.core.status import Status
from doorstep.core.timeline import event_key, merge

_MINUTE: Final = timedelta(minutes=1)  # many vendors drop the seconds, so two tellings differ by less than this
_Slot = tuple[str, int]


def repeats(events: Iterable[TrackingEvent], leading: bytes = b"") -> frozenset[bytes]:
    """Keys of the scans that may be folded: what they say is said by a scan that is not.

    Another source tells the same status or the same words within a minute, by instant or by wall time (which also finds
    the twin whose zone was lost on the way). The same source sent a scan again with one field different: its seconds,
    or a fuller wording, or a fuller place. All of them stay in the timeline. One that knows its
    instant stands before one that does not, then the first source's fullest; ``leading`` (the headline's key) always.
    """
    standing: dict[_Slot, list[TrackingEvent]] = defaultdict(list)
    again = set()
    for event in sorted(merge(events), key=lambda one: (event_key(one) != leading, *_fullness(one))):
        if event_key(event) != leading and any(_says(other, event) for other in _near(standing, event)):
            again.add(event_key(event))
        else:
            for slot in _slots(event):
                standing[slot].append(event)
    return frozenset(again)


def _fullness(event: TrackingEvent) -> tuple[bool, bool, str, int, int]:
    return event.day_only, event.instant is None, event.source, -len(event.raw_text), -len(event.place)


def _near(standing: dict[_Slot, list[TrackingEvent]], event: TrackingEvent) -> Iterator[TrackingEvent]:
    for kind, minute in _slots(event):
        for close in (minute - 1, minute, minute + 1):
            yield from standing.get((kind, close), ())


def _slots(event: TrackingEvent) -> Iterator[_Slot]:
    """Where scans that could be the same meet: by minute, by day, or all those without a time."""
    if event.instant:
        yield "instant", round(event.instant.timestamp()) // 60
    if event.local:
        yield "local", event.local.toordinal() * 1440 + event.local.hour * 60 + event.local.minute
        yield "day", event.local.toordinal() * 3
    if not event.instant and not event.local:
        yield "never", 0


def _says(standing: TrackingEvent, event: TrackingEvent) -> bool:
    """True if ``standing`` says what ``event`` says."""
    if standing.source == event.source:
        return _sent_again(standing, event)
    timed = _apart(standing.instant, event.instant) < _MINUTE or _by_wall(standing, event) < _MINUTE
    told = event.status is not Status.UNKNOWN and event.status is standing.status
    return timed and (told or (bool(event.raw_text) and _words(event.raw_text) == _words(standing.raw_text)))


def _sent_again(standing: TrackingEvent, event: TrackingEvent) -> bool:
    """One source, one field different, and nothing in ``event`` that ``standing`` lacks."""
    if (standing.raw_code, standing.status) != (event.raw_code, event.status):
        return False
    if standing.instant and event.instant:
        apart = _apart(standing.instant, event.instant)
    else:
        apart = _by_wall(standing, event) if event.local or standing.local else timedelta()
    pairs = [(_words(standing.raw_text), _words(event.raw_text)), (_words(standing.place), _words(event.place))]
    different = [bool(apart), *(full != part for full, part in pairs)]
    return apart < _MINUTE and sum(different) < 2 and all(set(part) <= set(full) for full, part in pairs)


def _apart(one: datetime | None, other: datetime | None) -> timedelta:
    return abs(one - other) if one and other else timedelta.max


def _by_wall(one: TrackingEvent, other: TrackingEvent) -> timedelta:
    """By their wall times; nothing is between a day and an hour of it."""
    if one.local and other.local and (one.day_only or other.day_only):
        return abs(one.local.date() - other.local.date())
    return _apart(one.local, other.local)


def _words(text: str) -> list[str]:
    """Case and punctuation tell no two scans apart."""
    return "".join(sign if sign.isalnum() else " " for sign in text.casefold()).split()
