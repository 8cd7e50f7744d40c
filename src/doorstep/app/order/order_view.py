"""Everything the console shows about one order. Reading only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from doorstep.app import doors
from doorstep.app.order import findings
from doorstep.app.order.parcel_view import Seen, parcels, parcels_of
from doorstep.app.order.progress import Stage, stage
from doorstep.core.diagnosis import Finding
from doorstep.db.load import load
from doorstep.db.models import (
    Audit,
    Change,
    ChannelState,
    Connection,
    Door,
    Line,
    Number,
    Order,
    Person,
    Purchase,
    PurchaseLine,
    Push,
    User,
)

HISTORY: Final = 40
# Of a change's values.
_AREAS: Final = {
    **dict.fromkeys(("parcel.status", "parcel.scan", "told"), "status"),
    "order.state": "order",
    "parcel.mark": "mark",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A push as the merchant sees it."""

    id: int
    parcel_id: int
    number: str
    state: str
    reason: Mapping[str, object] | None
    hold_until: datetime | None
    changed_at: datetime
    shown: str  # what the channel itself shows for the parcel, '' = not read
    shown_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """A row of the contents matrix: one line, how much of it is in each parcel, and what is in none."""

    line: Line
    in_parcels: tuple[int, ...]
    assumed: bool
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An entry of the order's history: a change, or what a person did."""

    at: datetime
    key: str  # of the sentence
    area: str  # of the sentences of its values: status, order, '' = they are shown as they are
    old: str
    new: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """The order's screen. ``parcels`` hold a number or had one; ``page`` is the shopper's address, '' = revoked."""

    order: Order
    store: Connection
    person: Person | None
    matrix: tuple[Allotted, ...]
    connections: Mapping[int, Connection]  # all of the workspace
    parcels: tuple[Seen, ...]
    pushes: Mapping[int, tuple[Given, ...]]
    purchases: tuple[tuple[Purchase, str], ...]
    findings: tuple[tuple[int, Finding], ...]  # (parcel id, 0 = the order itself)
    history: tuple[Done, ...]
    page: str
    stage: Stage

    @property
    def left(self) -> int:
        """How many pieces are in no parcel."""
        return sum(row.left for row in self.matrix)


def order_view(ws: int, order_id: int, now: datetime) -> OrderView | None:
    """The order's screen, or None when this workspace has no such order."""
    order = Order.objects.filter(ws=ws, id=order_id).first()
    if order is None:
        return None
    lines = list(Line.objects.filter(ws=ws, order_id=order_id).order_by("id"))
    known = Connection.objects.filter(ws=ws).in_bulk()
    seen = tuple(one for one in parcels(ws, order_id, lines, known.values()) if one.numbers)
    pushes = _pushes(ws, order_id)
    purchases = _purchases(ws, order_id)
    newest = [given[0].state for given in pushes.values()]
    return OrderView(
        order=order,
        store=known[order.store_id],
        person=Person.objects.filter(ws=ws, id=order.person_id).first() if order.person_id else None,
        matrix=matrix(lines, seen),
        connections=known,
        parcels=seen,
        pushes=pushes,
        purchases=tuple((one, _label(known.get(one.supplier_id))) for one in purchases),
        findings=findings.of_order(order, lines, purchases, seen, now, known.values()),
        history=_history(ws, order_id, [one.id for one in seen], known.values()),
        page=_page(ws, order_id),
        stage=stage(order.state, [one.status for one in seen if one.current], newest),
    )


def findings_of(ws: int, order_id: int, now: datetime) -> tuple[tuple[int, Finding], ...] | None:
    """(parcel id, 0 = the order itself; finding) of one order alone, or None when this workspace has no such order."""
    return findings_of_all(ws, [order_id], now).get(order_id)


def findings_of_all(ws: int, order_ids: Collection[int], now: datetime) -> dict[int, tuple[tuple[int, Finding], ...]]:
    """The same for several orders, by order, without those that there are not; in no more queries than for one."""
    orders = {one.id: one for one in load(Order, ws, "id", order_ids)}
    lines: dict[int, list[Line]] = {one: [] for one in orders}
    for line in load(Line, ws, "order_id", orders, order="id"):
        lines[line.order_id].append(line)
    seen = parcels_of(ws, lines)
    bought = _bought(ws, orders)
    every = {
        key: findings.Known(one, lines[key], bought[key], [held for held in seen[key] if held.numbers], now)
        for key, one in orders.items()
    }
    return findings.of_orders(ws, every)


def _label(connection: Connection | None) -> str:
    return connection.label if connection else ""


def matrix(lines: Sequence[Line], seen: Sequence[Seen]) -> tuple[Allotted, ...]:
    """Item by parcel. Only parcels with a current number hold anything."""
    rows = []
    for line in lines:
        held = [[item for item in one.items if item.line_id == line.id and one.current] for one in seen]
        amounts = tuple(sum(item.qty for item in items) for items in held)
        wanted = line.qty - line.qty_cancelled if line.needs_shipping else 0
        rows.append(
            Allotted(
                line=line,
                in_parcels=amounts,
                assumed=any(item.how == "assumed" for items in held for item in items),
                left=max(0, wanted - sum(amounts)),
            )
        )
    return tuple(rows)


def _pushes(ws: int, order_id: int) -> dict[int, tuple[Given, ...]]:
    """The pushes of every parcel, newest first."""
    rows = list(Push.objects.filter(ws=ws, order_id=order_id).order_by("-version", "-id"))
    texts = dict(Number.objects.filter(ws=ws, id__in={one.number_id for one in rows}).values_list("id", "text"))
    shown = {one.parcel_id: one for one in ChannelState.objects.filter(ws=ws, order_id=order_id)}
    given: dict[int, tuple[Given, ...]] = {}
    for row in rows:
        channel = shown.get(row.parcel_id)
        one = Given(
            id=row.id,
            parcel_id=row.parcel_id,
            number=texts.get(row.number_id, ""),
            state=row.state,
            reason=row.reason,
            hold_until=row.hold_until,
            changed_at=row.changed_at,
            shown=channel.shown if channel else "",
            shown_by=channel.shown_by if channel else "",
        )
        given[row.parcel_id] = (*given.get(row.parcel_id, ()), one)
    return given


def _purchases(ws: int, order_id: int) -> list[Purchase]:
    """The purchases that serve the order."""
    ids = PurchaseLine.objects.filter(ws=ws, order_id=order_id).values("purchase_id")
    return list(Purchase.objects.filter(ws=ws, id__in=ids).order_by("id"))


def _bought(ws: int, orders: Collection[int]) -> dict[int, list[Purchase]]:
    """The purchases that serve these orders, by order."""
    parts = load(PurchaseLine, ws, "order_id", orders, only=("order_id", "purchase_id"))
    pairs = sorted({(one.purchase_id, one.order_id) for one in parts})
    rows = {one.id: one for one in load(Purchase, ws, "id", {purchase for purchase, _ in pairs})}
    bought: dict[int, list[Purchase]] = {one: [] for one in orders}
    for purchase, order in pairs:
        bought[order].append(rows[purchase])
    return bought


def _history(ws: int, order_id: int, parcel_ids: Sequence[int], connections: Iterable[Connection]) -> tuple[Done, ...]:
    """Changes and people's doings, newest first."""
    about = Q(subject="order", subject_id=order_id) | Q(subject="parcel", subject_id__in=parcel_ids)
    changes = list(Change.objects.filter(about, ws=ws).order_by("-known_at", "-id")[:HISTORY])
    subjects = [f"order:{order_id}", f"page:{order_id}", *(f"parcel:{one}" for one in parcel_ids)]
    audits = list(Audit.objects.filter(ws=ws, subject__in=subjects).order_by("-id")[:HISTORY])
    who = names(ws, {one.actor for one in changes} | {one.actor for one in audits}, connections)
    done = [
        Done(
            at=one.known_at,
            key=f"change.{one.kind}",
            area=_AREAS.get(one.kind, ""),
            old=one.old or "",
            new=one.new or "",
            who=who.get(one.actor, ""),
        )
        for one in changes
    ]
    done += [
        Done(at=one.at, key=f"audit.{one.verb}", area="", old="", new="", who=who.get(one.actor, "")) for one in audits
    ]
    return tuple(sorted(done, key=lambda one: one.at, reverse=True)[:HISTORY])


def names(ws: int, actors: Collection[str], known: Iterable[Connection] | None = None) -> dict[str, str]:
    """Who an actor is: a person's address, a connection's name, the name of a supplier's link or of a key. ``known``:
    the workspace's connections, where they were read already.
    """
    kinds = ("user", "connection", "agent", "key")
    ids = {kind: [one.split(":")[1] for one in actors if one.startswith(f"{kind}:")] for kind in kinds}
    given = Door.objects.filter(ws=ws, kind__in=("agent", "api"), id__in=[*ids["agent"], *ids["key"]])
    doors_of = {"agent": "agent", "api": "key"}
    links = {f"{doors_of[kind]}:{pk}": label for kind, pk, label in given.values_list("kind", "id", "label")}
    people = User.objects.filter(id__in=ids["user"]).values_list("id", "email")
    every = Connection.objects.filter(ws=ws, id__in=ids["connection"]) if known is None else known
    sources = [(one.id, one.label) for one in every]
    named = (("user", people), ("connection", sources))
    return links | {f"{kind}:{pk}": name for kind, rows in named for pk, name in rows}


def _page(ws: int, order_id: int) -> str:
    door = Door.objects.filter(ws=ws, kind="page", target_id=order_id, revoked_at=None).first()
    return doors.page_url(ws, order_id) if door else ""
