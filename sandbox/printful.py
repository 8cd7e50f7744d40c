"""Printful: orders of API v1, shipments and signed webhooks of API v2."""

import asyncio
import hashlib
import hmac
import json
from random import Random
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.printful_order import PrintfulOrder, iso

HOSTS = ("api.printful.com",)
STORE_TOKEN, ACCOUNT_TOKEN, STORE = "pf-store-token", "pf-account-token", "10"
BUCKET = 120  # calls; refilled in a minute, drop by drop
REFILL = BUCKET / 60
EVENTS = {"shipment_sent", "shipment_returned", "order_created", "order_updated", "order_failed", "order_canceled"}
RETRY_SECONDS = (1.0, 2.0)  # Printful's are minutes


class Refusal(Exception):
    """An error in Printful's words."""

    def __init__(self, status: int, reason: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = {"code": status, "result": message, "error": {"reason": reason, "message": message}}


class Printful:
    """One store's orders, the API, and whoever listens to its news."""

    def __init__(self, *, clock: Clock, random: Random, callbacks: Callbacks) -> None:
        self.orders: dict[int, PrintfulOrder] = {}
        self._clock = clock
        self._random = random
        self._callbacks = callbacks
        self._drops = float(BUCKET)
        self._filled_at = 0.0
        self._hook: dict[str, Any] = {}

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.get("/orders", self._list),
                web.get("/orders/{id}", self._get),
                web.get("/v2/orders/{id}/shipments", self._shipments),
                web.post("/v2/webhooks", self._subscribe),
            ]
        )
        return app

    def place(self, order: PrintfulOrder) -> None:
        """The merchant's shop hands an order over."""
        self.orders[order.id] = order

    def tell(self, order: PrintfulOrder, event: str) -> None:
        """Sends the webhook, if somebody asked for this event."""
        if event not in self._hook.get("events", ()):
            return
        body = json.dumps(self._news(order, event), separators=(",", ":")).encode()
        sign = hmac.new(bytes.fromhex(self._hook["secret_key"]), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "x-pf-webhook-signature": sign}
        headers["x-pf-webhook-public-key"] = self._hook["public_key"]
        url = self._hook["url"]
        self._callbacks.post(Message(vendor="printful", url=url, body=body, headers=headers, waits=RETRY_SECONDS))

    def _news(self, order: PrintfulOrder, event: str) -> dict[str, Any]:
        """Ids, numbers and states; neither goods nor carrier."""
        told: dict[str, Any] = {
            "order": {"id": order.id, "external_id": order.external_id, "status": order.status, "store_id": int(STORE)}
        }
        if event.startswith("shipment") and order.parcels:
            last = order.parcels[-1]
            sent = {"id": last.id, "status": "shipped", "store_id": int(STORE), "tracking_number": last.number}
            told["shipment"] = {**sent, "shipped_at": iso(last.sent_at), "reshipment": False}
        at = iso(self._clock.now())
        return {"type": event, "occurred_at": at, "retries": 0, "store_id": int(STORE), "data": told}

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._let_in(request)
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)

    def _let_in(self, request: web.Request) -> None:
        self._spend()
        token = request.headers.get("Authorization", "")
        if token not in {f"Bearer {STORE_TOKEN}", f"Bearer {ACCOUNT_TOKEN}"}:
            raise Refusal(401, "Unauthorized", "The access token provided is invalid")
        store = request.headers.get("X-PF-Store-Id", "")
        if token == f"Bearer {ACCOUNT_TOKEN}" and not store:
            raise Refusal(400, "BadRequest", "This endpoint requires store_id!")
        if store not in {"", STORE}:
            raise Refusal(403, "Forbidden", "You have no access to this store")

    def _spend(self) -> None:
        now = asyncio.get_running_loop().time()
        self._drops = min(float(BUCKET), self._drops + (now - self._filled_at) * REFILL)
        self._filled_at = now
        if self._drops < 1:
            raise Refusal(429, "TooManyRequests", "You've recently sent too many requests", **{"Retry-After": "1"})
        self._drops -= 1

    async def _list(self, request: web.Request) -> web.Response:
        offset, limit = _number(request, "offset", 0, 10**9), _number(request, "limit", 20, 100)
        newest = sorted(self.orders.values(), key=lambda one: one.placed_at, reverse=True)
        shown = [one.old() for one in newest[offset : offset + limit]]
        paging = {"total": len(newest), "offset": offset, "limit": limit}
        return web.json_response({"code": 200, "result": shown, "extra": [], "paging": paging})

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response({"code": 200, "result": self._order(request).old(), "extra": []})

    async def _shipments(self, request: web.Request) -> web.Response:
        order, now = self._order(request), self._clock.now()
        offset, limit = _number(request, "offset", 0, 10**9), _number(request, "limit", 20, 100)
        shown = [one.new(order, now) for one in order.parcels[offset : offset + limit]]
        here = {"href": f"https://api.printful.com{request.rel_url}"}
        paging = {"total": len(order.parcels), "offset": offset, "limit": limit}
        return web.json_response(
            {"data": shown, "paging": paging, "_links": {"self": here, "first": here, "last": here}}
        )

    async def _subscribe(self, request: web.Request) -> web.Response:
        """Replaces what was set. The secret is shown here and never again."""
        body = await request.json()
        url, events = str(body.get("default_url") or ""), [str(one.get("type")) for one in body.get("events", [])]
        # The real one takes https only; this world ends at the loopback.
        if not url.startswith(("https://", "http://127.0.0.1:")) or not set(events) <= EVENTS:
            raise Refusal(400, "BadRequest", "default_url or events are wrong")
        keys = {
            "public_key": f"{self._random.getrandbits(64):016x}",
            "secret_key": f"{self._random.getrandbits(256):064x}",
        }
        self._hook = {"url": url, "events": events, **keys}
        shown = {
            "default_url": url,
            "expires_at": None,
            "events": [{"type": one, "url": None} for one in events],
            **keys,
        }
        return web.json_response({"code": 200, "result": shown, "extra": []})

    def _order(self, request: web.Request) -> PrintfulOrder:
        """By its id, or by the shop's own after an @."""
        wanted = request.match_info["id"]
        for one in self.orders.values():
            if wanted in {str(one.id), f"@{one.external_id}"}:
                return one
        raise Refusal(404, "NotFound", "Not found")


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit() or int(text) > most:
        raise Refusal(400, "BadRequest", f"{name} is wrong")
    return int(text)
