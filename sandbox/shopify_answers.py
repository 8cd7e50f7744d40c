"""What the Shopify shop answers to queries: its orders as the fields of the schema."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from sandbox.shopify_order import Fulfillment, Json, Share, ShopifyLine, ShopifyOrder, gid, stamp

if TYPE_CHECKING:
    from sandbox.shopify import Shopify

PRIVATE = (
    "This app is not approved to access the {} field. See https://shopify.dev/docs/apps/launch/protected-customer-data"
)


class Answers:
    """Makes the fields of each object; those with arguments are functions."""

    def __init__(self, shop: "Shopify") -> None:
        self._shop = shop

    def fields(self) -> Json:
        """Of the query root."""
        return {
            "orders": self._orders,
            "order": lambda _, id: self._maybe(self._shop.order(id)),  # noqa: A006 - the schema's own name
            "fulfillment": lambda _, id: self._one_fulfillment(id),  # noqa: A006 - as above
            "shop": {
                "id": gid("Shop", 1),
                "name": "Lantern on Shopify",
                "myshopifyDomain": "lantern-thread.myshopify.com",
            },
            "currentAppInstallation": {
                "accessScopes": [{"handle": one} for one in self._shop.scopes.split(",") if one],
            },
            "webhookSubscriptions": lambda _, first=0, after=None, uri="", **how: connection(
                [one for one in self._shop.hooks.as_json() if not uri or one["uri"] == uri], first, after
            ),
        }

    def order(self, order: ShopifyOrder) -> Json:
        """One order."""
        lines = {one.id: self._line(order, one) for one in order.lines}
        return {
            "id": gid("Order", order.id),
            "legacyResourceId": str(order.id),
            "name": order.name,
            "email": self._private("email", order.buyer.email),
            "phone": self._private("phone", order.buyer.phone),
            "customerLocale": f"en-{order.buyer.country}",
            "createdAt": stamp(order.created_at),
            "updatedAt": stamp(order.updated_at),
            "cancelledAt": stamp(order.cancelled_at) if order.cancelled_at else None,
            "displayFinancialStatus": order.paid,
            "shippingAddress": self._address(order),
            "lineItems": lambda _, first=0, after=None, **how: connection(list(lines.values()), first, after),
            "fulfillments": lambda _, first=None, **how: [self.fulfillment(order, one) for one in order.fulfillments][
                :first
            ],
            "fulfillmentOrders": lambda _, first=0, after=None, **how: connection(
                [self._share(one, lines) for one in order.shares], first, after
            ),
        }

    def fulfillment(self, order: ShopifyOrder, one: Fulfillment) -> Json:
        """One fulfillment of an order."""
        lines = {line.id: self._line(order, line) for line in order.lines}
        urls = [*one.urls, *[None] * len(one.numbers)]
        tracking = [
            {"company": one.company or None, "number": number, "url": url}
            for number, url in zip(one.numbers, urls, strict=False)
        ]
        parts = [
            {"id": gid("FulfillmentLineItem", line), "quantity": quantity, "lineItem": lines[line]}
            for line, quantity in one.parts.items()
        ]
        return {
            "id": gid("Fulfillment", one.id),
            "legacyResourceId": str(one.id),
            "status": one.status,
            "displayStatus": one.shown,
            "createdAt": stamp(one.created_at),
            "trackingInfo": lambda _, first=None, **how: tracking[:first],
            "fulfillmentLineItems": lambda _, first=0, after=None, **how: connection(parts, first, after),
            "events": lambda _, first=0, after=None, reverse=False, **how: connection(
                _events(one, reverse), first, after
            ),
        }

    def find(self, ref: Any) -> tuple[ShopifyOrder, Fulfillment] | None:
        """A fulfillment by id as the API spells it, with its order."""
        for order in self._shop.orders:
            for one in order.fulfillments:
                if gid("Fulfillment", one.id) == str(ref):
                    return order, one
        return None

    def _maybe(self, order: ShopifyOrder | None) -> Json | None:
        return self.order(order) if order else None

    def _one_fulfillment(self, ref: Any) -> Json | None:
        found = self.find(ref)
        return self.fulfillment(*found) if found else None

    def _orders(self, _: Any, first: int = 0, after: str | None = None, query: str = "", **how: Any) -> Json:
        """``query`` knows ``updated_at`` only: ``>`` or ``>=`` an instant in quotes."""
        found = self._shop.orders
        if query:
            word, _, said = query.partition(":")
            if word != "updated_at":
                raise GraphQLError(f"this shop cannot search for {word}")
            since = datetime.fromisoformat(said.lstrip(">=").strip("'"))
            found = [one for one in found if one.updated_at >= since]
        by = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at", "PROCESSED_AT": "created_at", "ID": "id"}
        found = sorted(found, key=lambda one: (getattr(one, by[how["sortKey"]]), one.id), reverse=how["reverse"])
        return connection([self.order(one) for one in found], first, after)

    def _private(self, name: str, value: Any) -> Any:
        """Personal data: null and an error beside the data, for an app that may not see it."""
        return value if self._shop.shows_buyers else _refuse(name)

    def _address(self, order: ShopifyOrder) -> Json:
        who = order.buyer
        return {
            "name": self._private("name", f"{who.first} {who.last}"),
            "city": who.city,
            "zip": who.postcode,
            "countryCodeV2": who.country,
            "phone": self._private("phone", who.phone),
        }

    def _line(self, order: ShopifyOrder, line: ShopifyLine) -> Json:
        return {
            "id": gid("LineItem", line.id),
            "sku": line.sku,
            "name": line.title,
            "quantity": line.quantity,
            "currentQuantity": line.quantity - line.removed,
            "unfulfilledQuantity": order.unsent(line),
            "requiresShipping": line.ships,
        }

    def _share(self, share: Share, lines: dict[int, Json]) -> Json:
        can = ["CREATE_FULFILLMENT"] if share.status in {"OPEN", "IN_PROGRESS"} and share.ours else []
        can += ["RELEASE_HOLD"] if share.status == "ON_HOLD" else []
        parts = [
            {
                "id": gid("FulfillmentOrderLineItem", share.line_ids[line]),
                "remainingQuantity": left,
                "requiresShipping": lines[line]["requiresShipping"],
                "lineItem": lines[line],
            }
            for line, left in share.left.items()
        ]
        return {
            "id": gid("FulfillmentOrder", share.id),
            "status": share.status,
            "fulfillAt": None,
            "supportedActions": [{"action": one} for one in can],
            "assignedLocation": {"location": {"id": gid("Location", share.location)}},
            "lineItems": lambda _, first=0, after=None, **how: connection(parts, first, after),
        }


def connection(nodes: Sequence[Json], first: int, after: str | None) -> Json:
    """A page. Shopify insists on a size."""
    if not first:
        raise GraphQLError("you must provide one of first or last")
    begin = int(after) if after else 0
    page = list(nodes[begin : begin + first])
    more = begin + first < len(nodes)
    return {"nodes": page, "pageInfo": {"hasNextPage": more, "endCursor": str(begin + len(page)) if page else None}}


def _events(one: Fulfillment, reverse: bool) -> list[Json]:
    told = sorted(one.events, key=lambda event: event[2], reverse=reverse)
    return [{"id": gid("FulfillmentEvent", ref), "status": word, "happenedAt": stamp(at)} for ref, word, at in told]


def _refuse(name: str) -> Callable[[Any], None]:
    def refuse(_: Any) -> None:
        raise GraphQLError(PRIVATE.format(name), extensions={"code": "ACCESS_DENIED"})

    return refuse
