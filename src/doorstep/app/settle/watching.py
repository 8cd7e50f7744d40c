"""What is watched: every current number of a parcel that is not done, by the workspace's own carrier account."""

from collections.abc import Iterable
from datetime import datetime

from doorstep.app import clock, lanes, loop
from doorstep.app.settle.cluster import Cluster
from doorstep.connectors.contract import Can
from doorstep.connectors.registry import connector
from doorstep.core.cadence import next_check
from doorstep.core.order import Role, TrackAnswer
from doorstep.core.status import Status
from doorstep.db.models import Connection, Parcel, ParcelNumber, Schedule, Watch


def watch_numbers(cluster: Cluster) -> None:
    """Schedule what has to be asked, and forget what has not."""
    account = carrier_account(cluster.connections.values())
    if account is None:
        return
    kept = set()
    for parcel, plan in cluster.plans:
        for held in plan.numbers:
            if held.until is None and held.role is not Role.ALIAS:
                number = cluster.number(held.number)
                if _schedule(cluster, parcel, number.id, account, held.since):
                    kept.add(number.id)
    for number_id in cluster.numbers.keys() - kept:
        for place in cluster.schedule.pop(number_id, ()):
            cluster.sheet.drop(place)


def carrier_account(connections: Iterable[Connection]) -> Connection | None:
    """The account that is asked: the workspace's oldest active one that tracks."""
    fits = [one for one in connections if one.kind == "carrier" and one.state == "active"]
    tracking = [one for one in fits if Can.TRACK in connector("carrier", one.connector).meta.can]
    return min(tracking, key=lambda one: one.id, default=None)


def watch_open_parcels(ws: int) -> None:
    """Ask about everything under way now: accounts come and go, and a number may be older than the account."""
    account = carrier_account(Connection.objects.filter(ws=ws))
    if account is None:
        return
    parcels = Parcel.objects.filter(ws=ws, closed_at=None).values("id")
    held = ParcelNumber.objects.filter(ws=ws, parcel_id__in=parcels, until=None).exclude(role=Role.ALIAS.value)
    keys = [(ws, number, account.id) for number in sorted(set(held.values_list("number_id", flat=True)))]
    Watch.objects.bulk_create([Watch(pk=key) for key in keys], ignore_conflicts=True)
    now = clock.now()
    Schedule.objects.bulk_create([Schedule(pk=key, next_at=now) for key in keys], ignore_conflicts=True)
    loop.wake("poll")


def _schedule(cluster: Cluster, parcel: Parcel, number_id: int, account: Connection, since: datetime) -> bool:
    """Keep the number's place in the schedule; False when it need not be asked any more."""
    key = (cluster.ws, number_id, account.id)
    watches = cluster.watches.setdefault(number_id, [])
    watch = next((one for one in watches if one.connection_id == account.id), None)
    if watch is None:
        watch = cluster.sheet.add(Watch(pk=key))
        watches.append(watch)
    next_at = next_ask(parcel, watch, since, clock.now())
    if next_at is None:
        return False
    places = cluster.schedule.setdefault(number_id, [])
    place = next((one for one in places if one.connection_id == account.id), None)
    if place is None:
        places.append(cluster.sheet.add(Schedule(pk=key, next_at=next_at)))
        cluster.sheet.ring("poll")
    elif next_at < place.next_at:
        place.next_at = next_at
        cluster.sheet.put(place, "next_at")
    return True


def next_ask(parcel: Parcel, watch: Watch, since: datetime, now: datetime) -> datetime | None:
    """When to ask about a number next; None = not any more. ``since``: when the number became known."""
    known = watch.answer in {one.value for one in TrackAnswer}
    status, route, own = Status(parcel.status), lanes.route_of(parcel), lanes.learned(parcel.ws, now)
    return next_check(
        status=status,
        status_since=parcel.status_since or since,
        last_event_at=parcel.last_event_at,
        asked_at=watch.asked_at,
        answer=TrackAnswer(watch.answer) if known else None,
        failures=watch.failures,
        now=now,
        pushes=False,
        lane=own.lane(route),
        moving_since=parcel.handed_at,
        rhythm=own.rhythm(route).of(status),
    )
