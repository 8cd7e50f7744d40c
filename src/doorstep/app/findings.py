"""The findings about an order: its facts as ``core.diagnosis`` wants them. Reading only; findings are never stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from doorstep.app.parcel_view import Held, Seen
from doorstep.app.settle.pushes import suspect
from doorstep.core.diagnosis import Finding, Situation, diagnose
from doorstep.core.number import Confidence, Kind, normalize, recognize
from doorstep.core.order import Role, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.db.models import Claim, Feed, Line, Order, Purchase

_ANSWERS: Final = frozenset(one.value for one in TrackAnswer)
_TROUBLE: Final = frozenset({"busy", "denied", "broken"})


def of_order(
    order: Order, lines: Sequence[Line], purchases: Sequence[Purchase], parcels: Sequence[Seen], now: datetime
) -> tuple[tuple[int, Finding], ...]:
    """(parcel id, finding), 0 for the order itself when nothing of it has a number; the surest of a parcel first."""
    live = [one for one in parcels if one.current]
    names = {normalize(one) for one in (order.number, order.external_id, *(one.external_id for one in purchases))}
    known = Known(names, _confirmed(order.ws, live))
    by_id = {one.id: one for one in purchases}
    classes = frozenset(line.item_class for line in lines if line.item_class)
    if not live:
        case = _situation(order, purchases[0] if purchases else None, None, classes, known)
        return tuple((0, one) for one in diagnose(case, now))
    return tuple(
        (parcel.id, one)
        for parcel in live
        for one in diagnose(_situation(order, by_id.get(parcel.purchase_id or 0), parcel, classes, known), now)
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the parcels: how the order is called, and when each number (by id) was last confirmed."""

    names: set[str]
    confirmed: Mapping[int, datetime]


def _confirmed(ws: int, parcels: Sequence[Seen]) -> dict[int, datetime]:
    """When a source last said each current number; an answer that says nothing new says it again."""
    ids = {one.id for parcel in parcels for one in parcel.current}
    answered = dict(Feed.objects.filter(ws=ws, answer="ok").values_list("connection_id", "answered_at"))
    confirmed: dict[int, datetime] = {}
    for row in Claim.objects.filter(ws=ws, number_id__in=ids, gone=False):
        again = answered.get(int(row.source)) if row.source.isdigit() else None
        at = max(row.last_said, again or row.last_said)
        confirmed[row.number_id] = max(confirmed.get(row.number_id, at), at)
    return confirmed


def _situation(
    order: Order, purchase: Purchase | None, parcel: Seen | None, classes: frozenset[str], known: Known
) -> Situation:
    number = _leading(parcel)
    recognition = recognize(number.text) if number else None
    best = recognition.best if recognition else None
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
        number_confirmed_at=known.confirmed.get(number.id) if number else None,
        replaced_number=replaced,
        looks_like_order=number is not None and _order_number(number.text, known.names),
        invalid_number=recognition is not None and not recognition.candidates and recognition.nearest is not None,
        likely_carrier=best.carrier if best and best.confidence is not Confidence.POSSIBLE else "",
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


def _order_number(text: str, names: set[str]) -> bool:
    """Whether somebody gave the number of an order for a tracking number (S65)."""
    other = recognize(text).not_a
    known = suspect(text, names)
    return (known is not None and known.id == "hold.is_order_number") or bool(
        other and other.sure and other.kind is Kind.ORDER_ID
    )


def _leading(parcel: Seen | None) -> Held | None:
    """The number a diagnosis is about: the courier's, else whichever there is."""
    current = parcel.current if parcel else ()
    return next((one for one in current if one.role == Role.LOCAL), current[0] if current else None)
