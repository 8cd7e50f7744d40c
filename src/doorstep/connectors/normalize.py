"""Saved answers of carriers, read as the product would read them; nothing is asked and nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from doorstep.connectors.contract import Answer, Broken, Can, Connector, Facts, Word
from doorstep.connectors.registry import connectors
from doorstep.core.event import TrackingEvent
from doorstep.core.message import Message
from doorstep.core.order import Track
from doorstep.core.status import Reason, Status
from doorstep.core.timeline import current, merge

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class NoSuchCarrier(LookupError):
    """There is no carrier connector of that name; ``message`` lists those that there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.message = Message(id="normalize.no_such_carrier", values={"name": name, "known": ", ".join(known)})
        super().__init__(f"no carrier connector {name!r}; there are {', '.join(known)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalized:
    """One parcel of an answer. ``status`` and ``reason`` are the headline (``timeline.current``); ``events`` run first
    to happen first. ``track`` is all that the connector read. ``words`` (what no mapping knows) and ``bad`` (one line
    for each item that could not be read) are those of the whole answer.
    """

    source: str
    track: Track
    status: Status
    reason: Reason | None
    events: tuple[TrackingEvent, ...]
    words: tuple[Word, ...]
    bad: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON values: times in ISO 8601, null where unknown, ``offset`` in minutes east of UTC."""
        return {
            "number": self.track.number,
            "carrier": self.track.carrier or None,
            "status": self.status,
            "reason": self.reason,
            "events": [_event(one) for one in self.events],
            "source": self.source,
            "answer": self.track.answer,
            "said": self.track.said or None,
            "unknown_words": [one.text for one in self.words],
            "unreadable": list(self.bad),
        }


def normalize(carrier: str, body: bytes, now: datetime | None = None) -> tuple[Normalized, ...]:
    """The parcels of one saved answer (or webhook) of a carrier connector, by its name in the registry.

    ``now`` is aware; a scan more than 26 hours ahead of it does not make the headline. Without it, it is the time of
    the newest scan. Raises NoSuchCarrier, and the Trouble that the answer is: Broken says where it does not fit.
    """
    known = connectors("carrier")
    if carrier not in known:
        raise NoSuchCarrier(carrier, sorted(known))
    facts = _read(known[carrier], body)
    return tuple(_normalized(carrier, facts, track, now) for track in facts.tracks)


def _read(connector: Connector, body: bytes) -> Facts:
    """An answer to a question; what is none may be a webhook, where the vendor has them."""
    try:
        return connector.read(Answer(what="track", body=body, received_at=_NEVER))
    except Broken as problem:
        if Can.HOOKS not in connector.meta.can:
            raise
        try:
            return connector.read(Answer(what="push", body=body, received_at=_NEVER))
        except Broken:
            raise problem from None


def _normalized(source: str, facts: Facts, track: Track, now: datetime | None) -> Normalized:
    events = merge(track.events)
    told = current(events, now or max(filter(None, map(_time, events)), default=_NEVER), track.answer)
    return Normalized(
        source=source,
        track=track,
        status=told.status,
        reason=told.reason or track.reason,
        events=events,
        words=facts.words,
        bad=facts.bad,
    )


def _time(event: TrackingEvent) -> datetime | None:
    return event.instant or (event.local.replace(tzinfo=UTC) if event.local else None)


def _event(event: TrackingEvent) -> dict[str, Any]:
    return {
        "status": event.status,
        "reason": event.reason,
        "local": event.local.isoformat() if event.local else None,
        "offset": event.offset,
        "instant": event.instant.isoformat() if event.instant else None,
        "instant_from": event.instant_from or None,
        "place": event.place,
        "raw_code": event.raw_code,
        "raw_text": event.raw_text,
    }
