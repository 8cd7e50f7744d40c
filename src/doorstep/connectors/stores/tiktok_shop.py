"""TikTok Shop: the Open API for a shop whose owner allowed it. Only orders that the seller ships with a carrier of
their own take a number; those that TikTok ships have TikTok's label.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import bare, convert, text
from doorstep.connectors.contract import (
    Account,
    Answer,
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
    Refused,
    Shipment,
    Shop,
    Word,
)
from doorstep.connectors.signing import Pairs, same
from doorstep.connectors.stores.tiktok.orders import (
    STATUS,
    OrderShape,
    cancelled,
    ours,
    read_order,
    said,
    shipments,
    unshipped,
    with_number,
)
from doorstep.connectors.stores.tiktok.wire import data, request, token_request, tokens
from doorstep.connectors.values import Grant
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

CONSENT: Final = "https://services.tiktokshop.com/open/authorize"
ORDERS: Final = "/order/202507/orders"
SEARCH: Final = "/order/202309/orders/search"
SHIP: Final = "/fulfillment/202309"
PER_PAGE: Final = 100
EVENTS: Final = ("ORDER_STATUS_CHANGE", "PACKAGE_UPDATE", "CANCELLATION_STATUS_CHANGE")


class TikTokShop:
    meta = Meta(
        name="tiktok_shop",
        label="TikTok Shop",
        hosts=frozenset({"open-api.tiktokglobalshop.com", "auth.tiktok-shops.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.HOOKS, Can.GRANT}),
        fields=(
            Field(name="app_key", label="App key", help="partner.tiktokshop.com, App and service, your app."),
            Field(name="app_secret", label="App secret", secret=True),
            Field(name="service_id", label="Service ID", help="The number in the app's authorization link."),
        ),
        basis="TikTok Shop's own tables of Order 202309/202507 and Fulfillment 202309, with its own examples",
        docs="https://partner.tiktokshop.com/docv2/page/mark-package-as-shipped-202309",
        proven="vendor sample",
        steps=(
            "Create a custom app at partner.tiktokshop.com with the scopes Order Information and Fulfillment Basic.",
            "Enter the address that Doorstep shows as the app's redirect URL.",
            "Enter app key, app secret and service ID, press Connect, and allow it on TikTok's page.",
        ),
        limits=(
            "Numbers are taken in the United States, the United Kingdom, Japan and the European shops.",
            "A number can be changed within 72 hours.",
        ),
        gaps=(
            "Orders that TikTok ships (its label, its warehouse) take no number of yours.",
            "No number can be taken back. TikTok mails the buyer and says delivered by itself.",
            "Of an account with several shops the first is connected.",
            "Its own list of carriers depends on the order: one that is not on it is refused, with the names that are.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def authorize(self, account: Account, grant: Grant) -> str:
        """TikTok comes back to the address that the app has there; neither scopes nor PKCE are asked for here."""
        return f"{CONSENT}?{urlencode({'service_id': account.settings.get('service_id', ''), 'state': grant.state})}"

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        asked = {"auth_code": grants.code(grant, query), "grant_type": "authorized_code"}
        return tokens((yield token_request(account, "get", asked)), account.now)

    def stale(self, account: Account) -> bool:
        return grants.over(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A week's token, and the next refresh token."""
        held = account.credentials.get("refresh_token", "")
        if not held:
            return {}
        asked = {"refresh_token": held, "grant_type": "refresh_token"}
        return tokens((yield token_request(account, "refresh", asked)), account.now)

    def check(self, account: Account) -> Flow[Checked]:
        """The shops that were allowed. Their ciphers name them in every other request."""
        answer = yield request(account, "GET", "/authorization/202309/shops", shop=False)
        shops = convert(_object(answer).get("shops") or [], list[dict[str, object]])
        if not shops:
            raise Refused("no shop", message=Message(id="tiktok_shop.no_shop"))
        first = {name: text(shops[0].get(name)) for name in ("id", "name", "cipher", "region")}
        others = ", ".join(text(one.get("name")) for one in shops[1:])
        more = Message(id="tiktok_shop.other_shops", values={"name": first["name"], "others": others})
        settings = {"shop_cipher": first["cipher"], "region": first["region"]}
        label = first["name"] or f"TikTok Shop {first['id']}"
        return Checked(external_id=first["id"], label=label, settings=settings, notes=(more,) if others else ())

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by the time of purchase, which never changes, so that no page misses an order."""
        query: Pairs = (("page_size", str(PER_PAGE)), ("sort_field", "create_time"), ("sort_order", "ASC"))
        wanted = {"update_time_ge": int(since.timestamp())} if since else {}
        token, page = "", 0
        while page == 0 or token:
            asked = (*query, ("page_token", token)) if token else query
            answer = yield request(account, "POST", SEARCH, query=asked, body=wanted, what="orders", subject=str(page))
            found = _object(answer)
            token = text(found.get("next_page_token")) if found.get("orders") else ""
            page += 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        data((yield request(account, "GET", ORDERS, query=(("ids", _ref(ref)),), what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one. What TikTok ships from its own warehouse is left out."""
        items = convert(_object(answer).get("orders") or [], list[object])
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(items):
            try:
                shape = msgspec.convert(item, OrderShape, strict=False)
                if not ours(shape):
                    continue
                orders.append(read_order(shape))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            unknown = [one for one in said(shape) if one not in self.status]
            words += [Word(text=one, sample=f"order {shape.id}") for one in unknown]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Marks a package as shipped, or changes its number. Looks first: a repetition adds nothing."""
        order = yield from _fetch(account, shipment.order)
        if cancelled(order):
            raise Refused("CANCELLED", message=Message(id="stores.order_cancelled"))
        if there := with_number(order, shipment.number):
            return Pushed(ref=there.ref)
        if order.shipping_type == "TIKTOK":
            raise Refused("TIKTOK", message=Message(id="tiktok_shop.ships_itself"))
        lines = _lines(shipment, order)
        provider = yield from _provider(account, order, shipment)
        body: dict[str, object] = {"tracking_number": shipment.number, "shipping_provider_id": provider}
        if shipment.replaces:
            path = f"{SHIP}/packages/{_ref(shipment.replaces)}/shipping_info/update"
            data((yield request(account, "POST", path, body=body, changes=True)))
            return Pushed(ref=shipment.replaces)
        body["order_line_item_ids"] = lines
        path = f"{SHIP}/orders/{_ref(shipment.order)}/packages"
        made = _object((yield request(account, "POST", path, body=body, changes=True)))
        warning = made.get("warning")
        warned = text(warning.get("message")) if isinstance(warning, dict) else ""
        notes = (Message(id="tiktok_shop.warned", values={"said": warned}),) if warned else ()
        return Pushed(ref=text(made.get("package_id")), notes=notes)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return shipments((yield from _fetch(account, order)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """One address for each kind of notice; the same again changes nothing. They are signed with the app secret."""
        for event in EVENTS:
            body = {"address": address, "event_type": event}
            data((yield request(account, "PUT", "/event/202309/webhooks", body=body, changes=True)))
        return {}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """A notice names an order and one of its words, not the order: a knock."""
        key, secret = account.settings.get("app_key", ""), account.credentials.get("app_secret", "")
        mine = hmac.digest(secret.encode(), key.encode() + delivery.body, "sha256").hex()
        if not secret or not same(mine, delivery.headers.get("authorization", "")):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        return Received(answer=None, knock=True)


def _lines(shipment: Shipment, order: OrderShape) -> list[str]:
    """Units to be shipped: as stated, or all that has not left."""
    if shipment.replaces:
        if shipment.replaces not in {one.ref for one in shipments(order)}:
            raise NotFound(message=Message(id="stores.replaced_gone"))
        return []
    lines = [one.line for one in shipment.contents] or unshipped(order)
    if not lines:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    return lines


def _provider(account: Account, order: OrderShape, shipment: Shipment) -> Flow[str]:
    """TikTok's id of the carrier, among those it offers for this order. Raises Refused, naming them."""
    path = f"/logistics/202309/delivery_options/{_ref(order.delivery_option_id or '')}/shipping_providers"
    found = _object((yield request(account, "GET", path))).get("shipping_providers") or []
    offered = {text(one.get("name")): text(one.get("id")) for one in convert(found, list[dict[str, object]])}
    ids = [ref for name, ref in offered.items() if bare(name) == bare(shipment.carrier_name or shipment.carrier)]
    if len(ids) != 1:
        values = {"carrier": shipment.carrier_name or shipment.carrier, "offered": ", ".join(sorted(offered))}
        raise Refused("no carrier", message=Message(id="tiktok_shop.no_carrier", values=values))
    return ids[0]


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    answer = yield request(account, "GET", ORDERS, query=(("ids", _ref(ref)),))
    found = convert(_object(answer).get("orders") or [], list[object])
    if not found:
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return convert(found[0], OrderShape)


def _object(answer: Answer) -> dict[str, object]:
    return convert(data(answer) or {}, dict[str, object])


def _ref(ref: str) -> str:
    if not re.fullmatch(r"[0-9]{1,24}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


CONNECTOR: Shop = TikTokShop()
