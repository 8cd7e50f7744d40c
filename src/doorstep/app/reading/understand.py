"""Reads the inbox: bytes become facts, facts the ledger, and what follows from it. Rows of one workspace are read
together, in one transaction; one that spoils it is found by reading them one by one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Min

from doorstep.app import clock
from doorstep.app.inbox import Arrival, answer_of, keep
from doorstep.app.ledger.meanings import LONGEST
from doorstep.app.log import logger
from doorstep.app.merge.mails import merge_mail
from doorstep.app.merge.orders import merge_order
from doorstep.app.merge.purchases import merge_match, merge_purchase
from doorstep.app.merge.source import Source, Touched
from doorstep.app.merge.tracks import READER, Told, merge_tracks
from doorstep.app.merge.typed import merge_mark, merge_typed
from doorstep.app.settle import settle_all
from doorstep.app.shopper import reply_mail
from doorstep.connectors.contract import Connector, Facts, Trouble, Word
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.db import queries
from doorstep.db.load import fetch
from doorstep.db.models import Connection, Inbox
from doorstep.db.models import Word as WordRow

log = logger(__name__)
TOGETHER: Final = 96 << 10  # bytes (compressed) of the rows of one transaction: others wait for it
MANY: Final = frozenset({"rows", "written"})  # hundreds of numbers in a few bytes: each is read by itself
_turn: int = 0  # the workspace that was read last; the next one has its turn


@dataclass(frozen=True, slots=True)
class Read:
    """A row with what its bytes say: facts, or why they could not be read (``trouble``)."""

    row: Inbox
    source: Source | None = None
    facts: Facts | None = None
    trouble: Message | None = None


def understand(limit: int = 100) -> int:
    """Read up to ``limit`` new rows of the workspace whose turn it is, the oldest first; returns how many. Several
    workers share the work: a workspace in which somebody else is at work is skipped as long as there is another one. A
    row that cannot be read becomes ``bad`` and stops nobody.
    """
    busy = 0
    for ws in _waiting():
        rows = _oldest(ws, limit)
        if rows and (count := _bring_or_part(_parsed(rows))):
            return count
        busy = busy or (ws if rows else 0)
    return _in_line(busy, limit) if busy else 0


def _in_line(ws: int, limit: int) -> int:
    """Wait for our turn in a busy workspace, then read: who only tries never gets in where others stand in line."""
    with transaction.atomic():
        queries.alone_in(ws)
        rows = _oldest(ws, limit)
        return _bring_or_part(_parsed(rows)) if rows else 0


def read_now(arrival: Arrival) -> int:
    """Keep an arrival and read it at once, for a person who waits; returns the inbox id."""
    keep([arrival])
    row = Inbox.objects.get(ws=arrival.ws, connection_id=arrival.connection_id, dedup_key=arrival.dedup_key)
    _bring_or_part(_parsed([row]), wait=True)
    return row.id


def _waiting() -> Iterator[int]:
    """The workspaces with new rows, each once, beginning after the one that was read last."""
    global _turn  # noqa: PLW0603 - the one place of this process in the round
    new, first = Inbox.objects.filter(state="new"), _turn
    for begin, end in ((first, None), (-1, first)):
        at = begin
        while (ws := new.filter(ws__gt=at).aggregate(ws=Min("ws"))["ws"]) is not None and (end is None or ws <= end):
            _turn = at = ws
            yield ws


def _oldest(ws: int, limit: int) -> list[Inbox]:
    """As many of the oldest new rows as may be read together; at least one, if there is one."""
    rows: list[Inbox] = []
    size = 0
    for row in fetch(Inbox, ws, "state = 'new' ORDER BY id LIMIT %s", limit):
        size += TOGETHER if row.headers.get("what") in MANY else len(row.body_zstd)
        if rows and size > TOGETHER:
            break
        rows.append(row)
    return rows


def _parsed(rows: Sequence[Inbox]) -> list[Read]:
    """Bytes become facts, before anything is locked. Rows of one call are of one workspace."""
    accounts = {one.id: one for one in Connection.objects.filter(ws=rows[0].ws)}
    return [_parse(row, accounts.get(row.connection_id)) for row in rows]


def _parse(row: Inbox, account: Connection | None) -> Read:
    if account is None:
        return Read(row, trouble=Message(id="inbox.connection_gone"))
    try:
        answer = answer_of(row)
        source = Source(account, row.id, row.received_at, answer.context)
        if answer.what == reply_mail.WHAT:  # for a person, not for the ledger
            return Read(row, source, Facts())
        return Read(row, source, _vendor(account).read(answer))
    except Trouble as trouble:
        return Read(row, trouble=trouble.message or Message(id="inbox.unreadable", values={"said": trouble.said}))
    except Exception as problem:
        log.exception("inbox.unreadable", inbox_id=row.id)
        return Read(row, trouble=_failed(problem))


def _failed(problem: Exception) -> Message:
    return Message(id="inbox.failed", values={"problem": type(problem).__name__})


def _bring_or_part(read: Sequence[Read], *, wait: bool = False) -> int:
    """Bring rows into the ledger together, or, when that fails, one by one; returns how many were dealt with."""
    try:
        return _bring_twice(read, wait=wait)
    except OperationalError:  # a deadlock or a lost connection says nothing about the rows
        log.warning("inbox.again")
        return 0
    except Exception as problem:
        if len(read) > 1:
            return sum(_bring_or_part([one], wait=wait) for one in read)
        log.exception("inbox.unreadable", inbox_id=read[0].row.id)
        return _bring_or_part([Read(read[0].row, trouble=_failed(problem))], wait=wait)


def _bring_twice(read: Sequence[Read], *, wait: bool) -> int:
    """Two workers may make the same row at once: the second reading finds it."""
    try:
        return _bring(read, wait=wait)
    except IntegrityError:
        return _bring(read, wait=wait)


def _bring(read: Sequence[Read], *, wait: bool) -> int:
    with transaction.atomic():
        if not queries.alone_in(read[0].row.ws, wait=wait):
            return 0
        still = _still_new(read)
        mine = [one for one in read if one.row.id in still]
        Inbox.objects.filter(ws=read[0].row.ws, id__in=still).update(state="read", error=None, reader_version=READER)
        told = list(_merged(mine))
        if told:
            settle_all(told)
    return len(mine)


def _still_new(read: Sequence[Read]) -> set[int]:
    """Ids of those rows that nobody else has read meanwhile, locked."""
    rows = Inbox.objects.filter(ws=read[0].row.ws, id__in=[one.row.id for one in read], state="new")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    return set(rows.values_list("id", flat=True))


def _merged(read: Sequence[Read]) -> Iterator[tuple[Source, Touched]]:
    """Bring facts into the ledger, row by row; what carriers say, together. A row is closed before the next one is
    merged: what it waits for may come with that.
    """
    tracks: list[Told] = []
    for one in read:
        if one.source is None or one.facts is None:
            _close(one.row, "bad", asdict(one.trouble) if one.trouble else None)
            continue
        touched = Touched()
        facts = one.facts
        if any((facts.orders, facts.purchases, facts.typed, facts.matches, facts.marks, facts.mails)):
            merge_tracks(tracks)
            tracks.clear()
        tracks += [Told(one.source, track, touched) for track in one.facts.tracks]
        if one.row.headers["what"] == reply_mail.WHAT:
            reply_mail.take(one.row)
        look = _merge(one.source, one.facts, touched)
        if look:
            _close(one.row, "needs_look", look)
        yield one.source, touched
    merge_tracks(tracks)


def _merge(source: Source, facts: Facts, touched: Touched) -> dict[str, Any] | None:
    """Bring all but the tracks into the ledger; returns why a person must look, or None."""
    look = None
    for order in sorted(facts.orders, key=lambda one: one.ref):
        merge_order(source, order, touched)
    for purchase in sorted(facts.purchases, key=lambda one: one.ref):
        merge_purchase(source, purchase, touched)
    for typed in facts.typed:
        merge_typed(source, typed, touched)
    for match in facts.matches:
        merge_match(source, match, touched)
    for mark in facts.marks:
        merge_mark(source, mark, touched)
    for mail in facts.mails:
        look = merge_mail(source, mail, touched) or look
    for word in facts.words:
        _count(source, word)
    if facts.bad and not look:
        log.warning("inbox.partly_unreadable", inbox_id=source.inbox_id, bad=facts.bad[:3])
    return look


def _vendor(account: Connection) -> Connector:
    return connector(account.kind, account.connector)


def _close(row: Inbox, state: str, error: dict[str, Any] | None) -> None:
    Inbox.objects.filter(ws=row.ws, id=row.id).update(state=state, error=error)


def _count(source: Source, word: Word) -> None:
    """A vendor word that no connector knows: kept with how often it came."""
    now = clock.now()
    row, new = WordRow.objects.get_or_create(
        ws=source.ws,
        connector=source.connection.connector,
        text_hash=hashlib.sha256(word.text.encode()).digest(),
        defaults={"sample": word.text[:LONGEST], "n": 1, "first_at": now, "last_at": now},
    )
    if not new:
        WordRow.objects.filter(pk=row.pk).update(n=F("n") + 1, last_at=now)
