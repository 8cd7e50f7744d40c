"""What is watched: every current number of a parcel that is not done, by the carrier account that knows it best."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Final, Protocol

from doorstep.app import clock, loop
from doorstep.app.figures import lanes
from doorstep.app.ledger import freshness
from doorstep.app.settle.cluster import Cluster
from doorstep.app.vendors import asking
from doorstep.app.vendors.asking import Askers, askers
from doorstep.connectors.contract import Can
from doorstep.connectors.registry import connector
from doorstep.core.cadence import meeting, next_check
from doorstep.core.order import Role, TrackAnswer
from doorstep.core.status import Status
from doorstep.db.models import Connection, Number, Parcel, ParcelNumber, Schedule, Watch

SOME: Final = 1000  # numbers routed together

ANSWERS: Final = frozenset(one.value for one in TrackAnswer)  # the others are trouble


def watch_numbers(cluster: Cluster) -> None:
    """Schedule what has to be asked, and forget what has not."""
    known, now = cluster.rules.askers(cluster.connections.values()), clock.now()
    if not known.askers:
        return
    kept = set()
    for parcel, plan in cluster.plans:
        for held in plan.numbers:
            if held.until is None and held.role is not Role.ALIAS:
                number = cluster.number(held.number)
                chosen = known.of(number, cluster.watches.get(number.id, ()), held.since, now)
                _choose(cluster, number.id, chosen)
                asked = [known.accounts[one] for one in chosen]
                kept |= {(number.id, one.id) for one in asked if _schedule(cluster, parcel, number, one, held.since)}
    for number_id in cluster.numbers:
        places = cluster.schedule.pop(number_id, [])
        cluster.schedule[number_id] = [one for one in places if (number_id, one.connection_id) in kept]
        for place in places:
            if (number_id, place.connection_id) not in kept:
                _forget(cluster, place)


def _choose(cluster: Cluster, number_id: int, chosen: tuple[int, ...]) -> None:
    """Say of each account whether it is the one for this number."""
    for watch in cluster.watches.get(number_id, ()):
        elsewhere = watch.connection_id not in chosen
        if watch.elsewhere != elsewhere and cluster.connections[watch.connection_id].kind == "carrier":
            watch.elsewhere = elsewhere
            cluster.sheet.put(watch, "elsewhere")


def watch_open_parcels(ws: int) -> None:
    """Ask the right ones about everything under way now: accounts come, go and fail, and a number may be older than
    the account.
    """
    known = askers(ws, Connection.objects.filter(ws=ws, kind="carrier"))
    if not known.askers:
        return
    parcels = Parcel.objects.filter(ws=ws, closed_at=None).values("id")
    held = ParcelNumber.objects.filter(ws=ws, parcel_id__in=parcels, until=None).exclude(role=Role.ALIAS.value)
    rows = iter(dict(held.order_by("number_id", "-since").values_list("number_id", "since")).items())
    while some := dict(islice(rows, SOME)):
        route_numbers(known, some)


def route_numbers(known: Askers, since: Mapping[int, datetime]) -> None:
    """Give each number its place with the accounts that it belongs to now, and no other. ``since``: by number, when it
    became known.
    """
    ws, now, wanted = known.ws, clock.now(), set[tuple[int, int]]()
    watches = defaultdict[int, list[Watch]](list)
    for watch in Watch.objects.filter(ws=ws, number_id__in=since):
        watches[watch.number_id].append(watch)
    for number in Number.objects.filter(ws=ws, id__in=since):
        chosen = known.of(number, watches[number.id], since[number.id], now)
        wanted |= {(number.id, one) for one in chosen}
    there = set(Schedule.objects.filter(ws=ws, number_id__in=since).values_list("number_id", "connection_id"))
    asked = {(one.number_id, one.connection_id) for some in watches.values() for one in some if not one.elsewhere}
    for account, numbers in _by_account((there | asked) - wanted).items():
        Schedule.objects.filter(ws=ws, connection_id=account, number_id__in=numbers).delete()
        Watch.objects.filter(ws=ws, connection_id=account, number_id__in=numbers).update(elsewhere=True)
    for account, numbers in _by_account(wanted - asked).items():
        Watch.objects.filter(ws=ws, connection_id=account, number_id__in=numbers).update(elsewhere=False)
    keys = sorted((ws, number, account) for number, account in wanted)
    Watch.objects.bulk_create([Watch(pk=key, since=now) for key in keys], ignore_conflicts=True)
    Schedule.objects.bulk_create([Schedule(pk=key, next_at=now) for key in keys], ignore_conflicts=True)
    if wanted - there:
        loop.wake("poll")


def _by_account(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found = defaultdict(list)
    for number, account in sorted(pairs):
        found[account].append(number)
    return found


def _schedule(cluster: Cluster, parcel: Parcel, number: Number, account: Connection, since: datetime) -> bool:
    """Keep the number's place in the schedule; False when it need not be asked any more."""
    key, now = (cluster.ws, number.id, account.id), clock.now()
    watches = cluster.watches.setdefault(number.id, [])
    watch = next((one for one in watches if one.connection_id == account.id), None)
    if watch is None:
        watch = cluster.sheet.add(Watch(pk=key, since=now))
        watches.append(watch)
    places = cluster.schedule.setdefault(number.id, [])
    freshness.refresh([watch], places)
    next_at = next_ask(parcel, watch, since, now, account, number.norm)
    if next_at is None:
        return False
    place = next((one for one in places if one.connection_id == account.id), None)
    if place is None:
        places.append(cluster.sheet.add(Schedule(pk=key, next_at=next_at)))
        cluster.sheet.ring("poll")
    elif next_at < place.next_at:
        place.next_at = next_at
        cluster.sheet.put(place, "next_at")
    return True


def _forget(cluster: Cluster, place: Schedule) -> None:
    """Drop a place; that it was asked without telling anything new is kept on the watch."""
    for watch in cluster.watches.get(place.number_id, ()) if place.same_at else ():
        freshness.refresh([watch], [place])
        cluster.sheet.put(watch, "asked_at", "answered_at")
    cluster.sheet.drop(place)


class Underway(lanes.Travelling, Protocol):
    """A parcel, as far as the next question depends on it."""

    @property
    def ws(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def status_since(self) -> datetime | None: ...
    @property
    def last_event_at(self) -> datetime | None: ...
    @property
    def handed_at(self) -> datetime | None: ...


class Asked(Protocol):
    """What came of the last question."""

    @property
    def asked_at(self) -> datetime | None: ...
    @property
    def answer(self) -> str: ...
    @property
    def failures(self) -> int: ...
    @property
    def remote(self) -> str: ...


def next_ask(
    parcel: Underway, watch: Asked, since: datetime, now: datetime, account: Connection | None = None, norm: str = ""
) -> datetime | None:
    """When to ask about a number next; None = not any more. ``since``: when the number became known. An account that
    only tells by itself is asked no more once it follows the number. On a lent one all who follow the normalized number
    meet.
    """
    if account and watch.remote == "registered" and Can.TRACK not in connector("carrier", account.connector).meta.can:
        return None
    status, route, own = Status(parcel.status), lanes.route_of(parcel), lanes.learned(parcel.ws, now)
    at = next_check(
        status=status,
        status_since=parcel.status_since or since,
        last_event_at=parcel.last_event_at,
        asked_at=watch.asked_at,
        answer=TrackAnswer(watch.answer) if watch.answer in ANSWERS else None,
        failures=watch.failures,
        now=now,
        pushes=account is not None and asking.tells(account, now),
        lane=own.lane(route),
        moving_since=parcel.handed_at,
        rhythm=own.rhythm(route).of(status),
    )
    if at and watch.asked_at and account and account.lent_id:
        return meeting(at, watch.asked_at, now, norm)
    return at
