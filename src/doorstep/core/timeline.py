"""Merges what many sources say about one parcel, and says what is true now.

Every function here is a pure function of the SET of events: order of arrival and repetition change nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Reason, Responsible, Status, action_by, follows, responsible

AHEAD: Final = timedelta(hours=26)  # local times on earth differ by at most this (UTC+14 against UTC-12)
WEST: Final = timedelta(hours=12)  # a local time read as UTC is at most this much too early
STRANGER: Final = timedelta(days=2)  # scans older than the purchase by more belong to an earlier parcel of that number
_DAWN: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What is true now. ``since``: when the status began, aware UTC (a local time of unknown zone is read as UTC), None
    when no scan tells. ``headline_key`` is the ``event_key`` of the scan that drives it, b"" without one; ``source``
    is who said that scan. ``action_by``: who has to act, None = nobody.
    """

    status: Status
    reason: Reason | None = None
    responsible: Responsible | None = None
    action_by: Responsible | None = None
    since: datetime | None = None
    headline_key: bytes = b""
    source: str = ""


def event_key(event: TrackingEvent) -> bytes:
    """16 bytes from the source and the raw fields; our reading (status, reason, derived instant) is not part of it."""
    stated = event.instant if event.local is None and event.instant_from is InstantFrom.STATED else None
    when = event.local or stated
    fields = (event.source, event.raw_code, event.raw_text, event.place, when.isoformat() if when else "", event.offset)
    digest = blake2b(digest_size=16)
    for text in map(str, fields):
        raw = text.encode()
        digest.update(len(raw).to_bytes(4) + raw)
    return digest.digest()


def merge(events: Iterable[TrackingEvent]) -> tuple[TrackingEvent, ...]:
    """All events once, first to happen first.

    By instant; without one by the source's own order; between sources a local time is read as if it were UTC, which is
    wrong by at most 14 hours (an event without ``instant`` is thereby marked as placed approximately).
    """
    return tuple(event for _, event in _placed(events))


def current(events: Iterable[TrackingEvent], now: datetime, answer: TrackAnswer | None = None) -> Current:
    """The headline. A scan more than 26 h ahead of ``now`` does not drive it. ``answer`` is the last answer of the
    source, for a parcel without news: asked in vain is NOT_FOUND, never asked is PENDING.
    """
    status = Status.NOT_FOUND if answer in {TrackAnswer.NOTHING, TrackAnswer.NOT_FOUND} else Status.PENDING
    since: datetime | None = None
    headline: TrackingEvent | None = None
    for at, event in _placed(events):
        if at > now + AHEAD or not follows(status, event.status):
            continue
        if event.status is not status or headline is None:
            since = None if at == _DAWN else at
        status, headline = event.status, event
    if headline is None:
        return Current(status=status)
    return Current(
        status=status,
        reason=headline.reason,
        responsible=responsible(headline.reason),
        action_by=action_by(status, headline.reason),
        since=since,
        headline_key=event_key(headline),
        source=headline.source,
    )


def repeats(events: Iterable[TrackingEvent]) -> frozenset[bytes]:
    """Keys of scans that another source has told already: the same status or the same words in the same minute, by
    instant or by local time.

    They stay in the timeline; a page may fold them. The one that knows its instant is the one that is not folded.
    """
    told: dict[tuple[str, datetime], str] = {}
    again = set()
    for event in sorted(merge(events), key=lambda one: one.instant is None):
        for at in filter(None, (event.instant, event.local)):
            for what in _what(event):
                if told.setdefault((what, at.replace(second=0, microsecond=0)), event.source) != event.source:
                    again.add(event_key(event))
    return frozenset(again)


def _what(event: TrackingEvent) -> Iterator[str]:
    """What happened, as two sources may both put it: our status (if it is known), and their words."""
    if event.status is not Status.UNKNOWN:
        yield f"status {event.status}"
    if event.raw_text:
        yield f"words {' '.join(event.raw_text.casefold().split())}"


def belonging(
    events: Iterable[TrackingEvent], not_before: datetime | None
) -> tuple[tuple[TrackingEvent, ...], tuple[TrackingEvent, ...]]:
    """(own, strangers), each merged. A stranger is older than ``not_before`` (the purchase) by more than two days."""
    merged = merge(events)
    strangers = tuple(one for one in merged if not_before and _stranger(one, not_before))
    return tuple(one for one in merged if one not in strangers), strangers


def _stranger(event: TrackingEvent, not_before: datetime) -> bool:
    """True if the event is too old wherever on earth its time was read; without a time it gets the benefit of doubt."""
    at = _as_utc(event)
    return at is not None and at < not_before - STRANGER - (timedelta() if event.instant else WEST)


def _placed(events: Iterable[TrackingEvent]) -> list[tuple[datetime, TrackingEvent]]:
    """Each event once with the time that orders it."""
    unique: dict[bytes, TrackingEvent] = {}
    for event in events:
        key = event_key(event)
        unique[key] = min(unique.get(key, event), event, key=_reading)
    sources: dict[str, dict[bytes, TrackingEvent]] = {}
    for key, event in unique.items():
        sources.setdefault(event.source, {})[key] = event
    placed = [one for told in sources.values() for one in _place(told)]
    placed.sort(key=lambda one: (one[0], one[2].source, one[2].position, one[1]))
    return [(at, event) for at, _, event in placed]


def _reading(event: TrackingEvent) -> tuple[bool, bool, int, str, str, str]:
    """Orders readings of the same raw scan, best first; any total order makes the choice independent of arrival."""
    instant = event.instant.isoformat() if event.instant else ""
    return event.status is Status.UNKNOWN, not instant, event.position, event.status, event.reason or "", instant


def _place(told: Mapping[bytes, TrackingEvent]) -> list[tuple[datetime, bytes, TrackingEvent]]:
    """One source's events with their times. A local time that falls behind the source's own order by no more than two
    zones can differ is lifted to its predecessor: the parcel flew west. A larger fall is believed: the order is not.
    """
    placed = []
    before = _DAWN
    for key, event in sorted(told.items(), key=lambda one: (one[1].position, _as_utc(one[1]) or _DAWN, one[0])):
        at = _as_utc(event)
        if at is None or (event.instant is None and timedelta() < before - at <= AHEAD):
            at = before
        placed.append((at, key, event))
        before = at
    return placed


def _as_utc(event: TrackingEvent) -> datetime | None:
    return event.instant or (event.local.replace(tzinfo=UTC) if event.local else None)
