"""Connections as the console shows them: state, freshness, addresses. Reading only, and never a credential."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from doorstep.app import clock, doors
from doorstep.app.ledger import freshness
from doorstep.app.receive import mailbox
from doorstep.app.vendors import asking, budget, calls, untold
from doorstep.connectors.contract import Can, Meta
from doorstep.connectors.registry import Kind, connectors
from doorstep.db.models import Connection, Door, Feed, Order, Watch

KINDS: Final = ("store", "supplier", "carrier", "payment")
_STORE: Final = (Can.ORDERS, Can.PUSH, Can.PARTIAL, Can.EDIT, Can.WITHDRAW, Can.READ_BACK, Can.DELIVERED, Can.TELL)
ABILITIES: Final[Mapping[str, tuple[Can, ...]]] = {  # what a connection of each kind may be able to do
    "store": (*_STORE, Can.HOOKS),
    "supplier": (Can.PURCHASES, Can.MAIL, Can.MANUAL, Can.HOOKS),
    "carrier": (Can.TRACK, Can.FOLLOW, Can.HOOKS),
    "payment": (Can.PAY, Can.HOOKS),
}
_OF_A_NUMBER: Final = frozenset({"events", "nothing", "not_found", "rejected"})  # the account itself answered
MOST_ORDERS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A connection. ``answer`` '' = never answered, ok = it works; ``reason`` is a Message as JSON."""

    id: int
    kind: str
    connector: str
    name: str
    label: str
    base_url: str
    state: str
    reason: Mapping[str, Any] | None
    untold: Mapping[str, Any] | None  # a Message as JSON: why its vendor does not tell by itself
    connected_at: datetime
    asked_at: datetime | None
    next_at: datetime | None
    answered_at: datetime | None
    answer: str
    said: str | Mapping[str, Any]
    can: frozenset[str]
    has_form: bool
    lent: bool  # it is the operator's: there are no credentials to change


def connection_list(ws: int) -> dict[str, list[Shown]]:
    """All connections by kind, without the removed ones."""
    rows = list(Connection.objects.filter(ws=ws).exclude(state="removed").order_by("id"))
    feeds: dict[int, list[Feed]] = defaultdict(list)
    for feed in Feed.objects.filter(ws=ws):
        feeds[feed.connection_id].append(feed)
    watched = _watched(ws, [one.id for one in rows if one.kind == "carrier"])
    found: dict[str, list[Shown]] = {kind: [] for kind in KINDS}
    for row in rows:
        found[row.kind].append(_shown(row, [*feeds[row.id], *watched.get(row.id, [])]))
    return found


def connection(ws: int, connection_id: int) -> Shown | None:
    """One connection, or None when this workspace has no such one."""
    every = (one for shown in connection_list(ws).values() for one in shown)
    return next((one for one in every if one.id == connection_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much may be asked. ``now``: so many calls at once; ``rests``: none at all for a while."""

    per_minute: int
    now: int
    rests: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What a connection's own screen tells beside ``Shown``. ``abilities``: of its kind, and which it has."""

    meta: Meta
    abilities: tuple[tuple[str, bool], ...]
    quota: Quota
    told: untold.Told | None
    calls: tuple[Mapping[str, Any], ...]


def detail(ws: int, one: Shown) -> Detail | None:
    """None where this version of Doorstep does not know the connector."""
    known = connectors(cast(Kind, one.kind))
    if one.connector not in known:
        return None
    meta = known[one.connector].meta
    left = budget.left(ws, one.id, meta, clock.machine())
    return Detail(
        meta=meta,
        abilities=tuple((can.value, can in meta.can) for can in ABILITIES[one.kind] if can in meta.can or one.has_form),
        quota=Quota(per_minute=meta.polls_per_minute, now=left or 0, rests=left is None),
        told=untold.told(ws, one.id) if Can.FOLLOW in meta.can else None,
        calls=tuple({**call, "at": datetime.fromisoformat(call["at"])} for call in calls.last(ws, one.id)),
    )


def ranked(ws: int) -> list[int]:
    """The carrier accounts in the order in which they are asked, as far as a number does not decide it."""
    return asking.in_order(asking.askers(ws, Connection.objects.filter(ws=ws, kind="carrier")))


def typed(ws: int, connection_id: int) -> dict[str, str]:
    """What was typed when it was connected, without what is secret."""
    row = Connection.objects.get(ws=ws, id=connection_id)
    return {**row.settings, "base_url": row.base_url}


def mail_address(ws: int) -> str:
    """Where mails are to be forwarded; '' while there is no mailbox."""
    box = Connection.objects.filter(ws=ws, kind="supplier", connector="mail").first()
    return mailbox.address(ws) if box and _door(ws, "mail", box.id) else ""


def lookup_address(ws: int, store_id: int) -> str:
    """Where a store's shoppers find their orders; '' while there is no such door."""
    return doors.lookup_url(ws, store_id) if _door(ws, "lookup", store_id) else ""


def hook_address(ws: int, connection_id: int) -> str:
    """Where the vendor calls us; '' when it never calls, or while there is no such door."""
    row = Connection.objects.filter(ws=ws, id=connection_id).first()
    return doors.hook_url(row) if row and _door(ws, "hook", row.id) else ""


def open_orders(ws: int) -> list[str]:
    """Numbers of the newest orders that still wait for a number: what a mail may be about."""
    rows = Order.objects.filter(ws=ws, state__in=("placed", "partly_shipped")).order_by("-placed_at")
    return list(rows.values_list("number", flat=True)[:MOST_ORDERS])


def order_by_number(ws: int, number: str) -> int | None:
    """The id of the newest order of that number."""
    bare = number.strip().lstrip("#")
    rows = Order.objects.filter(ws=ws, number__in=(bare, f"#{bare}")).order_by("-id")
    return rows.values_list("id", flat=True).first()


def _door(ws: int, kind: str, target_id: int) -> bool:
    return Door.objects.filter(ws=ws, kind=kind, target_id=target_id, revoked_at=None).exists()


def _watched(ws: int, ids: list[int]) -> dict[int, list[Watch]]:
    """The newest asking of every carrier account."""
    newest: dict[int, list[Watch]] = {}
    for one in ids:
        watch = freshness.newest(ws, one)
        newest[one] = [watch] if watch else []
    return newest


def _shown(row: Connection, asked: list[Feed | Watch]) -> Shown:
    last = max((one for one in asked if one.asked_at), key=lambda one: one.asked_at or row.connected_at, default=None)
    known = connectors(cast(Kind, row.kind))
    meta = known[row.connector].meta if row.connector in known else None
    answered = last is not None and last.answer in _OF_A_NUMBER
    return Shown(
        id=row.id,
        kind=row.kind,
        connector=row.connector,
        name=meta.label if meta else row.connector,
        label=row.label,
        base_url=row.base_url,
        state=row.state,
        reason=row.state_reason,
        untold=row.untold,
        connected_at=row.connected_at,
        asked_at=last.asked_at if last else None,
        next_at=min((one.next_at for one in asked if isinstance(one, Feed)), default=None),
        answered_at=max((one.answered_at for one in asked if one.answered_at), default=None),
        answer="ok" if answered else last.answer if last else "",
        said="" if answered or last is None else last.said or "",
        can=frozenset(one.value for one in meta.can) if meta else frozenset(),
        has_form=bool(meta and meta.fields),
        lent=bool(row.lent_id),
    )
