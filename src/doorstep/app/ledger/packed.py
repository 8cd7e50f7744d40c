"""How scans are packed: every one a short row, all of them compressed together.

What is packed says everything: the raw words, the local time as it was said, the offset, the instant, our reading, when
it was first and last said, and in which answer. The first byte tells how it is packed, and the codes below are never
given to anything else: what an older Doorstep packed can always be read.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import zstandard

from doorstep.app.ledger.wording import DICTIONARY
from doorstep.core.event import InstantFrom, TrackingEvent
from doorstep.core.status import Reason, Status

# A code is a place in these lists: add at their ends only.
STATUSES: Final = (
    Status.PENDING, Status.NOT_FOUND, Status.INFO_RECEIVED, Status.PICKED_UP, Status.IN_TRANSIT, Status.CUSTOMS,
    Status.ARRIVED, Status.OUT_FOR_DELIVERY, Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED, Status.DELIVERED,
    Status.EXCEPTION, Status.RETURNING, Status.RETURNED, Status.CANCELLED, Status.EXPIRED, Status.UNKNOWN,
)  # fmt: skip
REASONS: Final = (
    None,
    Reason.INCOMPLETE_ADDRESS, Reason.WRONG_ADDRESS, Reason.NOBODY_HOME, Reason.BUSINESS_CLOSED, Reason.REFUSED,
    Reason.PICKUP_MISSED, Reason.CUSTOMS_HELD, Reason.CUSTOMS_DOCUMENTS, Reason.DUTIES_UNPAID,
    Reason.RESTRICTED_GOODS, Reason.INFRINGING_GOODS, Reason.DAMAGED, Reason.LOST, Reason.DESTROYED,
    Reason.DELAYED_WEATHER, Reason.DELAYED_CARRIER, Reason.SECURITY, Reason.HELD_FOR_PAYMENT, Reason.MOVED,
    Reason.INVALID_NUMBER, Reason.WRONG_CARRIER,
)  # fmt: skip
DERIVED: Final = (InstantFrom.NONE, InstantFrom.STATED, InstantFrom.SOURCE_ZONE)
STATUS: Final = {one: code for code, one in enumerate(STATUSES)}
_REASON: Final = {one: code for code, one in enumerate(REASONS)}
_DERIVED: Final = {one: code for code, one in enumerate(DERIVED)}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)
DAY: Final = len("2026-07-01")
_ALONE: Final = b"\x01"  # msgpack of Packed, compressed by zstd
_FORM: Final = b"\x02"  # the same against ``app.ledger.wording``; as new ones are packed
WORDING: Final = zstandard.ZstdCompressionDict(DICTIONARY, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
Ident = tuple[str, str, str, str, int | None]


class Row(msgspec.Struct, array_like=True):
    """One scan. ``answer``: the place of the answer that first said it. ``local`` as ISO text, a day alone without a
    time. ``instant``: minutes by which ``local`` is ahead of it, else ISO text. ``said``: when it was said last, in
    microseconds; None = by the newest complete answer. ``key``: its identity, where the words do not make it any more.
    """

    answer: int
    status: int
    reason: int
    position: int
    local: str
    offset: int | None
    instant: int | str | None
    derived: int
    place: str
    code: str
    text: str
    said: int | None
    key: bytes


class Answer(msgspec.Struct, array_like=True, frozen=True):
    """An answer that first said something: its inbox row, when it came (microseconds), who read it."""

    inbox_id: int
    known_at: int
    reader: int


class Packed(msgspec.Struct, array_like=True):
    snapshot: int | None
    answers: list[Answer]
    rows: list[Row]


def row_of(event: TrackingEvent, answer: int, said: int | None) -> Row:
    """A scan as it is packed, first said by that answer."""
    local, instant = wall(event), zone(event)
    return Row(
        answer,
        STATUS[event.status],
        _REASON[event.reason],
        event.position,
        local,
        event.offset,
        instant,
        _DERIVED[event.instant_from],
        event.place,
        event.raw_code,
        event.raw_text,
        said,
        b"",
    )


def read(row: Row, event: TrackingEvent) -> None:
    """Our reading of the same words may be another one."""
    row.status, row.reason = STATUS[event.status], _REASON[event.reason]
    row.local, row.instant, row.derived = wall(event), zone(event), _DERIVED[event.instant_from]


def ident(event: TrackingEvent) -> Ident:
    """What tells a scan from the others of its source: the raw fields."""
    when = event.local
    if when is None and event.instant and event.instant_from is InstantFrom.STATED:
        when = event.instant.astimezone(UTC)
    return event.raw_code, event.raw_text, event.place, when.isoformat() if when else "", event.offset


def ident_of(row: Row) -> Ident:
    """The same of a packed scan."""
    when = row.local
    if not when and isinstance(row.instant, str) and DERIVED[row.derived] is InstantFrom.STATED:
        when = row.instant
    return row.code, row.text, row.place, f"{when}T00:00:00" if len(when) == DAY else when, row.offset


def wall(event: TrackingEvent) -> str:
    """The wall time as it was said: a day without a time of day stays a day."""
    if event.local is None:
        return ""
    return event.local.isoformat()[:DAY] if event.day_only else event.local.isoformat()


def zone(event: TrackingEvent) -> int | str | None:
    """``Row.instant`` of a scan."""
    if event.instant is None:
        return None
    instant = event.instant.astimezone(UTC)
    if event.local is not None:
        minutes, rest = divmod(event.local.replace(tzinfo=UTC) - instant, _MINUTE)
        if not rest:
            return minutes
    return instant.isoformat()


def instant(zone: int | str | None, local: datetime | None) -> datetime | None:
    """The instant again."""
    if isinstance(zone, int) and local is not None:
        return local.replace(tzinfo=UTC) - zone * _MINUTE
    return datetime.fromisoformat(zone) if isinstance(zone, str) else None


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - EPOCH) // _MICRO


def when(micros: int | None) -> datetime | None:
    """The time again."""
    return None if micros is None else EPOCH + micros * _MICRO


class _Tools(threading.local):
    """Making these costs more than using them, and no two threads may share one."""

    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode
        self.decode = msgspec.msgpack.Decoder(Packed).decode
        self.compress = zstandard.ZstdCompressor(level=9, dict_data=WORDING, write_dict_id=False).compress
        self.expand = {
            _ALONE: zstandard.ZstdDecompressor().decompress,
            _FORM: zstandard.ZstdDecompressor(dict_data=WORDING).decompress,
        }


_tools: Final = _Tools()


def pack(packed: Packed) -> bytes:
    """Answers that nothing refers to any more are left out."""
    used = sorted({row.answer for row in packed.rows})
    if len(used) != len(packed.answers):
        place = {old: new for new, old in enumerate(used)}
        packed.answers = [packed.answers[old] for old in used]
        for row in packed.rows:
            row.answer = place[row.answer]
    return _FORM + _tools.compress(_tools.encode(packed))


def unpack(packed: bytes) -> Packed:
    """What ``pack`` made a value of."""
    return decode(_tools.expand[packed[:1]](packed[1:]))


def encode(packed: Packed) -> bytes:
    """The same without compression, for the archive, which has a better one."""
    return _tools.encode(packed)


def decode(plain: bytes) -> Packed:
    """What ``encode`` gave."""
    return _tools.decode(plain)
