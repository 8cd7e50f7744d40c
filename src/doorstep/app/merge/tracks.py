"""What carriers say about numbers. Most of what comes, so it is read, compared and written by the hundred."""

import functools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Final, NamedTuple

from doorstep.app import archive
from doorstep.app.changes import Noted
from doorstep.app.merge.claims import generation_at, number_for
from doorstep.app.merge.source import Source, Touched, wait_for
from doorstep.app.sheet import Sheet
from doorstep.connectors.registry import connector
from doorstep.core.event import TrackingEvent
from doorstep.core.number import carrier_named, normalize
from doorstep.core.order import SaidNumber, Track
from doorstep.core.timeline import event_key
from doorstep.db.models import Connection, Event, Number, NumberLink, Watch

READER = 1  # raise when all connectors read better: a change of theirs that their tables do not show
SAID_AGAIN: Final = (
    *("status", "reason", "local", "instant", "instant_from", "reader_version"),
    *("last_said", "position", "known_at"),
)
ANSWERED: Final = (
    "answer",
    "said",
    "carrier",
    "remote_ref",
    "eta_from",
    "eta_to",
    "changed_at",
    "snapshot_at",
    "answered_at",
    "last_mile_id",
    "last_mile_carrier",
    "last_mile_at",
)


def reading_of(account: Connection) -> int:
    """Tells how a connection's answers are read: another number whenever its connector's table of words is another."""
    return _reading(account.kind, account.connector)


@functools.cache
def _reading(kind: str, name: str) -> int:
    words = sorted(connector(kind, name).status.items())
    return zlib.crc32(repr((READER, words)).encode()) >> 1  # fits a signed column of 32 bits


class Told(NamedTuple):
    """One answer about one number, by whom, and where to note what it touched."""

    source: Source
    track: Track
    touched: Touched


@dataclass(slots=True)
class Known:
    """What the ledger has of the numbers that are told about."""

    sheet: Sheet
    numbers: dict[str, list[Number]]  # by normalized number, the newest generation first
    watches: dict[tuple[int, int], Watch] = field(default_factory=dict)  # by number and account
    events: dict[tuple[int, str], dict[bytes, Event]] = field(default_factory=dict)  # by number and source, then key


def merge_tracks(told: Sequence[Told]) -> None:
    """Bring answers about numbers of one workspace into the ledger, the oldest first. A number that nobody told us
    about waits: a push may overtake the order.
    """
    if not told:
        return
    known = _known(told)
    for source, track, touched in told:
        norm = normalize(track.number)
        number = generation_at(known.numbers.get(norm, ()), source.received_at)
        if number is None:
            wait_for(source, f"number:{norm}")
        else:
            _merge(known, source, number, track, touched)
            touched.numbers.add(number.id)
    known.sheet.write()


def _known(told: Sequence[Told]) -> Known:
    ws, norms = told[0].source.ws, {normalize(one.track.number) for one in told}
    known, ids = Known(Sheet(ws), {}), []
    for number in Number.objects.filter(ws=ws, norm__in=norms).order_by("-generation"):
        known.numbers.setdefault(number.norm, []).append(number)
        ids.append(number.id)
    accounts = {one.source.connection.id for one in told}
    watches = Watch.objects.select_for_update().filter(ws=ws, number_id__in=ids, connection_id__in=accounts)
    known.watches = {(one.number_id, one.connection_id): one for one in watches.order_by("number_id")}
    archive.bring_back(ws, ids)
    for event in Event.objects.filter(ws=ws, number_id__in=ids, source__in={one.source.name for one in told}):
        known.events.setdefault((event.number_id, event.source), {})[bytes(event.key16)] = event
    return known


def _merge(known: Known, source: Source, number: Number, said: Track, touched: Touched) -> None:
    watch = known.watches.get((number.id, source.connection.id))
    if watch is None:
        watch = known.sheet.add(Watch(pk=(source.ws, number.id, source.connection.id)))
        known.watches[number.id, source.connection.id] = watch
    _merge_events(known, source, number, said.events)
    if said.last_mile:
        _merge_last_mile(known, source, watch, said.last_mile, touched)
    _put_on_watch(source, watch, said)
    known.sheet.put(watch, *ANSWERED)


def _merge_events(known: Known, source: Source, number: Number, said: Iterable[TrackingEvent]) -> None:
    rows = known.events.setdefault((number.id, source.name), {})
    once = {event_key(_named(event, source)): event for event in reversed(tuple(said))}  # told twice: the first counts
    for key, event in reversed(once.items()):
        row = rows.get(key)
        if row is None:
            rows[key] = known.sheet.add(_row(source, number, event, key))
        else:
            _say_again(row, source, event)
            known.sheet.put(row, *SAID_AGAIN)


def _named(event: TrackingEvent, source: Source) -> TrackingEvent:
    """The same event, with the connection as its source: identity must not depend on the connector's name."""
    return replace(event, source=source.name)


def _row(source: Source, number: Number, event: TrackingEvent, key: bytes) -> Event:
    return Event(
        ws=source.ws,
        number_id=number.id,
        key16=key,
        source=source.name,
        local=_wall(event),
        offset=event.offset,
        instant=event.instant.astimezone(UTC) if event.instant else None,
        instant_from=event.instant_from.value,
        position=event.position,
        place=event.place,
        raw_code=event.raw_code,
        raw_text=event.raw_text,
        status=event.status.value,
        reason=event.reason.value if event.reason else "",
        inbox_id=source.inbox_id,
        known_at=source.received_at,
        last_said=source.received_at,
        reader_version=reading_of(source.connection),
    )


def _wall(event: TrackingEvent) -> str:
    """The wall time as it was said: a day without a time of day stays a day."""
    if event.local is None:
        return ""
    return event.local.date().isoformat() if event.day_only else event.local.isoformat()


def _say_again(row: Event, source: Source, event: TrackingEvent) -> None:
    """The raw words are the same; the source's order follows its newest answer, our reading that or a newer reader."""
    reader, newer = reading_of(source.connection), source.received_at >= row.last_said
    if newer or row.reader_version != reader:
        row.status, row.reason = event.status.value, event.reason.value if event.reason else ""
        row.local, row.instant = _wall(event), event.instant.astimezone(UTC) if event.instant else None
        row.instant_from, row.reader_version = event.instant_from.value, reader
    if newer:
        row.last_said, row.position = source.received_at, event.position
    row.known_at = min(row.known_at, source.received_at)


def _put_on_watch(source: Source, watch: Watch, said: Track) -> None:
    """The newest answer is what the carrier says now."""
    if watch.changed_at is None or source.received_at >= watch.changed_at:
        watch.answer, watch.said = said.answer.value, said.said
        watch.carrier, watch.remote_ref = said.carrier or watch.carrier, said.carrier_key or watch.remote_ref
        watch.eta_from, watch.eta_to = said.eta_from, said.eta_to
        watch.changed_at = source.received_at
        if said.complete and said.events:
            watch.snapshot_at = source.received_at
    watch.answered_at = max(watch.answered_at or source.received_at, source.received_at)


def _merge_last_mile(known: Known, source: Source, watch: Watch, said: SaidNumber, touched: Touched) -> None:
    """Another number found in the answer belongs to the same parcel; the newest one named counts."""
    norm = normalize(said.text)
    if not norm or (watch.last_mile_at and source.received_at < watch.last_mile_at):
        return
    other = number_for(source, norm, said.text)
    if other.id == watch.number_id:
        return
    if watch.last_mile_id != other.id:
        known.sheet.note(source, Noted("number", watch.number_id, "number.last_mile", new=norm))
        link = {"ws": source.ws, "from_id": watch.number_id, "to_id": other.id, "kind": "last_mile"}
        said_by = {"said_by": source.name, "known_at": source.received_at}
        NumberLink.objects.get_or_create(**link, defaults=said_by)
    watch.last_mile_id, watch.last_mile_carrier = other.id, carrier_named(said.carrier) if said.carrier else ""
    watch.last_mile_at = source.received_at
    touched.numbers.add(other.id)
