"""eBay: Sell Fulfillment v1, the seller's identity and the tokens. Notices are in ``ebay_notices``."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox import consent
from sandbox.clock import Clock
from sandbox.daily import Daily
from sandbox.ebay_notices import Notices
from sandbox.ebay_order import CARRIERS, EBayOrder, Refusal
from sandbox.faults import Handler
from sandbox.permits import NoPermit, Permits

CLIENT, SECRET, RU_NAME = "Lantern-Thread-PRD-1", "PRD-sandbox-cert", "Lantern_Thread-LanternT-PRD-abcdef"
SELLER = "lantern_and_thread"
SCOPE = "https://api.ebay.com/oauth/api_scope"
FULFILL = f"{SCOPE}/sell.fulfillment"
PATH = "/sell/fulfillment/v1/order"
ACCEPTED = "https://me.example/connected"  # where eBay sends a seller who has agreed, by the RuName
HOSTS = ("api.ebay.com", "apiz.ebay.com", "auth.ebay.com")
NUMBERS_AT_MOST = 10


class EBay:
    """One seller's orders and the API. ``quota`` is the day's."""

    def __init__(self, *, clock: Clock, random: Random) -> None:
        self.orders: dict[str, EBayOrder] = {}
        self.accepted = ACCEPTED
        self.quota = Daily(clock, 100_000)
        self.permits = Permits(
            clock=clock,
            random=random,
            client=CLIENT,
            secret=SECRET,
            redirect=RU_NAME,
            lives=timedelta(hours=2),
            shape="v^1.1#i^1#{}",
        )
        self.notices = Notices(clock=clock, random=random, who=self._who)
        self._clock = clock

    def app(self) -> web.Application:
        """The HTTP side, for all hosts."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.route("*", "/oauth2/authorize", self._consent),
                web.post("/identity/v1/oauth2/token", self._token),
                web.get("/commerce/identity/v1/user/", self._user),
                web.get(PATH, self._list),
                web.get(PATH + "/{id}", self._get),
                web.get(PATH + "/{id}/shipping_fulfillment", self._fulfillments),
                web.post(PATH + "/{id}/shipping_fulfillment", self._ship),
                *self.notices.routes(),
            ]
        )
        return app

    def place(self, order: EBayOrder) -> None:
        """A buyer paid."""
        self.orders[order.id] = order

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._spend()
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        except NoPermit as problem:
            said = {"error": str(problem), "error_description": "the provided grant is not valid"}
            return web.json_response(said, status=400)

    def _spend(self) -> None:
        if not self.quota.spend():
            raise Refusal(429, 2001, "Too many requests.", "The request limit has been reached for the resource.")

    def _who(self, request: web.Request, scope: str) -> str:
        """The seller whose token this is; '' for the application's own. Raises Refusal."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            permit = self.permits.of(token if scheme == "Bearer" else "")
        except NoPermit:
            raise Refusal(401, 1001, "Invalid access token", "Check the Authorization HTTP request header.") from None
        if scope not in permit.scopes:
            raise Refusal(403, 1100, "Access denied", "Insufficient permissions to fulfill the request.")
        return permit.who

    async def _consent(self, request: web.Request) -> web.Response:
        """The address to come back to is behind the RuName, and no other."""
        needs = {"response_type": "code", "client_id": CLIENT, "redirect_uri": RU_NAME, "scope": ""}
        return await consent.ask(
            request, needs, self.accepted, lambda asked: self.permits.consent(SELLER, asked["scope"])
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if request.headers.get("Authorization") != self.permits.basic():
            words = {"error": "invalid_client", "error_description": "client authentication failed"}
            return web.json_response(words, status=401)
        match form.get("grant_type"):
            case "authorization_code":
                return web.json_response(self.permits.redeem(form))
            case "refresh_token":
                return web.json_response(self.permits.refresh(form))
            case "client_credentials" if form.get("scope") == SCOPE:
                return web.json_response(self.permits.issue("", frozenset({SCOPE})))
        raise NoPermit("unsupported_grant_type")

    async def _user(self, request: web.Request) -> web.Response:
        self._who(request, f"{SCOPE}/commerce.identity.readonly")
        body = {"userId": "ebay-user-1", "username": SELLER, "accountType": "BUSINESS"}
        return web.json_response({**body, "registrationMarketplaceId": "EBAY_DE", "status": "CONFIRMED"})

    async def _list(self, request: web.Request) -> web.Response:
        self._who(request, FULFILL)
        limit, offset = _count(request, "limit", 50, 1, 200, 31100), _count(request, "offset", 0, 0, 10**9, 31000)
        since = _since(request.query.get("filter", ""), self._clock.now())
        found = [one for one in self.orders.values() if since is None or one.modified_at >= since]
        shown = found[offset : offset + limit]
        body: dict[str, Any] = {"href": str(request.url), "total": len(found), "limit": limit, "offset": offset}
        return web.json_response({**body, "orders": [one.as_json() for one in shown]})

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._order(request).as_json())

    async def _fulfillments(self, request: web.Request) -> web.Response:
        found = self._order(request).fulfillments
        return web.json_response({"fulfillments": found, "total": len(found)})

    async def _ship(self, request: web.Request) -> web.Response:
        order = self._order(request)
        body = await request.json()
        ref = self._accept(order, body)
        where = f"https://api.ebay.com{PATH}/{order.id}/shipping_fulfillment/{ref}"
        return web.Response(status=201, headers={"Location": where})

    def _accept(self, order: EBayOrder, body: Mapping[str, Any]) -> str:
        """Raises Refusal as eBay does."""
        number, carrier = body.get("trackingNumber", ""), body.get("shippingCarrierCode", "")
        if bool(number) != bool(carrier) or carrier not in {"", *CARRIERS} or not re.fullmatch(r"[A-Za-z0-9]*", number):
            raise Refusal(400, 32300, "Invalid shipment tracking number or carrier")
        shipped = _shipped(body)
        if shipped is None or shipped > self._clock.now() + timedelta(minutes=1):
            raise Refusal(400, 32500, "Invalid shipped date")
        order.check_lines(body.get("lineItems", []))
        if any(one["shipmentTrackingNumber"] == number for one in order.fulfillments):
            raise Refusal(409, 32600, "Invalid input data", "This tracking number is on the order already.")
        if len(order.fulfillments) >= NUMBERS_AT_MOST:
            raise Refusal(400, 34100, "Maximum tracking number for order is exceeded")
        return order.ship(body, self._clock.now())

    def _order(self, request: web.Request) -> EBayOrder:
        self._who(request, FULFILL)
        order = self.orders.get(request.match_info["id"])
        if order is None:
            raise Refusal(400, 32100, f"Invalid Order Id: {request.match_info['id']}")
        return order


def _count(request: web.Request, name: str, default: int, least: int, most: int, error: int) -> int:
    said = request.query.get(name, str(default))
    if not said.isdigit() or not least <= int(said) <= most:
        raise Refusal(400, error, f"Invalid {name}: {said}")
    return int(said)


def _shipped(body: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(body["shippedDate"])
    except (KeyError, ValueError):
        return None


def _since(criteria: str, now: datetime) -> datetime | None:
    """``lastmodifieddate:[instant..]``, the only filter that is spoken here."""
    if not criteria:
        return None
    said = re.fullmatch(r"lastmodifieddate:\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\.\.\]", criteria)
    if not said:
        raise Refusal(400, 30800, f"Invalid filter value {criteria} for filter lastmodifieddate")
    at = datetime.fromisoformat(said[1])
    if at > now:
        raise Refusal(400, 30850, "Start and end dates can't be in the future")
    if at < now - timedelta(days=731):
        raise Refusal(400, 30830, "Time range between start date and end date must be within '2' years.")
    return at
