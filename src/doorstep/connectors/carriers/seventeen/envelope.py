"""The envelope of 17TRACK's answers: which numbers were taken, which declined and why, and the Trouble it can be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import retry_after
from doorstep.connectors.carriers.seventeen import old
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, Refused, Trouble
from doorstep.core.message import Message

T = TypeVar("T")
NOTHING: Final = msgspec.Raw()

ALREADY_REGISTERED: Final = -18019901
NOT_REGISTERED: Final = -18019902
NOT_BEING_TRACKED: Final = -18019906
NO_NEWS: Final = -18019909
SAME_CARRIER: Final = -18019803
NOT_REGISTERED_HERE: Final = -18019805
STOPPED: Final = -18019806
RESULT_PENDING: Final = -18019808
OUT_OF_QUOTA: Final = frozenset({-18019907, -18019908})  # of the day, of the plan
_DENIED: Final = {
    -18010001: "seventeen_track.address_refused",
    -18010002: "seventeen_track.key_refused",
    -18010004: "seventeen_track.account_disabled",
    -18010005: "seventeen_track.key_refused",
}
_INTERNAL: Final = -18010003


class Error(msgspec.Struct):
    """Why 17TRACK declines, as a whole or one number."""

    code: int = 0
    message: str | None = None


class Item(msgspec.Struct):
    """One number of an answer. ``track`` is v1's."""

    number: str
    carrier: int | None = None
    error: Error | None = None
    track_info: msgspec.Raw = NOTHING
    track: old.Track | None = None


class Data(msgspec.Struct):
    """What an answer carries; the quota fields are those of ``getquota``."""

    accepted: list[msgspec.Raw] | None = None
    rejected: list[msgspec.Raw] | None = None
    errors: list[Error] | None = None
    quota_total: int | None = None
    quota_remain: int | None = None


class _Envelope(msgspec.Struct):
    code: int
    data: Data | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What 17TRACK said about one number of a request. ``code`` 0 = accepted; ``key`` is its carrier key, '' = none."""

    number: str
    code: int = 0
    text: str = ""
    key: str = ""


def told(answer: Answer) -> tuple[Told, ...]:
    """What was said about each number, accepted ones first. Raises the Trouble of the whole answer."""
    data = opened(answer)
    accepted, _ = items(data.accepted)
    rejected, _ = items(data.rejected)
    return tuple(_told(item) for item in accepted + rejected)


def told_of(answer: Answer, number: str) -> Told:
    """What was said about one number. Raises Broken when that is nothing."""
    found = [one for one in told(answer) if one.number == number]
    if not found:
        raise Broken(f"17TRACK does not mention {number}")
    return found[0]


def until_tomorrow(answer: Answer) -> float:
    """Seconds until the next UTC midnight, when the day's limit is believed to start again."""
    tomorrow = (answer.received_at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - answer.received_at).total_seconds()


def opened(answer: Answer) -> Data:
    """The data of a good answer. Raises the Trouble that a bad one is."""
    if answer.status in {429, 503}:
        raise Busy(f"HTTP {answer.status}", retry_after=retry_after(answer) or 1)  # three calls a second
    try:
        envelope = decode(answer.body, _Envelope)
    except Broken:
        if answer.status in {401, 403}:
            raise Denied(f"HTTP {answer.status}", message=Message(id="seventeen_track.key_refused")) from None
        raise
    data = envelope.data or Data()
    if envelope.code != 0 or data.errors:
        raise _trouble(answer, data.errors[0] if data.errors else Error(code=envelope.code))
    if answer.status >= 400:
        raise Broken(f"HTTP {answer.status}")
    return data


def _trouble(answer: Answer, error: Error) -> Trouble:
    text = f"{error.code} {error.message or ''}".strip()
    if error.code in _DENIED:
        return Denied(text, message=Message(id=_DENIED[error.code]))
    if error.code in OUT_OF_QUOTA:
        return Busy(text, retry_after=until_tomorrow(answer), message=Message(id="seventeen_track.out_of_quota"))
    return Busy(text) if error.code == _INTERNAL else Refused(text)


def items(raws: Iterable[msgspec.Raw] | None) -> tuple[list[Item], tuple[str, ...]]:
    """(the items that can be read, one line for each that cannot)."""
    good, bad = [], []
    for place, raw in enumerate(raws or ()):
        try:
            good.append(msgspec.json.decode(raw, type=Item))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            bad.append(f"item {place}: {error}")
    return good, tuple(bad)


def _told(item: Item) -> Told:
    error = item.error or Error()
    return Told(number=item.number, code=error.code, text=error.message or "", key=str(item.carrier or ""))


def decode(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Raises Broken: HTML, garbage, or a shape that contradicts the documentation."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"not an answer of 17TRACK: {error}") from error
