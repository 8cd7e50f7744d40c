"""Squarespace: Commerce API 1.0 with an API key. The first number marks the whole order as fulfilled; more may follow.

A shipment has no id over there: it is known by its number.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Can,
    Checked,
    Denied,
    Facts,
    Field,
    Flow,
    Meta,
    NotFound,
    Pushed,
    Refused,
    Request,
    Shipment,
    Shop,
    Word,
)
from doorstep.connectors.signing import Pairs
from doorstep.connectors.stores.squarespace_orders import (
    CANCELED,
    STATUS,
    OrderShape,
    goods,
    read_order,
    read_shipments,
    with_number,
)
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

API: Final = "https://api.squarespace.com/1.0/commerce/orders"
SERVICE: Final = "Parcel"  # a level of service is required, and nobody told us one
COOL_DOWN_S: Final = 60.0  # Squarespace shuts a key out for a minute that asked too often


class Squarespace:
    meta = Meta(
        name="squarespace",
        label="Squarespace",
        hosts=frozenset({"api.squarespace.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.READ_BACK}),
        fields=(
            Field(name="site", label="Shop address", placeholder="https://shop.example", help="To tell shops apart."),
            Field(
                name="api_key",
                label="API key",
                secret=True,
                help="Settings, Developer tools, Developer API keys: one with Orders, Read and write.",
            ),
        ),
        basis="Squarespace's pages of Commerce API 1.0 (orders, fulfill an order), with their own samples",
        docs="https://developers.squarespace.com/commerce-apis/fulfill-order",
        proven="vendor sample",
        steps=(
            "In Squarespace, under Settings, Developer tools, Developer API keys, generate a key.",
            "Give it Orders with Read and write, and copy it: it is shown once.",
        ),
        limits=(
            "The first number marks the whole order as fulfilled; further numbers are added beside it.",
            "300 requests a minute; a key that asks more is shut out for a minute.",
        ),
        gaps=(
            "Squarespace does not know what is in which parcel.",
            "A number cannot be changed or taken back: another one is added beside it.",
            "It wants a level of service with every number; Doorstep says “Parcel”.",
            "Refunds are told as money only: a refunded item still waits for its number.",
            "Its notices are for registered apps, not for API keys: orders are polled.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        """Orders may be read. Squarespace does not say whose key it is: the shop's address is what was entered."""
        _data((yield _request(account, "GET", API)))
        typed = account.settings.get("site", "").strip()
        site = urlsplit(typed if "://" in typed else f"https://{typed}").netloc.lower()
        if not site:
            raise Refused("no address", message=Message(id="squarespace.no_site"))
        return Checked(external_id=site, label=site)

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """A cursor leads through what was changed until now; it takes no other parameter beside it."""
        query: Pairs = ()
        if since:
            query = (("modifiedAfter", _said_at(since)), ("modifiedBefore", _said_at(account.now)))
        page, more = 0, True
        while more:
            found = _data((yield _request(account, "GET", API, query=query, what="orders", subject=str(page))))
            pagination = convert(found.get("pagination") or {}, dict[str, object])
            cursor = text(pagination.get("nextPageCursor")) if pagination.get("hasNextPage") else ""
            query, page, more = (("cursor", cursor),), page + 1, bool(cursor and found.get("result"))

    def order(self, account: Account, ref: str) -> Flow[None]:
        _data((yield _request(account, "GET", f"{API}/{_id(ref)}", what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order."""
        found = _data(answer)
        items = convert(found.get("result") or [], list[object]) if answer.what == "orders" else [found]
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(items):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            if order.fulfillment_status not in self.status:
                words.append(Word(text=order.fulfillment_status, sample=f"order {order.order_number}"))
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Adds a number to the order. Looks first: a repetition adds nothing and mails nobody."""
        order = yield from _fetch(account, shipment.order)
        if order.fulfillment_status == CANCELED:
            raise Refused(CANCELED, message=Message(id="stores.order_cancelled"))
        there = with_number(order, shipment.number)
        if not there:
            if shipment.replaces and shipment.replaces not in {one.ref for one in read_shipments(order)}:
                raise NotFound(message=Message(id="stores.replaced_gone"))
            body = {"shouldSendNotification": shipment.notify, "shipments": [_parcel(shipment, account.now)]}
            path = f"{API}/{_id(shipment.order)}/fulfillments"
            _data((yield _request(account, "POST", path, body=body)))
            there = with_number((yield from _fetch(account, shipment.order)), shipment.number)
        if not there:
            raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
        return Pushed(ref=there.ref, notes=tuple(_notes(shipment, order)))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return read_shipments((yield from _fetch(account, order)))


def _parcel(shipment: Shipment, now: datetime) -> dict[str, str]:
    """Raises Refused without a carrier: Squarespace requires one."""
    if not shipment.carrier_name:
        raise Refused("no carrier", message=Message(id="squarespace.no_carrier"))
    link = {"trackingUrl": shipment.url} if shipment.url else {}
    return {
        "shipDate": _said_at(shipment.shipped_at or now),
        "carrierName": shipment.carrier_name,
        "service": SERVICE,
        "trackingNumber": shipment.number,
        **link,
    }


def _notes(shipment: Shipment, order: OrderShape) -> list[Message]:
    """What the merchant should know although Squarespace took the number."""
    sent = {one.line: one.qty for one in shipment.contents}
    part = sent and any(sent.get(one.id, 0) < one.quantity for one in order.line_items if goods(one))
    said = [Message(id="squarespace.beside", values={"former": shipment.former})] if shipment.replaces else []
    return said + ([Message(id="squarespace.whole")] if part else [])


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    return convert(_data((yield _request(account, "GET", f"{API}/{_id(ref)}"))), OrderShape)


def _id(ref: str) -> str:
    """An id of Squarespace; nothing else becomes part of a path."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,60}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def _said_at(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    url: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
) -> Request:
    token = account.credentials.get("api_key", "")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=url,
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        changes=method != "GET",
    )


def _data(answer: Answer) -> Mapping[str, object]:
    """The answer's JSON ({} where it is empty), or the Trouble that the status means."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return convert(payload(answer), dict[str, object]) if answer.body.strip() or answer.status != 204 else {}
    if isinstance(problem, Denied):
        problem.message = Message(id="squarespace.denied", values={"said": problem.said})
    elif isinstance(problem, Busy):
        problem.retry_after = problem.retry_after or COOL_DOWN_S
    raise problem


def _said(answer: Answer) -> str:
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    return (text(found.get("message")) if isinstance(found, dict) else "") or f"HTTP {answer.status}"


CONNECTOR: Shop = Squarespace()
