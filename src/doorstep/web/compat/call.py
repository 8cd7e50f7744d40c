"""What all shapes have in common: who asks, how much they may ask, and what they sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from django.http import HttpRequest

from doorstep.app.api import api_keys, api_rate
from doorstep.app.api.api_keys import Holder
from doorstep.app.api.api_rate import Standing
from doorstep.core.message import Message
from doorstep.web.api.problem import Declined, invalid

T = TypeVar("T")
MOST_BYTES: Final = 1 << 20
MOST_FIELDS: Final = 50
_NUL: Final = (b"\\u0000", b"\0")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is one of Django's; ``value`` is sent as JSON."""

    status: int
    value: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def let_in(secret: str, header: str, scope: str, standing: list[Standing]) -> Holder:
    """Who holds the key that came in ``header``, if they may do this now. How they stand is added to ``standing``.
    Raises Declined.
    """
    holder = api_keys.enter(secret.strip())
    if holder is None:
        raise Declined("no_key", Message(id="compat.no_key", values={"header": header}))
    standing.append(api_rate.spend(holder.ws, holder.door_id))
    if not standing[-1].allowed:
        raise Declined("too_many", headers={"Retry-After": str(standing[-1].reset_s)})
    if scope not in holder.scopes:
        raise Declined("no_scope", Message(id="api.needs_scope", values={"scope": scope}))
    return holder


def sent(request: HttpRequest) -> bytes:
    """The bytes of a request's body. Raises Declined."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise Declined("too_large", Message(id="api.too_large", values={"limit_mb": MOST_BYTES >> 20}))
    raw = request.body
    if any(one in raw for one in _NUL):
        raise Declined("unreadable", Message(id="api.nul"))
    return raw


def read(raw: bytes, shape: type[T]) -> T:
    """A body as this shape. Fields that the shape does not have are left out. Raises Declined."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as problem:
        raise invalid(problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Declined("unreadable", Message(id="api.no_json", values={"why": str(problem)[:200]})) from None


def asked(request: HttpRequest) -> dict[str, str]:
    """What stands behind the question mark. Raises Declined."""
    try:
        pairs = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Declined("unreadable") from None
    if len(dict(pairs)) < len(pairs):
        raise Declined("unreadable", Message(id="api.said_twice"))
    if any("\0" in value for _, value in pairs):
        raise Declined("unreadable", Message(id="api.nul"))
    return dict(pairs)
