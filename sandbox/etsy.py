"""Etsy: Open API v3. Receipts and their shipments, tokens with PKCE and rotating refresh tokens, two quotas."""

import asyncio
import base64
import hmac
import json
from datetime import timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox import consent
from sandbox.clock import Clock
from sandbox.daily import Daily
from sandbox.etsy_receipt import CARRIERS, EtsyReceipt
from sandbox.faults import Handler
from sandbox.permits import NoPermit, Permits

KEYSTRING, SHARED_SECRET = "sandboxkeystring0000001", "sandboxsecret"
REDIRECT = "https://me.example/connected"
OWNER, SHOP = 147578, 90001
HOSTS = ("openapi.etsy.com", "www.etsy.com")
BASE = "/v3/application"
PER_SECOND = 10
READ, WRITE = "transactions_r", "transactions_w"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of Etsy's webhook portal").decode()


class Refusal(Exception):
    """``{"error": sentence}``."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class Etsy:
    """One shop. ``mails`` are the numbers that its buyers were mailed; ``quota`` is the day's."""

    def __init__(self, *, clock: Clock, random: Random) -> None:
        self.receipts: dict[int, EtsyReceipt] = {}
        self.mails: list[str] = []
        self.quota = Daily(clock, 10_000)
        self.permits = Permits(
            clock=clock,
            random=random,
            client=KEYSTRING,
            secret=SHARED_SECRET,
            redirect=REDIRECT,
            lives=timedelta(hours=1),
            rotates=True,
            shape=f"{OWNER}.{{}}",
        )
        self._clock = clock
        self._calls: list[float] = []

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        receipts = f"{BASE}/shops/{{shop}}/receipts"
        app.add_routes(
            [
                web.route("*", "/oauth/connect", self._consent),
                web.post("/v3/public/oauth/token", self._token),
                web.get(f"{BASE}/users/me", self._me),
                web.get(f"{BASE}/shops/{{shop}}", self._shop),
                web.get(receipts, self._list),
                web.get(receipts + "/{id}", self._get),
                web.post(receipts + "/{id}/tracking", self._ship),
            ]
        )
        return app

    def place(self, receipt: EtsyReceipt) -> None:
        """A buyer paid."""
        self.receipts[receipt.id] = receipt

    def notice(self, event: str, receipt: int, ref: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook, signed."""
        url = f"https://openapi.etsy.com{BASE}/shops/{SHOP}/receipts/{receipt}"
        body = json.dumps({"event_type": event, "resource_url": url, "shop_id": SHOP}).encode()
        at = str(int(self._clock.now().timestamp()))
        key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, f"{ref}.{at}.".encode() + body, "sha256")).decode()
        return {"webhook-id": ref, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}, body

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._spend()
            answer = await handler(request)
        except Refusal as refusal:
            return web.json_response({"error": str(refusal)}, status=refusal.status, headers=refusal.headers)
        except NoPermit as problem:
            return web.json_response({"error": str(problem)}, status=400)
        answer.headers.update({"x-limit-per-second": str(PER_SECOND), "x-remaining-today": str(self.quota.left)})
        return answer

    def _spend(self) -> None:
        """Calls of the last real second, and of the day."""
        now = asyncio.get_running_loop().time()
        self._calls = [at for at in self._calls if at > now - 1]
        if len(self._calls) >= PER_SECOND:
            raise Refusal(429, "Rate limit exceeded", **{"retry-after": "1", "x-remaining-this-second": "0"})
        if not self.quota.spend():
            raise Refusal(429, "Rate limit exceeded", **{"x-remaining-today": "0"})
        self._calls.append(now)

    async def _consent(self, request: web.Request) -> web.Response:
        """Etsy wants PKCE of every app."""
        needs = {"response_type": "code", "client_id": KEYSTRING, "redirect_uri": self.permits.redirect, "state": ""}
        needs |= {"scope": "", "code_challenge": "", "code_challenge_method": "S256"}
        return await consent.ask(
            request,
            needs,
            self.permits.redirect,
            lambda asked: self.permits.consent(str(OWNER), asked["scope"], asked["code_challenge"]),
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("client_id") != KEYSTRING:
            raise Refusal(401, "invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                return web.json_response(self.permits.redeem(form))
            case "refresh_token":
                return web.json_response(self.permits.refresh(form))
        raise NoPermit("unsupported_grant_type")

    def _let_in(self, request: web.Request, scope: str = "") -> None:
        """The key of the application, and with a scope the owner's token. Raises Refusal."""
        key, _, secret = request.headers.get("x-api-key", "").partition(":")
        if not secret:
            raise Refusal(403, "Shared secret is required in x-api-key header.")
        if (key, secret) != (KEYSTRING, SHARED_SECRET):
            raise Refusal(403, "Invalid API key")
        if not scope:
            return
        try:
            permit = self.permits.of(request.headers.get("Authorization", "").removeprefix("Bearer "))
        except NoPermit as problem:
            raise Refusal(401, str(problem)) from None
        if scope not in permit.scopes:
            raise Refusal(403, "insufficient_scope")

    async def _me(self, request: web.Request) -> web.Response:
        self._let_in(request, "shops_r")
        return web.json_response({"user_id": OWNER, "shop_id": SHOP})

    async def _shop(self, request: web.Request) -> web.Response:
        self._let_in(request)
        return web.json_response({"shop_id": SHOP, "user_id": OWNER, "shop_name": "LanternAndThread"})

    async def _list(self, request: web.Request) -> web.Response:
        self._let_in(request, READ)
        self._mine(request)
        limit, offset = _number(request, "limit", 25, 1, 100), _number(request, "offset", 0, 0, 10**9)
        since = _number(request, "min_last_modified", 946684800, 946684800, 10**11)
        if request.query.get("sort_on", "created") not in {"created", "updated", "receipt_id"}:
            raise Refusal(400, "Invalid value for sort_on")
        found = sorted(self.receipts.values(), key=lambda one: one.placed_at)
        found = [one for one in found if one.modified_at.timestamp() >= since]
        shown = [one.as_json() for one in found[offset : offset + limit]]
        return web.json_response({"count": len(found), "results": shown})

    async def _get(self, request: web.Request) -> web.Response:
        self._let_in(request, READ)
        return web.json_response(self._receipt(request).as_json())

    async def _ship(self, request: web.Request) -> web.Response:
        """A carrier that Etsy does not know loses its number: the order is only marked as shipped."""
        self._let_in(request, WRITE)
        receipt = self._receipt(request)
        form: dict[str, Any] = {name: str(value) for name, value in (await request.post()).items()}
        if set(form) - {"tracking_code", "carrier_name", "send_bcc", "note_to_buyer"}:
            raise Refusal(400, "Unknown parameter")
        if receipt.status == "canceled":
            raise Refusal(409, "The receipt is canceled.")
        known = form.get("carrier_name") in CARRIERS
        receipt.ship(form.get("tracking_code", "") if known else "", form.get("carrier_name", ""), self._clock.now())
        self.mails.append(form.get("tracking_code", ""))
        return web.json_response(receipt.as_json())

    def _receipt(self, request: web.Request) -> EtsyReceipt:
        self._mine(request)
        ref = request.match_info["id"]
        if not ref.isdigit() or int(ref) not in self.receipts:
            raise Refusal(404, "Resource not found")
        return self.receipts[int(ref)]

    def _mine(self, request: web.Request) -> None:
        if request.match_info["shop"] != str(SHOP):
            raise Refusal(403, "User does not own Shop")


def _number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    said = request.query.get(name, str(default))
    if not said.isdigit() or not least <= int(said) <= most:
        raise Refusal(400, f"Invalid value for {name}: must be between {least} and {most}")
    return int(said)
