"""How long things take, from those that are done and those that are not yet (Kaplan and Meier 1958, weighted).

Leaving out what is still under way would make everything look fast: the slow ones are always those not done yet.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from operator import neg
from typing import Final, NamedTuple

TAIL: Final = 3.0  # beyond the longest time seen the share left falls with time to the power of -3


class Span(NamedTuple):
    """A time that something took, or has taken so far (``done`` False), and how much it counts."""

    time: float
    done: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Curve:
    """``left[i]`` is the share not done at ``times[i]``; between them the way is straight. Begins at (0, 1)."""

    times: tuple[float, ...]
    left: tuple[float, ...]

    def share_left(self, time: float) -> float:
        """The share that takes longer than ``time``."""
        if time >= self.times[-1]:
            return self.left[-1] * float((self.times[-1] / time) ** TAIL) if time > 0 else 1.0
        index = bisect_right(self.times, time)
        if index == 0:
            return 1.0
        t0, t1, s0, s1 = self.times[index - 1], self.times[index], self.left[index - 1], self.left[index]
        return s0 + (s1 - s0) * (time - t0) / (t1 - t0)

    def quantile(self, share: float, since: float = 0.0) -> float:
        """When ``share`` of those that take longer than ``since`` are done; never before ``since``."""
        wanted = self.share_left(since) * (1 - share)
        if wanted < self.left[-1]:
            return max(since, self.times[-1] * float((self.left[-1] / wanted) ** (1 / TAIL)))
        index = max(1, bisect_left(self.left, -wanted, key=neg))
        t0, t1, s0, s1 = self.times[index - 1], self.times[index], self.left[index - 1], self.left[index]
        return max(since, t1 + (t0 - t1) * (wanted - s1) / (s0 - s1) if s0 > s1 else t1)


def curve(spans: Iterable[Span]) -> Curve:
    """The curve of some spans, at least one of them done; ValueError without."""
    ordered = sorted(spans)
    at_risk = sum(one.weight for one in ordered)
    share, times, left = 1.0, [0.0], [1.0]
    for span in ordered:
        if span.done and at_risk > 0:
            share *= max(0.0, 1 - span.weight / at_risk)
            times.append(span.time)
            left.append(share)
        at_risk -= span.weight
    if len(times) == 1:
        raise ValueError("nothing is done yet")
    return Curve(tuple(times), tuple(left))
