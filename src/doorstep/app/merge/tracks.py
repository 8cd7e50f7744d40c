"""What carriers say about numbers. Most of what comes, so it is read, compared and written by the hundred."""

import functools
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from doorstep.app.ledger import archive, scans
from doorstep.app.ledger.changes import Noted
from doorstep.app.ledger.meanings import Meanings
from doorstep.app.ledger.scans import Heard, Hearing
from doorstep.app.ledger.sheet import Sheet
from doorstep.app.merge.claims import generation_at, number_for
from doorstep.app.merge.source import Source, Touched, wait_for
from doorstep.connectors.registry import connector
from doorstep.core.number import carrier_named, normalize
from doorstep.core.order import SaidNumber, Track
from doorstep.core.status import Status
from doorstep.db.load import fetch, load
from doorstep.db.models import Connection, Number, NumberLink, Watch

READER = 1  # raise when all connectors read better: a change of theirs that their tables do not show
ANSWERED: Final = (
    "answer",
    "said",
    "carrier",
    "remote_ref",
    "eta_from",
    "eta_to",
    "changed_at",
    "answered_at",
    "knew",
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
    meanings: Meanings
    numbers: dict[str, list[Number]]  # by normalized number, the newest generation first
    watches: dict[tuple[int, int], Watch] = field(default_factory=dict)  # by number and account
    heard: defaultdict[int, list[Heard]] = field(default_factory=lambda: defaultdict(list))  # by number
    changed: set[Heard] = field(default_factory=set)  # of them, what is to be stored


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
    known.sheet.write()
    scans.store(known.sheet.ws, known.changed)


def _known(told: Sequence[Told]) -> Known:
    ws, norms = told[0].source.ws, {normalize(one.track.number) for one in told}
    known, ids = Known(Sheet(ws), Meanings(ws), {}), []
    some = ", ".join(["%s"] * len(norms))
    for number in fetch(Number, ws, f"norm IN ({some}) ORDER BY generation DESC", *norms):
        known.numbers.setdefault(number.norm, []).append(number)
        ids.append(number.id)
    accounts = {one.source.connection.id for one in told}
    watches = load(Watch, ws, "number_id", ids, order="number_id", lock=True)
    known.watches = {(one.number_id, one.connection_id): one for one in watches if one.connection_id in accounts}
    archive.bring_back(ws, ids)
    for heard in scans.of(ws, ids).values():
        known.heard[heard.number_id].append(heard)
    return known


def _merge(known: Known, source: Source, number: Number, said: Track, touched: Touched) -> None:
    watch = known.watches.get((number.id, source.connection.id))
    if watch is None:
        watch = known.sheet.add(Watch(pk=(source.ws, number.id, source.connection.id)))
        known.watches[number.id, source.connection.id] = watch
        touched.numbers.add(number.id)
    before = _led_by(watch)
    news = _merge_events(known, source, number, said)
    if said.last_mile:
        _merge_last_mile(known, source, watch, said.last_mile, touched)
    _put_on_watch(source, watch, said)
    known.sheet.put(watch, *ANSWERED)
    touched.scans.setdefault(number.id, set()).update(news)
    touched.heard[number.id] = known.heard[number.id]
    if _led_by(watch) != before:
        touched.numbers.add(number.id)


def _led_by(watch: Watch) -> tuple[object, ...]:
    """What an answer says beside its scans that makes a parcel another one."""
    return watch.carrier, watch.last_mile_id, watch.last_mile_carrier, watch.last_mile_at


def _merge_events(known: Known, source: Source, number: Number, said: Track) -> set[Status]:
    """Returns the statuses that scans have now which had not before."""
    if not said.events:
        return set()
    told = known.heard[number.id]
    heard = next((one for one in told if one.connection_id == source.connection.id), None)
    if heard is None:
        heard = Heard(number.id, source.connection.id, meanings=known.meanings)
        told.append(heard)
    by = Hearing(source.received_at, source.inbox_id, reading_of(source.connection), said.complete)
    news = heard.hear(said.events, by)
    if news is not None:
        known.changed.add(heard)
    return news or set()


def _put_on_watch(source: Source, watch: Watch, said: Track) -> None:
    """The newest answer is what the carrier says now."""
    if watch.changed_at is None or source.received_at >= watch.changed_at:
        watch.answer, watch.said = said.answer.value, said.said
        watch.carrier, watch.remote_ref = said.carrier or watch.carrier, said.carrier_key or watch.remote_ref
        watch.eta_from, watch.eta_to = said.eta_from, said.eta_to
        watch.changed_at = source.received_at
    watch.knew = watch.knew or bool(said.events)
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
