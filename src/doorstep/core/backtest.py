"""How right estimates would have been: learned from the earlier part of a history, tried on the rest.

Nothing is learned from what came after the day of the split: a parcel that was under way then counts as under way.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from doorstep.core.eta import Estimate, estimate, learn
from doorstep.core.lane import Passage, Route

K = TypeVar("K", bound=Hashable)
EARLIER: Final = 0.7
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of ``tested`` parcels: the middle of the errors of P50 in days, their mean, and which share came by P85."""

    tested: int
    off: float
    off_mean: float
    inside: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was learned at ``split`` from ``learned`` parcels (``delivered`` of them by then), and how right it was for
    those handed over since. ``open``: those not delivered, so not judged; ``late``: those of them past their P85 at the
    end. ``naive``: the judged ones with the middle and the 85 % of all earlier times. ``lanes``: by carrier, service
    and countries; like ``carriers`` with the most frequent first.
    """

    split: datetime
    learned: int
    delivered: int
    all: Score
    naive: Score
    open: int
    late: int
    carriers: tuple[tuple[str, Score], ...]
    lanes: tuple[tuple[Route, Score], ...]


class Tried(NamedTuple):
    """A parcel with its estimate at hand-over."""

    parcel: Passage
    said: Estimate
    took: float  # days; until the end of the history where it was not delivered


class TooFew(ValueError):
    """There is nothing to learn from, or nothing to try it on."""


def backtest(passages: Iterable[Passage]) -> Report:
    """Learn from the earlier 70 % by hand-over, try the rest; passages in any order, each with ``handed_over``.

    TooFew when nothing was delivered before the split, or nothing after it.
    """
    handed = _by_date(passages)
    at = round(len(handed) * EARLIER)
    if not 0 < at < len(handed):
        raise TooFew
    split, end = _handed(handed[at]), max(one.delivered or _handed(one) for one in handed)
    earlier = [one for one in handed if _handed(one) < split]
    naive = sorted(_took(one, split) for one in earlier if one.delivered and one.delivered <= split)
    if not naive:
        raise TooFew
    history = learn(earlier, split, max(_handed(handed[-1]) - split, _DAY))
    tried = []
    for one in handed:
        if _handed(one) >= split:
            said = estimate(Passage(route=one.route, handed_over=one.handed_over), history, _handed(one))
            assert said  # at its hand-over no parcel is late yet
            tried.append(Tried(one, said, _took(one, end)))
    judged = [one for one in tried if one.parcel.delivered]
    if not judged:
        raise TooFew
    still = [one for one in tried if not one.parcel.delivered]
    return Report(
        split=split,
        learned=len(earlier),
        delivered=len(naive),
        all=_score(judged),
        naive=_naive(judged, naive),
        open=len(still),
        late=sum(one.said.p85 < end for one in still),
        carriers=_grouped(judged, lambda one: one.parcel.route.carrier),
        lanes=_grouped(judged, lambda one: one.parcel.route),
    )


def _by_date(passages: Iterable[Passage]) -> list[Passage]:
    return sorted((one for one in passages if one.handed_over), key=lambda one: (_handed(one), repr(one)))


def _handed(passage: Passage) -> datetime:
    assert passage.handed_over
    return passage.handed_over


def _took(passage: Passage, end: datetime) -> float:
    return ((passage.delivered or end) - _handed(passage)) / _DAY


def _score(tried: Sequence[Tried]) -> Score:
    off = [abs((one.parcel.delivered - one.said.p50) / _DAY) for one in tried if one.parcel.delivered]
    inside = [one.parcel.delivered <= one.said.p85 for one in tried if one.parcel.delivered]
    return _summed(off, inside)


def _naive(tried: Sequence[Tried], times: Sequence[float]) -> Score:
    """``times``: how long the earlier ones took, sorted."""
    half, most = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.85))]
    return _summed([abs(one.took - half) for one in tried], [one.took <= most for one in tried])


def _summed(off: Sequence[float], inside: Sequence[bool]) -> Score:
    return Score(
        tested=len(off), off=statistics.median(off), off_mean=statistics.fmean(off), inside=sum(inside) / len(inside)
    )


def _grouped(tried: Sequence[Tried], of: Callable[[Tried], K]) -> tuple[tuple[K, Score], ...]:
    groups: dict[K, list[Tried]] = defaultdict(list)
    for one in tried:
        groups[of(one)].append(one)
    ordered = sorted(groups.items(), key=lambda one: (-len(one[1]), repr(one[0])))
    return tuple((name, _score(some)) for name, some in ordered)
