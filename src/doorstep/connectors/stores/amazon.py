"""Amazon: the Selling Partner API, for a seller's own application. Orders 2026-01-01 in, confirmShipment (v0) out.

A package has a number of ours that stays the same on every repetition: the same again changes the package. Buyers'
data is restricted there, is not needed, and is not asked for.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from doorstep.connectors import grants
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
from doorstep.connectors.stores.amazon_sp.orders import (
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
from doorstep.core.message import Message
from doorstep.core.order import Content, Order, StoreShipment
from doorstep.core.status import Status

TOKEN: Final = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - an address
REGIONS: Final = ("na", "eu", "fe")  # America; Europe, India, Middle East; Japan, Australia, Singapore
HOSTS: Final = {region: f"sellingpartnerapi-{region}.amazon.com" for region in REGIONS}
ORDERS: Final = "/orders/2026-01-01/orders"
DATA: Final = "FULFILLMENT,PACKAGES,CANCELLATION"
PER_PAGE: Final = 100
BURST: Final = 20  # searches that may be saved up
FIRST: Final = timedelta(days=30)  # Amazon wants a date; this far back without one
OTHER: Final = "Other"


class Amazon:
    meta = Meta(
        name="amazon",
        label="Amazon",
        hosts=frozenset({"api.amazon.com", *HOSTS.values()}),
        polls_per_minute=30,
        can=frozenset({Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.READ_BACK}),
        fields=(
            Field(
                name="region",
                label="Region",
                placeholder="eu",
                help="na = Americas; eu = Europe, India, Middle East; fe = Japan, Australia, Singapore.",
            ),
            Field(
                name="seller_id", label="Merchant token", help="Seller Central, Settings, Account info, Merchant token."
            ),
            Field(name="client_id", label="LWA client ID", placeholder="amzn1.application-oa2-client...."),
            Field(name="client_secret", label="LWA client secret", secret=True),
            Field(name="refresh_token", label="Refresh token", secret=True, placeholder="Atzr|..."),
        ),
        basis="Amazon's models of Orders 2026-01-01 and Orders v0 (confirmShipment), with its own examples",
        docs="https://developer-docs.amazon.com/sp-api/docs/orders-api",
        proven="vendor sample",
        steps=(
            "In Seller Central, register as a developer for yourself, with the role Inventory and Order Tracking.",
            "Create an application (production, Selling Partner API) and note its LWA client ID and secret.",
            "Authorize the application for your own account and copy the refresh token it shows once.",
        ),
        limits=(
            "One search in three minutes, with twenty saved up: a first reading of many orders takes long.",
            "The client secret has to be renewed in Seller Central every 180 days.",
        ),
        gaps=(
            "Orders that Amazon ships from its own warehouses (FBA) are left out.",
            "Buyers' names and addresses are restricted data and are not asked for; buyers may not be written to.",
            "A number can be changed until the parcel is delivered, but not taken back.",
            "Ship+ orders, which Amazon confirms by itself, take no number.",
            "The shipping method is not told. Amazon's notices (SQS, EventBridge) are not used: orders are polled.",
        ),
    )
    status: Mapping[str, Status] = STATUS
    unseen = frozenset({"PENDING_AVAILABILITY", "UNFULFILLABLE", "UNDELIVERABLE"})

    def stale(self, account: Account) -> bool:
        return grants.over(account)

    def renew(self, account: Account) -> Flow[Mapping[str, str]]:
        """Login with Amazon: an hour's token; the refresh token stays."""
        form = {"grant_type": "refresh_token", "client_id": account.settings.get("client_id", "")}
        form |= {name: account.credentials.get(name, "") for name in ("refresh_token", "client_secret")}
        return grants.tokens((yield grants.asks(TOKEN, form)), account.now)

    def check(self, account: Account) -> Flow[Checked]:
        """One order is searched for. Amazon does not say whose token it is: the merchant token is taken as entered."""
        query = (("createdAfter", _time(account.now - FIRST)), ("maxResultsPerPage", "1"))
        _json((yield _request(account, "GET", ORDERS, query=query)))
        seller = account.settings.get("seller_id", "")
        return Checked(external_id=seller, label=f"Amazon {seller}")

    def orders(self, account: Account, since: datetime | None) -> Flow[None]:
        """Those that the merchant ships, changed since then."""
        after = _time(since or account.now - FIRST)
        query: Pairs = (("lastUpdatedAfter", after), ("fulfilledBy", "MERCHANT"), ("includedData", DATA))
        query = (*query, ("maxResultsPerPage", str(PER_PAGE)))
        page, token = 0, "first"
        while token:
            asked = (*query, ("paginationToken", token)) if page else query
            answer = yield _request(account, "GET", ORDERS, query=asked, what="orders", subject=str(page))
            page += 1
            found = convert(_json(answer, pages=page), dict[str, object])
            further = found.get("pagination")
            token = text(further.get("nextToken")) if isinstance(further, dict) and found.get("orders") else ""

    def order(self, account: Account, ref: str) -> Flow[None]:
        query = (("includedData", DATA),)
        _json((yield _request(account, "GET", f"{ORDERS}/{_ref(ref)}", query=query, what="order", subject=ref)))

    def read(self, answer: Answer) -> Facts:
        """A page of orders, or one order. What Amazon ships itself is left out."""
        found = convert(_json(answer), dict[str, object])
        items = convert(found.get("orders") or [], list[object]) if answer.what == "orders" else [found.get("order")]
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
            words += [Word(text=one, sample=f"order {shape.order_id}") for one in unknown]
        return Facts(orders=tuple(orders), words=tuple(words), bad=tuple(bad))

    def push(self, account: Account, shipment: Shipment) -> Flow[Pushed]:
        """Confirms a package, or changes it. A repetition has the same package number and so adds nothing."""
        order = yield from _fetch(account, shipment.order)
        if cancelled(order):
            raise Refused("CANCELLED", message=Message(id="stores.order_cancelled"))
        if not ours(order):
            raise Refused("AMAZON", message=Message(id="amazon.ships_itself"))
        shown = shipments(order)
        if there := with_number(shown, shipment.number):
            return Pushed(ref=shipment.replaces or there.ref)
        ref = shipment.replaces or package_of(shipment.key)
        body = {
            "marketplaceId": order.sales_channel.marketplace_id,
            "packageDetail": {
                "packageReferenceId": ref,
                **_carrier(shipment),
                "trackingNumber": shipment.number,
                "shipDate": _time(shipment.shipped_at or account.now),
                "orderItems": [
                    {"orderItemId": one.line, "quantity": one.qty} for one in _contents(shipment, order, shown)
                ],
            },
        }
        path = f"/orders/v0/orders/{_ref(shipment.order)}/shipmentConfirmation"
        _json((yield _request(account, "POST", path, body=body)))
        return Pushed(ref=ref)

    def read_back(self, account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
        return shipments((yield from _fetch(account, order)))


def package_of(key: str) -> str:
    """A package's number within its order: positive, the same for the same key, within 31 bits."""
    return str(int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) % (2**31 - 2) + 1)


def _carrier(shipment: Shipment) -> dict[str, str]:
    """A code of Amazon's list, or "Other" with the carrier's own name, which is then demanded."""
    code = shipment.carrier_name or OTHER
    if code != OTHER:
        return {"carrierCode": code}
    if not shipment.carrier_beside:
        raise Refused("no carrier", message=Message(id="amazon.no_carrier"))
    return {"carrierCode": OTHER, "carrierName": shipment.carrier_beside}


def _contents(shipment: Shipment, order: OrderShape, shown: tuple[StoreShipment, ...]) -> tuple[Content, ...]:
    """As stated, as the package to be changed has it, or all that has not left."""
    old = next((one for one in shown if shipment.replaces and _same(one, shipment)), None)
    if shipment.replaces and shown and old is None:
        raise NotFound(message=Message(id="stores.replaced_gone"))
    contents = shipment.contents or (old.contents if old else ()) or unshipped(order)
    if not contents:
        raise Refused("nothing left to ship", message=Message(id="stores.nothing_left"))
    return contents


def _same(one: StoreShipment, shipment: Shipment) -> bool:
    """Amazon may call a package by a number of its own: the former tracking number tells it, too."""
    return one.ref == shipment.replaces or bool(shipment.former and with_number((one,), shipment.former))


def _fetch(account: Account, ref: str) -> Flow[OrderShape]:
    answer = yield _request(account, "GET", f"{ORDERS}/{_ref(ref)}", query=(("includedData", DATA),))
    return convert(convert(_json(answer), dict[str, object]).get("order"), OrderShape)


def _ref(ref: str) -> str:
    """An order id: 3-7-7 digits, or of a business that Amazon names otherwise."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,40}", ref):
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
    region = account.settings.get("region", "").strip().lower()
    headers = {"x-amz-access-token": account.credentials.get("access_token", ""), "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        url=f"https://{HOSTS.get(region, HOSTS['na'])}{path}",
        query=query,
        headers=headers,
        body=b"" if body is None else msgspec.json.encode(body),
        what=what,
        subject=subject,
        changes=method != "GET",
    )


def _json(answer: Answer, *, pages: int = 1) -> object:
    """The answer's JSON (None where it is empty), or the Trouble that status and error mean. ``pages``: how many were
    asked for in a row; after a 429 it takes that long until as many may be asked for again.
    """
    code, told = _error(answer)
    problem = trouble(answer, told)
    if problem is None:
        return payload(answer) if answer.body.strip() else None
    if isinstance(problem, Denied):
        problem.message = Message(id="amazon.denied", values={"said": problem.said})
    elif isinstance(problem, Refused) and ("PackageToUpdateNotFound" in told or "PackageToUpdateNotFound" in code):
        problem.message = Message(id="amazon.cannot_change", values={"said": problem.said})
    elif isinstance(problem, Busy):
        problem.retry_after = problem.retry_after or _pause(answer, pages)
    raise problem


def _pause(answer: Answer, pages: int) -> float | None:
    """Seconds until the bucket holds what is needed: the header says how many calls a second flow back."""
    said_ = answer.headers.get("x-amzn-ratelimit-limit", "")
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", said_) or not float(said_):
        return None
    return min(pages, BURST) / float(said_)


def _error(answer: Answer) -> tuple[str, str]:
    """Code and sentence of the first error."""
    try:
        found = payload(answer) if answer.status >= 400 else None
    except Broken:
        found = None
    errors = found.get("errors") if isinstance(found, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return text(first.get("code")), text(first.get("message")) or text(first.get("code")) or f"HTTP {answer.status}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


CONNECTOR: Shop = Amazon()
