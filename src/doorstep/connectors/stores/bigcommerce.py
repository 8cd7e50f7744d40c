"""BigCommerce: orders and shipments over v2 of its API, webhooks over v3, with the token of an API account.

An order only points at its shipments; they are asked for apart, and travel beside the order as its context. A webhook
carries the headers that we gave it, and a signature after Standard Webhooks whose key is the client secret (its own
page on HTTPS webhooks; the older overview knows of the headers only).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import bare, convert, text
from doorstep.connectors.contract import (
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
    Refused,
    Shipment,
    Store,
    Word,
)
from doorstep.connectors.signing import Pairs, same, signed_at
from doorstep.connectors.stores.bigcommerce_com.orders import (
    CANCELLED,
    STATUS,
    OrderShape,
    ShipmentShape,
    read_order,
    read_shipments,
    shippable,
    with_number,
)
from doorstep.connectors.stores.bigcommerce_com.wire import data, id_of, request, store_hash
from doorstep.core.message import Message
from doorstep.core.order import Content, Order, StoreShipment
from doorstep.core.status import Status

ORDERS: Final = "/v2/orders"
HOOKS: Final = "/v3/hooks"
WHOLE: Final[Pairs] = (("include", "consignments.line_items"), ("consignment_structure", "object"))
PER_PAGE: Final = 50
SECRET_HEADER: Final = "X-Hook-Secret"  # noqa: S105 - the name of a header
SCOPES: Final = (
    "store/order/created",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/shipment/created",
    "store/shipment/updated",
    "store/shipment/deleted",
)


class BigCommerce:
    meta = Meta(
        name="bigcommerce",
        label="BigCommerce",
        hosts=frozenset({"api.bigcommerce.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW, Can.HOOKS}),
        fields=(
            Field(
                name="store_hash",
                label="API path",
                placeholder="https://api.bigcommerce.com/stores/abc123/v3/",
                help="As BigCommerce shows it beside the token; the store hash alone will do.",
            ),
            Field(
                name="access_token",
                label="Access token",
                secret=True,
                help="Settings, Store-level API accounts: a V2/V3 API token with the scope Orders (modify).",
            ),
            Field(
                name="client_secret",
                label="Client secret",
                secret=True,
                required=False,
                help="Beside the token. With it a webhook that BigCommerce has not signed is refused.",
            ),
        ),
        basis="BigCommerce's OpenAPI files of Orders v2 and Webhooks v3 (January 2026)",
        docs="https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders",
        proven="documented only",
        steps=(
            "In BigCommerce, under Settings, Store-level API accounts, create a V2/V3 API token.",
            "Give it the OAuth scope Orders: modify.",
            "Copy API path, access token and client secret; they are shown once.",
        ),
        limits=(
            "A parcel goes to one address: what goes to several is given address by address.",
            "A tracking number has at most 50 characters.",
            "BigCommerce switches webhooks off after 90 days without a notice; orders are polled all the same.",
        ),
        gaps=(
            "Carriers that are not on BigCommerce's list are not named: the shopper gets number and link.",
            "Whether the shopper is mailed is set up in BigCommerce, for each order status; it cannot be asked.",
            "Without the client secret a webhook is known only by a secret of ours that it carries.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """One order is asked for. The store hash is permanent, so it is the store."""
        data((yield request(account, "GET", ORDERS, query=(("limit", "1"),))))
        found = store_hash(account)
        return Checked(external_id=found, label=f"BigCommerce {found}", notes=(Message(id="bigcommerce.mails_itself"),))

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by id, which never changes, so that no page misses an order. Each of which something was shipped is
        asked for once more, together with its shipments.
        """
        query: Pairs = (*WHOLE, ("sort", "id:asc"), ("limit", str(PER_PAGE)))
        if since:
            query = (*query, ("min_date_modified", since.astimezone(UTC).isoformat(timespec="seconds")))
        page, full = 1, True
        while full:
            asked = (*query, ("page", str(page)))
            answer = yield request(account, "GET", ORDERS, query=asked, what="orders", subject=str(page))
            found = convert(data(answer) or [], list[object])
            for one in _shipped(found):
                yield from self.order(account, one)
            page, full = page + 1, len(found) >= PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        shown = yield from _shipments(account, ref)
        context = {"shipments": msgspec.json.encode(shown).decode()}
        path = f"{ORDERS}/{id_of(ref)}"
        data((yield request(account, "GET", path, query=WHOLE, what="order", subject=ref, context=context)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order with its shipments beside it."""
        found = data(answer) or []
        shown = _beside(answer)
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(convert(found, list[object]) if answer.what == "orders" else [found]):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, shown))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if order.word not in self.status:
                words.append(Word(text=order.word, sample=f"order {order.id}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Makes a shipment, or changes an earlier one of ours. Looks first: a repetition adds nothing."""
        path = f"{ORDERS}/{id_of(shipment.order)}"
        order = convert(data((yield request(account, "GET", path, query=WHOLE))), OrderShape)
        if order.word in CANCELLED:
            raise Refused(order.word, message=Message(id="stores.order_cancelled"))
        shown = yield from _shipments(account, shipment.order)
        if there := with_number(shown, shipment.number):
            return Pushed(ref=str(there.id))
        if shipment.replaces:
            if shipment.replaces not in {str(one.id) for one in shown}:
                raise NotFound(message=Message(id="stores.replaced_gone"))
            target = f"{path}/shipments/{id_of(shipment.replaces)}"
            answer = yield request(account, "PUT", target, body=_tracking(shipment))
        else:
            body = {**_tracking(shipment), **_sent(shipment, order)}
            answer = yield request(account, "POST", f"{path}/shipments", body=body)
        made = convert(data(answer), ShipmentShape)
        if bare(made.tracking_number or "") != bare(shipment.number):
            raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
        return Pushed(ref=str(made.id))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return read_shipments((yield from _shipments(account, order)))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        """What is gone already was taken back."""
        answer = yield request(account, "DELETE", f"{ORDERS}/{id_of(order)}/shipments/{id_of(ref)}")
        if answer.status != 404:
            data(answer)

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """One webhook per scope, made or mended (BigCommerce switches quiet ones off). It carries our secret."""
        query = (("destination", address), ("limit", "250"))
        found = convert(data((yield request(account, "GET", HOOKS, query=query))), dict[str, object])
        there = {text(one.get("scope")): one for one in convert(found.get("data") or [], list[dict[str, object]])}
        for scope in SCOPES:
            body = {"scope": scope, "destination": address, "is_active": True, "headers": {SECRET_HEADER: secret}}
            if scope in there:
                path = f"{HOOKS}/{id_of(text(there[scope].get('id')))}"
                data((yield request(account, "PUT", path, body=body)))
            else:
                data((yield request(account, "POST", HOOKS, body=body)))
        return {"hook_secret": secret}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """Our secret says who sent it; where the app's own is known, BigCommerce's signature has to fit as well. It
        names an order and tells nothing of it: a knock. ``hash`` is BigCommerce's name of the notice.
        """
        secret, theirs = (account.credentials.get(name, "") for name in ("hook_secret", "client_secret"))
        if not secret or not same(secret, delivery.headers.get(SECRET_HEADER.lower(), "")):
            raise Denied("the secret does not fit", message=Message(id="stores.bad_signature"))
        if theirs and signed_at(theirs.encode(), delivery.headers, delivery.body) is None:
            raise Denied("the signature does not fit", message=Message(id="stores.bad_signature"))
        return Received(answer=None, key=_named(delivery.body), knock=True)


def _tracking(shipment: Shipment) -> dict[str, object]:
    """Carrier and link are sent also where there is none, so that an edit leaves nothing of the former number."""
    return {
        "tracking_number": shipment.number,
        "shipping_provider": shipment.carrier_name,
        "tracking_carrier": "",
        "tracking_link": shipment.url,
    }


def _sent(shipment: Shipment, order: OrderShape) -> dict[str, object]:
    """Address and lines of a new shipment. Raises Refused where there is nothing, or more than one address."""
    lines = shippable(order)
    left = tuple(Content(line=name, qty=line.left) for name, (line, _) in lines.items() if line.left)
    contents = shipment.contents or left
    if not contents:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    strangers = [one.line for one in contents if one.line not in lines]
    if strangers:
        raise Refused("no such line", message=Message(id="bigcommerce.no_line", values={"line": strangers[0]}))
    addresses = {lines[one.line][1] for one in contents}
    if len(addresses) > 1:
        raise Refused("several addresses", message=Message(id="bigcommerce.addresses"))
    items = [{"order_product_id": int(one.line), "quantity": one.qty} for one in contents]
    return {"order_address_id": addresses.pop(), "items": items}


def _shipments(account: Account, order: str) -> Flow[list[ShipmentShape]]:
    """All shipments of an order."""
    path = f"{ORDERS}/{id_of(order)}/shipments"
    shown: list[ShipmentShape] = []
    page, full = 1, True
    while full:
        answer = yield request(account, "GET", path, query=(("page", str(page)), ("limit", str(PER_PAGE))))
        found = convert(data(answer) or [], list[ShipmentShape])
        shown += found
        page, full = page + 1, len(found) >= PER_PAGE
    return shown


def _shipped(orders: list[object]) -> Iterator[str]:
    """Ids of the orders of a page of which something was shipped."""
    for one in orders:
        if isinstance(one, dict) and one.get("items_shipped") and one.get("id"):
            yield text(one["id"])


def _beside(answer: Answer) -> list[ShipmentShape] | None:
    """The shipments that came with an order; None = nobody asked for them."""
    said = answer.context.get("shipments")
    try:
        return msgspec.json.decode(said, type=list[ShipmentShape]) if said else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _named(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return text(found.get("hash")) if isinstance(found, dict) else ""


CONNECTOR: Store = BigCommerce()
