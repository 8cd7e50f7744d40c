"""Shopify: the Admin API (GraphQL). A number is part of a fulfillment, which is made from what the order's fulfillment
orders still hold; a fulfillment may have several numbers, of one carrier.

Requests and answers: ``shopify_admin/wire``, documents: ``shopify_admin/documents``, ways in: ``shopify_admin/access``.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from doorstep.connectors.answers import convert
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Delivery,
    Denied,
    Facts,
    Field,
    Flow,
    Grant,
    Meta,
    Moved,
    NotFound,
    Pushed,
    Received,
    Refused,
    Shipment,
    Store,
    Word,
)
from doorstep.connectors.signing import hmac_base64, same
from doorstep.connectors.stores.shopify_admin import access, documents, giving, webhook, wire
from doorstep.connectors.stores.shopify_admin.orders import (
    STATUS,
    OrderShape,
    cut,
    read_order,
    shipments,
)
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status


class Shopify:
    """A Teller that is Granted (or has a token of its own app) and Renewing, with signed webhooks."""

    meta = Meta(
        name="shopify",
        label="Shopify",
        hosts=OWN,
        polls_per_minute=60,  # a page costs up to 1,000 points at most, some 30 really; 100 points a second come back
        can=frozenset(
            {Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW, Can.DELIVERED, Can.TELL}
            | {Can.HOOKS, Can.GRANT}
        ),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="my-shop.myshopify.com"),
            Field(
                name="client_id",
                label="Client ID",
                required=False,
                help="Of your app in Shopify's Dev Dashboard, under Settings.",
            ),
            Field(
                name="client_secret",
                label="Client secret",
                secret=True,
                required=False,
                help="Beside the client ID; of an older custom app its API secret key. Webhooks are signed with it.",
            ),
            Field(
                name="access_token",
                label="Access token",
                secret=True,
                required=False,
                placeholder="shpat_...",
                help="Only of an older custom app, instead of the client ID.",
            ),
        ),
        basis="GraphQL schema of the Admin API 2026-07",
        docs="https://shopify.dev/docs/api/admin-graphql/2026-07",
        proven="documented only",
        steps=(
            "In Shopify's Dev Dashboard, create an app and give its version these scopes: " + ", ".join(access.SCOPES),
            "Release the version and install the app in your shop.",
            "Copy client ID and client secret from its Settings. An older custom app has an access token instead.",
        ),
        limits=(
            "Shopify shows orders of the last 60 days, unless the app has the scope read_all_orders.",
            "Names and addresses of buyers are shown only to apps that were given access to protected customer data.",
            "All numbers of one shipment have one carrier.",
        ),
        gaps=(
            "An order of more than 100 lines or 9 fulfillments, or of 30 lines or 9 numbers in one, is not read.",
            "The time of payment is not read.",
            "Numbers are not given to PayPal: Shopify tells its own id of a payment, not PayPal's.",
            "A number that several locations share is shown as moving in the first of its fulfillments only.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"SUBMITTED", "LABEL_VOIDED", "NOT_DELIVERED", "PICKED_UP", "CANCELED"})
    tells = frozenset(giving.EVENTS)

    def authorize(self, account: Account, grant: Grant) -> str:
        return access.page(account, grant)

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        return (yield from access.by_code(account, access.verify(account, grant, query)))

    def stale(self, account: Account) -> bool:
        return access.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        return (yield from access.renewed(account))

    def check(self, account: Account) -> Flow[Checked]:
        """Asks which shop it is and what the app may do there."""
        if not account.credentials.get("access_token"):
            raise Denied("no credentials", message=Message(id="shopify.no_key"))
        answer = yield wire.ask(account, documents.WHO, {})
        found = convert(wire.data(answer), _Who)
        missing = sorted(set(access.SCOPES) - {one.handle for one in found.current_app_installation.access_scopes})
        if "read_orders" in missing:
            raise Denied("read_orders", message=Message(id="shopify.denied", values={"said": "read_orders"}))
        notes = [Message(id="shopify.missing_scopes", values={"scopes": ", ".join(missing)})] if missing else []
        if wire.keeps_back(answer):
            notes.append(Message(id="shopify.no_buyers"))
        shop = found.shop.myshopify_domain
        return Checked(external_id=shop, label=found.shop.name, settings={"shop": shop}, notes=tuple(notes))

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages in the order of the last change: one that changes meanwhile comes once more, at the end. Orders too
        large for a page are asked one by one.
        """
        changed = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'" if since else None
        after: str | None = None
        while True:
            variables = {"first": documents.PER_PAGE, "after": after, "changed": changed, **documents.IN_LIST}
            answer = yield wire.ask(account, documents.ORDERS, variables, what="orders", subject=after or "")
            page = convert(wire.data(answer).get("orders"), _Page)
            for ref in (one.legacy_resource_id for _, one in _readable(page.nodes, []) if cut(one, alone=False)):
                yield from self.order(account, ref)
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or not after:
                return

    def order(self, account: Account, ref: str) -> Flow[None]:
        variables = {"id": wire.gid("Order", ref), **documents.ALONE}
        wire.data((yield wire.ask(account, documents.ORDER, variables, what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, one order, or the body of a webhook."""
        if answer.what == "hook":
            return _read_hook(answer)
        found = wire.data(answer)
        alone = "orders" not in found
        nodes = [found.get("order")] if alone else convert(found["orders"], _Page).nodes
        if nodes == [None]:
            raise NotFound("no such order", message=Message(id="stores.not_found", values={"said": "no such order"}))
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, order in _readable(nodes, bad):
            if cut(order, alone=alone):
                bad.extend([f"order {order.name} is too large to be read"] if alone else [])
                continue
            try:
                orders.append(read_order(order))
            except ValueError as error:
                bad.append(f"item {position}: {error}")
            words += _words((one.display_status or "" for one in order.fulfillments), order.name)
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        return (yield from giving.push(account, shipment))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return tuple(shipments((yield from giving.fetch(account, order))))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        yield from giving.withdraw(account, order, ref)

    def tell(self, account: Account, moved: Moved) -> Flow[None]:
        yield from giving.tell(account, moved)

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """One subscription a topic, where it is not there yet. They are signed with the app's own secret."""
        if not account.credentials.get("client_secret"):
            raise Refused("no secret", message=Message(id="shopify.no_hook_secret"))
        answer = yield wire.ask(account, documents.HOOKS, {"uri": address})
        there = {one.topic for one in convert(wire.data(answer).get("webhookSubscriptions"), _Hooks).nodes}
        for topic in webhook.TOPICS:
            if topic not in there:
                hook: dict[str, object] = {"uri": address, "format": "JSON"}
                if topic.startswith("ORDERS_"):
                    hook["includeFields"] = webhook.FIELDS
                made = yield wire.ask(account, documents.HOOK, {"topic": topic, "hook": hook}, changes=True)
                wire.result(made, "webhookSubscriptionCreate")
        return {}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """The signature covers the raw body, and the shop has to be this one: apps have one secret for all their shops.
        An order is believed; anything else about shipments, or the end of the app, is a reason to ask.
        """
        secret = account.credentials.get("client_secret", "")
        theirs = delivery.headers.get("x-shopify-hmac-sha256", "")
        shop = account.settings.get("shop", "")
        if not secret or not same(hmac_base64(secret, delivery.body), theirs):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        if shop and delivery.headers.get("x-shopify-shop-domain", "").lower() != shop.lower():
            raise Denied("another shop's delivery", message=Message(id="stores.bad_signature"))
        topic, key = delivery.headers.get("x-shopify-topic", ""), delivery.headers.get("x-shopify-webhook-id", "")
        if topic in ("orders/create", "orders/updated"):
            return Received(answer=Answer(what="hook", body=delivery.body, received_at=delivery.received_at), key=key)
        return Received(answer=None, key=key, knock=topic.startswith("fulfillments/") or topic == "app/uninstalled")


class _Scope(msgspec.Struct):
    handle: str


class _App(msgspec.Struct, rename="camel"):
    access_scopes: list[_Scope]


class _Shop(msgspec.Struct, rename="camel"):
    name: str
    myshopify_domain: str


class _Who(msgspec.Struct, rename="camel"):
    shop: _Shop
    current_app_installation: _App


class _Cursor(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Page(msgspec.Struct, rename="camel"):
    nodes: list[object]
    page_info: _Cursor


class _Hook(msgspec.Struct):
    topic: str


class _Hooks(msgspec.Struct):
    nodes: list[_Hook]


def _readable(nodes: Iterable[object], bad: list[str]) -> Iterable[tuple[int, OrderShape]]:
    """Every order that has the documented shape, and its place; ``bad`` takes a line for each other."""
    for position, node in enumerate(nodes):
        try:
            yield position, msgspec.convert(node, OrderShape, strict=False)
        except msgspec.ValidationError as error:
            bad.append(f"item {position}: {error}")


def _read_hook(answer: Answer) -> Facts:
    try:
        order = msgspec.json.decode(answer.body, type=webhook.OrderShape, strict=False)
        return Facts(orders=(webhook.read_order(order),), words=tuple(_words(order.words, order.name)))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Broken(str(error), message=Message(id="stores.garbage")) from error


def _words(said: Iterable[str], order: str) -> list[Word]:
    return [Word(text=one, sample=f"order {order}") for one in said if one and one not in STATUS]


CONNECTOR: Store = Shopify()
