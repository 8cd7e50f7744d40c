"""What orders look like in PrestaShop's webservice, and how they become ours.

Times are the shop's local time, without an offset. What an order is sent with, its lines and its buyer are resources of
their own, which travel beside the order as ``Beside``.
"""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from doorstep.connectors.answers import bare, text
from doorstep.core.order import Buyer, Line, Order, StoreShipment

Scalar = str | int | float | None
NUMBER: Final = "@"  # where a carrier's address wants the number


class StateShape(msgspec.Struct):
    """A state of orders: every shop has its own list, with these marks."""

    id: int
    paid: int = 0
    shipped: int = 0


class DetailShape(msgspec.Struct):
    id: int
    id_order: int
    product_quantity: int
    product_name: Scalar = None
    product_reference: Scalar = None
    product_quantity_refunded: int = 0
    download_hash: Scalar = None


class SendingShape(msgspec.Struct):
    """An ``order_carrier``: how an order is sent, and under which number. PUT wants all of it back."""

    id: int
    id_order: int
    id_carrier: int
    id_order_invoice: Scalar = None
    weight: Scalar = None
    shipping_cost_tax_excl: Scalar = None
    shipping_cost_tax_incl: Scalar = None
    tracking_number: Scalar = None
    date_add: Scalar = None

    @property
    def number(self) -> str:
        return text(self.tracking_number)


class CarrierShape(msgspec.Struct):
    id: int
    name: Scalar = None
    url: Scalar = None


class _Customer(msgspec.Struct):
    id: int
    email: str = ""


class _Address(msgspec.Struct):
    id: int
    id_country: int = 0
    firstname: Scalar = None
    lastname: Scalar = None
    city: Scalar = None
    postcode: Scalar = None
    phone: Scalar = None
    phone_mobile: Scalar = None


class _Country(msgspec.Struct):
    id: int
    iso_code: str = ""


class Beside(msgspec.Struct):
    """What was asked for together with a page of orders. ``ended``: states in which nothing is sent any more;
    ``delivered``: the state that the shop uses for what has arrived.
    """

    timezone: str
    ended: list[int] = []
    delivered: int = 0
    states: list[StateShape] = []
    details: list[DetailShape] = []
    sendings: list[SendingShape] = []
    carriers: list[CarrierShape] = []
    customers: list[_Customer] = []
    addresses: list[_Address] = []
    countries: list[_Country] = []

    def state(self, ref: int) -> StateShape | None:
        return next((one for one in self.states if one.id == ref), None)


class OrderShape(msgspec.Struct):
    id: int
    current_state: int
    date_add: str
    date_upd: str = ""
    reference: str = ""
    id_customer: int = 0
    id_address_delivery: int = 0


def read_order(order: OrderShape, beside: Beside) -> Order:
    """ValueError: no usable date, or no lines: nobody asked for those of an order that came between two questions."""
    zone = ZoneInfo(beside.timezone)
    placed, changed = instant(order.date_add, zone), instant(order.date_upd, zone)
    if placed is None:
        raise ValueError(f"not a date: {order.date_add!r}")
    state = beside.state(order.current_state)
    ended = order.current_state in beside.ended
    waits = bool(state and not (state.paid or state.shipped)) and not ended
    mine = [one for one in beside.details if one.id_order == order.id]
    if not mine:
        raise ValueError(f"the lines of order {order.id} were not asked for")
    return Order(
        ref=str(order.id),
        number=order.reference or str(order.id),
        placed_at=placed,
        lines=tuple(_read_line(one, sent=bool(state and state.shipped)) for one in mine),
        updated_at=changed,
        cancelled_at=(changed or placed) if ended else None,
        awaiting_payment=waits,
        buyer=_read_buyer(order, beside),
        shipments=shipments(order.id, beside, delivered=order.current_state == beside.delivered),
    )


def shipments(order: int, beside: Beside, *, delivered: bool = False) -> tuple[StoreShipment, ...]:
    """One for each number. PrestaShop does not say what is in it, nor when it left."""
    return tuple(
        StoreShipment(
            ref=str(one.id),
            number=one.number,
            carrier=text(there.name) if (there := _carrier(one, beside)) else "",
            url=_link(one, beside),
            delivered=delivered,
        )
        for one in beside.sendings
        if one.id_order == order and one.number
    )


def with_number(sendings: list[SendingShape], number: str) -> SendingShape | None:
    return next((one for one in sendings if one.number and bare(one.number) == bare(number)), None)


def instant(said: str, zone: ZoneInfo) -> datetime | None:
    """The shop's wall time as aware UTC; of an hour that comes twice the first. An empty date is all zeros there."""
    try:
        return datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_line(line: DetailShape, *, sent: bool) -> Line:
    """Refunded before anything was sent is cancelled; afterwards it was sent all the same."""
    qty = max(0, line.product_quantity)
    return Line(
        ref=str(line.id),
        qty=qty,
        qty_cancelled=0 if sent else max(0, min(qty, line.product_quantity_refunded)),
        sku=text(line.product_reference),
        title=text(line.product_name),
        needs_shipping=not text(line.download_hash),
    )


def _read_buyer(order: OrderShape, beside: Beside) -> Buyer:
    who = next((one for one in beside.customers if one.id == order.id_customer), None)
    to = next((one for one in beside.addresses if one.id == order.id_address_delivery), _Address(id=0))
    country = next((one.iso_code for one in beside.countries if one.id == to.id_country), "")
    return Buyer(
        email=who.email if who else "",
        phone=text(to.phone_mobile) or text(to.phone),
        name=" ".join(filter(None, (text(to.firstname), text(to.lastname)))),
        city=text(to.city),
        postcode=text(to.postcode),
        country=country,
    )


def _carrier(one: SendingShape, beside: Beside) -> CarrierShape | None:
    return next((carrier for carrier in beside.carriers if carrier.id == one.id_carrier), None)


def _link(one: SendingShape, beside: Beside) -> str:
    """The carrier's address with the number in it, as the shop shows it."""
    carrier = _carrier(one, beside)
    url = text(carrier.url) if carrier else ""
    return url.replace(NUMBER, one.number) if NUMBER in url else ""
