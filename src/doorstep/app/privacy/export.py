"""Everything of a workspace as one ZIP file: its tables as CSV, raw answers, mails and pictures as they came. It is
packed in the background and kept for a week. Credentials, keys and all by which somebody could get in stay behind.
"""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import IO, Any, Final

from django.db import models, transaction

from doorstep.app import clock, loop
from doorstep.app.audit import record
from doorstep.app.inbox import answer_of
from doorstep.app.ledger import archive, retention
from doorstep.app.log import logger
from doorstep.app.members import closing
from doorstep.app.members.team import Refused
from doorstep.app.spread import harmless
from doorstep.db.models import (
    ApiAnswer,
    Attempt,
    Brand,
    Export,
    ExportPiece,
    Membership,
    Number,
    Photo,
    User,
    Workspace,
)

BELL: Final = "export"
GOOD_FOR: Final = timedelta(days=7)
PIECE: Final = 1 << 20
LEASE_S: Final = 900.0  # renewed with every table
_AT_ONCE: Final = 500
_NOT: Final = (ApiAnswer, Attempt, Export, ExportPiece)  # of machines, or the file itself
_ENDINGS: Final = {"order": "json", "mail": "eml"}
log = logger(__name__)


def ask(ws: int, actor: str) -> Export:
    """Have everything packed. Raises Refused while that is being done."""
    with transaction.atomic():
        Workspace.objects.select_for_update().get(id=ws)
        if Export.objects.filter(ws=ws, ended_at=None).exists():
            raise Refused("data.export.running")
        row = Export.objects.create(ws=ws, actor=actor, asked_at=clock.now())
        record(ws, actor, "workspace.export", f"export:{row.id}")
        loop.wake(BELL)
    return row


def of(ws: int) -> list[Export]:
    """What was packed or is being packed, newest first."""
    return list(Export.objects.filter(ws=ws).order_by("-id")[:10])


def file(ws: int, export_id: int, actor: str) -> tuple[Export, Iterator[bytes]]:
    """A packed file, piece by piece. Raises Export.DoesNotExist when there is none (any more)."""
    row = Export.objects.get(ws=ws, id=export_id, bytes__gt=0, expires_at__gt=clock.now())
    record(ws, actor, "workspace.export_taken", f"export:{row.id}")
    return row, _pieces(row)


def step() -> bool:
    """Pack what was asked for; False when nothing was. Files that are over are thrown away."""
    _forget()
    row = _claim()
    if row is None:
        return False
    with tempfile.TemporaryFile() as made:
        _pack(row, made)
        _keep(row, made)
    return True


def columns(model: type[models.Model]) -> list[str]:
    """What is told of a table's rows: no bytes (hashes, sealed credentials, tokens, files)."""
    kept = (models.BinaryField, models.CompositePrimaryKey)
    return [one.attname for one in model._meta.concrete_fields if not isinstance(one, kept)]


def _claim() -> Export | None:
    machine = clock.machine()
    with transaction.atomic():
        free = Export.objects.filter(ended_at=None, lease_until__lte=machine)
        row = free.select_for_update(skip_locked=True).order_by("id").first()
        if row is not None:
            row.packed, row.lease_until = 0, machine + LEASE_S
            row.save(update_fields=["packed", "lease_until"])
    return row


def _pack(row: Export, made: IO[bytes]) -> None:
    ws, told = row.ws, [one for one in closing.tables() if one not in _NOT]
    Export.objects.filter(ws=ws, id=row.id).update(total=len(told) + 3)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as zipped:
        for model in told:
            rows = model._default_manager.filter(ws=ws).order_by("pk")
            names = columns(model)
            lines = rows.values_list(*names).iterator(chunk_size=_AT_ONCE)
            _table(zipped, str(model._meta.model_name), names, lines)
            _further(row)
        zipped.writestr("workspace.json", json.dumps(_workspace(ws), indent=1, ensure_ascii=False, default=str))
        _scans(zipped, ws)
        _further(row)
        _raw(zipped, ws)
        _further(row)
        _pictures(zipped, ws)
        _further(row)


def _table(zipped: zipfile.ZipFile, name: str, names: list[str], lines: Iterator[tuple[Any, ...]]) -> None:
    with zipped.open(f"{name}.csv", "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([_cell(one) for one in line] for line in lines)


def _cell(value: Any) -> str:
    """Text that no spreadsheet runs; what is nested as JSON."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return harmless(value) if isinstance(value, str) else str(value)


def _workspace(ws: int) -> dict[str, Any]:
    row = Workspace.objects.get(id=ws)
    people = User.objects.in_bulk(list(Membership.objects.filter(ws=ws).values_list("user_id", flat=True)))
    return {
        "as_of": clock.now(),
        "workspace": {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields},
        "members": {one.pk: one.email for one in people.values()},
    }


def _scans(zipped: zipfile.ZipFile, ws: int) -> None:
    numbers = Number.objects.filter(ws=ws).order_by("id").values_list("id", flat=True).iterator(chunk_size=_AT_ONCE)
    with zipped.open("scans.jsonl", "w") as file:
        while some := list(islice(numbers, _AT_ONCE)):
            for heard in archive.scans(ws, some):
                for one in heard.events():
                    said = {"number_id": heard.number_id, "known_at": one.known_at, **asdict(one.said), "key": None}
                    file.write(json.dumps(said, ensure_ascii=False, default=str).encode() + b"\n")


def _raw(zipped: zipfile.ZipFile, ws: int) -> None:
    for row in retention.full().filter(ws=ws).order_by("id").iterator(chunk_size=_AT_ONCE):
        answer = answer_of(row)
        zipped.writestr(f"raw/{row.id}.{_ENDINGS.get(answer.what, 'bin')}", answer.body)


def _pictures(zipped: zipfile.ZipFile, ws: int) -> None:
    for photo in Photo.objects.filter(ws=ws).order_by("id").iterator(chunk_size=10):
        zipped.writestr(f"photos/{photo.id}.{photo.kind.partition('/')[2]}", photo.body)
    for brand in Brand.objects.filter(ws=ws).exclude(logo_kind=""):
        zipped.writestr(f"logos/{brand.store_id}.{brand.logo_kind.partition('/')[2]}", brand.logo)


def _further(row: Export) -> None:
    Export.objects.filter(ws=row.ws, id=row.id).update(
        packed=models.F("packed") + 1, lease_until=clock.machine() + LEASE_S
    )


def _keep(row: Export, made: IO[bytes]) -> None:
    size = made.seek(0, io.SEEK_END)
    made.seek(0)
    with transaction.atomic():
        if not Export.objects.select_for_update().filter(ws=row.ws, id=row.id).exists():
            return  # thrown away meanwhile: somebody in it was erased
        ExportPiece.objects.filter(ws=row.ws, export_id=row.id).delete()
        for place, body in enumerate(iter(lambda: made.read(PIECE), b"")):
            ExportPiece.objects.create(ws=row.ws, export_id=row.id, place=place, body=body)
        now = clock.now()
        done = {"bytes": size, "ended_at": now, "expires_at": now + GOOD_FOR}
        Export.objects.filter(ws=row.ws, id=row.id).update(**done)
    log.info("workspace.exported", ws=row.ws, bytes=size)


def _pieces(row: Export) -> Iterator[bytes]:
    pieces = ExportPiece.objects.filter(ws=row.ws, export_id=row.id)
    for place in pieces.order_by("place").values_list("place", flat=True):
        yield bytes(pieces.get(place=place).body)


def throw_away(ws: int) -> None:
    """Throw away what was packed: it names somebody who is erased."""
    with transaction.atomic():
        ExportPiece.objects.filter(ws=ws).delete()
        Export.objects.filter(ws=ws).delete()


def _forget() -> None:
    for row in Export.objects.filter(expires_at__lte=clock.now()):
        with transaction.atomic():
            ExportPiece.objects.filter(ws=row.ws, export_id=row.id).delete()
            Export.objects.filter(ws=row.ws, id=row.id).delete()
