"""Walmart: Marketplace orders 3 of the United States, with a key of the seller's own (client credentials).

Walmart takes a number line by line, only of orders that were acknowledged, and charges the buyer with it.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from urllib.parse import parse_qsl

import msgspec

from doorstep.connectors import tokens
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
from doorstep.connectors.signing import Pairs, basic
from doorstep.connectors.stores.walmart_us.orders import (
    STATUS,
    LineShape,
    OrderShape,
    cancelled,
    read_order,
    shipments,
    unshipped,
    with_number,
    words,
)
from doorstep.core.message import Message
from doorstep.core.order import Content, Order, StoreShipment
from doorstep.core.status import Status

API: Final = "https://marketplace.walmartapis.com"
ORDERS: Final = "/v3/orders"
PER_PAGE: Final = 200  # more is refused
REACH: Final = timedelta(days=179)  # orders older than 180 days cannot be had; without a date Walmart looks back 7
METHODS: Final = frozenset({"Standard", "Express", "OneDay", "Freight", "WhiteGlove", "Value"})
SELLER_ORDER: Final = 30  # characters of a seller's own order id


class Walmart:
    meta = Meta(
        name="walmart",
        label="Walmart",
        hosts=frozenset({"marketplace.walmartapis.com"}),
        polls_per_minute=30,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK}),
        fields=(
            Field(
                name="client_id", label="Client ID", help="developer.walmart.com, My Account, API Keys (production)."
            ),
            Field(name="client_secret", label="Client secret", secret=True),
        ),
        basis="Walmart's OpenAPI file of Marketplace orders 3 (2023), with its own examples",
        docs="https://developer.walmart.com/us-marketplace/docs/orders-management-api-overview",
        proven="vendor sample",
        steps=("Log in at developer.walmart.com as the seller and copy client ID and secret of the production keys.",),
        limits=(
            "Orders of the last 180 days, 200 a page.",
            "An order is acknowledged before its number is given, because Walmart takes none otherwise.",
            "A number can be changed for four hours after it was given.",
        ),
        gaps=(
            "Sellers in the United States only; Walmart Canada and Mexico have other APIs.",
            "No number can be taken back over the API.",
            "Orders that Walmart ships from its own warehouses (WFS) are left out.",
            "Walmart's notices are not used: orders are polled. It mails the buyer and says delivered by itself.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen: frozenset[str] = frozenset()

    def stale(self, account: Account) -> bool:
        """A token lasts 15 minutes."""
        return tokens.stale(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        key = basic(account.settings.get("client_id", ""), account.credentials.get("client_secret", ""))
        headers = {**_headers(), "Authorization": key, "Content-Type": "application/x-www-form-urlencoded"}
        body = b"grant_type=client_credentials"
        answer = yield Request(method="POST", url=f"{API}/v3/token", headers=headers, body=body)
        _json(answer)
        return tokens.issued(answer, account)

    def check(self, account: Account) -> Flow[Checked]:
        """One order is asked for. The key is the seller's own, so it stands for the account."""
        query = (("limit", "1"), ("createdStartDate", _day(account.now - REACH)))
        _json((yield _request(account, "GET", ORDERS, query=query)))
        return Checked(external_id=account.settings.get("client_id", ""), label="Walmart")

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """The cursor is a query of Walmart's own for the next page."""
        query: Pairs = (("limit", str(PER_PAGE)), ("createdStartDate", _day(account.now - REACH)))
        if since:
            query = (*query, ("lastModifiedStartDate", since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
        page = 0
        while query:
            answer = yield _request(account, "GET", ORDERS, query=query, what="orders", subject=str(page))
            meta = _part(convert(_json(answer), dict[str, object]), "list", "meta")
            query = tuple(parse_qsl(text(meta.get("nextCursor")).lstrip("?")))
            page += 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        _json((yield _request(account, "GET", f"{ORDERS}/{_ref(ref)}", what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order."""
        found = convert(_json(answer), dict[str, object])
        page = _part(found, "list", "elements").get("order") or [] if answer.what == "orders" else [found.get("order")]
        orders: list[Order] = []
        unknown: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(convert(page, list[object])):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order))
            except (msgspec.ValidationError, ValueError) as error:
                bad.append(f"item {position}: {error}")
                continue
            sample = f"order {order.purchase_order_id}"
            unknown += [Word(text=one, sample=sample) for one in words(order) if one not in self.status]
        return Facts(orders=tuple(orders), words=tuple(unknown), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Acknowledges the order where nobody did, and ships its lines, or changes the number of what was shipped.
        Looks first: a repetition adds nothing.
        """
        order = yield from _fetch(account, shipment.order)
        if cancelled(order):
            raise Refused("Cancelled", message=Message(id="stores.order_cancelled"))
        if there := with_number(order, shipment.number):
            return Pushed(ref=there.ref)
        change = _changed if shipment.replaces else _shipped
        body = {"orderShipment": change(shipment, order, account.now)}
        path = f"{ORDERS}/{_ref(shipment.order)}"
        if "Created" in words(order) and not shipment.replaces:
            _json((yield _request(account, "POST", f"{path}/acknowledge", changes=True)))
        answer = yield _request(account, "POST", f"{path}/shipping", body=body, changes=True)
        if shipment.replaces and 400 <= answer.status < 500:
            _unchanged(answer, shipment)
        there = with_number(_order(answer), shipment.number)
        if not there:
            raise Broken("the number is not on the order", message=Message(id="stores.not_kept"))
        return Pushed(ref=there.ref)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return shipments((yield from _fetch(account, order)))


def _shipped(shipment: Shipment, order: OrderShape, now: datetime) -> dict[str, object]:
    """The lines to be shipped as Walmart wants them. Raises Refused for what it would not take."""
    contents = shipment.contents or unshipped(order)
    if not contents:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    lines = {one.line_number: one for one in order.lines}
    if any(_unwanted(lines.get(one.line)) for one in contents):
        raise Refused("intentToCancel", message=Message(id="walmart.wants_to_cancel"))
    status = {"trackingInfo": _tracking(shipment, order, shipment.shipped_at or now)}
    return {"orderLines": {"orderLine": [_line(one, shipment.order, status) for one in contents]}}


def _changed(shipment: Shipment, order: OrderShape, now: datetime) -> dict[str, object]:
    """The same lines under their new number, beside the one that they have. Raises NotFound when nothing has it."""
    there = with_number(order, shipment.replaces)
    if there is None:
        raise NotFound(message=Message(id="stores.replaced_gone"))
    tracking = _tracking(shipment, order, there.shipped_at or shipment.shipped_at or now)
    status = {"trackingInfo": tracking, "currentTrackingInfo": {"trackingNumber": there.number}}
    lines = [_line(one, shipment.order, status) for one in there.contents]
    return {"processMode": "PARTIAL_UPDATE", "orderLines": {"orderLine": lines}}


def _unchanged(answer: Answer, shipment: Shipment) -> None:
    """Raises the Trouble of a change that was not taken: a refusal says what a person can do."""
    try:
        _json(answer)
    except Refused as refused:
        values = {"former": shipment.former, "said": refused.said}
        raise Refused(refused.said, message=Message(id="walmart.no_change", values=values)) from refused


def _tracking(shipment: Shipment, order: OrderShape, at: datetime) -> dict[str, object]:
    method = order.shipping_info.method_code
    tracking = {
        "shipDateTime": int(at.timestamp() * 1000),
        "carrierName": _carrier(shipment),
        "methodCode": method if method in METHODS else "Standard",
        "trackingNumber": shipment.number,
    }
    return {**tracking, "trackingURL": shipment.url} if shipment.url else tracking


def _line(content: Content, order: str, status: Mapping[str, object]) -> dict[str, object]:
    quantity = {"unitOfMeasurement": "EACH", "amount": str(content.qty)}
    line = {"lineNumber": content.line, "sellerOrderId": order[:SELLER_ORDER], "intentToCancelOverride": False}
    shipped = {"status": "Shipped", "statusQuantity": quantity, **status}
    return {**line, "orderLineStatuses": {"orderLineStatus": [shipped]}}


def _unwanted(line: LineShape | None) -> bool:
    """Whether the buyer asks to cancel it: shipping it anyway is for a person to decide."""
    return bool(line and line.intent_to_cancel)


def _carrier(shipment: Shipment) -> dict[str, str]:
    """A name of Walmart's list, or the carrier's own, which then needs a link."""
    if shipment.carrier_name:
        return {"carrier": shipment.carrier_name}
    if not shipment.carrier_beside or not shipment.url:
        raise Refused("no carrier", message=Message(id="walmart.no_carrier"))
    return {"otherCarrier": shipment.carrier_beside}


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    return _order((yield _request(account, "GET", f"{ORDERS}/{_ref(ref)}")))


def _order(answer: Answer) -> OrderShape:
    return convert(convert(_json(answer), dict[str, object]).get("order"), OrderShape)


def _part(found: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """An object inside; empty where it is missing."""
    for name in names:
        inner = found.get(name)
        found = inner if isinstance(inner, dict) else {}
    return found


def _ref(ref: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z-]{1,40}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def _headers() -> dict[str, str]:
    """Walmart wants every call to have a name of its own."""
    named = {"WM_QOS.CORRELATION_ID": str(uuid.uuid4()), "WM_SVC.NAME": "Walmart Marketplace"}
    return {**named, "Accept": "application/json"}


def _request(
    account: Account,
    method: Literal["GET", "POST"],
    path: str,
    *,
    query: Pairs = (),
    body: object = None,
    what: str = "",
    subject: str = "",
    changes: bool = False,
) -> Request:
    headers = {**_headers(), "WM_SEC.ACCESS_TOKEN": account.credentials.get("access_token", "")}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=API + path,
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        changes=changes,
    )


def _json(answer: Answer) -> object:
    """The answer's JSON, or the Trouble that the status means."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return payload(answer)
    if isinstance(problem, Denied):
        problem.message = Message(id="walmart.denied", values={"said": problem.said})
    elif isinstance(problem, Busy):
        problem.retry_after = problem.retry_after or _pause(answer)
    raise problem


def _pause(answer: Answer) -> float | None:
    """Seconds until Walmart gives calls again, which it says as milliseconds since 1970."""
    said = answer.headers.get("x-next-replenish-time", "")
    if not re.fullmatch(r"[0-9]{13}", said):
        return None
    return max(0.0, int(said) / 1000 - answer.received_at.timestamp())


def _said(answer: Answer) -> str:
    """The first error: Walmart has it as ``errors.error[]``, as ``error[]`` and as ``errors[]``."""
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    errors = found if isinstance(found, dict) else {}
    inner = errors.get("errors", errors.get("error"))
    several = inner.get("error") if isinstance(inner, dict) else inner
    first = several[0] if isinstance(several, list) and several and isinstance(several[0], dict) else {}
    return text(first.get("description")) or text(first.get("info")) or f"HTTP {answer.status}"


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


CONNECTOR: Shop = Walmart()
