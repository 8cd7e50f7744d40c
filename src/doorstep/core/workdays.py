"""On which days parcels arrive somewhere, learned from when they did: weekends and holidays without a calendar.

Days are floats since 1970 in the wall time of the destination. Time is counted in work, seven of it a week. Two ways of
counting fit the two ways in which parcels travel: where everything rests on a Sunday, that day counts almost nothing;
where trucks go on and only the courier does not come, what was due on Sunday comes on Monday.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from doorstep.core.holidays import holidays

LEAST: Final = 0.02  # no day counts nothing: what was never seen may happen
ENOUGH: Final = 40  # deliveries, to say anything about weekdays
SEEN: Final = 8  # parcels that could have arrived on a day, to call it a holiday
HOLIDAY: Final = 0.3  # a day on which fewer than this share of the usual arrive
LOOK_BACK: Final = 3  # days before its delivery on which a parcel could have arrived as well
AHEAD: Final = 800  # days that are counted out beyond the last one seen
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Workdays:
    """How much each day counts; ``totals`` are sums of all days before, from day ``first`` on."""

    first: int
    totals: tuple[float, ...]

    def at(self, day: float) -> float:
        """The work done until then, since some fixed day."""
        whole = int(day // 1)
        index = whole - self.first
        if 0 <= index < len(self.totals) - 1:
            before = self.totals[index]
            return before + (self.totals[index + 1] - before) * (day - whole)
        edge = 0 if index < 0 else len(self.totals) - 1
        return self.totals[edge] + (day - self.first - edge)

    def when(self, work: float) -> float:
        """The day on which so much work is done: the inverse of ``at``."""
        last = len(self.totals) - 1
        if not self.totals[0] < work <= self.totals[last]:
            edge = 0 if work <= self.totals[0] else last
            return self.first + edge + (work - self.totals[edge])
        index = bisect_left(self.totals, work)
        before, after = self.totals[index - 1], self.totals[index]
        return self.first + index - 1 + (work - before) / (after - before)


EVERY_DAY: Final = Workdays(0, (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Week:
    """What was learned of a destination, counted in the ways that may fit a lane there."""

    ways: tuple[Workdays, ...] = (EVERY_DAY,)


def learn(arrivals: Sequence[tuple[float, float]], country: str = "") -> Week:
    """From (handed over, delivered) of parcels to one destination; every day counts 1 where they are too few. The
    holidays of ``country`` are believed in until enough parcels could have arrived on them.
    """
    if len(arrivals) < ENOUGH:
        return Week()
    came = Counter(int(done) for _, done in arrivals)
    could = Counter(day for start, done in arrivals for day in _chances(start, done))
    weights = _weekdays(came, could)
    quiet = _holidays(came, could, weights)
    first, last = min(could), max(could) + AHEAD
    quiet |= {day: LEAST for day in _foreseen(country, first, last) if _unknown(day, could)}
    counts = [quiet.get(day, weights[weekday(day)]) for day in range(first, last)]
    usual = sum(weights) / 7
    rest = Workdays(first, tuple(accumulate((count / usual for count in counts), initial=0.0)))
    carry = Workdays(first, tuple(accumulate(_carried(counts), initial=0.0)))
    return Week((rest, carry, EVERY_DAY))


def _foreseen(country: str, first: int, last: int) -> Iterable[int]:
    begin, end = ((_EPOCH + timedelta(days=day)).year for day in (first, last))
    return ((at - _EPOCH).days for year in range(begin, end + 1) for at in holidays(country, year))


def _unknown(day: int, could: Counter[int]) -> bool:
    """Whether neither that day nor its date of the years before has been seen."""
    return could[day] < SEEN and all(could[before] < SEEN for before in _same_dates(day, (-1, -2)))


def weekday(day: int) -> int:
    """0 = Monday. 1970 began on a Thursday."""
    return (day + 3) % 7


def _carried(counts: Iterable[float]) -> Iterable[float]:
    """Each day counts 1; what does not come on it comes on the next one."""
    waiting = 0.0
    for count in counts:
        waiting += 1
        yield waiting * count
        waiting -= waiting * count


def _chances(start: float, done: float) -> range:
    """The days on which a parcel could have arrived: the last few, not the one of its beginning unless it did."""
    last = int(done)
    return range(min(last, max(int(start) + 1, last - LOOK_BACK + 1)), last + 1)


def _weekdays(came: Counter[int], could: Counter[int]) -> tuple[float, ...]:
    """What a weekday counts: its share of arrivals among the chances, the middle one of the better days being 1."""
    arrived, chances = _by_weekday(came), _by_weekday(could)
    usual = sum(arrived) / sum(chances)
    rates = [(got + 3 * usual) / (had + 3) for got, had in zip(arrived, chances, strict=True)]
    full = sorted(rates)[4]
    return tuple(max(LEAST, min(1.0, rate / full)) for rate in rates)


def _by_weekday(days: Counter[int]) -> list[int]:
    found = [0] * 7
    for day, count in days.items():
        found[weekday(day)] += count
    return found


def _holidays(came: Counter[int], could: Counter[int], weights: Sequence[float]) -> dict[int, float]:
    """Days on which almost nobody got anything though many could have, with the same dates of later years."""
    usual = sum(came.values()) / sum(could[day] * weights[weekday(day)] for day in could)
    quiet = {}
    for day, had in could.items():
        expected = had * usual * weights[weekday(day)]
        if had >= SEEN and expected >= 2 and came[day] < HOLIDAY * expected:
            quiet[day] = max(LEAST, came[day] / expected * weights[weekday(day)])
    again = {later: share for day, share in quiet.items() for later in _same_dates(day)}
    return {**again, **quiet}


def _same_dates(day: int, away: tuple[int, ...] = (1, 2)) -> Iterable[int]:
    """The same date some years away, where it exists."""
    at = _EPOCH + timedelta(days=day)
    for years in away:
        if (at.month, at.day) != (2, 29):
            yield (at.replace(year=at.year + years) - _EPOCH).days
