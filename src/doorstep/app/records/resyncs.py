"""Requests for fresh data, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from doorstep.app.records.page import Instant, Page, Said, Where, paged, read_cursor
from doorstep.app.say import say
from doorstep.app.track import resync, resync_view
from doorstep.core.message import Message
from doorstep.core.resync import Range
from doorstep.db import models
from doorstep.db.load import fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """Somebody asked for fresh data: of one parcel, or of a store's orders in a ``range``. ``done`` of ``total``
    parcels have an answer; ``outcome`` says what came of it, or who is left out so far.
    """

    id: str
    scope: Literal["parcel", "store"]
    target_id: str
    place: Literal["console", "page", "api"]
    range: Range | None
    asked_at: Instant
    next_allowed_at: Instant | None
    running: bool
    total: int
    done: int
    outcome: list[Said]


def resyncs(ws: int, scope: str | None, target_id: int | None, limit: int, cursor: str = "") -> Page[Resync]:
    """The newest first. Raises page.Unreadable."""
    where = Where()
    where.equal("scope", scope)
    where.equal("target_id", target_id)
    if cursor:
        where.add("id < %s", *read_cursor(cursor, int))
    rows = fetch(models.Resync, ws, where.rest("ORDER BY id DESC LIMIT %s"), *where.values, limit + 1)
    rows, behind = paged(rows, limit, lambda row: (row.id,))
    return Page(data=[_told(row) for row in rows], next_cursor=behind)


def one(ws: int, resync_id: int) -> Resync | None:
    """One resync, or None when this workspace has no such one."""
    found = fetch(models.Resync, ws, "id = %s", resync_id)
    return _told(found[0]) if found else None


def _told(row: models.Resync) -> Resync:
    return _of_parcel(row) if row.scope == resync.SCOPE else _of_store(row)


def _of_parcel(row: models.Resync) -> Resync:
    came = resync.result(row.ws, row.id)
    return Resync(
        id=str(row.id),
        scope="parcel",
        target_id=str(row.target_id),
        place=cast(Literal["console", "page", "api"], row.place),
        range=None,
        asked_at=row.accepted_at,
        next_allowed_at=came.next_allowed_at,
        running=came.message is None,
        total=1,
        done=int(came.message is not None),
        outcome=_sentences([came.message] if came.message else []),
    )


def _of_store(row: models.Resync) -> Resync:
    job = resync_view.job(row)
    return Resync(
        id=str(row.id),
        scope="store",
        target_id=str(row.target_id),
        place=cast(Literal["console", "page", "api"], row.place),
        range=Range(row.chosen),
        asked_at=row.accepted_at,
        next_allowed_at=None,
        running=row.ended_at is None,
        total=job.total,
        done=job.done,
        outcome=_sentences(job.lines),
    )


def _sentences(messages: Sequence[Message]) -> list[Said]:
    return [Said(code=one.id, text=say(one)) for one in messages]
