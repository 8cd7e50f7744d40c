"""Parcels of one order as a person looks at them: contents, numbers, scans, freshness. Reading only.

The order's screen and the shopper's page show the same parcels; the page leaves out what is not the shopper's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from doorstep.app import clock
from doorstep.app.figures.estimates import Window, window
from doorstep.app.figures.lanes import learned, route_of
from doorstep.app.ledger import archive, freshness
from doorstep.app.ledger.beginning import begun
from doorstep.app.order.scan_view import Differing, Scan, Told, timeline
from doorstep.core.event import TrackingEvent
from doorstep.core.lane import Route
from doorstep.core.number import carrier, tracking_link
from doorstep.core.order import PurchaseState
from doorstep.core.parcels import PERSON
from doorstep.db.models import (
    ChannelState,
    Connection,
    Cooldown,
    Line,
    Number,
    NumberLink,
    Order,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Purchase,
    Resync,
    Schedule,
    Watch,
)

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_UNCLEAR: Final = frozenset({"rejected", "refused", "broken"})  # answers whose own text tells more than our words


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A quantity of one order line in a parcel; ``line_id`` 0 = of this order, but unknown which."""

    line_id: int
    title: str
    qty: int
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A number of a parcel. ``until`` None = current. ``link`` leads to the carrier's own site, '' = not known.
    ``said_by``: the names of who gave it, ``by_hand``: a person did as well.
    """

    id: int
    text: str
    carrier: str
    carrier_name: str
    carrier_by: str
    link: str
    role: str
    since: datetime
    until: datetime | None
    said_by: tuple[str, ...]
    by_hand: bool
    replaced_by: str

    @property
    def sayers(self) -> str:
        """Who gave the number, in one line; '' when only a person did."""
        return ", ".join(self.said_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """How fresh a parcel's news is. ``answer`` '' = never answered; ``said`` is the source's own text."""

    source: str = ""
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    answer: str = ""
    said: str = ""
    next_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def quoted(self) -> str:
        """The source's own text where our words for the answer do not say enough."""
        return self.said if self.answer in _UNCLEAR else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A parcel. ``others``: how many other orders share it. ``resync_at``: when a resync is possible again."""

    id: int
    status: str
    reason: str
    responsible: str
    action_by: str
    since: datetime | None
    first_scan_at: datetime | None
    last_event_at: datetime | None
    purchase_id: int | None
    mark: str
    marked_at: datetime | None  # when the shopper said that, or took it back
    way: Route
    closed: bool
    window: Window | None  # when it will be there
    items: tuple[Item, ...]
    numbers: tuple[Held, ...]
    scans: tuple[Scan, ...]  # newest first
    lost: tuple[Scan, ...]  # what a source said, and does not say any more
    differing: tuple[Differing, ...]  # who says something else than the status
    fresh: Fresh
    resync_at: datetime | None
    resync: Resync | None
    others: int

    @property
    def since_day(self) -> date | None:
        """The day since when it has its status: as the scan beside it says it, else of the instant."""
        if self.since is None:
            return None
        local = (one.shown_at for one in self.scans if one.instant == self.since and one.shown_at)
        return next((at.date() for at in local), self.since)

    @property
    def current(self) -> tuple[Held, ...]:
        """The numbers that count now."""
        return tuple(one for one in self.numbers if one.until is None)

    @property
    def past(self) -> tuple[Held, ...]:
        """The numbers that were replaced or taken back."""
        return tuple(one for one in self.numbers if one.until is not None)


def parcels(
    ws: int, order_id: int, lines: Sequence[Line], connections: Iterable[Connection] | None = None
) -> tuple[Seen, ...]:
    """The parcels of an order that hold a number or something of it, first heard of first. Eighteen queries at most;
    ``connections``: all of the workspace, where they were read already.
    """
    return parcels_of(ws, {order_id: lines}, connections)[order_id]


def parcels_of(
    ws: int, lines: Mapping[int, Sequence[Line]], connections: Iterable[Connection] | None = None
) -> dict[int, tuple[Seen, ...]]:
    """The same for several orders, by order, in as many queries. ``lines``: of each order."""
    held: dict[int, list[ParcelLine]] = defaultdict(list)
    for one in ParcelLine.objects.filter(ws=ws, order_id__in=list(lines)):
        held[one.order_id].append(one)
    every = _Parcels(ws, {one.parcel_id for some in held.values() for one in some}, connections)
    found = {}
    for order_id, mine in lines.items():
        titles = {line.id: line.title or line.sku for line in mine}
        ids = sorted({one.parcel_id for one in held[order_id]} & every.rows.keys())
        found[order_id] = tuple(
            every.seen(one, _items([part for part in held[order_id] if part.parcel_id == one], titles)) for one in ids
        )
    return found


class _Parcels:
    """Parcels with everything that is shown of them, read once."""

    def __init__(self, ws: int, ids: Collection[int], connections: Iterable[Connection] | None) -> None:
        self.rows = Parcel.objects.filter(ws=ws).in_bulk(list(ids))
        self.held: dict[int, list[ParcelNumber]] = defaultdict(list)
        for one in ParcelNumber.objects.filter(ws=ws, parcel_id__in=ids).order_by("-since"):
            self.held[one.parcel_id].append(one)
        self.shared: dict[int, set[int]] = defaultdict(set)
        parts = ParcelLine.objects.filter(ws=ws, parcel_id__in=ids)
        for parcel_id, order in parts.values_list("parcel_id", "order_id"):
            self.shared[parcel_id].add(order)
        self.read = _Read(ws, {one.number_id for some in self.held.values() for one in some}, connections)
        self.about = _About(ws, list(self.rows.values()), set[int]().union(*self.shared.values()))
        self.cool, self.asked = _asks(ws, ids)
        self.now = clock.now()
        self.own = learned(ws, self.now)

    def seen(self, parcel_id: int, items: tuple[Item, ...]) -> Seen:
        """A parcel with what it holds of one order."""
        row, mine, read = self.rows[parcel_id], self.held[parcel_id], self.read
        numbers = tuple(read.number(one) for one in mine)
        line = timeline(self.about.told(read, row, mine, self.shared[parcel_id]))
        return Seen(
            id=row.id,
            status=row.status,
            reason=row.reason,
            responsible=row.responsible,
            action_by=row.action_by,
            since=row.status_since,
            first_scan_at=row.first_scan_at,
            last_event_at=row.last_event_at,
            purchase_id=row.purchase_id,
            mark=row.mark,
            marked_at=max((at for one in mine if (at := read.numbers[one.number_id].marked_at)), default=None),
            way=route_of(row),
            closed=row.closed_at is not None,
            window=window(row, self.own, self.now),
            items=items,
            numbers=numbers,
            scans=line.scans,
            lost=line.lost,
            differing=line.differing,
            fresh=read.fresh([one.id for one in numbers if one.until is None] or [one.id for one in numbers]),
            resync_at=self.cool.get(row.id),
            resync=self.asked.get(row.id),
            others=len(self.shared[parcel_id]) - 1,
        )


def _asks(ws: int, ids: Collection[int]) -> tuple[dict[int, datetime], dict[int, Resync]]:
    """When each parcel may be asked about again, and its newest resync."""
    mine = {"ws": ws, "scope": "parcel", "target_id__in": ids}
    cool = dict(Cooldown.objects.filter(**mine).values_list("target_id", "next_allowed_at"))
    return cool, {one.target_id: one for one in Resync.objects.filter(**mine).order_by("id")}


def _items(allotted: Iterable[ParcelLine], titles: Mapping[int, str]) -> tuple[Item, ...]:
    return tuple(
        Item(line_id=one.line_id, title=titles.get(one.line_id, ""), qty=one.qty, how=one.how)
        for one in sorted(allotted, key=lambda one: one.line_id)
    )


class _Read:
    """Everything known about a set of numbers, read once."""

    def __init__(self, ws: int, ids: set[int], connections: Iterable[Connection] | None = None) -> None:
        self.numbers = {one.id: one for one in Number.objects.filter(ws=ws, id__in=ids)}
        some = Connection.objects.filter(ws=ws).only("label", "kind")
        known = list(some if connections is None else connections)
        self.sources = {str(one.id): one.label for one in known}
        self.carriers = {one.id for one in known if one.kind == "carrier"}
        links = list(NumberLink.objects.filter(ws=ws, from_id__in=ids).values_list("kind", "from_id", "to_id"))
        self.replaced = {one: other for kind, one, other in links if kind == "replaced_by"}
        self.legs = [(one, other) for kind, one, other in links if kind == "last_mile"]
        watches = list(Watch.objects.filter(ws=ws, number_id__in=ids))
        places = list(Schedule.objects.filter(ws=ws, number_id__in=ids))
        freshness.refresh(watches, places)
        self.watches: dict[int, list[Watch]] = defaultdict(list)
        for one in watches:
            self.watches[one.number_id].append(one)
        self.next: dict[int, datetime] = {}
        for place in places:
            self.next[place.number_id] = min(place.next_at, self.next.get(place.number_id, place.next_at))
        self.events: dict[int, list[TrackingEvent]] = defaultdict(list)
        self.lost: dict[int, list[TrackingEvent]] = defaultdict(list)
        for heard in archive.scans(ws, ids):
            self.events[heard.number_id] += [one.said for one in heard.said]
            self.lost[heard.number_id] += [one.said for one in heard.gone]

    def number(self, held: ParcelNumber) -> Held:
        row = self.numbers[held.number_id]
        after = self.numbers.get(self.replaced.get(row.id, 0))
        sayers = list(dict.fromkeys(one.partition(":")[0] for one in held.said_by.split(",")))  # 12:last_mile is 12
        return Held(
            id=row.id,
            text=row.text,
            carrier=row.carrier,
            carrier_name=carrier(row.carrier).name if row.carrier else "",
            carrier_by=row.carrier_by,
            link=tracking_link(row.carrier, row.norm),
            role=held.role,
            since=held.since,
            until=held.until,
            said_by=tuple(self.sources[one] for one in sayers if one in self.sources),
            by_hand=PERSON in sayers,
            replaced_by=after.text if after else "",
        )

    def fresh(self, ids: Sequence[int]) -> Fresh:
        """The freshness by the carrier account that has the scans; while none has any, by the newest answer."""
        mine = [one for number in ids for one in self.watches[number] if one.connection_id in self.carriers]
        following = min((self.next[number] for number in ids if number in self.next), default=None)
        if not mine:
            return Fresh(next_at=following)
        last = max(mine, key=lambda one: (self._has_scans(one), one.answered_at or one.asked_at or _NEVER))
        return Fresh(
            source=self.sources.get(str(last.connection_id), ""),
            asked_at=max((one.asked_at for one in mine if one.asked_at), default=None),
            answered_at=last.answered_at,
            answer=last.answer,
            said=last.said,
            next_at=following,
            changed_at=max((one.changed_at for one in mine if one.changed_at), default=None),
        )

    def _has_scans(self, watch: Watch) -> bool:
        return any(one.source == str(watch.connection_id) for one in self.events[watch.number_id])


class _About:
    """What is said about parcels beside their scans, read once."""

    def __init__(self, ws: int, parcels: Sequence[Parcel], orders: Collection[int]) -> None:
        self.orders = Order.objects.filter(ws=ws).in_bulk(list(orders))
        self.purchases = Purchase.objects.filter(ws=ws).in_bulk([one.purchase_id for one in parcels if one.purchase_id])
        said = ChannelState.objects.filter(ws=ws, parcel_id__in=[one.id for one in parcels], shown="delivered")
        self.delivered = list(said.values_list("parcel_id", "order_id", "seen_at"))

    def told(self, read: _Read, parcel: Parcel, held: Sequence[ParcelNumber], parts: Collection[int]) -> Told:
        """Everything its timeline is made from. ``parts``: the orders that share the parcel."""
        roles = {one.number_id: "" for one in held} | {one.number_id: one.role for one in held if one.until is None}
        orders = [self.orders[one] for one in sorted(parts) if one in self.orders]
        bought = self.purchases.get(parcel.purchase_id or 0)
        delivered: dict[str, datetime | None] = {
            str(self.orders[order].store_id): at
            for of, order, at in self.delivered
            if of == parcel.id and order in self.orders
        }
        if bought and bought.state == PurchaseState.DELIVERED:
            delivered[str(bought.supplier_id)] = None
        return Told(
            roles=roles,
            texts={one: read.numbers[one].text for one in roles},
            said={one: read.events[one] for one in roles},
            lost={one: read.lost[one] for one in roles},
            headline=bytes(parcel.headline_key),
            not_before=begun(bought, orders, [read.numbers[one] for one in roles]),
            names=read.sources,
            legs=read.legs,
            mark=parcel.mark,
            delivered=delivered,
        )
