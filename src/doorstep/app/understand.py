"""Reads the inbox: bytes become facts, facts the ledger, and what follows from it, all in one transaction per row."""

import hashlib
import itertools
from dataclasses import asdict
from typing import Any, Final

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F

from doorstep.app import clock
from doorstep.app.inbox import Arrival, answer_of, keep
from doorstep.app.log import logger
from doorstep.app.merge.mails import merge_mail
from doorstep.app.merge.orders import merge_order
from doorstep.app.merge.purchases import merge_purchase
from doorstep.app.merge.source import Source, Touched
from doorstep.app.merge.tracks import READER, merge_track
from doorstep.app.merge.typed import merge_typed
from doorstep.app.settle import settle
from doorstep.connectors.contract import Connector, Facts, Trouble, Word
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db import queries
from doorstep.db.models import Connection, Inbox
from doorstep.db.models import Word as WordRow

log = logger(__name__)
WORDS_KEPT: Final = 200  # characters of a vendor's word; the whole is in the inbox


def understand(limit: int = 100) -> int:
    """Read up to ``limit`` new rows, the oldest first; returns how many. Several workers share the work: a row that
    another one holds is skipped. A row that cannot be read becomes ``bad`` and stops nobody.
    """
    return sum(1 for _ in itertools.takewhile(lambda _: _one(), range(limit)))


def read_now(arrival: Arrival) -> int:
    """Keep an arrival and read it at once, for a person who waits; returns the inbox id."""
    keep([arrival])
    row = Inbox.objects.get(ws=arrival.ws, connection_id=arrival.connection_id, dedup_key=arrival.dedup_key)
    _one(ws=row.ws, id=row.id)
    return row.id


def _one(**which: int) -> bool:
    """Read the oldest new row (of those that ``which`` names); False when there is none."""
    try:
        with transaction.atomic():
            row = _claim(**which)
            if row is None:
                return False
            try:
                _read_twice(row)
            except OperationalError:
                raise  # a deadlock or a lost connection says nothing about the row
            except Exception as problem:
                log.exception("inbox.unreadable", inbox_id=row.id)
                _close(row, "bad", asdict(Message(id="inbox.failed", values={"problem": type(problem).__name__})))
    except OperationalError:
        log.warning("inbox.again")
        return False
    return True


def _read_twice(row: Inbox) -> None:
    """Two workers may make the same row at once: the second reading finds it."""
    try:
        with transaction.atomic():
            _read(row)
    except IntegrityError:
        with transaction.atomic():
            _read(row)


def _claim(**which: int) -> Inbox | None:
    """The oldest; of another worker's rows only a named one is waited for."""
    rows = Inbox.objects.filter(state="new", **which).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=not which)
    return rows.first()


def _read(row: Inbox) -> None:
    queries.alone_in(row.ws)
    account = Connection.objects.filter(ws=row.ws, id=row.connection_id).first()
    if account is None:
        _close(row, "bad", asdict(Message(id="inbox.connection_gone")))
        return
    answer = answer_of(row)
    try:
        facts = _vendor(account).read(answer)
    except Trouble as trouble:
        reason = trouble.message or Message(id="inbox.unreadable", values={"said": trouble.said})
        _close(row, "bad", asdict(reason))
        return
    source = Source(account, row.id, row.received_at, answer.context)
    look = merge(source, facts)
    _close(row, "needs_look" if look else "read", look)


def merge(source: Source, facts: Facts) -> dict[str, Any] | None:
    """Bring facts into the ledger and settle what follows; returns why a person must look, or None."""
    touched, look = Touched(), None
    for order in sorted(facts.orders, key=lambda one: one.ref):
        merge_order(source, order, touched)
    for purchase in sorted(facts.purchases, key=lambda one: one.ref):
        merge_purchase(source, purchase, touched)
    for track in facts.tracks:
        merge_track(source, track, touched)
    for typed in facts.typed:
        merge_typed(source, typed, touched)
    for mail in facts.mails:
        look = merge_mail(source, mail, touched) or look
    for word in facts.words:
        _count(source, word)
    settle(source, touched)
    if facts.bad and not look:
        log.warning("inbox.partly_unreadable", inbox_id=source.inbox_id, bad=facts.bad[:3])
    return look


def _vendor(account: Connection) -> Connector:
    return connector(account.kind, account.connector)


def _close(row: Inbox, state: str, error: dict[str, Any] | None) -> None:
    Inbox.objects.filter(ws=row.ws, id=row.id).update(state=state, error=error, reader_version=READER)


def _count(source: Source, word: Word) -> None:
    """A vendor word nobody has mapped: kept with how often it came."""
    now = clock.now()
    row, new = WordRow.objects.get_or_create(
        ws=source.ws,
        connector=source.connection.connector,
        text_hash=hashlib.sha256(word.text.encode()).digest(),
        defaults={"sample": word.text[:WORDS_KEPT], "n": 1, "first_at": now, "last_at": now},
    )
    if not new:
        WordRow.objects.filter(pk=row.pk).update(n=F("n") + 1, last_at=now)
