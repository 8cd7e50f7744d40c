"""Answers that a repetition gets again: a program that did not hear whether its request was done sends it once more
under the same Idempotency-Key, and it is not done twice. Answers are kept for a day, refusals are not: what was wrong
may be mended and sent again.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import zstandard
from django.db import transaction

from doorstep.app import clock, vault
from doorstep.db.ids import new_id
from doorstep.db.models import ApiAnswer

KEPT: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255
_BODY: Final = "body"
LONGEST_S: Final = 60.0  # real seconds; what is still "being done" after so long was broken off


class Differs(Exception):
    """The same key came with another request."""


class UnderWay(Exception):
    """The first request of this key is still being done."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer of the first time."""

    status: int
    location: str
    body: bytes


def begin(ws: int, door_id: int, key: str, asked: bytes) -> int | Kept:
    """The id under which to keep the answer, or the answer that is there already. ``asked``: everything that makes the
    request what it is. Raises Differs and UnderWay.
    """
    now, whose = clock.now(), {"ws": ws, "door_id": door_id, "key_sha256": hashlib.sha256(key.encode()).digest()}
    asked_sha256 = hashlib.sha256(asked).digest()
    with transaction.atomic():
        ApiAnswer.objects.filter(ws=ws, door_id=door_id, at__lte=now - KEPT).delete()
        mine = ApiAnswer(id=new_id(), asked_sha256=asked_sha256, at=now, **whose)
        ApiAnswer.objects.bulk_create([mine], ignore_conflicts=True)
        row = ApiAnswer.objects.select_for_update().filter(**whose).first()
        if row is None:  # the first one was refused this very moment, and took its row along
            raise UnderWay
        if row.id == mine.id:
            return row.id
        if bytes(row.asked_sha256) != asked_sha256:
            raise Differs
        if row.status:
            return Kept(row.status, row.location, _opened(bytes(row.body_zstd)))
        if clock.real_seconds(now - row.at) < LONGEST_S:
            raise UnderWay
        ApiAnswer.objects.filter(ws=ws, id=row.id).update(at=now)
        return row.id


def keep(ws: int, answer_id: int, status: int, location: str, body: bytes, *, sealed: bool = False) -> None:
    """Keep the answer of what ``begin`` began. ``sealed``: it holds a secret."""
    packed = vault.seal({_BODY: body.decode()}) if sealed else zstandard.compress(body)
    ApiAnswer.objects.filter(ws=ws, id=answer_id).update(status=status, location=location, body_zstd=packed)


def _opened(packed: bytes) -> bytes:
    if packed.startswith(zstandard.MAGIC_NUMBER.to_bytes(4, "little")):
        return zstandard.decompress(packed)
    return vault.unseal(packed)[_BODY].encode()


def release(ws: int, answer_id: int) -> None:
    """Nothing was done: the key may be used again, for something else too."""
    ApiAnswer.objects.filter(ws=ws, id=answer_id, status=0).delete()
