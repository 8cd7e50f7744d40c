"""Amazon's Selling Partner API: Orders 2026-01-01 and confirmShipment of Orders v0, tokens of Login with Amazon.

Each operation has a bucket of calls that fills slowly; an empty one answers 429.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from aiohttp import web

from sandbox.amazon_order import CARRIERS, AmazonOrder, Refusal
from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.permits import NoPermit, Permits

CLIENT, SECRET = "amzn1.application-oa2-client.sandbox", "amzn1.oa2-cs.v1.sandbox"
SELLER, MARKETPLACE = "A1LANTERNTHREAD", "A1PA6795UKMFR9"
ROLE = "orders"
HOSTS = ("api.amazon.com", *(f"sellingpartnerapi-{region}.amazon.com" for region in ("na", "eu", "fe")))
SEARCH, GET, CONFIRM = "searchOrders", "getOrder", "confirmShipment"
RATES = {SEARCH: (0.0056, 20.0), GET: (0.5, 30.0), CONFIRM: (2.0, 10.0)}  # calls a second, and at most saved up
INCLUDED = frozenset({"FULFILLMENT", "PACKAGES", "CANCELLATION"})
RESTRICTED = frozenset({"BUYER", "RECIPIENT"})  # need a role that this application does not have
PARAMETERS = frozenset(
    {"createdAfter", "lastUpdatedAfter", "fulfilledBy", "includedData", "maxResultsPerPage", "paginationToken"}
)


class Amazon:
    """One seller's orders and the API."""

    def __init__(self, *, clock: Clock, random: Random) -> None:
        self.orders: dict[str, AmazonOrder] = {}
        self.permits = Permits(
            clock=clock,
            random=random,
            client=CLIENT,
            secret=SECRET,
            redirect="",
            lives=timedelta(hours=1),
            shape="Atza|{}",
        )
        self.page_size = 100
        self.saved_up = {name: burst for name, (_, burst) in RATES.items()}
        self._since: dict[str, datetime] = defaultdict(clock.now)
        self._clock = clock

    def app(self) -> web.Application:
        """The HTTP side, for all hosts."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.post("/auth/o2/token", self._token),
                web.get("/orders/2026-01-01/orders", self._search),
                web.get("/orders/2026-01-01/orders/{id}", self._get),
                web.post("/orders/v0/orders/{id}/shipmentConfirmation", self._confirm),
            ]
        )
        return app

    def place(self, order: AmazonOrder) -> None:
        """A buyer paid."""
        self.orders[order.id] = order

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
        except NoPermit as problem:
            said = {"error": str(problem), "error_description": "The request has an invalid grant parameter"}
            return web.json_response(said, status=400)

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            raise NoPermit("invalid_client")
        if form.get("grant_type") != "refresh_token":
            raise NoPermit("unsupported_grant_type")
        return web.json_response(self.permits.refresh(form))

    def _let_in(self, request: web.Request, operation: str) -> dict[str, str]:
        """The header to answer with. Raises Refusal."""
        try:
            permit = self.permits.of(request.headers.get("x-amz-access-token", ""))
        except NoPermit:
            denied = "Access to requested resource is denied."
            raise Refusal(403, "Unauthorized", denied, "The access token you provided has expired.") from None
        if ROLE not in permit.scopes:
            raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")
        rate, burst = RATES[operation]
        now = self._clock.now()
        flowed = (now - self._since[operation]).total_seconds() * rate
        self.saved_up[operation] = min(burst, self.saved_up[operation] + flowed)
        self._since[operation] = now
        header = {"x-amzn-RateLimit-Limit": str(rate)}
        if self.saved_up[operation] < 1:
            quota = "You exceeded your quota for the requested resource."
            raise Refusal(429, "QuotaExceeded", quota, headers=header)
        self.saved_up[operation] -= 1
        return header

    async def _search(self, request: web.Request) -> web.Response:
        header = self._let_in(request, SEARCH)
        query = request.query
        if set(query) - PARAMETERS or ("createdAfter" in query) == ("lastUpdatedAfter" in query):
            raise Refusal(400, "InvalidInput", "Provide exactly one of createdAfter and lastUpdatedAfter.")
        _included(request)
        after = _instant(query.get("createdAfter") or query["lastUpdatedAfter"])
        size = _count(query.get("maxResultsPerPage", "100"))
        found = [one for one in self.orders.values() if self._wanted(one, query, after)]
        start = int(query.get("paginationToken", "0"))
        size = min(size, self.page_size)
        body: dict[str, Any] = {"orders": [one.as_json() for one in found[start : start + size]]}
        if start + size < len(found):
            body["pagination"] = {"nextToken": str(start + size)}
        return web.json_response(body, headers=header)

    def _wanted(self, order: AmazonOrder, query: Mapping[str, str], after: datetime) -> bool:
        at = order.placed_at if "createdAfter" in query else order.modified_at
        return at >= after and order.fulfilled_by in query.get("fulfilledBy", "MERCHANT,AMAZON").split(",")

    async def _get(self, request: web.Request) -> web.Response:
        header = self._let_in(request, GET)
        _included(request)
        return web.json_response({"order": self._order(request).as_json()}, headers=header)

    async def _confirm(self, request: web.Request) -> web.Response:
        header = self._let_in(request, CONFIRM)
        order, body = self._order(request), await request.json()
        if set(body) != {"marketplaceId", "packageDetail"} or body["marketplaceId"] != MARKETPLACE:
            raise Refusal(400, "InvalidInput", "The marketplace is not that of the order.")
        self._check(order, body["packageDetail"])
        order.confirm(body["packageDetail"], self._clock.now())
        return web.Response(status=204, headers=header)

    def _check(self, order: AmazonOrder, package: Mapping[str, Any]) -> None:
        """Raises Refusal for what Amazon does not take."""
        ref = package.get("packageReferenceId")
        if not isinstance(ref, str) or not ref.isdigit() or int(ref) < 1:
            raise Refusal(400, "InvalidInput", "PackageReferenceId: is invalid, must be a positive numeric value.")
        if package.get("carrierCode") not in CARRIERS:
            raise Refusal(400, "InvalidInput", f"Carrier code {package.get('carrierCode')} is not valid.")
        if package["carrierCode"] == "Other" and not package.get("carrierName"):
            raise Refusal(400, "InvalidInput", "Carrier name is required when the carrier code is Other.")
        if not package.get("trackingNumber"):
            raise Refusal(400, "InvalidInput", "Tracking number is required.")
        if _instant(package.get("shipDate", "")) > self._clock.now() + timedelta(minutes=1):
            raise Refusal(400, "InvalidInput", "The ship date is in the future.")
        order.check_items(package)

    def _order(self, request: web.Request) -> AmazonOrder:
        order = self.orders.get(request.match_info["id"])
        if order is None:
            raise Refusal(404, "NotFound", "The requested resource could not be found.")
        return order


def _included(request: web.Request) -> None:
    asked = set(filter(None, request.query.get("includedData", "").split(",")))
    if asked & RESTRICTED:
        raise Refusal(403, "Unauthorized", "The role for restricted data is missing.")
    if asked - INCLUDED:
        raise Refusal(400, "InvalidInput", f"includedData does not know {sorted(asked - INCLUDED)}.")


def _count(said: str) -> int:
    if not said.isdigit() or not 1 <= int(said) <= 100:
        raise Refusal(400, "InvalidInput", "maxResultsPerPage must be between 1 and 100.")
    return int(said)


def _instant(said: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refusal(400, "InvalidInput", f"{said!r} is not an ISO 8601 date.")
    return at
