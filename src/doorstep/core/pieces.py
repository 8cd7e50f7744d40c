"""The status of a parcel that travels in several boxes, each with a number of its own."""

from collections.abc import Sequence

from doorstep.core.order import Role
from doorstep.core.parcels import HeldNumber
from doorstep.core.status import Status
from doorstep.core.timeline import ROAD, Current


def boxes(numbers: Sequence[HeldNumber]) -> tuple[frozenset[str], ...]:
    """The current numbers of each box; () for a parcel that is one box. A platform's number, and of pieces the
    courier's, stands for all of them. Legs of one way stay together.
    """
    live = [one for one in numbers if one.until is None]
    alone = [one for one in live if one.apart]
    legs = frozenset(one.number for one in live if one.role is Role.LOCAL and not one.apart)
    beside = any(one.role is Role.LOCAL for one in alone)
    return tuple(frozenset({one.number}) for one in alone) + ((legs,) if legs and beside else ())


def together(whole: Current, pieces: Sequence[Current]) -> Current:
    """What is true of all boxes together. ``whole``: by the scans of the numbers that stand for the whole parcel.

    Delivered only when every box is; otherwise the box that needs somebody speaks, else the one that is least far. A
    box that nobody has scanned goes with the whole, and speaks only when all the others have arrived.
    """
    heard = [one if one.headline_key else whole for one in pieces]
    scanned = [one for one in heard if one.headline_key]
    if not scanned:
        return whole
    under_way = [one for one in scanned if one.status is not Status.DELIVERED]
    silent = [one for one in heard if not one.headline_key]
    if under_way or silent:
        return min(under_way or silent, key=lambda one: (one.action_by is None, ROAD.index(one.status), one.source))
    return max(scanned, key=lambda one: (one.since is None, one.since, one.headline_key))
