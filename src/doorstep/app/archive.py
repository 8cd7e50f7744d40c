"""Packs the scans of parcels that closed long ago: all scans of a number become one compressed value. Nothing is lost,
and nothing looks different: a page unpacks what it shows, and a number that anything new is said about has its scans
back in their table first.
"""

import base64
import json
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import zstandard
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils.dateparse import parse_datetime

from doorstep.app import clock
from doorstep.db import bulk, queries
from doorstep.db.models import Archived, Event, Parcel, ParcelNumber, Schedule, Workspace

MONTH_DAYS: Final = 30
STEP: Final = 200  # numbers in one transaction
_FIELDS: Final = tuple(one for one in Event._meta.concrete_fields if one.attname not in {"ws", "number_id"})


def pack_all(months: int) -> int:
    """Pack what closed more than so many months ago, in all workspaces; returns of how many numbers. A stop loses
    nothing: the next call goes on.
    """
    before, packed = clock.now() - timedelta(days=months * MONTH_DAYS), 0
    for ws in Workspace.objects.order_by("id").values_list("id", flat=True):
        while count := pack(ws, before):
            packed += count
    return packed


def pack(ws: int, before: datetime, limit: int = STEP) -> int:
    """Pack the scans of up to ``limit`` numbers whose parcels all closed before then, and which nobody asks about any
    more; returns of how many. 0 = nothing is left to pack.
    """
    with transaction.atomic():
        queries.alone_in(ws)
        numbers = list(_long_closed(ws, before)[:limit])
        by_number: dict[int, list[Event]] = {one: [] for one in numbers}
        for event in Event.objects.filter(ws=ws, number_id__in=numbers).order_by("number_id", "key16"):
            by_number[event.number_id].append(event)
        bulk.insert([_packed(ws, number, some) for number, some in by_number.items()])
        Event.objects.filter(ws=ws, number_id__in=numbers).delete()
    return len(numbers)


def bring_back(ws: int, numbers: Collection[int]) -> None:
    """Have the scans of these numbers in their table again. Part of the caller's transaction, before it reads them."""
    rows = list(Archived.objects.select_for_update().filter(ws=ws, number_id__in=numbers)) if numbers else []
    if rows:
        bulk.insert([event for row in rows for event in _scans(row)], ignore=True)
        Archived.objects.filter(ws=ws, number_id__in=[row.number_id for row in rows]).delete()


def scans(ws: int, numbers: Collection[int]) -> Iterator[Event]:
    """All scans of these numbers, packed or not; for looking at only."""
    without = set(numbers)
    for event in Event.objects.filter(ws=ws, number_id__in=numbers):
        without.discard(event.number_id)
        yield event
    for row in Archived.objects.filter(ws=ws, number_id__in=without) if without else ():
        yield from _scans(row)


def _long_closed(ws: int, before: datetime) -> models.QuerySet[Any, int]:
    held = ParcelNumber.objects.filter(ws=ws, number_id=OuterRef("number_id"))
    parcels = Parcel.objects.filter(ws=ws, id=OuterRef("parcel_id"), closed_at__lt=before)
    still_open = held.filter(~Exists(parcels))
    scanned = Event.objects.filter(ws=ws, number_id=OuterRef("number_id"))
    asked = Schedule.objects.filter(ws=ws, number_id=OuterRef("number_id"))
    closed = ParcelNumber.objects.filter(Exists(scanned), ~Exists(still_open), ~Exists(asked), ws=ws)
    return closed.order_by("number_id").values_list("number_id", flat=True).distinct()


def _packed(ws: int, number_id: int, events: Collection[Event]) -> Archived:
    said = [[_plain(getattr(one, field.attname)) for field in _FIELDS] for one in events]
    table = [[field.attname for field in _FIELDS], *said]
    packed = zstandard.compress(json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode(), 19)
    return Archived(ws=ws, number_id=number_id, count=len(said), scans_zstd=packed)


def _scans(row: Archived) -> Iterator[Event]:
    names, *rows = json.loads(zstandard.decompress(bytes(row.scans_zstd)))
    for values in rows:
        said = dict(zip(names, values, strict=True))
        known = {field.attname: _value(field, said[field.attname]) for field in _FIELDS if field.attname in said}
        yield Event(ws=row.ws, number_id=row.number_id, **known)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, (bytes, memoryview)) else value


def _value(field: Any, said: Any) -> Any:
    if said is None:
        return None
    if isinstance(field, models.DateTimeField):
        return parse_datetime(said)
    return base64.b64decode(said) if isinstance(field, models.BinaryField) else said
