"""Whom to ask about a number: of several carrier accounts the one that knows it, and no second one while that answers.

A carrier's own account goes before an aggregator, unless the workspace wants another order. The next account is asked
only where the one before is of no use: it does not know the number for too long, or does not answer at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from doorstep.core.order import TrackAnswer

UNHEARD_OF: Final = timedelta(days=2)  # labels are announced hours after they are made, seldom days
NO_NEWS: Final = timedelta(days=5)  # known there, but not one scan: parcels of small suppliers wait for their plane
LIKELIEST: Final = 2  # so many carriers are asked about a number that may be several carriers'


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """An account that may be asked. ``carriers`` are our codes of whom it answers for, empty = an aggregator, for all.
    ``rank``: the workspace's own order, 0 = none. ``lent``: it is the operator's, and comes after the workspace's own.
    ``failing``: nothing at all has come back from it lately.
    """

    id: int
    carriers: frozenset[str] = frozenset()
    rank: int = 0
    lent: bool = False
    failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What an account said of the number. ``knew``: it has told scans once. ``since``: it is asked since then."""

    since: datetime
    answer: TrackAnswer | None = None
    knew: bool = False

    def useless(self, now: datetime) -> bool:
        """Whether to try another account."""
        if self.knew or self.answer in {None, TrackAnswer.EVENTS}:
            return False
        if self.answer is TrackAnswer.REJECTED:
            return True
        return now - self.since >= (NO_NEWS if self.answer is TrackAnswer.NOTHING else UNHEARD_OF)


def route(
    carrier: str, likely: Sequence[str], askers: Iterable[Asker], heard: Mapping[int, Heard], now: datetime
) -> tuple[int, ...]:
    """The accounts to ask, by id; none where nobody answers for the carrier. ``carrier``: our code, '' = unknown: then
    ``likely`` has those it may be, the likeliest first. One that fails stays beside the next one, to be seen coming
    back.
    """
    wanted = (carrier,) if carrier else tuple(dict.fromkeys(likely))[:LIKELIEST]
    fit = sorted((one for one in askers if not one.carriers or one.carriers & set(wanted)), key=place)
    knowing = [one for one in fit if one.id in heard and heard[one.id].knew]
    if not knowing and len(wanted) > 1:
        both = [_own(fit, one, heard, now) for one in wanted]
        if all(both):
            return tuple(dict.fromkeys(id_ for some in both for id_ in some))
    rest = [one for one in fit if one not in knowing]
    useful = [one for one in rest if one.id not in heard or not heard[one.id].useless(now)]
    return _first([*knowing, *useful] or fit[:1])


def place(asker: Asker) -> tuple[int, bool, bool, int]:
    """What accounts are sorted by."""
    return asker.rank, not asker.carriers, asker.lent, asker.id


def _own(fit: Sequence[Asker], carrier: str, heard: Mapping[int, Heard], now: datetime) -> tuple[int, ...]:
    """Accounts of a carrier that may know the number, as long as none has said that it does not."""
    mine = [one for one in fit if carrier in one.carriers]
    return _first([one for one in mine if one.id not in heard or not heard[one.id].useless(now)])


def _first(askers: Sequence[Asker]) -> tuple[int, ...]:
    """The first that does not fail, after those before it that do."""
    answering = next((at for at, one in enumerate(askers) if not one.failing), len(askers))
    return tuple(one.id for one in askers[: answering + 1])


def moved(order: Sequence[int], which: int, *, up: bool) -> tuple[int, ...]:
    """The order with one account a place further up or down; at the end it stays. Raises ValueError for a stranger."""
    here = order.index(which)
    other = here + (-1 if up else 1)
    if not 0 <= other < len(order):
        return tuple(order)
    changed = list(order)
    changed[here], changed[other] = changed[other], changed[here]
    return tuple(changed)
