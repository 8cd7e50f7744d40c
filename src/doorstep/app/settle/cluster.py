"""Orders that hang together: by purchases that serve several of them, and by numbers that several of them have."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Q

from doorstep.app.merge.source import Touched
from doorstep.core.parcels import Parcel as Plan
from doorstep.db import queries
from doorstep.db.models import Claim, Connection, Event, Line, Number, Order, Parcel, Purchase, PurchaseLine, Watch


@dataclass(slots=True)
class Cluster:
    """Everything that has to be looked at together. Filled by ``gather``; ``plans`` by ``arrange``."""

    ws: int
    orders: dict[int, Order]
    lines: dict[int, list[Line]]
    purchases: dict[int, Purchase]
    purchase_lines: list[PurchaseLine]
    claims: list[Claim]
    numbers: dict[int, Number]
    watches: dict[int, list[Watch]]
    events: dict[int, list[Event]]
    connections: dict[int, Connection]
    plans: list[tuple[Parcel, Plan]] = field(default_factory=list)

    def number(self, norm: str) -> Number:
        """The row of a normalized number of this cluster, its newest generation."""
        return max((one for one in self.numbers.values() if one.norm == norm), key=lambda one: one.generation)

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


def gather(ws: int, touched: Touched) -> Cluster:
    """All that hangs together with what was touched, its orders locked in the order of their ids."""
    queries.alone_in(ws)
    orders, purchases, numbers = _close(ws, touched)
    locked = {one.id: one for one in Order.objects.select_for_update().filter(ws=ws, id__in=orders).order_by("id")}
    lines = defaultdict(list)
    for line in Line.objects.filter(ws=ws, order_id__in=orders).order_by("id"):
        lines[line.order_id].append(line)
    watches = defaultdict(list)
    for watch in Watch.objects.filter(ws=ws, number_id__in=numbers):
        watches[watch.number_id].append(watch)
    return Cluster(
        ws=ws,
        orders=locked,
        lines=lines,
        purchases=Purchase.objects.filter(ws=ws).in_bulk(list(purchases)),
        purchase_lines=list(PurchaseLine.objects.filter(ws=ws, purchase_id__in=purchases)),
        claims=list(Claim.objects.filter(_claims_of(orders, purchases), ws=ws)),
        numbers=Number.objects.filter(ws=ws).in_bulk(list(numbers)),
        watches=watches,
        events=_present_events(ws, numbers, watches),
        connections=Connection.objects.filter(ws=ws).in_bulk(),
    )


def _close(ws: int, touched: Touched) -> tuple[set[int], set[int], set[int]]:
    """Follow the links until nothing new comes in: order ids, purchase ids, number ids."""
    orders, purchases, numbers = set(touched.orders), set(touched.purchases), set(touched.numbers)
    size = -1
    while size != len(orders) + len(purchases) + len(numbers):
        size = len(orders) + len(purchases) + len(numbers)
        pairs = PurchaseLine.objects.filter(Q(order_id__in=orders) | Q(purchase_id__in=purchases), ws=ws)
        for order_id, purchase_id in pairs.values_list("order_id", "purchase_id"):
            orders.add(order_id)
            purchases.add(purchase_id)
        orders.discard(0)
        said = Claim.objects.filter(_claims_of(orders, purchases) | Q(number_id__in=numbers), ws=ws)
        for order_id, purchase_id, number_id in said.values_list("order_id", "purchase_id", "number_id"):
            orders |= {order_id} - {0}
            purchases |= {purchase_id} - {0}
            numbers.add(number_id)
        linked = Watch.objects.filter(Q(number_id__in=numbers) | Q(last_mile_id__in=numbers), ws=ws)
        for number_id, other_id in linked.exclude(last_mile_id=0).values_list("number_id", "last_mile_id"):
            numbers |= {number_id, other_id}
    return orders, purchases, numbers


def _claims_of(orders: set[int], purchases: set[int]) -> Q:
    return Q(order_id__in=orders) | Q(purchase_id__in=purchases)


def _present_events(ws: int, numbers: set[int], watches: dict[int, list[Watch]]) -> dict[int, list[Event]]:
    """Events that their source still says, by number."""
    newest = {(one.number_id, str(one.connection_id)): one.snapshot_at for some in watches.values() for one in some}
    present = defaultdict(list)
    for event in Event.objects.filter(ws=ws, number_id__in=numbers):
        snapshot = newest.get((event.number_id, event.source))
        if snapshot is None or event.last_said >= snapshot:
            present[event.number_id].append(event)
    return present
