"""Whom a workspace can ask about a number, and what they want to know with it (``core.routing`` decides)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from doorstep.app.vendors import budget
from doorstep.connectors.contract import Can, Meta
from doorstep.connectors.registry import connector
from doorstep.core.number import recognize
from doorstep.core.order import TrackAnswer
from doorstep.core.routing import Asker, Heard, place, route
from doorstep.db import places
from doorstep.db.models import Budget, Connection, Number, Order, ParcelLine, ParcelNumber, Person, Watch

TELLS: Final = timedelta(days=7)  # an account that has told something by itself so lately goes on doing so
_ANSWERS: Final = {one.value: one for one in TrackAnswer}


@dataclass(frozen=True, slots=True)
class Askers:
    """The accounts of a workspace that may be asked. ``named``: some answer for certain carriers only."""

    ws: int
    accounts: Mapping[int, Connection]
    askers: tuple[Asker, ...]
    named: bool

    def of(self, number: Number, watches: Iterable[Watch], since: datetime, now: datetime) -> tuple[int, ...]:
        """Whom to ask about a number that became known at ``since``, by id."""
        if len(self.askers) == 1 and not self.named:
            return (self.askers[0].id,)
        heard = {one.connection_id: heard_of(one, since) for one in watches}
        likely = [one.carrier for one in recognize(number.norm).candidates] if self.named and not number.carrier else ()
        return route(number.carrier, likely, self.askers, heard, now)


def askers(ws: int, connections: Iterable[Connection]) -> Askers:
    """Those of a workspace that are active; which of them do not answer is looked up where there are several."""
    active = [one for one in connections if one.kind == "carrier" and one.state == "active"]
    asked = {one.id: one for one in active if {Can.TRACK, Can.FOLLOW} & _meta(one).can}
    failing = frozenset[int]()
    if len(asked) > 1:
        rows = Budget.objects.filter(ws=ws, connection_id__in=asked, failures__gte=budget.TRIP)
        failing = frozenset(rows.values_list("connection_id", flat=True))
    found = tuple(
        Asker(
            id=one.id,
            carriers=_meta(one).carriers,
            rank=one.rank,
            lent=bool(one.lent_id),
            failing=one.id in failing,
        )
        for one in asked.values()
    )
    return Askers(ws, asked, found, named=any(one.carriers for one in found))


def in_order(known: Askers) -> list[int]:
    """The accounts in the order in which they are asked where the number leaves the choice, by id."""
    return [one.id for one in sorted(known.askers, key=place)]


def _meta(account: Connection) -> Meta:
    return connector("carrier", account.connector).meta


def heard_of(watch: Watch, since: datetime) -> Heard:
    """What an account said of a number. What it said of the number as another carrier's does not count."""
    if watch.remote == "recarrier":
        return Heard(since=watch.since or since)
    return Heard(since=watch.since or since, answer=_ANSWERS.get(watch.answer), knew=watch.knew)


def tells(account: Connection, now: datetime) -> bool:
    """Whether the account tells news by itself, as it has shown."""
    return account.pushed_at is not None and now - account.pushed_at < TELLS


def keys_for(ws: int, numbers: Sequence[int], meta: Meta) -> dict[int, dict[str, str]]:
    """What a carrier wants to know with its numbers (postcode, phone, country), as far as an order of their parcels
    says it; by number. Nothing is looked up that the carrier does not want. An aggregator, which hands on what it is
    told, gets them only for numbers that it found nothing about without them.
    """
    wanted = sorted(meta.keys & {"postcode", "phone", "country"})
    if wanted and not meta.carriers:
        numbers = places.unfound(ws, numbers)
    if not wanted or not numbers:
        return {}
    held = ParcelNumber.objects.filter(ws=ws, number_id__in=numbers, until=None)
    parcels = dict(held.order_by("-parcel_id").values_list("number_id", "parcel_id"))
    parts = ParcelLine.objects.filter(ws=ws, parcel_id__in=set(parcels.values())).order_by("-order_id")
    orders = dict(parts.values_list("parcel_id", "order_id"))
    buyers = Order.objects.filter(ws=ws, id__in=set(orders.values()), person_id__gt=0)
    people = dict(buyers.values_list("id", "person_id"))
    known = Person.objects.filter(ws=ws).in_bulk(set(people.values()))
    found = {}
    for number, parcel in parcels.items():
        person = known.get(people.get(orders.get(parcel, 0), 0))
        said = {name: getattr(person, name) for name in wanted} if person else {}
        found[number] = {name: value for name, value in said.items() if value}
    return found
