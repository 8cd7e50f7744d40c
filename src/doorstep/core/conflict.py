"""Who says something else than the headline, since when, and why we do not go by it. Nothing is hidden (and nothing
decided) here: ``timeline.current`` decides, this says what it decided against.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from doorstep.core.event import TrackingEvent
from doorstep.core.status import NO_NEWS, Status
from doorstep.core.timeline import Placed, current, placed, surely_later, too_far_ahead

_SAYS_LITTLE: Final = NO_NEWS | {Status.UNKNOWN, Status.INFO_RECEIVED}


class End(StrEnum):
    """Where a status says that the parcel is going; two of them cannot both be true."""

    BUYER = "buyer"  # delivered
    SENDER = "sender"  # coming back, or back
    NOWHERE = "nowhere"  # cancelled
    OPEN = "open"  # still on the road


_ENDS: Final = {
    Status.DELIVERED: End.BUYER,
    Status.RETURNING: End.SENDER,
    Status.RETURNED: End.SENDER,
    Status.CANCELLED: End.NOWHERE,
}


class Why(StrEnum):
    """Why the headline is believed, and the other word is not."""

    LATER = "later"  # the headline's scan is the later one
    STANDS = "stands"  # a stray scan does not undo a delivery or a return
    TAKEN_BACK = "taken_back"  # the other word's own source does not say it any more
    OTHERS = "others"  # the source took its delivery back, and somebody else still says it
    SCANS = "scans"  # only scans change the status; this is somebody's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One word about a parcel. ``source`` is as in ``TrackingEvent``, or whoever gave his word. ``at``: since when it
    is said, aware UTC (a local time of unknown zone is read as UTC), None = not said. ``key`` is its scan's
    ``event_key``, b"" for a word without a scan.
    """

    source: str
    status: Status
    at: datetime | None = None
    key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """``other`` says what cannot be true beside ``believed``, the headline. ``since``: the later of their times."""

    believed: Voice
    other: Voice
    since: datetime | None
    why: Why


def conflicts(
    events: Collection[TrackingEvent],
    now: datetime,
    *,
    gone: Iterable[TrackingEvent] = (),
    words: Iterable[Voice] = (),
) -> tuple[Conflict, ...]:
    """Everything that contradicts the headline of ``events``, one per source, in the order of their names.

    A source that is merely behind contradicts nothing. ``gone``: scans that their source does not say any more.
    ``words``: what is said without a scan (a store that shows "delivered", a shopper who misses it: any status but
    DELIVERED), of which those that do not contradict are left out. Without a headline nothing is believed yet.
    """
    line = [one for one in placed(events) if not too_far_ahead(one, now)]
    key = current(events, now).headline_key
    head = next((one for one in line if one.key == key), None)
    if head is None:
        return ()
    found: dict[str, Conflict] = {}
    lost = [one for one in placed(gone) if not too_far_ahead(one, now)]
    for other, why in (*_scans(line, head), *_taken_back(line, lost, head), *_by_word(words, head)):
        since = max((at for at in (head.own, other.at) if at), default=None)
        told = found.setdefault(other.source, Conflict(believed=_voice(head), other=other, since=since, why=why))
        if told.why is why and since and told.since and since < told.since:  # said before, and now again
            found[other.source] = replace(told, since=since)
    return tuple(found[source] for source in sorted(found))


def _voice(one: Placed) -> Voice:
    return Voice(source=one.event.source, status=one.event.status, at=one.own, key=one.key)


def _end(one: Placed) -> End:
    return _ENDS.get(one.event.status, End.OPEN)


def _scans(line: list[Placed], head: Placed) -> Iterator[tuple[Voice, Why]]:
    """Of each source its last scan that says something else than the headline, where it is not merely older news."""
    before = {one.key for one in line[: line.index(head)]}
    for one in reversed(line):
        if one.event.status in _SAYS_LITTLE or _end(one) is _end(head):
            continue
        if one.key not in before and surely_later(one, head):
            yield _voice(one), Why.STANDS
        elif one.event.source != head.event.source and not _a_step_before(one, head):
            yield _voice(one), Why.LATER


def _a_step_before(one: Placed, head: Placed) -> bool:
    """True if a parcel of which ``one`` was true may well have come to ``head``: the source is only behind."""
    return _end(one) is End.OPEN or (_end(one) is End.BUYER and _end(head) is End.SENDER)


def _taken_back(line: list[Placed], lost: list[Placed], head: Placed) -> Iterator[tuple[Voice, Why]]:
    """Ends that a source told and does not tell any more. If it is the headline's own end, others still say it, and
    what the source says instead is the other word.
    """
    for one in reversed(lost):
        said = [other for other in line if other.event.source == one.event.source]
        if _end(one) is End.OPEN or any(_end(other) is _end(one) for other in said):
            continue
        if _end(one) is not _end(head):
            yield _voice(one), Why.TAKEN_BACK
        elif said:
            yield _voice(said[-1]), Why.OTHERS


def _by_word(words: Iterable[Voice], head: Placed) -> Iterator[tuple[Voice, Why]]:
    for word in words:
        if (word.status is Status.DELIVERED) is not (_end(head) is End.BUYER):
            yield word, Why.SCANS
