"""The envelope of CJ's answers, the Trouble it can be, and how CJ writes text and times.

Text where a number should be and null anywhere are normal here: the documentation contradicts itself. Ids arrive as
numbers or as text and are kept as text.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

from doorstep.connectors.answers import instant, retry_after, text
from doorstep.connectors.contract import Answer, Broken, Busy, Denied, NotFound, Refused, Trouble
from doorstep.core.message import Message

SOURCE: Final = "cjdropshipping"
T = TypeVar("T")
NOTHING: Final = msgspec.Raw()
Loose = str | int | None

NO_LOGISTICS: Final = 1605000
_DENIED: Final = frozenset({1600001, 1600002, 1600003, 1601000})
_NOT_FOUND: Final = frozenset({1602000, 1602001, 1602002, 1603100, NO_LOGISTICS})
_CALLBACK: Final = frozenset({1607001, 1607002, 1607003})
_WAIT: Final = {1600000: None, 1600200: 2.0, 1600201: 3600.0}  # try again; calls a second; quota of the day
_POINTS_WAIT: Final = 60.0  # points come back every minute


class _Points(msgspec.Struct, rename="camel"):
    used_today: int = 0
    total: int = 0


class _Setting(msgspec.Struct, rename="camel"):
    qps_limit: int | None = None


class _Settings(msgspec.Struct):
    setting: _Setting | None = None


class _Envelope(msgspec.Struct, rename="camel"):
    code: int
    message: str | None = None
    data: msgspec.Raw = NOTHING
    points_info: msgspec.Raw = NOTHING


class _Tokens(msgspec.Struct, rename="camel"):
    access_token: str
    access_token_expiry_date: str
    refresh_token: str
    refresh_token_expiry_date: str
    open_id: Loose = None


class Push(msgspec.Struct, rename="camel"):
    """A webhook."""

    type: str
    params: dict[str, msgspec.Raw]


def opened(answer: Answer) -> msgspec.Raw | None:
    """The data of a good answer, None when it is null. Raises the Trouble that a bad one is."""
    envelope = _envelope(answer)
    if answer.status in {429, 503}:
        raise _busy(answer, envelope.points_info if envelope else NOTHING)
    if envelope is None:
        if answer.status in {401, 403}:
            raise Denied(f"HTTP {answer.status}", message=Message(id="cjdropshipping.key_refused"))
        raise Broken(f"HTTP {answer.status}, not an answer of CJ")
    if answer.status < 400 and envelope.code in {200, 0}:
        return None if bytes(envelope.data) in {b"", b"null"} else envelope.data
    raise _trouble(envelope, answer.status)


def _busy(answer: Answer, points: msgspec.Raw) -> Busy:
    """Too fast, or the points of the day are used up: they come back minute by minute."""
    said, wait = f"HTTP {answer.status}", retry_after(answer)
    if bytes(points) in {b"", b"null"}:
        return Busy(said, retry_after=wait or _WAIT[1600200])
    told = decode(points, _Points)
    message = Message(id="cjdropshipping.points", values={"used": told.used_today, "total": told.total})
    return Busy(said, retry_after=wait or _POINTS_WAIT, message=message)


def pace(answer: Answer) -> int | None:
    """How many calls a second this account may make; None when CJ does not say."""
    said = data(answer, _Settings)
    return said.setting.qps_limit if said and said.setting else None


def data(answer: Answer, shape: type[T]) -> T | None:
    """The data of a good answer as a shape, None when it is null."""
    raw = opened(answer)
    return None if raw is None else decode(raw, shape)


def tokens(answer: Answer, before: Mapping[str, str]) -> dict[str, str]:
    """All credentials after a token answer. A renewal may leave out the openId; the old one stays."""
    said = data(answer, _Tokens)
    access = instant(said.access_token_expiry_date) if said else None
    refresh = instant(said.refresh_token_expiry_date) if said else None
    if said is None or access is None or refresh is None:
        raise Broken("CJ gave no token")
    return dict(before) | {
        "access_token": said.access_token,
        "access_token_expires_at": access.isoformat(),
        "refresh_token": said.refresh_token,
        "refresh_token_expires_at": refresh.isoformat(),
        "open_id": text(said.open_id) or before.get("open_id", ""),
    }


def without_secret(body: bytes) -> tuple[bytes, str, bool]:
    """(body without the openId, messageId, whether it tells all that the next poll would). Raises Broken."""
    message = decode(body, dict[str, msgspec.Raw])
    message.pop("openId", None)
    message_id = msgspec.json.decode(message.get("messageId", b'""'))
    return msgspec.json.encode(message), text(message_id), _whole(message)


def _whole(message: Mapping[str, msgspec.Raw]) -> bool:
    """Not a split, whose parts are orders of their own; not an order whose goods are left out."""
    kind = text(msgspec.json.decode(message.get("type", b'""')))
    params = decode(message.get("params", b"{}"), dict[str, msgspec.Raw]) if kind == "ORDER" else {}
    goods = {bytes(params[name]) for name in ("orderItems", "productList") if name in params} - {b"null"}
    return kind != "ORDERSPLIT" and (kind != "ORDER" or bool(goods))


def _envelope(answer: Answer) -> _Envelope | None:
    try:
        return msgspec.json.decode(answer.body, type=_Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _trouble(envelope: _Envelope, status: int) -> Trouble:
    said = f"{envelope.code} {envelope.message or ''}".strip()
    if envelope.code in _DENIED or status in {401, 403}:
        return Denied(said, message=Message(id="cjdropshipping.key_refused"))
    if envelope.code in _WAIT:
        return Busy(said, retry_after=_WAIT[envelope.code])
    if envelope.code in _NOT_FOUND:
        return NotFound(said)
    if envelope.code in _CALLBACK:
        return Refused(said, message=Message(id="cjdropshipping.hook_refused"))
    return Broken(said) if status >= 500 else Refused(said)


def utc(said: str) -> datetime:
    """CJ documents UTC for ``outWarehouseTime`` and says nothing of its other times: without an offset they are read as
    UTC too, and may be eight hours off. Raises ValueError.
    """
    told = datetime.fromisoformat(said)
    try:
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except OverflowError as error:  # the first or last day of all time
        raise ValueError(f"no usable time: {said}") from error


def decode(said: bytes | str | msgspec.Raw, shape: type[T]) -> T:
    """Raises Broken for a shape that contradicts the documentation."""
    try:
        return msgspec.json.decode(said, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"not an answer of CJ: {error}") from error
