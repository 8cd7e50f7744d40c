"""One scan, as one source said it. Append-only; nothing is ever corrected in place."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from doorstep.core.status import Reason, Status

_DAY_AT_MOST: Final = len("2026-W47-7")  # the longest way to write a day
_APART: Final = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")  # a blank before the offset, as some vendors write it


class InstantFrom(StrEnum):
    """How an event's instant was derived."""

    STATED = "stated"  # the source gave UTC, or an offset
    SOURCE_ZONE = "source_zone"  # the vendor documents one zone for all its times
    NONE = ""  # only local time is known


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingEvent:
    """A scan.

    ``local`` is the wall time as said (naive, seconds), ``offset`` the minutes east of UTC if the source gave them,
    ``instant`` the UTC instant only where it can be derived (``instant_from`` says how). ``day_only``: the source named
    no time of day, and ``local`` is that day's midnight. ``raw_code`` and ``raw_text`` are the vendor's own
    words and are never translated in place. ``position`` is the source's own order, 0 = first to happen, among the
    scans it ``told`` at the same time (None = all of them). Identity is (source, the raw fields): see
    ``timeline.event_key``; our reading (``status``, ``reason``) is not part of it, so a better reader changes none.
    ``key``: that identity where the words do not make it any more, because a name was taken out of them.
    """

    source: str
    raw_text: str
    raw_code: str = ""
    status: Status
    reason: Reason | None = None
    local: datetime | None = None
    offset: int | None = None
    instant: datetime | None = None
    instant_from: InstantFrom = InstantFrom.NONE
    place: str = ""
    position: int = 0
    day_only: bool = False
    told: datetime | None = None
    key: bytes = b""


class When(NamedTuple):
    """A time as a source wrote it; the fields are TrackingEvent's."""

    local: datetime | None
    offset: int | None
    instant: datetime | None
    day_only: bool


def when(text: str) -> When:
    """Read a time in ISO 8601, with a blank for the T if need be; an empty text is no time at all.

    An offset that is given is kept and makes the instant; one that is not is never assumed. ``-00:00`` says that the
    instant is known and the place's clock is not (RFC 3339, 4.3). Raises ValueError for a text that is no time.
    """
    said = text.strip()
    if " " in said:
        said = _APART.sub("", said)
    if not said:
        return When(None, None, None, day_only=False)
    if (day := _day(said)) is not None:
        return When(day, None, None, day_only=True)
    at = datetime.fromisoformat(said)
    apart = at.utcoffset()
    local = at.replace(tzinfo=None, microsecond=0)
    if apart is None:
        return When(local, None, None, day_only=False)
    try:
        instant = at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the instant is outside of all calendars") from error
    if said.endswith("-00:00"):
        return When(None, None, instant, day_only=False)
    return When(local, round(apart.total_seconds() / 60), instant, day_only=False)


def _day(said: str) -> datetime | None:
    """The midnight of a day; None for what is not a day alone."""
    if len(said) > _DAY_AT_MOST:
        return None
    try:
        return datetime.combine(date.fromisoformat(said), datetime.min.time())
    except ValueError:
        return None
