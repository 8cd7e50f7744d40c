"""A shopper's own account at a shop at Shopify: the Customer Account API (GraphQL), which shows a shop's customer their
own orders. The shopper connects it, in the app; the shop's merchant only says under which client.

Ways in: ``shopify_accounts/access``, requests and answers: ``shopify_accounts/wire``, what is asked:
``shopify_accounts/documents``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Can,
    Checked,
    Denied,
    Facts,
    Field,
    Flow,
    Grant,
    Granted,
    Meta,
    NotFound,
    Renewing,
    Word,
)
from doorstep.connectors.stores.shopify_accounts import access, documents, wire
from doorstep.connectors.stores.shopify_accounts.orders import STATUS, OrderShape, cut, read_order
from doorstep.connectors.stores.shopify_admin.orders import tail
from doorstep.connectors.stores.shopify_admin.wire import gid, site
from doorstep.core.message import Message
from doorstep.core.order import Order
from doorstep.core.status import Status


class CustomerAccounts(Granted, Renewing, Protocol):
    """What the app needs beside: where a shop lets its customers in, saying that one has left, and their orders."""

    def discover(self, account: Account) -> Flow[Mapping[str, str]]: ...
    def leave(self, account: Account) -> Flow[None]: ...
    def orders(self, account: Account, since: datetime | None) -> Flow[None]: ...


class ShopifyCustomer:
    """Orders only: nothing is ever written there."""

    meta = Meta(
        name="shopify_customer",
        label="Shopify customer account",
        hosts=OWN,
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.GRANT, Can.SHOPPER}),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="https://shop.example"),
            Field(name="client_id", label="Client ID", help="Of the shop's client for the Customer Account API."),
        ),
        basis="GraphQL schema of the Customer Account API 2026-07; OpenID Connect Discovery 1.0",
        docs="https://shopify.dev/docs/api/customer/2026-07",
        proven="documented only",
        steps=(
            "In Shopify, Settings, Customer accounts, let customers sign in with customer accounts.",
            "Install the sales channel Headless, create a storefront, and open its Customer Account API settings.",
            "Choose the client type Public, and enter Doorstep's address for coming back and its origin.",
            "Copy the client ID into the store's page settings in Doorstep, with the address that shoppers see.",
        ),
        limits=(
            "Orders that changed in the last 30 days are read when an account is connected, and all later changes.",
            "Shopify has no smaller permission for this API than all of it; Doorstep only ever reads orders.",
        ),
        gaps=(
            "An order of more than 100 lines or 10 fulfillments, or of 30 lines in one, is not read.",
            "Units that were removed or refunded are not told apart.",
            "Shopify has no way to give tokens back: Doorstep erases its own, and calls the shop's logout address.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"LABEL_PURCHASED", "CONFIRMED", "READY_FOR_PICKUP", "PICKED_UP"})

    def discover(self, account: Account) -> Flow[Mapping[str, str]]:
        return (yield from access.discover(account))

    def authorize(self, account: Account, grant: Grant) -> str:
        """``account`` has what ``discover`` found among its settings."""
        return access.page(account, grant)

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        return (yield from access.redeemed(account, grant, query))

    def stale(self, account: Account) -> bool:
        return grants.over(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        return (yield from access.renewed(account))

    def leave(self, account: Account) -> Flow[None]:
        yield from access.left(account)

    def check(self, account: Account) -> Flow[Checked]:
        """Asks which customer it is. Their id alone is kept of them."""
        if "graphql" not in account.settings:
            found = yield from access.discover(account)
            account = replace(account, settings={**account.settings, **found})
        if not account.credentials.get("access_token"):
            raise Denied("nobody signed in", message=Message(id="shop_accounts.denied"))
        who = convert(wire.data((yield wire.ask(account, documents.WHO, {}))), _Who)
        ref = f"{site(account)}/{tail(who.customer.id)}"
        return Checked(external_id=ref, label=who.shop.name, settings=account.settings)

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages in the order of the last change. Orders too large for a page are asked one by one."""
        changed = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'" if since else None
        after: str | None = None
        while True:
            variables = {"first": documents.PER_PAGE, "after": after, "changed": changed, **documents.IN_LIST}
            answer = yield wire.ask(account, documents.ORDERS, variables, what="orders", subject=after or "")
            page = _page(wire.data(answer))
            for ref in (tail(one.id) for _, one in _readable(page.nodes, []) if cut(one)):
                yield from self.order(account, ref)
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or not after:
                return

    def order(self, account: Account, ref: str) -> Flow[None]:
        variables = {"id": gid("Order", ref), **documents.ALONE}
        wire.data((yield wire.ask(account, documents.ORDER, variables, what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order."""
        found = wire.data(answer)
        alone = "customer" not in found
        nodes = [found.get("order")] if alone else _page(found).nodes
        if nodes == [None]:
            raise NotFound("no such order", message=Message(id="stores.not_found", values={"said": "no such order"}))
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, order in _readable(nodes, bad):
            if cut(order):
                bad.extend([f"order {order.name} is too large to be read"] if alone else [])
                continue
            try:
                orders.append(read_order(order))
            except ValueError as error:
                bad.append(f"item {position}: {error}")
            words += [Word(text=one, sample=f"order {order.name}") for one in order.words if one and one not in STATUS]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))


class _Customer(msgspec.Struct):
    id: str


class _Shop(msgspec.Struct):
    name: str


class _Who(msgspec.Struct):
    customer: _Customer
    shop: _Shop


class _Cursor(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Orders(msgspec.Struct, rename="camel"):
    nodes: list[object]
    page_info: _Cursor


class _Holder(msgspec.Struct):
    orders: _Orders


def _page(found: Mapping[str, object]) -> _Orders:
    return convert(found.get("customer"), _Holder).orders


def _readable(nodes: Sequence[object], bad: list[str]) -> Iterator[tuple[int, OrderShape]]:
    """Every order that has the documented shape, and its place; ``bad`` takes a line for each other."""
    for position, node in enumerate(nodes):
        try:
            yield position, msgspec.convert(node, OrderShape, strict=False)
        except msgspec.ValidationError as error:
            bad.append(f"item {position}: {error}")


CONNECTOR: CustomerAccounts = ShopifyCustomer()
