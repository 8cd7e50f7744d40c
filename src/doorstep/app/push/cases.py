"""What the policy would look at for orders as they are in the ledger now. Reading only: nothing is decided for good."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from doorstep.app.ledger.changes import By
from doorstep.app.merge.source import Touched
from doorstep.app.settle.cluster import Cluster, gather
from doorstep.app.settle.parcels import arrange
from doorstep.app.settle.pushes import Spot, case_of, contents_of
from doorstep.core.order import Content
from doorstep.core.policy import Case
from doorstep.db.models import Number

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
            for cluster in gather(ws, Touched(orders=some)):
                arrange(By(ws, "clock"), cluster)  # on a sheet that is never written
                found += _considered(cluster, some)
            transaction.set_rollback(True)
    return sorted(found, key=lambda one: (one.spot.order.id, one.spot.parcel.id))


def _considered(cluster: Cluster, orders: Collection[int]) -> list[Considered]:
    found = []
    for parcel, plan in cluster.plans:
        for order in cluster.orders_of(plan):
            if order.id in orders:
                pushes = cluster.pushes_of(order.id)[parcel.id]
                spot = Spot(order, cluster.connections[order.store_id], parcel, plan, pushes)
                numbers = {held.number: cluster.number(held.number) for held in plan.numbers}
                contents = tuple(Content(line=ref, qty=qty) for ref, qty in contents_of(cluster, spot))
                found.append(Considered(spot, case_of(cluster, spot), numbers, contents, _whole(cluster, spot)))
    return found


def _whole(cluster: Cluster, spot: Spot) -> bool:
    """Whether everything of the order that needs shipping is in this parcel or with the store already."""
    given = cluster.pushes_of(spot.order.id)
    done = {id_ for id_, pushes in given.items() if any(one.state == "accepted" for one in pushes)} | {spot.parcel.id}
    wanted = {
        str(line.id): line.qty - line.qty_cancelled for line in cluster.lines[spot.order.id] if line.needs_shipping
    }
    for parcel, plan in cluster.plans:
        for part in plan.contents if parcel.id in done else ():
            wanted[part.line] = wanted.get(part.line, 0) - part.qty
    return all(qty <= 0 for qty in wanted.values())
