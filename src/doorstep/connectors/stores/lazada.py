"""Lazada: the Open Platform for a shop whose owner allowed it. Lazada makes the numbers of its parcels itself, when an
order is packed; they are read, and none is given.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, text
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
    Granted,
    Meta,
    NotFound,
    Received,
    Refused,
    Word,
)
from doorstep.connectors.signing import same
from doorstep.connectors.stores.lazada_open.orders import STATUS, ItemShape, OrderShape, read_order
from doorstep.connectors.stores.lazada_open.wire import AUTH, HOSTS, country_of, envelope, request, tokens
from doorstep.connectors.values import Grant
from doorstep.core.message import Message
from doorstep.core.order import Order
from doorstep.core.status import Status

CONSENT: Final = f"https://{AUTH}/oauth/authorize"
ORDERS: Final = "/orders/get"
ORDER: Final = "/order/get"
ITEMS: Final = "/order/items/get"
PER_PAGE: Final = 100
FIRST_REACH: Final = timedelta(days=30)  # without a beginning Lazada tells nothing


class Lazada:
    meta = Meta(
        name="lazada",
        label="Lazada",
        hosts=frozenset({AUTH, *HOSTS.values()}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.HOOKS, Can.GRANT}),
        fields=(
            Field(name="country", label="Country", placeholder="my", help="One of id, my, ph, sg, th and vn."),
            Field(name="app_key", label="App key", help="open.lazada.com, App Console, your app."),
            Field(name="app_secret", label="App secret", secret=True),
        ),
        basis="Lazada's own tables of the Open Platform (orders, items), its published signature, December 2025",
        docs="https://open.lazada.com/apps/doc/api?path=%2Forders%2Fget",
        proven="documented only",
        steps=(
            "At open.lazada.com create an app (Seller In-house APP) and have it approved.",
            "Enter the address that Doorstep shows as the app's callback URL.",
            "Enter country, app key and app secret, press Connect, and allow it as the shop's owner.",
        ),
        limits=("The items of each order are asked for one order at a time.",),
        gaps=(
            "Lazada takes no numbers of other carriers over its API: it makes its own when an order is packed.",
            "Parcels of the merchant's own fleet are marked in Seller Center; Doorstep reads what is there.",
            "Buyers' e-mail addresses are not told, and parts of their addresses are behind stars.",
            "A cross-border account is connected once for each of its countries.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def authorize(self, account: Account, grant: Grant) -> str:
        asked = {"response_type": "code", "force_auth": "true", "redirect_uri": grant.redirect, "state": grant.state}
        return f"{CONSENT}?{urlencode({**asked, 'client_id': account.settings.get('app_key', '')})}"

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        asked = {"code": grants.code(grant, query)}
        return tokens((yield request(account, "/auth/token/create", asked, host=AUTH)), account.now)

    def stale(self, account: Account) -> bool:
        return grants.over(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        held = account.credentials.get("refresh_token", "")
        if not held:
            return {}
        asked = {"refresh_token": held}
        return tokens((yield request(account, "/auth/token/refresh", asked, host=AUTH)), account.now)

    def check(self, account: Account) -> Flow[Checked]:
        """Who it is, and that orders may be read."""
        seller = _object(envelope((yield request(account, "/seller/get", {}))).get("data"))
        envelope((yield request(account, ORDERS, _since(account.now - timedelta(days=1), 0, 1))))
        ref = text(seller.get("seller_id"))
        if not ref:
            raise Refused("no seller", message=Message(id="lazada.no_seller"))
        country = country_of(account)
        if country not in HOSTS:
            raise Refused(country, message=Message(id="lazada.no_country", values={"country": country[:40]}))
        return Checked(external_id=f"{country}-{ref}", label=text(seller.get("name")) or f"Lazada {ref}")

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by the time of placing, which never changes. Each is asked for twice: to learn of which orders to ask
        the items, and with those beside it.
        """
        begin, offset, full = since or account.now - FIRST_REACH, 0, True
        while full:
            asked = _since(begin, offset, PER_PAGE)
            found = _object(envelope((yield request(account, ORDERS, asked))).get("data"))
            refs = [text(one.get("order_id")) for one in convert(found.get("orders") or [], list[dict[str, object]])]
            if refs:
                context = {"items": (yield from _items(account, refs))}
                envelope((yield request(account, ORDERS, asked, what="orders", subject=str(offset), context=context)))
            offset, full = offset + PER_PAGE, len(refs) >= PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        context = {"items": (yield from _items(account, [ref]))}
        envelope((yield request(account, ORDER, {"order_id": _ref(ref)}, what="order", subject=ref, context=context)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one, with their items beside them."""
        found = _object(envelope(answer).get("data"))
        shapes = convert(found.get("orders") or [], list[object]) if answer.what == "orders" else [found]
        beside = _beside(answer)
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(shapes):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                items = [one for one in beside if one.order_id == order.order_id]
                orders.append(read_order(order, items))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            said = dict.fromkeys((*order.statuses, *(one.status for one in items)))
            words += [Word(text=one, sample=f"order {order.order_id}") for one in said if one not in self.status]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Lazada takes an address by hand only. Raises Refused, saying where; from then on its notices are heard."""
        yield from ()  # nothing is asked
        raise Refused("by hand", message=Message(id="lazada.hooks_by_hand", values={"address": address}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """A notice names an order and one of its words, not the order: a knock."""
        key, secret = account.settings.get("app_key", ""), account.credentials.get("app_secret", "")
        mine = hmac.digest(secret.encode(), key.encode() + delivery.body, "sha256").hex()
        if not secret or not same(mine, delivery.headers.get("authorization", "")):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        return Received(answer=None, knock=True)


def _since(begin: datetime, offset: int, limit: int) -> dict[str, str]:
    sort = {"sort_by": "created_at", "sort_direction": "ASC"}
    after = begin.isoformat(timespec="seconds")
    return {"update_after": after, "offset": str(offset), "limit": str(limit), **sort}


def _items(account: Account, refs: list[str]) -> Flow[str]:
    """The items of these orders as JSON, without what Lazada says of the buyer."""
    found: list[ItemShape] = []
    for ref in refs:
        data = envelope((yield request(account, ITEMS, {"order_id": _ref(ref)}))).get("data")
        found += convert(data or [], list[ItemShape])
    return msgspec.json.encode(found).decode()


def _beside(answer: Answer) -> list[ItemShape]:
    """The items that came with the orders."""
    try:
        return msgspec.json.decode(answer.context.get("items", ""), type=list[ItemShape])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []


def _object(found: object) -> dict[str, object]:
    return convert(found or {}, dict[str, object])


def _ref(ref: str) -> str:
    if not re.fullmatch(r"[0-9]{1,24}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


CONNECTOR: Granted = Lazada()
