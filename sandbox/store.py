"""The shop: WooCommerce REST v3 with the plugin Advanced Shipment Tracking, on plain http.

Pages of at most 100, OAuth 1.0a only, webhooks that are sent later and coalesced, a ping when one is created.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from math import ceil
from random import Random
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks
from sandbox.clock import Clock
from sandbox.faults import Faults, Handler, troubled
from sandbox.oauth import BadSignature, Gate
from sandbox.store_hooks import Hooks
from sandbox.store_order import StoreOrder, Tracking, tracking_from
from sandbox.store_wire import OWN_WORDS, Refusal, in_words, instant, listed, number, read_body

KEY = "ck_sandbox0000000000000000000000000000000001"
SECRET = "cs_sandbox0000000000000000000000000000000001"  # noqa: S105 - the demo's key, printed at start
PLUGINS = ("wc-shipment-tracking/v3", "wc-ast/v3")  # Advanced Shipment Tracking answers under both
STATUSES = {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "partial-shipped"}


class Store:
    """The shop's data and its API. ``connected`` is set by the first call that was let in."""

    def __init__(self, *, clock: Clock, faults: Faults, callbacks: Callbacks, random: Random) -> None:
        self.orders: dict[int, StoreOrder] = {}
        self.posts: Counter[tuple[int, str]] = Counter()  # accepted shipment-tracking POSTs by order and number
        self.connected = asyncio.Event()
        self.url = ""
        self._clock = clock
        self._faults = faults
        self._random = random
        self._gate = Gate(key=KEY, secret=SECRET, clock=clock)
        self.hooks = Hooks(clock=clock, callbacks=callbacks, shop=lambda: self.url, new_id=self._new_ref)

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[in_words, troubled(self._faults, "store", OWN_WORDS), self._let_in])
        app.add_routes(
            [
                web.get("/wp-json/", self._index),
                web.get("/wp-json/wc/v3/orders", self._list_orders),
                web.get("/wp-json/wc/v3/orders/{id}", self._get_order),
                web.put("/wp-json/wc/v3/orders/{id}", self._put_order),
                web.post("/wp-json/wc/v3/orders/{id}", self._put_order),
                *self.hooks.routes(),
            ]
        )
        for plugin in PLUGINS:
            every = f"/wp-json/{plugin}/orders/{{id}}/shipment-trackings"
            app.add_routes(
                [
                    web.get(every, self._list_trackings),
                    web.post(every, self._add_tracking),
                    web.get(every + "/{ref}", self._get_tracking),
                    web.delete(every + "/{ref}", self._delete_tracking),
                ]
            )
        return app

    def place(self, order: StoreOrder) -> None:
        """A buyer paid."""
        self.orders[order.id] = order
        self.hooks.tell("order.created", order)

    def forget(self, order: StoreOrder) -> None:
        """It is too long ago."""
        del self.orders[order.id]
        for key in [one for one in self.posts if one[0] == order.id]:
            del self.posts[key]

    def type_in(self, order: StoreOrder, number: str, provider: str, at: datetime) -> None:
        """The merchant types a number into the shop's own screen and completes the order."""
        body = {"tracking_provider": provider, "tracking_number": number}
        order.trackings[:] = [tracking_from(body, self._new_ref(), at)]
        order.set_status("completed", at)
        self.hooks.tell("order.updated", order)

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/wp-json/":
            return await handler(request)
        if not request.query.get("oauth_consumer_key") and not request.headers.get("Authorization", "").startswith(
            "OAuth"
        ):
            raise Refusal(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        try:
            self._gate.check(request)
        except BadSignature as problem:
            raise Refusal(401, "woocommerce_rest_authentication_error", str(problem)) from None
        self.connected.set()
        return await handler(request)

    async def _index(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "name": "Lantern & Thread",
                "description": "Small things, well made",
                "url": self.url,
                "home": self.url,
                "gmt_offset": "1",
                "timezone_string": "",
                "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", *PLUGINS, "wp/v2"],
                "authentication": [],
                "routes": {},
            }
        )

    # orders

    async def _list_orders(self, request: web.Request) -> web.Response:
        page, per_page = number(request, "page", 1, None), number(request, "per_page", 10, 100)
        found = [order for order in self.orders.values() if _wanted(order, request)]
        found.sort(key=_sort_key(request), reverse=request.query.get("order", "desc") == "desc")
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(ceil(len(found) / per_page))}
        shown = found[(page - 1) * per_page : page * per_page]
        return web.json_response([order.as_json(self.url) for order in shown], headers=headers)

    async def _get_order(self, request: web.Request) -> web.Response:
        return web.json_response(self._order(request).as_json(self.url))

    async def _put_order(self, request: web.Request) -> web.Response:
        order, body = self._order(request), await read_body(request)
        status = body.get("status", order.status)
        if status not in STATUSES:
            raise Refusal(400, "rest_invalid_param", "Invalid parameter(s): status", params={"status": "not allowed"})
        order.set_status(status, self._clock.now())
        self.hooks.tell("order.updated", order)
        return web.json_response(order.as_json(self.url))

    def _order(self, request: web.Request) -> StoreOrder:
        key = request.match_info["id"]
        if not key.isdigit() or int(key) not in self.orders:
            raise Refusal(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return self.orders[int(key)]

    # shipment tracking

    async def _list_trackings(self, request: web.Request) -> web.Response:
        return web.json_response([one.as_answer() for one in self._order(request).trackings])

    async def _get_tracking(self, request: web.Request) -> web.Response:
        return web.json_response(self._tracking(request).as_answer())

    async def _add_tracking(self, request: web.Request) -> web.Response:
        order, body = self._order(request), await read_body(request)
        now = self._clock.now()
        try:
            tracking = tracking_from(body, self._new_ref(), now)
        except ValueError as problem:
            raise Refusal(400, "rest_invalid_param", f"Invalid parameter(s): {problem}") from None
        if str(body.get("replace_tracking")) == "1":
            order.trackings.clear()
        order.trackings.append(tracking)
        self.posts[order.id, tracking.number] += 1
        self._mark_shipped(order, str(body.get("status_shipped", "0")), now)
        return web.json_response(tracking.as_answer(), status=201)

    def _mark_shipped(self, order: StoreOrder, shipped: str, now: datetime) -> None:
        """With the older order storage only a status change touches date_modified and fires the webhook."""
        status = {"1": "completed", "true": "completed", "True": "completed", "2": "partial-shipped"}.get(shipped)
        if status and status != order.status:
            order.set_status(status, now)
            self.hooks.tell("order.updated", order)

    async def _delete_tracking(self, request: web.Request) -> web.Response:
        tracking = self._tracking(request)
        self._order(request).trackings.remove(tracking)
        return web.json_response(tracking.as_answer())

    def _tracking(self, request: web.Request) -> Tracking:
        for tracking in self._order(request).trackings:
            if tracking.ref == request.match_info["ref"]:
                return tracking
        raise Refusal(404, "woocommerce_rest_order_shipment_tracking_invalid_id", "Invalid shipment tracking ID.")

    def _new_ref(self) -> str:
        return f"{self._random.getrandbits(128):032x}"


def _wanted(order: StoreOrder, request: web.Request) -> bool:
    query = request.query
    gmt = query.get("dates_are_gmt") in {"true", "1"}
    limits = (
        ("modified_after", order.modified_at, 1),
        ("modified_before", order.modified_at, -1),
        ("after", order.placed_at, 1),
        ("before", order.placed_at, -1),
    )
    for name, at, sign in limits:
        if query.get(name) and (at - instant(query[name], gmt=gmt)).total_seconds() * sign <= 0:
            return False
    ids, statuses = listed(request, "include"), listed(request, "status")
    return (not ids or str(order.id) in ids) and (not statuses or "any" in statuses or order.status in statuses)


def _sort_key(request: web.Request) -> Callable[[StoreOrder], Any]:
    keys: dict[str, Callable[[StoreOrder], Any]] = {
        "date": lambda order: (order.placed_at, order.id),
        "id": lambda order: order.id,
        "modified": lambda order: (order.modified_at, order.id),
    }
    orderby = request.query.get("orderby", "date")
    if orderby not in keys:
        raise Refusal(400, "rest_invalid_param", "Invalid parameter(s): orderby")
    return keys[orderby]
