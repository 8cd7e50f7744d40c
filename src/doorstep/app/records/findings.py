"""Why there is no news, and what to do: computed for each order when somebody asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from doorstep.app import clock
from doorstep.app.order import acks
from doorstep.app.order.acks import Answered
from doorstep.app.order.order_view import findings_of
from doorstep.app.records.page import Instant, Page, Where, paged, read_cursor
from doorstep.app.say import say
from doorstep.core.diagnosis import Cause, Confidence, Who
from doorstep.db import models
from doorstep.db.load import fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. ``key`` tells it from one of other evidence. ``parcel_id`` null = of the order itself. ``next_at``
    is the date of the next step. ``answer``: what somebody said to it (told, later, fine), empty = nothing that still
    holds; it comes back at ``answer_until``, or with other evidence.
    """

    key: str
    order_id: str
    parcel_id: str | None
    cause: Cause
    confidence: Confidence
    who: Who
    next_at: Instant | None
    text: str
    evidence: list[str]
    advice: list[str]
    answer: Literal["", "told", "later", "fine"]
    answer_until: Instant | None


def of_order(ws: int, order_id: int) -> list[Finding] | None:
    """Those of one order, the surest first; None when this workspace has no such order."""
    found = findings_of(ws, order_id, clock.now())
    if found is None:
        return None
    return [_told(order_id, one) for one in acks.answered(ws, order_id, found, clock.now())]


def of_open_orders(ws: int, limit: int, cursor: str = "") -> Page[Finding]:
    """Those of ``limit`` orders that are not done, the newest placed first: a page may hold more findings than orders,
    or none. Raises page.Unreadable.
    """
    where = Where()
    where.add("state NOT IN ('delivered', 'cancelled')")
    if cursor:
        where.add("(placed_at, id) < (%s, %s)", *read_cursor(cursor, datetime, int))
    rest = where.rest("ORDER BY placed_at DESC, id DESC LIMIT %s")
    rows = fetch(models.Order, ws, rest, *where.values, limit + 1, only=("id", "placed_at"))
    rows, behind = paged(rows, limit, lambda row: (row.placed_at.isoformat(), row.id))
    return Page(data=[one for row in rows for one in of_order(ws, row.id) or ()], next_cursor=behind)


def _told(order_id: int, one: Answered) -> Finding:
    finding = one.finding
    measure = (finding.measure,) if finding.measure else ()
    return Finding(
        key=one.key,
        order_id=str(order_id),
        parcel_id=str(one.parcel_id) if one.parcel_id else None,
        cause=finding.cause,
        confidence=finding.confidence,
        who=finding.who,
        next_at=finding.next_at,
        text=say(finding.message),
        evidence=[say(some) for some in (*finding.evidence, *measure)],
        advice=[say(some) for some in finding.advice],
        answer=cast(Literal["", "told", "later", "fine"], one.answer),
        answer_until=one.until,
    )
