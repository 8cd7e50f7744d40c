"""Numbers for payment services: what a store shows is told to whoever holds the money of the order, where the merchant
connected that. Nothing is told of orders placed before.
"""

from collections.abc import Iterator

from django.db.models import Q

from doorstep.app import clock, loop
from doorstep.app.settle.cluster import Cluster
from doorstep.db.models import Connection, Order, Outbox, Sync

INTENT = "payments"  # one intent for each service: what is due is given in batches
LOOKED_AT = "payment.looked_at"  # why it waits where nothing is due but what is still being looked at over there


def intend_payments(cluster: Cluster) -> None:
    """Note every number that a service has not been told yet."""
    services = [one for one in cluster.connections.values() if one.kind == "payment" and one.state == "active"]
    wanted = [
        Sync(
            ws=cluster.ws,
            connection_id=service.id,
            order_id=order.id,
            parcel_id=parcel_id,
            number_id=number_id,
            changed_at=clock.now(),
        )
        for service in services
        for order in _paid(cluster, service)
        for number_id, parcel_id in _visible(cluster, order)
    ]
    if not wanted:
        return
    there = set(
        Sync.objects.filter(ws=cluster.ws, order_id__in={one.order_id for one in wanted}).values_list(
            "connection_id", "order_id", "number_id"
        )
    )
    new = [one for one in wanted if (one.connection_id, one.order_id, one.number_id) not in there]
    Sync.objects.bulk_create(new, ignore_conflicts=True)
    for service_id in {one.connection_id for one in new}:
        ring(cluster.ws, service_id)


def _paid(cluster: Cluster, service: Connection) -> Iterator[Order]:
    for order in cluster.orders.values():
        if order.transaction and not order.cancelled_at and order.placed_at >= service.connected_at:
            yield order


def _visible(cluster: Cluster, order: Order) -> set[tuple[int, int]]:
    """(number, parcel) of what the store shows: given by us, or its own."""
    ours = {
        push.number_id: push.parcel_id
        for push in cluster.pushes
        if push.order_id == order.id and push.state == "accepted"
    }
    theirs = {
        claim.number_id
        for claim in cluster.claims
        if claim.order_id == order.id and claim.source == str(order.store_id) and not claim.gone
    }
    held = {one.number_id: one.parcel_id for rows in cluster.held.values() for one in rows if one.until is None}
    return {(number, ours.get(number) or held.get(number, 0)) for number in {*ours, *theirs}}


def ring(ws: int, service_id: int) -> None:
    """Have what is due for a service given to it. Part of the caller's transaction."""
    mine = {"ws": ws, "lane": "payment", "target_id": service_id, "intent_key": INTENT}
    _, new = Outbox.objects.get_or_create(**mine, defaults={"payload_ref": service_id, "due_at": clock.now()})
    if not new:
        over = Outbox.objects.filter(
            Q(state__in=["done", "dead", "left"]) | Q(state="due", error__id=LOOKED_AT), **mine
        )
        over.update(state="due", due_at=clock.now(), tries=0, error=None)
    loop.wake("outbox")
