"""Packs the scans of parcels that closed long ago: all scans of a number become one compressed value. Nothing is lost,
and nothing looks different: a page unpacks what it shows, and a number that anything new is said about has its scans
back in their table first.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import zstandard
from django.db import models, transaction
from django.db.models import Exists, OuterRef

from doorstep.app import clock
from doorstep.app.ledger.meanings import Meanings
from doorstep.app.ledger.packed import WORDING
from doorstep.app.ledger.scans import Heard, store
from doorstep.app.ledger.scans import of as in_use
from doorstep.db import bulk, queries
from doorstep.db.load import load
from doorstep.db.models import Archived, Parcel, ParcelNumber, Scans, Schedule, Workspace

MONTH_DAYS: Final = 30
STEP: Final = 200  # numbers in one transaction


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
        by_number: dict[int, list[Heard]] = {one: [] for one in numbers}
        for heard in in_use(ws, numbers).values():
            by_number[heard.number_id].append(heard)
        bulk.insert([_packed(ws, number, some) for number, some in by_number.items()])
        Scans.objects.filter(ws=ws, number_id__in=numbers).delete()
    return len(numbers)


def bring_back(ws: int, numbers: Collection[int]) -> None:
    """Have the scans of these numbers in their table again. Part of the caller's transaction, before it reads them."""
    rows = load(Archived, ws, "number_id", numbers, lock=True)
    if rows:
        store(ws, [heard for row in rows for heard in _heard(row)])
        Archived.objects.filter(ws=ws, number_id__in=[row.number_id for row in rows]).delete()


def scans(ws: int, numbers: Collection[int]) -> Iterator[Heard]:
    """What was told of these numbers, archived or not; for looking at only."""
    found = in_use(ws, numbers)
    yield from found.values()
    without = set(numbers) - {number for number, _ in found}
    for row in Archived.objects.filter(ws=ws, number_id__in=without) if without else ():
        yield from _heard(row)


def _long_closed(ws: int, before: datetime) -> models.QuerySet[Any, int]:
    held = ParcelNumber.objects.filter(ws=ws, number_id=OuterRef("number_id"))
    parcels = Parcel.objects.filter(ws=ws, id=OuterRef("parcel_id"), closed_at__lt=before)
    still_open = held.filter(~Exists(parcels))
    scanned = Scans.objects.filter(ws=ws, number_id=OuterRef("number_id"))
    asked = Schedule.objects.filter(ws=ws, number_id=OuterRef("number_id"))
    closed = ParcelNumber.objects.filter(Exists(scanned), ~Exists(still_open), ~Exists(asked), ws=ws)
    return closed.order_by("number_id").values_list("number_id", flat=True).distinct()


def _packed(ws: int, number_id: int, heard: Collection[Heard]) -> Archived:
    parts = [(one.connection_id, one.plain()) for one in heard]
    small = zstandard.ZstdCompressor(level=19, dict_data=WORDING, write_dict_id=False)
    packed = small.compress(msgspec.msgpack.encode(parts))
    return Archived(ws=ws, number_id=number_id, count=sum(map(len, heard)), scans_zstd=packed)


def _heard(row: Archived) -> Iterator[Heard]:
    said = zstandard.ZstdDecompressor(dict_data=WORDING).decompress(bytes(row.scans_zstd))
    parts = msgspec.msgpack.decode(said, type=list[tuple[int, bytes]])
    meanings = Meanings(row.ws)
    for source, plain in parts:
        yield Heard.of_plain(row.number_id, source, plain, meanings)
