"""What the policy would look at for orders as they are in the ledger now. Reading only: nothing is decided for good."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from doorstep.app.merge.source import Touched
from doorstep.app.settle.cluster import Cluster, gather
from doorstep.app.settle.parcels import core_claims, core_lines
from doorstep.app.settle.pushes import Spot, case_of, contents_of
from doorstep.core.order import Content
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.parcels import assemble
from doorstep.core.policy import Case
from doorstep.db.models import Number, Parcel, ParcelNumber, Push

AT_ONCE = 20  # orders in one transaction: while it lasts nobody else writes


@dataclass(frozen=True, slots=True)
class Considered:
    """One parcel of one order, and everything the policy looks at. ``whole``: nothing else of the order is left;
    ``contents``: what is in it, by the store's line refs.
    """

    spot: Spot
    case: Case
    numbers: dict[str, Number]
    contents: tuple[Content, ...]
    whole: bool


def consider(ws: int, orders: Collection[int]) -> list[Considered]:
    """Every parcel of these orders, by order and parcel id."""
    found: list[Considered] = []
    wanted = sorted(orders)
    for start in range(0, len(wanted), AT_ONCE):
        some = set(wanted[start : start + AT_ONCE])
        with transaction.atomic():
            found += _considered(gather(ws, Touched(orders=some)), some)
    return sorted(found, key=lambda one: (one.spot.order.id, one.spot.parcel.id))


def _considered(cluster: Cluster, orders: Collection[int]) -> list[Considered]:
    parcels = _parcels(cluster)
    plans = assemble(core_lines(cluster), core_claims(cluster))
    cluster.plans = [(parcels[key], plan) for plan in plans if (key := _key(cluster, plan)) in parcels]
    pushes = defaultdict(list)
    for push in Push.objects.filter(ws=cluster.ws, order_id__in=orders).order_by("version"):
        pushes[push.order_id, push.parcel_id].append(push)
    found = []
    for parcel, plan in cluster.plans:
        for order in cluster.orders_of(plan):
            store = cluster.connections[order.store_id]
            if order.id in orders:
                spot = Spot(order, store, parcel, plan, pushes[order.id, parcel.id])
                numbers = {held.number: cluster.number(held.number) for held in plan.numbers}
                contents = tuple(Content(line=ref, qty=qty) for ref, qty in contents_of(cluster, spot))
                found.append(Considered(spot, case_of(cluster, spot), numbers, contents, _whole(cluster, spot)))
    return found


def _parcels(cluster: Cluster) -> dict[frozenset[int], Parcel]:
    """The parcels there are, by the numbers they have."""
    held = defaultdict(set)
    for row in ParcelNumber.objects.filter(ws=cluster.ws, number_id__in=cluster.numbers):
        held[row.parcel_id].add(row.number_id)
    rows = Parcel.objects.filter(ws=cluster.ws).in_bulk(list(held))
    return {frozenset(numbers): rows[id_] for id_, numbers in held.items() if id_ in rows}


def _key(cluster: Cluster, plan: Plan) -> frozenset[int]:
    return frozenset(one.id for one in cluster.numbers_of(plan))


def _whole(cluster: Cluster, spot: Spot) -> bool:
    """Whether everything of the order that needs shipping is in this parcel or with the store already."""
    given = Push.objects.filter(ws=cluster.ws, order_id=spot.order.id, state="accepted").values_list("parcel_id")
    done = {id_ for (id_,) in given} | {spot.parcel.id}
    wanted = {
        str(line.id): line.qty - line.qty_cancelled for line in cluster.lines[spot.order.id] if line.needs_shipping
    }
    for parcel, plan in cluster.plans:
        for part in plan.contents if parcel.id in done else ():
            wanted[part.line] = wanted.get(part.line, 0) - part.qty
    return all(qty <= 0 for qty in wanted.values())
