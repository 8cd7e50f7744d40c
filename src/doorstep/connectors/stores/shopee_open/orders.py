"""What Shopee's orders look like, and how they become ours. Times are seconds since 1970, as numbers or texts.

An order does not tell the numbers of its packages; they are asked for apart, and come as ``numbers``, by package.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import bare, text
from doorstep.core.order import Buyer, Content, Line, Order, StoreShipment
from doorstep.core.status import Status

CANCELLED: Final = "CANCELLED"
UNPAID: Final = "UNPAID"
DELIVERED: Final = "LOGISTICS_DELIVERY_DONE"
# States of orders and of their packages.
STATUS: Mapping[str, Status] = {
    **dict.fromkeys((UNPAID, "READY_TO_SHIP", "PROCESSED", "INVOICE_PENDING", "PENDING"), Status.PENDING),
    "SHIPPED": Status.IN_TRANSIT,
    "COMPLETED": Status.DELIVERED,
    "IN_CANCEL": Status.UNKNOWN,  # the buyer asked for it; nobody has agreed yet
    CANCELLED: Status.CANCELLED,
    **dict.fromkeys(("LOGISTICS_NOT_START", "LOGISTICS_READY", "LOGISTICS_REQUEST_CREATED"), Status.PENDING),
    "LOGISTICS_PICKUP_DONE": Status.PICKED_UP,
    DELIVERED: Status.DELIVERED,
    "LOGISTICS_DELIVERY_FAILED": Status.ATTEMPT_FAILED,
    "LOGISTICS_LOST": Status.EXCEPTION,
    "LOGISTICS_REQUEST_CANCELED": Status.CANCELLED,
}
WAITS: Final = frozenset({"", "LOGISTICS_NOT_START", "LOGISTICS_READY"})

Scalar = str | int | float | None


class _Item(msgspec.Struct):
    item_id: int
    model_id: int = 0
    item_name: str | None = None
    model_name: str | None = None
    item_sku: str | None = None
    model_sku: str | None = None
    model_quantity_purchased: int = 0

    @property
    def ref(self) -> str:
        return f"{self.item_id}-{self.model_id}"


class _Part(msgspec.Struct):
    item_id: int
    model_id: int = 0
    model_quantity: int = 0


class PackageShape(msgspec.Struct):
    package_number: str
    logistics_status: str | None = None
    shipping_carrier: str | None = None
    item_list: list[_Part] | None = None

    @property
    def contents(self) -> tuple[Content, ...]:
        counted: dict[str, int] = {}
        for one in self.item_list or ():
            ref = f"{one.item_id}-{one.model_id}"
            counted[ref] = counted.get(ref, 0) + one.model_quantity
        return tuple(Content(line=ref, qty=qty) for ref, qty in counted.items() if qty > 0)


class _Address(msgspec.Struct):
    name: str | None = None
    phone: str | None = None
    city: str | None = None
    region: str | None = None
    zipcode: str | None = None


class OrderShape(msgspec.Struct):
    order_sn: str
    order_status: str
    create_time: Scalar
    update_time: Scalar = None
    pay_time: Scalar = None
    ship_by_date: Scalar = None
    fulfillment_flag: str | None = None
    item_list: list[_Item] | None = None
    package_list: list[PackageShape] | None = None
    recipient_address: _Address | None = None

    @property
    def ours(self) -> bool:
        """Whether the merchant ships it. What lies in Shopee's warehouse is none of ours."""
        return self.fulfillment_flag != "fulfilled_by_shopee"

    @property
    def words(self) -> list[str]:
        """Every word of state in it."""
        states = (one.logistics_status for one in self.package_list or ())
        return list(dict.fromkeys([self.order_status, *filter(None, states)]))


def read_order(order: OrderShape, numbers: Mapping[str, str] | None) -> Order:
    """``numbers``: None = not asked for. ValueError: no usable date."""
    placed = _instant(order.create_time)
    if placed is None:
        raise ValueError("create_time is not a time")
    changed = _instant(order.update_time)
    return Order(
        ref=order.order_sn,
        number=order.order_sn,
        placed_at=placed,
        lines=_lines(order),
        updated_at=changed,
        paid_at=_instant(order.pay_time),
        cancelled_at=(changed or placed) if order.order_status == CANCELLED else None,
        awaiting_payment=order.order_status == UNPAID,
        ship_by=_instant(order.ship_by_date),
        buyer=_read_buyer(order.recipient_address or _Address()),
        shipments=None if numbers is None else shipments(order, numbers),
    )


def shipments(order: OrderShape, numbers: Mapping[str, str]) -> tuple[StoreShipment, ...]:
    """One for each package with a number."""
    return tuple(
        StoreShipment(
            ref=one.package_number,
            number=numbers[one.package_number].strip(),
            carrier=one.shipping_carrier or "",
            contents=one.contents,
            delivered=one.logistics_status == DELIVERED,
        )
        for one in order.package_list or ()
        if numbers.get(one.package_number, "").strip() and one.logistics_status != "LOGISTICS_REQUEST_CANCELED"
    )


def with_number(there: tuple[StoreShipment, ...], number: str) -> StoreShipment | None:
    return next((one for one in there if bare(one.number) == bare(number)), None)


def _lines(order: OrderShape) -> tuple[Line, ...]:
    """An item of a bundle stands beside the same item outside of it: they are one line."""
    found: dict[str, Line] = {}
    for one in order.item_list or ():
        before = found[one.ref].qty if one.ref in found else 0
        title = " ".join(filter(None, (one.item_name, one.model_name)))
        qty = before + max(0, one.model_quantity_purchased)
        found[one.ref] = Line(ref=one.ref, qty=qty, sku=one.model_sku or one.item_sku or "", title=title)
    return tuple(found.values())


def _read_buyer(to: _Address) -> Buyer:
    return Buyer(
        phone=_clear(to.phone),
        name=_clear(to.name),
        city=_clear(to.city),
        postcode=_clear(to.zipcode),
        country=_clear(to.region),
    )


def _clear(said: str | None) -> str:
    """Shopee masks with stars what the merchant may not see (yet); a part of it is of no use either."""
    return "" if "*" in (said or "") else text(said)


def _instant(seconds: Scalar) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
