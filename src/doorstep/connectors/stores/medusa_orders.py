"""What Medusa's orders and fulfillments look like (admin API of version 2), and how they become ours."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from doorstep.connectors.answers import Quantity, bare, instant
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

UNPAID: Final = frozenset({"not_paid", "awaiting", "requires_action"})
CANCELED: Final = "canceled"
# ``fulfillment_status`` is worked out from the fields that are asked for: without every item's detail it lies.
FIELDS: Final = (
    "id,display_id,custom_display_id,status,payment_status,fulfillment_status,email,locale,created_at,updated_at,"
    "canceled_at,*items,*items.detail,*shipping_address,*payment_collections.payments,"
    "*fulfillments,*fulfillments.items,*fulfillments.labels"
)
# States of orders and of their fulfillment: where both have a word, it means the same.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys(("pending", "requires_action", "draft", "archived"), Status.PENDING),
    **dict.fromkeys(("not_fulfilled", "partially_fulfilled", "fulfilled"), Status.PENDING),  # packed, not sent
    **dict.fromkeys(("partially_shipped", "shipped", "partially_delivered"), Status.IN_TRANSIT),
    "completed": Status.UNKNOWN,  # somebody closed the order; it says nothing of the goods
    "delivered": Status.DELIVERED,
    CANCELED: Status.CANCELLED,
}


class _Detail(msgspec.Struct):
    quantity: Quantity
    fulfilled_quantity: Quantity = 0


class ItemShape(msgspec.Struct):
    id: str
    quantity: Quantity
    title: str = ""
    variant_title: str | None = None
    variant_sku: str | None = None
    requires_shipping: bool = True
    detail: _Detail | None = None

    @property
    def left(self) -> int:
        """What is in no fulfillment yet."""
        return max(0, int(self.quantity - (self.detail.fulfilled_quantity if self.detail else 0)))


class _Address(msgspec.Struct):
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone: str | None = None


class _Payment(msgspec.Struct):
    captured_at: str | None = None


class _Payments(msgspec.Struct):
    payments: list[_Payment] | None = None


class _Part(msgspec.Struct):
    quantity: Quantity
    line_item_id: str | None = None


class _Label(msgspec.Struct):
    id: str
    tracking_number: str = ""
    tracking_url: str | None = None


class FulfillmentShape(msgspec.Struct):
    id: str
    shipped_at: str | None = None
    delivered_at: str | None = None
    canceled_at: str | None = None
    requires_shipping: bool = True
    items: list[_Part] = []
    labels: list[_Label] | None = None

    @property
    def waits(self) -> bool:
        """Packed, and nobody has said that it left."""
        return self.requires_shipping and not (self.shipped_at or self.canceled_at)

    @property
    def contents(self) -> tuple[Content, ...]:
        """A line that is sold as a kit has a part for each thing in it; the smallest of them is how many kits."""
        found: dict[str, int] = {}
        for one in self.items:
            if one.line_item_id:
                found[one.line_item_id] = min(found.get(one.line_item_id, int(one.quantity)), int(one.quantity))
        return tuple(Content(line=line, qty=qty) for line, qty in found.items())


class OrderShape(msgspec.Struct):
    id: str
    display_id: int
    status: str
    created_at: str
    custom_display_id: str | None = None
    payment_status: str | None = None
    fulfillment_status: str | None = None
    email: str | None = None
    locale: str | None = None
    updated_at: str | None = None
    canceled_at: str | None = None
    items: list[ItemShape] = []
    shipping_address: _Address | None = None
    payment_collections: list[_Payments] | None = None
    fulfillments: list[FulfillmentShape] | None = None


def read_order(order: OrderShape) -> Order:
    """ValueError: no usable date."""
    placed, changed = instant(order.created_at), instant(order.updated_at)
    if placed is None:
        raise ValueError(f"not a date: {order.created_at!r}")
    payments = (payment for some in order.payment_collections or () for payment in some.payments or ())
    paid = [at for payment in payments if (at := instant(payment.captured_at))]
    cancelled = order.status == CANCELED
    return Order(
        ref=order.id,
        number=order.custom_display_id or str(order.display_id),
        placed_at=placed,
        lines=tuple(_read_line(one) for one in order.items),
        updated_at=changed,
        paid_at=min(paid, default=None),
        cancelled_at=(instant(order.canceled_at) or changed or placed) if cancelled else None,
        awaiting_payment=order.payment_status in UNPAID and not cancelled,
        buyer=_read_buyer(order),
        shipments=None if order.fulfillments is None else shipments(order),
    )


def shipments(order: OrderShape) -> tuple[StoreShipment, ...]:
    """What stands, one for each label: a fulfillment may have several. One that is only packed has none yet."""
    return tuple(found for one in order.fulfillments or () if not one.canceled_at for found in _read(one))


def with_number(order: OrderShape, number: str) -> StoreShipment | None:
    return next((one for one in shipments(order) if bare(one.number) == bare(number)), None)


def _read_line(item: ItemShape) -> Line:
    """What an edit of the order took out is in it no more."""
    plain = item.variant_title if item.variant_title not in {item.title, "Default variant"} else ""
    return Line(
        ref=item.id,
        qty=max(0, int(item.quantity)),
        sku=item.variant_sku or "",
        title=" ".join(filter(None, (item.title, plain))),
        needs_shipping=item.requires_shipping,
    )


def _read_buyer(order: OrderShape) -> Buyer:
    to = order.shipping_address or _Address()
    return Buyer(
        email=order.email or "",
        phone=to.phone or "",
        name=" ".join(filter(None, (to.first_name, to.last_name))),
        city=to.city or "",
        postcode=to.postal_code or "",
        country=(to.country_code or "").upper(),
        locale=order.locale or "",
    )


def _read(one: FulfillmentShape) -> Iterator[StoreShipment]:
    """The first label has the fulfillment's own id, as a push says it; the others theirs beside it."""
    for place, label in enumerate(one.labels or [_Label(id="")]):
        yield StoreShipment(
            ref=f"{one.id}/{label.id}" if place else one.id,
            number=label.tracking_number.strip(),
            url=label.tracking_url or "",
            contents=one.contents,
            shipped_at=instant(one.shipped_at),
            delivered=one.delivered_at is not None,
        )
