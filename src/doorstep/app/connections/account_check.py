"""Whether a supplier's account is set up so that numbers come by themselves (S83): each setting, right or wrong, and
what mends it. Reading only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.conf import settings
from django.db.models import Count

from doorstep.app import clock
from doorstep.app.ledger.retention import full
from doorstep.app.ledger.senders import mail_of, rules_of
from doorstep.app.receive import mailbox
from doorstep.connectors.accounts import AccountKind, kind_of
from doorstep.connectors.contract import Can
from doorstep.connectors.mail.senders import merchants, sender_of
from doorstep.connectors.registry import connector, connectors
from doorstep.core.mailmatch import aligned
from doorstep.core.message import Message
from doorstep.db.models import Connection, Door, Feed, Inbox, Order, Purchase, PurchaseLine

State = Literal["right", "wrong", "open"]
WINDOW: Final = timedelta(days=90)
MAILS: Final = 40  # newest mails that are looked at for a sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One setting. ``state`` open = it works without, or nobody can tell yet. ``mend``: what to do, None = nothing;
    ``where``: the name of the screen where it is done, '' = none.
    """

    name: str
    state: State
    said: Message
    mend: Message | None = None
    where: str = ""


def checked(account: Connection) -> tuple[AccountKind, tuple[Item, ...]]:
    """The kind of a supplier's account, and each of its settings."""
    kind = kind_of(connector("supplier", account.connector).meta)
    return kind, tuple(_CHECKS[kind](account)) if account.state != "removed" else ()


def _api(account: Connection) -> Iterator[Item]:
    denied = account.state == "denied"
    yield _item("credentials", not denied, mend="check.credentials.mend")
    yield _read(account)
    if Can.HOOKS in connector("supplier", account.connector).meta.can:
        state: State = "right" if account.pushed_at else "open"
        yield Item(name="hooks", state=state, said=_said("hooks", state))
    yield _matched(account)
    yield from _after(account)


def _buy(account: Connection) -> Iterator[Item]:
    shop = str(account.settings.get("shop", account.label))
    known = merchants().get(str(account.settings.get("merchant", "")))
    state: State = "right" if known else "open"
    yield Item(name="rules", state=state, said=_said("rules", state, shop=shop))
    yield from _forwarded(account, known.domains if known else (), shop)
    mine = Purchase.objects.filter(ws=account.ws, supplier_id=account.id)
    waiting = Order.objects.filter(ws=account.ws, state="placed", cancelled_at=None, before_connection=False)
    bought = PurchaseLine.objects.filter(ws=account.ws).exclude(order_id=0).values("order_id")
    left = waiting.exclude(id__in=bought).count()
    entered: State = "wrong" if left and not mine.exists() else "open" if left else "right"
    mend = Message(id="check.entered.mend", values={"shop": shop}) if left else None
    yield Item(name="entered", state=entered, said=_said("entered", entered, count=left), mend=mend)
    yield from _after(account)


def _fulfilled(account: Connection) -> Iterator[Item]:
    domain = str(account.settings.get("domain", ""))
    since = Order.objects.filter(ws=account.ws, placed_at__gte=clock.now() - WINDOW)
    shared = since.values("number").annotate(stores=Count("store_id", distinct=True)).filter(stores__gt=1)
    one = shared.order_by("number").first()
    values = {"number": one["number"]} if one else {}
    yield _item("numbers", one is None, mend="check.numbers.mend", **values)
    known = sender_of(domain).known or bool(rules_of(account.ws, domain))
    state: State = "right" if known else "open"
    yield Item(name="rules", state=state, said=_said("rules", state, shop=account.label))
    yield from _forwarded(account, (domain,), account.label)
    yield from _after(account)


def _by_hand(account: Connection) -> Iterator[Item]:
    if account.connector == "agent":
        live = Door.objects.filter(ws=account.ws, kind="agent", target_id=account.id, revoked_at=None)
        open_ = live.exclude(expires_at__lte=clock.now()).exists()
        yield _item("link", open_, mend="check.link.mend")
        yield from _after(account)
    if account.connector == "sheet_link":
        yield _read(account)
        yield from _after(account)


def _read(account: Connection) -> Item:
    feed = Feed.objects.filter(ws=account.ws, connection_id=account.id, name="purchases").first()
    if feed is None or feed.asked_at is None:
        return Item(name="reading", state="open", said=Message(id="check.reading.open"))
    return _item("reading", feed.answer == "ok", mend="check.reading.mend")


def _forwarded(account: Connection, domains: Sequence[str], shop: str) -> Iterator[Item]:
    """Whether its mails come here."""
    boxes = mailbox.boxes(account.ws)
    made = Door.objects.filter(ws=account.ws, kind="mail", target_id__in=boxes, revoked_at=None).exists()
    yield _item("address", made, mend="check.address.mend", where="connections")
    if settings.MAIL_DOMAIN.endswith(".localhost"):
        mend = Message(id="check.domain.mend")
        yield Item(name="domain", state="wrong", said=Message(id="check.domain.wrong"), mend=mend, where="look")
    confirms = Inbox.objects.filter(ws=account.ws, state="needs_look", connection_id__in=boxes)
    if any((row.error or {}).get("id") == "mail.confirm_forwarding" for row in confirms[:MAILS]):
        mend = Message(id="check.confirm.mend")
        yield Item(name="confirm", state="wrong", said=Message(id="check.confirm.wrong"), mend=mend, where="look")
    at = _heard(account.ws, domains)
    if at:
        yield Item(name="mails", state="right", said=_said("mails", "right", shop=shop, at=at.isoformat()))
    else:
        mend = Message(id="check.mails.mend", values={"shop": shop})
        yield Item(name="mails", state="open", said=_said("mails", "open", shop=shop), mend=mend)


def _heard(ws: int, domains: Sequence[str]) -> datetime | None:
    """When the newest of the last mails came that a sender of these domains wrote; None = none did."""
    rows = full().filter(ws=ws, connection_id__in=mailbox.boxes(ws)).order_by("-id")[:MAILS]
    for row in rows:
        sender = mail_of(row).sender
        if sender and any(sender == one or aligned(sender, one) for one in domains):
            return row.received_at
    return None


def _matched(account: Connection) -> Item:
    recent = Purchase.objects.filter(ws=account.ws, supplier_id=account.id, said_at__gte=clock.now() - WINDOW)
    total = recent.exclude(state="cancelled").count()
    lines = PurchaseLine.objects.filter(ws=account.ws, order_id=0, purchase_id__in=recent.values("id"))
    free = lines.values("purchase_id").distinct().count()
    if not total:
        return Item(name="matched", state="open", said=Message(id="check.matched.open"))
    return _item("matched", not free, mend="check.matched.mend", where="purchases", count=free, total=total)


def _after(account: Connection) -> Iterator[Item]:
    """What has to be there for any number to be of use: who takes it, and who follows it."""
    live = Connection.objects.filter(ws=account.ws, state="active")
    shops = {name for name, one in connectors("store").items() if Can.PUSH in one.meta.can}
    store = live.filter(kind="store", connector__in=shops).exists()
    yield _item("store", store, mend="check.store.mend", where="connect_choose")
    yield _item("carrier", live.filter(kind="carrier").exists(), mend="check.carrier.mend", where="connect_choose")


def _item(name: str, right: bool, /, *, mend: str, where: str = "", **values: str | int) -> Item:
    state: State = "right" if right else "wrong"
    said = Message(id=f"check.{name}.{state}", values=values)
    if right:
        return Item(name=name, state=state, said=said)
    return Item(name=name, state=state, said=said, mend=Message(id=mend, values=values), where=where)


def _said(name: str, state: State, **values: str | int) -> Message:
    return Message(id=f"check.{name}.{state}", values=values)


_CHECKS: Final[Mapping[AccountKind, Callable[[Connection], Iterator[Item]]]] = {
    AccountKind.API: _api,
    AccountKind.BUY: _buy,
    AccountKind.FULFILLED: _fulfilled,
    AccountKind.HAND: _by_hand,
}
