"""When to ask a carrier next. Often where something is about to happen, rarely where nothing is, never for ever."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from doorstep.core.order import TrackAnswer
from doorstep.core.status import Status, closed

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

# Vendors poll every 2 to 12 hours themselves: asking an aggregator more often than that pays only at the doorstep.
INTERVALS: Final[Mapping[Status, timedelta]] = MappingProxyType(
    {
        Status.ARRIVED: 4 * _HOUR,
        Status.OUT_FOR_DELIVERY: _HOUR,
        Status.ATTEMPT_FAILED: 3 * _HOUR,
        Status.CUSTOMS: 8 * _HOUR,
        Status.RETURNING: 12 * _HOUR,
        Status.EXPIRED: _DAY,
    }
)
USUAL: Final = 6 * _HOUR
AFTERGLOW: Final = (
    3 * _DAY
)  # a closed parcel is still asked about so long: a wrong scan is taken back, a parcel returns
QUIET: Final = ((90 * _DAY, None), (30 * _DAY, 3 * _DAY), (10 * _DAY, 12 * _HOUR))  # no news for -> ask no oftener than
PUSHED: Final = 4  # where the source tells by itself, asking is only the safety net
FIRST_RETRY: Final = timedelta(minutes=15)
LAST_RETRY: Final = _DAY


def next_check(
    *,
    status: Status,
    status_since: datetime,
    last_event_at: datetime | None,
    asked_at: datetime | None,
    answer: TrackAnswer | None,
    failures: int,
    now: datetime,
    pushes: bool,
) -> datetime | None:
    """When to ask next, never before ``now``; None = retired. Times aware.

    ``status_since``: when the status began; of a parcel without news when its number became known. ``failures``: how
    often in a row asking has failed. ``pushes``: the source also tells by itself.
    """
    if asked_at is None:
        return now
    quiet = now - max(status_since, last_event_at or status_since)
    least = next((interval for age, interval in QUIET if quiet >= age), timedelta())
    if least is None or (closed(status) and quiet >= AFTERGLOW):
        return None
    if failures:
        return max(now, asked_at + retry_after(failures))
    interval = _DAY if closed(status) or answer is TrackAnswer.REJECTED else INTERVALS.get(status, USUAL)
    return max(now, asked_at + max(least, interval * PUSHED if pushes else interval))


def retry_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row (1 or more): doubles from 15 minutes to a day."""
    return min(LAST_RETRY, FIRST_RETRY * (1 << min(failures - 1, 10)))
