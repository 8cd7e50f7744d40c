"""Gelato: orders with the numbers of their packages.

Sources: the vendor's documentation of the order API v4 and of webhooks, and a third party's OpenAPI file of it. The
list tells when an order changed, not its numbers: changed orders are read one by one. Its webhooks are not signed; a
word of the merchant's own in a header is all the proof there is, so one is a knock.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.answers import instant, text
from doorstep.connectors.bought import Box, account_id, decoded, each, forged, order_of, parted, trouble
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
    Received,
    Refused,
    Request,
    Supplier,
    Word,
)
from doorstep.core.message import Message
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState, Role, SaidNumber
from doorstep.core.status import Status

BASE: Final = "https://order.gelatoapis.com/v4"
LABEL: Final = "Gelato"
PAGE: Final = 100
PAGES: Final = 100  # an end for a list that never says it ended
REACH: Final = timedelta(days=60)  # an order older than this is not expected to change any more
LONG: Final = timedelta(days=1)  # asked to look back further than this, every open order is read
HEADER: Final = "x-doorstep-secret"
STATES: Final = {
    "draft": PurchaseState.UNPAID,
    "pending_approval": PurchaseState.UNPAID,  # waits for the merchant, like the next four
    "pending_personalization": PurchaseState.UNPAID,
    "not_connected": PurchaseState.UNPAID,
    "on_hold": PurchaseState.UNPAID,
    "failed": PurchaseState.UNPAID,
    "created": PurchaseState.PAID,
    "uploading": PurchaseState.PAID,
    "digitizing": PurchaseState.PAID,
    "passed": PurchaseState.PAID,
    "in_production": PurchaseState.PAID,
    "printed": PurchaseState.PAID,
    "shipped": PurchaseState.DISPATCHED,
    "in_transit": PurchaseState.DISPATCHED,
    "returned": PurchaseState.DISPATCHED,
    "delivered": PurchaseState.DELIVERED,
    "canceled": PurchaseState.CANCELLED,
}
_LEFT: Final = frozenset({PurchaseState.DISPATCHED, PurchaseState.DELIVERED})
_ENDED: Final = frozenset({PurchaseState.DELIVERED, PurchaseState.CANCELLED})
Loose = str | int | None


class _Code(msgspec.Struct, rename="camel"):
    """A number: of an item (``fulfillments``), or of a package with the ids of the items in it."""

    tracking_code: Loose = None
    tracking_url: str | None = None
    shipment_method_name: str | None = None
    order_item_ids: list[str] | None = None


class _Item(msgspec.Struct, rename="camel"):
    id: str
    item_reference_id: Loose = None
    product_uid: str | None = None
    product_name: str | None = None
    quantity: int = 0
    fulfillments: list[_Code] | None = None


class _Shipment(msgspec.Struct, rename="camel"):
    shipment_method_name: str | None = None
    packages: list[_Code] | None = None


class _Order(msgspec.Struct, rename="camel"):
    id: str
    fulfillment_status: str
    order_reference_id: Loose = None
    ordered_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    items: list[_Item] | None = None
    shipment: _Shipment | None = None


class _Found(msgspec.Struct):
    orders: list[msgspec.Raw]


class _Bad(msgspec.Struct):
    message: str | None = None


class Gelato:
    """A Supplier whose webhooks, entered by hand, make us ask."""

    meta = Meta(
        name="gelato",
        label=LABEL,
        hosts=frozenset({"order.gelatoapis.com"}),
        polls_per_minute=100,
        can=frozenset({Can.PURCHASES, Can.HOOKS}),
        fields=(
            Field(name="api_key", label="API key", secret=True, help="In Gelato under Developer, API keys."),
            Field(
                name="webhook_secret",
                label="Webhook word",
                secret=True,
                required=False,
                help=f"A long word of your choice, which you also enter in Gelato as the webhook's header {HEADER}.",
            ),
        ),
        basis="vendor's documentation of the order API v4 and of webhooks",
        docs="https://dashboard.gelato.com/docs/orders/v4/get/",
        proven="documented only",
        steps=(
            "In Gelato open Developer, API keys and create a key.",
            "For faster news add a webhook under Developer, Webhooks with the address that Doorstep shows.",
        ),
        limits=("Changed orders are read at every poll, every open one once a day, for 60 days.",),
        gaps=(
            "Gelato does not sign its webhooks, so Doorstep asks for the orders when one comes.",
            "It tells that an order was handed over, not when.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Lists one order. Gelato names no account: the key stands for it."""
        _found((yield _search(account, account.now - REACH, 0, 1)))
        return Checked(external_id=account_id("gelato", account.credentials["api_key"]), label=LABEL)

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]:
        """Orders that changed since; when asked to look back a day or more, every open one as well: whether a new
        number counts as a change is not documented.
        """
        whole = since is None or account.now - since > LONG
        refs: dict[str, None] = {}
        for page in range(PAGES):
            count, found = _found((yield _search(account, account.now - REACH, page * PAGE, PAGE)))
            refs |= dict.fromkeys(one.id for one in found if _to_read(one, since, whole=whole))
            if count < PAGE:
                break
        for ref in refs:
            try:
                yield from self.purchase(account, ref)
            except NotFound:  # gone since the list was made
                continue

    def purchase(self, account: Account, ref: str) -> Flow[None]:
        """One order. Raises NotFound."""
        whole, headers = order_of(ref), _headers(account)
        url = f"{BASE}/orders/{whole}"
        good((yield Request(method="GET", url=url, headers=headers, what="purchase", subject=whole)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """Gelato takes its webhook address only by hand: Refused, with the sentence that says where."""
        yield from ()
        raise Refused(message=Message(id="gelato.hook_by_hand", values={"address": address, "header": HEADER}))

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """A knock. Where the merchant chose a word, it has to be in the header."""
        secret = account.credentials.get("webhook_secret", "")
        if secret and not signing.same(secret, delivery.headers.get(HEADER, "")):
            raise forged(LABEL)
        return Received(answer=None, knock=True)

    def read(self, answer: Answer) -> Facts:
        """One ``purchase``."""
        if answer.what not in READERS:
            raise Broken(f"no reader for {answer.what!r}")
        return READERS[answer.what](answer)


def good(answer: Answer) -> Answer:
    """The answer, unless it is trouble."""
    try:
        said = msgspec.json.decode(answer.body, type=_Bad).message or ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = ""
    if problem := trouble(answer, said, LABEL):
        raise problem
    return answer


def _found(answer: Answer) -> tuple[int, list[_Order]]:
    """(how many orders the page has, those of them that can be read)."""
    orders, bad = each(decoded(good(answer), _Found, LABEL).orders, _Order, "order")
    return len(orders) + len(bad), orders


def _to_read(order: _Order, since: datetime | None, *, whole: bool) -> bool:
    changed = instant(order.updated_at)
    if since is None or changed is None or changed >= since:
        return True
    return whole and STATES.get(order.fulfillment_status) not in _ENDED


def _purchase(answer: Answer) -> Facts:
    order = decoded(good(answer), _Order, LABEL)
    status, shipment = order.fulfillment_status, order.shipment or _Shipment()
    state = STATES.get(status, PurchaseState.UNKNOWN)
    whole = Purchase(
        ref=order.id,
        lines=tuple(_line(order, item) for item in order.items or ()),
        state=state,
        updated_at=instant(order.updated_at),
        method=shipment.shipment_method_name or "",
        ordered_at=instant(order.ordered_at) or instant(order.created_at),
        dispatch_evidence=f"fulfillmentStatus {status}" if state in _LEFT else "",
    )
    words = () if status in STATES else (Word(text=status, sample=f"order {order.id}"),)
    return Facts(purchases=parted(whole, list(_boxes(order, whole))), words=words)


def _line(order: _Order, item: _Item) -> PurchaseLine:
    return PurchaseLine(
        ref=item.id,
        order=text(order.order_reference_id),
        qty=item.quantity,
        line=text(item.item_reference_id),
        sku=item.product_uid or "",
        title=item.product_name or "",
    )


def _boxes(order: _Order, whole: Purchase) -> Iterator[Box]:
    """One for each number, in the order in which they are told. An item with several numbers lies in several packages,
    and then nobody says how many of it are where.
    """
    said: dict[str, _Code] = {}
    inside: dict[str, list[str]] = {}
    codes = [(code, [item.id]) for item in order.items or () for code in item.fulfillments or ()]
    packages = order.shipment.packages if order.shipment else None
    codes += [(code, code.order_item_ids or []) for code in packages or ()]
    for code, items in codes:
        number = text(code.tracking_code)
        if number:
            said.setdefault(number, code)
            inside.setdefault(number, []).extend(item for item in items if item not in inside.get(number, ()))
    placed = [item for items in inside.values() for item in items]
    for number, code in said.items():
        named = SaidNumber(text=number, role=Role.LOCAL, url=code.tracking_url or "")
        known = inside[number] and all(placed.count(item) == 1 for item in inside[number])
        qty = {line.ref: line.qty for line in whole.lines}
        yield Box(
            contents={item: qty.get(item, 0) for item in inside[number]} if known else None,
            numbers=(named,),
            state=whole.state if whole.state in _LEFT else PurchaseState.PAID,
            method=code.shipment_method_name or "",
            evidence=whole.dispatch_evidence,
        )


def _search(account: Account, start: datetime, offset: int, limit: int) -> Request:
    asked = {"orderTypes": ["order"], "startDate": start.isoformat(timespec="seconds")}
    body = msgspec.json.encode({**asked, "offset": offset, "limit": limit})
    return Request(method="POST", url=f"{BASE}/orders:search", headers=_headers(account), body=body)


def _headers(account: Account) -> dict[str, str]:
    return {"X-API-KEY": account.credentials["api_key"], "Content-Type": "application/json"}


READERS: Final[Mapping[str, Callable[[Answer], Facts]]] = {"purchase": _purchase}

CONNECTOR: Supplier = Gelato()
