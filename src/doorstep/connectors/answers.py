"""What every connector does with an HTTP answer before it reads it: trouble by status, JSON, times, texts."""

import functools
import re
from collections.abc import Container
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec

from doorstep.connectors.contract import Answer, Broken, Busy, Denied, NotFound, Refused, Trouble
from doorstep.core.message import Message, Value

SAID_AT_MOST = 200
T = TypeVar("T")
# How many of something. Vendors write decimals, and a reader of JSON takes "Infinity" for one.
Quantity = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
_MEANINGS: tuple[tuple[Container[int], type[Trouble] | None, str], ...] = (
    (range(200, 300), None, ""),
    (range(300, 400), Broken, "stores.moved"),
    ((401, 403), Denied, "stores.denied"),
    ((404, 410), NotFound, "stores.not_found"),
    (range(400, 500), Refused, "stores.refused"),
)
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)


def payload(answer: Answer) -> object:
    """The JSON of an answer; anything else is Broken and says what it looks like."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if looks_like_html(answer):
            raise Broken(_title(answer.body), message=Message(id="stores.html")) from error
        raise Broken("the answer is not JSON", message=Message(id="stores.garbage")) from error


def convert(found: object, shape: type[T]) -> T:
    """Decoded JSON as a typed value ("7" is taken for 7); Broken names the place where it does not fit."""
    try:
        return msgspec.convert(found, shape, strict=False)
    except msgspec.ValidationError as error:
        raise Broken(str(error), message=Message(id="stores.garbage")) from error


def looks_like_html(answer: Answer) -> bool:
    """A page for people: a maintenance notice, a login form, a firewall."""
    return answer.body.lstrip()[:1] == b"<"


def trouble(answer: Answer, said: str) -> Trouble | None:
    """What an HTTP status alone means; None for 2xx. ``said`` is the vendor's text, shortened here."""
    said = said[:SAID_AT_MOST]
    values: dict[str, Value] = {"said": said, "status": answer.status, "to": _place(answer)}
    if answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return Busy(said, retry_after=retry_after(answer), message=Message(id="stores.busy"))
    for statuses, kind, sentence in _MEANINGS:
        if answer.status in statuses:
            return kind(said, message=Message(id=sentence, values=values)) if kind else None
    return Broken(said, message=Message(id="stores.failed", values=values))


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait (RFC 9110 section 10.2.3: a number of seconds or a date), None when not said."""
    said = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", said):
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - answer.received_at).total_seconds())


def instant(said: str | None) -> datetime | None:
    """ISO 8601 as aware UTC. A text without offset is UTC already: give this only fields documented so."""
    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text(value: object) -> str:
    """A scalar as trimmed text; '' for null and for anything that is not a scalar."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def bare(number: str) -> str:
    """A tracking number without separators, in upper case: to see that two spellings are one number."""
    return re.sub(r"[\W_]", "", number).upper()


@functools.lru_cache(maxsize=8192)  # the same few hundred places, scan after scan
def place(city: str | None, country: str | None, location: str | None) -> str:
    """City and country at most. Of a free text the parts with a digit (house number, postcode) are left out."""
    parts = [city or "", country or ""]
    if not any(parts):
        parts = [part for part in (location or "").split(",") if not any(map(str.isdigit, part))]
    return ", ".join(part.strip() for part in parts if part.strip())


def _place(answer: Answer) -> str:
    """Where a redirect points, without the query: that may repeat a signature."""
    return answer.headers.get("location", "").partition("?")[0][:SAID_AT_MOST]


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:4096])
    title = found[1].decode(errors="replace").strip() if found else ""
    return f"a web page: {title}" if title else "a web page"
