"""Reads stored answers again when a connector has learnt to read them better (N10): a word was mapped, say.

What a second reading finds out is written to the ledger like the first, with ``reread`` as its author, and stays quiet:
it mails nobody and pushes nothing. Progress is kept in the rows themselves, so a stop loses none of it.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from django.db import OperationalError, transaction

from doorstep.app.inbox import answer_of
from doorstep.app.ledger import scans
from doorstep.app.ledger.changes import By
from doorstep.app.ledger.scans import Heard
from doorstep.app.log import logger
from doorstep.app.merge.source import Source, Touched
from doorstep.app.merge.tracks import Told, merge_tracks, reading_of
from doorstep.app.settle import settle_quietly
from doorstep.connectors.contract import Trouble
from doorstep.connectors.registry import connector, connectors
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.db import queries
from doorstep.db.models import Connection, Inbox, Scans, Word

log = logger(__name__)
ACTOR: Final = "reread"
BATCH: Final = 100  # answers looked up at once


class Stale(NamedTuple):
    """An answer that is read better now, and the numbers that it told something of."""

    account: Connection
    inbox_id: int
    numbers: frozenset[int]


def stale(limit: int = BATCH) -> list[Stale]:
    """At most ``limit`` answers to read again, of a connection the oldest first; [] = nothing is left to read."""
    found: list[Stale] = []
    for account in _accounts():
        answers: dict[int, set[int]] = {}
        for heard in _heard(account):
            for inbox_id in heard.read_by_others(reading_of(account)):
                answers.setdefault(inbox_id, set()).add(heard.number_id)
            if len(answers) >= limit - len(found):
                break
        else:
            if not answers:
                _forget_words(account)
        oldest = sorted(answers)[: limit - len(found)]
        found += [Stale(account, inbox_id, frozenset(answers[inbox_id])) for inbox_id in oldest]
    return found


def waiting() -> int:
    """How many scans were read by a connector that reads better now."""
    return sum(len(heard.read_by_others(reading_of(account))) for account in _accounts() for heard in _heard(account))


def _accounts() -> Iterator[Connection]:
    """Connections whose connector is still part of Doorstep."""
    for account in Connection.objects.filter(kind__in=["carrier", "supplier"]).order_by("ws", "id"):
        if account.connector in connectors("carrier" if account.kind == "carrier" else "supplier"):
            yield account


def _heard(account: Connection) -> Iterator[Heard]:
    """What the account told of numbers of which an older reader has read some scans."""
    rows = Scans.objects.filter(ws=account.ws, connection_id=account.id).exclude(reader_version=reading_of(account))
    for number_id, packed in rows.order_by("number_id").values_list("number_id", "packed").iterator():
        yield Heard(number_id, account.id, bytes(packed))


def again(one: Stale) -> None:
    """Read one answer again, in one transaction. What it cannot be read from any more (its body is gone, or broken) is
    read from the stored words of its scans.
    """
    account, inbox_id, _ = one
    try:
        with transaction.atomic():
            queries.alone_in(account.ws)
            touched = Touched()
            merge_tracks([Told(source, track, touched) for source, track in _told(account, inbox_id)])
            touched.numbers |= _by_their_words(one, connector(account.kind, account.connector).status)
            settle_quietly(By(account.ws, ACTOR, inbox_id), touched)
    except OperationalError:
        raise  # a busy database says nothing about the answer
    except Exception:  # one answer that breaks its reader holds up no other
        log.exception("reread.failed", inbox_id=inbox_id)
        with transaction.atomic():
            queries.alone_in(account.ws)
            _by_their_words(one, {})


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


def _by_their_words(one: Stale, table: Mapping[str, Status]) -> set[int]:
    """Scans that no stored answer holds any more: a code that was unknown may be in the connector's table by now.
    Returns the numbers of which something is known better.
    """
    account, inbox_id, numbers = one
    told = [heard for heard in scans.of(account.ws, numbers).values() if heard.connection_id == account.id]
    better = {heard.number_id for heard in told if heard.read_anew(reading_of(account), table, inbox_id)}
    scans.store(account.ws, told)
    return better


def _forget_words(account: Connection) -> None:
    """Words that are mapped now leave the list of unknown ones."""
    table = connector(account.kind, account.connector).status
    unknown = Word.objects.filter(ws=account.ws, connector=account.connector)
    unknown.filter(sample__in=[word for word, status in table.items() if status is not Status.UNKNOWN]).delete()
