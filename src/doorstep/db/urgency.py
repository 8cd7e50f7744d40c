"""Which open orders may need somebody, the most urgent first: by the dates that the ledger itself knows, so that it is
one statement however many there are. Whether somebody is needed, and for what, only the findings tell.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from django.db import connection

from doorstep.core.diagnosis import limits
from doorstep.core.status import Status
from doorstep.db import tabs

# Statuses of a parcel about which there may be something to say; a delivered one only by its mark, which is on a tab.
_SAYING: Final = tuple(one.value for one in Status if one not in {Status.DELIVERED, Status.CANCELLED, Status.UNKNOWN})
_WAITS: Final = (Status.AVAILABLE_FOR_PICKUP.value, Status.ATTEMPT_FAILED.value)
_STANDS: Final = (Status.EXCEPTION.value, Status.RETURNING.value, Status.RETURNED.value)
_DAYS: Final[Mapping[str, str]] = {"sqlite": "julianday({})", "postgresql": "(extract(epoch FROM {}) / 86400)"}
_LEAST: Final[Mapping[str, str]] = {"sqlite": "min", "postgresql": "least"}
_NEVER: Final = 1_000_000  # days; more than any date is away
_CLASS: Final = 100_000  # days; keeps what somebody has to do before what is late, and that before what is ahead


class Candidate(NamedTuple):
    """An open order; ``number`` is the store's own."""

    id: int
    number: str


class Candidates(NamedTuple):
    """Some candidates from place ``start`` on, the most urgent first, and how many there are in all."""

    start: int
    some: tuple[Candidate, ...]
    total: int


def candidates(ws: int, now: datetime, start: int, most: int) -> Candidates:
    """``most`` open orders from place ``start`` on: first those with a parcel that waits for somebody, then those whose
    usual or promised date has passed, then the others; each by how near its date is, which only says what comes first.
    """
    with connection.cursor() as cursor:
        at = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(_statement(connection.vendor), [at, ws, ws, ws, most, start])
        rows = cursor.fetchall()
        if rows or not start:
            return Candidates(start, tuple(Candidate(*row[:2]) for row in rows), rows[0][2] if rows else 0)
    return candidates(ws, now, 0, most)  # there are fewer than when the page was asked for


@cache
def _statement(vendor: str) -> str:
    """Takes: now, the workspace thrice, how many, from where."""
    by = "INDEXED BY {}".format if vendor == "sqlite" else "".format
    on = [
        f"SELECT id FROM doorstep_order {by(tabs.index(tab))} WHERE ws = %s{tabs.condition(tab)}"  # noqa: S608 - words of this file
        for tab in ("attention", "unfulfilled")
    ]
    return f"""
        WITH moment AS (SELECT {_days(vendor, "%s" if vendor == "sqlite" else "%s::timestamptz")} AS now),
        candidate AS ({" UNION ".join(on)} UNION SELECT part.order_id
            FROM doorstep_parcel parcel {by("parcel_status_ix")} CROSS JOIN doorstep_parcelline part
            WHERE parcel.ws = %s AND parcel.status IN {_SAYING} AND part.ws = parcel.ws AND part.parcel_id = parcel.id)
        SELECT mine.id, mine.number, count(*) OVER () FROM moment CROSS JOIN candidate CROSS JOIN doorstep_order mine
        WHERE mine.id = candidate.id AND mine.state <> 'cancelled'
        ORDER BY {_LEAST[vendor]}({_sold(vendor)}, {_moved(vendor)}, {_bought(vendor)}), mine.id
        LIMIT %s OFFSET %s"""  # noqa: S608 - words of this file


def _sold(vendor: str) -> str:
    """Of the order: the day its number is due, while something of it is in no parcel."""
    due = f"coalesce({_days(vendor, 'mine.ship_by')}, {_paid(vendor)} + {limits.SHIPPED_MAIL.days})"
    return f"CASE WHEN mine.{tabs.TABS['unfulfilled']} THEN {_urgency(due)} ELSE {_NEVER} END"


def _moved(vendor: str) -> str:
    """Of its parcels: until when one is kept, or the day the first or the next scan is due by what is usual."""
    since, scanned = _days(vendor, "parcel.status_since"), _days(vendor, "parcel.last_event_at")
    home = "parcel.origin <> '' AND parcel.origin = parcel.destination"
    silent = f"CASE WHEN {home} THEN {limits.AT_HOME.stalled.days} ELSE {limits.ABROAD.stalled.days} END"
    unseen = f"CASE WHEN {home} THEN {limits.AT_HOME.first.days} ELSE {limits.ABROAD.first.days} END"
    handed = f"coalesce({_days(vendor, 'parcel.handed_at')}, {_paid(vendor)})"
    due = f"""CASE WHEN parcel.status IN {_WAITS} THEN {since} + {limits.KEPT.days}
        WHEN parcel.status IN {_STANDS} THEN {since} WHEN parcel.last_event_at IS NULL THEN {handed} + {unseen}
        ELSE {scanned} + {silent} END"""
    acting = "parcel.action_by <> '' OR parcel.mark IN ('missing', 'damaged')"
    return _nearest(
        f"CASE WHEN {acting} THEN abs(coalesce({due}, moment.now) - moment.now) ELSE {_urgency(due)} END",
        "doorstep_parcelline part CROSS JOIN doorstep_parcel parcel",
        f"parcel.id = part.parcel_id AND (parcel.status IN {_SAYING} OR parcel.mark <> '')",
    )


def _bought(vendor: str) -> str:
    """Of its purchases: the day the number is due, and the days before the last sensible one for a dispute."""
    usual = f"{_days(vendor, 'bought.paid_at')} + {limits.SHIPPED_MAIL.days}"
    term = f"coalesce({_days(vendor, 'bought.ships_out_by')}, {usual})"
    ends = f"{_days(vendor, 'bought.protection_ends_at')} - {2 * limits.MARGIN.days}"
    late = f"CASE WHEN bought.dispatched_at IS NULL THEN {_urgency(term)} ELSE {_NEVER} END"
    return _nearest(
        f"{_LEAST[vendor]}({late}, {_urgency(ends)})",
        "doorstep_purchaseline part CROSS JOIN doorstep_purchase bought",
        "bought.id = part.purchase_id AND bought.state <> 'cancelled'",
    )


def _nearest(urgency: str, source: str, where: str) -> str:
    mine = "part.ws = mine.ws AND part.order_id = mine.id"
    return f"coalesce((SELECT min({urgency}) FROM {source} WHERE {mine} AND {where}), {_NEVER})"  # noqa: S608 - words of this file


def _urgency(due: str) -> str:
    """What has passed before what is ahead, the nearest first."""
    late = f"CASE WHEN {due} <= moment.now THEN {_CLASS} ELSE {2 * _CLASS} END"
    return f"coalesce({late} + abs({due} - moment.now), {_NEVER})"


def _paid(vendor: str) -> str:
    return _days(vendor, "coalesce(mine.paid_at, mine.placed_at)")


def _days(vendor: str, instant: str) -> str:
    return _DAYS[vendor].format(instant)
