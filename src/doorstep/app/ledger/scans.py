"""All scans that one source told of one number, in one value: they are read, compared and written together, and take a
fifth of the room that a row each would. ``app.ledger.packed`` says how they are written.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from doorstep.app.ledger import packed as form
from doorstep.app.ledger.meanings import Meanings, Meant, words_of
from doorstep.app.ledger.packed import Answer, Ident, Packed, Row
from doorstep.core.event import TrackingEvent
from doorstep.core.status import Status
from doorstep.core.timeline import event_key
from doorstep.db import bulk, queries
from doorstep.db.load import made
from doorstep.db.models import Scans

_UNKNOWN: Final = form.STATUS[Status.UNKNOWN]


class Hearing(NamedTuple):
    """An answer as far as its scans are concerned: when it came, in which inbox row, how it was read; ``complete``:
    what it does not say any more is gone.
    """

    at: datetime
    inbox_id: int
    reader: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A stored scan. ``said.told``: when it was said last; ``known_at``: when it was said first, by ``inbox_id``."""

    said: TrackingEvent
    known_at: datetime
    inbox_id: int
    reader: int


class Heard:
    """What one source told of one number, as it is stored. ``said`` are the scans that its newest complete answer or a
    later one says; ``gone`` are the others. What a person says that a word means (``meanings``) is put on scans when
    they are looked at, and never stored with them: taken back, it is gone.
    """

    __slots__ = ("_events", "_idents", "_meanings", "_packed", "connection_id", "number_id")

    def __init__(
        self, number_id: int, connection_id: int, packed: bytes = b"", meanings: Meanings | None = None
    ) -> None:
        self.number_id, self.connection_id, self._meanings = number_id, connection_id, meanings
        self._packed = form.unpack(packed) if packed else Packed(None, [], [])
        self._events: list[Event] | None = None
        self._idents: dict[Ident | bytes, Row] | None = None

    @property
    def snapshot_at(self) -> datetime | None:
        """When the newest complete answer with scans came."""
        return form.when(self._packed.snapshot)

    @property
    def said(self) -> list[Event]:
        """The scans that the source still says."""
        newest = self.snapshot_at
        return [one for one in self.events() if _still_said(one, newest)]

    @property
    def gone(self) -> list[Event]:
        """The scans that the source does not say any more."""
        newest = self.snapshot_at
        return [one for one in self.events() if not _still_said(one, newest)]

    def __len__(self) -> int:
        return len(self._packed.rows)

    def events(self) -> list[Event]:
        """All scans, in the order in which they were first said."""
        if self._events is None:
            self._events = list(self._unfolded())
        return self._events

    def news_since(self, at: datetime) -> int:
        """How many scans were said for the first time at ``at`` or later."""
        answers, since = self._packed.answers, form.micros(at)
        return sum(answers[row.answer].known_at >= since for row in self._packed.rows)

    def read_by_others(self, reader: int) -> list[int]:
        """Of each scan that somebody else than ``reader`` has read, the inbox row that told it."""
        answers = [self._packed.answers[row.answer] for row in self._packed.rows]
        return [one.inbox_id for one in answers if one.reader != reader]

    @property
    def reader(self) -> int:
        """Who read the scans; 0 = not all of them the same."""
        readers = {self._packed.answers[row.answer].reader for row in self._packed.rows}
        return readers.pop() if len(readers) == 1 else 0

    def hear(self, told: Sequence[TrackingEvent], by: Hearing) -> set[Status] | None:
        """Take in the scans of one answer. In whichever order answers come in, the same is known in the end: the
        reading and the order of the newest, the age of the oldest. Returns the statuses of scans that are new, are said
        again or have another status now; None when nothing at all is different.
        """
        packed, rows = self._packed, self._by_ident()
        at, before = form.micros(by.at), packed.snapshot
        newest = by.complete and bool(told) and (before is None or at >= before)
        again, news, changed = set[int](), set[Status](), newest and before != at
        for event in told:
            ident = form.ident(event)
            row = rows.get(ident) or self._mended(rows, event)
            if row is None:
                row = form.row_of(event, self._place(Answer(by.inbox_id, at, by.reader)), None if newest else at)
                packed.rows.append(row)
                rows[ident] = row
                news.add(event.status)
                changed = True
            elif id(row) not in again:  # told twice: the first counts
                status, missing = row.status, row.said is not None and row.said < (before or 0)
                changed |= self._say_again(row, event, by, at, newest=newest)
                if row.status != status or missing:
                    news.add(event.status)
            again.add(id(row))
        if newest:
            changed |= self._leave_behind(again)
            packed.snapshot = at
        self._events = None
        if Status.UNKNOWN in news:
            news |= set(self._meant_by(told))
        return news if changed else None

    def read_anew(self, reader: int, better: Mapping[str, Status], inbox_id: int) -> bool:
        """Scans of that answer which are unknown get the status of their code, and count as read by ``reader``; returns
        whether any got one.
        """
        found = False
        for row in self._packed.rows:
            answer = self._packed.answers[row.answer]
            if answer.inbox_id == inbox_id and answer.reader != reader:
                status = better.get(row.code, Status.UNKNOWN)
                if form.STATUSES[row.status] is Status.UNKNOWN and status is not Status.UNKNOWN:
                    row.status, found = form.STATUS[status], True
                row.answer = self._place(Answer(inbox_id, answer.known_at, reader))
        self._events = None
        return found

    def waiting_for(self, word: str) -> int:
        """How many scans that the source still says, and nothing could be read of, have this word."""
        newest = self._packed.snapshot or 0
        said = (row for row in self._packed.rows if row.said is None or row.said >= newest)
        return sum(row.status == _UNKNOWN and word in words_of(row.code, row.text) for row in said)

    @classmethod
    def of_plain(cls, number_id: int, connection_id: int, plain: bytes, meanings: Meanings | None = None) -> "Heard":
        """What ``plain`` gave."""
        heard = cls(number_id, connection_id, meanings=meanings)
        heard._packed = form.decode(plain)
        return heard

    def plain(self) -> bytes:
        """All of it, as the archive keeps it."""
        return form.encode(self._packed)

    def stored(self, ws: int) -> Scans:
        """The row to store."""
        values = {
            "ws": ws,
            "number_id": self.number_id,
            "connection_id": self.connection_id,
            "reader_version": self.reader,
            "packed": form.pack(self._packed),
        }
        return made(Scans, values)

    def mend(self, mended: Callable[[str], str]) -> int:
        """Put other words in the place of names in texts and places; returns in how many scans. A scan keeps its
        identity, so that what is said again does not come back with the name.
        """
        count = 0
        for row, event in zip(self._packed.rows, self.events(), strict=True):
            text, place = mended(row.text), mended(row.place)
            if (text, place) != (row.text, row.place):
                row.key = row.key or event_key(event.said)
                row.text, row.place = text, place
                count += 1
        self._events = self._idents = None
        return count

    def _meant_by(self, told: Iterable[TrackingEvent]) -> Iterator[Status]:
        """The statuses of scans of which nothing could be read, as a person said."""
        for event in told:
            meant = event.status is Status.UNKNOWN and self._meant(event.raw_code, event.raw_text)
            if meant:
                yield meant.status

    def _meant(self, code: str, text: str) -> Meant | None:
        return self._meanings.of(self.connection_id, code, text) if self._meanings else None

    def _unfolded(self) -> Iterator[Event]:
        source, newest = str(self.connection_id), self.snapshot_at
        answers = [(form.when(one.known_at), one) for one in self._packed.answers]
        for row in self._packed.rows:
            known_at, answer = answers[row.answer]
            local = datetime.fromisoformat(row.local) if row.local else None
            status, reason = form.STATUSES[row.status], form.REASONS[row.reason]
            if status is Status.UNKNOWN and (meant := self._meant(row.code, row.text)):
                status, reason = meant.status, meant.reason or reason
            said = TrackingEvent(
                source=source,
                raw_text=row.text,
                raw_code=row.code,
                status=status,
                reason=reason,
                local=local,
                offset=row.offset,
                instant=form.instant(row.instant, local),
                instant_from=form.DERIVED[row.derived],
                place=row.place,
                position=row.position,
                day_only=len(row.local) == form.DAY,
                told=newest if row.said is None else form.when(row.said),
                key=row.key,
            )
            yield Event(said, known_at or form.EPOCH, answer.inbox_id, answer.reader)

    def _by_ident(self) -> dict[Ident | bytes, Row]:
        if self._idents is None:
            self._idents = {row.key or form.ident_of(row): row for row in self._packed.rows}
        return self._idents

    def _mended(self, rows: dict[Ident | bytes, Row], event: TrackingEvent) -> Row | None:
        """A scan in whose words something was taken out is found by its key."""
        if not any(row.key for row in self._packed.rows):
            return None
        return rows.get(event_key(replace(event, source=str(self.connection_id))))

    def _say_again(self, row: Row, event: TrackingEvent, by: Hearing, at: int, *, newest: bool) -> bool:
        """The raw words are the same; the source's order follows its newest answer, our reading that or a newer reader.
        ``newest``: by the newest complete answer.
        """
        before = (row.answer, row.status, row.reason, row.position, row.local, row.instant, row.derived, row.said)
        first = self._packed.answers[row.answer]
        last = row.said if row.said is not None else self._packed.snapshot or 0
        if at >= last or first.reader != by.reader:
            form.read(row, event)
            first = Answer(first.inbox_id, first.known_at, by.reader)
        if at >= last:
            row.said, row.position = None if newest else at, event.position
        if at < first.known_at:
            first = Answer(by.inbox_id, at, first.reader)
        row.answer = self._place(first)
        return before != (
            *(row.answer, row.status, row.reason, row.position),
            *(row.local, row.instant, row.derived, row.said),
        )

    def _leave_behind(self, again: Collection[int]) -> bool:
        """What the newest complete answer does not say was said last by the one before it."""
        found = False
        for row in self._packed.rows:
            if row.said is None and id(row) not in again:
                row.said, found = self._packed.snapshot, True
        return found

    def _place(self, answer: Answer) -> int:
        """The place of an answer in the list; added where it is not there yet."""
        answers = self._packed.answers
        if answer in answers:
            return answers.index(answer)
        answers.append(answer)
        return len(answers) - 1


def of(ws: int, numbers: Collection[int]) -> dict[tuple[int, int], Heard]:
    """What was told of these numbers and is not archived, by number and source."""
    rows, meanings = queries.scans(ws, numbers) if numbers else [], Meanings(ws)
    return {(number, source): Heard(number, source, bytes(packed), meanings) for number, source, packed in rows}


def store(ws: int, heard: Iterable[Heard]) -> None:
    """Write down what is known now. Part of the caller's transaction."""
    rows = [one.stored(ws) for one in heard]
    if rows:
        bulk.insert(rows, replace=("reader_version", "packed"))


def _still_said(event: Event, newest: datetime | None) -> bool:
    told = event.said.told
    return newest is None or told is None or told >= newest
