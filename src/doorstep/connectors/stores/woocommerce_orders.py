"""What WooCommerce's orders look like, and how they become ours.

Every order answer carries the numbers of the tracking plugins in an order meta. Times named ``_gmt`` are UTC without
an offset.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from doorstep.connectors.answers import instant, text
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

META = "_wc_shipment_tracking_items"
AWAITING = frozenset({"auto-draft", "checkout-draft", "pending", "on-hold", "failed"})
# What an order's status says of its parcels. "completed" is WooCommerce's word for sent.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys((*AWAITING, "processing"), Status.PENDING),
    **dict.fromkeys(("completed", "shipped", "partial-shipped"), Status.IN_TRANSIT),
    "delivered": Status.DELIVERED,
    **dict.fromkeys(("cancelled", "refunded", "trash"), Status.CANCELLED),
}

# The methods of PayPal's own plugins. Others (Stripe, Braintree, cash) have ids, too, of no service we tell numbers to.
_PAYPAL = re.compile("ppcp|ppec_|paypal")

Scalar = str | int | float | None


class _Address(msgspec.Struct):
    first_name: Scalar = ""
    last_name: Scalar = ""
    city: Scalar = ""
    postcode: Scalar = ""
    country: Scalar = ""
    email: Scalar = ""
    phone: Scalar = ""


class _Line(msgspec.Struct):
    id: int
    quantity: int
    name: Scalar = ""
    sku: Scalar = ""


class _CouponLine(msgspec.Struct):
    code: Scalar = ""


class _Meta(msgspec.Struct):
    key: Scalar = ""
    value: object = None


class OrderShape(msgspec.Struct):
    id: int
    status: str
    date_created_gmt: str
    number: Scalar = ""
    date_modified_gmt: str | None = None
    date_paid_gmt: str | None = None
    payment_method: Scalar = ""
    transaction_id: Scalar = ""
    billing: _Address | list[object] | None = None  # PHP writes an empty object as []
    shipping: _Address | list[object] | None = None
    line_items: list[_Line] = []
    coupon_lines: list[_CouponLine] = []
    shipping_lines: list[object] | None = None
    needs_processing: bool | None = None
    meta_data: list[_Meta] = []


class _Product(msgspec.Struct):
    item_id: int
    qty: int


class TrackingShape(msgspec.Struct):
    """A number on an order: in the meta (times as seconds), and as the plugins' API shows it (provider, link)."""

    tracking_id: Scalar = ""
    tracking_number: Scalar = ""
    tracking_provider: Scalar = ""
    custom_tracking_provider: Scalar = ""
    custom_tracking_link: Scalar = ""
    tracking_link: Scalar = ""
    date_shipped: Scalar = ""
    products_list: list[_Product] | str | None = None  # the paid edition says which lines


def read_order(order: OrderShape, *, known: bool, bad: Callable[[str], None]) -> Order:
    """``known``: a plugin keeps numbers here, so an order without the meta has none. ValueError: no usable date."""
    placed = instant(order.date_created_gmt)
    if placed is None:
        raise ValueError("date_created_gmt is not a date")
    items = [one.value for one in order.meta_data if one.key == META]
    return Order(
        ref=str(order.id),
        number=text(order.number) or str(order.id),
        placed_at=placed,
        lines=tuple(_read_line(one, ships=_ships(order)) for one in order.line_items),
        updated_at=instant(order.date_modified_gmt),
        paid_at=instant(order.date_paid_gmt),
        # WooCommerce keeps no time of cancellation: the last change stands for it.
        cancelled_at=(instant(order.date_modified_gmt) or placed) if cancelled(order) else None,
        awaiting_payment=order.status in AWAITING,
        transaction=_transaction(order),
        buyer=_read_buyer(order),
        coupons=tuple(code for one in order.coupon_lines if (code := text(one.code))),
        shipments=tuple(_read_items(items, order, bad)) if items or known else None,
    )


def cancelled(order: OrderShape) -> bool:
    return STATUS.get(order.status) is Status.CANCELLED


def _transaction(order: OrderShape) -> str:
    """PayPal's id of the captured payment. Until an order counts as paid it may be that of an authorization."""
    captured = order.date_paid_gmt and _PAYPAL.match(text(order.payment_method))
    return text(order.transaction_id) if captured else ""


def _ships(order: OrderShape) -> bool:
    """An order says only of itself whether it is all virtual; deleted products look so too, hence both signs."""
    return order.needs_processing is not False or bool(order.shipping_lines)


def _read_line(line: _Line, *, ships: bool) -> Line:
    return Line(
        ref=str(line.id), qty=max(line.quantity, 0), sku=text(line.sku), title=text(line.name), needs_shipping=ships
    )


def _read_buyer(order: OrderShape) -> Buyer:
    """Who receives: the shipping address, and from billing what it lacks (always the e-mail)."""
    billing = order.billing if isinstance(order.billing, _Address) else _Address()
    shipping = order.shipping if isinstance(order.shipping, _Address) else _Address()
    to = shipping if text(shipping.postcode) or text(shipping.city) else billing
    return Buyer(
        email=text(billing.email),
        phone=text(shipping.phone) or text(billing.phone),
        name=f"{text(to.first_name)} {text(to.last_name)}".strip(),
        city=text(to.city),
        postcode=text(to.postcode),
        country=text(to.country),
    )


def _read_items(items: list[object], order: OrderShape, bad: Callable[[str], None]) -> Iterable[StoreShipment]:
    """The plugins' meta: a list, or an object once PHP has removed an entry from it."""
    for value in items:
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            try:
                tracking = msgspec.convert(item, TrackingShape, strict=False)
            except msgspec.ValidationError as error:
                bad(f"order {order.id}: tracking item: {error}")
                continue
            yield read_tracking(tracking, delivered=STATUS.get(order.status) is Status.DELIVERED)


def read_tracking(item: TrackingShape, *, delivered: bool = False) -> StoreShipment:
    lines = item.products_list if isinstance(item.products_list, list) else []
    return StoreShipment(
        ref=text(item.tracking_id),
        number=text(item.tracking_number),
        carrier=text(item.tracking_provider) or text(item.custom_tracking_provider),
        url=text(item.tracking_link) or text(item.custom_tracking_link),
        contents=tuple(Content(line=str(one.item_id), qty=one.qty) for one in lines),
        shipped_at=_day(text(item.date_shipped)),
        delivered=delivered,
    )


def _day(said: str) -> datetime | None:
    """Seconds since 1970 (meta). The API writes the date in the shop's own format: only ISO is taken."""
    if re.fullmatch(r"[0-9]{9,10}", said):
        return datetime.fromtimestamp(int(said), UTC)
    return instant(said) if re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.ASCII) else None
