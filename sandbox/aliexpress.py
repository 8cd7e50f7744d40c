"""AliExpress's open platform: signed questions of a dropshipper's app on ``/sync``, its tokens on ``/rest``."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox import consent
from sandbox.aliexpress_order import PACIFIC, AliOrder
from sandbox.clock import Clock
from sandbox.daily import Daily
from sandbox.faults import Handler

HOSTS = ("api-sg.aliexpress.com",)
APP_KEY, SECRET, USER = "500001", "sandbox-app-secret", "6072000001"
CALLBACK = "https://me.example/connected"  # of the app
ACCESS, REFRESH, CODE = timedelta(hours=24), timedelta(hours=48), timedelta(minutes=30)  # of an app in test
SKEW = timedelta(hours=2)
QPS = 30  # of real seconds
PAGE = 50
STATUSES = {"Payment Completed", "Buyer Confirmed Receipt"}
LIST, ORDER = "aliexpress.ds.commissionorder.listbyindex", "aliexpress.trade.ds.order.get"
TRACKING = "aliexpress.ds.order.tracking.get"


class Refusal(Exception):
    """An error in the platform's words."""

    def __init__(self, code: str | int, message: str, **more: str) -> None:
        super().__init__(message)
        self.body = {"code": code, "msg": message, **more}


class AliExpress:
    """One buyer's orders, and the app that may read them. ``quota`` is the app's of the day. ``lives``: of
    its tokens, and of the permission itself, in real time.
    """

    def __init__(self, *, clock: Clock, random: Random, lives: tuple[timedelta, timedelta] = (ACCESS, REFRESH)) -> None:
        self.orders: dict[int, AliOrder] = {}
        self.quota = Daily(clock, 100_000)
        self.callback = CALLBACK
        self._lives = lives[0] * clock.rate, lives[1] * clock.rate
        self._clock = clock
        self._random = random
        self._codes: dict[str, datetime] = {}
        self._access: dict[str, datetime] = {}
        self._refresh: dict[str, datetime] = {}
        self._calls: list[float] = []

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.route("*", "/oauth/authorize", self._consent),
                web.post("/sync", self._sync),
                web.post("/rest/auth/token/{verb}", self._token),
            ]
        )
        return app

    def place(self, order: AliOrder) -> None:
        """The merchant bought."""
        self.orders[order.id] = order

    def consent(self) -> str:
        """The buyer allows it on the platform's page; the code serves once, for half an hour."""
        code = f"3_500001_{self._random.getrandbits(64):016x}"
        self._codes[code] = self._clock.now() + CODE
        return code

    def agreed(self) -> dict[str, str]:
        """What an app holds that the buyer has let in already."""
        token, until = f"rt{self._hex()}", self._clock.now() + self._lives[1]
        self._refresh[token] = until
        return {"refresh_token": token, "refresh_until": until.isoformat()}

    def expire(self) -> None:
        """Every access token ends now, earlier than was said."""
        self._access.clear()

    def revoke(self) -> None:
        """The buyer takes the permission back."""
        self._access.clear()
        self._refresh.clear()

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Errors come with status 200: of ``/sync`` in an envelope, of ``/rest`` bare."""
        try:
            return await handler(request)
        except Refusal as refusal:
            said = {"type": "ISV", **refusal.body, "request_id": self._hex()}
            return web.json_response(said if request.path.startswith("/rest") else {"error_response": said})

    def _let_in(self, request: web.Request) -> dict[str, str]:
        """The parameters of a call that is signed by the app, fresh, and not one too many."""
        said = {name: value for name, value in request.query.items() if name != "sign"}
        for name in ("app_key", "timestamp", "sign_method"):
            if not said.get(name):
                raise Refusal("MissingParameter", f"The input parameter {name} is missing")
        if said["app_key"] != APP_KEY:
            raise Refusal("InvalidAppKey", "The specified App Key is invalid")
        path = request.path.removeprefix("/rest") if request.path.startswith("/rest") else ""
        if said["sign_method"] != "sha256" or request.query.get("sign") != _sign(said, path):
            raise Refusal("IncompleteSignature", "The request signature does not conform to platform standards")
        stamp = int(said["timestamp"]) / 1000
        if abs(stamp - self._clock.now().timestamp()) > SKEW.total_seconds() * self._clock.rate:
            raise Refusal("IllegalTimestamp", "The timestamp is out of range")
        self._spend()
        return said

    def _spend(self) -> None:
        now = asyncio.get_running_loop().time()
        self._calls = [at for at in self._calls if at > now - 1]
        if not self.quota.spend():
            raise Refusal("AppCallLimit", "The app call limit of the day is reached")
        if len(self._calls) >= QPS:
            raise Refusal("ApiCallLimit", "The request has exceeded the limit, this ban will last 1 seconds")
        self._calls.append(now)

    async def _consent(self, request: web.Request) -> web.Response:
        needs = {"response_type": "code", "client_id": APP_KEY, "redirect_uri": self.callback}
        return await consent.ask(request, needs, self.callback, lambda _: self.consent())

    async def _token(self, request: web.Request) -> web.Response:
        said, now = self._let_in(request), self._clock.now()
        verb = request.match_info["verb"]
        shown, known = (said.get("code", ""), self._codes) if verb == "create" else ("", self._refresh)
        shown = shown or said.get("refresh_token", "")
        until = known.pop(shown, None)
        if verb not in {"create", "refresh"} or until is None or until <= now:
            word = "InvalidCode" if verb == "create" else "IllegalRefreshToken"
            raise Refusal(word, "The specified code or refresh token is invalid or expired")
        access, refresh = f"at{self._hex()}", f"rt{self._hex()}"
        lives, longest = self._lives
        ends = until if verb == "refresh" else now + longest  # a renewal does not make the permission longer
        self._access[access], self._refresh[refresh] = now + lives, ends
        told = {"access_token": access, "expires_in": int(lives.total_seconds()), "expire_time": _ms(now + lives)}
        more = {"refresh_token": refresh, "refresh_token_valid_time": _ms(ends), "user_id": USER, "seller_id": USER}
        return web.json_response({**told, **more, "code": "0", "request_id": self._hex()})

    async def _sync(self, request: web.Request) -> web.Response:
        said = self._let_in(request)
        until = self._access.get(said.get("session", ""))
        if until is None or until <= self._clock.now():
            raise Refusal("IllegalAccessToken", "The specified access token is invalid or expired")
        verbs = {LIST: self._list, ORDER: self._order, TRACKING: self._tracking}
        method = said.get("method", "")
        if method not in verbs:
            raise Refusal("InvalidApiPath", "The specified API path is invalid")
        told = verbs[method](said)
        return web.json_response({f"{method.replace('.', '_')}_response": {**told, "request_id": self._hex()}})

    def _list(self, said: Mapping[str, str]) -> dict[str, Any]:
        size = said.get("page_size", "20")
        if said.get("status") not in STATUSES or not size.isdigit() or not 1 <= int(size) <= PAGE:
            return {"rsp_code": "402", "rsp_msg": "status or page_size is wrong"}
        start, end = (_time(said.get(name, "")) for name in ("start_time", "end_time"))
        received, now = said["status"] == "Buyer Confirmed Receipt", self._clock.now()
        rows = [
            row
            for one in self.orders.values()
            if one.paid_at and start <= one.paid_at < end and one.paid_at <= now and not one.cancelled
            if (one.status(now)[0] == "FUND_PROCESSING") == received
            for row in one.rows()
        ]
        if not rows:
            return {"rsp_code": "405", "rsp_msg": "The result is empty"}
        shown = rows[: int(size)]
        result = {"current_record_count": len(shown), "current_page_no": 1, "orders": {"order": shown}}
        return {"rsp_code": "200", "rsp_msg": "success", "result": result}

    def _order(self, said: Mapping[str, str]) -> dict[str, Any]:
        try:
            ref = json.loads(said.get("single_order_query", ""))["order_id"]
        except (ValueError, KeyError, TypeError):
            raise Refusal(41, "Invalid arguments:single_order_query") from None
        if ref not in self.orders:
            sub = {"sub_code": "isv.insufficient-permission", "sub_msg": "isv.insufficient-permission"}
            raise Refusal(15, "Remote service error", **sub)
        return {"result": self.orders[ref].as_json(self._clock.now())}

    def _tracking(self, said: Mapping[str, str]) -> dict[str, Any]:
        ref, now = said.get("ae_order_id", ""), self._clock.now()
        if not ref.isdigit() or not said.get("language"):
            raise Refusal("MissingParameter", "The input parameter ae_order_id or language is missing")
        order = self.orders.get(int(ref))
        if order is None or not order.sent_at or order.sent_at > now:
            return {"result": {"ret": False, "code": "1001", "msg": "TRACKING DATA NOT FOUND"}}
        details = {"tracking_detail_line_list": {"tracking_detail": [order.parcel(now)]}}
        return {"result": {"ret": True, "code": "", "msg": "", "data": details}}

    def _hex(self) -> str:
        return f"{self._random.getrandbits(96):024x}"


def _sign(parameters: Mapping[str, str], path: str) -> str:
    base = path + "".join(f"{name}{parameters[name]}" for name in sorted(parameters))
    return hmac.new(SECRET.encode(), base.encode(), hashlib.sha256).hexdigest().upper()


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=PACIFIC)
    except ValueError:
        raise Refusal(41, "Invalid arguments:start_time,end_time") from None


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
