"""The shop: WooCommerce REST v3 with the Shipment Tracking plugin, on plain http.

Pages of at most 100, OAuth 1.0a only, webhooks that are sent later and coalesced, a ping when one is created.
"""

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from random import Random
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults, Handler, troubled
from sandbox.oauth import Gate, SignatureError
from sandbox.store_order import SHOP_ZONE, Json, StoreOrder, Tracking, moment, tracking_from

KEY = "ck_sandbox0000000000000000000000000000000001"
SECRET = "cs_sandbox0000000000000000000000000000000001"  # noqa: S105 - the demo's key, printed at start
TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
STATUSES = {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "partial-shipped"}
COALESCE_SECONDS = 0.2
FAILURES_ALLOWED = 5  # after more consecutive ones WooCommerce disables the webhook


@dataclass(slots=True, kw_only=True)
class Hook:
    """A registered webhook."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created_at: datetime
    status: str = "active"
    failures: int = 0

    def as_json(self) -> Json:
        """As the API answers. The secret is never shown."""
        resource, _, event = self.topic.partition(".")
        when = {"date_created": moment(self.created_at, SHOP_ZONE), "date_created_gmt": moment(self.created_at, UTC)}
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "topic": self.topic,
            "resource": resource,
            "event": event,
            "hooks": ["woocommerce_update_order" if event == "updated" else "woocommerce_new_order"],
            "delivery_url": self.delivery_url,
            **when,
            "date_modified": when["date_created"],
            "date_modified_gmt": when["date_created_gmt"],
        }


class RefusedError(Exception):
    """An error in WordPress's shape."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status, **more}}


class Store:
    """The shop's data and its API. ``connected`` is set by the first call that was let in."""

    def __init__(self, *, clock: Clock, faults: Faults, callbacks: Callbacks, random: Random) -> None:
        self.orders: dict[int, StoreOrder] = {}
        self.posts: Counter[tuple[int, str]] = Counter()  # accepted shipment-tracking POSTs by order and number
        self.connected = asyncio.Event()
        self.url = ""
        self._clock = clock
        self._faults = faults
        self._callbacks = callbacks
        self._random = random
        self._gate = Gate(key=KEY, secret=SECRET, clock=clock)
        self._hooks: dict[int, Hook] = {}
        self._waiting: dict[tuple[int, int], asyncio.TimerHandle] = {}

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[_in_words, troubled(self._faults, "store", OWN_WORDS), self._let_in])
        app.add_routes(
            [
                web.get("/wp-json/", self._index),
                web.get("/wp-json/wc/v3/orders", self._list_orders),
                web.get("/wp-json/wc/v3/orders/{id}", self._get_order),
                web.put("/wp-json/wc/v3/orders/{id}", self._put_order),
                web.post("/wp-json/wc/v3/orders/{id}", self._put_order),
                web.get("/wp-json/wc/v3/webhooks", self._list_hooks),
                web.post("/wp-json/wc/v3/webhooks", self._add_hook),
                web.get("/wp-json/wc/v3/webhooks/{id}", self._get_hook),
                web.put("/wp-json/wc/v3/webhooks/{id}", self._put_hook),
                web.delete("/wp-json/wc/v3/webhooks/{id}", self._delete_hook),
            ]
        )
        trackings = "/wp-json/wc-shipment-tracking/v3/orders/{id}/shipment-trackings"
        app.add_routes(
            [
                web.get(trackings, self._list_trackings),
                web.post(trackings, self._add_tracking),
                web.get(trackings + "/{ref}", self._get_tracking),
                web.delete(trackings + "/{ref}", self._delete_tracking),
            ]
        )
        return app

    def place(self, order: StoreOrder) -> None:
        """A buyer paid."""
        self.orders[order.id] = order
        self._tell("order.created", order)

    def type_in(self, order: StoreOrder, number: str, provider: str, at: datetime) -> None:
        """The merchant types a number into the shop's own screen and completes the order."""
        body = {"tracking_provider": provider, "tracking_number": number}
        order.trackings[:] = [tracking_from(body, self._new_ref(), at)]
        order.set_status("completed", at)
        self._tell("order.updated", order)

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/wp-json/":
            return await handler(request)
        if not request.query.get("oauth_consumer_key") and not request.headers.get("Authorization", "").startswith(
            "OAuth"
        ):
            raise RefusedError(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        try:
            self._gate.check(request)
        except SignatureError as problem:
            raise RefusedError(401, "woocommerce_rest_authentication_error", str(problem)) from None
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
                "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc-shipment-tracking/v3", "wp/v2"],
                "authentication": [],
                "routes": {},
            }
        )

    # orders

    async def _list_orders(self, request: web.Request) -> web.Response:
        page, per_page = _number(request, "page", 1, None), _number(request, "per_page", 10, 100)
        found = [order for order in self.orders.values() if _wanted(order, request)]
        found.sort(key=_sort_key(request), reverse=request.query.get("order", "desc") == "desc")
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(ceil(len(found) / per_page))}
        shown = found[(page - 1) * per_page : page * per_page]
        return web.json_response([order.as_json(self.url) for order in shown], headers=headers)

    async def _get_order(self, request: web.Request) -> web.Response:
        return web.json_response(self._order(request).as_json(self.url))

    async def _put_order(self, request: web.Request) -> web.Response:
        order, body = self._order(request), await _body(request)
        status = body.get("status", order.status)
        if status not in STATUSES:
            raise RefusedError(
                400, "rest_invalid_param", "Invalid parameter(s): status", params={"status": "not allowed"}
            )
        order.set_status(status, self._clock.now())
        self._tell("order.updated", order)
        return web.json_response(order.as_json(self.url))

    def _order(self, request: web.Request) -> StoreOrder:
        key = request.match_info["id"]
        if not key.isdigit() or int(key) not in self.orders:
            raise RefusedError(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return self.orders[int(key)]

    # shipment tracking

    async def _list_trackings(self, request: web.Request) -> web.Response:
        return web.json_response([one.as_answer() for one in self._order(request).trackings])

    async def _get_tracking(self, request: web.Request) -> web.Response:
        return web.json_response(self._tracking(request).as_answer())

    async def _add_tracking(self, request: web.Request) -> web.Response:
        order, body = self._order(request), await _body(request)
        now = self._clock.now()
        try:
            tracking = tracking_from(body, self._new_ref(), now)
        except ValueError as problem:
            raise RefusedError(400, "rest_invalid_param", f"Invalid parameter(s): {problem}") from None
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
            self._tell("order.updated", order)

    async def _delete_tracking(self, request: web.Request) -> web.Response:
        tracking = self._tracking(request)
        self._order(request).trackings.remove(tracking)
        return web.json_response(tracking.as_answer())

    def _tracking(self, request: web.Request) -> Tracking:
        for tracking in self._order(request).trackings:
            if tracking.ref == request.match_info["ref"]:
                return tracking
        raise RefusedError(404, "woocommerce_rest_order_shipment_tracking_invalid_id", "Invalid shipment tracking ID.")

    def _new_ref(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    # webhooks

    async def _list_hooks(self, request: web.Request) -> web.Response:
        page, per_page = _number(request, "page", 1, None), _number(request, "per_page", 10, 100)
        hooks = [hook.as_json() for hook in reversed(self._hooks.values())]
        headers = {"X-WP-Total": str(len(hooks)), "X-WP-TotalPages": str(ceil(len(hooks) / per_page))}
        return web.json_response(hooks[(page - 1) * per_page : page * per_page], headers=headers)

    async def _add_hook(self, request: web.Request) -> web.Response:
        body = await _body(request)
        url, topic = str(body.get("delivery_url", "")), str(body.get("topic", ""))
        if topic not in TOPICS:
            raise RefusedError(
                400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic is required and must be valid."
            )
        if not url.startswith(("http://", "https://")):
            raise RefusedError(
                400,
                "woocommerce_rest_shop_webhook_invalid_delivery_url",
                "Webhook delivery URL must be a valid URL starting with http:// or https://.",
            )
        hook = Hook(
            id=max(self._hooks, default=0) + 1,
            name=str(body.get("name") or f"Webhook created on {self._clock.now():%b %d, %Y}"),
            topic=topic,
            delivery_url=url,
            secret=str(body.get("secret") or ""),
            created_at=self._clock.now(),
            status=str(body.get("status") or "active"),
        )
        self._hooks[hook.id] = hook
        self._ping(hook)
        return web.json_response(hook.as_json(), status=201)

    async def _get_hook(self, request: web.Request) -> web.Response:
        return web.json_response(self._hook(request).as_json())

    async def _put_hook(self, request: web.Request) -> web.Response:
        hook, body = self._hook(request), await _body(request)
        for name in ("name", "status", "delivery_url", "secret", "topic"):
            if name in body:
                setattr(hook, name, str(body[name]))
        hook.failures = 0
        return web.json_response(hook.as_json())

    async def _delete_hook(self, request: web.Request) -> web.Response:
        hook = self._hook(request)
        if request.query.get("force") != "true":
            raise RefusedError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        del self._hooks[hook.id]
        return web.json_response(hook.as_json())

    def _hook(self, request: web.Request) -> Hook:
        key = request.match_info["id"]
        if not key.isdigit() or int(key) not in self._hooks:
            raise RefusedError(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return self._hooks[int(key)]

    def _ping(self, hook: Hook) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-WC-Webhook-Source": f"{self.url}/"}
        body = f"webhook_id={hook.id}".encode()
        self._callbacks.post(Message(vendor="store", url=hook.delivery_url, body=body, headers=headers))

    def _tell(self, topic: str, order: StoreOrder) -> None:
        """Sends later, once for all changes until then; the body is the order as it is when sent."""
        for hook in self._hooks.values():
            waiting = (hook.id, order.id)
            if hook.topic == topic and hook.status == "active" and waiting not in self._waiting:
                loop = asyncio.get_running_loop()
                self._waiting[waiting] = loop.call_later(COALESCE_SECONDS, self._send, hook, order)

    def _send(self, hook: Hook, order: StoreOrder) -> None:
        del self._waiting[hook.id, order.id]
        body = json.dumps(order.as_json(self.url), separators=(",", ":")).encode()
        resource, _, event = hook.topic.partition(".")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "WooCommerce/10.9.1 Hookshot (WordPress/6.9)",
            "X-WC-Webhook-Source": f"{self.url}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": b64encode(hmac.new(hook.secret.encode(), body, hashlib.sha256).digest()).decode(),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": self._new_ref(),
        }

        async def ended(accepted: bool) -> None:
            hook.failures = 0 if accepted else hook.failures + 1
            if hook.failures > FAILURES_ALLOWED:
                hook.status = "disabled"

        self._callbacks.post(Message(vendor="store", url=hook.delivery_url, body=body, headers=headers, ended=ended))


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
        if query.get(name) and (at - _instant(query[name], gmt=gmt)).total_seconds() * sign <= 0:
            return False
    ids, statuses = _listed(request, "include"), _listed(request, "status")
    return (not ids or str(order.id) in ids) and (not statuses or "any" in statuses or order.status in statuses)


def _listed(request: web.Request, name: str) -> set[str]:
    """``a=1,2`` and ``a[]=1&a[]=2`` alike."""
    values = [*request.query.getall(name, []), *request.query.getall(f"{name}[]", [])]
    return {part.strip() for value in values for part in value.split(",") if part.strip()}


def _instant(text: str, *, gmt: bool) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(400, "rest_invalid_param", "Invalid parameter(s): a date is not ISO8601") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC if gmt else SHOP_ZONE)


def _sort_key(request: web.Request) -> Callable[[StoreOrder], Any]:
    keys: dict[str, Callable[[StoreOrder], Any]] = {
        "date": lambda order: (order.placed_at, order.id),
        "id": lambda order: order.id,
        "modified": lambda order: (order.modified_at, order.id),
    }
    orderby = request.query.get("orderby", "date")
    if orderby not in keys:
        raise RefusedError(400, "rest_invalid_param", "Invalid parameter(s): orderby")
    return keys[orderby]


def _number(request: web.Request, name: str, default: int, most: int | None) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit() or int(text) < 1 or (most and int(text) > most):
        span = f"between 1 (inclusive) and {most} (inclusive)" if most else "greater than or equal to 1"
        raise RefusedError(
            400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: f"{name} must be {span}"}
        )
    return int(text)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise RefusedError(400, "rest_invalid_json", "Invalid JSON body passed.") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "rest_invalid_json", "Invalid JSON body passed.")
    return body


@web.middleware
async def _in_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RefusedError as refusal:
        return web.json_response(refusal.body, status=refusal.status)
    except web.HTTPNotFound:
        words = {"code": "rest_no_route", "message": "No route was found matching the URL and request method."}
        return web.json_response({**words, "data": {"status": 404}}, status=404)


def _denied() -> web.Response:
    body = {"code": "woocommerce_rest_authentication_error", "message": "Consumer key is invalid."}
    return web.json_response({**body, "data": {"status": 401}}, status=401)


OWN_WORDS = {Fault.DENIED: _denied}
