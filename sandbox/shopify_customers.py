"""How the Shopify shop lets in its own customers: OpenID Connect for a public client, and the Customer Account API
2026-07 over GraphQL. Identity tokens have every claim, and a signature that is none.
"""

import base64
import functools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from aiohttp import web
from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from sandbox import consent
from sandbox.clock import Clock
from sandbox.permits import NoPermit, Permits
from sandbox.shopify_answers import connection
from sandbox.shopify_order import SHOP, Fulfillment, Json, ShopifyLine, ShopifyOrder, gid, stamp

if TYPE_CHECKING:
    from sandbox.shopify import Shopify

CLIENT = "shp_sandbox-0000-0000-0000-000000000001"
REDIRECT = "https://doorstep.example/my/stores/signed-in"
ISSUER = "https://shopify.com/authentication/1"
SIGN_IN, TOKENS, LOGOUT = "/authentication/oauth/authorize", "/authentication/oauth/token", "/authentication/logout"
PATH = "/customer/api/2026-07/graphql"
SCOPES = frozenset({"openid", "email", "customer-account-api:full"})


@functools.cache
def the_schema() -> GraphQLSchema:
    """What this API speaks."""
    return build_schema(Path(__file__).with_name("shopify_customer.graphql").read_text(encoding="utf-8"))


class Customers:
    """``here``: the e-mail address of the customer whose browser opens the shop's page. ``claims`` are what identity
    tokens say instead.
    """

    def __init__(self, shop: "Shopify", *, clock: Clock, random: Random) -> None:
        self.here = ""
        self.claims: Json = {}
        self.left: list[str] = []
        self._shop, self._clock = shop, clock
        self._nonces: dict[str, str] = {}
        self.permits = Permits(
            clock=clock,
            random=random,
            client=CLIENT,
            secret="",  # a public client has none
            redirect=REDIRECT,
            lives=timedelta(hours=1),
            rotates=True,
            shape="shcat_{}",
        )

    def routes(self) -> list[web.RouteDef]:
        """What the shop's app serves beside the Admin API."""
        return [
            web.get("/.well-known/openid-configuration", self._openid),
            web.get("/.well-known/customer-account-api", self._api),
            web.get(SIGN_IN, self._ask),
            web.post(SIGN_IN, self._ask),
            web.post(TOKENS, self._token),
            web.get(LOGOUT, self._leave),
            web.post(PATH, self._graphql),
        ]

    async def _openid(self, _: web.Request) -> web.Response:
        at = f"https://{SHOP}"
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": at + SIGN_IN,
                "token_endpoint": at + TOKENS,
                "end_session_endpoint": at + LOGOUT,
                "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
                "response_types_supported": ["code"],
                "scopes_supported": sorted(SCOPES),
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _api(self, _: web.Request) -> web.Response:
        return web.json_response({"graphql_api": f"https://{SHOP}{PATH}"})

    async def _ask(self, request: web.Request) -> web.Response:
        needs = {
            "client_id": CLIENT,
            "redirect_uri": self.permits.redirect,
            "response_type": "code",
            "code_challenge_method": "S256",
            **dict.fromkeys(("scope", "state", "nonce", "code_challenge"), ""),
        }
        return await consent.ask(request, needs, self.permits.redirect, self.allowed)

    def allowed(self, asked: Mapping[str, str]) -> str:
        """The code of a customer who signed in and agreed."""
        code = self.permits.consent(self.here, asked["scope"], asked["code_challenge"])
        self._nonces[code] = asked["nonce"]
        return code

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        lives_at = "/".join(self.permits.redirect.split("/")[:3])
        if form.get("client_id") != CLIENT or request.headers.get("Origin") != lives_at:
            raise NoPermit("invalid_client")
        if form.get("grant_type") == "refresh_token":
            return web.json_response(self.permits.refresh(form))
        made = self.permits.redeem(form)
        who = self.permits.of(str(made["access_token"])).who
        return web.json_response({**made, "id_token": self._identity(who, self._nonces.pop(form["code"], ""))})

    def _identity(self, who: str, nonce: str) -> str:
        until = int((self._clock.now() + timedelta(hours=1) * self._clock.rate).timestamp())
        said = {"iss": ISSUER, "aud": CLIENT, "sub": who, "exp": until, "nonce": nonce, "email": who, **self.claims}
        parts = [json.dumps(one).encode() for one in ({"alg": "RS256", "typ": "JWT"}, said)]
        return ".".join([*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts), "bm9uZQ"])

    async def _leave(self, request: web.Request) -> web.Response:
        said = request.query.get("id_token_hint", "").split(".")[1]
        who = json.loads(base64.urlsafe_b64decode(said + "=="))["sub"]
        self.permits.revoke(who)
        self.left.append(who)
        return web.Response(text="You are signed out.")

    async def _graphql(self, request: web.Request) -> web.Response:
        try:
            who = self.permits.of(request.headers.get("Authorization", "")).who
        except NoPermit:
            return web.json_response({"errors": [{"message": "Unauthorized"}]}, status=401)
        body = json.loads(await request.read())
        return web.json_response(self.execute(who, body["query"], body.get("variables") or {}))

    def execute(self, who: str, query: str, variables: Json, schema: GraphQLSchema | None = None) -> Json:
        """One document, of what a customer may see."""
        mine = {gid("Order", one.id): one for one in self._shop.orders if one.buyer.email == who}
        root = {
            "customer": {
                "id": gid("Customer", 7),
                "emailAddress": {"emailAddress": who},
                "orders": lambda _, first=0, after=None, query=None, **how: connection(
                    [_order(one) for one in sorted(_since(query, mine.values()), key=lambda one: one.updated_at)],
                    first,
                    after,
                ),
            },
            "order": lambda _, id: _order(mine[id]) if id in mine else None,  # noqa: A006 - the schema's own name
            "shop": {"id": gid("Shop", 1), "name": "Lantern on Shopify", "myshopifyDomain": SHOP},
        }
        done = graphql_sync(schema or the_schema(), query, root, variable_values=variables)
        errors = [one.formatted for one in done.errors or ()]
        return {"data": done.data, **({"errors": errors} if errors else {})}


def _since(query: str | None, orders: Any) -> list[ShopifyOrder]:
    if not query:
        return list(orders)
    word, _, said = query.partition(":")
    if word != "updated_at":
        raise GraphQLError(f"this shop cannot search for {word}")
    since = datetime.fromisoformat(said.lstrip(">=").strip("'"))
    return [one for one in orders if one.updated_at >= since]


def _order(order: ShopifyOrder) -> Json:
    lines = {one.id: _line(one) for one in order.lines}
    return {
        "id": gid("Order", order.id),
        "name": order.name,
        "createdAt": stamp(order.created_at),
        "updatedAt": stamp(order.updated_at),
        "cancelledAt": stamp(order.cancelled_at) if order.cancelled_at else None,
        "financialStatus": order.paid,
        "lineItems": lambda _, first=0, after=None, **how: connection(list(lines.values()), first, after),
        "fulfillments": lambda _, first=0, after=None, **how: connection(
            [_fulfillment(one, lines) for one in order.fulfillments], first, after
        ),
    }


def _line(line: ShopifyLine) -> Json:
    return {
        "id": gid("LineItem", line.id),
        "name": line.title,
        "sku": line.sku,
        "quantity": line.quantity,
        "requiresShipping": line.ships,
    }


def _fulfillment(one: Fulfillment, lines: Mapping[int, Json]) -> Json:
    urls = [*one.urls, *[None] * len(one.numbers)]
    parts = [
        {"id": gid("FulfillmentLineItem", line), "quantity": quantity, "lineItem": lines[line]}
        for line, quantity in one.parts.items()
    ]
    return {
        "id": gid("Fulfillment", one.id),
        "status": one.status,
        "createdAt": stamp(one.created_at),
        "latestShipmentStatus": max(one.events, key=lambda event: event[2])[1] if one.events else None,
        "trackingInformation": [
            {"company": one.company or None, "number": number, "url": url}
            for number, url in zip(one.numbers, urls, strict=False)
        ],
        "fulfillmentLineItems": lambda _, first=0, after=None, **how: connection(parts, first, after),
    }
