"""Merges what many sources say about one parcel, and says what is true now.

Every function here is a pure function of the SET of events: order of arrival and repetition change nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.order import TrackAnswer
from doorstep.core.status import NO_NEWS, Reason, Responsible, Status, action_by, follows, responsible

AHEAD: Final = timedelta(hours=26)  # local times on earth differ by at most this (UTC+14 against UTC-12)
WEST: Final = timedelta(hours=12)  # a local time read as UTC is at most this much too early
EAST: Final = timedelta(hours=14)  # and at most this much too late
STRANGER: Final = timedelta(days=2)  # scans older than the purchase by more belong to an earlier parcel of that number
_DAWN: Final = datetime.min.replace(tzinfo=UTC)

# How far along the road; what needs somebody, and what cannot be undone, counts as further.
ROAD: Final = (
    Status.PENDING,
    Status.NOT_FOUND,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.INFO_RECEIVED,
    Status.PICKED_UP,
    Status.IN_TRANSIT,
    Status.CUSTOMS,
    Status.ARRIVED,
    Status.OUT_FOR_DELIVERY,
    Status.ATTEMPT_FAILED,
    Status.AVAILABLE_FOR_PICKUP,
    Status.EXCEPTION,
    Status.DELIVERED,
    Status.RETURNING,
    Status.RETURNED,
)
NO_SCAN: Final = NO_NEWS | {Status.INFO_RECEIVED, Status.CANCELLED, Status.UNKNOWN}  # nobody had it in his hands
# Said by the source that said "delivered", and later: its own correction. Any other scan after a delivery may be stray.
_CORRECTS: Final = frozenset({Status.ATTEMPT_FAILED, Status.AVAILABLE_FOR_PICKUP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What is true now. ``since``: when the status began, aware UTC (a local time of unknown zone is read as UTC), None
    when no scan tells. ``headline_key`` is the ``event_key`` of the scan that drives it, b"" without one; ``source``
    is who said that scan. ``action_by``: who has to act, None = nobody.
    """

    status: Status
    reason: Reason | None = None
    responsible: Responsible | None = None
    action_by: Responsible | None = None
    since: datetime | None = None
    headline_key: bytes = b""
    source: str = ""


class Placed(NamedTuple):
    """A scan on the line of time. ``at`` orders it; ``own`` is its own time (a local one of unknown zone read as UTC),
    None where it has none. ``key`` is its ``event_key``.
    """

    at: datetime
    own: datetime | None
    key: bytes
    event: TrackingEvent

    @property
    def exact(self) -> bool:
        """False where its place among other sources' scans is certain within 14 hours only."""
        return self.event.instant is not None


def event_key(event: TrackingEvent) -> bytes:
    """16 bytes from the source and the raw fields; our reading (status, reason, derived instant) is not part of it."""
    if event.key:
        return event.key
    stated = event.instant if event.local is None and event.instant_from is InstantFrom.STATED else None
    when = event.local or stated
    said = event.source, event.raw_code, event.raw_text, event.place, when.isoformat() if when else "", event.offset
    return blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def merge(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """All events once, first to happen first.

    By instant; without one by the source's own order; between sources a local time is read as if it were UTC, which is
    wrong by at most 14 hours (an event without ``instant`` is thereby marked as placed approximately).
    """
    return tuple(one.event for one in placed(events))


def current(events: Iterable[TrackingEvent], now: datetime, answer: TrackAnswer | None = None) -> Current:
    """The headline of ``events``, as ``headline`` says it."""
    return headline(placed(events), now, answer)


def headline(line: Iterable[Placed], now: datetime, answer: TrackAnswer | None = None) -> Current:
    """What is true after these scans. One more than 26 h ahead of ``now`` does not drive it. ``answer`` is the last
    answer of the source, for a parcel without news: asked in vain is NOT_FOUND, never asked is PENDING.

    A delivery is undone by a return, a problem, or a later "not delivered" of the source that said it; where several
    said it, each has to take it back. Where two sources' zones leave open which scan was the later, the one further
    along the road counts.
    """
    asked = answer in {TrackAnswer.NOTHING, TrackAnswer.NOT_FOUND}
    road = _Road(status=Status.NOT_FOUND if asked else Status.PENDING)
    for one in line:
        if not too_far_ahead(one, now):
            road.pass_by(one)
    if road.headline is None:
        return Current(status=road.status)
    event = road.headline.event
    return Current(
        status=road.status,
        reason=event.reason,
        responsible=responsible(event.reason),
        action_by=action_by(road.status, event.reason),
        since=road.since,
        headline_key=road.headline.key,
        source=event.source,
    )


def first_and_last(events: Iterable[TrackingEvent], now: datetime) -> tuple[datetime | None, datetime | None]:
    """When a carrier first had the parcel in its hands, and when anything last happened to it; None = nobody says.
    Aware UTC, a local time of unknown zone read as UTC. Scans that cannot have happened yet do not count.
    """
    line = [(at, one) for one in events if (at := _as_utc(one)) and at <= now + AHEAD]
    handled = [at for at, one in line if one.status not in NO_SCAN]
    return min(handled, default=None), max((at for at, _ in line), default=None)


def too_far_ahead(one: Placed, now: datetime) -> bool:
    """True for a scan that cannot have happened yet anywhere on earth. Its own time counts, not its neighbours'."""
    return one.own is not None and one.own > now + AHEAD


@dataclass(slots=True)
class _Road:
    """The way of a parcel as far as it has been walked."""

    status: Status
    headline: Placed | None = None
    since: datetime | None = None
    delivered: dict[str, Placed] = field(default_factory=dict)  # who says so, by which scan

    def pass_by(self, one: Placed) -> None:
        """Take notice of the next scan."""
        status = one.event.status
        undone = self._undoes(one)
        if undone or (follows(self.status, status) and not self._doubtful(one)):
            if status is not self.status or self.headline is None:
                self.since = None
            self.since = self.since or one.own
            self.status, self.headline = status, one
        if status is Status.DELIVERED:
            self.delivered[one.event.source] = one

    def _undoes(self, one: Placed) -> bool:
        """True if with this scan the last of those who said "delivered" takes it back."""
        said = self.delivered.get(one.event.source)
        if one.event.status not in _CORRECTS or said is None or said.exact is not one.exact or one.at <= said.at:
            return False
        del self.delivered[one.event.source]
        return self.status is Status.DELIVERED and not self.delivered

    def _doubtful(self, one: Placed) -> bool:
        """True if this scan may be the earlier of the two, and is less far along than the headline, or as far and less
        exact.
        """
        head = self.headline
        return head is not None and not surely_later(one, head) and _weight(one) < _weight(head)


def surely_later(one: Placed, other: Placed) -> bool:
    """True if ``one``, placed after ``other``, did happen after it in whichever zones their times were read."""
    if one.event.source == other.event.source or (one.exact and other.exact):
        return True
    slack = (timedelta() if one.exact else EAST) + (timedelta() if other.exact else WEST)
    slack += timedelta(days=1) if other.event.day_only else timedelta()
    return one.own is not None and other.own is not None and one.at - other.at > slack


def _weight(one: Placed) -> tuple[int, bool]:
    return ROAD.index(one.event.status), one.exact


def belonging(
    events: Iterable[TrackingEvent], not_before: datetime | None
) -> tuple[tuple[TrackingEvent, ...], tuple[TrackingEvent, ...]]:
    """(own, strangers), each merged by itself: what another parcel did says nothing about the order of ours. A stranger
    is older than ``not_before`` (the purchase) by more than two days.
    """
    said = tuple(events)
    others = [one for one in said if not_before and _stranger(one, not_before)]
    if not others:
        return merge(said), ()
    mine = merge(own(said, not_before))
    known = {event_key(one) for one in mine}
    return mine, merge(one for one in others if event_key(one) not in known)


def own(events: Iterable[TrackingEvent], not_before: datetime | None) -> list[TrackingEvent]:
    """The events that are no stranger's, as they come."""
    return [one for one in events if not_before is None or not _stranger(one, not_before)]


def counts(event: TrackingEvent, not_before: datetime | None, now: datetime) -> bool:
    """True if a scan is this parcel's and can have happened by ``now``."""
    at = _as_utc(event)
    return (at is None or at <= now + AHEAD) and not (not_before and _stranger(event, not_before))


def _stranger(event: TrackingEvent, not_before: datetime) -> bool:
    """True if the event is too old wherever on earth its time was read; without a time it gets the benefit of doubt."""
    at = _as_utc(event)
    return at is not None and at < not_before - STRANGER - (timedelta() if event.instant else WEST)


def placed(events: Iterable[TrackingEvent]) -> list[Placed]:
    """Each event once with the time that orders it, first to happen first."""
    unique: dict[bytes, TrackingEvent] = {}
    for event in events:
        key = event_key(event)
        known = unique.get(key)
        unique[key] = min(known, event, key=_reading) if known else event
    answers: dict[tuple[str, datetime | None], dict[bytes, TrackingEvent]] = {}
    for key, event in unique.items():
        answers.setdefault((event.source, event.told), {})[key] = event
    found = [one for told in answers.values() for one in _place(told)]
    return sorted(found, key=lambda one: (one.at, one.event.source, one.event.position, one.key))


def _reading(event: TrackingEvent) -> tuple[bool, bool, bool, float, int, str, str, str]:
    """Orders readings of the same raw scan, best first; any total order makes the choice independent of arrival."""
    instant = event.instant.isoformat() if event.instant else ""
    age = -event.told.timestamp() if event.told else 0.0
    poor = event.status is Status.UNKNOWN, not instant, event.day_only
    return *poor, age, event.position, event.status, event.reason or "", instant


def _place(told: Mapping[bytes, TrackingEvent]) -> list[Placed]:
    """The events of one answer of one source, with their times.

    A local time that contradicts the source's own order by no more than zones can differ gives way to it: lifted to its
    predecessor (the parcel flew west), or lowered to the next instant (it flew east). A larger difference is believed:
    the order is not.
    """
    line = [Placed(_as_utc(event) or _DAWN, _as_utc(event), key, event) for key, event in told.items()]
    line.sort(key=lambda one: (one.event.position, one.at, one.key))
    before = _DAWN
    for index, one in enumerate(line):
        if one.own is None or (not one.exact and timedelta() < before - one.at <= AHEAD):
            line[index] = one._replace(at=before)
        before = line[index].at
    after: datetime | None = None
    for index, one in reversed(list(enumerate(line))):
        if one.exact:
            after = one.at
        elif after and timedelta() < one.at - after <= EAST:
            line[index] = one._replace(at=after)
    return line


def _as_utc(event: TrackingEvent) -> datetime | None:
    return event.instant or (event.local.replace(tzinfo=UTC) if event.local else None)
