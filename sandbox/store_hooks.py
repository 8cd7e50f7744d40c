"""The shop's webhooks: registered over the API, sent later, coalesced, signed, disabled when nobody answers."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.store_order import SHOP_ZONE, Json, StoreOrder, moment
from sandbox.store_wire import Refusal, number, read_body

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
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


class Hooks:
    """The webhooks of one shop. ``shop`` tells its address, which is known once it listens."""

    def __init__(
        self, *, clock: Clock, callbacks: Callbacks, shop: Callable[[], str], new_id: Callable[[], str]
    ) -> None:
        self._clock = clock
        self._callbacks = callbacks
        self._shop = shop
        self._new_id = new_id
        self._hooks: dict[int, Hook] = {}
        self._waiting: dict[tuple[int, int], asyncio.TimerHandle] = {}

    def routes(self) -> list[web.RouteDef]:
        """The API's own part for webhooks."""
        every, one = "/wp-json/wc/v3/webhooks", "/wp-json/wc/v3/webhooks/{id}"
        return [
            web.get(every, self._list),
            web.post(every, self._add),
            web.get(one, self._get),
            web.put(one, self._put),
            web.delete(one, self._delete),
        ]

    def states(self) -> list[Json]:
        """All of them, for the control door."""
        return [{**hook.as_json(), "failures": hook.failures} for hook in self._hooks.values()]

    async def _list(self, request: web.Request) -> web.Response:
        page, per_page = number(request, "page", 1, None), number(request, "per_page", 10, 100)
        hooks = [hook.as_json() for hook in reversed(self._hooks.values())]
        headers = {"X-WP-Total": str(len(hooks)), "X-WP-TotalPages": str(ceil(len(hooks) / per_page))}
        return web.json_response(hooks[(page - 1) * per_page : page * per_page], headers=headers)

    async def _add(self, request: web.Request) -> web.Response:
        body = await read_body(request)
        url, topic = str(body.get("delivery_url", "")), str(body.get("topic", ""))
        if topic not in TOPICS:
            raise Refusal(
                400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic is required and must be valid."
            )
        if not url.startswith(("http://", "https://")):
            raise Refusal(
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

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._hook(request).as_json())

    async def _put(self, request: web.Request) -> web.Response:
        hook, body = self._hook(request), await read_body(request)
        for name in ("name", "status", "delivery_url", "secret", "topic"):
            if name in body:
                setattr(hook, name, str(body[name]))
        hook.failures = 0
        return web.json_response(hook.as_json())

    async def _delete(self, request: web.Request) -> web.Response:
        hook = self._hook(request)
        if request.query.get("force") != "true":
            raise Refusal(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        del self._hooks[hook.id]
        return web.json_response(hook.as_json())

    def _hook(self, request: web.Request) -> Hook:
        key = request.match_info["id"]
        if not key.isdigit() or int(key) not in self._hooks:
            raise Refusal(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
        return self._hooks[int(key)]

    def _ping(self, hook: Hook) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-WC-Webhook-Source": f"{self._shop()}/"}
        body = f"webhook_id={hook.id}".encode()
        self._callbacks.post(Message(vendor="store", url=hook.delivery_url, body=body, headers=headers))

    def tell(self, topic: str, order: StoreOrder) -> None:
        """Sends later, once for all changes until then; the body is the order as it is when sent."""
        for hook in self._hooks.values():
            waiting = (hook.id, order.id)
            if hook.topic == topic and hook.status == "active" and waiting not in self._waiting:
                loop = asyncio.get_running_loop()
                self._waiting[waiting] = loop.call_later(COALESCE_SECONDS, self._send, hook, order)

    def _send(self, hook: Hook, order: StoreOrder) -> None:
        del self._waiting[hook.id, order.id]
        body = json.dumps(order.as_json(self._shop()), separators=(",", ":")).encode()
        resource, _, event = hook.topic.partition(".")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "WooCommerce/10.9.1 Hookshot (WordPress/6.9)",
            "X-WC-Webhook-Source": f"{self._shop()}/",
            "X-WC-Webhook-Topic": hook.topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": b64encode(hmac.new(hook.secret.encode(), body, hashlib.sha256).digest()).decode(),
            "X-WC-Webhook-ID": str(hook.id),
            "X-WC-Webhook-Delivery-ID": self._new_id(),
        }

        async def ended(accepted: bool) -> None:
            hook.failures = 0 if accepted else hook.failures + 1
            if hook.failures > FAILURES_ALLOWED:
                hook.status = "disabled"

        self._callbacks.post(Message(vendor="store", url=hook.delivery_url, body=body, headers=headers, ended=ended))
