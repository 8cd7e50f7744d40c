"""The way of a parcel: who carries it, from where to where, and when it came how far. Lanes are learned from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from doorstep.app.settle.cluster import Cluster
from doorstep.core.number import carrier
from doorstep.core.order import Role
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.status import Status
from doorstep.core.timeline import Placed
from doorstep.db.models import Number, Parcel

_HOUR: Final = timedelta(hours=1)
WAY: Final = ("carrier", "destination", "origin", "handed_at", "arrived_at", "out_at", "silence_h")  # of a parcel


def write_way(cluster: Cluster, parcel: Parcel, plan: Plan, first_scan_at: datetime | None) -> None:
    """Bring up to date who carries it, from where to where, since when. The caller saves the parcel."""
    leading = _leading(cluster, plan)
    parcel.carrier = leading.carrier if leading else ""
    parcel.destination = _destination(cluster, plan)
    parcel.origin = _origin(cluster, plan, parcel.destination)
    purchase = cluster.purchase_of(plan)
    parcel.handed_at = (purchase.dispatched_at if purchase else None) or first_scan_at


def write_times(parcel: Parcel, line: Sequence[Placed], first: datetime | None, last: datetime | None) -> None:
    """Bring up to date when it came how far. ``line``: its own scans; ``first``, ``last``: when anything happened."""
    parcel.first_scan_at, parcel.last_event_at = first, last
    passed = [(one.own, one.event.status) for one in line if one.own and first]
    parcel.arrived_at = min((at for at, status in passed if status is Status.ARRIVED), default=None)
    parcel.out_at = max((at for at, status in passed if status is Status.OUT_FOR_DELIVERY), default=None)
    times = sorted(at for at, _ in passed)
    parcel.silence_h = max(((after - before) / _HOUR for before, after in pairwise(times)), default=None)


def _leading(cluster: Cluster, plan: Plan) -> Number | None:
    """The number whose carrier is at the door: the courier's, else whichever counts now."""
    current = [one for one in plan.numbers if one.until is None and one.role not in {Role.ALIAS, Role.RETURN}]
    first = min(current, key=lambda one: (one.role is not Role.LOCAL, one.number), default=None)
    return cluster.number(first.number) if first else None


def _destination(cluster: Cluster, plan: Plan) -> str:
    """Where the buyers of what is in it live, where that is one country."""
    found = {cluster.homes.get(order.person_id or 0, "") for order in cluster.orders_of(plan)}
    return found.pop().upper() if len(found) == 1 else ""


def _origin(cluster: Cluster, plan: Plan, destination: str) -> str:
    """The country of a carrier that works in one other country only, and so must have brought it from there."""
    countries = {carrier(one.carrier).country for one in cluster.numbers_of(plan) if one.carrier} - {"", destination}
    return countries.pop() if len(countries) == 1 else ""
