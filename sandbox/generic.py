"""A shop of one's own making, with a small API in Doorstep's order shape: for the connector of shops without one."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock

HOSTS = ("shop.lantern.example",)
TOKEN = "own-shop-token-0000000000"  # noqa: S105 - the demo's key
SECRET = "whsec_" + base64.b64encode(b"sandbox-own-shop-webhook-secret!").decode()
PER_PAGE = 2
FORM = {  # as the merchant describes this shop to Doorstep
    "base_url": f"https://{HOSTS[0]}",
    "call_url": "/api/orders/{order}/tracking",
    "call_body": '{"number": "{number}", "carrier": "{carrier}", "lines": {lines}}',
    "call_headers": f"Authorization: Bearer {TOKEN}",
    "ref_path": "data.shipment.id",
    "orders_url": "/api/orders?since={since}",
    "order_url": "/api/orders/{order}",
    "webhook_secret": SECRET,
}
Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class OwnOrder:
    """``lines`` by id: title and quantity. ``shipments`` as they are answered, with how often each key was used."""

    id: str
    placed_at: datetime
    updated_at: datetime
    email: str
    transaction: str = ""
    lines: dict[str, tuple[str, int]]
    shipments: list[Json] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def left(self, line: str) -> int:
        """Units of a line that were not sent."""
        sent: int = sum(part["quantity"] for one in self.shipments for part in one["lines"] if part["line"] == line)
        return self.lines[line][1] - sent

    def as_json(self) -> Json:
        """In Doorstep's shape."""
        return {
            "id": self.id,
            "placed_at": self.placed_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
            "buyer": {"email": self.email},
            "lines": [{"id": ref, "title": title, "quantity": qty} for ref, (title, qty) in self.lines.items()],
            "shipments": self.shipments,
            **({"transaction": self.transaction} if self.transaction else {}),
        }


class OwnShop:
    """The shop's data and its API. ``hook``: where it sends orders."""

    def __init__(self, *, clock: Clock, callbacks: Callbacks) -> None:
        self.orders: dict[str, OwnOrder] = {}
        self.hook = ""
        self.calls_left = 1_000_000
        self._clock = clock
        self._callbacks = callbacks

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._let_in])
        app.add_routes(
            [
                web.get("/api/orders", self._list),
                web.get("/api/orders/{id}", self._get),
                web.post("/api/orders/{id}/tracking", self._ship),
            ]
        )
        return app

    def place(self, order: OwnOrder) -> None:
        """A buyer bought."""
        self.orders[order.id] = order
        self._tell(order)

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"message": "Unknown key"}, status=401)
        self.calls_left -= 1
        if self.calls_left < 0:
            return web.json_response({"message": "Slow down"}, status=429, headers={"Retry-After": "7"})
        return await handler(request)  # type: ignore[no-any-return]  # aiohttp types middlewares loosely

    async def _list(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["since"])
        page = int(request.query.get("page", "1"))
        found = [one for one in self.orders.values() if one.updated_at >= since]
        shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
        more = str(request.rel_url.update_query(page=str(page + 1))) if page * PER_PAGE < len(found) else None
        return web.json_response({"orders": [one.as_json() for one in shown], "next": more})

    async def _get(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        return web.json_response(order.as_json()) if order else _no(404, "No such order")

    async def _ship(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["id"])
        body = await request.json()
        key = request.headers.get("Idempotency-Key", "")
        if order is None:
            return _no(404, "No such order")
        if key in order.keys:
            return web.json_response({"data": {"shipment": {"id": order.keys[key]}}})
        if any(one["number"] == body["number"] for one in order.shipments):
            return _no(409, "This number is used already")
        parts = body["lines"] or [{"line": ref, "quantity": order.left(ref)} for ref in order.lines if order.left(ref)]
        if not parts or any(part["quantity"] > order.left(part["line"]) for part in parts):
            return _no(422, "More than was ordered")
        ref = f"s{len(order.shipments) + 1}"
        order.shipments.append({"id": ref, "number": body["number"], "carrier": body["carrier"], "lines": parts})
        order.keys[key] = ref
        order.updated_at = self._clock.now()
        self._tell(order)
        return web.json_response({"data": {"shipment": {"id": ref}}}, status=201)

    def _tell(self, order: OwnOrder) -> None:
        """Signed as Standard Webhooks say."""
        if not self.hook:
            return
        body = json.dumps(order.as_json()).encode()
        ref, at = f"msg_{uuid.uuid4().hex}", str(int(self._clock.now().timestamp()))
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = hmac.new(key, f"{ref}.{at}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": ref,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }
        self._callbacks.post(Message(vendor="own shop", url=self.hook, body=body, headers=headers, waits=(1.0,)))


def _no(status: int, words: str) -> web.Response:
    return web.json_response({"message": words}, status=status)
