"""What of a Shopify order a shipment takes: lines of its fulfillment orders, those of one location together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from doorstep.connectors.contract import Refused, Shipment
from doorstep.connectors.stores.shopify_admin.orders import FulfillmentShape, LineRef, OrderShape, TrackingShape, tail
from doorstep.core.channel import carrier_name, channel
from doorstep.core.message import Message
from doorstep.core.number import carriers

_OPEN = frozenset({"OPEN", "IN_PROGRESS"})


class _Page(msgspec.Struct, rename="camel"):
    has_next_page: bool = False


class _Line(msgspec.Struct, rename="camel"):
    id: str
    remaining_quantity: int
    line_item: LineRef
    requires_shipping: bool = True


class _Lines(msgspec.Struct, rename="camel"):
    nodes: list[_Line]
    page_info: _Page


class _Action(msgspec.Struct):
    action: str


class _Location(msgspec.Struct):
    location: LineRef | None = None


class FulfillmentOrder(msgspec.Struct, rename="camel"):
    id: str
    status: str
    line_items: _Lines
    supported_actions: list[_Action] = []
    assigned_location: _Location = msgspec.field(default_factory=_Location)
    fulfill_at: str | None = None

    @property
    def open(self) -> bool:
        can = {one.action for one in self.supported_actions}
        return self.status in _OPEN and "CREATE_FULFILLMENT" in can

    @property
    def left(self) -> list[_Line]:
        """What of it a parcel can hold."""
        return [one for one in self.line_items.nodes if one.remaining_quantity > 0 and one.requires_shipping]


class _Orders(msgspec.Struct):
    nodes: list[FulfillmentOrder]


class Held(msgspec.Struct, rename="camel"):
    fulfillment_orders: _Orders


@dataclass(slots=True)
class Wanted:
    """Lines and quantities still to be given; None = everything that is left."""

    left: dict[str, int] | None

    @property
    def done(self) -> bool:
        return self.left is not None and not any(self.left.values())

    def take(self, line: str, most: int) -> int:
        if self.left is None:
            return most
        taken = min(self.left.get(line, 0), most)
        if taken:
            self.left[line] -= taken
        return taken


def wanted(shipment: Shipment, already: Iterable[FulfillmentShape]) -> Wanted:
    """What the shipment holds, less what fulfillments with its number hold ``already`` (of an interrupted push)."""
    left: dict[str, int] = {}
    for one in shipment.contents:
        left[one.line] = left.get(one.line, 0) + one.qty
    for part in (part for one in already for part in one.contents()):
        if part.line in left:
            left[part.line] = max(0, left[part.line] - part.qty)
    return Wanted(left if shipment.contents else None)


def allot(orders: Sequence[FulfillmentOrder], want: Wanted) -> list[list[dict[str, object]]]:
    """``lineItemsByFulfillmentOrder`` of each fulfillment to be made: Shopify makes one for one location only."""
    by_location: dict[str, list[dict[str, object]]] = {}
    for order in (one for one in orders if one.open):
        taken = [(line.id, want.take(tail(line.line_item.id), line.remaining_quantity)) for line in order.left]
        lines = [{"id": line, "quantity": qty} for line, qty in taken if qty]
        if not lines:
            continue
        part: dict[str, object] = {"fulfillmentOrderId": order.id}
        if want.left is not None or not order.line_items.page_info.has_next_page:
            part["fulfillmentOrderLineItems"] = lines  # without them Shopify takes all: more than a page shows
        location = order.assigned_location.location
        by_location.setdefault(location.id if location else "", []).append(part)
    return list(by_location.values())


def why_nothing(orders: Sequence[FulfillmentOrder]) -> Refused:
    """Why nothing of an order can be shipped now."""
    stuck = [one for one in orders if one.left and not one.open]
    held = next((one for one in stuck if one.status == "ON_HOLD"), None)
    later = next((one for one in stuck if one.status == "SCHEDULED"), None)
    if held:
        return Refused("on hold", message=Message(id="shopify.on_hold"))
    if later:
        return Refused("scheduled", message=Message(id="shopify.scheduled", values={"at": later.fulfill_at or "?"}))
    if any(one.status in _OPEN for one in stuck):
        return Refused("another service fulfills it", message=Message(id="shopify.not_ours"))
    return Refused("nothing left to ship", message=Message(id="stores.nothing_left"))


def host(order: OrderShape, shipment: Shipment) -> FulfillmentShape | None:
    """The one fulfillment that can take the number of a shipment whose lines are fulfilled already: made without a
    number, or several boxes with one carrier (Shopify keeps one carrier for all numbers of a fulfillment).
    """
    lines = {one.line for one in shipment.contents}
    fitting = [one for one in order.standing if not lines or lines & {part.line for part in one.contents()}]
    bare = [one for one in fitting if not one.numbered]
    if len(bare) == 1:
        return bare[0]
    alike = [one for one in fitting if len(fitting) == 1 and same_carrier(one.numbered, shipment)]
    return alike[0] if alike else None


def same_carrier(there: Iterable[TrackingShape], shipment: Shipment) -> bool:
    return all((one.company or "").casefold() == shipment.carrier_name.casefold() for one in there)


def tracking(kept: Sequence[TrackingShape], shipment: Shipment | None) -> Mapping[str, object]:
    """Numbers as Shopify takes them. It makes the links of carriers on its list itself; for others ours are given, if
    there is one for each number.
    """
    company = shipment.carrier_name if shipment else next((one.company for one in kept if one.company), "") or ""
    numbers = [(one.number or "", one.url or "") for one in kept]
    if shipment:
        numbers.append((shipment.number, shipment.url))
    given: dict[str, object] = {"numbers": [number for number, _ in numbers]}
    if company:
        given["company"] = company
    urls = [url for _, url in numbers]
    if urls and all(urls) and company not in _listed():
        given["urls"] = urls
    return given


def _listed() -> frozenset[str]:
    """Names that Shopify knows."""
    there = channel("shopify")
    named = (carrier_name(there, one.code) for one in carriers())
    return frozenset(one.field for one in named if one.listed)
