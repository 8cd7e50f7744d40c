"""A calendar as text (RFC 5545, RFC 7986): events with a moment or whole days, a sentence and a link, nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

WIDEST: Final = 75  # octets of a line, without its end (RFC 5545, 3.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``uid`` stays the same as long as it is the same event. ``at`` is an aware instant, or a day: then it lasts up to
    and with ``last``.
    """

    uid: str
    at: datetime | date
    summary: str
    last: date | None = None
    description: str = ""
    url: str = ""
    category: str = ""


def calendar(name: str, events: Iterable[Event], now: datetime) -> bytes:
    """The whole calendar, asked for again every hour."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Doorstep//EN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        *(line for event in events for line in _event(event, now)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _event(event: Event, now: datetime) -> Iterator[str]:
    yield from ("BEGIN:VEVENT", f"UID:{_text(event.uid)}", f"DTSTAMP:{_moment(now)}", *_when(event))
    yield f"SUMMARY:{_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    if event.url:
        yield f"URL:{event.url}"
    if event.category:
        yield f"CATEGORIES:{_text(event.category)}"
    yield from ("TRANSP:TRANSPARENT", "END:VEVENT")


def _when(event: Event) -> Iterator[str]:
    """The end of whole days is not part of them."""
    if isinstance(event.at, datetime):
        yield f"DTSTART:{_moment(event.at)}"
        return
    yield f"DTSTART;VALUE=DATE:{event.at:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{(event.last or event.at) + timedelta(days=1):%Y%m%d}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """RFC 5545, 3.3.11; a control character has no place in it."""
    kept = "".join(one for one in text.replace("\r\n", "\n") if one == "\n" or one.isprintable())
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(plain, written)
    return kept


def _folded(line: str) -> str:
    """Long lines go on after a line end and a space, never within a character."""
    parts, size = [""], 0
    for one in line:
        width = len(one.encode())
        if size + width > WIDEST:
            parts.append(" ")
            size = 1
        parts[-1] += one
        size += width
    return "\r\n".join(parts)
