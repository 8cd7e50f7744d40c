"""Printful's orders (API v1, which names the tracking numbers) as purchases, and its shipments (API v2, which names the
scans) as tracks. One bad order never spoils a page.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import text
from doorstep.connectors.bought import Box, decoded, each, parted, together, trouble
from doorstep.connectors.contract import Answer, Facts, Word
from doorstep.connectors.scans import Meaning, Reader, day, scan
from doorstep.core.event import TrackingEvent, when
from doorstep.core.order import (
    Purchase,
    PurchaseLine,
    PurchaseState,
    Role,
    SaidNumber,
    Track,
    TrackAnswer,
)
from doorstep.core.status import Status

LABEL: Final = "Printful"
STATES: Final = {
    "draft": PurchaseState.UNPAID,
    "failed": PurchaseState.UNPAID,  # not accepted: the address, the files or the payment has to be mended
    "pending": PurchaseState.PAID,
    "onhold": PurchaseState.PAID,
    "inprocess": PurchaseState.PAID,
    "partial": PurchaseState.DISPATCHED,
    "fulfilled": PurchaseState.DISPATCHED,
    "canceled": PurchaseState.CANCELLED,
}
# delivery_status of a shipment
STATUSES: Final = {
    "unknown": Status.UNKNOWN,
    "pre_transit": Status.INFO_RECEIVED,
    "in_transit": Status.IN_TRANSIT,
    "out_for_delivery": Status.OUT_FOR_DELIVERY,
    "available_for_pickup": Status.AVAILABLE_FOR_PICKUP,
    "delivered": Status.DELIVERED,
    "return_to_sender": Status.RETURNING,
    "failure": Status.EXCEPTION,
    "canceled": Status.CANCELLED,
}
UNSEEN: Final = frozenset({"pre_transit", "out_for_delivery", "available_for_pickup", "return_to_sender", "failure"})
Loose = str | int | None


class _Item(msgspec.Struct):
    id: int
    quantity: int = 0
    external_id: Loose = None
    sku: str | None = None
    name: str | None = None


class _Packed(msgspec.Struct):
    item_id: int
    quantity: int = 0


class _Shipped(msgspec.Struct):
    id: int
    carrier: str | None = None
    service: str | None = None
    tracking_number: Loose = None
    tracking_url: str | None = None
    shipped_at: int | None = None
    items: list[_Packed] | None = None


class Order(msgspec.Struct):
    """An order of the list or alone (v1)."""

    id: int
    status: str
    external_id: Loose = None
    shipping: str | None = None
    created: int | None = None
    updated: int | None = None
    items: list[_Item] | None = None
    shipments: list[_Shipped] | None = None


class _Error(msgspec.Struct):
    message: str | None = None


class _Bad(msgspec.Struct):
    result: object = None
    error: _Error | None = None


class _Page(msgspec.Struct):
    result: list[msgspec.Raw]


class _One(msgspec.Struct):
    result: Order


class _Scan(msgspec.Struct):
    triggered_at: str | None = None
    description: str | None = None


class _Estimate(msgspec.Struct):
    from_date: str | None = None
    to_date: str | None = None


class _Shipment(msgspec.Struct):
    id: int
    delivery_status: str | None = None
    delivered_at: str | None = None
    tracking_events: list[_Scan] | None = None
    estimated_delivery: _Estimate | None = None


class _Shipments(msgspec.Struct):
    data: list[msgspec.Raw]


def good(answer: Answer) -> Answer:
    """The answer, unless it is trouble."""
    try:
        bad = msgspec.json.decode(answer.body, type=_Bad)
        said = (bad.error and bad.error.message) or (text(bad.result) if answer.status >= 400 else "")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = ""
    if problem := trouble(answer, said, LABEL):
        raise problem
    return answer


def page(answer: Answer) -> list[Order]:
    """The orders of a page that can be read."""
    return _page(answer)[0]


def count(answer: Answer) -> int:
    """How many orders a page has, readable or not."""
    orders, bad = _page(answer)
    return len(orders) + len(bad)


def one(answer: Answer) -> Order:
    """One order. Raises NotFound."""
    return decoded(good(answer), _One, LABEL).result


def placed(order: Order) -> datetime | None:
    """When it was made."""
    return _instant(order.created)


def numbers(order: Order) -> Mapping[str, str]:
    """Tracking numbers by shipment."""
    named = ((str(shipped.id), text(shipped.tracking_number)) for shipped in order.shipments or ())
    return {ref: number for ref, number in named if number}


def on_its_way(order: Order, since: datetime) -> bool:
    """Whether something of it with a number was shipped since."""
    times = (_instant(one.shipped_at) for one in order.shipments or () if text(one.tracking_number))
    return any(at and at > since for at in times)


def purchases(answer: Answer) -> Facts:
    """Of a page."""
    orders, bad = _page(answer)
    return together((_read(order) for order in orders), bad)


def purchase(answer: Answer) -> Facts:
    """Of one order."""
    return _read(one(answer))


def tracks(answer: Answer) -> Facts:
    """Of the shipments of one order; the context has their numbers by id, v2 does not name them."""
    shipments, bad = each(decoded(good(answer), _Shipments, LABEL).data, _Shipment, "shipment")
    return together((_tracked(one, answer.context.get(str(one.id), "")) for one in shipments), bad)


def _page(answer: Answer) -> tuple[list[Order], list[str]]:
    return each(decoded(good(answer), _Page, LABEL).result, Order, "order")


def _read(order: Order) -> Facts:
    whole = Purchase(
        ref=str(order.id),
        lines=tuple(_line(order, item) for item in order.items or ()),
        state=STATES.get(order.status, PurchaseState.UNKNOWN),
        updated_at=_instant(order.updated),
        method=order.shipping or "",
        ordered_at=_instant(order.created),
        dispatch_evidence=f"status {order.status}" if order.status in {"partial", "fulfilled"} else "",
    )
    shipped = sorted(order.shipments or (), key=lambda one: one.id)
    boxes = [_box(one) for one in shipped if one.shipped_at or text(one.tracking_number)]
    words = () if order.status in STATES else (Word(text=order.status, sample=f"order {order.id}"),)
    return Facts(purchases=parted(whole, boxes), words=words)


def _line(order: Order, item: _Item) -> PurchaseLine:
    return PurchaseLine(
        ref=str(item.id),
        order=text(order.external_id),
        qty=item.quantity,
        line=text(item.external_id),
        sku=item.sku or "",
        title=item.name or "",
    )


def _box(shipped: _Shipped) -> Box:
    """A number without a time of shipping is a label that waits."""
    number = text(shipped.tracking_number)
    link, carrier = shipped.tracking_url or "", shipped.carrier or ""
    said = SaidNumber(text=number, role=Role.LOCAL, carrier=carrier, url=link)
    at = _instant(shipped.shipped_at)
    return Box(
        contents={str(one.item_id): one.quantity for one in shipped.items} if shipped.items else None,
        numbers=(said,) if number else (),
        state=PurchaseState.DISPATCHED if at else PurchaseState.PAID,
        method=shipped.service or "",
        dispatched_at=at,
        evidence=f"shipped_at {at.isoformat()}" if at else "",
    )


def _tracked(said: _Shipment, number: str) -> Facts:
    """The scans; without any, Printful's own word for where the parcel is."""
    if not number:
        return Facts()
    reader, estimate = Reader("printful"), said.estimated_delivery or _Estimate()
    scans = said.tracking_events or []
    newest_first = len(scans) > 1 and (scans[0].triggered_at or "") > (scans[-1].triggered_at or "")
    told = reader.scans(number, scans, lambda one: _scan(reader, one), newest_first=newest_first)
    word = said.delivery_status or ""
    if word not in STATUSES:
        reader.strange(word, number)
    elif word != "unknown" and not any(one.status is STATUSES[word] for one in told):
        told += _own_word(said, word, len(told))
    track = Track(
        number=number,
        answer=TrackAnswer.EVENTS if told else TrackAnswer.NOTHING,
        events=told,
        complete=False,
        eta_from=day(estimate.from_date),
        eta_to=day(estimate.to_date),
    )
    return reader.facts([track])


def _scan(reader: Reader, said: _Scan) -> TrackingEvent:
    words = (said.description or "").strip()
    return scan("printful", when(said.triggered_at or ""), reader.meaning({}, "", words, language="en"), text=words)


def _own_word(said: _Shipment, word: str, position: int) -> tuple[TrackingEvent, ...]:
    """Beside scans only "delivered" counts, which has a time; the others may be older than the last scan."""
    try:
        at = when((said.delivered_at or "") if word == "delivered" else "")
    except ValueError:
        at = when("")
    if position and at.instant is None:
        return ()
    event = scan("printful", at, Meaning(STATUSES[word]), text=word, code=word)
    return (replace(event, position=position),)


def _instant(seconds: int | None) -> datetime | None:
    """Seconds since 1970; None for what no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
