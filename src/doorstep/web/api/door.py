"""Where requests to the API come in: the route, the key, how much it may ask, what was sent, and how it is answered.

A middleware before all others: programs bring no cookies and send no forms, so that sessions, CSRF and messages are
nothing but work here. The browsable page ``/api/v1/`` is a page like others.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from doorstep.app.api import api_answers, api_keys, api_rate
from doorstep.app.api.api_keys import Holder
from doorstep.app.api.api_rate import WINDOW_S, Standing
from doorstep.app.records.page import ALL, Page
from doorstep.core.message import Message
from doorstep.db.mark import mark
from doorstep.web.api import openapi
from doorstep.web.api.problem import MEDIA, Declined, Fault, declined_of, invalid
from doorstep.web.api.route import Ask, Made, Route, Shown
from doorstep.web.api.table import TABLE
from doorstep.web.kept import Kept

ROOT: Final = "/api/v1"
MOST_BYTES: Final = 8 << 20
MOST_FIELDS: Final = 50  # behind the question mark
JSON: Final = "application/json"
_NUL: Final = (b"\\u0000", b"\0")
_ALWAYS: Final = {  # on every answer: nothing of it is a page, and nothing of it may be kept for somebody else
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization",
}
_TAGS: Final = Kept(most=1 << 18)  # of the answers that were drawn last, some ten thousand
_REPEATED: Final = {"POST"}  # methods whose repetition does something again, unless it names itself


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is one of Django's."""

    status: int
    body: bytes = b""
    media: str = JSON
    location: str = ""
    replayed: bool = False
    tag: str = ""  # of what the client has already


class Api:
    """The middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path
        if not path.startswith(f"{ROOT}/") or path == f"{ROOT}/":
            return self.get_response(request)
        if path == f"{ROOT}/openapi.json" and request.method in {"GET", "HEAD"}:
            return _sent(request, Reply(200, openapi.document(), "application/openapi+json;version=3.1"), None)
        standing: list[Standing] = []
        try:
            return _sent(request, _answer(request, standing), standing)
        except Exception as problem:
            refusal = declined_of(problem)
            return _sent(request, Reply(refusal.status, refusal.body(), MEDIA), standing, refusal.headers)


def _answer(request: HttpRequest, standing: list[Standing]) -> Reply:
    """Everything in order: what does not exist is said before anybody is asked who they are."""
    route, ids = _route(request)
    holder = _holder(request)
    if holder.door_id:
        standing.append(api_rate.spend(holder.ws, holder.door_id))
    if standing and not standing[0].allowed:
        raise Declined("too_many", headers={"Retry-After": str(standing[0].reset_s)})
    if route.scope and route.scope not in holder.scopes:
        raise Declined("no_scope", Message(id="api.needs_scope", values={"scope": route.scope}))
    raw = _body(request, route) if route.body else b""
    if route.steady and "HTTP_IF_NONE_MATCH" in request.META:
        return _again(request, route, ids, holder)
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "") if route.method in _REPEATED else ""
    if not key:
        return _done(request, route, ids, holder, raw)
    do = functools.partial(_done, request, route, ids, holder, raw)
    return _once(request, holder, key, raw, do, sealed=route.secret)


def _route(request: HttpRequest) -> tuple[Route, dict[str, int]]:
    """The operation, and the ids in the path."""
    parts = request.path[len(ROOT) + 1 :].split("/")
    ids = [part for part in parts if part.isascii() and part.isdecimal() and len(part) < 20]
    by_method = TABLE.get(tuple("{}" if part in ids else part for part in parts))
    if by_method is None:
        raise Declined("not_found")
    route = by_method.get("GET" if request.method == "HEAD" else request.method or "")
    if route is None:
        allowed = ", ".join([*by_method, *(("HEAD",) if "GET" in by_method else ())])
        raise Declined("method", headers={"Allow": allowed})
    if any(int(one) >= 1 << 63 for one in ids):
        raise Declined("not_found")
    return route, dict(zip(route.names, map(int, ids), strict=True))


def _holder(request: HttpRequest) -> Holder:
    inside = request.META.get(api_keys.INSIDE)
    if isinstance(inside, Holder):
        return inside
    kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    holder = api_keys.enter(secret.strip()) if kind.lower() == "bearer" else None
    if holder is None:
        raise Declined("no_key", headers={"WWW-Authenticate": 'Bearer realm="doorstep"'})
    return holder


def _body(request: HttpRequest, route: Route) -> bytes:
    """The bytes that were sent, of a kind that is taken."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise Declined("too_large", Message(id="api.too_large", values={"limit_mb": MOST_BYTES >> 20}))
    if request.content_type not in route.media:
        raise Declined("media", Message(id="api.media", values={"media": ", ".join(route.media)}))
    raw = request.body
    if request.content_type == JSON and any(one in raw for one in _NUL):
        raise Declined("unreadable", Message(id="api.nul"))
    return raw


def _once(
    request: HttpRequest, holder: Holder, key: str, raw: bytes, do: Callable[[], Reply], *, sealed: bool
) -> Reply:
    """Do it, or answer as the first time. What is refused is not kept: it was not done."""
    if len(key) > api_answers.LONGEST_KEY or not key.isprintable():
        raise Declined("unreadable", Message(id="api.idempotency_key"))
    asked = f"{request.method} {request.get_full_path()}\n{request.content_type}\n".encode() + raw
    begun = api_answers.begin(holder.ws, holder.door_id, key, asked)
    if isinstance(begun, api_answers.Kept):
        return Reply(begun.status, begun.body, location=begun.location, replayed=True)
    try:
        reply = do()
    except BaseException:
        api_answers.release(holder.ws, begun)
        raise
    api_answers.keep(holder.ws, begun, reply.status, reply.location, reply.body, sealed=sealed)
    return reply


def _again(request: HttpRequest, route: Route, ids: Mapping[str, int], holder: Holder) -> Reply:
    """Answer somebody who has an answer already: where nothing was committed since it was drawn, without drawing it."""
    now = mark()
    if now is None:
        return _done(request, route, ids, holder, b"")
    asked, version = f"{now.line} {holder.ws} {request.get_full_path()}", now.version.encode()
    known = (_TAGS.get(asked, version) or b"").decode()
    if _has(request.META["HTTP_IF_NONE_MATCH"], known):
        return Reply(200, tag=known)
    reply = _done(request, route, ids, holder, b"")
    _TAGS.put(asked, version, _tag(reply.body).encode())
    return reply


def _done(request: HttpRequest, route: Route, ids: Mapping[str, int], holder: Holder, raw: bytes) -> Reply:
    """Have the operation done, and its answer written."""
    given: dict[str, Any] = dict(ids)
    query = _query(request, route)
    if query is not None:
        given["query"] = query
    if route.decoder is not None:
        given["body"] = raw if route.body is bytes else _decoded(route, raw)
    fields = _fields(route, query)
    with timezone.override(ZoneInfo(holder.tz)):
        value = route.handle(Ask(holder=holder, fields=fields), **given)
    location = f"{ROOT}{value.location}" if isinstance(value, Made) else ""
    if isinstance(value, Made):
        value = value.value
    body = b"" if route.answer is None else msgspec.json.encode(value if fields is ALL else _chosen(value, fields))
    return Reply(route.status, body, location=location)


def _query(request: HttpRequest, route: Route) -> msgspec.Struct | None:
    said = request.META.get("QUERY_STRING", "")
    if route.query is None:
        return None
    try:
        pairs = parse_qsl(said, keep_blank_values=True, max_num_fields=MOST_FIELDS) if said else []
    except ValueError:
        raise Declined("unreadable") from None
    named = dict(pairs)
    if len(named) < len(pairs):
        raise Declined("unreadable", Message(id="api.said_twice"))
    if any("\0" in one for one in named.values()):
        raise Declined("unreadable", Message(id="api.nul"))
    try:
        found = msgspec.convert(named, route.query, strict=False)
    except msgspec.ValidationError as problem:
        raise invalid(problem) from None
    if wrong := [name for name, said in named.items() if _misread(said, getattr(found, name))]:
        raise Declined("invalid", errors=[Fault(f"$.{name}", f"Invalid value {named[name]!r}") for name in wrong])
    return found


def _misread(said: str, value: object) -> bool:
    """Whether a word was taken for what nobody said: "null" for nothing, a number of seconds for an instant."""
    return value is None or (isinstance(value, datetime) and ":" not in said)


def _decoded(route: Route, raw: bytes) -> Any:
    assert route.decoder
    try:
        return route.decoder.decode(raw)
    except msgspec.ValidationError as problem:
        raise invalid(problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Declined("unreadable", Message(id="api.no_json", values={"why": str(problem)[:200]})) from None


def _fields(route: Route, query: msgspec.Struct | None) -> frozenset[str]:
    """The fields that are wanted; ``id`` always is."""
    if not isinstance(query, Shown) or not query.fields:
        return ALL
    named = frozenset(one.strip() for one in query.fields.split(","))
    if named - route.sparse:
        known = ", ".join(sorted(route.sparse))
        said = Message(id="api.no_field", values={"name": min(named - route.sparse)[:60], "known": known})
        raise Declined("invalid", said, errors=[Fault("$.fields", min(named - route.sparse)[:60])])
    return named | ({"id"} & route.sparse)


def _chosen(value: Any, fields: frozenset[str]) -> Any:
    if isinstance(value, Page):
        return {"data": [_chosen(one, fields) for one in value.data], "next_cursor": value.next_cursor}
    return {name: getattr(value, name) for name in sorted(fields)}


def _sent(
    request: HttpRequest,
    reply: Reply,
    standing: list[Standing] | None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    tag = reply.tag or (_tag(reply.body) if reply.status == 200 else "")
    same = bool(tag) and request.method in {"GET", "HEAD"} and _has(request.META.get("HTTP_IF_NONE_MATCH", ""), tag)
    status, body = (304, b"") if same else (reply.status, reply.body)
    response = HttpResponse(body if request.method != "HEAD" else b"", status=status, content_type=reply.media)
    every = response.headers
    for name, value in (_ALWAYS | dict(headers or {})).items():
        every[name] = value
    if same or status == 204:
        del every["Content-Type"]
    else:
        every["Content-Length"] = str(len(body))
    if tag and request.method in {"GET", "HEAD"}:
        every["ETag"] = tag
    if reply.location:
        every["Location"] = reply.location
    if reply.replayed:
        every["Idempotency-Replayed"] = "true"
    for one in standing or ():
        every["RateLimit-Policy"] = f'"key";q={one.limit};w={WINDOW_S}'
        every["RateLimit"] = f'"key";r={one.left};t={one.reset_s}'
    return response


def _tag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _has(header: str, tag: str) -> bool:
    """Whether one of the tags that a client has is this one (RFC 9110, 13.1.2: weak comparison); '' is none."""
    return bool(header and tag) and any(one.strip().removeprefix("W/") in {tag, "*"} for one in header.split(","))
