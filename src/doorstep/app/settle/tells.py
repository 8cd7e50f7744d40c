"""What the stores are told of where their parcels are: intents only; ``app.push.tells`` tells it, or finds it stale."""

from collections.abc import Iterable
from typing import cast

from doorstep.app import clock
from doorstep.app.settle.cluster import Cluster
from doorstep.app.settle.mails import said_since
from doorstep.connectors.contract import Can, Teller
from doorstep.connectors.registry import connector
from doorstep.core.policy import TOLD
from doorstep.core.status import Status
from doorstep.db.models import Connection, Order, Outbox, Push

LANE = "tell"


def takes(store: Connection) -> frozenset[Status]:
    """What a store has a word for of where its parcels are."""
    if store.kind != "store" or Can.TELL not in (one := connector("store", store.connector)).meta.can:
        return frozenset()
    return cast(Teller, one).tells


def telling(cluster: Cluster) -> frozenset[Status]:
    """What any store of the workspace is told."""
    stores = ((one.id, takes(one)) for one in cluster.connections.values())
    told = (some for store_id, some in stores if some and cluster.rules.telling_since(store_id)[0])
    return frozenset[Status]().union(*told) & frozenset(TOLD)


def intend_tells(cluster: Cluster, *, quiet: bool = False) -> None:
    """One intent for each parcel that the store has from us and each status it ever reached, whatever came later: so
    they depend on no order of arrival. ``quiet``: what a second reading finds out is noted as done.
    """
    for order in cluster.orders.values():
        if not order.cancelled_at and takes(cluster.connections[order.store_id]):
            _intend_order(cluster, order, quiet=quiet)


def _intend_order(cluster: Cluster, order: Order, *, quiet: bool) -> None:
    moves, delivered = cluster.rules.telling_since(order.store_id)
    if moves is None:
        return
    for parcel, plan in cluster.plans:
        push = _given(cluster.pushes_of(order.id).get(parcel.id, ()))
        if push is None:
            continue
        reached = said_since(cluster, plan, moves) - {Status.DELIVERED.value}
        if delivered:
            reached |= said_since(cluster, plan, delivered) & {Status.DELIVERED.value}
        there = takes(cluster.connections[order.store_id])
        for status in TOLD:
            if status.value in reached and status in there:
                _intend(cluster, order, push, status, quiet=quiet)


def _given(pushes: Iterable[Push]) -> Push | None:
    """The push that the store shows now."""
    taken = [one for one in pushes if one.state == "accepted" and one.remote_id]
    return taken[-1] if taken else None


def _intend(cluster: Cluster, order: Order, push: Push, status: Status, *, quiet: bool) -> None:
    """The store's own id of the shipment is part of the key: one that was made anew is told everything again."""
    key = (LANE, order.id, f"{push.parcel_id}:{status.value}:{push.remote_id}")
    if key in cluster.outbox:
        return
    row = Outbox(ws=order.ws, lane=LANE, target_id=order.id, intent_key=key[2])
    row.payload_ref, row.due_at, row.state = push.id, clock.now(), "done" if quiet else "due"
    cluster.outbox[key] = cluster.sheet.add(row)
    if not quiet:
        cluster.sheet.ring("outbox")
