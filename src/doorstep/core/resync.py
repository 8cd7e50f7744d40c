"""Asking for fresh data now: windows, cool-downs and what to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from doorstep.core.message import Message, Value

PARCEL_COOLDOWN: Final = timedelta(
    seconds=300
)  # one for a parcel, shared by the order's details and the shopper's page
CLOSED_COOLDOWN: Final = timedelta(days=1)  # of a parcel that is done: news of it is rare
BOARD_COOLDOWN: Final = timedelta(seconds=3600)  # one for a store, whatever the range


class Range(StrEnum):
    """Which orders a resync of a store covers, by the store's order date."""

    DAYS_60 = "60d"
    DAYS_30 = "30d"
    DAYS_7 = "7d"
    YESTERDAY = "yesterday"
    TODAY = "today"


class Skip(StrEnum):
    """Why a resync of a store does not ask about a parcel."""

    CLOSED = "closed"
    JUST_ASKED = "just_asked"
    NO_NUMBER = "no_number"
    NOBODY = "nobody"  # no carrier account that could be asked
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What came of a resync of a store, in parcels; ``new_events`` in scans."""

    answered: int = 0
    unanswered: int = 0
    changed: int = 0
    new_events: int = 0
    skipped: Mapping[Skip, int] = field(default_factory=dict)


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


def tally(said: Tally) -> tuple[Message, ...]:
    """What to tell who had a whole store asked about: the answers, what they brought, who was silent, who was left out
    and why. Silence is not "nothing new".
    """
    lines = [_count("resync.store.answered", said.answered)]
    if said.changed or said.new_events:
        news: dict[str, Value] = {"new_events": said.new_events, "changed": said.changed}
        lines.append(Message(id="resync.store.news", values=news))
    elif said.answered:
        lines.append(Message(id="resync.store.nothing_new"))
    if said.unanswered:
        lines.append(_count("resync.store.unanswered", said.unanswered))
    return (*lines, *left_out(said.skipped))


def left_out(skipped: Mapping[Skip, int]) -> tuple[Message, ...]:
    """How many parcels are not asked about, by reason."""
    return tuple(_count(f"resync.skipped.{why}", skipped[why]) for why in Skip if skipped.get(why))


def time_left(done: int, total: int, elapsed: timedelta) -> timedelta | None:
    """How long the rest takes at the pace so far; None while there is no pace to go by."""
    return elapsed * (total - done) / done if done else None


def too_soon(next_at: datetime, cooldown: timedelta = PARCEL_COOLDOWN) -> Message:
    """The refusal inside a cool-down."""
    key = "resync.too_soon_done" if cooldown == CLOSED_COOLDOWN else "resync.too_soon"
    return Message(id=key, values={"next_at": next_at.isoformat()})


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _count(key: str, count: int) -> Message:
    return Message(id=key, values={"count": count})
