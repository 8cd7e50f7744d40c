"""What Vendure's orders look like (GraphQL, admin API), and how they become ours."""

from collections.abc import Mapping

import msgspec

from doorstep.connectors.answers import bare, instant
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

AWAITING = frozenset({"Created", "Draft", "AddingItems", "ArrangingPayment", "ArrangingAdditionalPayment"})
# States of orders and of fulfillments: where both have a word, it means the same.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys((*AWAITING, "PaymentAuthorized", "PaymentSettled", "Modifying", "Pending"), Status.PENDING),
    **dict.fromkeys(("PartiallyShipped", "Shipped", "PartiallyDelivered"), Status.IN_TRANSIT),
    "Delivered": Status.DELIVERED,
    "Cancelled": Status.CANCELLED,
}

ORDER = """
fragment Whole on Order {
  id code state updatedAt orderPlacedAt
  customer { emailAddress phoneNumber firstName lastName }
  shippingAddress { fullName city postalCode countryCode phoneNumber }
  lines { id quantity orderPlacedQuantity productVariant { sku name } }
  payments { state updatedAt }
  fulfillments { id state method trackingCode createdAt lines { orderLineId quantity } }
}"""
LIST = "query List($options: OrderListOptions) { orders(options: $options) { totalItems items { ...Whole } } }" + ORDER
ONE = "query One($id: ID!) { order(id: $id) { ...Whole } }" + ORDER


class _Customer(msgspec.Struct, rename="camel"):
    email_address: str = ""
    phone_number: str | None = None
    first_name: str = ""
    last_name: str = ""


class _Address(msgspec.Struct, rename="camel"):
    full_name: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone_number: str | None = None


class _Variant(msgspec.Struct):
    sku: str = ""
    name: str = ""


class _Line(msgspec.Struct, rename="camel"):
    id: str
    quantity: int
    order_placed_quantity: int = 0
    product_variant: _Variant = msgspec.field(default_factory=_Variant)


class _Payment(msgspec.Struct, rename="camel"):
    state: str
    updated_at: str


class _Part(msgspec.Struct, rename="camel"):
    order_line_id: str
    quantity: int


class FulfillmentShape(msgspec.Struct, rename="camel"):
    id: str
    state: str
    method: str = ""
    tracking_code: str | None = None
    created_at: str = ""
    lines: list[_Part] = []


class OrderShape(msgspec.Struct, rename="camel"):
    id: str
    code: str
    state: str
    updated_at: str
    order_placed_at: str | None = None
    customer: _Customer | None = None
    shipping_address: _Address | None = None
    lines: list[_Line] = []
    payments: list[_Payment] | None = None
    fulfillments: list[FulfillmentShape] | None = None


def read_order(order: OrderShape) -> Order:
    """ValueError where the order was never placed (a cart)."""
    placed = instant(order.order_placed_at)
    if placed is None:
        raise ValueError("the order was never placed")
    settled = [at for one in order.payments or () if one.state == "Settled" and (at := instant(one.updated_at))]
    return Order(
        ref=order.id,
        number=order.code,
        placed_at=placed,
        lines=tuple(_read_line(one) for one in order.lines),
        updated_at=instant(order.updated_at),
        paid_at=min(settled, default=None),
        # Vendure keeps no time of cancellation on the order: the last change stands for it.
        cancelled_at=(instant(order.updated_at) or placed) if order.state == "Cancelled" else None,
        awaiting_payment=order.state in AWAITING,
        buyer=_read_buyer(order),
        shipments=shipments(order),
    )


def _read_line(line: _Line) -> Line:
    """Cancelling lowers ``quantity`` and leaves ``orderPlacedQuantity``; a modification may raise it."""
    qty = max(line.quantity, line.order_placed_quantity, 0)
    variant = line.product_variant
    return Line(ref=line.id, qty=qty, qty_cancelled=qty - max(line.quantity, 0), sku=variant.sku, title=variant.name)


def _read_buyer(order: OrderShape) -> Buyer:
    who, to = order.customer or _Customer(), order.shipping_address or _Address()
    return Buyer(
        email=who.email_address,
        phone=to.phone_number or who.phone_number or "",
        name=to.full_name or f"{who.first_name} {who.last_name}".strip(),
        city=to.city or "",
        postcode=to.postal_code or "",
        country=to.country_code or "",
    )


def shipments(order: OrderShape) -> tuple[StoreShipment, ...]:
    """What stands: cancelled fulfillments are left out. One that is only prepared has no ``shipped_at``."""
    return tuple(_read_fulfillment(one) for one in order.fulfillments or () if one.state != "Cancelled")


def _read_fulfillment(one: FulfillmentShape) -> StoreShipment:
    return StoreShipment(
        ref=one.id,
        number=(one.tracking_code or "").strip(),
        carrier=one.method,
        contents=tuple(Content(line=part.order_line_id, qty=part.quantity) for part in one.lines),
        shipped_at=instant(one.created_at) if one.state in ("Shipped", "Delivered") else None,
        delivered=one.state == "Delivered",
    )


def with_number(order: OrderShape, number: str) -> FulfillmentShape | None:
    standing = (one for one in order.fulfillments or () if one.state != "Cancelled")
    return next((one for one in standing if bare(one.tracking_code or "") == bare(number)), None)


def unshipped(order: OrderShape) -> list[dict[str, object]]:
    """Lines and quantities in no standing fulfillment, as Vendure wants them."""
    taken: dict[str, int] = {}
    for shipment in shipments(order):
        for part in shipment.contents:
            taken[part.line] = taken.get(part.line, 0) + part.qty
    left = {one.id: one.quantity - taken.get(one.id, 0) for one in order.lines}
    return [{"orderLineId": line, "quantity": qty} for line, qty in left.items() if qty > 0]
