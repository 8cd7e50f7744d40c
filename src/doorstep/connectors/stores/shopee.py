"""Shopee: Open Platform 2 for a shop whose owner allowed it. Only orders of carriers that are not Shopee's own take a
number from the merchant; of all others Shopee's number is read.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
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
    Meta,
    NotFound,
    Pushed,
    Received,
    Refused,
    Shipment,
    Shop,
    Word,
)
from doorstep.connectors.signing import same
from doorstep.connectors.stores.shopee_open.orders import (
    CANCELLED,
    STATUS,
    WAITS,
    OrderShape,
    PackageShape,
    read_order,
    shipments,
    with_number,
)
from doorstep.connectors.stores.shopee_open.wire import HOST, data, envelope, request, shop_of, signed, tokens
from doorstep.connectors.values import Grant
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

CONSENT: Final = "/api/v2/shop/auth_partner"
TOKEN: Final = "/api/v2/auth/token/get"  # noqa: S105 - a path
REFRESH: Final = "/api/v2/auth/access_token/get"
LIST: Final = "/api/v2/order/get_order_list"
DETAIL: Final = "/api/v2/order/get_order_detail"
NUMBERS: Final = "/api/v2/logistics/get_mass_tracking_number"
PARAMETERS: Final = "/api/v2/logistics/get_shipping_parameter"
SHIP: Final = "/api/v2/logistics/ship_order"
PUSH: Final = "/api/v2/push/set_app_push_config"
PER_PAGE: Final = 50  # of orders and of packages
WINDOW: Final = timedelta(days=15)  # the longest span of time that can be asked about
FIELDS: Final = "item_list,package_list,recipient_address,pay_time,fulfillment_flag"
NOTICES: Final = (3, 4)  # an order's state, a tracking number


class Shopee:
    meta = Meta(
        name="shopee",
        label="Shopee",
        hosts=frozenset({"partner.shopeemobile.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.READ_BACK, Can.HOOKS, Can.GRANT}),
        fields=(
            Field(name="partner_id", label="Partner ID", help="open.shopee.com, App Management, your app: Live."),
            Field(name="partner_key", label="Partner key", secret=True),
        ),
        basis="Shopee's own tables of Open Platform 2 (order, logistics, push), December 2025",
        docs="https://open.shopee.com/documents/v2/v2.logistics.ship_order",
        proven="documented only",
        steps=(
            "At open.shopee.com create an app of the type Seller In-House System, and have it go live.",
            "Enter the address that Doorstep shows as the app's redirect URL.",
            "Enter partner ID and key, press Connect, and allow it as the shop's owner, for a year at most.",
        ),
        limits=("The shop's permission ends after the time chosen on Shopee's page; then it is connected anew.",),
        gaps=(
            "Orders that go with a carrier of Shopee's take no number of yours: Shopee makes it, and it is read.",
            "A number cannot be changed or taken back, and Shopee takes no carrier and no link with it.",
            "Shopee hides who bought: no e-mail address, and parts of the address behind stars.",
            "An app has one address for notices: with several shops, that of the one connected last.",
            "The platforms of Brazil and mainland China have other addresses and are not asked.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def authorize(self, account: Account, grant: Grant) -> str:
        """Shopee keeps what stands in the address that it comes back to, and adds code and shop."""
        back = f"{grant.redirect}?{urlencode({'state': grant.state})}"
        return f"{HOST}{CONSENT}?{urlencode([*signed(account, CONSENT, shop=False), ('redirect', back)])}"

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        code, shop = grants.code(grant, query), query.get("shop_id", "")
        if not shop.isdigit():
            raise Refused("no shop", message=Message(id="shopee.no_shop"))
        asked = {"code": code, "shop_id": int(shop), "partner_id": _partner(account)}
        answer = yield request(account, "POST", TOKEN, body=asked, shop=False)
        return {**tokens(answer, account.now), "shop_id": shop}

    def stale(self, account: Account) -> bool:
        return grants.over(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """Four hours' token, and the next refresh token: the old one is over."""
        held, shop = account.credentials.get("refresh_token", ""), shop_of(account)
        if not held or not shop.isdigit():
            return {}
        asked = {"refresh_token": held, "shop_id": int(shop), "partner_id": _partner(account)}
        return tokens((yield request(account, "POST", REFRESH, body=asked, shop=False)), account.now)

    def check(self, account: Account) -> Flow[Checked]:
        """Orders of the last day may be read."""
        page = yield from _page(account, account.now - timedelta(days=1), account.now, "")
        convert(page.get("order_list") or [], list[object])
        shop = shop_of(account)
        return Checked(external_id=shop, label=f"Shopee {shop}", settings={"shop_id": shop})

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Spans of 15 days at most, page by page; of their orders first the packages, then their numbers are asked."""
        for begin, end in _windows(since or account.now - WINDOW, account.now):
            cursor, page = "", 0
            while page == 0 or cursor:
                found = yield from _page(account, begin, end, cursor)
                refs = [
                    text(one.get("order_sn")) for one in convert(found.get("order_list") or [], list[dict[str, object]])
                ]
                if refs:
                    yield from _tell(account, refs, "orders", f"{begin:%Y%m%d}-{page}")
                cursor = text(found.get("next_cursor")) if found.get("more") and refs else ""
                page += 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        yield from _tell(account, [_ref(ref)], "order", ref)

    def read(self, answer: Answer) -> Facts:
        """Orders with their numbers beside them. What Shopee ships from its own warehouse is left out."""
        items = convert(data(answer).get("order_list") or [], list[object])
        numbers = _beside(answer)
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(items):
            try:
                shape = msgspec.convert(item, OrderShape, strict=False)
                if not shape.ours:
                    continue
                orders.append(read_order(shape, numbers))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            unknown = [one for one in shape.words if one not in self.status]
            words += [Word(text=one, sample=f"order {shape.order_sn}") for one in unknown]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Ships a package that waits for a number. Looks first: a repetition adds nothing."""
        order, numbers = yield from _fetch(account, shipment.order)
        if order.order_status == CANCELLED:
            raise Refused(CANCELLED, message=Message(id="stores.order_cancelled"))
        if there := with_number(shipments(order, numbers), shipment.number):
            return Pushed(ref=there.ref)
        if shipment.replaces:
            raise Refused("no edit", message=Message(id="shopee.no_change", values={"former": shipment.former}))
        package = _package(shipment, order, numbers)
        named = {"order_sn": _ref(shipment.order), "package_number": package.package_number}
        way = yield from _way(account, named)
        body = {**named, way: {"tracking_number": shipment.number}}
        data((yield request(account, "POST", SHIP, body=body, changes=True)))
        return Pushed(ref=package.package_number)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        found, numbers = yield from _fetch(account, order)
        return shipments(found, numbers)

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """The app's one address. Notices are signed with the partner key over address and body."""
        body = {"callback_url": address, "set_push_config_on": list(NOTICES)}
        envelope((yield request(account, "POST", PUSH, body=body, changes=True, shop=False)))
        return {"hook_address": address}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """A notice names an order and one of its words, not the order: a knock. One of another shop says nothing."""
        address, key = account.credentials.get("hook_address", ""), account.credentials.get("partner_key", "")
        mine = hmac.digest(key.encode(), f"{address}|".encode() + delivery.body, "sha256").hex()
        if not address or not key or not same(mine, delivery.headers.get("authorization", "")):
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        return Received(answer=None, knock=_shop(delivery.body) in {"", shop_of(account)})


def _partner(account: Account) -> int | str:
    """Shopee wants the number as a number."""
    said = account.settings.get("partner_id", "").strip()
    return int(said) if re.fullmatch(r"[0-9]{1,18}", said) else said


def _windows(since: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    begin = since
    while begin < now:
        end = min(begin + WINDOW, now)
        yield begin, end
        begin = end


def _page(account: Account, begin: datetime, end: datetime, cursor: str) -> Flow[dict[str, object]]:
    times = (("time_from", str(int(begin.timestamp()))), ("time_to", str(int(end.timestamp()))))
    more = (("cursor", cursor),) if cursor else ()
    query = (("time_range_field", "update_time"), *times, ("page_size", str(PER_PAGE)), *more)
    return data((yield request(account, "GET", LIST, query=query)))


def _tell(account: Account, refs: list[str], what: str, subject: str) -> Flow[None]:
    """Asks for these orders twice: for their packages, and once more with the packages' numbers beside them."""
    query = (("order_sn_list", ",".join(refs)), ("response_optional_fields", FIELDS))
    found = data((yield request(account, "GET", DETAIL, query=query))).get("order_list") or []
    numbers = yield from _numbers(account, list(_packages(convert(found, list[object]))))
    context = {"numbers": msgspec.json.encode(numbers).decode()}
    data((yield request(account, "GET", DETAIL, query=query, what=what, subject=subject, context=context)))


def _packages(orders: list[object]) -> Iterator[str]:
    for one in orders:
        packages = one.get("package_list") if isinstance(one, dict) else None
        for package in packages if isinstance(packages, list) else ():
            if isinstance(package, dict) and package.get("package_number"):
                yield text(package["package_number"])


def _numbers(account: Account, packages: list[str]) -> Flow[dict[str, str]]:
    """The numbers that Shopee knows of these packages; one without is left out."""
    known: dict[str, str] = {}
    for first in range(0, len(packages), PER_PAGE):
        some = [{"package_number": one} for one in packages[first : first + PER_PAGE]]
        asked = {"package_list": some, "response_optional_fields": "first_mile_tracking_number"}  # it wants one named
        found = data((yield request(account, "POST", NUMBERS, body=asked)))
        for one in convert(found.get("success_list") or [], list[dict[str, object]]):
            if number := text(one.get("tracking_number")):
                known[text(one.get("package_number"))] = number
    return known


def _fetch(account: Account, ref: str) -> Flow[tuple[OrderShape, dict[str, str]]]:
    query = (("order_sn_list", _ref(ref)), ("response_optional_fields", FIELDS))
    found = convert(data((yield request(account, "GET", DETAIL, query=query))).get("order_list") or [], list[object])
    if not found:
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return convert(found[0], OrderShape), (yield from _numbers(account, list(_packages(found))))


def _package(shipment: Shipment, order: OrderShape, numbers: Mapping[str, str]) -> PackageShape:
    """The one package that this number is for. Raises Refused where none, or more than one, waits."""
    there = order.package_list or []
    waiting = [one for one in there if one.package_number not in numbers and (one.logistics_status or "") in WAITS]
    if shipment.contents and len(waiting) > 1:
        waiting = [one for one in waiting if set(one.contents) == set(shipment.contents)]
    if len(waiting) != 1:
        said = "shopee.which_package" if len(there) > len(numbers) else "stores.nothing_left"
        raise Refused("no package", message=Message(id=said))
    return waiting[0]


def _way(account: Account, named: Mapping[str, str]) -> Flow[str]:
    """How the merchant's own number can be given. Raises Refused where the parcel goes with Shopee's."""
    answer = yield request(account, "GET", PARAMETERS, query=tuple(named.items()))
    needed = convert(data(answer).get("info_needed") or {}, dict[str, list[str] | None])
    if "non_integrated" in needed:
        return "non_integrated"
    if needed.get("dropoff") in (["tracking_no"], ["tracking_number"]):  # and nothing that we do not know
        return "dropoff"
    raise Refused("integrated", message=Message(id="shopee.ships_itself"))


def _beside(answer: Answer) -> Mapping[str, str] | None:
    """The numbers that came with the orders; None = nobody asked for them."""
    said = answer.context.get("numbers")
    try:
        return msgspec.json.decode(said, type=dict[str, str]) if said else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _shop(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return text(found.get("shop_id")) if isinstance(found, dict) else ""


def _ref(ref: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{1,40}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


CONNECTOR: Shop = Shopee()
