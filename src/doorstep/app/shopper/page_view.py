"""What a shopper sees of an order: no personal data, and of a shared parcel only this order's part. Reading only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from doorstep.app import brands, clock, photos
from doorstep.app.order import findings
from doorstep.app.order.parcel_view import Item, Seen, parcels
from doorstep.app.shopper import coupons, guide, threads
from doorstep.core.diagnosis import Finding, Mark
from doorstep.core.message import Message
from doorstep.core.order import OrderState
from doorstep.core.status import Status
from doorstep.db.models import Line, Order

# The shopper's five stages, and the parcel status that reaches each.
STEPS: Final = ("ordered", "announced", "moving", "near", "delivered")
_STEP: Final = {
    Status.PENDING: 1,
    Status.NOT_FOUND: 1,
    Status.INFO_RECEIVED: 1,
    Status.PICKED_UP: 2,
    Status.IN_TRANSIT: 2,
    Status.CUSTOMS: 2,
    Status.ARRIVED: 3,
    Status.OUT_FOR_DELIVERY: 3,
    Status.AVAILABLE_FOR_PICKUP: 3,
    Status.ATTEMPT_FAILED: 3,
    Status.DELIVERED: 4,
    Status.EXCEPTION: 2,
    Status.RETURNING: 2,
    Status.RETURNED: 2,
    Status.CANCELLED: 1,
    Status.EXPIRED: 2,
}
TURNED: Final = frozenset({Status.RETURNING, Status.RETURNED, Status.CANCELLED})  # on no way to the shopper any more
_WHOLE: Final = frozenset({OrderState.SHIPPED, OrderState.DELIVERED})  # everything is in a parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An item of the order, and how many pieces are on no way yet."""

    title: str
    qty: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """What the shopper may say of a parcel, what to do when it did not come, and how many photos of it were sent."""

    answers: tuple[str, ...]
    steps: tuple[Message, ...]
    photos: int
    more: bool  # another photo is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The page. ``headline`` and ``explained`` are sentences' keys; ``parts``: it comes in
    several, or not all of it has left; each parcel then has its own step.
    """

    order_number: str
    placed_at: datetime
    brand: brands.Look
    state: str
    headline: str
    explained: str
    parts: bool
    parcels: tuple[Seen, ...]
    items: tuple[Wanted, ...]
    findings: Mapping[int, tuple[Finding, ...]]  # by parcel, 0 = about the order
    asks: Mapping[int, Answerable]  # by parcel
    thread: threads.Thread
    coupon: coupons.Given | None  # while it can be used

    @property
    def about(self) -> tuple[Finding, ...]:
        """What is to be said about the order itself."""
        return self.findings.get(0, ())

    @property
    def expected(self) -> tuple[Seen, ...]:
        """Parcels that a calendar can hold."""
        return tuple(one for one in self.parcels if one.window)

    @property
    def left(self) -> tuple[Wanted, ...]:
        """What is not on its way yet."""
        return tuple(one for one in self.items if one.left)


def page_view(ws: int, order_id: int) -> PageView | None:
    """The page of an order, or None when it does not exist any more."""
    order = Order.objects.filter(ws=ws, id=order_id).first()
    if order is None:
        return None
    lines = [one for one in Line.objects.filter(ws=ws, order_id=order_id).order_by("id") if one.needs_shipping]
    seen = tuple(one for one in parcels(ws, order_id, lines) if one.current)
    about = _about(order.state, seen)
    now = clock.now()
    return PageView(
        order_number=order.number,
        placed_at=order.placed_at,
        brand=brands.look(ws, order.store_id),
        state=order.state,
        headline=".".join(about),
        explained=".explained.".join(about),
        parts=bool(seen) and not (len(seen) == 1 and order.state in _WHOLE),
        parcels=seen,
        findings=findings.of_page(order, lines, seen, now),
        asks=_asks(order, seen, now),
        thread=threads.thread(ws, order.store_id, order_id),
        coupon=given if (given := coupons.of_order(ws, order_id)) and given.usable else None,
        items=tuple(_wanted(line, seen) for line in lines if line.qty > line.qty_cancelled),
    )


def _asks(order: Order, seen: tuple[Seen, ...], now: datetime) -> dict[int, Answerable]:
    """By parcel. The dates of the guide count from the answer, where there is one."""
    sent = photos.counts(order.ws, order.id)
    asks = {}
    for one in seen:
        count = sum(sent[number.id] for number in one.numbers)
        delivered = one.status == Status.DELIVERED and one.mark in {"", Mark.MISSING}
        asks[one.id] = Answerable(
            answers=guide.answers(Status(one.status), one.mark),
            steps=guide.steps(one.since, one.marked_at if one.mark else None, now) if delivered else (),
            photos=count,
            more=count < photos.MOST,
        )
    return asks


def _about(state: str, seen: tuple[Seen, ...]) -> tuple[str, str]:
    """One parcel speaks for itself, if everything is in it; several are summed up by the order's state."""
    return ("status", seen[0].status) if state in _WHOLE and len(seen) == 1 else ("order", state)


def step(status: str) -> int:
    """The last of STEPS that a parcel has reached; '' = no parcel yet."""
    return _STEP[Status(status)] if status else 0


def _wanted(line: Line, seen: tuple[Seen, ...]) -> Wanted:
    wanted = line.qty - line.qty_cancelled
    sent = sum(item.qty for one in seen for item in _of(line, one))
    return Wanted(title=line.title or line.sku, qty=wanted, left=max(0, wanted - sent))


def _of(line: Line, seen: Seen) -> tuple[Item, ...]:
    return tuple(item for item in seen.items if item.line_id == line.id)
