"""The state of an order, from its item by quantity by parcel matrix; never from the last event."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from doorstep.core.order import Line, OrderState
from doorstep.core.parcels import Part, shippable
from doorstep.core.status import Status

_OVER: Final = frozenset({Status.DELIVERED, Status.RETURNED})
_TELLING: Final = _OVER | {Status.CANCELLED}  # all that ``order_state`` looks at


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A parcel as far as an order's state is concerned. ``numbered``: it has a current tracking number, and that ships
    what it holds, even before the first scan (S78).
    """

    contents: tuple[Part, ...]
    status: Status
    numbered: bool = True


def may_matter(before: Status, after: Status) -> bool:
    """Whether an order's state may be another because of a parcel of which only the status changed."""
    return before is not after and bool({before, after} & _TELLING)


def order_state(
    order: str,
    lines: Sequence[Line],
    parcels: Collection[Moving],
    *,
    awaiting_payment: bool = False,
    cancelled: bool = False,
) -> OrderState:
    """The state of ``order``. Parcels may hold other orders' lines too: they do not count. A parcel of unknown contents
    shows that something moves, and keeps the order from being complete until it has arrived or is back at its sender.
    """
    if cancelled or _all_cancelled(lines):
        return OrderState.CANCELLED
    shipped = [one for one in parcels if one.numbered and one.status is not Status.CANCELLED and _holds(one, order)]
    delivered = [one for one in shipped if one.status is Status.DELIVERED]
    if not shipped:
        return OrderState.AWAITING_PAYMENT if awaiting_payment else OrderState.PLACED
    if not delivered:
        return OrderState.SHIPPED if _covers(order, lines, shipped) else OrderState.PARTLY_SHIPPED
    arriving = [one for one in shipped if one.status not in _OVER and _unknown(one, order)]
    if not arriving and _covers(order, lines, delivered):
        return OrderState.DELIVERED
    return OrderState.PARTLY_DELIVERED


def _all_cancelled(lines: Sequence[Line]) -> bool:
    """True if nothing is left of an order that had something."""
    return bool(lines) and all(line.qty_cancelled >= line.qty for line in lines)


def _holds(parcel: Moving, order: str) -> bool:
    return any(part.order == order for part in parcel.contents)


def _unknown(parcel: Moving, order: str) -> bool:
    return any(part.order == order and not part.line for part in parcel.contents)


def _covers(order: str, lines: Sequence[Line], parcels: Iterable[Moving]) -> bool:
    """True if the parcels together hold every shippable piece of the order."""
    held: Counter[str] = Counter()
    for parcel in parcels:
        for part in parcel.contents:
            held[part.line] += part.qty if part.order == order else 0
    return all(held[line.ref] >= shippable(line) for line in lines)
