"""What 17TRACK says about parcels (API v2.2), as tracks. The older shapes are in ``old``.

A scan without a code that we know is read by its words.
One bad number or event never spoils an answer: it is counted in ``Facts.bad`` and the others are kept.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from doorstep.connectors.answers import place
from doorstep.connectors.carriers.seventeen import old
from doorstep.connectors.carriers.seventeen.envelope import NO_NEWS, Error, Item, decode, items, opened
from doorstep.connectors.contract import Answer, Facts, Word
from doorstep.core.event import InstantFrom, TrackingEvent, When, when
from doorstep.core.number import carrier_by_key
from doorstep.core.order import Role, SaidNumber, Track, TrackAnswer
from doorstep.core.status import Status
from doorstep.core.status_maps import System, codes
from doorstep.core.words import read_words

SOURCE: Final = "seventeen_track"


# Main and sub status, and the stage words of an event that has no sub status.
READINGS: Final = {
    detail or main: (one.status, one.reason) for (main, detail), one in codes(System.SEVENTEEN_TRACK).items()
}
UNSEEN: Final = frozenset({"DeliveryFailure", "Expired", "Returned", "Returning"})  # in no recording yet


class _Status(msgspec.Struct):
    status: str | None = None
    sub_status: str | None = None
    sub_status_descr: str | None = None


class _Estimate(msgspec.Struct):
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class _Metrics(msgspec.Struct):
    estimated_delivery_date: _Estimate | None = None


class _Misc(msgspec.Struct):
    local_number: str | None = None
    local_provider: str | None = None


class _Provider(msgspec.Struct):
    events: list[msgspec.Raw] | None = None


class _Tracking(msgspec.Struct):
    providers: list[_Provider] | None = None


class _Info(msgspec.Struct):
    latest_status: _Status | None = None
    time_metrics: _Metrics | None = None
    misc_info: _Misc | None = None
    tracking: _Tracking | None = None


class _RawTime(msgspec.Struct):
    date: str | None = None
    time: str | None = None


class _Address(msgspec.Struct):
    country: str | None = None
    state: str | None = None
    city: str | None = None


class _Event(msgspec.Struct):
    description: str | None = None
    time_iso: str | None = None
    time_utc: str | None = None
    time_raw: _RawTime | None = None
    location: str | None = None
    stage: str | None = None
    sub_status: str | None = None
    address: _Address | None = None


class _Push(msgspec.Struct):
    event: str
    data: msgspec.Raw


def tracked(answer: Answer) -> Facts:
    """Of ``gettrackinfo``, v2.2 or v1, or of the web site's own list."""
    packages = old.packages(answer.body)
    if packages is not None:
        return _facts((_older(number, 0, track) for number, track in packages), ())
    data = opened(answer)
    accepted, bad = items(data.accepted)
    rejected, worse = items(data.rejected)
    refused = Facts(tracks=tuple(_rejection(item) for item in rejected))
    return _facts((*map(_of_item, accepted), refused), bad + worse)


def pushed(answer: Answer) -> Facts:
    """Of a webhook: TRACKING_UPDATED brings what ``gettrackinfo`` would; TRACKING_STOPPED may bring a bare number."""
    push = decode(answer.body, _Push)
    bare = bytes(push.data).lstrip()[:1] == b"{"  # v2 pushes one number, v1 a list
    raw = [push.data] if bare else decode(push.data, list[msgspec.Raw])
    numbers, bad = items(raw)
    return _facts((_of_item(item, push.event) for item in numbers), bad)


def _facts(parts: Iterable[Facts], bad: tuple[str, ...]) -> Facts:
    kept = tuple(parts)
    return Facts(
        tracks=tuple(track for part in kept for track in part.tracks),
        words=tuple(dict.fromkeys(word for part in kept for word in part.words)),
        bad=bad + tuple(line for part in kept for line in part.bad),
    )


def _rejection(item: Item) -> Track:
    """No news yet is an answer; everything else (not registered, no carrier detected, wrong format) is a rejection."""
    error = item.error or Error()
    answer = TrackAnswer.NOTHING if error.code == NO_NEWS else TrackAnswer.REJECTED
    return Track(number=item.number, answer=answer, said=f"{error.code} {error.message or ''}".strip(), complete=False)


def _of_item(item: Item, push: str = "") -> Facts:
    key = item.carrier or 0
    if item.track:
        return _older(item.number, key, item.track)
    said = bytes(item.track_info)
    if said in {b"", b"null"}:
        answer = TrackAnswer.REJECTED if push else TrackAnswer.NOTHING
        bare = Track(number=item.number, answer=answer, said=push, complete=False)
        return Facts(tracks=(replace(bare, carrier=carrier_by_key(key), carrier_key=str(key or "")),))
    try:
        info = msgspec.json.decode(said, type=_Info)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Facts(bad=(f"{item.number}: {error}",))
    return _of_info(item.number, key, info)


def _of_info(number: str, key: int, info: _Info) -> Facts:
    told, bad = _events(info)
    latest = info.latest_status or _Status()
    word = latest.sub_status or latest.status or ""
    status, reason = READINGS.get(word, (Status.UNKNOWN, None))
    nothing = TrackAnswer.NOT_FOUND if status is Status.NOT_FOUND else TrackAnswer.NOTHING
    metrics = info.time_metrics or _Metrics()
    eta = metrics.estimated_delivery_date or _Estimate()
    track = Track(
        number=number,
        answer=TrackAnswer.EVENTS if told else nothing,
        carrier=carrier_by_key(key),
        carrier_key=str(key or ""),
        events=tuple(told),
        complete=bool(told) and not bad,  # a moment without events undoes none
        last_mile=_last_mile(number, info.misc_info or _Misc()),
        eta_from=_day(eta.from_),
        eta_to=_day(eta.to),
        reason=None if told else reason,
        said="" if told else latest.sub_status_descr or "",
    )
    samples = {word: latest.sub_status_descr or ""} | {event.raw_code: event.raw_text for event in told}
    samples |= {event.raw_text: "" for event in told if not event.raw_code and event.status is Status.UNKNOWN}
    words = tuple(Word(text=text, sample=sample) for text, sample in samples.items() if text and text not in READINGS)
    return Facts(tracks=(track,), words=words, bad=tuple(bad))


def _events(info: _Info) -> tuple[list[TrackingEvent], list[str]]:
    """Events of all providers. Each provider tells its newest first; the first-mile provider comes first."""
    events: list[TrackingEvent] = []
    bad: list[str] = []
    providers = info.tracking.providers if info.tracking else None
    for provider in providers or ():
        for raw in reversed(provider.events or ()):
            try:
                events.append(_event(msgspec.json.decode(raw, type=_Event), len(events)))
            except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as error:
                bad.append(f"event: {error}")
    return events, bad


def _event(said: _Event, position: int) -> TrackingEvent:
    word = said.sub_status or said.stage or ""
    status, reason = READINGS.get(word) or read_words(said.description or "")
    at = _time(said)
    address = said.address or _Address()
    return TrackingEvent(
        source=SOURCE,
        raw_text=said.description or "",
        raw_code=word,
        status=status,
        reason=reason,
        local=at.local,
        offset=at.offset,
        instant=at.instant,
        instant_from=InstantFrom.STATED if at.instant else InstantFrom.NONE,
        place=place(address.city or address.state, address.country, said.location),
        position=position,
        day_only=at.day_only,
    )


def _time(said: _Event) -> When:
    """``time_iso`` has the offset when 17TRACK knows it; ``time_raw`` is what the carrier printed, at times a day
    only, of which ``time_utc`` makes an hour that nobody said. It is UTC by its name. Raises ValueError for a text that
    is no time.
    """
    raw = said.time_raw or _RawTime()
    text = said.time_iso or " ".join(part for part in (raw.date, raw.time) if part)
    at = when(text)
    if at.instant is None and not at.day_only and said.time_utc:
        utc = datetime.fromisoformat(said.time_utc)
        return at._replace(instant=(utc if utc.tzinfo else utc.replace(tzinfo=UTC)).astimezone(UTC))
    return at


def _last_mile(number: str, misc: _Misc) -> SaidNumber | None:
    if not misc.local_number or misc.local_number == number:
        return None
    return SaidNumber(text=misc.local_number, role=Role.LOCAL, carrier=misc.local_provider or "")


def _day(text: str | None) -> date | None:
    """The date of an estimate; an estimate that cannot be read is none."""
    try:
        return datetime.fromisoformat(text).date() if text else None
    except ValueError:
        return None


def _older(number: str, key: int, track: old.Track) -> Facts:
    try:
        events = tuple(old.events(track, SOURCE))
    except ValueError as error:
        return Facts(bad=(f"{number}: {error}",))
    answer = TrackAnswer.EVENTS if events else TrackAnswer.NOTHING
    carrier = carrier_by_key(key)
    return Facts(
        tracks=(Track(number=number, answer=answer, carrier=carrier, carrier_key=str(key or ""), events=events),),
        words=tuple(_older_words(events)),
    )


def _older_words(events: Iterable[TrackingEvent]) -> Iterator[Word]:
    for one in events:
        if one.raw_code not in old.KNOWN:
            yield Word(text=one.raw_code, sample=one.raw_text)
        elif one.status is Status.UNKNOWN and one.raw_text:
            yield Word(text=one.raw_text)
