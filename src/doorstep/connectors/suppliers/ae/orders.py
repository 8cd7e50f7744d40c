"""AliExpress's orders of a dropshipper, listed and whole, as purchases.

Times carry no zone. The portal documents US Pacific time for the filter of the list and, in its seller's methods, for
``gmt_create`` and the time of payment of the same orders; the buyer's method says nothing, and is read the same way.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from doorstep.connectors.answers import text
from doorstep.connectors.contract import Answer, Facts, NotFound, Refused, Word
from doorstep.connectors.suppliers.ae.gateway import converted, listed, opened, result
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState, Role, SaidNumber

STATES: Final = {
    "PLACE_ORDER_SUCCESS": PurchaseState.UNPAID,
    "IN_CANCEL": PurchaseState.PAID,  # the buyer asked to cancel; the seller has not decided
    "RISK_CONTROL": PurchaseState.PAID,  # the first 24 hours after payment
    "WAIT_SELLER_SEND_GOODS": PurchaseState.PAID,
    "WAIT_SELLER_EXAMINE_MONEY": PurchaseState.PAID,
    "SELLER_PART_SEND_GOODS": PurchaseState.DISPATCHED,
    "WAIT_BUYER_ACCEPT_GOODS": PurchaseState.DISPATCHED,
    "FUND_PROCESSING": PurchaseState.DELIVERED,
}
_ANY_STAGE: Final = frozenset({"FINISH", "IN_ISSUE", "IN_FROZEN"})  # of these only the logistics tell how far it is
_NOT_SENT: Final = frozenset({"", "NO_LOGISTICS", "WAIT_SELLER_SEND_GOODS"})
_LOGISTICS: Final = {
    "SELLER_SEND_PART_GOODS": PurchaseState.DISPATCHED,
    "SELLER_SEND_GOODS": PurchaseState.DISPATCHED,
    "BUYER_ACCEPT_GOODS": PurchaseState.DELIVERED,
}
_OWN: Final = re.compile(r"(?:LP|AP)[0-9]{14}")  # numbers of Cainiao's own systems; no courier prints them
_EMPTY: Final = frozenset({"", "0", "200", "405"})  # rsp_code of a list without orders
Loose = str | int | None
Shape = TypeVar("Shape")


class _Child(msgspec.Struct):
    product_id: Loose = None
    sku_id: Loose = None
    product_name: str | None = None
    product_count: int | None = None
    end_reason: str | None = None


class _Sent(msgspec.Struct):
    logistics_no: Loose = None
    logistics_service: str | None = None


class _Order(msgspec.Struct):
    order_status: str
    logistics_status: str | None = None
    gmt_create: str | None = None
    order_paidtime_string: str | None = None
    child_order_list: object = None
    logistics_info_list: object = None


class _Row(msgspec.Struct):
    """Of the list: one product of an order. ``parent_order_number`` is the order, where they differ."""

    order_id: Loose = None
    parent_order_number: Loose = None
    finished_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An order of the list; ``finished_at`` when the buyer confirmed receipt."""

    ref: str
    finished_at: datetime | None


def page(answer: Answer) -> tuple[int, list[Listed]]:
    """(how many rows there are, the orders in them that can be read). Raises Trouble."""
    found = opened(answer)
    inner = found.get("result")
    if not isinstance(inner, dict):
        code = text(found.get("rsp_code"))
        if code not in _EMPTY:
            raise Refused(f"{code} {text(found.get('rsp_msg'))}"[:200])
        return 0, []
    rows = list(listed(inner.get("orders")))
    return len(rows), list(_orders(rows))


def _orders(rows: list[object]) -> Iterator[Listed]:
    for raw in rows:
        try:
            row = msgspec.convert(raw, _Row, strict=False)
        except msgspec.ValidationError:
            continue
        named = (text(row.parent_order_number), text(row.order_id))
        ref = next((one for one in named if one.strip("0")), "")
        if ref:
            yield Listed(ref=ref, finished_at=_instant(row.finished_time))


def purchase(answer: Answer) -> Facts:
    """One whole order; its id is the question's, the answer does not repeat it. Raises NotFound."""
    ref = answer.context.get("order", "")
    found = result(answer)
    if not text(found.get("order_status")):
        raise NotFound("AliExpress has no such order")
    order = converted(found, _Order)
    children, bad = _each(order.child_order_list, _Child)
    sent, worse = _each(order.logistics_info_list, _Sent)
    bought = Purchase(
        ref=ref,
        lines=tuple(_lines(children)),
        state=_state(order, children),
        method=next((one.logistics_service for one in sent if one.logistics_service), ""),
        ordered_at=_instant(order.gmt_create),
        paid_at=_instant(order.order_paidtime_string),
        dispatch_evidence=_evidence(order),
        numbers=tuple(_number(one) for one in sent if text(one.logistics_no)),
    )
    told = tuple(f"order {ref}: {one}" for one in bad + worse)
    return Facts(purchases=(bought,), words=tuple(_words(order, ref)), bad=told)


def _each(value: object, shape: type[Shape]) -> tuple[list[Shape], list[str]]:
    good, bad = [], []
    for raw in listed(value):
        try:
            good.append(msgspec.convert(raw, shape, strict=False))
        except msgspec.ValidationError as error:
            bad.append(str(error))
    return good, bad


def _lines(children: Sequence[_Child]) -> Iterator[PurchaseLine]:
    """One line for each product; the answer has no line ids, so that twice the same is told apart by its turn. It does
    not say which order of the store it is for.
    """
    taken: set[str] = set()
    for place, child in enumerate(children):
        ref = ":".join(part for part in (text(child.product_id), text(child.sku_id)) if part) or f"#{place}"
        ref = f"{ref}#{place}" if ref in taken else ref
        taken.add(ref)
        sku, title = text(child.sku_id), child.product_name or ""
        yield PurchaseLine(ref=ref, order="", qty=child.product_count or 0, sku=sku, title=title)


def _state(order: _Order, children: Sequence[_Child]) -> PurchaseState:
    """The logistics' word before the order's, which goes on after the goods are sent (disputes, freezing, the end)."""
    logistics = order.logistics_status or ""
    if children and all("cancel" in (one.end_reason or "").lower() for one in children):
        return PurchaseState.CANCELLED
    known = _LOGISTICS.get(logistics) or STATES.get(order.order_status)
    if known or logistics not in _NOT_SENT:
        return known or PurchaseState.UNKNOWN
    paid = order.order_status in {"IN_ISSUE", "IN_FROZEN"}
    return PurchaseState.PAID if paid else PurchaseState.UNKNOWN


def _evidence(order: _Order) -> str:
    """AliExpress gives no time of dispatch: what it says instead."""
    if order.logistics_status in _LOGISTICS:
        return f"logistics_status {order.logistics_status}"
    sent = STATES.get(order.order_status) in {PurchaseState.DISPATCHED, PurchaseState.DELIVERED}
    return f"order_status {order.order_status}" if sent else ""


def _number(sent: _Sent) -> SaidNumber:
    """The service is AliExpress's product, not a carrier: it names none."""
    number = text(sent.logistics_no)
    return SaidNumber(text=number, role=Role.PLATFORM if _OWN.fullmatch(number) else Role.LOCAL)


def _words(order: _Order, ref: str) -> Iterator[Word]:
    if order.order_status not in STATES and order.order_status not in _ANY_STAGE:
        yield Word(text=order.order_status, sample=f"order {ref}")
    logistics = order.logistics_status or ""
    if logistics not in _LOGISTICS and logistics not in _NOT_SENT:
        yield Word(text=logistics, sample=f"order {ref}")


def _instant(said: str | None) -> datetime | None:
    """US Pacific time, where the text has no offset; None for what is no time."""
    try:
        at = datetime.fromisoformat((said or "").strip())
        return (at if at.tzinfo else at.replace(tzinfo=pacific())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def pacific() -> tzinfo:
    """Of the system's table of zones, read when first needed."""
    return ZoneInfo("America/Los_Angeles")
