"""What the Shopify shop lets an app change, and how it declines."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock
from sandbox.shopify_answers import Answers
from sandbox.shopify_order import Json, Share, ShopifyOrder, UserError, gid, new_id

if TYPE_CHECKING:
    from sandbox.shopify import Shopify


class Changes:
    """The mutations."""

    def __init__(self, shop: "Shopify", answers: Answers, clock: Clock) -> None:
        self._shop = shop
        self._answers = answers
        self._clock = clock

    def fields(self) -> Json:
        """Of the mutation root."""
        return {
            "fulfillmentCreate": _politely("fulfillment", self._create),
            "fulfillmentTrackingInfoUpdate": _politely("fulfillment", self._renumber),
            "fulfillmentCancel": _politely("fulfillment", self._cancel),
            "fulfillmentEventCreate": _politely("fulfillmentEvent", self._tell),
            "webhookSubscriptionCreate": _politely("webhookSubscription", self._subscribe),
        }

    def _create(self, fulfillment: Json, **_: Any) -> Json:
        asked = fulfillment["lineItemsByFulfillmentOrder"]
        order = self._order_of(asked)
        taken = {share.id: _parts(share, one) for one in asked for share in order.shares if _is(share, one)}
        if len(taken) < len(asked):
            raise UserError("Fulfillment order does not exist.", "fulfillment")
        made = order.fulfill(taken, self._clock.now())
        made.renumber(fulfillment.get("trackingInfo") or {})
        made.notified += bool(fulfillment["notifyCustomer"])
        self._shop.touched(order)
        self._shop.hooks.tell("FULFILLMENTS_CREATE", order)
        return self._answers.fulfillment(order, made)

    def _order_of(self, asked: list[Json]) -> ShopifyOrder:
        for order in self._shop.orders:
            if any(_is(share, one) for share in order.shares for one in asked):
                return order
        raise UserError("Fulfillment order does not exist.", "fulfillment")

    def _renumber(self, fulfillmentId: str, trackingInfoInput: Json, notifyCustomer: bool = False) -> Json:  # noqa: N803 - the schema's own names
        order, one = self._found(fulfillmentId)
        if one.status == "CANCELLED":
            raise UserError("Fulfillment is cancelled.", "fulfillmentId")
        one.renumber(trackingInfoInput)
        one.notified += notifyCustomer
        self._shop.touched(order)
        self._shop.hooks.tell("FULFILLMENTS_UPDATE", order)
        return self._answers.fulfillment(order, one)

    def _cancel(self, id: str) -> Json:  # noqa: A002 - the schema's own name
        order, one = self._found(id)
        order.cancel(one)
        self._shop.touched(order)
        return self._answers.fulfillment(order, one)

    def _tell(self, fulfillmentEvent: Json) -> Json:  # noqa: N803 - the schema's own name
        order, one = self._found(fulfillmentEvent["fulfillmentId"])
        said = fulfillmentEvent.get("happenedAt")
        at = datetime.fromisoformat(said) if said else self._clock.now()
        one.events.append((new_id(), fulfillmentEvent["status"], at))
        self._shop.touched(order)
        ref, word, _ = one.events[-1]
        return {"id": gid("FulfillmentEvent", ref), "status": word, "happenedAt": at.isoformat()}

    def _subscribe(self, topic: str, webhookSubscription: Json) -> Json:  # noqa: N803 - the schema's own name
        uri = webhookSubscription.get("uri") or ""
        if not uri.startswith("http"):
            raise UserError("Address is invalid", "webhookSubscription", "callbackUrl")
        return self._shop.hooks.subscribe(topic, uri, webhookSubscription.get("includeFields"))

    def _found(self, ref: str) -> Any:
        found = self._answers.find(ref)
        if found is None:
            raise UserError("Fulfillment does not exist.", "id")
        return found


def _is(share: Share, asked: Json) -> bool:
    return bool(asked["fulfillmentOrderId"] == gid("FulfillmentOrder", share.id))


def _parts(share: Share, asked: Json) -> dict[int, int]:
    """Quantities by line. Without lines, all that is left."""
    if asked.get("fulfillmentOrderLineItems") is None:
        return {line: left for line, left in share.left.items() if left}
    lines = {gid("FulfillmentOrderLineItem", ref): line for line, ref in share.line_ids.items()}
    wanted = {one["id"]: one["quantity"] for one in asked["fulfillmentOrderLineItems"]}
    if not set(wanted) <= set(lines):
        raise UserError("Fulfillment order line item does not exist.", "fulfillment")
    return {lines[ref]: quantity for ref, quantity in wanted.items()}


def _politely(name: str, change: Callable[..., Json]) -> Callable[..., Json]:
    """A refusal is an answer."""

    def answer(_: Any, **arguments: Any) -> Json:
        try:
            return {name: change(**arguments), "userErrors": []}
        except UserError as problem:
            error = {"field": problem.field or None, "message": str(problem)}
            return {name: None, "userErrors": [error]}

    return answer
