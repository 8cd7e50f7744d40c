"""Turns a message into a sentence. Every sentence lives in ``locale/<language>/*.toml``: flat keys to templates.

A sentence that counts (its value ``count``) has one key for each plural category of its language (CLDR): ``key#one``,
``key#other``. A value that is an ISO 8601 instant or date is written the way a person reads it, in the active time
zone; ``{at:day}`` in a sentence leaves the time of an instant out. A key without a sentence is shown as it is and
warned about: the tests make every warning an error. Everything can be said in English; the other languages hold what
shoppers read, and what one of them lacks is said in English and warned about too.
"""

import contextlib
import functools
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.utils import timezone

from doorstep.app import clock
from doorstep.core.message import Message

LOCALE: Final = Path(__file__).resolve().parent.parent / "locale"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_BETWEEN: Final = {"fr": " à ", "zh-Hans": " "}  # between a day and a time, where it is no comma
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def _one(count: int) -> str:
    return "one" if count == 1 else "other"


def _none_or_one(count: int) -> str:
    return "one" if count in {0, 1} else "other"


# Which category a number of things takes (CLDR 45, integers below a million: "many" begins there).
PLURALS: Final[Mapping[str, Callable[[int], str]]] = {
    "en": _one,
    "es": _one,
    "de": _one,
    "fr": _none_or_one,
    "pt-BR": _none_or_one,
    "zh-Hans": lambda _: "other",
}
ENGLISH: Final = "en"
_SPOKEN: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


class Unsaid(UserWarning):
    """A message without a sentence; a sentence without one of its values."""


def spoken() -> str:
    """The language that is spoken now: one of ``PLURALS``."""
    return _SPOKEN.get()


@contextlib.contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Speak another language within a block."""
    before = _SPOKEN.set(locale)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


@functools.cache
def catalog(locale: str = ENGLISH) -> Mapping[str, str]:
    """All sentences of a language. That no two areas claim the same key is for the tests to see."""
    merged: dict[str, str] = {}
    for path in sorted((LOCALE / locale).glob("*.toml")):
        merged |= tomllib.loads(path.read_text(encoding="utf-8"))
    return merged


def say(message: Message | Mapping[str, Any] | None, locale: str = "") -> str:
    """The sentence of a message, or of one stored as JSON (``{"id": ..., "values": {...}}``); nothing says nothing.
    ``locale`` '' = the language that is spoken.
    """
    if not message:
        return ""
    if isinstance(message, Message):
        return text(message.id, locale, **message.values)
    return text(message["id"], locale, **(message.get("values") or {}))


def text(key: str, locale: str = "", **values: Any) -> str:
    """The sentence of one key."""
    locale = locale or spoken()
    template = catalog(locale).get(_counted(key, locale, values.get("count")))
    if template is None:
        warnings.warn(f"no sentence for {key} in {locale}", Unsaid, stacklevel=2)
        return key if locale == ENGLISH else text(key, ENGLISH, **values)
    return template.format_map(_Values({name: _shown(value) for name, value in values.items()}))


def known(key: str, locale: str = ENGLISH) -> bool:
    """Whether there is a sentence of that key."""
    return key in catalog(locale) or f"{key}#other" in catalog(locale)


def _counted(key: str, locale: str, count: Any) -> str:
    """The key itself, or that of the plural where the sentence has plurals."""
    if not isinstance(count, int) or f"{key}#other" not in catalog(locale):
        return key
    return f"{key}#{PLURALS[locale](count)}"


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
    with contextlib.suppress(ValueError, OverflowError):  # what somebody typed may look like a date and be none
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
    return f"{day(local.date())}{_BETWEEN.get(spoken(), ', ')}{local:%H:%M}"


def day(value: date) -> str:
    """``14 Nov`` as the spoken language writes it, with the year when it is not this one."""
    this_year = value.year == clock.now().year
    if spoken() == ENGLISH:
        return f"{value.day} {value:%b}" + ("" if this_year else f" {value.year}")
    return _day_abroad(value, spoken(), this_year)


@functools.lru_cache(maxsize=4096)
def _day_abroad(value: date, locale: str, this_year: bool) -> str:
    """By CLDR. The month is written out: an abbreviation's full stop would end the sentence it stands in."""
    from babel import Locale  # noqa: PLC0415 - takes time to load, and English does without
    from babel.dates import format_date, format_skeleton  # noqa: PLC0415

    ways = Locale.parse(locale, sep="-")
    return format_skeleton("MMMMd", value, locale=ways) if this_year else format_date(value, "long", locale=ways)
