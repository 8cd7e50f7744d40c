"""What own history says of a way, on a ladder: the lane itself first, and what is like it where the lane is too young.

A rung speaks alone when enough parcels stand behind it; until then the next rungs, and at last published times, fill up
what is missing. What is long ago counts less, the less the more is known since.
"""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from doorstep.core.lane import Lane, Passage, Route
from doorstep.core.survival import Curve, Span, curve
from doorstep.core.workdays import Week, Workdays, learn

ENOUGH: Final = 12.0  # parcels that let a rung speak alone
HALF_LIFE: Final = 60.0  # days after which a parcel counts half; longer where the last parcels reach further back
REMEMBERED: Final = 100  # so many of the last parcels count at least half each
GONE: Final = 2.0  # under way for so many times the longest way ever seen: lost, not slow
LONGEST: Final = 400  # of a rung's parcels, the last so many are looked at
OWN_DAYS: Final = 60  # deliveries to a country, to learn its weekdays apart from the others'
Key = tuple[str, ...]
_DAY_S: Final = 86_400.0
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = math.inf


class Rung(StrEnum):
    """How near to the lane itself the history behind an estimate is."""

    SERVICE = "service"  # this carrier's service on this lane
    LANE = "lane"  # this carrier on this lane
    COUNTRY = "country"  # this carrier to this country
    ROUTE = "route"  # any carrier on this lane
    OWN = "own"  # all own parcels, within the country or across borders
    PUBLISHED = "published"  # no history: what is usual


class Stretch(StrEnum):
    """From where to the door."""

    ORDERED = "ordered"
    HANDED_OVER = "handed_over"
    ARRIVED = "arrived"
    OUT = "out"


# Days from there to the door at 10, 30, 50, 70, 85 and 95 of 100 parcels, where nothing is known: what postal operators
# and forwarders publish for parcels within a country and across borders, with the long tail that they do not publish.
_PUBLISHED: Final[Mapping[tuple[Stretch, bool], tuple[float, ...]]] = MappingProxyType(
    {
        (Stretch.ORDERED, True): (2, 3, 4, 5.5, 8, 12),
        (Stretch.ORDERED, False): (6, 9, 13, 18, 26, 38),
        (Stretch.HANDED_OVER, True): (1, 1.6, 2.2, 3, 4.5, 8),
        (Stretch.HANDED_OVER, False): (4, 7, 10, 15, 22, 32),
        (Stretch.ARRIVED, True): (0.5, 0.9, 1.2, 2, 3, 6),
        (Stretch.ARRIVED, False): (0.6, 1.2, 2, 3, 5, 9),
        (Stretch.OUT, True): (0.1, 0.2, 0.3, 0.4, 0.6, 2),
        (Stretch.OUT, False): (0.1, 0.2, 0.3, 0.4, 0.6, 2),
    }
)


_NEAR: Final = frozenset({Rung.SERVICE, Rung.LANE, Rung.COUNTRY})


class Row(NamedTuple):
    """A passage in days since 1970 (UTC), ``_NEVER`` = not known; sorts by its beginning."""

    begin: float
    delivered: float
    ordered: float
    handed_over: float
    arrived: float
    out: float
    first_scan: float
    silence: float
    route: tuple[str, str, str, str]
    offset: float  # days east of UTC that the delivery was told with
    keys: tuple[tuple[Rung, Key], ...]

    def done(self, at: float) -> bool:
        """Whether it had been delivered by then."""
        return self.delivered <= at


@dataclass(frozen=True, slots=True)
class Judged:
    """A curve of work from a stretch's beginning to the door, made of ``parcels``; the nearest of them on ``rung``."""

    curve: Curve
    parcels: int
    rung: Rung


@dataclass(frozen=True, slots=True)
class History:
    """What was known on day ``at``. ``stretched``: by what times must be multiplied to be right for half of the
    parcels, and for 85 of 100, found by estimating the past from what was known before it.
    """

    at: float
    rungs: Mapping[Key, Sequence[Row]]
    weeks: Mapping[str, Week]  # by destination, '' = all together
    offsets: Mapping[str, float]  # days east of UTC, by destination
    stretched: tuple[float, float] = (1.0, 1.0)
    _judged: dict[tuple[Stretch, Route], Judged] = field(default_factory=dict, repr=False, compare=False)
    _counted: dict[Key, Workdays] = field(default_factory=dict, repr=False, compare=False)

    def judge(self, stretch: Stretch, route: Route) -> Judged:
        """How long it takes from there to the door."""
        found = self._judged.get((stretch, route))
        if found is None:
            found = self._judged[stretch, route] = self._judge(stretch, route)
        return found

    def work(self, day: float, route: Route) -> float:
        """The work done by a day (UTC), since some fixed one, as it counts on this route."""
        return self._count(_ladder(route), route.destination).at(day + self.offsets.get(route.destination, 0.0))

    def when(self, work: float, route: Route) -> float:
        """The inverse of ``work``."""
        return self._count(_ladder(route), route.destination).when(work) - self.offsets.get(route.destination, 0.0)

    def lane(self, route: Route) -> Lane:
        """What rules want to know of a route: own history of this carrier there, and nothing while it is too young."""
        for rung, key in _ladder(route):
            rows = self.rungs.get(key, ())
            if rung in _NEAR and sum(one.done(self.at) for one in rows) >= ENOUGH:
                return _lane(rows[-LONGEST:], self.at)
        return Lane()

    def _judge(self, stretch: Stretch, route: Route) -> Judged:
        missing, parcels, nearest = ENOUGH, 0, Rung.PUBLISHED
        spans: list[Span] = []
        for rung, key in _ladder(route):
            own = self._spans(stretch, key, missing)
            if own and nearest is Rung.PUBLISHED:
                nearest, parcels = rung, sum(one.done for one in own)
            spans += own
            missing -= sum(one.weight for one in own)
            if missing < 1:
                break
        if missing >= 1:
            usual = _PUBLISHED[stretch, domestic(route)]
            spans += [Span(time, done=True, weight=missing / len(usual)) for time in usual]
        return Judged(curve(spans), parcels, nearest)

    def _spans(self, stretch: Stretch, key: Key, at_most: float) -> list[Span]:
        """A rung's parcels, weighed; nothing where none was delivered. Their weights sum up to the number of equal ones
        that would be worth as much, ``at_most`` at most.
        """
        start = attrgetter(stretch)
        begun = [one for one in self.rungs.get(key, ())[-LONGEST:] if start(one) <= self.at]
        spans = [Span(self._took(start(one), one), one.done(self.at), 1.0) for one in begun]
        longest = max((one.time for one in spans if one.done), default=0.0)
        if not longest:
            return []
        weights = recent([self.at - start(one) for one in begun])
        live = [
            one._replace(weight=weight)
            for one, weight in zip(spans, weights, strict=True)
            if one.done or one.time <= GONE * longest
        ]
        worth = min(at_most, effective([one.weight for one in live])) / sum(one.weight for one in live)
        return [one._replace(weight=one.weight * worth) for one in live]

    def _took(self, start: float, row: Row) -> float:
        """Work from there to the door, or until now."""
        count, offset = self._count(row.keys, row.route[3]), self.offsets.get(row.route[3], 0.0)
        return max(0.0, count.at(min(row.delivered, self.at) + offset) - count.at(start + offset))

    def _count(self, keys: Iterable[tuple[Rung, Key]], destination: str) -> Workdays:
        """How days count on a route: in the way in which its parcels differ least from one another."""
        week = self.weeks.get(destination) or self.weeks[""]
        key = next(key for rung, key in keys if rung is Rung.LANE)
        found = self._counted.get(key)
        if found is None:
            rows = [one for one in self.rungs.get(key, ())[-LONGEST:] if one.done(self.at) and one.handed_over < _NEVER]
            offset = self.offsets.get(destination, 0.0)
            found = min(week.ways, key=lambda way: _spread(way, rows, offset))
            self._counted[key] = found
        return found


def _spread(way: Workdays, rows: Sequence[Row], offset: float) -> float:
    """How far parcels are from the middle one, counted that way."""
    if len(rows) < ENOUGH:
        return 0.0
    took = [way.at(one.delivered + offset) - way.at(one.handed_over + offset) for one in rows]
    middle = sorted(took)[len(took) // 2]  # of the middle ones either is as near to all others together
    return sum(abs(one - middle) for one in took) / len(took)


def _ladder(route: Route) -> tuple[tuple[Rung, Key], ...]:
    """The keys under which a route's parcels are kept, the nearest first."""
    where = (route.origin, route.destination)
    inside = str(domestic(route))
    service = ((Rung.SERVICE, (Rung.SERVICE, route.carrier, route.service, *where)),) if route.service else ()
    return (
        *service,
        (Rung.LANE, (Rung.LANE, route.carrier, *where)),
        (Rung.COUNTRY, (Rung.COUNTRY, route.carrier, route.destination, inside)),
        (Rung.ROUTE, (Rung.ROUTE, *where)),
        (Rung.OWN, (Rung.OWN, inside)),
    )


def domestic(route: Route) -> bool:
    """True if it stays within one country."""
    return route.origin == route.destination != ""


def recent(ages: Sequence[float]) -> list[float]:
    """What each parcel counts, by its age in days: half after every half-life."""
    reach = sorted(ages)[min(len(ages), REMEMBERED) - 1]
    half_life = max(HALF_LIFE, reach)
    return [0.5 ** (age / half_life) for age in ages]


def effective(weights: Sequence[float]) -> float:
    """How many equally weighted parcels are worth as much (Kish 1965)."""
    return sum(weights) ** 2 / sum(weight * weight for weight in weights)


def rows(passages: Iterable[Passage]) -> list[Row]:
    """Passages in days, sorted by their beginning; those of which nothing is known left out."""
    keys: dict[Route, tuple[tuple[Rung, Key], ...]] = {}
    found = []
    for one in passages:
        if one.route not in keys:
            keys[one.route] = _ladder(one.route)
        found.append(_row(one, keys[one.route]))
    return sorted(one for one in found if one.begin < _NEVER)


def _row(one: Passage, keys: tuple[tuple[Rung, Key], ...]) -> Row:
    ordered, handed, delivered = _day(one.ordered), _day(one.handed_over), _day(one.delivered)
    arrived, out, scanned = _day(one.arrived), _day(one.out), _day(one.first_scan)
    offset = one.delivered.utcoffset() if one.delivered else None
    return Row(
        begin=min(ordered, handed, delivered, arrived, out, scanned),
        delivered=delivered,
        ordered=ordered,
        handed_over=handed,
        arrived=arrived,
        out=out,
        first_scan=scanned,
        silence=one.silence / _DAY if one.silence is not None else _NEVER,
        route=(one.route.carrier, one.route.service, one.route.origin, one.route.destination),
        offset=(offset or timedelta()) / _DAY,
        keys=keys,
    )


def _day(at: datetime | None) -> float:
    return _NEVER if at is None else day(at)


def day(at: datetime) -> float:
    """Days since 1970, UTC."""
    return at.timestamp() / _DAY_S


def instant(days: float) -> datetime:
    """The inverse of ``day``, in UTC."""
    return _EPOCH + timedelta(days=days)


def gather(ordered: Sequence[Row], at: float) -> History:
    """What was known on a day, whatever was learned after it."""
    rungs: dict[Key, list[Row]] = defaultdict(list)
    arrived: dict[str, list[Row]] = defaultdict(list)
    for one in ordered[: bisect_right(ordered, at, key=attrgetter("begin"))]:
        for _, key in one.keys:
            rungs[key].append(one)
        if one.done(at) and one.handed_over < _NEVER:
            arrived[one.route[3]].append(one)
    offsets = {there: max(some, key=attrgetter("delivered", "offset")).offset for there, some in arrived.items()}
    pairs = {
        there: [(one.handed_over + offsets[there], one.delivered + offsets[there]) for one in some]
        for there, some in arrived.items()
    }
    weeks = {there: learn(some, there) for there, some in pairs.items() if len(some) >= OWN_DAYS}
    weeks[""] = learn([one for some in pairs.values() for one in some])
    return History(at, rungs, weeks, offsets)


def _lane(rows: Sequence[Row], at: float) -> Lane:
    """The lane's figures in days as the calendar counts them."""
    begun = [one for one in rows if one.handed_over <= at]
    weights = recent([at - one.handed_over for one in begun])
    transit = _calendar(
        [(one.handed_over, one.delivered, weight) for one, weight in zip(begun, weights, strict=True)], at
    )
    first = _calendar(
        [(one.handed_over, one.first_scan, weight) for one, weight in zip(begun, weights, strict=True)], at
    )
    silent = [
        Span(one.silence, done=True, weight=weight)
        for one, weight in zip(begun, weights, strict=True)
        if one.silence < _NEVER and one.done(at)
    ]
    return Lane(
        parcels=sum(one.done(at) for one in begun),
        first_scan_p85=_within(first, 0.85),
        transit_p05=_within(transit, 0.05),
        transit_p50=_within(transit, 0.5),
        transit_p85=_within(transit, 0.85),
        silence_p85=_within(silent, 0.85),
        silence_p98=_within(silent, 0.98),
    )


def _calendar(stretches: Iterable[tuple[float, float, float]], at: float) -> list[Span]:
    """Spans of (beginning, end, weight); without an end by now they go on."""
    spans = [Span(max(0.0, min(end, at) - begin), end <= at, weight) for begin, end, weight in stretches]
    longest = max((one.time for one in spans if one.done), default=0.0)
    return [one for one in spans if one.done or one.time <= GONE * longest]


def _within(spans: Sequence[Span], share: float) -> timedelta | None:
    """Within how long ``share`` of them are done; None where that is not known of enough."""
    if sum(one.done for one in spans) < ENOUGH:
        return None
    return timedelta(days=curve(spans).quantile(share))
