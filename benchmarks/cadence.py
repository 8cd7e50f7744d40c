"""How many questions news costs, and how late it is: ``python -m benchmarks.cadence``. Simulated journeys.

Six lanes roll journeys from a seed and know nothing of the rules. Every fourth journey is watched every two hours:
lanes and rhythms are learned from those, the others are tried. The delay of news is counted from the moment when the
carrier publishes a scan, since nobody could know earlier, to the first question that finds it, over all scans that
matter: out for delivery, failed attempt, waiting at pickup, delivered, exception. Questions are counted from the day
when the number is made until the watching ends: ours goes on for three days after the delivery, the fixed ones end
with it.
"""

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from benchmarks.report import report
from doorstep.core.cadence import next_check
from doorstep.core.eta import learn
from doorstep.core.lane import Lane, Passage, Route
from doorstep.core.order import TrackAnswer
from doorstep.core.rhythm import Rhythms, learn_rhythms
from doorstep.core.status import CLOSED, Status

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOURNEYS = 600  # a lane
FIXED = (2, 4, 6, 12)
UNKNOWN = Rhythms()
MATTERS = frozenset(
    {
        Status.OUT_FOR_DELIVERY,
        Status.ATTEMPT_FAILED,
        Status.AVAILABLE_FOR_PICKUP,
        Status.DELIVERED,
        Status.EXCEPTION,
        Status.RETURNING,
    }
)


class Scan(NamedTuple):
    """When it happened, when the carrier published it, and what it said."""

    at: datetime
    published: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class World:
    """A lane as it really is. ``batches``: hours (UTC) at which the carrier publishes, none = at once."""

    name: str
    route: Route
    zone: int  # hours east of UTC at the destination
    label_days: float  # from number to hand-over
    haul_days: float  # from hand-over to the country, silent
    haul_spread: float
    inland_days: float
    customs: float = 0.0  # how many are held
    batches: tuple[float, ...] = ()
    again: float = 0.08
    trouble: float = 0.03
    pickup: float = 0.05
    sunday: bool = False
    arrival_scan: bool = True


def way(carrier: str, origin: str, destination: str) -> Route:
    return Route(carrier=carrier, origin=origin, destination=destination)


WORLDS = (
    World("domestic, two days", way("dhl", "DE", "DE"), 1, 0.8, 0.0, 0.0, 1.0),
    World("domestic, batches", way("post", "FR", "FR"), 1, 1.0, 0.0, 0.0, 1.6, batches=(5.2, 10.2, 14.2, 18.2)),
    World("EU road", way("gls", "DE", "ES"), 1, 1.0, 1.5, 0.3, 1.5, batches=(4.5, 8.5, 12.5, 16.5, 20.5)),
    World("China to Europe", way("yunexpress", "CN", "DE"), 1, 2.5, 9.0, 0.3, 2.0, customs=0.1),
    World("China to the US", way("yanwen", "CN", "US"), -6, 3.0, 12.0, 0.35, 3.0, customs=0.06, sunday=True),
    World("post, customs", way("royal_mail", "GB", "DE"), 1, 1.0, 3.0, 0.4, 2.0, customs=0.4, arrival_scan=False),
)


class Journey:
    """One parcel's scans, rolled from its world."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice, self.scans = world, dice, []
        self.made = BEGIN + timedelta(days=dice.uniform(0, 90))
        self._roll()
        self.scans.sort(key=lambda one: (one.published, one.at))

    scans: list[Scan]

    def _roll(self) -> None:
        world, dice = self.world, self.dice
        self._say(self.made + 2 * HOUR * dice.random(), Status.INFO_RECEIVED)
        at = self.made + world.label_days * dice.lognormvariate(0, 0.5) * DAY
        at = self._between(at, 16, 21, zone=8 if world.route.origin == "CN" else world.zone)
        self.handed = at
        self._say(at, Status.PICKED_UP)
        self._say(at + dice.uniform(3, 9) * HOUR, Status.IN_TRANSIT)
        at += world.haul_days * dice.lognormvariate(0, world.haul_spread) * DAY
        if dice.random() < world.customs:
            self._say(at, Status.CUSTOMS)
            at += dice.uniform(0.5, 8) * DAY
            self._say(at, Status.IN_TRANSIT)
        if dice.random() < world.trouble:
            self._say(at, Status.EXCEPTION)
            at += dice.uniform(0.5, 3) * DAY
            self._say(at, Status.IN_TRANSIT)
        at += world.inland_days * dice.lognormvariate(0, 0.3) * DAY - 0.5 * DAY
        self._at_the_door(self._between(max(at, self.handed + 6 * HOUR), 3, 6))

    def _at_the_door(self, at: datetime) -> None:
        world, dice = self.world, self.dice
        if world.arrival_scan:
            self._say(at, Status.ARRIVED)
        for attempt in range(3):
            at = self._between(at + (DAY if attempt else timedelta()), 6, 9)
            while self._weekday(at) == 6 and not world.sunday:
                at += DAY
            self._say(at, Status.OUT_FOR_DELIVERY)
            at = self._between(at + 2 * HOUR, 9, 19, middle=13)
            if dice.random() >= world.again:
                self._say(at, Status.DELIVERED)
                return
            self._say(at, Status.ATTEMPT_FAILED)
            if dice.random() < world.pickup * 10:
                break
        self._say(at + 3 * HOUR, Status.AVAILABLE_FOR_PICKUP)
        self._say(self._between(at + dice.uniform(0.6, 4) * DAY, 9, 19), Status.DELIVERED)

    def _between(self, at: datetime, first: float, last: float, zone: int | None = None, middle: float = 0) -> datetime:
        """The next time of day between two hours, there."""
        east = timedelta(hours=self.world.zone if zone is None else zone)
        local = at + east
        day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        found = day + timedelta(hours=self.dice.triangular(first, last, middle or (first + last) / 2))
        return (found if found >= local else found + DAY) - east

    def _weekday(self, at: datetime) -> int:
        return (at + timedelta(hours=self.world.zone)).weekday()

    def _say(self, at: datetime, status: Status) -> None:
        self.scans.append(Scan(at, self._published(at), status))

    def _published(self, at: datetime) -> datetime:
        if not self.world.batches:
            return at + self.dice.expovariate(1 / 8) * timedelta(minutes=1)
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        hours = (*self.world.batches, self.world.batches[0] + 24)
        return next(out for hour in hours if (out := day + hour * HOUR) >= at)


@dataclass
class Watched:
    """What watching cost and brought."""

    calls: int = 0
    delays: list[tuple[Status, float]] = field(default_factory=list)
    found: list[tuple[Scan, datetime]] = field(default_factory=list)


Rule = Callable[[Journey, Status, datetime, datetime | None, datetime], datetime | None]


def watch(journey: Journey, rule: Rule, first: datetime) -> Watched:
    """Ask when the rule says so, until it does not any more."""
    seen, at, watched = 0, first, Watched()
    status, since, last = Status.PENDING, journey.made, None
    while True:
        watched.calls += 1
        while seen < len(journey.scans) and journey.scans[seen].published <= at:
            scan = journey.scans[seen]
            seen, last = seen + 1, scan.at
            status, since = scan.status, scan.at
            watched.found.append((scan, at))
            if scan.status in MATTERS:
                watched.delays.append((scan.status, (at - scan.published) / HOUR))
        following = rule(journey, status, since, last, at)
        if following is None:
            break
        at = max(following, at + timedelta(minutes=1))
    return watched


def every(hours: float) -> Rule:
    def rule(_: Journey, status: Status, __: datetime, ___: datetime | None, at: datetime) -> datetime | None:
        return None if status in CLOSED else at + hours * HOUR

    return rule


def adaptive(lanes: dict[Route, Lane], rhythms: dict[Route, Rhythms]) -> Rule:
    def rule(journey: Journey, status: Status, since: datetime, last: datetime | None, at: datetime) -> datetime | None:
        moving = journey.handed if status not in {Status.PENDING, Status.INFO_RECEIVED} else None
        return next_check(
            status=status,
            status_since=since,
            last_event_at=last,
            asked_at=at,
            answer=TrackAnswer.EVENTS if last else TrackAnswer.NOTHING,
            failures=0,
            now=at,
            pushes=False,
            lane=lanes.get(journey.world.route),
            moving_since=moving,
            rhythm=rhythms.get(journey.world.route, UNKNOWN).of(status),
        )

    return rule


def learned(journeys: Sequence[Journey]) -> tuple[dict[Route, Lane], dict[Route, Rhythms]]:
    """Lanes and rhythms from journeys that were watched every two hours."""
    passages, news = [], defaultdict(list)
    for journey in journeys:
        found = watch(journey, every(2), journey.made + journey.dice.random() * 2 * HOUR).found
        door = journey.scans[-1].at
        passages.append(Passage(route=journey.world.route, handed_over=journey.handed, delivered=door))
        news[journey.world.route] += [(scan.status, scan.at, at) for scan, at in found]
    history = learn(passages, max(one.delivered for one in passages if one.delivered))
    return (
        {route: history.lane(route) for route in news},
        {route: learn_rhythms(some) for route, some in news.items()},
    )


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    """Print calls a parcel and the delay of news, by way of asking, by lane, and by kind of news."""
    dice = random.Random(7)
    journeys = [Journey(world, dice) for world in WORLDS for _ in range(JOURNEYS)]
    lanes, rhythms = learned(journeys[::4])
    tried = [one for n, one in enumerate(journeys) if n % 4]
    rules: dict[str, Rule] = {f"every {hours} h": every(hours) for hours in FIXED}
    rules |= {"ours": adaptive(lanes, rhythms), "ours, nothing learned": adaptive({}, {})}
    first = {id(one): one.made + one.dice.random() * 0.25 * HOUR for one in tried}
    results = {name: [(one, watch(one, rule, first[id(one)])) for one in tried] for name, rule in rules.items()}
    print(f"{len(tried)} journeys; delays in hours from publication")
    for name, found in results.items():
        print(line(name, [one for _, one in found]))
    for world in WORLDS:
        print(f"\n{world.name}")
        for name in ("every 2 h", "ours"):
            print(line(name, [one for journey, one in results[name] if journey.world is world]))
    print("\nours, by kind of news (every 2 h beside it)")
    for status in sorted(MATTERS):
        ours, fixed = (delays(results[name], status) for name in ("ours", "every 2 h"))
        if ours:
            middle, late, usual = statistics.median(ours), percentile(ours, 0.95), percentile(fixed, 0.95)
            print(f"  {status:22}{len(ours):6}  median {middle:5.2f}  p95 {late:6.2f}  ({usual:.2f})")
    tell(results)
    spent = cost(tried[0], lanes[tried[0].world.route], rhythms[tried[0].world.route])
    report("one decision", spent, "µs of one core")


def tell(results: dict[str, list[tuple[Journey, Watched]]]) -> None:
    """Report ours beside asking every two hours."""
    ours, fixed = ([one for _, one in results[name]] for name in ("ours", "every 2 h"))
    calls, usual = (sum(one.calls for one in found) / len(found) for found in (ours, fixed))
    late, then = (percentile([delay for one in found for _, delay in one.delays], 0.95) for found in (ours, fixed))
    print()
    report("questions a parcel", calls, "", ratio=calls / usual, against="asking every 2 h")
    report("delay of news that matters, p95", late, "h", ratio=late / then, against="asking every 2 h")


def delays(found: Sequence[tuple[Journey, Watched]], status: Status) -> list[float]:
    """Of one kind of news, in hours."""
    return [delay for _, one in found for kind, delay in one.delays if kind is status]


def line(name: str, found: Sequence[Watched]) -> str:
    late = [delay for one in found for _, delay in one.delays]
    calls = sum(one.calls for one in found) / len(found)
    return f"  {name:22} calls {calls:6.1f}  median {statistics.median(late):5.2f}  p95 {percentile(late, 0.95):5.2f}"


def cost(journey: Journey, lane: Lane, rhythms: Rhythms) -> float:
    """Microseconds a decision."""
    at, since, rhythm = journey.handed + 5 * HOUR, journey.handed, rhythms.of(Status.IN_TRANSIT)
    started = time.process_time()
    for _ in range(20_000):
        next_check(
            status=Status.IN_TRANSIT,
            status_since=since,
            last_event_at=since,
            asked_at=at,
            answer=TrackAnswer.EVENTS,
            failures=0,
            now=at,
            pushes=False,
            lane=lane,
            moving_since=since,
            rhythm=rhythm,
            budget=0.4,
        )
    return (time.process_time() - started) * 50


if __name__ == "__main__":
    main()
