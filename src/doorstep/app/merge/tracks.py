"""What carriers say about numbers."""

from dataclasses import replace
from datetime import UTC

from doorstep.app.changes import Noted, note
from doorstep.app.merge.claims import number_at, number_for
from doorstep.app.merge.source import Source, Touched, wait_for
from doorstep.core.event import TrackingEvent
from doorstep.core.number import carrier_named, normalize
from doorstep.core.order import SaidNumber, Track
from doorstep.core.timeline import event_key
from doorstep.db.models import Event, Number, NumberLink, Watch

READER = 1  # raise when a better reader should replay the inbox


def merge_track(source: Source, said: Track, touched: Touched) -> int:
    """Bring one answer about one number into the ledger; returns how many scans were new. A number that nobody told us
    about waits: a push may overtake the order.
    """
    norm = normalize(said.number)
    number = number_at(source.ws, norm, source.received_at)
    if number is None:
        wait_for(source, f"number:{norm}")
        return 0
    watch, _ = Watch.objects.select_for_update().get_or_create(
        ws=source.ws, number_id=number.id, connection_id=source.connection.id
    )
    added = _merge_events(source, number, said)
    if said.last_mile:
        _merge_last_mile(source, watch, said.last_mile, touched)
    _put_on_watch(source, watch, said)
    touched.numbers.add(number.id)
    return added


def _merge_events(source: Source, number: Number, said: Track) -> int:
    known = {
        bytes(row.key16): row for row in Event.objects.filter(ws=source.ws, number_id=number.id, source=source.name)
    }
    fresh: dict[bytes, Event] = {}
    for event in said.events:
        key = event_key(_named(event, source))
        row = known.get(key) or fresh.get(key)
        if row is None:
            fresh[key] = _row(source, number, event, key)
        else:
            _say_again(row, source, event)
    Event.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    return len(fresh)


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
        reader_version=READER,
    )


def _wall(event: TrackingEvent) -> str:
    """The wall time as it was said: a day without a time of day stays a day."""
    if event.local is None:
        return ""
    return event.local.date().isoformat() if event.day_only else event.local.isoformat()


def _say_again(row: Event, source: Source, event: TrackingEvent) -> None:
    """The raw words are the same; our reading and the source's order follow its newest answer."""
    if row._state.adding:  # told twice within one answer
        return
    if source.received_at >= row.last_said:
        row.last_said, row.position, row.reader_version = source.received_at, event.position, READER
        row.status, row.reason = event.status.value, event.reason.value if event.reason else ""
    row.known_at = min(row.known_at, source.received_at)
    Event.objects.filter(ws=row.ws, number_id=row.number_id, key16=row.key16).update(
        last_said=row.last_said,
        position=row.position,
        reader_version=row.reader_version,
        status=row.status,
        reason=row.reason,
        known_at=row.known_at,
    )


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
    watch.save()


def _merge_last_mile(source: Source, watch: Watch, said: SaidNumber, touched: Touched) -> None:
    """Another number found in the answer belongs to the same parcel; the newest one named counts."""
    norm = normalize(said.text)
    if not norm or (watch.last_mile_at and source.received_at < watch.last_mile_at):
        return
    other = number_for(source, norm, said.text)
    if other.id == watch.number_id:
        return
    if watch.last_mile_id != other.id:
        note(source, Noted("number", watch.number_id, "number.last_mile", new=norm))
        NumberLink.objects.get_or_create(
            ws=source.ws,
            from_id=watch.number_id,
            to_id=other.id,
            kind="last_mile",
            defaults={"said_by": source.name, "known_at": source.received_at},
        )
    watch.last_mile_id, watch.last_mile_carrier = other.id, carrier_named(said.carrier) if said.carrier else ""
    watch.last_mile_at = source.received_at
    touched.numbers.add(other.id)
