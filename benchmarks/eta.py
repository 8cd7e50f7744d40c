"""How right the delivery windows are: ``python -m benchmarks.eta``. Simulated lanes whose truth the rules never see.

Each world is a year of parcels from a seed: warehouses that rest on Sundays, flights, customs, couriers that do not
come on weekends and holidays, second attempts, losses; and what goes wrong in real years: drift, a strike, a slow
season, hardly any parcels. Beside each figure stands the naive one: the middle and the 85 % of all earlier parcels.
``frozen`` learns once from the earlier 70 %; ``renewed`` every two weeks from what was known then (the product: daily).
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from benchmarks.report import report
from doorstep.core.backtest import Report, backtest
from doorstep.core.eta import estimate, learn
from doorstep.core.lane import Passage, Route

BEGIN = datetime(2025, 1, 6, tzinfo=UTC)
DAYS = 420
SEEDS = range(2)
RENEWED = timedelta(days=14)
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
    """(days off, inside the window) of the later 30 %, learned every two weeks from what was known then."""
    begun = sorted(parcels, key=lambda one: one.handed_over or BEGIN)
    begun = begun[round(len(begun) * 0.7) :]
    at = begun[0].handed_over or BEGIN
    while at <= (begun[-1].handed_over or BEGIN):
        history = learn(parcels, at)
        for one in begun:
            if one.handed_over and one.delivered and at <= one.handed_over < at + RENEWED:
                found = estimate(Passage(route=one.route, handed_over=one.handed_over), history, one.handed_over)
                if found:
                    yield abs((one.delivered - found.p50) / DAY), one.delivered <= found.p85
        at += RENEWED


def main() -> None:
    """Print a line a world: parcels, error of the middle in days, how many were inside the 85 % window."""
    print(f"{'':22}{'tested':>7}  {'frozen: off, in':>16}  {'naive: off, in':>16}  {'renewed: off, in':>17}")
    started, parcels = time.process_time(), 0
    tried: list[tuple[Side, Side, Side]] = []
    for world in WORLDS:
        reports: list[Report] = []
        again: list[tuple[float, bool]] = []
        for seed in SEEDS:
            made = passages(world, seed)
            parcels += len(made)
            reports.append(backtest(made))
            again += renewed(made) if seed == 0 else ()
        tried.append(line(world.name, reports, again))
    print(f"{parcels} parcels, {time.process_time() - started:.0f} s of one core")
    for place, name in enumerate(("frozen", "renewed")):
        ours = [one[2 * place] for one in tried]
        report(f"P85 held, {name}, middle of the worlds", statistics.median(one.inside for one in ours), "of 1")
        in_aim = sum(0.82 <= one.inside <= 0.88 for one in ours)
        report(f"worlds with P85 within 82 to 88 %, {name}", in_aim, f"of {len(ours)}")
    off, naive = (statistics.mean(one[place].off for one in tried) for place in (0, 1))
    report("P50 off, frozen, mean of the worlds", off, "days", ratio=off / naive, against="one figure for all")


class Side(NamedTuple):
    """How a way of estimating did: days off on average, the share inside its 85 %."""

    off: float
    inside: float


def line(name: str, reports: Sequence[Report], again: Sequence[tuple[float, bool]]) -> tuple[Side, Side, Side]:
    """Print a world's line and return what it says."""
    tested = sum(one.all.tested for one in reports)
    frozen, naive = (
        Side(statistics.mean(one.off_mean for one in scores), statistics.mean(one.inside for one in scores))
        for scores in ([one.all for one in reports], [one.naive for one in reports])
    )
    sides = frozen, naive, Side(statistics.mean(off for off, _ in again), statistics.mean(held for _, held in again))
    print(f"{name:22}{tested:>7}  " + "  ".join(f"{one.off:7.2f} d {one.inside:6.1%}" for one in sides), flush=True)
    return sides


if __name__ == "__main__":
    main()
