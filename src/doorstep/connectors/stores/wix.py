"""Wix: the eCommerce REST API with an API key of the account, for one site.

An order does not tell its fulfillments; they are asked for apart, a page at a time, and travel beside it as context.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from doorstep.connectors.answers import convert, payload, text, trouble
from doorstep.connectors.contract import (
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
    NotFound,
    Pushed,
    Refused,
    Request,
    Shipment,
    Store,
    Word,
)
from doorstep.connectors.stores.wix_orders import (
    CANCELLED,
    STATUS,
    Fulfilled,
    FulfillmentShape,
    OrderShape,
    left,
    read_fulfillments,
    read_order,
    with_number,
)
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

API: Final = "https://www.wixapis.com/ecom/v1"
SEARCH: Final = "/orders/search"
LIST: Final = "/fulfillments/list-by-ids"
PER_PAGE: Final = 100


class Wix:
    meta = Meta(
        name="wix",
        label="Wix",
        hosts=frozenset({"www.wixapis.com"}),
        polls_per_minute=60,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW}),
        fields=(
            Field(
                name="site_id",
                label="Site ID",
                placeholder="https://manage.wix.com/dashboard/01234567-89ab-...",
                help="The letters and digits after /dashboard/ in your dashboard's address; the whole address will do.",
            ),
            Field(
                name="api_key",
                label="API key",
                secret=True,
                help="Account settings, API Keys: one with the permission Manage Orders for this site.",
            ),
        ),
        basis="Wix's own types of eCommerce orders and fulfillments (npm, 2026), and the samples on its pages",
        docs="https://dev.wix.com/docs/api-reference/business-solutions/e-commerce/orders/order-fulfillments",
        proven="documented only",
        steps=(
            "At manage.wix.com, under Account settings, API Keys, generate a key; only the account's owner can.",
            "Give it the permission Manage Orders (or all of Wix eCommerce), for the site that is your shop.",
            "Copy the key, and the site's ID from the address of its dashboard.",
        ),
        limits=(
            "Wix makes the tracking link itself for FedEx, UPS, USPS, DHL and Canada Post; others need one.",
            "A tracking number has at most 100 characters; Wix declines one that another fulfillment has.",
        ),
        gaps=(
            "Wix calls an app's address only, not an API key's: orders are polled.",
            "Whether the shopper is mailed is set up in Wix; it cannot be asked.",
            "A fulfillment that somebody adds by hand is seen when the order changes next.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"INITIALIZED"})

    def check(self, account: Account) -> Flow[Checked]:
        """Orders may be read. The site's ID is permanent, so it is the shop."""
        site = _site(account)
        _data((yield _request(account, "POST", SEARCH, body={"search": {"cursorPaging": {"limit": 1}}})))
        return Checked(external_id=site, label=f"Wix {site[:8]}", notes=(Message(id="wix.mails_itself"),))

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Pages by the time of placing. Each is asked for twice: to learn of which orders something was sent, and,
        when their fulfillments are known, with those beside it.
        """
        asked: dict[str, object] = {"cursorPaging": {"limit": PER_PAGE}, "sort": _BY_TIME}
        if since:
            asked["filter"] = {"updatedDate": {"$gte": since.astimezone(UTC).isoformat(timespec="milliseconds")}}
        page = 0
        while asked:
            found = _data((yield _request(account, "POST", SEARCH, body={"search": asked})))
            there = yield from _list(account, _fulfilled(found))
            context = {"fulfillments": msgspec.json.encode(there).decode()}
            body = {"search": asked}
            _data(
                (yield _request(account, "POST", SEARCH, body=body, what="orders", subject=str(page), context=context))
            )
            cursor = _next(found)
            asked, page = {"cursorPaging": {"limit": PER_PAGE, "cursor": cursor}} if cursor else {}, page + 1

    def order(self, account: Account, ref: str) -> Flow[None]:
        there = [Fulfilled(order_id=ref, fulfillments=(yield from _fulfillments(account, ref)))]
        context = {"fulfillments": msgspec.json.encode(there).decode()}
        _data((yield _request(account, "GET", f"/orders/{_id(ref)}", what="order", subject=ref, context=context)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one, with their fulfillments beside them."""
        found = _data(answer)
        items = convert(found.get("orders") or [], list[object]) if answer.what == "orders" else [found.get("order")]
        beside = _beside(answer)
        orders: list[Order] = []
        words: list[Word] = []
        bad: list[str] = []
        for position, item in enumerate(items):
            try:
                order = msgspec.convert(item, OrderShape, strict=False)
                orders.append(read_order(order, beside.get(order.id)))
            except (msgspec.ValidationError, ValueError, OverflowError) as error:
                bad.append(f"item {position}: {error}")
                continue
            said = filter(None, (order.status, order.fulfillment_status))
            words += [Word(text=one, sample=f"order {order.number}") for one in said if one not in self.status]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Makes a fulfillment, or changes the number of an earlier one. Looks first: a repetition adds nothing."""
        found = _data((yield _request(account, "GET", f"/orders/{_id(shipment.order)}")))
        order = convert(found.get("order"), OrderShape)
        if order.status in CANCELLED:
            raise Refused(order.status, message=Message(id="stores.order_cancelled"))
        there = yield from _fulfillments(account, shipment.order)
        if ours := with_number(there, shipment.number):
            return Pushed(ref=ours.id)
        tracking = {"trackingInfo": _tracking(shipment)}
        if shipment.replaces:
            if shipment.replaces not in {one.id for one in there}:
                raise NotFound(message=Message(id="stores.replaced_gone"))
            path = f"/fulfillments/{_id(shipment.replaces)}/orders/{_id(shipment.order)}"
            body: dict[str, object] = {"fulfillment": {"id": shipment.replaces, **tracking}}
            _data((yield _request(account, "PATCH", path, body=body)))
            return Pushed(ref=shipment.replaces)
        contents = shipment.contents or left(order, there)
        if not contents:
            raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
        lines = [{"id": one.line, "quantity": one.qty} for one in contents]
        path = f"/fulfillments/orders/{_id(shipment.order)}/create-fulfillment"
        made = _data((yield _request(account, "POST", path, body={"fulfillment": {"lineItems": lines, **tracking}})))
        notes = () if shipment.notify else (Message(id="wix.mails_itself"),)
        return Pushed(ref=convert(made.get("fulfillmentId"), str), notes=notes)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return read_fulfillments((yield from _fulfillments(account, order)))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        """Deletes the fulfillment; one that is gone already is fine."""
        if ref in {one.id for one in (yield from _fulfillments(account, order))}:
            _data((yield _request(account, "DELETE", f"/fulfillments/{_id(ref)}/orders/{_id(order)}")))


_BY_TIME: Final = [{"fieldName": "createdDate", "order": "ASC"}]


def _tracking(shipment: Shipment) -> dict[str, str]:
    """Wix's own carriers get its own link; ours is for all others."""
    link = {"trackingLink": shipment.url} if shipment.url else {}
    provider = {"shippingProvider": shipment.carrier_name} if shipment.carrier_name else {}
    return {"trackingNumber": shipment.number, **provider, **link}


def _fulfilled(found: Mapping[str, object]) -> list[str]:
    """Ids of the orders of a page of which something was sent."""
    orders = convert(found.get("orders") or [], list[object])
    sent = (one for one in orders if isinstance(one, dict) and one.get("fulfillmentStatus") != "NOT_FULFILLED")
    return [text(one.get("id")) for one in sent if one.get("id")]


def _next(found: Mapping[str, object]) -> str:
    """The cursor of the next page, '' where there is none."""
    metadata = found.get("metadata")
    cursors = metadata.get("cursors") if isinstance(metadata, dict) and metadata.get("hasNext") is not False else None
    return text(cursors.get("next")) if isinstance(cursors, dict) and found.get("orders") else ""


def _list(account: Account, refs: Sequence[str]) -> Flow[list[Fulfilled]]:
    if not refs:
        return []
    found = _data((yield _request(account, "POST", LIST, body={"orderIds": refs})))
    return convert(found.get("ordersWithFulfillments") or [], list[Fulfilled])


def _fulfillments(account: Account, ref: str) -> Flow[list[FulfillmentShape]]:
    found = _data((yield _request(account, "GET", f"/fulfillments/orders/{_id(ref)}")))
    return convert(found.get("orderWithFulfillments") or {"orderId": ref}, Fulfilled).fulfillments


def _beside(answer: Answer) -> Mapping[str, Sequence[FulfillmentShape]]:
    """By order, the fulfillments that came with it; an order that is not there was not asked about."""
    said = answer.context.get("fulfillments")
    try:
        found = msgspec.json.decode(said, type=list[Fulfilled]) if said else []
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return {one.order_id: one.fulfillments for one in found}


def _id(ref: str) -> str:
    """An id of Wix; nothing else becomes part of a path."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,60}", ref):
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return ref


def _site(account: Account) -> str:
    """The site's ID, from whatever part of an address was entered. Raises Denied."""
    said = account.settings.get("site_id", "").strip()
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", said.lower()) or re.fullmatch(r"[\w-]{1,60}", said)
    if not found:
        raise Denied("no site", message=Message(id="wix.no_site", values={"said": said[:100]}))
    return found[0]


def _request(
    account: Account,
    method: Literal["GET", "POST", "PATCH", "DELETE"],
    path: str,
    *,
    body: object = None,
    what: str = "",
    subject: str = "",
    context: dict[str, str] | None = None,
) -> Request:
    key = account.credentials.get("api_key", "")
    headers = {"Authorization": key, "wix-site-id": _site(account), "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=API + path,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        context=context or {},
        changes=method != "GET" and path not in {SEARCH, LIST},  # those two ask only
    )


def _data(answer: Answer) -> Mapping[str, object]:
    """The answer's JSON, or the Trouble that the status means. A site without a shop answers with 428."""
    problem = trouble(answer, _said(answer))
    if problem is None:
        return convert(payload(answer), dict[str, object])
    if isinstance(problem, Denied):
        problem.message = Message(id="wix.denied", values={"said": problem.said})
    raise problem


def _said(answer: Answer) -> str:
    """Wix's sentence and, where there is one, the name of the error."""
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    error = found if isinstance(found, dict) else {}
    details = error.get("details")
    inner = details.get("applicationError") if isinstance(details, dict) else None
    code = text(inner.get("code")) if isinstance(inner, dict) else ""
    return " ".join(filter(None, (text(error.get("message")), code))) or f"HTTP {answer.status}"


CONNECTOR: Store = Wix()
