"""Vendure: the admin API (GraphQL). A number is the tracking code of a fulfillment, its carrier the free text "method".

A fulfillment is never edited: another number means cancelling one fulfillment and adding another.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from doorstep.connectors.answers import convert, looks_like_html, payload, text, trouble
from doorstep.connectors.contract import (
    OWN,
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
    Moved,
    NotFound,
    Pushed,
    Refused,
    Request,
    Shipment,
    Teller,
    Word,
)
from doorstep.connectors.stores.vendure_orders import (
    LIST,
    ONE,
    STATUS,
    OrderShape,
    read_order,
    shipments,
    unshipped,
    with_number,
)
from doorstep.core.message import Message
from doorstep.core.order import Order, StoreShipment
from doorstep.core.status import Status

PER_PAGE: Final = 50  # orders come with lines and fulfillments; the server's own limit is 1000
MOVING = ("PaymentAuthorized", "PaymentSettled", "PartiallyShipped", "Shipped", "PartiallyDelivered")
LOOK_BACK: Final = timedelta(days=14)
HANDLER = "manual-fulfillment"
ANY = "query Any { orders(options: { take: 1 }) { totalItems } }"
LOGIN = """mutation Login($name: String!, $password: String!) {
  login(username: $name, password: $password, rememberMe: true) {
    __typename ... on ErrorResult { errorCode message }
  }
}"""
ADD = """mutation Add($input: FulfillOrderInput!) {
  addFulfillmentToOrder(input: $input) { __typename ... on Fulfillment { id } ... on ErrorResult { errorCode message } }
}"""
MOVE = """mutation Move($id: ID!, $state: String!) {
  transitionFulfillmentToState(id: $id, state: $state) {
    __typename ... on Fulfillment { id state }
    ... on ErrorResult { errorCode message } ... on FulfillmentStateTransitionError { transitionError }
  }
}"""


class Vendure:
    meta = Meta(
        name="vendure",
        label="Vendure",
        hosts=OWN,
        can=frozenset(
            {Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK, Can.WITHDRAW, Can.DELIVERED, Can.TELL}
        ),
        fields=(
            Field(name="base_url", label="Admin API address", placeholder="https://shop.example/admin-api"),
            Field(name="username", label="Administrator's user name", required=False),
            Field(name="password", label="Password", secret=True, required=False),
            Field(
                name="api_key",
                label="API key",
                secret=True,
                required=False,
                help="Instead of user name and password, from Vendure 3.6 on.",
            ),
        ),
        basis="GraphQL schema of Vendure 3.5 (admin API); tried on a real 3.7.3",
        docs="https://docs.vendure.io/reference/graphql-api/admin/",
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"Created", "Draft", "AddingItems", "ArrangingAdditionalPayment", "Modifying"})
    tells = frozenset({Status.DELIVERED})

    def check(self, account: Account) -> Flow[Checked]:
        """Reads one order, so that missing permissions show now."""
        answer = yield _request(account, ANY, {})
        _data(answer)
        site = re.sub(r"^https?://", "", _url(account)).lower()
        return Checked(external_id=site, label=site.partition("/")[0])

    def stale(self, account: Account) -> bool:
        """A session says nothing of its end: it is good until an answer denies it. A key needs none."""
        return not (account.credentials.get("api_key") or account.credentials.get("token"))

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """A new session; a key cannot be renewed. Raises Denied."""
        if account.credentials.get("api_key"):
            return {}
        return {"token": (yield from _login(account))}

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Placed orders (not carts, not drafts). The order of placing never changes, so no page misses one."""
        wanted: dict[str, object] = {"orderPlacedAt": {"isNull": False}}
        if since:
            wanted["_or"] = _changed(since)
        options = {"filter": wanted, "sort": {"orderPlacedAt": "ASC"}, "take": PER_PAGE}
        skip, total = 0, 1
        while skip < total:
            answer = yield _request(
                account, LIST, {"options": {**options, "skip": skip}}, what="orders", subject=str(skip)
            )
            page = convert(_data(answer).get("orders"), dict[str, object])
            total = convert(page.get("totalItems"), int) if page.get("items") else 0
            skip += PER_PAGE

    def order(self, account: Account, ref: str) -> Flow[None]:
        _data((yield _request(account, ONE, {"id": ref}, what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order."""
        data = _data(answer)
        page = data.get("orders")
        items = page.get("items") if isinstance(page, dict) else [data.get("order")]
        if not isinstance(items, list) or items == [None]:
            raise NotFound("no such order", message=Message(id="stores.not_found", values={"said": "no such order"}))
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
            said = (order.state, *(one.state for one in order.fulfillments or ()))
            words += [Word(text=one, sample=f"order {order.code}") for one in said if one not in self.status]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Adds a fulfillment and marks it shipped. Looks first: a repetition finishes what an interrupted one began.
        An edit cancels the old fulfillment first, because its items are taken until then.
        """
        order = yield from _fetch(account, shipment.order)
        if order.state == "Cancelled":
            raise Refused(order.state, message=Message(id="stores.order_cancelled"))
        ours = with_number(order, shipment.number)
        if shipment.replaces and not ours:
            yield from _replace(account, order, shipment.replaces)
            order = yield from _fetch(account, shipment.order)
        ref = ours.id if ours else (yield from _add(account, order, shipment))
        if not ours or ours.state in ("Created", "Pending"):
            yield from _move(account, ref, "Shipped")
        return Pushed(ref=ref, notes=() if shipment.notify else (Message(id="stores.vendure.mails_itself"),))

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return shipments((yield from _fetch(account, order)))

    def withdraw(self, account: Account, order: str, ref: str) -> Flow[None]:
        """Cancels the fulfillment; one that is cancelled already is fine. The order keeps its state."""
        found = next((one for one in (yield from _fetch(account, order)).fulfillments or () if one.id == ref), None)
        if found and found.state != "Cancelled":
            yield from _move(account, ref, "Cancelled")

    def tell(self, account: Account, moved: Moved) -> Flow[None]:
        """Moves a fulfillment to Delivered, unless it is; of anything else Vendure has no word."""
        if moved.status is not Status.DELIVERED:
            return
        there = (yield from _fetch(account, moved.order)).fulfillments or ()
        found = next((one for one in there if one.id == moved.ref and one.state != "Cancelled"), None)
        if found is None:
            raise NotFound(moved.ref, message=Message(id="stores.not_found", values={"said": moved.ref}))
        if found.state == "Shipped":
            yield from _move(account, moved.ref, "Delivered")


def _changed(since: datetime) -> list[dict[str, object]]:
    """Vendure writes the old ``updatedAt`` back when an order changes its state (seen on 3.7.3): neither payment nor a
    shipment made in its own console moves it. So what was placed since, and what may still be shipped, is asked too.
    """
    after, long_before = ({"after": at.astimezone(UTC).isoformat()} for at in (since, since - LOOK_BACK))
    # Inside "_or", two fields of one object are joined by "or" as well: hence the "_and".
    moving: dict[str, object] = {"_and": [{"state": {"in": MOVING}}, {"orderPlacedAt": long_before}]}
    return [{"updatedAt": after}, {"orderPlacedAt": after}, moving]


def _add(account: Account, order: OrderShape, shipment: Shipment) -> Flow[str]:
    stated: list[dict[str, object]] = [{"orderLineId": one.line, "quantity": one.qty} for one in shipment.contents]
    lines = stated or unshipped(order)
    if not lines:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    arguments = [
        {"name": "method", "value": shipment.carrier_name or shipment.carrier},
        {"name": "trackingCode", "value": shipment.number},
    ]
    wanted = {"lines": lines, "handler": {"code": HANDLER, "arguments": arguments}}
    answer = yield _request(account, ADD, {"input": wanted}, changes=True)
    return text(_result(answer, "addFulfillmentToOrder").get("id"))


def _replace(account: Account, order: OrderShape, ref: str) -> Flow[None]:
    """Frees the items of the fulfillment to be replaced; cancelled already (by an interrupted edit) is fine."""
    old = next((one for one in order.fulfillments or () if one.id == ref), None)
    if old is None:
        raise NotFound(message=Message(id="stores.replaced_gone"))
    if old.state != "Cancelled":
        yield from _move(account, ref, "Cancelled")


def _move(account: Account, ref: str, state: str) -> Flow[None]:
    answer = yield _request(account, MOVE, {"id": ref, "state": state}, changes=True)
    _result(answer, "transitionFulfillmentToState")


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    found = _data((yield _request(account, ONE, {"id": ref}))).get("order")
    if found is None:
        raise NotFound(ref, message=Message(id="stores.not_found", values={"said": ref}))
    return convert(found, OrderShape)


def _login(account: Account) -> Flow[str]:
    name = account.settings.get("username", "")
    password = account.credentials.get("password", "")
    if not name or not password:
        raise Denied("no credentials", message=Message(id="stores.vendure.no_login"))
    stranger = replace(account, credentials={})
    answer = yield _request(stranger, LOGIN, {"name": name, "password": password})
    found = convert(_data(answer).get("login"), dict[str, object])
    if found.get("errorCode"):
        said = text(found.get("message"))
        raise Denied(said, message=Message(id="stores.vendure.denied", values={"said": said}))
    token = answer.headers.get("vendure-auth-token", "")
    if not token:
        raise Denied("no token", message=Message(id="stores.vendure.no_token"))
    return token


def _request(
    account: Account,
    query: str,
    variables: Mapping[str, object],
    *,
    what: str = "",
    subject: str = "",
    changes: bool = False,
) -> Request:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key := account.credentials.get("api_key"):
        headers["vendure-api-key"] = key
    elif token := account.credentials.get("token"):
        headers["Authorization"] = f"Bearer {token}"
    return Request(
        method="POST",
        url=_url(account),
        headers=headers,
        body=msgspec.json.encode({"query": query, "variables": variables}),
        what=what,
        subject=subject,
        changes=changes,
    )


def _url(account: Account) -> str:
    """The admin API: the address as typed, or its usual path where only the shop was typed."""
    typed = account.base_url.strip().rstrip("/")
    url = typed if "://" in typed else f"https://{typed}"
    return url if urlsplit(url).path else f"{url}/admin-api"


def _data(answer: Answer) -> Mapping[str, object]:
    """``data`` of a GraphQL answer. Execution errors come with HTTP 200, so the code in ``errors`` counts first."""
    errors = _errors(answer)
    code, said = errors[0] if errors else ("", "")
    if _forbidden(answer):
        raise Denied(said, message=Message(id="stores.vendure.denied", values={"said": said or "HTTP 401"}))
    if code == "ENTITY_NOT_FOUND":
        raise NotFound(said, message=Message(id="stores.not_found", values={"said": said}))
    problem = trouble(answer, said or f"HTTP {answer.status}")
    if isinstance(problem, Busy) or (problem and not looks_like_html(answer)):
        raise problem
    if code == "INTERNAL_SERVER_ERROR":
        raise Broken(said, message=Message(id="stores.failed", values={"said": said}))
    if errors:
        raise Refused(said, message=Message(id="stores.refused", values={"said": said}))
    data = convert(payload(answer), dict[str, object]).get("data")
    return convert(data, dict[str, object])


def _forbidden(answer: Answer) -> bool:
    return any(code in ("FORBIDDEN", "UNAUTHENTICATED") for code, _ in _errors(answer)) or answer.status == 401


def _errors(answer: Answer) -> list[tuple[str, str]]:
    """(code, message) of every GraphQL error, none where the answer is something else."""
    try:
        found = payload(answer)
    except Broken:
        return []
    errors = found.get("errors") if isinstance(found, dict) else None
    said: list[tuple[str, str]] = []
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            extensions = error.get("extensions")
            code = text(extensions.get("code")) if isinstance(extensions, dict) else ""
            said.append((code, text(error.get("message"))[:200]))
    return said


def _result(answer: Answer, name: str) -> Mapping[str, object]:
    """One branch of a result union: an ``ErrorResult`` is a refusal in the shop's words."""
    found = convert(_data(answer).get(name), dict[str, object])
    if found.get("errorCode"):
        said = text(found.get("transitionError")) or text(found.get("message"))
        raise Refused(said, message=Message(id="stores.refused", values={"said": said}))
    return found


CONNECTOR: Teller = Vendure()
