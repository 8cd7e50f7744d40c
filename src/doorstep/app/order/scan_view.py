"""The scans of one parcel as a person looks at them, and who says something else than the headline. Reading only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from doorstep.app import clock
from doorstep.core.conflict import Conflict, Voice, conflicts
from doorstep.core.event import TrackingEvent
from doorstep.core.order import Role
from doorstep.core.repeats import repeats
from doorstep.core.status import Status
from doorstep.core.timeline import belonging, counts, event_key, merge

SHOPPER: Final = "shopper"
_BOXES: Final = frozenset({Role.LOCAL.value, Role.PIECE.value})
_MARKS: Final = {"received": Status.DELIVERED, "missing": Status.EXCEPTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One event for the eye. ``local`` is the wall time as said; ``offset`` minutes east of UTC, None = zone not said;
    ``day_only``: no time of day was said. ``drives``: it makes the status. ``again``: told already by one that stands.
    ``stranger``: older than the purchase, so another parcel's. ``ahead``: cannot have happened yet. ``number``: whose
    scan it is, '' where a parcel's scans all have one.
    """

    local: datetime | None
    offset: int | None
    instant: datetime | None
    day_only: bool
    text: str
    place: str
    status: str
    reason: str
    source: str
    number: str
    drives: bool
    again: bool
    stranger: bool
    ahead: bool

    @property
    def shown_at(self) -> datetime | None:
        """The time to print: as the carrier said it, else the instant it gave."""
        return self.local or self.instant

    @property
    def zone(self) -> str:
        """``UTC+8``; '' when the carrier did not say."""
        if self.local is None:
            return "UTC" if self.instant else ""
        if self.offset is None:
            return ""
        sign, minutes = "-" if self.offset < 0 else "+", abs(self.offset)
        return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody says about the parcel. ``who`` '' = a connection that is gone, or the shopper (``by_shopper``);
    ``says`` is a sentence's key; ``at`` None = no time was said.
    """

    who: str
    by_shopper: bool
    says: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A word that cannot be true beside the headline. ``why``: a ``core.conflict.Why``."""

    believed: Word
    other: Word
    since: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One parcel's timeline: ``scans`` newest first, then strangers; ``lost``: not said any more."""

    scans: tuple[Scan, ...]
    lost: tuple[Scan, ...]
    differing: tuple[Differing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to look at. ``roles``: number ids of the parcel with their role, '' = past. ``legs``: pairs of
    number ids that are stretches of one way. ``said``/``lost``: the scans of each, said now and not said any more.
    ``shown``/``bought``: the ids of stores and suppliers that call it delivered, with when. ``names`` by source.
    """

    roles: Mapping[int, str]
    texts: Mapping[int, str]
    said: Mapping[int, Sequence[TrackingEvent]]
    lost: Mapping[int, Sequence[TrackingEvent]]
    headline: bytes
    not_before: datetime | None
    names: Mapping[str, str]
    legs: Collection[tuple[int, int]] = ()
    mark: str = ""
    delivered: Mapping[str, datetime | None] = field(default_factory=dict)


def timeline(told: Told) -> Line:
    """The timeline of a parcel."""
    now = clock.now()
    own, strange = belonging(_events(told.said, told.roles), told.not_before)
    lost = merge(event for event in _events(told.lost, told.roles) if counts(event, told.not_before, now))
    again = repeats(own, told.headline)
    whose = _whose(told)
    show = _Show(told, whose, now)
    return Line(
        scans=(
            *(show.scan(one, again=event_key(one) in again) for one in reversed(own)),
            *(show.scan(one, stranger=True) for one in reversed(strange)),
        ),
        lost=tuple(show.scan(one) for one in reversed(lost)),
        differing=tuple(show.differing(one) for one in _conflicts(told, now)),
    )


def _events(rows: Mapping[int, Sequence[TrackingEvent]], ids: Iterable[int]) -> list[TrackingEvent]:
    return [one for number in ids for one in rows.get(number, ())]


def _whose(told: Told) -> dict[bytes, str]:
    """The number of each scan, where scans of several are in one timeline."""
    scanned = [number for number in told.roles if told.said.get(number) or told.lost.get(number)]
    if len(scanned) < 2:
        return {}
    rows = [*((number, told.said) for number in scanned), *((number, told.lost) for number in scanned)]
    return {event_key(one): told.texts[number] for number, some in rows for one in some.get(number, ())}


def _conflicts(told: Told, now: datetime) -> tuple[Conflict, ...]:
    """Of the box that drives the headline: what another box does contradicts nothing."""
    ids = [number for number in told.roles if _same_box(told, number)]
    own = [event for event in _events(told.said, ids) if counts(event, told.not_before, now)]
    lost = [event for event in _events(told.lost, ids) if counts(event, told.not_before, now)]
    words = [Voice(source=source, status=Status.DELIVERED, at=at) for source, at in told.delivered.items()]
    if told.mark in _MARKS:
        words.append(Voice(source=SHOPPER, status=_MARKS[told.mark]))
    return conflicts(own, now, gone=lost, words=words)


def _same_box(told: Told, number: int) -> bool:
    """Whether a number's scans are about what the headline is about."""
    if told.roles[number] == Role.RETURN.value:
        return False
    leading = {one for one, rows in told.said.items() if any(event_key(row) == told.headline for row in rows)}
    linked = leading | {two for pair in told.legs for two in pair if leading & set(pair)}
    return not leading or number in linked or told.roles[number] not in _BOXES


@dataclass(frozen=True, slots=True)
class _Show:
    """Values as they are shown."""

    told: Told
    whose: Mapping[bytes, str]
    now: datetime

    def scan(self, event: TrackingEvent, *, again: bool = False, stranger: bool = False) -> Scan:
        key = event_key(event)
        return Scan(
            local=event.local,
            offset=event.offset,
            instant=event.instant,
            day_only=event.day_only,
            text=event.raw_text,
            place=event.place,
            status=event.status.value,
            reason=event.reason.value if event.reason else "",
            source=self.told.names.get(event.source, ""),
            number=self.whose.get(key, ""),
            drives=key == self.told.headline,
            again=again,
            stranger=stranger,
            ahead=not counts(event, None, self.now),
        )

    def differing(self, one: Conflict) -> Differing:
        return Differing(
            believed=self.word(one.believed), other=self.word(one.other), since=one.since, why=one.why.value
        )

    def word(self, voice: Voice) -> Word:
        missed = voice.source == SHOPPER and voice.status is not Status.DELIVERED
        return Word(
            who=self.told.names.get(voice.source, ""),
            by_shopper=voice.source == SHOPPER,
            says="differ.says.missing" if missed else f"status.{voice.status}",
            at=voice.at,
        )
