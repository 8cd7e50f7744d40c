"""Giving numbers to Shopify's orders, changing them, taking them back, and telling where a parcel is."""

from collections.abc import Mapping
from datetime import UTC
from typing import Final

import msgspec

from doorstep.connectors.answers import bare, convert, instant, text
from doorstep.connectors.contract import Account, Broken, Flow, Moved, NotFound, Pushed, Refused, Shipment
from doorstep.connectors.stores.shopify_admin import documents, shipping, wire
from doorstep.connectors.stores.shopify_admin.orders import FulfillmentShape, OrderShape, cut
from doorstep.core.message import Message
from doorstep.core.status import Status

# Where a parcel is, in Shopify's words. An exception is not told: it may be a failure or a delay.
EVENTS: Final[Mapping[Status, str]] = {
    Status.INFO_RECEIVED: "LABEL_PRINTED",
    Status.PICKED_UP: "CARRIER_PICKED_UP",
    **dict.fromkeys((Status.IN_TRANSIT, Status.CUSTOMS, Status.ARRIVED), "IN_TRANSIT"),
    Status.OUT_FOR_DELIVERY: "OUT_FOR_DELIVERY",
    Status.AVAILABLE_FOR_PICKUP: "READY_FOR_PICKUP",
    Status.ATTEMPT_FAILED: "ATTEMPTED_DELIVERY",
    Status.DELIVERED: "DELIVERED",
    **dict.fromkeys((Status.RETURNING, Status.RETURNED), "FAILURE"),
}


class _Event(msgspec.Struct, rename="camel"):
    status: str
    happened_at: str


class _Events(msgspec.Struct):
    nodes: list[_Event]


class _Told(msgspec.Struct):
    events: _Events


class _Number(msgspec.Struct):
    number: str | None = None


class _Made(msgspec.Struct, rename="camel"):
    legacy_resource_id: str
    tracking_info: list[_Number] = []


def push(account: Account, shipment: Shipment) -> Flow[Pushed]:
    """Looks first: a repetition adds nothing, and one that was interrupted is finished. An edit puts the number in
    the place of ``former``.
    """
    order = yield from fetch(account, shipment.order)
    if order.cancelled_at:
        raise Refused("cancelled", message=Message(id="stores.order_cancelled"))
    already = [one for one in order.standing if _has(one, shipment.number)]
    if shipment.replaces:
        yield from _replace(account, order, shipment, done=bool(already))
        return Pushed(ref=shipment.replaces)
    want = shipping.wanted(shipment, already)
    if already and (want.done or not order.left):
        return Pushed(ref=already[0].legacy_resource_id)
    answer = yield wire.ask(account, documents.OPEN, {"id": wire.gid("Order", shipment.order)})
    held = convert(wire.data(answer).get("order"), shipping.Held).fulfillment_orders.nodes
    parts = shipping.allot(held, want)
    if not parts and not already:
        return (yield from _join(account, order, shipment, shipping.why_nothing(held)))
    refs = [one.legacy_resource_id for one in already]
    for part in parts:
        ref = yield from _ship(account, shipment, part)
        refs.append(ref)
    short = Message(id="shopify.part_only", values={"number": shipment.number})
    return Pushed(ref=refs[0], notes=() if want.left is None or want.done else (short,))


def withdraw(account: Account, order: str, ref: str) -> Flow[None]:
    """Cancels the fulfillment; one that is cancelled already is fine."""
    found = yield from fetch(account, order)
    there = next((one for one in found.standing if one.legacy_resource_id == ref), None)
    if there and len(there.numbered) > 1:
        raise Refused("several numbers", message=Message(id="shopify.several_numbers"))
    if there:
        cancel = wire.ask(account, documents.CANCEL, {"id": wire.gid("Fulfillment", ref)}, changes=True)
        wire.result((yield cancel), "fulfillmentCancel")


def tell(account: Account, moved: Moved) -> Flow[None]:
    """Adds an event, unless it is there already. What Shopify has no word for is not told."""
    word = EVENTS.get(moved.status)
    if not word:
        return
    ref, at = wire.gid("Fulfillment", moved.ref), moved.at.astimezone(UTC).replace(microsecond=0)
    found = wire.data((yield wire.ask(account, documents.EVENTS, {"id": ref}))).get("fulfillment")
    if found is None:
        raise NotFound(moved.ref, message=Message(id="stores.not_found", values={"said": moved.ref}))
    if (word, at) in {(one.status, instant(one.happened_at)) for one in convert(found, _Told).events.nodes}:
        return
    event = {"fulfillmentId": ref, "status": word, "happenedAt": at.isoformat().replace("+00:00", "Z")}
    event |= {name: said for name, said in (("city", moved.city), ("country", moved.country)) if said}
    wire.result((yield wire.ask(account, documents.TELL, {"event": event}, changes=True)), "fulfillmentEventCreate")


def fetch(account: Account, ref: str) -> Flow[OrderShape]:
    variables = {"id": wire.gid("Order", ref), **documents.ALONE}
    found = wire.data((yield wire.ask(account, documents.ORDER, variables))).get("order")
    if found is None:
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    order = convert(found, OrderShape)
    if cut(order, alone=True):
        raise Refused("too large", message=Message(id="shopify.too_large"))
    return order


def _ship(account: Account, shipment: Shipment, part: list[dict[str, object]]) -> Flow[str]:
    """One fulfillment; returns its id."""
    made: dict[str, object] = {"lineItemsByFulfillmentOrder": part, "notifyCustomer": shipment.notify}
    made["trackingInfo"] = shipping.tracking([], shipment)
    answer = yield wire.ask(account, documents.SHIP, {"fulfillment": made}, changes=True)
    return _kept(wire.result(answer, "fulfillmentCreate"), shipment.number)


def _renumber(account: Account, ref: str, tracking: Mapping[str, object], shipment: Shipment) -> Flow[None]:
    """The numbers of a fulfillment, all of them: Shopify forgets those that are not among them."""
    variables = {"id": wire.gid("Fulfillment", ref), "tracking": tracking, "notify": shipment.notify}
    answer = yield wire.ask(account, documents.RENUMBER, variables, changes=True)
    _kept(wire.result(answer, "fulfillmentTrackingInfoUpdate"), shipment.number)


def _replace(account: Account, order: OrderShape, shipment: Shipment, *, done: bool) -> Flow[None]:
    there = next((one for one in order.standing if one.legacy_resource_id == shipment.replaces), None)
    former = bare(shipment.former)
    kept = [one for one in there.numbered if bare(one.number or "") != former] if there else []
    if there and done and len(kept) == len(there.numbered):
        return
    if there is None or (there.numbered and len(kept) == len(there.numbered)):
        raise NotFound(message=Message(id="stores.replaced_gone"))
    kept = [one for one in kept if bare(one.number or "") != bare(shipment.number)]
    if not shipping.same_carrier(kept, shipment):
        raise Refused("one carrier", message=Message(id="shopify.one_carrier"))
    yield from _renumber(account, shipment.replaces, shipping.tracking(kept, shipment), shipment)


def _join(account: Account, order: OrderShape, shipment: Shipment, why_not: Refused) -> Flow[Pushed]:
    """Gives the number to a fulfillment that somebody made already, where that is clear; else raises ``why_not``."""
    host = shipping.host(order, shipment)
    if host is None:
        raise why_not
    yield from _renumber(account, host.legacy_resource_id, shipping.tracking(host.numbered, shipment), shipment)
    return Pushed(ref=host.legacy_resource_id)


def _has(fulfillment: FulfillmentShape, number: str) -> bool:
    return any(bare(one.number or "") == bare(number) for one in fulfillment.numbered)


def _kept(found: Mapping[str, object], number: str) -> str:
    """The id of the fulfillment that now has the number."""
    made = convert(found.get("fulfillment"), _Made)
    if not any(bare(text(one.number)) == bare(number) for one in made.tracking_info):
        raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
    return made.legacy_resource_id
