"""What needs a person today: findings grouped by cause, how far the orders of the last weeks have come, which ways are
slow, how the carriers answer. Open orders are looked at by urgency (``db.urgency``) until a page is full, the rest on
the next pages; computed anew when anything changed, at the latest after some minutes.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from doorstep.app.figures import lanes
from doorstep.app.order import acks
from doorstep.app.order.acks import Answered
from doorstep.app.order.order_view import findings_of_all
from doorstep.app.overview import board
from doorstep.app.vendors import health
from doorstep.app.vendors.health import Vitals
from doorstep.core.diagnosis import Cause, Who
from doorstep.core.lane import Route
from doorstep.core.message import Message
from doorstep.db import tabs
from doorstep.db.models import Connection, Door, Number, Parcel
from doorstep.db.urgency import Candidate, candidates

PAGE: Final = 50  # findings that fill a page
TOGETHER: Final = 50  # orders that are looked at in one step
LOOKED_AT: Final = 10 * TOGETHER  # for one page: most of them need nobody
WINDOW: Final = timedelta(days=30)  # of the flow
COUNTED: Final = 20_000
LANES: Final = 6
AGAIN: Final = timedelta(minutes=5)
WORKSPACES: Final = 50
_WELL: Final = frozenset({Cause.ALL_WELL, Cause.ARRIVED, Cause.NOTHING_TO_SHIP, Cause.ORDER_CANCELLED})
_PEOPLE: Final = frozenset({Who.MERCHANT, Who.SUPPLIER, Who.SHOPPER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One finding about one order that waits for a person."""

    order_id: int
    order: str
    said: Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings of one cause, the most urgent first. ``urgent_at``: when the first becomes urgent."""

    cause: Cause
    needs: tuple[Need, ...]

    @property
    def advice(self) -> Message | None:
        """What to do first, where it is the same for all of them."""
        first, *others = (one.said.finding.advice[:1] for one in self.needs)
        return first[0] if first and all(one == first for one in others) else None

    @property
    def urgent_at(self) -> datetime | None:
        return min((one.said.finding.next_at for one in self.needs if one.said.finding.next_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """Findings of the open orders at the places ``first`` to ``last`` by urgency, counted from 1, of ``count``."""

    groups: tuple[Group, ...]
    first: int
    last: int
    count: int

    @property
    def more(self) -> bool:
        """Whether there are orders that were not looked at for this page."""
        return self.last < self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A station of the flow. ``share`` of the orders placed in the window, 0 to 1."""

    name: str
    tab: str
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A way on which parcels are under way: how many, how many of them longer than 85 % of the earlier ones took."""

    route: Route
    moving: int
    late: int
    usual_days: int | None
    slow_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Everything of the screen. ``at``: when it was computed; ``urgent``: the page of findings."""

    at: datetime
    urgent: Urgent
    flow: tuple[Step, ...]
    ways: tuple[Slow, ...]
    carriers: tuple[tuple[Connection, Vitals], ...]


_kept: OrderedDict[tuple[int, int], tuple[str, Today]] = OrderedDict()


def today(ws: int, now: datetime, start: int = 0) -> Today:
    """What needs a person in this workspace. ``start``: after so many of the most urgent orders, on a later page."""
    mark = board.mark(ws)
    known = _kept.get((ws, start))
    if known and known[0] == mark and now - known[1].at < AGAIN:
        return known[1]
    urgent = _urgent(ws, now, start)
    found = Today(at=now, urgent=urgent, flow=_flow(ws, now), ways=_ways(ws, now), carriers=_carriers(ws))
    _kept[ws, start] = (mark, found)
    _kept.move_to_end((ws, start))
    while len(_kept) > WORKSPACES:
        _kept.popitem(last=False)
    return found


def begun(ws: int) -> dict[str, bool]:
    """The steps of the first day, and which are done: a number recognized, a store connected, a page seen."""
    return {
        "number": Number.objects.filter(ws=ws).exists(),
        "store": Connection.objects.filter(ws=ws, kind="store").exclude(connector="by_hand").exists(),
        "page": Door.objects.filter(ws=ws, kind="page").exists(),
    }


def _urgent(ws: int, now: datetime, start: int) -> Urgent:
    """A page of findings: so many orders are looked at as fill it, but no more than LOOKED_AT."""
    orders = candidates(ws, now, start, LOOKED_AT)
    needs: list[Need] = []
    looked = 0
    while looked < len(orders.some) and len(needs) < PAGE:
        needs += _needs(ws, orders.some[looked : looked + TOGETHER], now)
        looked = min(looked + TOGETHER, len(orders.some))
    return Urgent(groups=_groups(needs), first=orders.start + 1, last=orders.start + looked, count=orders.total)


def _needs(ws: int, orders: Sequence[Candidate], now: datetime) -> list[Need]:
    """The findings about these orders that wait for a person."""
    names = {one.id: one.number for one in orders}
    told = {
        order_id: [(parcel, said) for parcel, said in some if said.who in _PEOPLE and said.cause not in _WELL]
        for order_id, some in findings_of_all(ws, names, now).items()
    }
    return [
        Need(order_id=order_id, order=names[order_id], said=said)
        for order_id, some in acks.answered_all(ws, told, now).items()
        for said in some
        if not said.answer
    ]


def _groups(needs: Iterable[Need]) -> tuple[Group, ...]:
    """By cause: what is urgent first, then what concerns the most orders."""
    by_cause: dict[Cause, list[Need]] = defaultdict(list)
    for one in needs:
        by_cause[one.said.finding.cause].append(one)
    groups = [Group(cause=cause, needs=tuple(sorted(some, key=_urgency))) for cause, some in by_cause.items()]
    return tuple(sorted(groups, key=lambda one: (_urgency(one.needs[0]), -len(one.needs))))


def _urgency(need: Need) -> tuple[bool, datetime | None, int]:
    at = need.said.finding.next_at
    return (False, at, need.order_id) if at else (True, None, need.order_id)


_FLOW: Final = """
    SELECT count(*), sum(CASE WHEN numbered THEN 1 ELSE 0 END), sum(CASE WHEN pushed THEN 1 ELSE 0 END),
        sum(CASE WHEN moving OR state IN ('delivered', 'partly_delivered') THEN 1 ELSE 0 END),
        sum(CASE WHEN state = 'delivered' THEN 1 ELSE 0 END)
    FROM (SELECT numbered, pushed, moving, state FROM doorstep_order WHERE ws = %s AND placed_at > %s
        AND state <> 'cancelled' ORDER BY placed_at DESC LIMIT %s) AS recent"""
_STEPS: Final = (
    ("order", "all"),
    ("number", "tracked"),
    ("pushed", "pushed"),
    ("moving", "in_transit"),
    ("delivered", "delivered"),
)


def _flow(ws: int, now: datetime) -> tuple[Step, ...]:
    """How far the orders of the window have come; an order counts at each station that it has passed."""
    with connection.cursor() as cursor:
        cursor.execute(_FLOW, [ws, connection.ops.adapt_datetimefield_value(now - WINDOW), COUNTED])
        counts = [one or 0 for one in cursor.fetchone()]
    whole = counts[0] or 1
    return tuple(
        Step(name=name, tab=tab, count=count, share=count / whole)
        for (name, tab), count in zip(_STEPS, counts, strict=True)
    )


def _ways(ws: int, now: datetime) -> tuple[Slow, ...]:
    """The ways with the most late parcels, of those that own history knows."""
    own = lanes.learned(ws, now)
    moving = Parcel.objects.filter(ws=ws, status__in=tabs.MOVING, closed_at=None).exclude(handed_at=None)
    begun_at: dict[Route, list[datetime]] = defaultdict(list)
    for one in moving.only("carrier", "origin", "destination", "handed_at")[:COUNTED]:
        if one.handed_at:
            begun_at[lanes.route_of(one)].append(one.handed_at)
    found = [_slow(route, times, own, now) for route, times in begun_at.items()]
    return tuple(sorted(found, key=lambda one: (-one.late, -one.moving))[:LANES])


def _slow(route: Route, times: Sequence[datetime], own: lanes.Learned, now: datetime) -> Slow:
    lane = own.lane(route)
    late = sum(now - at > lane.transit_p85 for at in times) if lane.transit_p85 else 0
    return Slow(
        route=route, moving=len(times), late=late, usual_days=_days(lane.transit_p50), slow_days=_days(lane.transit_p85)
    )


def _days(span: timedelta | None) -> int | None:
    return round(span / timedelta(days=1)) if span else None


def _carriers(ws: int) -> tuple[tuple[Connection, Vitals], ...]:
    """The carrier accounts of the workspace and how each answers."""
    accounts: Iterable[Connection] = Connection.objects.filter(ws=ws, kind="carrier").exclude(state="removed")
    return tuple((one, health.vitals(ws, one.id)) for one in sorted(accounts, key=lambda one: one.label))
