"""Turns a message into a sentence. Every sentence lives in ``locale/<language>/*.toml``: flat keys to templates.

A sentence that counts (its value ``count``) has one key for each plural category of its language (CLDR): ``key#one``,
``key#other``. A value that is an ISO 8601 instant or date is written the way a person reads it, in the active time
zone; ``{at:day}`` in a sentence leaves the time of an instant out. A key without a sentence is shown as it is and
warned about: the tests make every warning an error.
"""

import contextlib
import functools
import re
import tomllib
import warnings
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from doorstep.app import clock
from doorstep.core.message import Message

LOCALE: Final = Path(__file__).resolve().parent.parent / "locale"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")

# Which category a number of things takes, by the first part of the language's tag (CLDR 45, integers).
PLURALS: Final[Mapping[str, Callable[[int], str]]] = {"en": lambda count: "one" if count == 1 else "other"}


class Unsaid(UserWarning):
    """A message without a sentence; a sentence without one of its values."""


@functools.cache
def catalog(locale: str = "en") -> Mapping[str, str]:
    """All sentences of a language. That no two areas claim the same key is for the tests to see."""
    merged: dict[str, str] = {}
    for path in sorted((LOCALE / locale).glob("*.toml")):
        merged |= tomllib.loads(path.read_text(encoding="utf-8"))
    return merged


def say(message: Message | Mapping[str, Any] | None, locale: str = "en") -> str:
    """The sentence of a message, or of one stored as JSON (``{"id": ..., "values": {...}}``); nothing says nothing."""
    if not message:
        return ""
    if isinstance(message, Message):
        return text(message.id, locale, **message.values)
    return text(message["id"], locale, **(message.get("values") or {}))


def text(key: str, locale: str = "en", **values: Any) -> str:
    """The sentence of one key."""
    template = catalog(locale).get(_counted(key, locale, values.get("count")))
    if template is None:
        warnings.warn(f"no sentence for {key}", Unsaid, stacklevel=2)
        return key
    return template.format_map(_Values({name: _shown(value) for name, value in values.items()}))


def known(key: str, locale: str = "en") -> bool:
    """Whether there is a sentence of that key."""
    return key in catalog(locale) or f"{key}#other" in catalog(locale)


def _counted(key: str, locale: str, count: Any) -> str:
    """The key itself, or that of the plural where the sentence has plurals."""
    if not isinstance(count, int) or f"{key}#other" not in catalog(locale):
        return key
    return f"{key}#{PLURALS[locale.partition('-')[0]](count)}"


class _Moment(str):
    """An instant in words; ``{at:day}`` leaves its time out."""

    __slots__ = ("day",)
    day: str

    def __format__(self, spec: str) -> str:
        return self.day if spec == "day" else str(self)


class _Values(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        warnings.warn(f"a sentence misses its value {name}", Unsaid, stacklevel=2)
        return "…"


def _shown(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    with contextlib.suppress(ValueError):  # what somebody typed may look like a date and be none
        if _INSTANT.fullmatch(value):
            return _moment(datetime.fromisoformat(value))
        if _DATE.fullmatch(value):
            return day(date.fromisoformat(value))
    return value


def _moment(instant: datetime) -> _Moment:
    local = timezone.localtime(instant) if instant.tzinfo else instant
    said = _Moment(moment(local))
    said.day = day(local.date())
    return said


def moment(instant: datetime) -> str:
    """``14 Nov, 10:30`` in the active zone; a naive time is the carrier's own and is not converted."""
    local = timezone.localtime(instant) if instant.tzinfo else instant
    return f"{day(local.date())}, {local:%H:%M}"


def day(value: date) -> str:
    """``14 Nov``, with the year when it is not this one."""
    return f"{value.day} {value:%b}" + (f" {value.year}" if value.year != clock.now().year else "")
