"""The supplier: CJdropshipping API v2. Tokens, orders, trackInfo, webhooks signed with the openId, points and QPS."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.callbacks import Callbacks, Message
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults, Handler, troubled
from sandbox.shipment import Shipment
from sandbox.store_order import Json, StoreOrder
from sandbox.supplier_order import BEIJING, SupplierOrder

API_KEY = "CJ1000001@api@sandbox00000000000000000000000001"
OPEN_ID = 2000000000000017
BASE = "/api2.0/v1"
ACCESS, REFRESH = timedelta(days=15), timedelta(days=180)
BETWEEN_TOKENS = timedelta(minutes=5)
QPS = 4  # what a "Prime" user may ask in a real second
POINTS = 50_000
COSTS = {f"{BASE}/webhook/set": 10}
RETRY_SECONDS = (1.0, 2.0, 4.0)  # CJ: up to three; the demo does not wait five minutes for each


class Refusal(Exception):
    """An error in CJ's envelope."""

    def __init__(self, code: int, message: str, *, status: int = 200, **more: object) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.more = more


class Supplier:
    """The supplier's data and its API."""

    def __init__(self, *, clock: Clock, faults: Faults, callbacks: Callbacks, random: Random) -> None:
        self.orders: dict[str, SupplierOrder] = {}
        self._clock = clock
        self._faults = faults
        self._callbacks = callbacks
        self._random = random
        self._tokens: dict[str, datetime] = {}  # access token -> expiry
        self._refreshers: dict[str, datetime] = {}
        self._token_given: datetime | None = None
        self._calls: list[float] = []
        self._points_day = clock.now().date()  # points are given anew at 00:00 UTC
        self._points_used = 0
        self._addresses: dict[str, str] = {}  # topic -> callback URL

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(
            middlewares=[self._in_envelope, troubled(self._faults, "supplier", OWN_WORDS), self._let_in]
        )
        app.add_routes(
            [
                web.post(f"{BASE}/authentication/getAccessToken", self._get_token),
                web.post(f"{BASE}/authentication/refreshAccessToken", self._refresh_token),
                web.post(f"{BASE}/authentication/logout", self._logout),
                web.get(f"{BASE}/setting/get", self._settings),
                web.get(f"{BASE}/shopping/order/list", self._list),
                web.get(f"{BASE}/shopping/order/getOrderDetail", self._detail),
                web.get(f"{BASE}/logistic/trackInfo", self._track_info),
                web.post(f"{BASE}/webhook/set", self._set_webhook),
            ]
        )
        return app

    def buy(self, order: StoreOrder, shipment: Shipment) -> SupplierOrder:
        """The merchant's shop buys at the supplier."""
        bought = SupplierOrder(order=order, shipment=shipment)
        self.orders[bought.id] = bought
        self.tell_order(bought, "INSERT")
        return bought

    def tell_order(self, bought: SupplierOrder, message: str = "UPDATE") -> None:
        """Sends the ORDER webhook: something about the order changed."""
        self._send("order", "ORDER", message, bought.order_message(self._clock.now()))

    def tell_logistics(self, bought: SupplierOrder) -> None:
        """Sends the LOGISTIC webhook with all scans so far."""
        params = bought.logistic_message(self._clock.now())
        if params:
            self._send("logistics", "LOGISTIC", "UPDATE", params)

    def _send(self, topic: str, kind: str, message: str, params: Mapping[str, Any]) -> None:
        if topic not in self._addresses:
            return
        envelope = {"messageId": self._hex(), "type": kind, "messageType": message, "params": params}
        body = json.dumps(envelope, separators=(",", ":")).encode()
        sign = b64encode(hmac.new(str(OPEN_ID).encode(), body, hashlib.sha256).digest()).decode()
        headers = {"Content-Type": "application/json", "sign": sign}
        url = self._addresses[topic]
        self._callbacks.post(Message(vendor="supplier", url=url, body=body, headers=headers, waits=RETRY_SECONDS))

    @web.middleware
    async def _in_envelope(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return self._answer(None, code=refusal.code, message=str(refusal), status=refusal.status, **refusal.more)
        except web.HTTPException as problem:
            return self._answer(None, code=problem.status, message=problem.reason, status=problem.status)

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if "/authentication/" not in request.path:
            expires = self._tokens.get(request.headers.get("CJ-Access-Token", ""))
            if expires is None or expires <= self._clock.now():
                raise Refusal(1600001, "Invalid API key or access token", status=401)
        self._spend(request.path)
        return await handler(request)

    def _spend(self, path: str) -> None:
        """Calls in the last real second, and points."""
        now = asyncio.get_running_loop().time()
        self._calls = [at for at in self._calls if at > now - 1]
        if len(self._calls) >= QPS:
            raise Refusal(1600200, "Too Many Requests, QPS limit is " + str(QPS) + " time/1second", status=429)
        self._calls.append(now)
        today, cost = self._clock.now().date(), COSTS.get(path, 0)
        if today != self._points_day:
            self._points_day, self._points_used = today, 0
        if self._points_used + cost > POINTS:
            raise Refusal(429, "Insufficient points", status=429, pointsInfo=self._points())
        self._points_used += cost

    def _points(self) -> Json:
        return {"usedToday": self._points_used, "remaining": POINTS - self._points_used, "total": POINTS}

    def _answer(
        self, data: object, *, code: int = 200, message: str = "Success", status: int = 200, **more: object
    ) -> web.Response:
        good = code == 200
        body = {"code": code, "result": good, "message": message, "data": data, "requestId": self._hex()}
        return web.json_response({**body, "success": good, **more}, status=status)

    def _hex(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    # authentication

    async def _get_token(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if body.get("apiKey") != API_KEY:
            raise Refusal(1600005, "APIkey is wrong, please check and try again", status=401)
        now = self._clock.now()
        if self._token_given and now < self._token_given + BETWEEN_TOKENS:
            raise Refusal(1600200, "Too Many Requests, QPS limit is 1 time/300seconds", status=429)
        self._token_given = now
        return self._answer(self._issue(now + REFRESH))

    async def _refresh_token(self, request: web.Request) -> web.Response:
        token = str((await _body(request)).get("refreshToken", ""))
        expires = self._refreshers.get(token)
        if expires is None or expires <= self._clock.now():
            raise Refusal(1600003, "Refresh token is invalid", status=401)
        del self._refreshers[token]
        return self._answer(self._issue(expires))

    async def _logout(self, request: web.Request) -> web.Response:
        self._tokens.pop(request.headers.get("CJ-Access-Token", ""), None)
        return self._answer(True)

    def _issue(self, refresh_until: datetime) -> Json:
        now = self._clock.now()
        access, refresh = f"at_{self._hex()}", f"rt_{self._hex()}"
        self._tokens[access], self._refreshers[refresh] = now + ACCESS, refresh_until
        return {
            "openId": OPEN_ID,
            "accessToken": access,
            "accessTokenExpiryDate": _beijing(now + ACCESS),
            "refreshToken": refresh,
            "refreshTokenExpiryDate": _beijing(refresh_until),
            "createDate": _beijing(now),
        }

    # orders and tracking

    async def _settings(self, _: web.Request) -> web.Response:
        setting = {"qpsLimit": QPS, "quotaLimits": []}
        return self._answer({"openId": OPEN_ID, "openName": "Lantern & Thread", "setting": setting, "isSandbox": False})

    async def _list(self, request: web.Request) -> web.Response:
        page, size = _number(request, "pageNum", 1, 10_000), _number(request, "pageSize", 20, 200)
        now = self._clock.now()
        wanted = [part for value in request.query.getall("orderIds", []) for part in value.split(",") if part]
        rows = [one.as_json(now) for one in reversed(self.orders.values()) if not wanted or one.id in wanted]
        status = request.query.get("status")
        rows = [row for row in rows if not status or row["orderStatus"] == status]
        shown = rows[(page - 1) * size : page * size]
        return self._answer({"pageNum": page, "pageSize": size, "total": len(rows), "list": shown})

    async def _detail(self, request: web.Request) -> web.Response:
        wanted = request.query.get("orderId", "")
        for one in self.orders.values():
            if wanted in {one.id, one.order.number}:
                return self._answer(one.as_json(self._clock.now()))
        raise Refusal(1603100, "order not found")

    async def _track_info(self, request: web.Request) -> web.Response:
        numbers = request.query.getall("trackNumber", [])
        if not numbers:
            raise Refusal(1600100, "Param error")
        rows = [self._track_row(number) for number in numbers]
        return self._answer([row for row in rows if row])

    def _track_row(self, tracking: str) -> Json | None:
        rows = (one.track_row(tracking, self._clock.now()) for one in self.orders.values())
        return next((row for row in rows if row), None)

    async def _set_webhook(self, request: web.Request) -> web.Response:
        body = await _body(request)
        for topic in ("product", "stock", "order", "logistics"):
            if topic not in body:
                raise Refusal(1600100, f"Param error: {topic} is required")
        for topic, setting in body.items():
            self._subscribe(topic, setting)
        return self._answer(True)

    def _subscribe(self, topic: str, setting: Json) -> None:
        if setting.get("type") == "CANCEL":
            self._addresses.pop(topic, None)
            return
        urls = setting.get("callbackUrls", [])
        # The real one takes public https only; this world ends at the loopback.
        if len(urls) != 1 or not str(urls[0]).startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise Refusal(1607001, "Invalid callback URL")
        self._addresses[topic] = str(urls[0])


def _beijing(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise Refusal(1600100, f"Param error: {name}")
    return int(text)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise Refusal(1600100, "Param error: body is not JSON") from None
    if not isinstance(body, dict):
        raise Refusal(1600100, "Param error: body is not an object")
    return body


def _envelope(code: int, message: str, status: int) -> Callable[[], web.Response]:
    body = {"code": code, "result": False, "message": message, "data": None, "requestId": "fault", "success": False}
    return lambda: web.json_response(body, status=status)


OWN_WORDS = {
    Fault.DENIED: _envelope(1600001, "Invalid API key or access token", 401),
    Fault.BUSY: _envelope(1600200, f"Too Many Requests, QPS limit is {QPS} time/1second", 429),
}
