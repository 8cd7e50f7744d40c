"""Tracking numbers, found by the whole, the beginning or the end; and the scans of some."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from doorstep.app.ledger import archive
from doorstep.app.ledger.scans import Event as Scan
from doorstep.app.records.page import ALL, Instant, Page, Where, paged, read_cursor, wants
from doorstep.core.message import Message
from doorstep.core.number import normalize, tracking_link
from doorstep.core.status import Status
from doorstep.core.timeline import event_key
from doorstep.db import models
from doorstep.db.load import fetch, load

WHOSE: Final = Message(id="api.whose_events")
SHORTEST: Final = 3  # letters of the beginning or the end of a number that is searched for
_SCALARS: Final = ("id", "text", "norm", "norm_reversed", "carrier", "carrier_by", "generation")
# Behind every normalized number of the same beginning, in the order that the database has.
_LAST: Final = {"sqlite": "\U0010ffff", "postgresql": "Z" * 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A tracking number. ``normalized`` is how it is compared; ``carrier`` our code, empty = not known, and
    ``carrier_by`` who says so (person, source, recognized). ``generation`` above 0: carriers used the number before.
    ``link`` leads to the carrier's own page. ``parcels`` are ids of those that have it now.
    """

    id: str
    text: str
    normalized: str
    carrier: str
    carrier_by: str
    generation: int
    link: str
    parcels: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One scan, as one source said it. ``local`` is the wall time there, ``offset_minutes`` how far east of UTC, where
    the source said so; ``instant`` is null where it cannot be derived. ``day_only``: no time of day was said. ``gone``:
    its source does not say it any more.
    """

    id: str
    number_id: str
    source_id: str
    local: str | None
    offset_minutes: int | None
    instant: Instant | None
    day_only: bool
    place: str
    text: str
    code: str
    status: Status
    reason: str | None
    known_at: Instant
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which numbers: None = whichever."""

    text: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    carrier: str | None = None
    parcel_id: int | None = None


def numbers(ws: int, wanted: Wanted, limit: int, cursor: str = "", fields: Collection[str] = ALL) -> Page[Number]:
    """In the order of their letters; those found by their end, of their letters read backwards. Raises
    page.Unreadable.
    """
    where, by = Where(), "norm_reversed" if wanted.ends_with else "norm"
    if wanted.text is not None:
        where.add("norm = %s", normalize(wanted.text))
    if wanted.starts_with:
        begins(where, "norm", normalize(wanted.starts_with))
    if wanted.ends_with:
        begins(where, "norm_reversed", normalize(wanted.ends_with)[::-1])
    where.equal("carrier", wanted.carrier)
    if wanted.parcel_id is not None:
        mine = "id IN (SELECT number_id FROM doorstep_parcelnumber WHERE ws = %s AND parcel_id = %s)"
        where.add(mine, ws, wanted.parcel_id)
    if cursor:
        where.add(f"({by}, generation) > (%s, %s)", *read_cursor(cursor, str, int))
    rest = where.rest(f"ORDER BY {by}, generation LIMIT %s")
    rows = fetch(models.Number, ws, rest, *where.values, limit + 1, only=_SCALARS)
    rows, behind = paged(rows, limit, lambda row: (getattr(row, by), row.generation))
    return Page(data=_told(ws, rows, fields), next_cursor=behind)


def number(ws: int, number_id: int, fields: Collection[str] = ALL) -> Number | None:
    """One number, or None when this workspace has no such one."""
    found = _told(ws, fetch(models.Number, ws, "id = %s", number_id, only=_SCALARS), fields)
    return found[0] if found else None


def of_order(ws: int, order_id: int, text: str) -> Number:
    """The number that was just given to an order. Raises Number.DoesNotExist where it has not become one."""
    claims = models.Claim.objects.filter(ws=ws, order_id=order_id, gone=False).values("number_id")
    row = models.Number.objects.filter(ws=ws, norm=normalize(text), id__in=claims).latest("generation")
    return _told(ws, [row], ALL)[0]


def number_ids(ws: int, *, parcel_id: int | None, order_id: int | None) -> list[int]:
    """The numbers that a parcel or an order's parcels have or had."""
    if parcel_id is None:
        parts = load(models.ParcelLine, ws, "order_id", [order_id or 0], only=("parcel_id",))
        parcels = {one.parcel_id for one in parts}
    else:
        parcels = {parcel_id}
    held = load(models.ParcelNumber, ws, "parcel_id", parcels, only=("number_id",))
    return sorted({one.number_id for one in held})


def events(ws: int, number_ids: Collection[int], limit: int, cursor: str = "") -> Page[Event]:
    """The scans of these numbers in the order in which they became known. Raises page.Unreadable."""
    every = sorted(_events(ws, number_ids), key=lambda one: (one.known_at, one.id))
    if cursor:
        at, key = read_cursor(cursor, datetime, str)
        every = [one for one in every if (one.known_at, one.id) > (at, key)]
    rows, behind = paged(every[: limit + 1], limit, lambda one: (one.known_at.isoformat(), one.id))
    return Page(data=rows, next_cursor=behind)


def _events(ws: int, number_ids: Collection[int]) -> Iterator[Event]:
    for heard in archive.scans(ws, number_ids):
        for scans, gone in ((heard.said, False), (heard.gone, True)):
            for one in scans:
                yield _event(heard.number_id, heard.connection_id, one, gone=gone)


def _event(number_id: int, source_id: int, scan: Scan, *, gone: bool) -> Event:
    said = scan.said
    return Event(
        id=f"{number_id}.{event_key(said).hex()[:32]}",
        number_id=str(number_id),
        source_id=str(source_id),
        local=said.local.isoformat() if said.local else None,
        offset_minutes=said.offset,
        instant=said.instant,
        day_only=said.day_only,
        place=_whole(said.place),
        text=_whole(said.raw_text),
        code=_whole(said.raw_code),
        status=said.status,
        reason=said.reason.value if said.reason else None,
        known_at=scan.known_at,
        gone=gone,
    )


def _whole(text: str) -> str:
    """Without halves of characters, which no JSON can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def begins(where: Where, column: str, begin: str) -> None:
    """The index serves the range; LIKE leaves out what another database's order puts among it."""
    where.add(f"{column} >= %s AND {column} <= %s", begin, begin + _LAST[connection.vendor])
    escaped = begin.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    where.add(f"{column} LIKE %s ESCAPE '\\'", f"{escaped}%")


def _told(ws: int, rows: Sequence[models.Number], fields: Collection[str]) -> list[Number]:
    parcels: dict[int, set[int]] = defaultdict(set)
    if wants(fields, "parcels"):
        only = ("parcel_id", "number_id", "until")
        for one in load(models.ParcelNumber, ws, "number_id", [row.id for row in rows], only=only):
            if one.until is None:
                parcels[one.number_id].add(one.parcel_id)
    return [
        Number(
            id=str(row.id),
            text=row.text,
            normalized=row.norm,
            carrier=row.carrier,
            carrier_by=row.carrier_by,
            generation=row.generation,
            link=tracking_link(row.carrier, row.norm),
            parcels=[str(one) for one in sorted(parcels[row.id])],
        )
        for row in rows
    ]
