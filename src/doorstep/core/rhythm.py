"""At which hours of the week a carrier tells news: learned from when news was found, so that nobody asks in between.

A carrier that publishes four times a day is asked four times a day, right after; one whose couriers drive by day is let
sleep at night and on Sundays. Hours are UTC: what counts is when asking pays, not what a clock there shows.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from doorstep.core.status import Status

ENOUGH: Final = 30  # news, to know a rhythm
COVERED: Final = 0.985  # busy hours are the fewest that tell so much of the news
LEAST: Final = 0.05  # what any other hour counts
GUESSED: Final = timedelta(hours=12)  # what was found later than this after it happened tells no hour
ROUNDS: Final = 8
_AT_THE_DOOR: Final = frozenset({Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP})
_AFTER_TROUBLE: Final = frozenset({Status.ATTEMPT_FAILED, Status.EXCEPTION})
_DONE: Final = frozenset({Status.DELIVERED, Status.ATTEMPT_FAILED, Status.AVAILABLE_FOR_PICKUP})
_WEEK: Final = 168
_THURSDAY: Final = 72  # hours from a Monday's beginning to the one of 1970
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``totals[h]``: busy hours from Monday 00:00 UTC until hour ``h`` of the week; ``ends[h]``: in how many hours from
    the beginning of ``h`` on the busy time that runs then, or comes next, is over.
    """

    totals: tuple[float, ...]
    ends: tuple[int, ...]

    def after(self, at: datetime, hours: float) -> datetime:
        """When so many busy hours have passed since ``at``; at the end of a busy time if that is earlier."""
        now = at.timestamp() / _HOUR_S + _THURSDAY
        into = now % _WEEK
        whole = int(into)
        done = self.totals[whole] + (self.totals[whole + 1] - self.totals[whole]) * (into - whole)
        weeks, wanted = divmod(done + hours, self.totals[_WEEK])
        index = max(1, bisect_left(self.totals, wanted))
        before, after = self.totals[index - 1], self.totals[index]
        due = weeks * _WEEK + index - 1 + (wanted - before) / (after - before) - into
        return at + timedelta(hours=max(0.0, min(due, self.ends[whole] - (into - whole))))


def learn_rhythm(news: Iterable[tuple[datetime, datetime]]) -> Rhythm | None:
    """From (happened, found) of news; None where they are too few. When it was published lies between the two, and
    which hour it was is told by the others (expectation maximisation, over hours of the day and days of the week).
    """
    spans = [_span(*one) for one in news if one[1] - one[0] <= GUESSED]
    if len(spans) < ENOUGH:
        return None
    hours = _shares([[hour % 24 for hour in span] for span in spans], 24)
    days = _shares([[hour // 24 % 7 for hour in span] for span in spans], 7)
    by_hour, by_day = _busy(hours), _busy(days)
    by_hour |= {(hour - 1) % 24 for hour in by_hour}  # somebody is always early
    return _rhythm([hour % 24 in by_hour and hour // 24 in by_day for hour in range(_WEEK)])


def _span(happened: datetime, found: datetime) -> range:
    """The hours, from a Monday on, in which it may have been published."""
    begin, end = (int(at.timestamp() // _HOUR_S) + _THURSDAY for at in (min(happened, found), found))
    return range(begin, end + 1)


def _shares(spans: Sequence[Sequence[int]], size: int) -> list[float]:
    """How much of the news each hour (or day) has."""
    shares = [1.0 / size] * size
    for _ in range(ROUNDS):
        found = [0.0] * size
        for span in spans:
            whole = sum(shares[one] for one in span)
            for one in span:
                found[one] += shares[one] / whole
        shares = [one / len(spans) + 1e-6 for one in found]
    return shares


def _busy(shares: Sequence[float]) -> frozenset[int]:
    """The fewest hours (or days) that together have nearly all of the news."""
    ordered = sorted(range(len(shares)), key=lambda one: -shares[one])
    told = list(accumulate(shares[one] for one in ordered))
    return frozenset(ordered[: bisect_left(told, COVERED * told[-1]) + 1])


def _rhythm(busy: Sequence[bool]) -> Rhythm:
    ends, over = [0] * _WEEK, 3 * _WEEK
    for hour in reversed(range(2 * _WEEK)):  # the second week tells what comes after the first
        if busy[hour % _WEEK] and not busy[(hour + 1) % _WEEK]:
            over = hour + 1
        if hour < _WEEK:
            ends[hour] = over - hour
    return Rhythm(tuple(accumulate((1.0 if one else LEAST for one in busy), initial=0.0)), tuple(ends))


@dataclass(frozen=True, slots=True)
class Rhythms:
    """When a carrier tells, somewhere, that a parcel goes out, what became of it at the door, and any of both. None =
    not known.
    """

    out: Rhythm | None = None
    door: Rhythm | None = None
    both: Rhythm | None = None

    def of(self, status: Status) -> Rhythm | None:
        """For the news that follows on a status."""
        if status in _AFTER_TROUBLE:
            return self.both
        return self.door if status in _AT_THE_DOOR else self.out


def learn_rhythms(news: Iterable[tuple[Status, datetime, datetime]]) -> Rhythms:
    """From (status, happened, found) of all kinds of news."""
    told = list(news)
    out = [(happened, found) for status, happened, found in told if status is Status.OUT_FOR_DELIVERY]
    door = [(happened, found) for status, happened, found in told if status in _DONE]
    return Rhythms(out=learn_rhythm(out), door=learn_rhythm(door), both=learn_rhythm(out + door))
