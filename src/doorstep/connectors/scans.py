"""What reading the scans of one carrier has in common: a table of its codes, one scan at a time, strange words counted,
trouble in words for whoever connected the carrier.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from doorstep.connectors.answers import SAID_AT_MOST, looks_like_html, trouble_with
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Facts, NotFound, Refused, Trouble, Word
from doorstep.core.event import InstantFrom, TrackingEvent, When, when
from doorstep.core.message import Message
from doorstep.core.order import SaidNumber, Track, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.core.status_maps import System, from_system
from doorstep.core.words import read_words

T = TypeVar("T")
_TROUBLES: Final[Mapping[type[Trouble], str]] = {
    Busy: "carrier.busy",
    Denied: "carrier.denied",
    NotFound: "carrier.not_found",
    Refused: "carrier.refused",
    Broken: "carrier.broken",
}


_AMERICAN: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d(?::\d\d)?) ([AP]M)", re.IGNORECASE | re.ASCII
)

_EUROPEAN: Final = re.compile(r"(\d\d)[-/](\d\d)[-/](\d{4})((?: \d\d:\d\d(?::\d\d)?)?)", re.ASCII)


class Meaning(NamedTuple):
    """What a code of a carrier says. UNKNOWN in a table: known, and it says nothing about where the parcel is."""

    status: Status
    reason: Reason | None = None


Codes = Mapping[str, Meaning]


def code_tables(path: Path) -> Mapping[str, Codes]:
    """The tables of a csv with the columns table, code, status, reason ('' = none). Raises ValueError and KeyError."""
    tables: dict[str, dict[str, Meaning]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            reason = Reason(row["reason"]) if row["reason"] else None
            tables.setdefault(row["table"], {})[row["code"]] = Meaning(Status(row["status"]), reason)
    return tables


def statuses(codes: Codes) -> Mapping[str, Status]:
    """A table without the reasons: ``Connector.status``."""
    return {code: one.status for code, one in codes.items()}


def scan(
    source: str,
    at: When,
    meaning: Meaning,
    *,
    text: str,
    code: str = "",
    place: str = "",
    zone: bool = False,
) -> TrackingEvent:
    """One event; its position is set by ``Reader.scans``. ``zone``: the vendor documents one zone for all times."""
    stated = InstantFrom.SOURCE_ZONE if zone else InstantFrom.STATED
    return TrackingEvent(
        source=source,
        raw_text=text,
        raw_code=code,
        status=meaning.status,
        reason=meaning.reason,
        local=at.local,
        offset=at.offset,
        instant=at.instant,
        instant_from=stated if at.instant else InstantFrom.NONE,
        place=place,
        day_only=at.day_only,
    )


@dataclass(slots=True)
class Reader:
    """Reads one answer. ``words``: what no mapping knows. ``bad``: one line for each item that cannot be read."""

    source: str
    words: dict[str, Word] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def meaning(self, codes: Codes, code: str, text: str, *, language: str = "") -> Meaning:
        """The table's, else what the text says. A code that the table does not have is counted, and without any code a
        text that says nothing.
        """
        if code in codes:
            return codes[code]
        told = Meaning(*read_words(text, language))
        if code or told.status is Status.UNKNOWN:
            self.strange(code or text, text)
        return told

    def told(self, system: System, main: str, detail: str, text: str) -> Meaning:
        """What an aggregator's two words mean, else what the text says. A word that its table does not have is counted,
        and where the words say nothing a text that says nothing, too.
        """
        known = from_system(system, main, detail)
        told = Meaning(known.status, known.reason)
        if known.status is Status.UNKNOWN:
            told = Meaning(*read_words(text))
        self.strange(known.unknown or (text if told.status is Status.UNKNOWN else ""), text)
        return told

    def strange(self, word: str, sample: str = "") -> None:
        """Count a word that nobody has mapped."""
        if word:
            self.words.setdefault(word, Word(text=word, sample=sample))

    def scans(
        self, number: str, items: Iterable[T], read: Callable[[T], TrackingEvent], *, newest_first: bool | None
    ) -> tuple[TrackingEvent, ...]:
        """The events, first to happen first. One that cannot be read is counted, and the others are kept.
        ``newest_first``: None where the vendor does not say, and the two ends of the list have to tell.
        """
        events: list[TrackingEvent] = []
        for place_in_list, item in enumerate(items):
            try:
                events.append(read(item))
            except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as error:
                self.bad.append(f"{number}: scan {place_in_list}: {error}")
        ordered = reversed(events) if newest_first or (newest_first is None and _backwards(events)) else events
        return tuple(replace(event, position=position) for position, event in enumerate(ordered))

    def each(self, raws: Iterable[msgspec.Raw], shape: type[T], read: Callable[[T], Track]) -> list[Track]:
        """The tracks of a list; an item that does not have the shape, or of which ``read`` raises ValueError, is
        counted, and the others are kept.
        """
        tracks = []
        for place_in_list, raw in enumerate(raws):
            try:
                tracks.append(read(msgspec.json.decode(raw, type=shape, strict=False)))
            except (msgspec.MsgspecError, RecursionError, ValueError) as error:
                self.bad.append(f"parcel {place_in_list}: {error}")
        return tracks

    def facts(self, tracks: Iterable[Track]) -> Facts:
        """All that the answer says."""
        return Facts(tracks=tuple(tracks), words=tuple(self.words.values()), bad=tuple(self.bad))


def universal(text: str | None) -> When:
    """A time of a source that says all of them in UTC, with a Z: the instant, and nothing of the clock of the place. A
    time without the Z is as said. Raises ValueError.
    """
    said = text or ""
    return when(f"{said[:-1]}-00:00" if said.endswith("Z") else said)


def american(text: str) -> str:
    """``10/1/2026 3:02:00 PM``, month first, in ISO 8601; any other text as it is."""
    found = _AMERICAN.fullmatch(text.strip())
    if not found:
        return text
    month, date_, year, hour, rest, half = found.groups()
    hours = int(hour) % 12 + (12 if half.upper() == "PM" else 0)
    return f"{year}-{int(month):02}-{int(date_):02}T{hours:02}:{rest}"


def european(text: str) -> str:
    """``30-06-2026 14:05:00`` or ``30/06/2026``, day first, in ISO 8601; any other text as it is."""
    found = _EUROPEAN.fullmatch(text.strip())
    return f"{found[3]}-{found[2]}-{found[1]}{found[4].replace(' ', 'T')}" if found else text


def at_zone(text: str, zone: ZoneInfo) -> When:
    """A time of a source that says all of them by the clock of one documented zone: the instant, and nothing of the
    clock of the place (``scan`` is told with ``zone``). Raises ValueError.
    """
    said = when(text)
    if said.local is None or said.offset is not None or said.day_only:
        return said
    return When(None, None, said.local.replace(tzinfo=zone).astimezone(UTC), day_only=False)


def newest_first(times: Sequence[str | None]) -> bool:
    """Whether a list of times in ISO 8601 runs backwards, by its two ends."""
    known = [one for one in times if one]
    return len(known) > 1 and known[0] > known[-1]


def of_all(pieces: Sequence[Sequence[TrackingEvent]]) -> tuple[tuple[TrackingEvent, ...], bool]:
    """The events of a number that stands for several pieces, by their instants (by the clock where one has none), and
    whether these are all. That a piece is delivered is left out until every one is.
    """
    if len(pieces) < 2:
        return tuple(event for events in pieces for event in events), True
    arrived = all(any(event.status is Status.DELIVERED for event in events) for events in pieces)
    kept = [event for events in pieces for event in events if arrived or event.status is not Status.DELIVERED]
    timed = all(event.instant for event in kept)
    kept.sort(key=lambda event: (timed and event.instant) or _clock(event))
    return tuple(replace(event, position=position) for position, event in enumerate(kept)), arrived


def _backwards(events: Sequence[TrackingEvent]) -> bool:
    timed = [event.instant or _clock(event) for event in events if event.instant or event.local]
    return len(timed) > 1 and timed[0] > timed[-1]


def _clock(event: TrackingEvent) -> datetime:
    """Where the hands stood, to compare with others of the same zone; no time goes first."""
    return event.local.replace(tzinfo=UTC) if event.local else datetime.min.replace(tzinfo=UTC)


def history(
    number: str,
    carrier: str,
    events: tuple[TrackingEvent, ...],
    told: int,
    *,
    key: str = "",
    eta: tuple[date | None, date | None] = (None, None),
    last_mile: SaidNumber | None = None,
) -> Track:
    """What a carrier tells of a number that it knows. ``told``: how many scans it told, readable or not: a list with
    one that is not, or with none at all, undoes no earlier scan. ``key``: what an aggregator calls the carrier.
    ``eta``: the first and the last day of an estimate.
    """
    return Track(
        number=number,
        answer=TrackAnswer.EVENTS if events else TrackAnswer.NOTHING,
        carrier=carrier,
        carrier_key=key,
        events=events,
        complete=len(events) == told > 0,
        last_mile=last_mile,
        eta_from=eta[0] or eta[1],
        eta_to=eta[1] or eta[0],
    )


def not_found(number: str, said: str = "") -> Track:
    """The carrier says that it does not know the number."""
    return Track(number=number, answer=TrackAnswer.NOT_FOUND, complete=False, said=said[:SAID_AT_MOST])


def not_followed(numbers: Iterable[str], tracks: Sequence[Track]) -> list[Track]:
    """Of the numbers that were asked about, those of which an aggregator tells nothing: it does not follow them."""
    told = {track.number for track in tracks}
    return [Track(number=one, answer=TrackAnswer.REJECTED, complete=False) for one in numbers if one not in told]


def invalid(number: str, said: str = "") -> Track:
    """The carrier says that this is no number of its own."""
    told = said[:SAID_AT_MOST]
    return Track(number=number, answer=TrackAnswer.REJECTED, complete=False, reason=Reason.INVALID_NUMBER, said=told)


def asked(answer: Answer) -> tuple[str, ...]:
    """The numbers that were asked about: ``asked`` in the context, with commas between; none in a saved answer."""
    return tuple(one for one in answer.context.get("asked", "").split(",") if one)


def opened(answer: Answer, shape: type[T]) -> T:
    """What can be read of an answer, good or bad: an empty ``shape`` where it is no such thing."""
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return shape()


def decoded(answer: Answer, shape: type[T], carrier: str) -> T:
    """JSON of a documented shape ("7" is taken for 7). Raises Broken, in words."""
    try:
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        said = "a web page" if looks_like_html(answer) else str(error)
        raise broken(carrier, said) from error


def broken(carrier: str, said: str) -> Broken:
    """Not an answer of the carrier's API."""
    said = said[:SAID_AT_MOST]
    return Broken(said, message=Message(id="carrier.broken", values={"carrier": carrier, "said": said}))


def trouble(answer: Answer, said: str, carrier: str, *, wait: float | None = None) -> Trouble | None:
    """What an HTTP status alone means; None for 2xx. ``said``: the vendor's text. ``wait``: seconds until the next try
    when the vendor does not say.
    """
    return trouble_with({"carrier": carrier}, answer, said, _TROUBLES, wait=wait)


def day(text: str | None) -> date | None:
    """The date of an estimate (ISO 8601); one that cannot be read is none."""
    try:
        at = when(text or "")
    except (ValueError, OverflowError):
        return None
    local = at.local or at.instant
    return local.date() if local else None


def account_id(carrier: str, secret: str) -> str:
    """The natural key of an account that the vendor gives no id: a hash that does not tell the secret."""
    return hashlib.sha256(f"{carrier}:{secret}".encode()).hexdigest()[:16]
