"""CJ's orders, listed, alone or pushed, as purchases. One bad order never spoils a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import instant, text
from doorstep.connectors.contract import Answer, Facts, NotFound, Word
from doorstep.connectors.suppliers.cj.envelope import Loose, data, decode, utc
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState, Role, SaidNumber

STATES: Final = {
    "CREATED": PurchaseState.UNPAID,
    "IN_CART": PurchaseState.UNPAID,
    "UNPAID": PurchaseState.UNPAID,
    "UNSHIPPED": PurchaseState.PAID,
    "PENDING": PurchaseState.PAID,  # sub states of UNSHIPPED, seen as states in older events
    "PROCESSING": PurchaseState.PAID,
    "SHIPPED": PurchaseState.DISPATCHED,
    "DELIVERED": PurchaseState.DELIVERED,
    "CANCELLED": PurchaseState.CANCELLED,
}
_OWN_METHODS: Final = frozenset({"cjpacket ordinary", "cjpacket sensitive"})


class _Product(msgspec.Struct, rename="camel"):
    vid: Loose = None
    quantity: Loose = None
    store_line_item_id: Loose = None
    line_item_id: Loose = None


class _Order(msgspec.Struct, rename="camel"):
    """An order of the list or alone. A webhook's differs in names only: see ``_NAMES``."""

    order_id: str | int
    order_status: str
    order_num: Loose = None
    platform_order_id: Loose = None
    logistic_name: str | None = None
    track_number: Loose = None
    tracking_url: str | None = None
    tracking_provider: str | None = None
    create_date: str | None = None
    payment_date: str | None = None
    out_warehouse_time: str | None = None
    product_list: list[_Product] | None = None


_NAMES: Final = {
    "cjOrderId": "orderId",
    "orderNumber": "orderNum",
    "payDate": "paymentDate",
    "orderItems": "productList",
}


class _Page(msgspec.Struct):
    orders: list[msgspec.Raw] | None = msgspec.field(name="list", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a flow has to know of an order to go on. ``whole``: the goods are named. ``platform_number`` only while the
    courier's number is still worth asking for.
    """

    ref: str
    whole: bool
    placed_at: datetime | None
    platform_number: str


def page(answer: Answer) -> tuple[int, list[Listed]]:
    """(how many orders the page has, those of them that can be read)."""
    orders, bad = _orders(answer)
    return len(orders) + len(bad), [_listed(one) for one in orders]


def detailed(answer: Answer) -> Listed:
    """One whole order. Raises NotFound when CJ has none."""
    return _listed(_detail(answer))


def purchases(answer: Answer) -> Facts:
    """A page. An order whose goods the list left out is not told: a snapshot without goods would undo a whole one."""
    orders, bad = _orders(answer)
    told = (_purchase(one) for one in orders if one.product_list is not None)
    return _facts(told, bad)


def purchase(answer: Answer) -> Facts:
    """One whole order."""
    return _purchase(_detail(answer))


def pushed(params: Mapping[str, msgspec.Raw]) -> Facts:
    """Of an ORDER webhook."""
    renamed = {_NAMES[name]: value for name, value in params.items() if name in _NAMES and bytes(value) != b"null"}
    order = decode(msgspec.json.encode({**params, **renamed}), _Order)
    if order.product_list is None:
        return Facts(bad=(f"order {order.order_id}: the message names no goods; the next poll brings them",))
    return _purchase(order)


def _purchase(order: _Order) -> Facts:
    """A snapshot without ``updated_at``: CJ's list has no time of change, and a webhook's has no zone."""
    ref = text(order.order_id)
    try:
        lines = _lines(order)
        purchase = Purchase(
            ref=ref,
            lines=lines,
            state=STATES.get(order.order_status, PurchaseState.UNKNOWN),
            method=order.logistic_name or "",
            ordered_at=utc(order.create_date) if order.create_date else None,
            paid_at=utc(order.payment_date) if order.payment_date else None,
            dispatched_at=utc(order.out_warehouse_time) if order.out_warehouse_time else None,
            dispatch_evidence=_evidence(order),
            numbers=_numbers(order),
        )
    except ValueError as error:
        return Facts(bad=(f"order {ref}: {error}",))
    known = order.order_status in STATES
    return Facts(purchases=(purchase,), words=() if known else (Word(text=order.order_status, sample=f"order {ref}"),))


def _lines(order: _Order) -> tuple[PurchaseLine, ...]:
    """One line for each product; the same variant twice without line ids is told apart by its turn."""
    lines: dict[str, PurchaseLine] = {}
    for product in order.product_list or ():
        ref = text(product.line_item_id) or text(product.vid)
        ref = f"{ref}#{len(lines)}" if ref in lines else ref
        lines[ref] = PurchaseLine(
            ref=ref,
            order=text(order.order_num) or text(order.platform_order_id),
            qty=int(product.quantity or 0),
            line=text(product.store_line_item_id),
        )
    return tuple(lines.values())


def _numbers(order: _Order) -> tuple[SaidNumber, ...]:
    number = text(order.track_number)
    if not number:
        return ()
    role = Role.PLATFORM if _of_platform(number, order.logistic_name or "") else Role.LOCAL
    return (SaidNumber(text=number, role=role, carrier=order.tracking_provider or "", url=order.tracking_url or ""),)


def _of_platform(number: str, method: str) -> bool:
    """CJ's own number: CJP..., or ...YQ (no country's code), or whatever its own two methods give out."""
    shout = number.upper()
    return shout.startswith("CJP") or shout.endswith("YQ") or " ".join(method.casefold().split()) in _OWN_METHODS


def _evidence(order: _Order) -> str:
    if order.out_warehouse_time:
        return f"outWarehouseTime {order.out_warehouse_time}"
    sent = STATES.get(order.order_status) in {PurchaseState.DISPATCHED, PurchaseState.DELIVERED}
    return f"orderStatus {order.order_status}" if sent else ""


def _orders(answer: Answer) -> tuple[list[_Order], list[str]]:
    orders, bad = [], []
    page = data(answer, _Page) or _Page()
    for place, raw in enumerate(page.orders or ()):
        try:
            orders.append(msgspec.json.decode(raw, type=_Order))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            bad.append(f"order {place} of the page: {error}")
    return orders, bad


def _detail(answer: Answer) -> _Order:
    order = data(answer, _Order)
    if order is None:
        raise NotFound("CJ has no such order")
    return order


def _listed(order: _Order) -> Listed:
    number = text(order.track_number)
    open_still = STATES.get(order.order_status) not in {PurchaseState.DELIVERED, PurchaseState.CANCELLED}
    asks = open_still and _of_platform(number, order.logistic_name or "")
    return Listed(
        ref=text(order.order_id),
        whole=order.product_list is not None,
        placed_at=instant(order.create_date),
        platform_number=number if asks else "",
    )


def _facts(parts: Iterable[Facts], bad: Sequence[str] = ()) -> Facts:
    told = tuple(parts)
    return Facts(
        purchases=tuple(one for part in told for one in part.purchases),
        words=tuple(one for part in told for one in part.words),
        bad=tuple(bad) + tuple(one for part in told for one in part.bad),
    )
