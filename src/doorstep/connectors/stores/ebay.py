"""eBay: Sell Fulfillment v1 for a seller who allowed it (OAuth 2.0), and a notice when somebody buys.

A number and its carrier are given as one shipping fulfillment, which nobody can change or take back over the API. eBay
repeats what is sent twice, so what is there is looked at first.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

import msgspec

from doorstep.connectors import grants
from doorstep.connectors.answers import convert, text
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Delivery,
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
from doorstep.connectors.stores.ebay_com import notices
from doorstep.connectors.stores.ebay_com.orders import (
    STATUS,
    Fulfillments,
    OrderShape,
    cancelled,
    read_fulfillments,
    read_order,
    unshipped,
    with_number,
)
from doorstep.connectors.stores.ebay_com.wire import IDENTITY, TOKEN, application, data, request
from doorstep.connectors.values import Grant
from doorstep.core.message import Message
from doorstep.core.order import Content, Order, StoreShipment
from doorstep.core.status import Status

ORDERS: Final = "/sell/fulfillment/v1/order"
CONSENT: Final = "https://auth.ebay.com/oauth2/authorize"
SCOPE: Final = "https://api.ebay.com/oauth/api_scope"
SCOPES: Final = (f"{SCOPE}/sell.fulfillment", f"{SCOPE}/commerce.notification.subscription")
WHO: Final = f"{SCOPE}/commerce.identity.readonly"  # so that two sellers of one application are told apart
PER_PAGE: Final = 200  # more is an error


class EBay:
    meta = Meta(
        name="ebay",
        label="eBay",
        hosts=frozenset({"api.ebay.com", "apiz.ebay.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.READ_BACK, Can.HOOKS, Can.GRANT}),
        fields=(
            Field(
                name="client_id", label="App ID (client ID)", help="developer.ebay.com, your account, application keys."
            ),
            Field(name="client_secret", label="Cert ID (client secret)", secret=True),
            Field(
                name="ru_name",
                label="RuName (eBay redirect URL name)",
                placeholder="Your_Company-YourComp-Doorst-abcdefg",
                help="User tokens, Get a token via your application: Doorstep's address is the accepted URL.",
            ),
            Field(
                name="alert_email",
                label="Address for eBay's alerts",
                required=False,
                help="eBay writes there when it cannot deliver notices. Needed once per application.",
            ),
        ),
        basis="eBay's OpenAPI files of Sell Fulfillment 1.20.7 and Commerce Notification 1, signatures of its own SDK",
        docs="https://developer.ebay.com/api-docs/sell/fulfillment/overview.html",
        proven="documented only",
        steps=(
            "Join eBay's developers program and create a production keyset.",
            "Opt out of (or subscribe to) marketplace account deletion notices: eBay keeps the keyset off until then.",
            "Add a redirect URL (RuName) whose accepted URL is the address that Doorstep shows.",
            "Enter App ID, Cert ID and RuName, press Connect, and agree on eBay's page.",
        ),
        limits=(
            "200 orders a page, orders of the last two years.",
            "A permission lasts 18 months; eBay then asks the seller again.",
            "A number has letters and digits only: everything else in it is left out.",
        ),
        gaps=(
            "No number can be changed or taken back: a new one is added beside it, and you remove the old one on eBay.",
            "eBay tells of a purchase only; everything later is found by asking again.",
            "eBay mails the buyer by itself, and says delivered by itself; neither can be asked of it.",
            "eBay's test environment is not supported.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def authorize(self, account: Account, grant: Grant) -> str:
        """eBay knows our address by its RuName; PKCE is not offered."""
        query = {
            "client_id": account.settings.get("client_id", ""),
            "redirect_uri": account.settings.get("ru_name", ""),
            "response_type": "code",
            "scope": " ".join((*SCOPES, WHO)),
            "state": grant.state,
        }
        return f"{CONSENT}?{urlencode(query)}"

    def redeem(self, account: Account, grant: Grant, query: Mapping[str, str]) -> Flow[Mapping[str, str]]:
        code = grants.code(grant, query)
        address = account.settings.get("ru_name", "")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": address}
        return grants.tokens((yield grants.asks(TOKEN, form, application(account))), account.now)

    def stale(self, account: Account) -> bool:
        """The token of two hours is nearly over, or a notice came that was signed with a key not fetched yet."""
        return grants.over(account) or bool(notices.wanted(account))

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """eBay's refresh token stays the same for 18 months."""
        renewed: dict[str, str] = {}
        if notices.wanted(account):
            renewed |= yield from notices.fetch_keys(account)
        if account.credentials.get("refresh_token") and (not renewed or grants.over(account)):
            form = {"grant_type": "refresh_token", "refresh_token": account.credentials.get("refresh_token", "")}
            answer = yield grants.asks(TOKEN, form, application(account))
            renewed |= grants.tokens(answer, account.now)
        return renewed

    def check(self, account: Account) -> Flow[Checked]:
        """Who the seller is, and that orders may be read. The user id stays when somebody renames the account."""
        who = convert(
            data((yield request(account, "GET", "/commerce/identity/v1/user/", base=IDENTITY))), dict[str, object]
        )
        ref, name = text(who.get("userId")), text(who.get("username"))
        if not ref:
            raise Broken("eBay does not say who this is", message=Message(id="stores.garbage"))
        data((yield request(account, "GET", ORDERS, query=(("limit", "1"),))))
        return Checked(external_id=ref, label=f"eBay {name or ref}")

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Paid orders changed since then. Each that has fulfillments is asked for once more, together with them."""
        query: tuple[tuple[str, str], ...] = (("limit", str(PER_PAGE)),)
        if since:
            query = (("filter", f"lastmodifieddate:[{_time(since)}..]"), *query)
        offset, total = 0, 1
        while offset < total:
            page = (*query, ("offset", str(offset)))
            answer = yield request(account, "GET", ORDERS, query=page, what="orders", subject=str(offset))
            found = convert(data(answer), dict[str, object])
            for ref in _shipped(found.get("orders")):
                yield from self.order(account, ref)
            total = convert(found.get("total"), int) if found.get("orders") else 0
            offset += PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        """The fulfillments travel as the context of the order, so that it is read as one."""
        answer = yield request(account, "GET", f"{ORDERS}/{_ref(ref)}/shipping_fulfillment")
        shown = convert(data(answer), Fulfillments)
        context = {"fulfillments": msgspec.json.encode(shown).decode()}
        data((yield request(account, "GET", f"{ORDERS}/{_ref(ref)}", what="order", subject=ref, context=context)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order with its fulfillments beside it."""
        found = convert(data(answer), dict[str, object])
        items = convert(found.get("orders") or [], list[object]) if answer.what == "orders" else [found]
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        shipped = _beside(answer)
        for position, item in enumerate(items):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, shipped))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if order.order_fulfillment_status not in self.status:
                words.append(Word(text=order.order_fulfillment_status, sample=f"order {order.order_id}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Adds a fulfillment. Looks first: eBay would keep the same number twice. What replaces an earlier number has
        its contents and is added beside it, because eBay lets nobody change it.
        """
        number = re.sub(r"[^A-Za-z0-9]", "", shipment.number)
        if not number:
            raise Refused(
                shipment.number, message=Message(id="ebay.number_or_carrier", values={"said": shipment.number})
            )
        order = convert(data((yield request(account, "GET", f"{ORDERS}/{_ref(shipment.order)}"))), OrderShape)
        if cancelled(order):
            raise Refused("CANCELED", message=Message(id="stores.order_cancelled"))
        before = yield from self.read_back(account, shipment.order)
        beside = Message(id="ebay.beside", values={"former": shipment.former})
        notes = (beside,) if shipment.replaces else ()
        if there := with_number(before, number):
            return Pushed(ref=there.ref, notes=notes)
        ref = yield from _add(account, shipment, number, _contents(shipment, order, before))
        if not ref:
            there = with_number((yield from self.read_back(account, shipment.order)), number)
            if not there:
                raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
            ref = there.ref
        return Pushed(ref=ref, notes=notes)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        answer = yield request(account, "GET", f"{ORDERS}/{_ref(order)}/shipping_fulfillment")
        return read_fulfillments(convert(data(answer), Fulfillments))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        return (yield from notices.subscribe(account, address, secret))

    def answer_challenge(self, account: Account, address: str, query: Mapping[str, str]) -> bytes:
        return notices.answer_to(address, account.credentials.get("hook_secret", ""), query)

    def receive(self, account: Account, delivery: Delivery) -> Received:
        return notices.receive(account, delivery)


def _add(account: Account, shipment: Shipment, number: str, contents: tuple[Content, ...]) -> Flow[str]:
    """The id of the new fulfillment; '' where eBay does not say it, or has it already (409)."""
    body = {
        "lineItems": [{"lineItemId": one.line, "quantity": one.qty} for one in contents],
        "shippedDate": _time(shipment.shipped_at or account.now),
        "shippingCarrierCode": shipment.carrier_name or "Other",
        "trackingNumber": number,
    }
    answer = yield request(account, "POST", f"{ORDERS}/{_ref(shipment.order)}/shipping_fulfillment", body=body)
    if answer.status == 409:
        return ""
    data(answer)
    return notices.made(answer)


def _contents(shipment: Shipment, order: OrderShape, before: tuple[StoreShipment, ...]) -> tuple[Content, ...]:
    """What the fulfillment holds: as stated, as the replaced one has it, or all that has not left."""
    if shipment.replaces:
        old = next((one for one in before if one.ref == shipment.replaces), None)
        if old is None:
            raise NotFound(message=Message(id="stores.replaced_gone"))
        return shipment.contents or old.contents
    contents = shipment.contents or unshipped(order, before)
    if not contents:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    return contents


def _shipped(orders: object) -> Iterator[str]:
    """Ids of the orders of a page that point at fulfillments."""
    for one in orders if isinstance(orders, list) else ():
        if isinstance(one, dict) and one.get("fulfillmentHrefs") and one.get("orderId"):
            yield text(one["orderId"])


def _beside(answer: Answer) -> tuple[StoreShipment, ...] | None:
    """The fulfillments that came with an order; None = nobody asked for them."""
    said = answer.context.get("fulfillments")
    try:
        return read_fulfillments(msgspec.json.decode(said, type=Fulfillments)) if said else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _ref(ref: str) -> str:
    """An order id, also of the older kind (item-transaction); nothing else becomes part of a path."""
    if not re.fullmatch(r"[0-9A-Za-z!-]{1,60}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


CONNECTOR: Shop = EBay()
