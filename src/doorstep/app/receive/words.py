"""Words that no connector knows, and what a member says that they mean: for this workspace, until it is taken back.

Nothing that is stored is read differently: a meaning is put on scans when they are looked at (``app.ledger.meanings``),
and the parcels that have such scans are looked at once more. That is done piece by piece in the background, mails
nobody and pushes nothing, as every second reading.
"""

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, cast

from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import clock, loop
from doorstep.app.audit import record
from doorstep.app.ledger import scans
from doorstep.app.ledger.changes import By
from doorstep.app.merge.source import Touched
from doorstep.app.receive.mailbox import Declined
from doorstep.app.settle import settle_quietly
from doorstep.app.spread import harmless
from doorstep.connectors.registry import Kind, connectors
from doorstep.core.status import NO_NEWS, Reason, Status
from doorstep.db import queries
from doorstep.db.models import Connection, Meaning, Parcel, ParcelNumber, Scans, Word

BELL: Final = "words"
STEP: Final = 100  # numbers looked at in one transaction: others wait for it
MOST: Final = 500  # words in the list
# What a scan can mean. The others are about asking, or about a number that was never seen.
MEANS: Final = tuple(one for one in Status if one not in NO_NEWS and one is not Status.UNKNOWN)
NOTHING: Final = Status.UNKNOWN.value  # as a meaning: known, and it says nothing about where a parcel is


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """A word that nobody knows. ``of``: what the vendor is called here."""

    id: int
    connector: str
    of: str
    word: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word and what a person says that it means. ``status`` '': it was taken back, and parcels are still looked at.
    ``known``: the connector knows the word itself by now, and what it says counts.
    """

    id: int
    connector: str
    of: str
    word: str
    status: str
    reason: str
    by: str
    said_at: datetime
    total: int
    looked: int
    moved: int
    open: bool
    known: bool


def strange(ws: int, connector: str = "") -> list[Strange]:
    """Words of the workspace's connections (or of one connector) of which nobody said anything, the most frequent
    first.
    """
    vendors = _vendors(ws)
    meant = set(Meaning.objects.filter(ws=ws).exclude(status="").values_list("connector", "word"))
    rows = Word.objects.filter(ws=ws, connector__in=[connector] if connector else vendors).order_by("-n", "-last_at")
    found = [_strange(vendors, row) for row in rows[: MOST + len(meant)] if (row.connector, row.sample) not in meant]
    return found[:MOST]


def said(ws: int) -> list[Said]:
    """Everything that was said of words, the newest first."""
    vendors = _vendors(ws)
    rows = Meaning.objects.filter(ws=ws).order_by("-said_at", "-id")
    return [
        Said(
            id=row.id,
            connector=row.connector,
            of=vendors[row.connector].label if row.connector in vendors else row.connector,
            word=row.word,
            status=row.status,
            reason=row.reason,
            by=row.by,
            said_at=row.said_at,
            total=row.total,
            looked=row.looked,
            moved=row.moved,
            open=row.after is not None,
            known=row.connector in vendors and row.word in vendors[row.connector].known,
        )
        for row in rows
    ]


def word(ws: int, word_id: int) -> Strange:
    """A word that came, whether or not anybody said anything of it. Raises Word.DoesNotExist."""
    return _strange(_vendors(ws), Word.objects.get(ws=ws, id=word_id))


def say(ws: int, word_id: int, status: str, reason: str, actor: str) -> int:
    """A word means this from now on; parcels with it are looked at again. Returns the meaning's id. Raises Declined and
    Word.DoesNotExist.
    """
    row = Word.objects.get(ws=ws, id=word_id)
    with transaction.atomic():
        meaning = mean(ws, row, status, reason, actor)
        kept = {"connector": row.connector, "status": status, "reason": reason}
        record(ws, actor, "word.say", f"word:{meaning.id}", after=kept)
        loop.wake(BELL)
    return meaning.id


def mean(ws: int, row: Word, status: str, reason: str, actor: str) -> Meaning:
    """Write down what a word means, and that its parcels are to be looked at. Part of the caller's transaction. Raises
    Declined.
    """
    if status not in {*MEANS, NOTHING} or (reason and (reason not in set(Reason) or status == NOTHING)):
        raise Declined("words.what")
    vendor = _vendors(ws).get(row.connector)
    if vendor and row.sample in vendor.known:
        raise Declined("words.known", word=row.sample)
    values = {"status": status, "reason": reason, "by": actor, "said_at": clock.now(), **_anew(ws, row.connector)}
    meaning, new = Meaning.objects.update_or_create(ws=ws, connector=row.connector, word=row.sample, defaults=values)
    if new and status == NOTHING:  # it changes nothing
        meaning.after = None
        meaning.save(update_fields=["after"])
    return meaning


def take_back(ws: int, meaning_id: int, actor: str) -> None:
    """A word means nothing known again, and its parcels are looked at again. Raises Meaning.DoesNotExist."""
    with transaction.atomic():
        row = Meaning.objects.select_for_update().exclude(status="").get(ws=ws, id=meaning_id)
        before = {"connector": row.connector, "status": row.status, "reason": row.reason}
        record(ws, actor, "word.take_back", f"word:{row.id}", before=before)
        if row.status == NOTHING and row.after is None:
            row.delete()
            return
        row.status, row.reason, row.by, row.said_at = "", "", actor, clock.now()
        for name, value in _anew(ws, row.connector).items():
            setattr(row, name, value)
        row.save()
        loop.wake(BELL)


def table(ws: int, connector: str) -> str:
    """What was said of a connector's words as CSV, in the columns of a connector's own table of codes."""
    rows = Meaning.objects.filter(ws=ws, connector=connector).exclude(status="").order_by("word")
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(("code", "status", "reason"))
    write.writerows((harmless(one.word), one.status, one.reason) for one in rows)
    return out.getvalue()


def step() -> bool:
    """Look at the next parcels of the oldest word that something new was said of; False when there is none."""
    found = Meaning.objects.filter(after__isnull=False).order_by("id").values_list("ws", "id").first()
    if found is None:
        return False
    ws, meaning_id = found
    with transaction.atomic():
        queries.alone_in(ws)
        row = Meaning.objects.select_for_update().filter(ws=ws, id=meaning_id, after__isnull=False).first()
        if row is not None:
            _look(row)
    return True


def having(ws: int, connector: str, word: str, numbers: Collection[int]) -> dict[int, int]:
    """Those of these numbers that have scans with the word of which nothing could be read, and how many scans."""
    accounts, found = set(_sources(ws, connector)), dict[int, int]()
    for heard in scans.of(ws, numbers).values():
        if heard.connection_id in accounts and (count := heard.waiting_for(word)):
            found[heard.number_id] = found.get(heard.number_id, 0) + count
    return found


def look_again(row: Meaning, numbers: Collection[int]) -> dict[int, tuple[str, str]]:
    """Bring the parcels of these numbers up to what their scans mean now; returns the status before and after of each.
    Part of the caller's transaction.
    """
    held = ParcelNumber.objects.filter(ws=row.ws, number_id__in=numbers)
    parcels = Parcel.objects.filter(ws=row.ws, id__in=held.values("parcel_id"))
    before = dict(parcels.values_list("id", "status"))
    if numbers:
        settle_quietly(By(row.ws, row.by), Touched(numbers=set(numbers)))
    after = dict(Parcel.objects.filter(ws=row.ws, id__in=before).values_list("id", "status"))
    return {one: (before[one], status) for one, status in after.items()}


def _sources(ws: int, connector: str) -> QuerySet[Connection, int]:
    return Connection.objects.filter(ws=ws, connector=connector).values_list("id", flat=True)


def told_of(ws: int, connector: str) -> QuerySet[Scans]:
    """What the connections told whose scans may have a connector's words."""
    return Scans.objects.filter(ws=ws, connection_id__in=list(_sources(ws, connector)))


def _look(row: Meaning) -> None:
    told = told_of(row.ws, row.connector).filter(number_id__gt=row.after).order_by("number_id")
    numbers = list(told.values_list("number_id", flat=True).distinct()[:STEP])
    moved = look_again(row, having(row.ws, row.connector, row.word, numbers))
    row.moved += sum(before != after for before, after in moved.values())
    row.looked += len(numbers)
    row.after = numbers[-1] if len(numbers) == STEP else None
    if row.after is None and not row.status:
        row.delete()
    else:
        row.save(update_fields=["moved", "looked", "after"])


def _anew(ws: int, connector: str) -> dict[str, int]:
    total = told_of(ws, connector).values("number_id").distinct().count()
    return {"after": 0, "total": total, "looked": 0, "moved": 0}


class _Vendor(NamedTuple):
    """What a vendor is called, and the words that its connector knows itself."""

    label: str
    known: Collection[str]


def _vendors(ws: int) -> dict[str, _Vendor]:
    """The vendors of the workspace's connections, by connector."""
    found: dict[str, _Vendor] = {}
    for row in Connection.objects.filter(ws=ws).exclude(state="removed").order_by("id"):
        every = connectors(cast(Kind, row.kind))
        if row.connector in every:
            one = every[row.connector]
            found[row.connector] = _Vendor(one.meta.label, one.status)
    return found


def _strange(vendors: Mapping[str, _Vendor], row: Word) -> Strange:
    of = vendors[row.connector].label if row.connector in vendors else row.connector
    return Strange(id=row.pk, connector=row.connector, of=of, word=row.sample, times=row.n, last_at=row.last_at)
