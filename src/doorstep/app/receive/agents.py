"""Suppliers behind a private link: who has one, and what they are shown. No name, address or price of a buyer is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from doorstep.app import clock, doors, tries
from doorstep.app.audit import record
from doorstep.app.tries import TooMany
from doorstep.connectors.suppliers.agent import ships
from doorstep.connectors.suppliers.sheets.said import Piece
from doorstep.core.message import Message
from doorstep.db.models import Connection, Door, Line, Order, ParcelLine, ParcelNumber, Workspace

DAYS: Final = (30, 90, 365)  # that a link is good for
MOST: Final = 500  # orders shown, the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A live link of a supplier."""

    id: int
    name: str
    url: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who came through a link. ``actor``: how they are written in the audit trail."""

    account: Connection
    link_id: int
    name: str
    tz: str

    @property
    def actor(self) -> str:
        return f"agent:{self.link_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Some of an order line that waits for a number."""

    order: Order
    line: Line
    qty: int


def make(ws: int, connection_id: int, name: str, days: int, actor: str) -> Link:
    """A new link. Raises Connection.DoesNotExist, ValueError with a Message."""
    account = _account(ws, connection_id)
    if not name.strip():
        raise ValueError(Message(id="agent.link.no_name"))
    if days not in DAYS:
        raise ValueError(Message(id="agent.link.no_end"))
    now = clock.now()
    with transaction.atomic():
        door = doors.make(ws, "agent", account.id, label=name.strip()[:60], expires_at=now + timedelta(days=days))
        record(ws, actor, "agent_door.make", f"connection:{account.id}", after={"door": door.id})
    return _link(door)


def revoke(ws: int, connection_id: int, link_id: int, actor: str) -> None:
    """Close a link for good. What came through it stays. Raises Door.DoesNotExist."""
    with transaction.atomic():
        door = _doors(ws, connection_id).select_for_update().get(id=link_id)
        door.revoked_at = clock.now()
        door.save(update_fields=["revoked_at"])
        record(ws, actor, "agent_door.revoke", f"connection:{connection_id}", after={"door": link_id})


def links(ws: int, connection_id: int) -> list[Link]:
    """The live links of a supplier."""
    live = _doors(ws, connection_id).filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    return [_link(door) for door in live.order_by("id")]


def enter(token: str) -> Holder | None:
    """Who holds this token; None for one that is not live, or of a paused or removed supplier. Raises TooMany."""
    door = doors.find("agent", token)
    if door is None:
        return None
    if not tries.allow({"link": str(door.id)}):
        raise TooMany
    account = Connection.objects.filter(ws=door.ws, id=door.target_id, connector="agent", state="active").first()
    tz = Workspace.objects.values_list("tz", flat=True).get(id=door.ws)
    return Holder(account=account, link_id=door.id, name=door.label, tz=tz) if account else None


def wanted(account: Connection) -> list[Wanted]:
    """What waits for a number of this supplier: lines of paid orders, bought since their store was connected."""
    ws, skus = account.ws, str(account.settings.get("skus", ""))
    open_ = Order.objects.filter(ws=ws, state__in=("placed", "partly_shipped"), awaiting_payment=False)
    new = open_.filter(Q(before_connection=False) | Q(push_asked_at__isnull=False), cancelled_at=None)
    orders = {one.id: one for one in new.order_by("placed_at", "id")[:MOST]}
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in Line.objects.filter(ws=ws, order_id__in=orders, needs_shipping=True).order_by("id"):
        lines[line.order_id].append(line)
    sent = _sent(ws, orders)
    every = ((order, line) for order in orders.values() for line in lines[order.id] if ships(skus, line.sku))
    left = ((order, line, line.qty - line.qty_cancelled - sent[line.id]) for order, line in every)
    return [Wanted(order=order, line=line, qty=qty) for order, line, qty in left if qty > 0]


def given(some: Sequence[Wanted]) -> dict[int, tuple[Piece, ...]]:
    """What may be given numbers, by order: what ``app.receive.import_rows.judge`` asks for."""
    found: dict[int, tuple[Piece, ...]] = {}
    for one in some:
        found[one.order.id] = (*found.get(one.order.id, ()), Piece(line=one.line.external_id, qty=one.qty))
    return found


def _sent(ws: int, orders: Mapping[int, Order]) -> dict[int, int]:
    """How much of each line is in a parcel that has a number."""
    parts = list(ParcelLine.objects.filter(ws=ws, order_id__in=orders))
    numbered = ParcelNumber.objects.filter(ws=ws, parcel_id__in={one.parcel_id for one in parts}, until=None)
    parcels = set(numbered.values_list("parcel_id", flat=True))
    sent: dict[int, int] = defaultdict(int)
    for part in parts:
        if part.parcel_id in parcels:
            sent[part.line_id] += part.qty
    return sent


def _account(ws: int, connection_id: int) -> Connection:
    return Connection.objects.exclude(state="removed").get(ws=ws, id=connection_id, connector="agent")


def _doors(ws: int, connection_id: int) -> QuerySet[Door]:
    return Door.objects.filter(ws=ws, kind="agent", target_id=connection_id, revoked_at=None)


def _link(door: Door) -> Link:
    url = f"{settings.PUBLIC_URL}/s/{doors.token_of(door)}"
    return Link(id=door.id, name=door.label, url=url, until=door.expires_at)
