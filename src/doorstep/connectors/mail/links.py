"""Where a link really leads: most mails send their links through a counter that keeps the true address inside."""

import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

_INSIDE: Final = re.compile(r"https?(?:%3A|:)(?:%2F|/){2}", re.IGNORECASE)
MAX_HOPS: Final = 3


def unwrapped(url: str) -> tuple[str, ...]:
    """The link and every address found inside it, outermost first. Opaque counters (an id only) stay as they are."""
    found = [url]
    for _ in range(MAX_HOPS):
        inner = _inner(found[-1])
        if not inner or inner in found:
            break
        found.append(inner)
    return tuple(found)


def host(url: str) -> str:
    """The lower-case host of a link, '' if it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _inner(url: str) -> str:
    """An address in the query, or in the path behind the host (``/L0/https:%2F%2F...``)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    for _, value in parse_qsl(parts.query, max_num_fields=200) if parts.query.count("&") < 200 else ():
        if _INSIDE.match(value):
            return value if "://" in value else unquote(value)
    inside = _INSIDE.search(parts.path)
    return unquote(parts.path[inside.start() :].split("/1/")[0]) if inside else ""
