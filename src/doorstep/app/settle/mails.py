"""Which news of an order should be told: intents only; ``app.telling.shopper_mail`` mails them, or finds them stale."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from doorstep.app import clock
from doorstep.app.household import household_news
from doorstep.app.settle.cluster import Cluster
from doorstep.app.settle.states import bought_at, events_of
from doorstep.core.letter import NO_SCAN_FOR, Event
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.pieces import boxes
from doorstep.core.policy import Policy, mail_may_go
from doorstep.core.status import Status
from doorstep.core.timeline import counts
from doorstep.db.models import Order, Outbox, Parcel

MILESTONES: Final = (
    Status.OUT_FOR_DELIVERY,
    Status.AVAILABLE_FOR_PICKUP,
    Status.ATTEMPT_FAILED,
    Status.DELIVERED,
    Status.EXCEPTION,
)
PUSH: Final = "web_push"
STAFF: Final = "notice"  # to members who want to know of problems
HOME: Final = "home"  # to who lives in a household and asked for news of its own parcels
GRANTED: Final = "granted"  # to households that accepted the store; ``app.household.granted_news`` finds out which


def intend_mails(cluster: Cluster, *, quiet: bool = False) -> None:
    """One intent per parcel and milestone that was ever reached, by mail and to the browsers that asked. ``quiet``:
    what a second reading finds out is noted as done, so that nobody is told.
    """
    for order in cluster.orders.values():
        if order.cancelled_at:
            continue
        for lane, since in _lanes(cluster, order):
            policy, _ = cluster.rules.policy(order.store_id)
            for parcel, plan in cluster.plans:
                if any(int(part.order) == order.id for part in plan.contents):
                    for milestone in _reached(cluster, order, parcel, plan, since, policy):
                        if lane != STAFF or milestone == Event.EXCEPTION.value:
                            _intend(cluster, order, parcel, lane, milestone, quiet=quiet)


def intend_at_home(cluster: Cluster, *, quiet: bool = False) -> None:
    """The same in a household: one intent per parcel, status, way and person."""
    for to in cluster.rules.told_at_home:
        for parcel, plan in cluster.plans:
            said = said_since(cluster, plan, to.since) & to.what
            for order in cluster.orders_of(plan):
                for status, way in product(sorted(said), to.ways):
                    if not order.cancelled_at:
                        _intend(cluster, order, parcel, HOME, f"{status}:{way}:{to.user_id}", quiet=quiet)


def intend_for_grants(cluster: Cluster, *, quiet: bool = False) -> None:
    """The same for whoever accepted an order's store: one intent per parcel and status. Who that is stays out of the
    store's workspace.
    """
    for parcel, plan in cluster.plans:
        for order in cluster.orders_of(plan):
            since = cluster.rules.granted_since(order.store_id)
            if since is not None and not order.cancelled_at:
                for status in sorted(said_since(cluster, plan, since) & household_news.TOLD_WORDS):
                    _intend(cluster, order, parcel, GRANTED, status, quiet=quiet)


def _lanes(cluster: Cluster, order: Order) -> Iterator[tuple[str, datetime]]:
    """In which ways somebody is told of an order, and since when: its buyer, unless it was placed before the store was
    connected, and whoever asked for it.
    """
    asked = cluster.followers.get(order.id, ())
    mails = [one.confirmed_at for one in asked if one.kind == "mail" and one.confirmed_at]
    buyer = None if order.before_connection or order.person_id is None else cluster.rules.mailing_since(order.store_id)
    if since := min(filter(None, [buyer, *mails]), default=None):
        yield "mail", since
    if since := min((one.confirmed_at for one in asked if one.kind == "push" and one.confirmed_at), default=None):
        yield PUSH, since
    if cluster.rules.problems_told and not order.before_connection:
        yield STAFF, cluster.connections[order.store_id].connected_at


def _reached(cluster: Cluster, order: Order, parcel: Parcel, plan: Plan, since: datetime, policy: Policy) -> list[str]:
    """What became known of the parcel since somebody is told, whatever came later: so the intents depend on no order of
    arrival. With its number it is also meant to be said, later, that details may be late, unless nothing is said
    before the first scan anyway.
    """
    numbers = {one.id for one in cluster.numbers_of(plan)}
    said = said_since(cluster, plan, since)
    given = any(one.remote_id for one in cluster.pushes_of(order.id).get(parcel.id, ()))
    shown = any(row.shown and row.order_id == order.id and row.number_id in numbers for row in cluster.claims)
    fresh = any(held.since >= since for held in plan.numbers)
    on_its_way = fresh and (given or shown) and mail_may_go(policy, parcel.first_scan_at)
    early = [Event.SHIPPED.value] if on_its_way else []
    if early and not policy.first_scan_hold:
        early.append(Event.DELAYED.value)
    return early + [one.value for one in MILESTONES if one.value in said]


def said_since(cluster: Cluster, plan: Plan, since: datetime) -> set[str]:
    """The statuses of the parcel's own scans that became known since. Another parcel's, or one box's delivery, would
    use up the milestone.
    """
    bought, now = bought_at(cluster, plan), clock.now()
    said: dict[str, set[str]] = {}
    for number in events_of(cluster, plan):
        rows = cluster.events.get(cluster.number(number).id, ())
        known = [row.said for row in rows if row.known_at >= since and counts(row.said, bought, now)]
        said[number] = {one.status.value for one in known}
    apart = boxes(plan.numbers)
    of_box = [set[str]().union(*(said.get(number, ()) for number in box)) for box in apart]
    of_all = set[str]().union(*(told for number, told in said.items() if not any(number in box for box in apart)))
    arrived = all(Status.DELIVERED in (told or of_all) for told in of_box)
    return of_all.union(*of_box) - ({Status.DELIVERED.value} if not arrived else set())


def _intend(cluster: Cluster, order: Order, parcel: Parcel, lane: str, milestone: str, *, quiet: bool) -> None:
    what = f"problem:{parcel.id}" if lane == STAFF else f"{parcel.id}:{milestone}"
    key = (lane, order.id, what)
    if key in cluster.outbox:
        return
    row = Outbox(ws=order.ws, lane=lane, target_id=order.id, intent_key=what)
    row.payload_ref, row.state = parcel.id, "done" if quiet else "due"
    row.due_at = clock.now() + (NO_SCAN_FOR if milestone == Event.DELAYED.value else timedelta(0))
    cluster.outbox[key] = cluster.sheet.add(row)
    if not quiet:
        cluster.sheet.ring("outbox")
