"""What Doorstep writes to shoppers: a merchant's words with placeholders, and when they may go.

A placeholder is a word of ``WORDS`` in braces. Nothing else is put in, called or looked up: whatever a merchant types
is text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from doorstep.core.message import Message


class Event(StrEnum):
    """What a mail is about, in the order in which it usually happens."""

    SHIPPED = "shipped"
    DELAYED = "delayed"  # a number, and still no scan: its details may come late
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    DELIVERED = "delivered"
    DIGEST = "digest"  # all that is new, once a day


MILESTONES: Final = tuple(one for one in Event if one is not Event.DIGEST)
WORDS: Final = ("store", "order", "status", "explained", "number", "carrier", "expected", "news", "link")
NO_SCAN_FOR: Final = timedelta(days=4)  # after that a shopper is told that details may come late
LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final = 5000
_PLACE: Final = re.compile(r"\{([^{}\n]*)\}")
_BLANKS: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a store's mails go. ``quiet``: from and to, hours of the reader's day, None = at any hour. ``gap``: at least
    so long between two mails about an order. ``daily_at``: the hour at which all news of a day go together.
    """

    quiet: tuple[int, int] | None = None
    gap: timedelta = timedelta(0)
    daily_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A mail that waits, why, and until when."""

    reason: Message
    until: datetime


def problems(subject: str, body: str) -> dict[str, Message]:
    """What is wrong with a template, by field; nothing is wrong where it is empty."""
    wrong: dict[str, Message] = {}
    for name, text, most in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
        found = _problem(text, most)
        if found:
            wrong[name] = found
    if "subject" not in wrong and len(subject.splitlines()) > 1:
        wrong["subject"] = Message(id="letters.one_line")
    return wrong


def _problem(text: str, most: int) -> Message | None:
    if not text.strip():
        return Message(id="letters.empty")
    if len(text) > most:
        return Message(id="letters.too_long", values={"most": most})
    unknown = next((one for one in _PLACE.findall(text) if one not in WORDS), None)
    if unknown is not None:
        return Message(id="letters.unknown", values={"word": f"{{{unknown}}}"[:60]})
    if any(one in _PLACE.sub("", text) for one in "{}"):
        return Message(id="letters.brace")
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled. A line that needs what is not known is left out; what is put in is never
    read as a placeholder again.
    """
    lines = (line for line in text.split("\n") if all(values.get(one, "") for one in _PLACE.findall(line)))
    kept = "\n".join(_PLACE.sub(lambda found: values[found[1]], line) for line in lines)
    return _BLANKS.sub("\n\n", kept).strip()


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """One line with its placeholders filled; what is not known is left out of it."""
    return " ".join(_PLACE.sub(lambda found: values.get(found[1], ""), text).split())


def hold(timing: Timing, now: datetime, zone: tzinfo, last: datetime | None) -> Hold | None:
    """What a mail waits for, None = it goes now. ``zone``: the reader's; ``last``: when the last mail went."""
    if timing.daily_at is not None and now.astimezone(zone).hour != timing.daily_at:
        return _until("letters.held.daily", next_hour(now, zone, timing.daily_at))
    if timing.daily_at is None and timing.quiet and (until := quiet_until(now, zone, *timing.quiet)):
        return _until("letters.held.quiet", until)
    if last is not None and last + timing.gap > now:
        return _until("letters.held.gap", last + timing.gap)
    return None


def quiet_until(now: datetime, zone: tzinfo, begins: int, ends: int) -> datetime | None:
    """When the quiet hours end that are now, None = they are not. Equal hours are none at all."""
    hour = now.astimezone(zone).hour
    inside = begins <= hour < ends if begins <= ends else hour >= begins or hour < ends
    return next_hour(now, zone, ends) if inside else None


def next_hour(now: datetime, zone: tzinfo, hour: int) -> datetime:
    """When clocks of ``zone`` show this full hour next, in UTC."""
    local = now.astimezone(zone)
    at = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return (at if at > local else at + timedelta(days=1)).astimezone(UTC)


def _until(key: str, until: datetime) -> Hold:
    return Hold(reason=Message(id=key, values={"until": until.isoformat()}), until=until)
