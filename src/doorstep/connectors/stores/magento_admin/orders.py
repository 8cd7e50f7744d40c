"""What Magento's orders and shipments look like, and how they become ours. Times are UTC without saying so.

A configurable product or a bundle is several items, one of them the parent of the others. The parent is what was bought
and what is shipped: Magento declines a shipment of the others. A shipment has as many tracks as it has numbers; each is
a shipment of ours, whose ref names both.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from doorstep.connectors.answers import Quantity, bare, instant
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

UNPAID = frozenset({"pending_payment", "payment_review"})
HELD = frozenset({"holded", "payment_review"})  # Magento ships nothing of these
PAYPAL = frozenset({"paypal_express", "paypal_express_bml", "paypal_standard", "paypal_billing_agreement"})
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(("new", "pending_payment", "payment_review", "processing", "holded"), Status.PENDING),
    "complete": Status.IN_TRANSIT,  # everything is shipped and paid
    "closed": Status.UNKNOWN,  # the money went back; it hides how far the goods are
    "canceled": Status.CANCELLED,
}


class ItemShape(msgspec.Struct):
    item_id: int
    qty_ordered: Quantity
    sku: str = ""
    name: str | None = None
    parent_item_id: int | None = None
    is_virtual: int | None = None
    qty_shipped: Quantity | None = None
    qty_canceled: Quantity | None = None
    qty_refunded: Quantity | None = None

    @property
    def left(self) -> int:
        """As Magento counts it: refunded and cancelled quantities are not shipped any more."""
        gone = (self.qty_shipped or 0) + (self.qty_canceled or 0) + (self.qty_refunded or 0)
        return max(0, int(self.qty_ordered - gone))


class _Address(msgspec.Struct):
    firstname: str | None = None
    lastname: str | None = None
    city: str | None = None
    postcode: str | None = None
    country_id: str | None = None
    telephone: str | None = None


class _Shipping(msgspec.Struct):
    address: _Address | None = None


class _Assignment(msgspec.Struct):
    shipping: _Shipping | None = None


class _More(msgspec.Struct):
    shipping_assignments: list[_Assignment] = []


class _Payment(msgspec.Struct):
    method: str | None = None
    last_trans_id: str | None = None


class OrderShape(msgspec.Struct):
    entity_id: int
    created_at: str
    items: list[ItemShape]
    state: str | None = None
    increment_id: str | None = None
    updated_at: str | None = None
    customer_email: str | None = None
    billing_address: _Address | None = None
    total_paid: float | None = None
    payment: _Payment | None = None
    extension_attributes: _More | None = None

    @property
    def goods(self) -> list[ItemShape]:
        """What was bought, without the parts of it."""
        return [one for one in self.items if not one.parent_item_id]


class TrackShape(msgspec.Struct):
    entity_id: int
    track_number: str | None = None
    title: str | None = None
    carrier_code: str | None = None


class _ShippedItem(msgspec.Struct):
    order_item_id: int
    qty: Quantity


class ShipmentShape(msgspec.Struct):
    entity_id: int
    created_at: str | None = None
    items: list[_ShippedItem] = []
    tracks: list[TrackShape] = []

    @property
    def contents(self) -> tuple[Content, ...]:
        return tuple(Content(line=str(one.order_item_id), qty=int(one.qty)) for one in self.items if one.qty > 0)


def read_order(order: OrderShape, shown: Sequence[ShipmentShape] | None) -> Order:
    """``shown``: its shipments, None = not asked for. ValueError: no usable date."""
    placed, changed = instant(order.created_at), instant(order.updated_at)
    if placed is None:
        raise ValueError(f"not a date: {order.created_at!r}")
    if shown is None and not any(one.qty_shipped for one in order.items):
        shown = ()
    return Order(
        ref=str(order.entity_id),
        number=order.increment_id or str(order.entity_id),
        placed_at=placed,
        lines=tuple(_read_line(one) for one in order.goods),
        updated_at=changed,
        cancelled_at=(changed or placed) if order.state == "canceled" else None,
        awaiting_payment=order.state in UNPAID,
        transaction=_transaction(order),
        buyer=_read_buyer(order),
        shipments=None if shown is None else read_shipments(shown),
    )


def read_shipments(shown: Sequence[ShipmentShape]) -> tuple[StoreShipment, ...]:
    """One for each number. A shipment without any is none to us: there is nothing to follow."""
    return tuple(_read_track(one, track, instant(one.created_at)) for one, track in tracks(shown))


def tracks(shown: Sequence[ShipmentShape]) -> Iterator[tuple[ShipmentShape, TrackShape]]:
    return ((one, track) for one in shown for track in one.tracks)


def with_number(shown: Sequence[ShipmentShape], number: str) -> str:
    """The ref of the track with this number, '' where there is none."""
    found = (ref_of(one, track) for one, track in tracks(shown) if bare(track.track_number or "") == bare(number))
    return next(found, "")


def ref_of(shipment: ShipmentShape, track: TrackShape) -> str:
    return f"{shipment.entity_id}-{track.entity_id}"


def _read_line(item: ItemShape) -> Line:
    ordered = max(0, int(item.qty_ordered))
    return Line(
        ref=str(item.item_id),
        qty=ordered,
        qty_cancelled=max(0, ordered - int(item.qty_shipped or 0) - item.left),
        sku=item.sku,
        title=item.name or "",
        needs_shipping=not item.is_virtual,
    )


def _transaction(order: OrderShape) -> str:
    """PayPal's id of the captured payment. Until an order is paid it is that of an authorization; the ids of others,
    and those that Braintree gives a payment by PayPal, PayPal does not know.
    """
    paid = order.payment if order.total_paid else None
    return (paid.last_trans_id or "") if paid and paid.method in PAYPAL else ""


def _read_buyer(order: OrderShape) -> Buyer:
    """Who it is sent to; who pays, where nothing is sent."""
    more = order.extension_attributes or _More()
    sent = (one.shipping.address for one in more.shipping_assignments if one.shipping and one.shipping.address)
    to = next(sent, order.billing_address or _Address())
    return Buyer(
        email=order.customer_email or "",
        phone=to.telephone or "",
        name=" ".join(filter(None, (to.firstname, to.lastname))),
        city=to.city or "",
        postcode=to.postcode or "",
        country=to.country_id or "",
    )


def _read_track(shipment: ShipmentShape, track: TrackShape, at: datetime | None) -> StoreShipment:
    return StoreShipment(
        ref=ref_of(shipment, track),
        number=(track.track_number or "").strip(),
        carrier=track.title or track.carrier_code or "",
        contents=shipment.contents,
        shipped_at=at,
    )
