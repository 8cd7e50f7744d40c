"""WooCommerce: REST API v3. How a number is given depends on the shop (``woo/ways``): through one of two tracking
plugins, its own fulfillments, or a note on the order. Which it is, is found out when the shop is connected.

Over plain http the API takes one-legged OAuth 1.0a only; over https Basic, or the keys in the query where the host
strips ``Authorization``. The plugins keep their numbers in an order meta, which every order answer carries.
"""

import hashlib
import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import convert, looks_like_html, text
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
    Meta,
    NotFound,
    Pushed,
    Received,
    Shipment,
    Store,
    Word,
)
from doorstep.connectors.signing import Pairs, hmac_base64, same
from doorstep.connectors.stores.woo import fulfillments, notes, plugin, ways, wire
from doorstep.connectors.stores.woocommerce_orders import STATUS, OrderShape, read_order
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

TOPICS = ("order.created", "order.updated")
PER_PAGE: Final = 100  # more is refused
_PING = re.compile(rb"webhook_id=[0-9]+")

# What a merchant is told about the way that was found; of a plugin nothing.
SAID: Final = {
    "": "stores.woocommerce.no_index",
    ways.FULFILLMENTS: "stores.woocommerce.by_fulfillments",
    ways.NOTES: "stores.woocommerce.by_notes",
}
WAYS: Final[Mapping[str, ways.Way]] = {
    **dict.fromkeys(ways.PLUGINS, plugin),
    ways.FULFILLMENTS: fulfillments,
    ways.NOTES: notes,
}


class WooCommerce:
    meta = Meta(
        name="woocommerce",
        label="WooCommerce",
        hosts=OWN,
        polls_per_minute=240,  # the merchant's own server; WooCommerce itself sets no limit
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW, Can.HOOKS}),
        fields=(
            Field(name="base_url", label="Shop address", placeholder="https://shop.example"),
            Field(
                name="consumer_key",
                label="Consumer key",
                secret=True,
                placeholder="ck_...",
                help="WooCommerce, Settings, Advanced, REST API: add a key with Read/Write permission.",
            ),
            Field(name="consumer_secret", label="Consumer secret", secret=True, placeholder="cs_..."),
        ),
        basis="JSON schemas generated from WooCommerce 10.9.1",
        docs="https://woocommerce.github.io/woocommerce-rest-api-docs/",
        steps=(
            "In WooCommerce, under Settings, Advanced, REST API, add a key with Read/Write permission.",
            "Copy consumer key and consumer secret; they are shown once.",
        ),
        limits=(
            "With the plugin Advanced Shipment Tracking or Shipment Tracking, numbers can be changed and taken back.",
            "Without one, WooCommerce's own fulfillments are used where they are switched on (from 10.1 on).",
            "Where there is neither, a number is a note on the order: the shop mails it, and it cannot be taken back.",
        ),
        gaps=(
            "Numbers that somebody enters into WooCommerce's own fulfillments are seen only when Doorstep gives one.",
            "Quantities that were refunded are not taken off the order's lines.",
            "A payment is matched with PayPal's only where one of PayPal's own plugins took it, not through Braintree.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"auto-draft", "checkout-draft", "failed", "shipped", "trash"})

    def check(self, account: Account) -> Flow[Checked]:
        """Proves the key, and finds out whether and how numbers can be given to this shop."""
        index = yield wire.request(account, "GET", "/", query=(("_fields", "name,namespaces"),), sign="")
        name, namespaces = _index(index)
        name = html.unescape(name)  # WordPress keeps the site's name escaped for HTML
        auth = yield from _prove(account)
        way = (yield from ways.find(account, namespaces, auth)) if namespaces else ""
        told = SAID.get(way)
        settings = {"way": way, "auth": auth, "channel": ways.CHANNELS.get(way, "woocommerce")}
        place = wire.site(account).partition("://")[2].lower()
        return Checked(
            external_id=place, label=name or place, settings=settings, notes=(Message(id=told),) if told else ()
        )

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by id, which never changes, so that no page misses an order that changes meanwhile. The header ``Link``
        is not followed: under OAuth it repeats the signature.
        """
        query: Pairs = (("per_page", str(PER_PAGE)), ("orderby", "id"), ("order", "asc"))
        if since:
            after = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
            query = (*query, ("modified_after", after), ("dates_are_gmt", "true"))
        page, pages = 1, 1
        while page <= pages:
            answer = yield wire.request(
                account, "GET", "/wc/v3/orders", query=(*query, ("page", str(page))), what="orders", subject=str(page)
            )
            found = wire.opened(answer)
            if not found:
                return
            pages = _count(answer.headers.get("x-wp-totalpages", ""), found, page)
            page += 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        wire.opened(
            (yield wire.request(account, "GET", f"/wc/v3/orders/{wire.order_id(ref)}", what="order", subject=ref))
        )

    def read(self, answer: Answer) -> Facts:
        """A page of orders, one order, or the body of a webhook (one order)."""
        found = wire.opened(answer)
        if not isinstance(found, list | dict):
            raise Broken("neither an order nor a list of orders", message=Message(id="stores.garbage"))
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(found if isinstance(found, list) else [found]):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, known=answer.context.get("way") in ways.PLUGINS, bad=bad.append))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if order.status not in self.status:
                words.append(Word(text=order.status, sample=f"order {orders[-1].number}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        return (yield from _way(account).push(account, shipment))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return (yield from _way(account).read_back(account, order))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        yield from _way(account).withdraw(account, order, ref)

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """One webhook per topic, made or mended. Everything returned belongs to the credentials."""
        answer = yield wire.request(account, "GET", "/wc/v3/webhooks", query=(("per_page", str(PER_PAGE)),))
        hooks = convert(wire.opened(answer), list[dict[str, object]])
        ids: list[str] = []
        for topic in TOPICS:
            body = {"name": f"Doorstep {topic}", "status": "active", "topic": topic}
            body |= {"delivery_url": address, "secret": secret}
            there = [one for one in hooks if (one.get("topic"), one.get("delivery_url")) == (topic, address)]
            path = f"/wc/v3/webhooks/{wire.order_id(text(there[0].get('id')))}" if there else "/wc/v3/webhooks"
            made = wire.opened((yield wire.request(account, "PUT" if there else "POST", path, body=body)))
            ids.append(text(convert(made, dict[str, object]).get("id")))
        return {"hook_secret": secret, "hook_ids": " ".join(ids)}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """The signature covers the raw body. The ping after creation is unsigned: accepted, nothing is learnt."""
        if _PING.fullmatch(delivery.body.strip()):
            return Received(answer=None)
        secret = account.credentials.get("hook_secret", "")
        theirs = delivery.headers.get("x-wc-webhook-signature", "")
        if not secret or not same(hmac_base64(secret, delivery.body), theirs):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        answer = Answer(what="order", body=delivery.body, context=wire.told(account), received_at=delivery.received_at)
        return Received(answer=answer, key=_delivery_key(delivery))


def _way(account: Account) -> ways.Way:
    return WAYS[ways.of(account)]


def _delivery_key(delivery: Delivery) -> str:
    """WooCommerce's delivery id is a hash of webhook and second: two orders changed in one second share it."""
    named = delivery.headers.get("x-wc-webhook-delivery-id", "")
    return f"{named}-{hashlib.sha256(delivery.body).hexdigest()[:16]}" if named else ""


def _count(said: str, found: object, page: int) -> int:
    """Number of pages as the shop says; where a proxy drops the header, a full page means that one more follows."""
    if re.fullmatch(r"[0-9]{1,9}", said):
        return int(said)
    return page + 1 if isinstance(found, list) and len(found) >= PER_PAGE else page


def _index(answer: Answer) -> tuple[str, list[str]]:
    """Name and namespaces of the REST index; no namespaces where a security plugin hides it."""
    if answer.status in (401, 403):
        return "", []
    if answer.status in (200, 404) and looks_like_html(answer):
        raise NotFound(message=Message(id="stores.woocommerce.no_api"))
    index = convert(wire.opened(answer), dict[str, object])
    spaces = index.get("namespaces")
    return text(index.get("name")), [text(one) for one in spaces] if isinstance(spaces, list) else []


def _prove(account: Account) -> Flow[str]:
    """Reads one order with the key; over https tries the query where the host strips ``Authorization``."""
    ways = ("basic", "query") if wire.site(account).startswith("https:") else ("oauth",)
    for auth in ways:
        answer = yield wire.request(account, "GET", "/wc/v3/orders", query=(("per_page", "1"),), sign=auth)
        if answer.status != 401:
            break
    wire.opened(answer)
    return auth


CONNECTOR: Store = WooCommerce()
