"""Tracking numbers that parcels have now, each with everything that is known of its parcel: what the APIs in the shapes
of other systems tell, which know trackings and no parcels.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection

from doorstep.app.api import asides
from doorstep.app.ledger import archive
from doorstep.app.ledger.beginning import begun
from doorstep.app.records.numbers import begins
from doorstep.app.records.page import Where, paged, read_cursor
from doorstep.core.event import TrackingEvent
from doorstep.core.number import normalize
from doorstep.core.order import Role
from doorstep.core.repeats import repeats
from doorstep.core.timeline import belonging, event_key
from doorstep.db.load import fetch, load
from doorstep.db.models import Number, Order, Parcel, ParcelLine, ParcelNumber, Purchase, Watch

COUNTED: Final = 10_000  # a list is counted up to here
_NUMBER: Final = ("id", "text", "norm", "carrier", "not_before")
_NEWS: Final = (
    "EXISTS (SELECT 1 FROM doorstep_watch w WHERE w.ws = held.ws AND w.number_id = held.number_id"
    " AND w.changed_at >= %s)"
)
_ORDER: Final = ("id", "number", "store_id", "external_id", "placed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A scan, and our code of who carries the number that it was said of ('' = not known). ``known_at``: since when."""

    event: TrackingEvent
    carrier: str
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A number and its parcel. ``since``: the parcel has it since then; ``changed``: somebody last said something new
    of it then (when it became known, not when it happened). ``scans`` are the parcel's, first to happen
    first, each once. ``local`` is the courier's own number of the parcel, where this is another. ``aside``: what a
    program wrote beside the number.
    """

    number: Number
    parcel: Parcel
    since: datetime
    changed: datetime
    order: Order | None
    scans: Sequence[Scanned]
    local: Number | None
    aside: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of them: None = whichever. ``texts`` are numbers in any spelling, ``begins`` how one begins; ``states`` are
    of the parcel, ``status:reason``; ``since`` and ``changed`` as in Tracked, up to but without the ``..._until``.
    """

    ids: Collection[int] | None = None
    texts: Collection[str] | None = None
    begins: str = ""
    carriers: Collection[str] | None = None
    states: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    changed: datetime | None = None
    changed_until: datetime | None = None


@dataclass(slots=True)
class _World:
    """What is read for some numbers, in one statement a table."""

    held: dict[int, list[ParcelNumber]] = field(default_factory=lambda: defaultdict(list))
    parcels: dict[int, Parcel] = field(default_factory=dict)
    numbers: dict[int, Number] = field(default_factory=dict)
    orders: dict[int, list[Order]] = field(default_factory=lambda: defaultdict(list))
    purchases: dict[int, Purchase] = field(default_factory=dict)
    said: dict[int, list[tuple[TrackingEvent, datetime]]] = field(default_factory=lambda: defaultdict(list))
    news: dict[int, datetime] = field(default_factory=dict)


def tracked(ws: int, wanted: Wanted, limit: int, cursor: str = "") -> tuple[list[Tracked], str | None]:
    """The newest number first, and the cursor behind the last. Raises page.Unreadable."""
    where = _where(ws, wanted)
    if cursor:
        where.add("id < %s", *read_cursor(cursor, int))
    rest = where.rest("ORDER BY id DESC LIMIT %s")
    rows, behind = paged(fetch(Number, ws, rest, *where.values, limit + 1, only=_NUMBER), limit, lambda row: (row.id,))
    return told(ws, rows), behind


def slice_of(ws: int, wanted: Wanted, start: int, limit: int) -> list[Tracked]:
    """The same list by places: for APIs that have pages with numbers."""
    where = _where(ws, wanted)
    rest = where.rest("ORDER BY id DESC LIMIT %s OFFSET %s")
    return told(ws, fetch(Number, ws, rest, *where.values, limit, start, only=_NUMBER))


def count(ws: int, wanted: Wanted) -> int:
    """How many there are, up to COUNTED."""
    where = _where(ws, wanted)
    some = f'SELECT 1 FROM "doorstep_number" WHERE ws = %s AND {where.rest("LIMIT %s")}'  # noqa: S608 - nothing from outside
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({some}) found", [ws, *where.values, COUNTED])  # noqa: S608
        return int(cursor.fetchone()[0])


def one(ws: int, number_id: int) -> Tracked | None:
    """One of them; None when this workspace follows no such number."""
    found = tracked(ws, Wanted(ids=[number_id]), 1)[0]
    return found[0] if found else None


def by_text(ws: int, texts: Iterable[str]) -> dict[str, Tracked]:
    """Those that are followed, by the spelling that was asked for; of a number that was used before the newest."""
    asked = list(dict.fromkeys(texts))
    found = {row.number.norm: row for row in reversed(tracked(ws, Wanted(texts=asked), 4 * len(asked))[0])}
    return {text: found[normalize(text)] for text in asked if normalize(text) in found}


def of_parcel(ws: int, parcel_id: int) -> Tracked | None:
    """The number that stands for a whole parcel: one that a program wrote something beside, else the courier's, else
    the oldest; None when it has none.
    """
    held = load(ParcelNumber, ws, "parcel_id", [parcel_id])
    current = {one.number_id for one in held if one.until is None and one.role != Role.ALIAS.value}
    found = told(ws, load(Number, ws, "id", current, only=_NUMBER))
    return min(found, key=lambda one: (not one.aside, one.local is not None, one.since), default=None)


def told(ws: int, rows: Sequence[Number]) -> list[Tracked]:
    """Everything about these numbers. One statement for each table, however many there are."""
    world = _World(numbers={row.id: row for row in rows})
    first = [one for one in load(ParcelNumber, ws, "number_id", world.numbers) if one.until is None]
    for held in load(ParcelNumber, ws, "parcel_id", {one.parcel_id for one in first}):
        if held.until is None:
            world.held[held.parcel_id].append(held)
    _read(ws, world)
    beside = asides.read(ws, [row.id for row in rows])
    holder = {held.number_id: held for held in sorted(first, key=lambda one: one.since)}
    return [_tracked(world, row, holder[row.id], beside.get(row.id, {})) for row in rows if row.id in holder]


def _read(ws: int, world: _World) -> None:
    more = {held.number_id for some in world.held.values() for held in some} - set(world.numbers)
    world.numbers |= {row.id: row for row in load(Number, ws, "id", more, only=_NUMBER)}
    world.parcels = {row.id: row for row in load(Parcel, ws, "id", world.held)}
    parts = load(ParcelLine, ws, "parcel_id", world.held, only=("parcel_id", "order_id"))
    orders = {row.id: row for row in load(Order, ws, "id", {part.order_id for part in parts}, only=_ORDER)}
    for parcel_id, order_id in sorted({(part.parcel_id, part.order_id) for part in parts}):
        if order_id in orders:
            world.orders[parcel_id].append(orders[order_id])
    bought = {row.purchase_id for row in world.parcels.values() if row.purchase_id}
    world.purchases = {row.id: row for row in load(Purchase, ws, "id", bought)}
    for watch in load(Watch, ws, "number_id", world.numbers, only=("number_id", "changed_at")):
        if watch.changed_at:
            world.news[watch.number_id] = max(watch.changed_at, world.news.get(watch.number_id, watch.changed_at))
    for heard in archive.scans(ws, world.numbers):
        world.said[heard.number_id] += [(scan.said, scan.known_at) for scan in heard.said]


def _tracked(world: _World, number: Number, held: ParcelNumber, aside: Mapping[str, Any]) -> Tracked:
    parcel = world.parcels[held.parcel_id]
    orders = world.orders[parcel.id]
    local = [one for one in world.held[parcel.id] if one.role == Role.LOCAL.value and one.number_id != number.id]
    return Tracked(
        number=number,
        parcel=parcel,
        since=held.since,
        changed=max(held.since, world.news.get(number.id, held.since)),
        order=orders[0] if orders else None,
        scans=_scans(world, parcel),
        local=world.numbers[local[0].number_id] if local and held.role != Role.LOCAL.value else None,
        aside=aside,
    )


def _scans(world: _World, parcel: Parcel) -> tuple[Scanned, ...]:
    """The parcel's timeline: what an earlier parcel of the number did is not in it, and nothing twice."""
    numbers = [world.numbers[held.number_id] for held in world.held[parcel.id]]
    about: dict[bytes, tuple[str, datetime]] = {}
    for number in numbers:
        for event, known_at in world.said[number.id]:
            about.setdefault(event_key(event), (number.carrier, known_at))
    since = begun(world.purchases.get(parcel.purchase_id or 0), world.orders[parcel.id], numbers)
    own, _ = belonging([event for number in numbers for event, _ in world.said[number.id]], since)
    again = repeats(own, bytes(parcel.headline_key))
    return tuple(
        Scanned(event=event, carrier=about[event_key(event)][0], known_at=about[event_key(event)][1])
        for event in own
        if event_key(event) not in again
    )


def _where(ws: int, wanted: Wanted) -> Where:
    where = Where()
    _among(where, "id", wanted.ids)
    _among(where, "norm", None if wanted.texts is None else [normalize(one) for one in wanted.texts])
    _among(where, "carrier", wanted.carriers)
    if normalize(wanted.begins):
        begins(where, "norm", normalize(wanted.begins))
    held = Where(["held.ws = %s", "held.number_id = doorstep_number.id", "held.until IS NULL"], [ws])
    held.add("held.role <> %s", Role.ALIAS.value)
    if wanted.since is not None:
        held.add("held.since >= %s", wanted.since)
    if wanted.until is not None:
        held.add("held.since < %s", wanted.until)
    if wanted.changed is not None:
        held.add(f"(held.since >= %s OR {_NEWS})", wanted.changed, wanted.changed)
    if wanted.changed_until is not None:
        held.add(f"held.since < %s AND NOT {_NEWS}", wanted.changed_until, wanted.changed_until)
    _among(held, "p.status || ':' || p.reason", wanted.states)
    _exists(where, "doorstep_parcelnumber held JOIN doorstep_parcel p ON p.id = held.parcel_id", held)
    return where


def _exists(where: Where, source: str, inner: Where) -> None:
    where.add(f"EXISTS (SELECT 1 FROM {source} WHERE {inner.rest('')})", *inner.values)  # noqa: S608 - nothing from outside


def _among(where: Where, column: str, values: Collection[object] | None) -> None:
    if values is not None:
        where.add(f"{column} IN ({', '.join(['%s'] * len(values))})" if values else "false", *values)
