"""When a parcel will be there: a window from own history, which says how sure it is and is checked against the past.

``p50`` is the time by which half of such parcels are there, ``p85`` the one by which 85 of 100 are. Both are learned by
lane (``history``), in days on which parcels come (``workdays``), with those still under way counted for what they are
(``survival``), and anew from what is known at each moment: of those that have taken as long as this one already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from doorstep.core.history import History, Judged, Row, Rung, Stretch, day, gather, instant, rows
from doorstep.core.lane import Passage, Route
from doorstep.core.survival import Span, curve

HIDE: Final = 0.03  # when fewer than this share ever took longer, there is nothing left to be estimated
HORIZON: Final = timedelta(days=14)  # for how long estimates are made before they are learned anew
REHEARSALS: Final = 6  # how often the past is estimated from what was known before it
TRUSTED: Final = 30.0  # rehearsed parcels that count as much as the belief that nothing needs to be stretched
FADES: Final = 60.0  # days after which a rehearsal counts half
LEAST: Final = 0.01  # work; nothing takes less
_DAY: Final = timedelta(days=1)


class Sure(StrEnum):
    """How sure an estimate is, in words a shopper understands."""

    GOOD = "good"  # many parcels on this very lane
    FAIR = "fair"  # some, or many on one like it
    ROUGH = "rough"  # hardly any: what is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A delivery window, in UTC. ``parcels`` stand behind it, known by ``rung``; 0 = only published times."""

    p50: datetime
    p85: datetime
    parcels: int
    rung: Rung

    @property
    def sure(self) -> Sure:
        """How sure it is."""
        near = self.rung in {Rung.SERVICE, Rung.LANE}
        if near and self.parcels >= 30:
            return Sure.GOOD
        return Sure.FAIR if self.parcels >= 12 and self.rung is not Rung.OWN else Sure.ROUGH


def estimate(parcel: Passage, history: History | Iterable[Passage], now: datetime) -> Estimate | None:
    """When a parcel will be there. None: it is there already, nothing is known of its way, or it takes longer than
    such parcels ever do, so that an estimate would only be wrong once more.

    ``history`` is what ``learn`` made, or past parcels to learn from (slower: learn once for many). Of the parcel
    nothing after ``now`` is looked at. ValueError for a naive time.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    if parcel.delivered and parcel.delivered <= now:
        return None
    known = history if isinstance(history, History) else learn(history, now)
    begun = _begun(parcel, known, now)
    if begun is None:
        return None
    at, judged = begun
    origin = known.work(day(at), parcel.route)
    taken = max(0.0, known.work(day(now), parcel.route) - origin)
    half, most = known.stretched
    if judged.curve.share_left(taken / most) < HIDE:
        return None
    p50, p85 = (
        max(now, instant(known.when(origin + factor * judged.curve.quantile(share, taken / factor), parcel.route)))
        for share, factor in ((0.5, half), (0.85, most))
    )
    return Estimate(p50=min(p50, p85), p85=p85, parcels=judged.parcels, rung=judged.rung)


def learn(passages: Iterable[Passage], now: datetime, horizon: timedelta = HORIZON) -> History:
    """What own parcels, delivered and not, in any order, say of the time at ``now``; nothing later is looked at.

    ``horizon``: for how long the history will be used before it is learned anew. Estimates are stretched (or shortened)
    by what rehearsals over as long a time showed: estimating what came after a day from what was known on it.
    """
    own, today = rows(passages), day(now)
    return replace(gather(own, today), stretched=_rehearse(own, today, horizon / _DAY))


def _begun(parcel: Passage, history: History, now: datetime) -> tuple[datetime, Judged] | None:
    """The latest stretch that has begun and can be judged: scans near the door tell more than the hand-over."""
    for stretch in (Stretch.OUT, Stretch.ARRIVED, Stretch.HANDED_OVER, Stretch.ORDERED):
        at: datetime | None = getattr(parcel, stretch)
        if at is None or at > now:
            continue
        judged = history.judge(stretch, parcel.route)
        guessed = judged.rung is Rung.PUBLISHED and stretch is Stretch.ARRIVED and parcel.handed_over
        if not guessed:
            return at, judged
    return None


def _rehearse(own: Sequence[Row], today: float, horizon: float) -> tuple[float, float]:
    """By what times must be multiplied. Rehearsals begin one horizon ago, and go back in steps of half of it."""
    handed = [one for one in own if one.handed_over <= today]
    ratios: list[tuple[Span, Span]] = []
    for step in range(REHEARSALS):
        origin = today - horizon * (1 + step / 2)
        if sum(one.handed_over <= origin for one in handed) < max(10, len(handed) // 4):
            break
        history = gather(own, origin)
        ratios += [_ratio(one, history, today) for one in handed if origin < one.handed_over <= origin + horizon]
    return _factor([one for one, _ in ratios], 0.5), _factor([one for _, one in ratios], 0.85)


def _ratio(row: Row, history: History, today: float) -> tuple[Span, Span]:
    """How long a parcel took, in units of what was estimated when it was handed over."""
    route = Route(carrier=row.route[0], service=row.route[1], origin=row.route[2], destination=row.route[3])
    took = max(0.0, history.work(min(row.delivered, today), route) - history.work(row.handed_over, route))
    said, weight = history.judge(Stretch.HANDED_OVER, route).curve, 0.5 ** ((today - row.handed_over) / FADES)
    half, most = (took / max(said.quantile(share), LEAST) for share in (0.5, 0.85))
    return Span(half, row.done(today), weight), Span(most, row.done(today), weight)


def _factor(ratios: Sequence[Span], share: float) -> float:
    """What ``share`` of the ratios stay below, nearer to 1 the fewer they are."""
    done = sum(one.done for one in ratios)
    if not done:
        return 1.0
    found = curve(ratios).quantile(share)
    return float(max(0.4, min(2.5, found)) ** (done / (done + TRUSTED)))
