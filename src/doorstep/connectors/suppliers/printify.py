"""Printify: orders of one shop with their numbers, and Printify's word that a parcel arrived.

Sources: the vendor's documentation of API v1 (orders, webhooks) and third-party descriptions of it; Printify publishes
no schema of orders. 600 calls a minute. Its webhooks are signed, and name one parcel of an order: they are taken as a
knock.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from doorstep.connectors import signing
from doorstep.connectors.answers import instant, text
from doorstep.connectors.bought import Box, decoded, each, forged, order_of, parted, together, trouble
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
    Received,
    Refused,
    Request,
    Supplier,
    Word,
)
from doorstep.connectors.scans import Meaning, scan
from doorstep.core.event import when
from doorstep.core.message import Message
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState, Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Status

BASE: Final = "https://api.printify.com/v1"
LABEL: Final = "Printify"
PAGES: Final = 200  # an end for a list that never says it ended
YOUNG: Final = timedelta(days=14)  # most numbers come and change within this: read at every poll
REACH: Final = timedelta(days=60)  # the others, once a day
LONG: Final = timedelta(days=1)  # asked to look back further than this, all of them are read
TOPICS: Final = ("order:updated", "order:shipment:created", "order:shipment:delivered")
STATES: Final = {
    "pending": PurchaseState.UNPAID,
    "cost-calculation": PurchaseState.UNPAID,
    "on-hold": PurchaseState.UNPAID,  # waits for the merchant, like the next four
    "payment-not-received": PurchaseState.UNPAID,
    "has-issues": PurchaseState.UNPAID,
    "unfulfillable": PurchaseState.UNPAID,
    "source-check-failed": PurchaseState.UNPAID,
    "sending-to-production": PurchaseState.PAID,
    "in-production": PurchaseState.PAID,
    "partially-fulfilled": PurchaseState.DISPATCHED,
    "fulfilled": PurchaseState.DISPATCHED,
    "canceled": PurchaseState.CANCELLED,
}
Loose = str | int | None


class _About(msgspec.Struct):
    """``metadata`` of an order and of its lines."""

    shop_order_id: Loose = None
    shop_order_label: Loose = None
    external_id: Loose = None
    title: str | None = None
    sku: str | None = None


class _Item(msgspec.Struct):
    product_id: str = ""
    variant_id: Loose = None
    quantity: int = 0
    status: str | None = None
    metadata: _About | None = None
    fulfilled_at: str | None = None


class _Shipment(msgspec.Struct):
    carrier: str | None = None
    number: Loose = None
    url: str | None = None
    shipped_at: str | None = None
    delivered_at: str | None = None


class Order(msgspec.Struct):
    """An order of the list or alone."""

    id: str
    status: str
    created_at: str | None = None
    sent_to_production_at: str | None = None
    fulfilled_at: str | None = None
    metadata: _About | None = None
    line_items: list[_Item] | None = None
    shipments: list[_Shipment] | None = None


class _Page(msgspec.Struct):
    data: list[msgspec.Raw]
    last_page: int = 1


class _Shop(msgspec.Struct):
    id: int
    title: str = ""


class _Hook(msgspec.Struct):
    id: str
    url: str = ""


class _Bad(msgspec.Struct):
    message: str | None = None
    error: object = None


class Printify:
    """A Supplier whose signed webhooks make us ask."""

    meta = Meta(
        name="printify",
        label=LABEL,
        hosts=frozenset({"api.printify.com"}),
        polls_per_minute=300,
        can=frozenset({Can.PURCHASES, Can.HOOKS}),
        fields=(
            Field(
                name="token",
                label="Personal access token",
                secret=True,
                help="In Printify under Account, Connections, with the scopes to read shops, orders and webhooks.",
            ),
            Field(
                name="shop_id",
                label="Shop id",
                required=False,
                help="Only when the account has several shops: each is a connection of its own.",
            ),
        ),
        basis="vendor's documentation of API v1; no schema of its orders is published",
        docs="https://developers.printify.com/",
        proven="documented only",
        steps=(
            "In Printify open Account, Connections, API and generate a personal access token.",
            "Give it the scopes shops.read, orders.read, webhooks.read and webhooks.write, and copy it here.",
            "A token lives for a year: Printify mails before it ends.",
        ),
        limits=(
            "600 calls a minute.",
            "Orders of the last 14 days are read at every poll, older ones once a day, for 60 days.",
        ),
        gaps=(
            "Printify does not tell which goods are in which of several parcels.",
            "It tells when goods were finished, not always when they were handed over.",
        ),
    )
    status: Mapping[str, Status] = {}
    unseen: Final = frozenset[str]()

    def check(self, account: Account) -> Flow[Checked]:
        """Finds the shop: the one that was entered, or the only one."""
        shops = decoded(good((yield _get(account, "/shops.json"))), list[_Shop], LABEL)
        wanted = account.settings.get("shop_id", "").strip()
        fitting = [one for one in shops if wanted in {"", str(one.id)}]
        if len(fitting) != 1:
            named = ", ".join(f"{one.title} ({one.id})" for one in shops)
            raise Refused(message=Message(id="printify.which_shop", values={"shops": named}))
        ref, title = str(fitting[0].id), fitting[0].title
        return Checked(external_id=ref, label=title or LABEL, settings={"shop_id": ref})

    def purchases(self, account: Account, since: datetime | None) -> Flow[None]:
        """The orders made lately, newest first, and once a day all that may still change."""
        whole = since is None or account.now - since > LONG
        oldest = account.now - (REACH if whole else YOUNG)
        for page in range(1, PAGES + 1):
            query = (("page", str(page)),)
            path = f"/shops/{account.settings['shop_id']}/orders.json"
            answer = yield _get(account, path, query, what="purchases", subject=f"page {page}")
            said, found, _ = _page(answer)
            if page >= said.last_page or _all_before(found, oldest):
                break

    def purchase(self, account: Account, ref: str) -> Flow[None]:
        """One order. Raises NotFound."""
        whole = order_of(ref)
        path = f"/shops/{account.settings['shop_id']}/orders/{whole}.json"
        good((yield _get(account, path, what="purchase", subject=whole)))

    def subscribe(self, account: Account, address: str, secret: str) -> Flow[Mapping[str, str]]:
        """News of orders and parcels to ``address``. A webhook of ours is made anew: Printify changes no secret."""
        path = f"/shops/{account.settings['shop_id']}/webhooks"
        known = decoded(good((yield _get(account, f"{path}.json"))), list[_Hook], LABEL)
        for hook in known:
            if hook.url == address:
                good((yield _change(account, "DELETE", f"{path}/{hook.id}.json")))
        for topic in TOPICS:
            body = msgspec.json.encode({"topic": topic, "url": address, "secret": secret})
            good((yield _change(account, "POST", f"{path}.json", body)))
        return {"webhook_secret": secret}

    def receive(self, account: Account, delivery: Delivery) -> Received:
        """``X-Pfy-Signature`` is ``sha256=`` and the hex HMAC-SHA256 of the raw body. ``id`` tells repetitions."""
        secret = account.credentials.get("webhook_secret", "")
        expected = "sha256=" + hmac.digest(secret.encode(), delivery.body, "sha256").hex()
        if not secret or not signing.same(expected, delivery.headers.get("x-pfy-signature", "")):
            raise forged(LABEL)
        return Received(answer=None, knock=True)

    def read(self, answer: Answer) -> Facts:
        """A page of ``purchases``, or one ``purchase``."""
        if answer.what not in READERS:
            raise Broken(f"no reader for {answer.what!r}")
        return READERS[answer.what](answer)


def good(answer: Answer) -> Answer:
    """The answer, unless it is trouble."""
    try:
        bad = msgspec.json.decode(answer.body, type=_Bad)
        said = bad.message or text(bad.error)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = ""
    if problem := trouble(answer, said, LABEL):
        raise problem
    return answer


def _page(answer: Answer) -> tuple[_Page, list[Order], list[str]]:
    said = decoded(good(answer), _Page, LABEL)
    return said, *each(said.data, Order, "order")


def _all_before(found: Sequence[Order], oldest: datetime) -> bool:
    """The page is too old to go on. Newest first is usual but not documented: a rising page never ends a list."""
    times = [at for one in found if (at := instant(one.created_at))]
    return bool(times) and times[0] >= times[-1] and max(times) < oldest


def _purchases(answer: Answer) -> Facts:
    _, orders, bad = _page(answer)
    return together((_read(order) for order in orders), bad)


def _purchase(answer: Answer) -> Facts:
    return _read(decoded(good(answer), Order, LABEL))


def _read(order: Order) -> Facts:
    items = order.line_items or []
    lines = tuple(_lines(order, items))
    whole = Purchase(
        ref=order.id,
        lines=lines,
        state=STATES.get(order.status, PurchaseState.UNKNOWN),
        ordered_at=instant(order.created_at),
        paid_at=instant(order.sent_to_production_at),
        dispatch_evidence=f"status {order.status}" if order.status.endswith("fulfilled") else "",
    )
    sent = [one for one in order.shipments or () if text(one.number)]
    boxes = [_box(order, one, _contents(items, lines) if len(sent) == 1 else None) for one in sent]
    words = () if order.status in STATES else (Word(text=order.status, sample=f"order {order.id}"),)
    return Facts(purchases=parted(whole, boxes), tracks=tuple(_arrived(sent)), words=words)


def _lines(order: Order, items: Sequence[_Item]) -> Iterator[PurchaseLine]:
    """Lines have no ids: the same variant twice is told apart by its turn."""
    about = order.metadata or _About()
    taken: set[str] = set()
    for place, item in enumerate(items):
        more, ref = item.metadata or _About(), f"{item.product_id}:{text(item.variant_id)}"
        ref = f"{ref}#{place}" if ref in taken else ref
        taken.add(ref)
        yield PurchaseLine(
            ref=ref,
            order=text(about.shop_order_id) or text(about.shop_order_label),
            qty=item.quantity,
            line=text(more.external_id),
            sku=more.sku or "",
            title=more.title or "",
        )


def _contents(items: Sequence[_Item], lines: Sequence[PurchaseLine]) -> Mapping[str, int] | None:
    """Of an only parcel: the lines that are finished. Printify itself does not say what is inside."""
    done = {line.ref: line.qty for item, line in zip(items, lines, strict=True) if item.status == "fulfilled"}
    return done or None


def _box(order: Order, said: _Shipment, contents: Mapping[str, int] | None) -> Box:
    number = SaidNumber(text=text(said.number), role=Role.LOCAL, carrier=said.carrier or "", url=said.url or "")
    shipped, finished = instant(said.shipped_at), instant(order.fulfilled_at)
    evidence = f"shipped_at {said.shipped_at}" if shipped else f"fulfilled_at {order.fulfilled_at}" if finished else ""
    return Box(
        contents=contents,
        numbers=(number,),
        state=PurchaseState.DELIVERED if instant(said.delivered_at) else PurchaseState.DISPATCHED,
        dispatched_at=shipped or finished,
        evidence=evidence,
    )


def _arrived(sent: Sequence[_Shipment]) -> Iterator[Track]:
    for one in sent:
        if instant(one.delivered_at):
            event = scan("printify", when(one.delivered_at or ""), Meaning(Status.DELIVERED), text="delivered_at")
            yield Track(number=text(one.number), answer=TrackAnswer.EVENTS, events=(event,), complete=False)


def _get(
    account: Account, path: str, query: tuple[tuple[str, str], ...] = (), *, what: str = "", subject: str = ""
) -> Request:
    url = BASE + path
    return Request(method="GET", url=url, query=query, headers=_headers(account), what=what, subject=subject)


def _change(account: Account, method: Literal["POST", "DELETE"], path: str, body: bytes = b"") -> Request:
    headers = {**_headers(account), "Content-Type": "application/json"}
    return Request(method=method, url=BASE + path, headers=headers, body=body, changes=True)


def _headers(account: Account) -> dict[str, str]:
    """Printify refuses a caller without a name."""
    return {"Authorization": f"Bearer {account.credentials['token']}", "User-Agent": "Doorstep"}


READERS: Final[Mapping[str, Callable[[Answer], Facts]]] = {"purchases": _purchases, "purchase": _purchase}

CONNECTOR: Supplier = Printify()
