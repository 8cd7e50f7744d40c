"""Medusa 2: the admin API with a secret API key. A number is the label of a shipment, which has no carrier.

A fulfillment is what was packed, a shipment says that it left. What has left is never changed nor taken back.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from doorstep.connectors.answers import convert, looks_like_html, payload, text, trouble
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Broken,
    Can,
    Checked,
    Denied,
    Facts,
    Field,
    Flow,
    Meta,
    Moved,
    NotFound,
    Pushed,
    Refused,
    Request,
    Shipment,
    Shop,
    Word,
)
from doorstep.connectors.signing import Pairs, basic
from doorstep.connectors.stores.medusa_orders import (
    CANCELED,
    FIELDS,
    STATUS,
    OrderShape,
    read_order,
    shipments,
    with_number,
)
from doorstep.core.message import Message
from doorstep.core.order import Content, Order, StoreShipment
from doorstep.core.status import Status

ORDERS: Final = "/admin/orders"
PER_PAGE: Final = 50  # orders come with their lines, fulfillments and payments


class Medusa:
    meta = Meta(
        name="medusa",
        label="Medusa",
        hosts=OWN,
        polls_per_minute=120,  # the merchant's own server; Medusa itself sets no limit
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.READ_BACK, Can.DELIVERED, Can.TELL}),
        fields=(
            Field(name="base_url", label="Address of the Medusa server", placeholder="https://api.shop.example"),
            Field(
                name="api_key",
                label="Secret API key",
                secret=True,
                help="Settings, Secret API Keys in Medusa's admin. It begins with sk_ and is shown once.",
            ),
        ),
        basis="A real Medusa 2.18.0, and its own validators of what is sent to the admin API",
        docs="https://docs.medusajs.com/api/admin",
        proven="recorded",
        steps=(
            "In Medusa's admin, under Settings, Secret API Keys, create a key and copy it: it is shown once.",
            "Enter the address of the Medusa server (where /admin/orders answers), not that of the storefront.",
        ),
        limits=("It is packed at the place that the order's way of shipping belongs to.",),
        gaps=(
            "Medusa has no field for a carrier: shoppers get the number and its link.",
            "A number that was given cannot be changed or taken back, by nobody: Medusa keeps what has left.",
            "Medusa has no webhooks of its own: orders are polled.",
            "Medusa mails nobody by itself. What your own code sends can see whether Doorstep asked for silence.",
            "Kits that count a thing twice, and items of several shipping profiles at once, are declined by Medusa.",
            "Version 1 is not supported.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"draft", "requires_action"})
    tells = frozenset({Status.DELIVERED})

    def check(self, account: Account) -> Flow[Checked]:
        """Orders may be read. The address is the shop."""
        _data((yield _request(account, "GET", ORDERS, query=(("limit", "1"), ("fields", "id")))))
        place = _site(account).partition("://")[2].lower()
        return Checked(external_id=place, label=place)

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by the time of placing, which never changes, so that no page misses an order."""
        query: Pairs = (("fields", FIELDS), ("order", "created_at"), ("limit", str(PER_PAGE)))
        if since:
            query = (*query, ("updated_at[$gte]", since.astimezone(UTC).isoformat()))
        offset, count = 0, 1
        while offset < count:
            asked = (*query, ("offset", str(offset)))
            answer = yield _request(account, "GET", ORDERS, query=asked, what="orders", subject=str(offset))
            found = _data(answer)
            count = convert(found.get("count"), int) if found.get("orders") else 0
            offset += PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        path = f"{ORDERS}/{_id(ref)}"
        _data((yield _request(account, "GET", path, query=(("fields", FIELDS),), what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order."""
        found = _data(answer)
        items = found.get("orders") if "orders" in found else [found.get("order")]
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(convert(items, list[object])):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order))
            except (msgspec.ValidationError, ValueError, OverflowError) as error:
                bad.append(f"item {position}: {error}")
                continue
            said = filter(None, (order.status, order.fulfillment_status))
            words += [Word(text=one, sample=f"order {order.display_id}") for one in said if one not in self.status]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Packs a fulfillment, unless one waits for this number, and says that it left. Looks first: a repetition ends
        what an interrupted one began. Raises Refused for a number that is to be changed.
        """
        order = yield from _fetch(account, shipment.order)
        if order.status == CANCELED:
            raise Refused(order.status, message=Message(id="stores.order_cancelled"))
        if there := with_number(order, shipment.number):
            return Pushed(ref=there.ref)
        if shipment.replaces:
            raise Refused("no edit", message=Message(id="medusa.no_change", values={"former": shipment.former}))
        quiet = {"no_notification": not shipment.notify}
        ref, contents = _waiting(order, shipment.contents) or (yield from _pack(account, order, shipment, quiet))
        label = {"tracking_number": shipment.number, "tracking_url": shipment.url, "label_url": ""}
        body = {"items": _items(contents), "labels": [label], **quiet}
        path = f"{ORDERS}/{_id(shipment.order)}/fulfillments/{ref}/shipments"
        _data((yield _request(account, "POST", path, body=body)))
        return Pushed(ref=ref)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return shipments((yield from _fetch(account, order)))

    def tell(self, account: Account, moved: Moved) -> Flow[None]:
        """Marks a fulfillment as delivered, unless it is; of anything else Medusa has no word. One that has several
        numbers is left to a person.
        """
        if moved.status is not Status.DELIVERED:
            return
        order = yield from _fetch(account, moved.order)
        found = next((one for one in order.fulfillments or () if one.id == moved.ref), None)
        if found is None or found.canceled_at:
            raise NotFound(moved.ref, message=Message(id="stores.not_found", values={"said": moved.ref}))
        if found.shipped_at and not found.delivered_at and len(found.labels or ()) <= 1:
            path = f"{ORDERS}/{_id(moved.order)}/fulfillments/{found.id}/mark-as-delivered"
            _data((yield _request(account, "POST", path, body={})))


def _waiting(order: OrderShape, contents: tuple[Content, ...]) -> tuple[str, tuple[Content, ...]] | None:
    """The one packed fulfillment that holds these lines; without a word about them, the one beside which nothing is
    left to be packed. Its id and what is in it.
    """
    waiting = [one for one in order.fulfillments or () if one.waits]
    if contents:
        waiting = [one for one in waiting if set(one.contents) == set(contents)]
    elif _left(order):
        return None
    return (waiting[0].id, waiting[0].contents) if len(waiting) == 1 else None


def _pack(
    account: Account, order: OrderShape, shipment: Shipment, quiet: Mapping[str, bool]
) -> Flow[tuple[str, tuple[Content, ...]]]:
    """A new fulfillment, from where the order's way of shipping ships. Raises Refused where nothing is left."""
    contents = shipment.contents or _left(order)
    if not contents:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    before = {one.id for one in order.fulfillments or ()}
    path = f"{ORDERS}/{_id(shipment.order)}/fulfillments"
    _data((yield _request(account, "POST", path, body={"items": _items(contents), **quiet})))
    now = yield from _fetch(account, shipment.order)
    made = [one.id for one in now.fulfillments or () if one.id not in before]
    if len(made) != 1:
        raise Broken("the fulfillment is not on the order", message=Message(id="stores.not_kept"))
    return made[0], contents


def _left(order: OrderShape) -> tuple[Content, ...]:
    return tuple(Content(line=one.id, qty=one.left) for one in order.items if one.requires_shipping and one.left)


def _items(contents: tuple[Content, ...]) -> list[dict[str, object]]:
    return [{"id": one.line, "quantity": one.qty} for one in contents]


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    answer = yield _request(account, "GET", f"{ORDERS}/{_id(ref)}", query=(("fields", FIELDS),))
    return convert(_data(answer).get("order"), OrderShape)


def _id(ref: str) -> str:
    """An id of Medusa; nothing else becomes part of a path."""
    if not re.fullmatch(r"[0-9A-Za-z_]{1,60}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
) -> Request:
    """A secret key is a user name without a password."""
    headers = {"Authorization": basic(account.credentials.get("api_key", ""), ""), "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=_site(account) + path,
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        changes=method != "GET",
    )


def _site(account: Account) -> str:
    """The server as typed; https unless http was entered, without the path of its admin."""
    typed = account.base_url.strip().rstrip("/")
    url = urlsplit(typed if "://" in typed else f"https://{typed}")
    return f"{url.scheme}://{url.netloc}{re.sub('/(app|admin)(/.*)?$', '', url.path)}"


def _data(answer: Answer) -> Mapping[str, object]:
    """The answer's JSON, or the Trouble that the status means."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return convert(payload(answer), dict[str, object])
    if isinstance(problem, Denied):
        problem.message = Message(id="medusa.denied", values={"said": problem.said})
    elif isinstance(problem, NotFound) and looks_like_html(answer):
        problem.message = Message(id="medusa.no_api")
    raise problem


def _said(answer: Answer) -> str:
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    return (text(found.get("message")) if isinstance(found, dict) else "") or f"HTTP {answer.status}"


CONNECTOR: Shop = Medusa()
