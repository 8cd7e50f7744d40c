"""Endpoints that are told what changes, and what came of telling them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from doorstep.app import clock
from doorstep.app.records.page import Instant, Page, Said, Where, paged, read_cursor, said
from doorstep.core.status import Status
from doorstep.db import models
from doorstep.db.load import fetch

State = Literal["active", "paused", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told what changes. Empty ``types``, ``store_ids`` and ``statuses`` = everything. ``state`` off
    = it failed for too long (``reason``). ``failing_since`` null = it took what was sent last. Until
    ``former_secret_until`` the secret before the newest one signs too. ``waiting``: what it is still to be told.
    """

    id: str
    url: str
    label: str
    shape: str
    types: list[str]
    store_ids: list[str]
    statuses: list[Status]
    state: State
    reason: Said | None
    state_since: Instant
    made_at: Instant
    failing_since: Instant | None
    former_secret_until: Instant | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    """A webhook with its newest secret, which is told this once."""

    webhook: Webhook
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTry:
    """One request to a webhook. ``message_id`` is its webhook-id, ``number`` counts the tries of it. ``status`` 0 = no
    answer; ``trouble`` says why. ``answer``: how the answer began, without what looks like a secret.
    """

    id: str
    message_id: str
    type: str
    about: str
    number: int
    at: Instant
    status: int
    ms: int
    answer: str
    trouble: Said | None


def webhooks(ws: int) -> Page[Webhook]:
    """All of them: there are never many."""
    return Page(data=_told(ws, fetch(models.Endpoint, ws, "true ORDER BY id")), next_cursor=None)


def webhook(ws: int, webhook_id: int) -> Webhook | None:
    """One webhook, or None when this workspace has no such one."""
    found = _told(ws, fetch(models.Endpoint, ws, "id = %s", webhook_id))
    return found[0] if found else None


def tries(ws: int, webhook_id: int, limit: int, cursor: str = "", *, failed: bool = False) -> Page[WebhookTry]:
    """The newest first. ``failed``: only those that were not taken. Raises page.Unreadable."""
    where = Where()
    where.add("endpoint_id = %s", webhook_id)
    if failed:
        where.add("NOT (status BETWEEN 200 AND 299)")
    if cursor:
        where.add("id < %s", *read_cursor(cursor, int))
    rows = fetch(models.SendingTry, ws, where.rest("ORDER BY id DESC LIMIT %s"), *where.values, limit + 1)
    rows, behind = paged(rows, limit, lambda row: (row.id,))
    return Page(data=[tried(row) for row in rows], next_cursor=behind)


def tried(row: models.SendingTry) -> WebhookTry:
    """One try."""
    return WebhookTry(
        id=str(row.id),
        message_id=row.mark,
        type=row.type,
        about=row.subject,
        number=row.number,
        at=row.at,
        status=row.status,
        ms=row.ms,
        answer=row.said,
        trouble=said(row.trouble),
    )


def _told(ws: int, rows: Sequence[models.Endpoint]) -> list[Webhook]:
    due = models.Sending.objects.filter(ws=ws, endpoint_id__in=[row.id for row in rows], state="due")
    waiting = Counter(due.values_list("endpoint_id", flat=True)) if rows else Counter[int]()
    now = clock.now()
    return [
        Webhook(
            id=str(row.id),
            url=row.url,
            label=row.label,
            shape=row.shape,
            types=row.types,
            store_ids=row.store_ids,
            statuses=[Status(one) for one in row.statuses],
            state=cast(State, row.state),
            reason=said(row.state_reason),
            state_since=row.state_since,
            made_at=row.made_at,
            failing_since=row.failing_since,
            former_secret_until=row.former_until if row.former_until and row.former_until > now else None,
            waiting=waiting[row.id],
        )
        for row in rows
    ]
