"""Shopify: one shop's Admin API 2026-07 over GraphQL, and the two ways for an app to be let in. How its customers are:
``shopify_customers``.
"""

import functools
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from graphql import GraphQLSchema, build_schema, graphql_sync, parse
from graphql.error import GraphQLSyntaxError

from sandbox.callbacks import Callbacks
from sandbox.clock import Clock
from sandbox.faults import Handler
from sandbox.permits import NoPermit, Permits
from sandbox.shopify_answers import Answers
from sandbox.shopify_changes import Changes
from sandbox.shopify_cost import MOST, Bucket, requested, spent
from sandbox.shopify_customers import Customers
from sandbox.shopify_hooks import Hooks
from sandbox.shopify_order import CLIENT, CUSTOM_TOKEN, SECRET, SHOP, Json, ShopifyOrder

REDIRECT = "https://doorstep.example/grant"
SCOPES = "read_orders,write_fulfillments,write_merchant_managed_fulfillment_orders,write_third_party_fulfillment_orders"
PATH = "/admin/api/2026-07/graphql.json"
NO_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105 - what it says, no token


@functools.cache
def the_schema() -> GraphQLSchema:
    """What this shop speaks; read once, as building it takes longer than answering."""
    return build_schema(Path(__file__).with_name("shopify.graphql").read_text(encoding="utf-8"))


class Shopify:
    """The shop's data and its API. ``shows_buyers``: the app was given access to protected customer data."""

    def __init__(self, *, clock: Clock, callbacks: Callbacks, random: Random) -> None:
        self.orders: list[ShopifyOrder] = []
        self.callbacks = callbacks
        self.bucket = Bucket()
        self.shows_buyers = True
        self.scopes = SCOPES
        self.permits = Permits(
            clock=clock,
            random=random,
            client=CLIENT,
            secret=SECRET,
            redirect=REDIRECT,
            lives=timedelta(hours=1),
            rotates=True,
            shape="shpat_{}",
        )
        self.hooks = Hooks(clock=clock, callbacks=callbacks, shop=SHOP, secret=SECRET)
        self.customers = Customers(self, clock=clock, random=random)
        self._clock = clock
        self._schema = the_schema()
        self._answers = Answers(self)
        self._changes = Changes(self, self._answers, clock)

    def app(self) -> web.Application:
        """The HTTP side."""
        app = web.Application(middlewares=[self._in_words])
        app.add_routes(
            [
                web.post(PATH, self._graphql),
                web.get("/admin/oauth/authorize", self._authorize),
                web.post("/admin/oauth/access_token", self._token),
                *self.customers.routes(),
            ]
        )
        return app

    def place(self, order: ShopifyOrder) -> ShopifyOrder:
        """A buyer bought."""
        self.orders.append(order)
        self.hooks.tell("ORDERS_CREATE", order)
        return order

    def touched(self, order: ShopifyOrder) -> None:
        """Something about the order changed."""
        order.updated_at = self._clock.now()
        self.hooks.tell("ORDERS_UPDATED", order)

    def installed(self, state: str, code: str = "") -> dict[str, str]:
        """What the shop's page sends a person back with who pressed Install."""
        code = code or self.permits.consent(SHOP, self.scopes.replace(",", " "))
        at = str(int(self._clock.now().timestamp()))
        query = {"code": code, "host": "YWRtaW4", "shop": SHOP, "state": state, "timestamp": at}
        message = urlencode(sorted(query.items()))
        return {**query, "hmac": hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()}

    def uninstall(self) -> None:
        """The merchant throws the app out."""
        self.permits.revoke(SHOP)
        self.hooks.uninstalled()

    @web.middleware
    async def _in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return web.json_response({"errors": "Not Found"}, status=404)
        except NoPermit as problem:
            return web.json_response({"error": str(problem), "error_description": "It is not valid."}, status=400)

    async def _authorize(self, request: web.Request) -> web.Response:
        """Installs at once, as if a person had pressed the button."""
        if request.query.get("client_id") != CLIENT or request.query.get("redirect_uri") != REDIRECT:
            return web.json_response({"error": "invalid_request"}, status=400)
        raise web.HTTPFound(f"{REDIRECT}?{urlencode(self.installed(request.query.get('state', '')))}")

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            raise NoPermit("invalid_client")
        kind = form.get("grant_type", "")
        if kind == "client_credentials":
            return web.json_response(
                {**self.permits.issue(SHOP, frozenset(self.scopes.split(","))), "scope": self.scopes}
            )
        if kind == "refresh_token":
            return web.json_response(self.permits.refresh(form))
        if form.get("expiring") != "1":
            raise NoPermit("invalid_request")
        return web.json_response(self.permits.redeem({**form, "redirect_uri": REDIRECT}))

    def _let_in(self, token: str) -> bool:
        try:
            return token == CUSTOM_TOKEN or bool(self.permits.of(token))
        except NoPermit:
            return False

    async def _graphql(self, request: web.Request) -> web.Response:
        if not self._let_in(request.headers.get("X-Shopify-Access-Token", "")):
            return web.json_response({"errors": NO_TOKEN}, status=401)
        body = json.loads(await request.read())
        return web.json_response(self.execute(body["query"], body.get("variables") or {}))

    def execute(self, query: str, variables: Json) -> Json:
        """One document, paid for. Always HTTP 200."""
        try:
            cost = requested(parse(query), variables)
        except GraphQLSyntaxError as problem:
            return {"errors": [{"message": str(problem)}]}
        self.bucket.refill()
        told = {"requestedQueryCost": cost, "actualQueryCost": None, "throttleStatus": self.bucket.as_json()}
        if cost > MOST:
            said = f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST})."
            return {"errors": [{"message": said, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": cost}}]}
        if cost > self.bucket.available:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [error], "extensions": {"cost": told}}
        return self._executed(query, variables, told)

    def _executed(self, query: str, variables: Json, told: Json) -> Json:
        root = {**self._answers.fields(), **self._changes.fields()}
        done = graphql_sync(self._schema, query, root, variable_values=variables)
        actual = spent(done.data)
        self.bucket.available -= actual
        told |= {"actualQueryCost": actual, "throttleStatus": self.bucket.as_json()}
        answer: Json = {"data": done.data, "extensions": {"cost": told}}
        errors = [one.formatted for one in done.errors or ()]
        return {**answer, "errors": errors} if errors else answer

    def now(self) -> datetime:
        """The shop's time."""
        return self._clock.now()

    def order(self, number: Any) -> ShopifyOrder | None:
        """By id as the API spells it."""
        return next((one for one in self.orders if str(number) == f"gid://shopify/Order/{one.id}"), None)
