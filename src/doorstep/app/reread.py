"""Reads stored answers again when a connector has learnt to read them better (N10): a word was mapped, say.

What a second reading finds out is written to the ledger like the first, with ``reread`` as its author, and stays quiet:
it mails nobody and pushes nothing. Progress is kept in the rows themselves, so a stop loses none of it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from doorstep.app.changes import By
from doorstep.app.inbox import answer_of
from doorstep.app.log import logger
from doorstep.app.merge.source import Source, Touched
from doorstep.app.merge.tracks import Told, merge_tracks, reading_of
from doorstep.app.settle import settle_quietly
from doorstep.connectors.contract import Trouble
from doorstep.connectors.registry import connector, connectors
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.db import queries
from doorstep.db.models import Connection, Event, Inbox, Word

log = logger(__name__)
ACTOR: Final = "reread"
BATCH: Final = 100  # answers looked up at once


class Stale(NamedTuple):
    """An answer that is read better now."""

    account: Connection
    inbox_id: int


def stale(limit: int = BATCH) -> list[Stale]:
    """At most ``limit`` answers to read again, of a connection the oldest first; [] = nothing is left to read."""
    found: list[Stale] = []
    for account in _accounts():
        ids = sorted(set(_by_older_reader(account).values_list("inbox_id", flat=True)))
        found += [Stale(account, inbox_id) for inbox_id in ids[: limit - len(found)]]
        if not ids:
            _forget_words(account)
    return found


def waiting() -> int:
    """How many scans were read by a connector that reads better now."""
    return sum(_by_older_reader(account).count() for account in _accounts())


def _accounts() -> Iterator[Connection]:
    """Connections whose connector is still part of Doorstep."""
    for account in Connection.objects.filter(kind__in=["carrier", "supplier"]).order_by("ws", "id"):
        if account.connector in connectors("carrier" if account.kind == "carrier" else "supplier"):
            yield account


def _by_older_reader(account: Connection) -> QuerySet[Event]:
    told = Event.objects.filter(ws=account.ws, source=str(account.id))
    return told.exclude(reader_version=reading_of(account))


def again(one: Stale) -> None:
    """Read one answer again, in one transaction. What it cannot be read from any more (its body is gone, or broken) is
    read from the stored words of its scans.
    """
    account, inbox_id = one
    try:
        with transaction.atomic():
            queries.alone_in(account.ws)
            touched = Touched()
            merge_tracks([Told(source, track, touched) for source, track in _told(account, inbox_id)])
            _by_their_words(account, inbox_id, touched)
            settle_quietly(By(account.ws, ACTOR, inbox_id), touched)
    except OperationalError:
        raise  # a busy database says nothing about the answer
    except Exception:  # one answer that breaks its reader holds up no other
        log.exception("reread.failed", inbox_id=inbox_id)
        _by_older_reader(account).filter(inbox_id=inbox_id).update(reader_version=reading_of(account))


def _told(account: Connection, inbox_id: int) -> Iterator[tuple[Source, Track]]:
    """What the answer says about numbers; nothing where its body is gone or cannot be read any more."""
    row = Inbox.objects.filter(ws=account.ws, id=inbox_id).first()
    if row is None or not row.body_zstd:
        return
    answer = answer_of(row)
    try:
        facts = connector(account.kind, account.connector).read(answer)
    except Trouble:
        return
    yield from ((Source(account, inbox_id, row.received_at, answer.context), track) for track in facts.tracks)


def _by_their_words(account: Connection, inbox_id: int, touched: Touched) -> None:
    """Scans that no stored answer holds any more: a code that was unknown may be in the connector's table by now."""
    table = connector(account.kind, account.connector).status
    for event in _by_older_reader(account).filter(inbox_id=inbox_id):
        status = table.get(event.raw_code, Status.UNKNOWN)
        if event.status == Status.UNKNOWN and status is not Status.UNKNOWN:
            event.status = status.value
            touched.numbers.add(event.number_id)
        event.reader_version = reading_of(account)
        event.save(update_fields=["status", "reader_version"])


def _forget_words(account: Connection) -> None:
    """Words that are mapped now leave the list of unknown ones."""
    table = connector(account.kind, account.connector).status
    unknown = Word.objects.filter(ws=account.ws, connector=account.connector)
    unknown.filter(sample__in=[word for word, status in table.items() if status is not Status.UNKNOWN]).delete()
