"""What every connector does with an HTTP answer before it reads it: trouble by status, JSON, times, texts."""

import functools
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Final, TypeVar

import msgspec

from doorstep.connectors.contract import Answer, Broken, Busy, Denied, NotFound, Refused, Trouble
from doorstep.core.message import Message, Value

SAID_AT_MOST = 200
T = TypeVar("T")
# How many of something. Vendors write decimals, and a reader of JSON takes "Infinity" for one.
Quantity = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
_EXACT: Final[Mapping[int, type[Trouble]]] = {
    401: Denied,
    403: Denied,
    404: NotFound,
    410: NotFound,
    429: Busy,
    503: Busy,
}
_SENTENCES: Final[Mapping[type[Trouble], str]] = {
    Denied: "stores.denied",
    NotFound: "stores.not_found",
    Refused: "stores.refused",
    Broken: "stores.failed",
}
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


def kind_of(status: int) -> type[Trouble] | None:
    """What an HTTP status alone means (RFC 9110 section 15); None for 2xx."""
    if 200 <= status < 300:
        return None
    return _EXACT.get(status) or (Refused if 400 <= status < 500 else Broken)


def trouble(answer: Answer, said: str) -> Trouble | None:
    """The Trouble with a shop, by the HTTP status alone; None for 2xx. ``said``: the vendor's text, shortened here."""
    kind, said = kind_of(answer.status), said[:SAID_AT_MOST]
    if kind is None:
        return None
    if kind is Busy:
        return Busy(said, retry_after=retry_after(answer), message=Message(id="stores.busy"))
    values: dict[str, Value] = {"said": said, "status": answer.status, "to": _place(answer)}
    sentence = "stores.moved" if 300 <= answer.status < 400 else _SENTENCES[kind]
    return kind(said, message=Message(id=sentence, values=values))


def trouble_with(
    whom: Mapping[str, Value],
    answer: Answer,
    said: str,
    sentences: Mapping[type[Trouble], str],
    *,
    wait: float | None = None,
) -> Trouble | None:
    """The Trouble with a vendor that its sentences name, by the HTTP status alone; None for 2xx. ``whom``: the name's
    value in them. ``said``: the vendor's text. ``wait``: seconds until the next try when the vendor does not say.
    """
    kind = kind_of(answer.status)
    if kind is None:
        return None
    said = f"{answer.status} {said}".strip()[:SAID_AT_MOST]
    message = Message(id=sentences[kind], values={**whom, "said": said})
    if kind is Busy:
        return Busy(said, retry_after=retry_after(answer) or wait, message=message)
    return kind(said, message=message)


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
