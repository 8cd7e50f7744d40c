"""Orders that hang together: by purchases that serve several of them, and by numbers that several of them have.

A whole batch is loaded at once, table by table, and then taken apart into clusters: what follows from one of them
depends on no other.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db.models import Q

from doorstep.app.household import household_news
from doorstep.app.household.household_news import Wanting
from doorstep.app.ledger import archive, policies
from doorstep.app.ledger.scans import Event, Heard
from doorstep.app.ledger.sheet import Sheet
from doorstep.app.merge.source import Touched
from doorstep.app.telling import alerts
from doorstep.app.vendors.asking import Askers, askers
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.policy import Policy
from doorstep.db import queries
from doorstep.db.load import load
from doorstep.db.models import (
    ChannelState,
    Claim,
    Connection,
    Follower,
    Line,
    Number,
    NumberLink,
    Order,
    Outbox,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Person,
    Purchase,
    PurchaseLine,
    Push,
    Schedule,
    Watch,
)

Row = TypeVar("Row")
Node = tuple[str, int]


@dataclass(slots=True)
class Rules:
    """The rules of the workspace's stores, and whom it can ask, each looked up once."""

    ws: int
    _policies: dict[int, tuple[Policy, int]] = field(default_factory=dict)
    _mailing: dict[int, datetime | None] = field(default_factory=dict)
    _telling: dict[int, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    _problems: bool | None = None
    _at_home: tuple[Wanting, ...] | None = None
    _granted: dict[int, datetime] | None = None
    _askers: Askers | None = None

    def askers(self, connections: Iterable[Connection]) -> Askers:
        """The carrier accounts that may be asked."""
        if self._askers is None:
            self._askers = askers(self.ws, connections)
        return self._askers

    def policy(self, store_id: int) -> tuple[Policy, int]:
        """The store's policy and its version."""
        if store_id not in self._policies:
            self._policies[store_id] = policies.current(self.ws, store_id)
        return self._policies[store_id]

    def mailing_since(self, store_id: int) -> datetime | None:
        """Since when Doorstep mails this store's shoppers; None = it does not."""
        if store_id not in self._mailing:
            self._mailing[store_id] = policies.mailing_since(self.ws, store_id)
        return self._mailing[store_id]

    @property
    def problems_told(self) -> bool:
        """Whether any member wants to know of parcels with a problem."""
        if self._problems is None:
            self._problems = alerts.chosen(self.ws, "problem")
        return self._problems

    @property
    def told_at_home(self) -> tuple[Wanting, ...]:
        """Who of a household is told of its own parcels; nobody, in a business."""
        if self._at_home is None:
            self._at_home = household_news.wanting(self.ws)
        return self._at_home

    def granted_since(self, store_id: int) -> datetime | None:
        """Since when any household accepts this store; None = none does."""
        if self._granted is None:
            self._granted = household_news.granted_since(self.ws)
        return self._granted.get(store_id)

    def telling_since(self, store_id: int) -> tuple[datetime | None, datetime | None]:
        """Since when the store is told where parcels are, and that they were delivered; None = it is not."""
        if store_id not in self._telling:
            self._telling[store_id] = policies.telling_since(self.ws, store_id)
        return self._telling[store_id]


@dataclass(slots=True)
class Cluster:
    """Everything that has to be looked at together. Filled by ``gather``; ``plans`` by ``arrange``. What is decided
    about it is written on ``sheet``. ``parcels`` are those that have any of the numbers, ``held`` their numbers.
    """

    ws: int
    sheet: Sheet
    connections: Mapping[int, Connection]
    rules: Rules
    homes: Mapping[int, str] = field(default_factory=dict)  # countries, by person
    orders: dict[int, Order] = field(default_factory=dict)
    lines: dict[int, list[Line]] = field(default_factory=dict)
    purchases: dict[int, Purchase] = field(default_factory=dict)
    purchase_lines: list[PurchaseLine] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    numbers: dict[int, Number] = field(default_factory=dict)
    watches: dict[int, list[Watch]] = field(default_factory=dict)
    events: dict[int, list[Event]] = field(default_factory=dict)  # that their source still says
    schedule: dict[int, list[Schedule]] = field(default_factory=dict)
    parcels: dict[int, Parcel] = field(default_factory=dict)
    held: dict[int, list[ParcelNumber]] = field(default_factory=dict)
    parts: dict[int, list[ParcelLine]] = field(default_factory=dict)
    shown: dict[tuple[int, int], ChannelState] = field(default_factory=dict)
    links: set[tuple[int, int, str]] = field(default_factory=set)
    pushes: list[Push] = field(default_factory=list)  # the oldest version first
    outbox: dict[tuple[str, int, str], Outbox] = field(default_factory=dict)
    followers: dict[int, list[Follower]] = field(default_factory=dict)  # who asked to be told, by order
    before: dict[int, tuple[object, ...]] = field(default_factory=dict)  # what each push said when it was loaded
    plans: list[tuple[Parcel, Plan]] = field(default_factory=list)
    _named: dict[str, Number] = field(default_factory=dict)

    def number(self, norm: str) -> Number:
        """The row of a normalized number of this cluster, its newest generation."""
        if not self._named:
            rows = sorted(self.numbers.values(), key=lambda one: one.generation)
            self._named = {one.norm: one for one in rows}
        return self._named[norm]

    def orders_of(self, plan: Plan) -> list[Order]:
        """The orders a parcel has something of, by id."""
        ids = {int(part.order) for part in plan.contents}
        return [self.orders[one] for one in sorted(ids)]

    def purchase_of(self, plan: Plan) -> Purchase | None:
        """The purchase that a parcel came from."""
        refs = {(str(one.supplier_id), one.external_id): one for one in self.purchases.values()}
        return next((refs[group] for group in plan.groups if group in refs), None)

    def numbers_of(self, plan: Plan) -> list[Number]:
        """All numbers that a parcel has or had, without repetition."""
        return [self.number(norm) for norm in dict.fromkeys(held.number for held in plan.numbers)]

    def pushes_of(self, order_id: int) -> dict[int, list[Push]]:
        """What was given to the store for an order, by parcel in the order of their ids, the oldest first."""
        found = defaultdict(list)
        for push in sorted(self.pushes, key=lambda one: (one.parcel_id, one.version)):
            if push.order_id == order_id:
                found[push.parcel_id].append(push)
        return found


def gather(ws: int, touched: Touched) -> list[Cluster]:
    """All that hangs together with what was touched: orders, then parcels, locked in the order of their ids."""
    queries.alone_in(ws)
    world = Cluster(ws=ws, sheet=Sheet(ws), connections=Connection.objects.filter(ws=ws).in_bulk(), rules=Rules(ws))
    orders, purchases, numbers = _reach(world, touched)
    world.orders = {one.id: one for one in load(Order, ws, "id", orders, order="id", lock=True)}
    buyers = {one.person_id for one in world.orders.values() if one.person_id}
    world.homes = dict(Person.objects.filter(ws=ws, id__in=buyers).values_list("id", "country"))
    world.lines = by(load(Line, ws, "order_id", orders, order="id"), lambda one: one.order_id)
    world.purchases = {one.id: one for one in load(Purchase, ws, "id", purchases)}
    load_numbers(world, numbers, touched.heard)
    links = load(NumberLink, ws, "from_id", numbers)
    world.links = {(one.from_id, one.to_id, one.kind) for one in links}
    holding = {one.parcel_id for one in load(ParcelNumber, ws, "number_id", numbers)}
    load_parcels(world, holding)
    _load_told(world)
    return _apart(world)


def _reach(world: Cluster, touched: Touched) -> tuple[set[int], set[int], set[int]]:
    """Follow the links until nothing new comes in: order ids, purchase ids, number ids. Purchase lines, claims and
    watches are met on the way.
    """
    ws, found = world.ws, (set[int](), set[int](), set[int]())
    new = (touched.orders, touched.purchases, touched.numbers)
    lines, claims, watches = dict[int, PurchaseLine](), dict[int, Claim](), dict[tuple[int, int], Watch]()
    while any(new):
        for known, some in zip(found, new, strict=True):
            known.update(some)
        orders, purchases, numbers = new
        told = [*load(PurchaseLine, ws, "order_id", orders), *load(PurchaseLine, ws, "purchase_id", purchases)]
        said = [*load(Claim, ws, "order_id", orders), *load(Claim, ws, "purchase_id", purchases)]
        said += load(Claim, ws, "number_id", numbers)
        seen = load(Watch, ws, "number_id", numbers)
        before = [one for one in load(NumberLink, ws, "to_id", numbers) if one.kind == "last_mile"]
        lines |= {one.id: one for one in told}
        claims |= {one.id: one for one in said}
        watches |= {(one.number_id, one.connection_id): one for one in seen}
        new = (
            ({one.order_id for one in told} | {one.order_id for one in said}) - {0} - found[0],
            ({one.purchase_id for one in told} | {one.purchase_id for one in said}) - {0} - found[1],
            {
                *(one.number_id for one in said),
                *(one.number_id for one in seen),
                *(one.last_mile_id for one in seen),
                *(one.from_id for one in before),
            }
            - {0}
            - found[2],
        )
    world.purchase_lines, world.claims = list(lines.values()), list(claims.values())
    world.watches = by(watches.values(), lambda one: one.number_id)
    return found


def load_numbers(world: Cluster, numbers: Collection[int], heard: Mapping[int, list[Heard]]) -> None:
    """What is known of these numbers, beside their watches; ``heard``: scans that are in memory already."""
    world.numbers = {one.id: one for one in load(Number, world.ws, "id", numbers)}
    world.events = _present_events(world.ws, numbers, heard)
    world.schedule = by(load(Schedule, world.ws, "number_id", numbers), lambda one: one.number_id)


def load_parcels(world: Cluster, parcels: Collection[int]) -> None:
    """These parcels with all their numbers and contents, locked in the order of their ids."""
    world.held = by(load(ParcelNumber, world.ws, "parcel_id", parcels), lambda one: one.parcel_id)
    world.parcels = {one.id: one for one in load(Parcel, world.ws, "id", parcels, order="id", lock=True)}
    world.parts = by(load(ParcelLine, world.ws, "parcel_id", parcels), lambda one: one.parcel_id)


def _load_told(world: Cluster) -> None:
    """What the stores and shoppers of these orders were told."""
    shown = load(ChannelState, world.ws, "order_id", world.orders)
    world.shown = {(one.order_id, one.parcel_id): one for one in shown}
    given = [
        *load(Push, world.ws, "order_id", world.orders, order="id", lock=True),
        *load(Push, world.ws, "parcel_id", world.parcels, order="id", lock=True),
    ]
    pushes = {one.id: one for one in given}.values()
    world.pushes = sorted(pushes, key=lambda one: (one.parcel_id, one.version))
    world.before = {one.id: said_of(one) for one in world.pushes}
    meant = Outbox.objects.filter(
        Q(lane__in=["mail", "tell", "web_push", "notice", "home", "granted"], target_id__in=world.orders)
        | Q(lane="push", intent_key__in=[key for one in world.pushes for key in intent_keys(one)]),
        ws=world.ws,
    )
    world.outbox = {(one.lane, one.target_id, one.intent_key): one for one in meant}
    asked = load(Follower, world.ws, "order_id", world.orders)
    world.followers = by([one for one in asked if one.confirmed_at and not one.ended_at], lambda one: one.order_id)


def said_of(push: Push) -> tuple[object, ...]:
    """What a push says; a change of it is a change of the push."""
    return push.state, push.number_id, push.reason, push.hold_until, push.contents


def intent_keys(push: Push) -> tuple[str, str]:
    """How the outbox calls giving this push to the store, and taking it back."""
    given = f"{push.order_id}:{push.parcel_id}:{push.version}"
    return given, f"{given}:withdraw"


def by(rows: Iterable[Row], key: Callable[[Row], int]) -> dict[int, list[Row]]:
    """Rows by a number that each of them has."""
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _present_events(ws: int, numbers: Collection[int], heard: Mapping[int, list[Heard]]) -> dict[int, list[Event]]:
    """Events that their source still says, by number."""
    known = [one for number in numbers for one in heard.get(number, ())]
    present: dict[int, list[Event]] = defaultdict(list)
    for one in (*known, *archive.scans(ws, set(numbers) - heard.keys())):
        present[one.number_id] += one.said
    return present


def _apart(world: Cluster) -> list[Cluster]:
    """The clusters of a world, each with at least one order."""
    root = _joined(world)
    parts: dict[Node, Cluster] = defaultdict(lambda: _part(world))
    for order in world.orders.values():
        mine = parts[root(("order", order.id))]
        mine.orders[order.id], mine.lines[order.id] = order, world.lines.get(order.id, [])
    for purchase in world.purchases.values():
        parts[root(("purchase", purchase.id))].purchases[purchase.id] = purchase
    for line in world.purchase_lines:
        parts[root(("purchase", line.purchase_id))].purchase_lines.append(line)
    for claim in world.claims:
        parts[root(("number", claim.number_id))].claims.append(claim)
    for number in world.numbers.values():
        mine = parts[root(("number", number.id))]
        mine.numbers[number.id], mine.watches[number.id] = number, world.watches.get(number.id, [])
    for parcel in world.parcels.values():
        parts[root(("parcel", parcel.id))].parcels[parcel.id] = parcel
    for push in world.pushes:
        parts[root(_owner(world, push))].pushes.append(push)
    return [one for one in parts.values() if one.orders]


def _part(world: Cluster) -> Cluster:
    """A cluster without anything of its own yet; what is looked up by id or name it shares with the world."""
    return Cluster(
        ws=world.ws,
        sheet=world.sheet,
        connections=world.connections,
        rules=world.rules,
        homes=world.homes,
        events=world.events,
        schedule=world.schedule,
        held=world.held,
        parts=world.parts,
        shown=world.shown,
        links=world.links,
        outbox=world.outbox,
        followers=world.followers,
        before=world.before,
    )


def _owner(world: Cluster, push: Push) -> Node:
    return ("order", push.order_id) if push.order_id in world.orders else ("parcel", push.parcel_id)


def _joined(world: Cluster) -> Callable[[Node], Node]:
    """A function that tells the cluster of a row by the row's kind and id."""
    parent: dict[Node, Node] = {}

    def root(node: Node) -> Node:
        above = parent.setdefault(node, node)
        while above != parent[above]:
            parent[above] = above = parent[parent[above]]
        return above

    for one, other in _ties(world):
        parent[root(one)] = root(other)
    return root


def _ties(world: Cluster) -> Iterator[tuple[Node, Node]]:
    """What hangs together with what."""
    for line in world.purchase_lines:
        if line.order_id:
            yield ("purchase", line.purchase_id), ("order", line.order_id)
    for claim in world.claims:
        owner = ("order", claim.order_id) if claim.order_id else ("purchase", claim.purchase_id)
        yield ("number", claim.number_id), owner
    for watch in (one for some in world.watches.values() for one in some if one.last_mile_id):
        yield ("number", watch.number_id), ("number", watch.last_mile_id)
    for row in (one for some in world.held.values() for one in some):
        yield ("parcel", row.parcel_id), ("number", row.number_id)
    for push in world.pushes:
        if push.order_id in world.orders and push.parcel_id in world.parcels:
            yield ("order", push.order_id), ("parcel", push.parcel_id)
