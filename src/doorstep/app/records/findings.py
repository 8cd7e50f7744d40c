"""Why there is no news, and what to do: computed for each order when somebody asks."""

from dataclasses import dataclass
from datetime import datetime

from doorstep.app import clock, finding_answers
from doorstep.app.finding_answers import Answers
from doorstep.app.order_view import findings_of
from doorstep.app.records.page import Instant, Page, Where, paged, read_cursor
from doorstep.app.say import say
from doorstep.core import diagnosis
from doorstep.core.diagnosis import Cause, Confidence, Who
from doorstep.db import models
from doorstep.db.load import fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. ``parcel_id`` null = of the order itself. ``next_at`` is the date of the next step; ``answered_at``
    when somebody said that it is dealt with: the same finding on other evidence is a new one.
    """

    order_id: str
    parcel_id: str | None
    cause: Cause
    confidence: Confidence
    who: Who
    next_at: Instant | None
    text: str
    evidence: list[str]
    advice: list[str]
    answered_at: Instant | None


def of_order(ws: int, order_id: int) -> list[Finding] | None:
    """Those of one order, the surest first; None when this workspace has no such order."""
    found = findings_of(ws, order_id, clock.now())
    if found is None:
        return None
    answers = finding_answers.answers(ws, order_id)
    return [_told(order_id, parcel_id, one, answers) for parcel_id, one in found]


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


def _told(order_id: int, parcel_id: int, finding: diagnosis.Finding, answers: Answers) -> Finding:
    measure = (finding.measure,) if finding.measure else ()
    return Finding(
        order_id=str(order_id),
        parcel_id=str(parcel_id) if parcel_id else None,
        cause=finding.cause,
        confidence=finding.confidence,
        who=finding.who,
        next_at=finding.next_at,
        text=say(finding.message),
        evidence=[say(one) for one in (*finding.evidence, *measure)],
        advice=[say(one) for one in finding.advice],
        answered_at=answers.at(parcel_id, finding),
    )
