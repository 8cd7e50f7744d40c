"""When to ask a carrier next. Often where something is about to happen, rarely where nothing is, never for ever."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from doorstep.core.lane import Lane
from doorstep.core.order import TrackAnswer
from doorstep.core.rhythm import Rhythm
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
# Where the hours are known at which a carrier tells news, only these count, and they can be watched more closely.
BUSY: Final[Mapping[Status, timedelta]] = MappingProxyType(
    {
        Status.ARRIVED: 1.8 * _HOUR,
        Status.OUT_FOR_DELIVERY: 1.8 * _HOUR,
        Status.ATTEMPT_FAILED: 1.75 * _HOUR,
        Status.AVAILABLE_FOR_PICKUP: 2 * _HOUR,
        Status.EXCEPTION: 6 * _HOUR,
        Status.CUSTOMS: 6 * _HOUR,
    }
)
NEAR: Final = 1.9 * _HOUR  # on the way, when the first parcels of the lane may be at the door by now
EARLY: Final = 0.8  # which is so much of the time that the fastest in twenty take
APPROACH: Final = 0.2  # asked again when so much of the time until then has passed
PATIENCE: Final = 1.5  # silence is usual until so many times the P85 of the lane have passed
FAR: Final = 16 * _HOUR  # nothing is asked about more rarely while there is news
WAITING: Final = frozenset({Status.PENDING, Status.NOT_FOUND, Status.INFO_RECEIVED})
ROLLING: Final = frozenset({Status.PICKED_UP, Status.IN_TRANSIT})
AFTERGLOW: Final = (
    3 * _DAY
)  # a closed parcel is still asked about so long: a wrong scan is taken back, a parcel returns
QUIET: Final = ((90 * _DAY, None), (30 * _DAY, 3 * _DAY), (10 * _DAY, 12 * _HOUR))  # no news for -> ask no oftener than
PUSHED: Final = 4  # where the source tells by itself, asking is only the safety net
FIRST_RETRY: Final = timedelta(minutes=15)
LAST_RETRY: Final = _DAY
SAVING: Final = 0.5  # of the budget: below it, intervals grow until at nothing they are STRETCHED times as long
STRETCHED: Final = 4.0
MEET_S: Final = 900.0  # those who follow a number on one account meet at multiples of this, and of its doubles
MOST_DOUBLES: Final = 6  # to 16 hours
AT_THE_DOOR: Final = frozenset({Status.OUT_FOR_DELIVERY, Status.ATTEMPT_FAILED, Status.ARRIVED})  # saved last


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
    lane: Lane | None = None,
    moving_since: datetime | None = None,
    rhythm: Rhythm | None = None,
    budget: float = 1.0,
) -> datetime | None:
    """When to ask next, never before ``now``; None = retired. Times aware.

    ``status_since``: when the status began; of a parcel without news when its number became known. ``failures``: how
    often in a row asking has failed. ``pushes``: the source also tells by itself. ``lane``: how long the way takes;
    ``moving_since``: when the parcel was handed over, or first scanned. ``rhythm``: when the carrier tells news there.
    ``budget``: the share of the account's questions that is left, 0 to 1.
    """
    if asked_at is None:
        return now
    quiet = now - max(status_since, last_event_at or status_since)
    least = next((interval for age, interval in QUIET if quiet >= age), timedelta())
    if least is None or (closed(status) and quiet >= AFTERGLOW):
        return None
    if failures:
        return max(now, asked_at + retry_after(failures))
    if closed(status) or answer is TrackAnswer.REJECTED:
        return max(now, asked_at + _DAY)
    interval = _interval(status, lane, moving_since, asked_at, known=rhythm is not None)
    if not _silence_is_usual(status, lane, moving_since, now):
        interval = max(least, interval)
    if pushes:
        interval = min(_DAY, interval * PUSHED)
    if budget < SAVING:
        interval *= _stretch(status, budget)
    if rhythm is None or interval >= USUAL:
        return max(now, asked_at + interval)
    return max(now, min(rhythm.after(asked_at, interval / _HOUR), asked_at + FAR))


def _interval(
    status: Status, lane: Lane | None, moving_since: datetime | None, asked_at: datetime, *, known: bool
) -> timedelta:
    """The time between two questions; in busy hours where a rhythm is ``known``."""
    usual = (BUSY if known else INTERVALS).get(status) or INTERVALS.get(status, USUAL)
    if lane is None or lane.transit_p05 is None:
        return usual
    fastest, near = lane.transit_p05 * EARLY, NEAR if known else INTERVALS[Status.ARRIVED]
    if status in WAITING:  # it may have been handed over a moment ago
        return max(near, min(usual, fastest * APPROACH))
    if status not in ROLLING or moving_since is None:
        return usual
    return max(near, min(FAR, (moving_since + fastest - asked_at) * APPROACH))


def _silence_is_usual(status: Status, lane: Lane | None, moving_since: datetime | None, now: datetime) -> bool:
    """Lanes around the world have no scan for weeks, and then the parcel is there."""
    if status not in ROLLING or lane is None or lane.transit_p85 is None or moving_since is None:
        return False
    return now < moving_since + lane.transit_p85 * PATIENCE


def _stretch(status: Status, budget: float) -> float:
    """How much rarer to ask when the budget runs out: all of it far away, a third of it at the door."""
    short = (SAVING - max(0.0, budget)) / SAVING * (STRETCHED - 1)
    return 1 + (short / 3 if status in AT_THE_DOOR else short)


def meeting(at: datetime, asked_at: datetime, now: datetime, number: str) -> datetime:
    """The moment near ``at`` when everybody asks who waits about as long for the same normalized number: those who know
    nothing of one another ask together. It depends on the caller's own wait and on the number, on nobody else; what is
    due is due. At least half of the wait is waited, never before ``now``.
    """
    wait = (at - asked_at).total_seconds()
    if at <= now or wait < MEET_S:
        return at
    step = MEET_S * (1 << min(MOST_DOUBLES, int(wait / MEET_S).bit_length() - 1))
    begin = int.from_bytes(hashlib.blake2b(number.encode(), digest_size=4).digest()) % (MEET_S * (1 << MOST_DOUBLES))
    slot = begin + round((at.timestamp() - begin) / step) * step
    return max(now, datetime.fromtimestamp(slot, UTC))


def spread(wait: timedelta, seed: int) -> timedelta:
    """Between three quarters of ``wait`` and all of it, always the same for a seed: what failed together does not come
    back together.
    """
    share = int.from_bytes(hashlib.blake2b(str(seed).encode(), digest_size=4).digest()) / (1 << 32)
    return wait * (1 - share / 4)


def retry_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row (1 or more): doubles from 15 minutes to a day."""
    return min(LAST_RETRY, FIRST_RETRY * (1 << min(failures - 1, 10)))
