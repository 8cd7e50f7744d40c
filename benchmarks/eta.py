"""How right the delivery windows are: ``python -m benchmarks.eta``. Simulated lanes whose truth the rules never see.

Each world is a year of parcels from a seed: warehouses that rest on Sundays, flights, customs, couriers that do not
come on weekends and holidays, second attempts, losses; and what goes wrong in real years: drift, a strike, a slow
season, hardly any parcels. Beside each figure stands the naive one: the middle and the 85 % of all earlier parcels.
``frozen`` learns once from the earlier 70 %, ``renewed`` once a week from what was known then, as the product does.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from doorstep.core.backtest import Report, backtest
from doorstep.core.eta import estimate, learn
from doorstep.core.lane import Passage, Route

BEGIN = datetime(2025, 1, 6, tzinfo=UTC)
DAYS = 420
SEEDS = range(2)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
# Days without deliveries of the simulated countries: some the same every year, some not (Easter, a bridge day).
CLOSED = {
    "DE": {"01-01", "05-01", "10-03", "12-25", "12-26", "2025-04-18", "2025-04-21", "2026-04-03", "2026-04-06"},
    "FR": {"01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25", "2025-04-21", "2026-04-06"},
    "US": {"01-01", "07-04", "12-25", "2025-05-26", "2025-09-01", "2025-11-27", "2026-01-19"},
    "GB": {"01-01", "12-25", "12-26", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25"},
}


@dataclass(frozen=True, slots=True)
class Way:
    """How parcels really move: days from hand-over to the last depot (median, spread), and what happens on the way."""

    carrier: str
    origin: str
    destination: str
    median: float
    spread: float
    share: float = 1.0  # of the world's parcels
    service: str = ""
    held: float = 0.0  # how many stay in customs, for some days
    saturday: float = 0.3  # how many get theirs on a Saturday that falls due
    again: float = 0.06  # how many need a second attempt
    lost: float = 0.01


DOMESTIC = Way("dhl", "DE", "DE", 0.8, 0.35, saturday=1.0)
ROAD = Way("gls", "DE", "FR", 2.4, 0.3, held=0.0)
POST = Way("royal_mail", "GB", "DE", 4.5, 0.4, held=0.15)
CHINA = Way("yunexpress", "CN", "DE", 9.0, 0.25, held=0.1)
CHINA_US = Way("yanwen", "CN", "US", 12.0, 0.35, held=0.08, saturday=0.8)
AIR = Way("dhl_express", "CN", "DE", 2.5, 0.2, held=0.06, service="express")
USUAL = (DOMESTIC, ROAD, POST, CHINA, CHINA_US, AIR)


@dataclass(frozen=True, slots=True)
class World:
    """A year: how much slower than usual it is on a day (0 to 1 through the time), and how many parcels a day."""

    name: str
    ways: tuple[Way, ...] = USUAL
    slower: Callable[[float, Way], float] = lambda _, __: 1.0
    a_day: float = 8.0
    dates_only: bool = False


def sparse() -> tuple[Way, ...]:
    """Sixty lanes with a few parcels each."""
    dice = random.Random(99)
    there = ("DE", "FR", "US", "GB", "ES", "IT", "NL", "PL", "SE", "AU")
    return tuple(
        Way(f"carrier_{n % 6}", "CN" if n % 3 else "GB", there[n % 10], dice.uniform(3, 14), dice.uniform(0.2, 0.45))
        for n in range(60)
    )


def strike(at: float, way: Way) -> float:
    return 1.9 if 0.55 < at < 0.62 and way.destination == "DE" else 1.0


WORLDS = (
    World("steady"),
    World("one lane", (DOMESTIC,)),
    World("one far lane", (CHINA,)),
    World("slower by 40 %", slower=lambda at, _: 1 + 0.4 * at),
    World("faster by 30 %", slower=lambda at, _: 1 - 0.3 * at),
    World("a step up at 60 %", slower=lambda at, _: 1.3 if at > 0.6 else 1.0),
    World("a step up at 80 %", slower=lambda at, _: 1.3 if at > 0.8 else 1.0),
    World("strike", slower=strike),
    World("slow season", slower=lambda at, _: 1.35 if 0.74 < at < 0.85 else 1.0),
    World("sparse lanes", sparse(), a_day=1.5),
    World("few rows", USUAL[:3], a_day=0.15),
    World("dates only", dates_only=True),
    World("dates only, one lane", (DOMESTIC,), dates_only=True),
)


def passages(world: World, seed: int) -> list[Passage]:
    """The parcels of a world, in no order."""
    dice = random.Random(f"{world.name} {seed}")
    made = []
    for day in range(DAYS):
        today = BEGIN + day * DAY
        count = sum(dice.random() < world.a_day / 20 for _ in range(20)) if today.weekday() < 6 else 0
        for _ in range(count):
            way = dice.choices(world.ways, [one.share for one in world.ways])[0]
            made.append(passage(world, way, today, dice))
    dice.shuffle(made)
    return made


def passage(world: World, way: Way, today: datetime, dice: random.Random) -> Passage:
    handed = today + timedelta(hours=dice.triangular(8, 20, 17))
    ordered = handed - timedelta(days=dice.lognormvariate(0.2, 0.6))
    slower = world.slower((handed - BEGIN) / (DAYS * DAY), way)
    at = handed + timedelta(days=way.median * slower * dice.lognormvariate(0, way.spread))
    if dice.random() < way.held:
        at += timedelta(days=dice.uniform(1, 9))
    lost = dice.random() < way.lost
    done = None if lost else delivered(way, at, dice)
    if world.dates_only:
        ordered, handed = midnight(ordered), midnight(handed)
        done = midnight(done) if done else None
    route = Route(carrier=way.carrier, service=way.service, origin=way.origin, destination=way.destination)
    return Passage(route=route, ordered=ordered, handed_over=handed, delivered=done)


def delivered(way: Way, depot: datetime, dice: random.Random) -> datetime:
    """The round of the next day on which the courier comes; a second attempt on the one after it."""
    rounds = 2 if dice.random() < way.again else 1
    day = depot
    while rounds:
        day += DAY
        if comes(way, day.date(), dice):
            rounds -= 1
    return midnight(day) + timedelta(hours=dice.triangular(8.5, 19, 12))


def comes(way: Way, day: date, dice: random.Random) -> bool:
    closed = CLOSED.get(way.destination, {"01-01", "12-25"})
    if day.weekday() == 6 or day.isoformat() in closed or f"{day:%m-%d}" in closed:
        return False
    return day.weekday() < 5 or dice.random() < way.saturday


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def renewed(parcels: Sequence[Passage]) -> Iterator[tuple[float, bool]]:
    """(days off, inside the window) of the later 30 %, with a history learned once a week from what was known then."""
    begun = sorted(parcels, key=lambda one: one.handed_over or BEGIN)
    begun = begun[round(len(begun) * 0.7) :]
    at = begun[0].handed_over or BEGIN
    while at <= (begun[-1].handed_over or BEGIN):
        history = learn(parcels, at)
        for one in begun:
            if one.handed_over and one.delivered and at <= one.handed_over < at + WEEK:
                found = estimate(Passage(route=one.route, handed_over=one.handed_over), history, one.handed_over)
                if found:
                    yield abs((one.delivered - found.p50) / DAY), one.delivered <= found.p85
        at += WEEK


def main() -> None:
    """Print a line a world: parcels, error of the middle in days, how many were inside the 85 % window."""
    print(f"{'':22}{'tested':>7}  {'frozen: off, in':>16}  {'naive: off, in':>16}  {'renewed: off, in':>17}")
    started, learned = time.perf_counter(), 0
    for world in WORLDS:
        reports: list[Report] = []
        weekly: list[tuple[float, bool]] = []
        for seed in SEEDS:
            made = passages(world, seed)
            learned += len(made)
            reports.append(backtest(made))
            weekly += renewed(made)
        line(world.name, reports, weekly)
    print(f"{learned} parcels, {time.perf_counter() - started:.0f} s")


def line(name: str, reports: Sequence[Report], weekly: Sequence[tuple[float, bool]]) -> None:
    tested = sum(one.all.tested for one in reports)
    ours, naive = (
        (
            statistics.mean(getattr(one, side).off_mean for one in reports),
            statistics.mean(getattr(one, side).inside for one in reports),
        )
        for side in ("all", "naive")
    )
    again = statistics.mean(off for off, _ in weekly), statistics.mean(inside for _, inside in weekly)
    print(f"{name:22}{tested:>7}  " + "  ".join(f"{off:7.2f} d {inside:6.1%}" for off, inside in (ours, naive, again)))


if __name__ == "__main__":
    main()
