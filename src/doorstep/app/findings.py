"""The findings about an order: its facts as ``core.diagnosis`` wants them. Reading only; findings are never stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from doorstep.app.parcel_view import Held, Seen
from doorstep.core.diagnosis import Finding, Situation, diagnose
from doorstep.core.order import Role, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.db.models import Line, Order, Purchase

_ANSWERS: Final = frozenset(one.value for one in TrackAnswer)
_TROUBLE: Final = frozenset({"busy", "denied", "broken"})


def of_order(
    order: Order, lines: Sequence[Line], purchases: Sequence[Purchase], parcels: Sequence[Seen], now: datetime
) -> tuple[tuple[int, Finding], ...]:
    """(parcel id, finding), 0 for the order itself when nothing of it has a number; the surest of a parcel first."""
    live = [one for one in parcels if one.current]
    by_id = {one.id: one for one in purchases}
    classes = frozenset(line.item_class for line in lines if line.item_class)
    if not live:
        case = _situation(order, purchases[0] if purchases else None, None, classes)
        return tuple((0, one) for one in diagnose(case, now))
    return tuple(
        (parcel.id, one)
        for parcel in live
        for one in diagnose(_situation(order, by_id.get(parcel.purchase_id or 0), parcel, classes), now)
    )


def _situation(order: Order, purchase: Purchase | None, parcel: Seen | None, classes: frozenset[str]) -> Situation:
    number = _leading(parcel)
    fresh = parcel.fresh if parcel else None
    failing = fresh is not None and fresh.answer in _TROUBLE
    replaced = (
        next((one.text for one in parcel.past if number and one.replaced_by == number.text), "") if parcel else ""
    )
    return Situation(
        placed_at=order.placed_at,
        paid_at=purchase.paid_at if purchase and purchase.paid_at else order.paid_at,
        ships_out_by=purchase.ships_out_by if purchase else None,
        cancelled=order.cancelled_at is not None,
        dispatched_at=purchase.dispatched_at if purchase else None,
        protection_ends_at=purchase.protection_ends_at if purchase else None,
        number=number.text if number else "",
        number_since=number.since if number else None,
        replaced_number=replaced,
        carrier=number.carrier if number else "",
        item_classes=classes,
        status=Status(parcel.status) if parcel else Status.PENDING,
        reason=Reason(parcel.reason) if parcel and parcel.reason else None,
        status_since=parcel.since if parcel else None,
        last_event_at=parcel.last_event_at if parcel else None,
        answer=TrackAnswer(fresh.answer) if fresh and fresh.answer in _ANSWERS else None,
        missing=parcel is not None and parcel.mark == "missing",
        failing_since=fresh.answered_at if fresh and failing else None,
        said=fresh.said if fresh and failing else "",
        asks_next=fresh.next_at if fresh else None,
    )


def _leading(parcel: Seen | None) -> Held | None:
    """The number a diagnosis is about: the courier's, else whichever there is."""
    current = parcel.current if parcel else ()
    return next((one for one in current if one.role == Role.LOCAL), current[0] if current else None)
