"""Asking for fresh data now: windows, cool-downs and what to answer."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from doorstep.core.message import Message, Value

PARCEL_COOLDOWN: Final = timedelta(
    seconds=300
)  # one for a parcel, shared by the order's details and the shopper's page
BOARD_COOLDOWN: Final = timedelta(seconds=3600)  # one for a store, whatever the range


class Range(StrEnum):
    """Which orders a resync of a store covers, by the store's order date."""

    DAYS_60 = "60d"
    DAYS_30 = "30d"
    DAYS_7 = "7d"
    YESTERDAY = "yesterday"
    TODAY = "today"


_DAYS_BACK: Final = {Range.DAYS_60: 60, Range.DAYS_30: 30, Range.DAYS_7: 7, Range.YESTERDAY: 1, Range.TODAY: 0}


def may_resync(last_accepted_at: datetime | None, now: datetime, cooldown: timedelta) -> datetime | None:
    """None = yes, now; else the instant from which it is possible again. Counted from the last acceptance."""
    if last_accepted_at is None or now >= last_accepted_at + cooldown:
        return None
    return last_accepted_at + cooldown


def window(chosen: Range, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """(start, end) in UTC, end excluded. Whole calendar days of ``zone``; all but yesterday include today."""
    today = now.astimezone(zone).date()
    last = today if chosen is Range.YESTERDAY else today + timedelta(days=1)
    return _midnight(today - timedelta(days=_DAYS_BACK[chosen]), zone), _midnight(last, zone)


def outcome(*, new_events: int, changed: bool, failed: bool, next_at: datetime) -> Message:
    """What to tell who asked. Failing to ask is not "nothing new"."""
    values: dict[str, Value] = {"new_events": new_events, "next_at": next_at.isoformat()}
    if failed:
        return Message(id="resync.failed", values=values)
    if changed:
        return Message(id="resync.changed", values=values)
    return Message(id="resync.unchanged" if new_events else "resync.nothing_new", values=values)


def too_soon(next_at: datetime) -> Message:
    """The refusal inside a cool-down."""
    return Message(id="resync.too_soon", values={"next_at": next_at.isoformat()})


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
