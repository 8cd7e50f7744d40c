"""Days that a mail names, by the words before them. A day that could be read in two ways is kept as text only."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from importlib import resources
from typing import Final

from doorstep.connectors.mail.facts import About, SaidDate
from doorstep.connectors.mail.words import Phrases, either

_DATA: Final = tomllib.loads(resources.files(__package__).joinpath("dates.toml").read_text(encoding="utf-8"))
_ABOUT: Final = {About(name): Phrases(words) for name, words in _DATA["about"].items()}
_MONTHS: Final = {
    spelling: number
    for names in _DATA["months"].values()
    for number, spellings in enumerate(names, start=1)
    for spelling in spellings.split()
}
_NAME: Final = either(_MONTHS)
_WRITTEN: Final = re.compile(
    rf"(?P<y1>20\d\d)[-/.](?P<m1>\d{{1,2}})[-/.](?P<d1>\d{{1,2}})(?!\d)"
    rf"|(?<!\d)(?P<d2>\d{{1,2}})(?:st|nd|rd|th|\.|er)? (?:de )?(?P<n2>{_NAME})\b\.?,?(?: (?:de )?(?P<y2>20\d\d))?"
    rf"|\b(?P<n3>{_NAME})\.? (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,? (?P<y3>20\d\d))?"
    rf"|(?:(?P<y4>20\d\d)年)?(?P<m4>\d{{1,2}})月(?P<d4>\d{{1,2}})日"
    rf"|(?<![\d./])(?P<a5>\d{{1,2}})(?P<s5>[./])(?P<b5>\d{{1,2}})(?P=s5)(?P<y5>20\d\d)(?!\d)"
)
MAX_DATES: Final = 60
MOST: Final = 8  # kept of one mail
_READ: Final = 5000  # characters
_NEAR: Final = 44  # characters between the words and the date


def dates(text: str, sent_at: datetime | None) -> tuple[SaidDate, ...]:
    """The days that a text names, in order. ``sent_at`` tells the year where the text does not."""
    lower = text[:_READ].lower()
    found = (_about(lower, one, sent_at) for one in itertools.islice(_WRITTEN.finditer(lower), MAX_DATES))
    kept = dict.fromkeys(one for one in found if one)
    return tuple(itertools.islice(_ranges(list(kept)), MOST))


def _about(lower: str, one: re.Match[str], sent_at: datetime | None) -> SaidDate | None:
    """The date with what the nearest words before it say, None if they say nothing."""
    start = max(0, one.start() - _NEAR)
    ends = {about: _last_end(words.finditer(lower, start, one.start())) for about, words in _ABOUT.items()}
    about, end = max(ends.items(), key=lambda item: item[1])
    return SaidDate(about=about, text=one[0].strip(" ,."), day=_day(one, sent_at)) if end >= 0 else None


def _last_end(found: Iterator[re.Match[str]]) -> int:
    return max((one.end() for one in found), default=-1)


def _ranges(found: list[SaidDate]) -> Iterator[SaidDate]:
    """Of two days that a parcel is expected on, the later one is the last."""
    for place, one in enumerate(found):
        before = found[place - 1] if place else None
        if before and before.about is one.about is About.EXPECTED and one.day and before.day and one.day > before.day:
            yield SaidDate(about=About.EXPECTED_BY, text=one.text, day=one.day)
        else:
            yield one


def _day(one: re.Match[str], sent_at: datetime | None) -> date | None:
    if one["m1"]:
        return _made(one["y1"], one["m1"], one["d1"])
    if one["m4"]:
        return _in_year(one["y4"], int(one["m4"]), int(one["d4"]), sent_at)
    if one["a5"]:
        return _of_numbers(one)
    name, day, year = (one["n2"], one["d2"], one["y2"]) if one["n2"] else (one["n3"], one["d3"], one["y3"])
    return _in_year(year, _MONTHS[name], int(day), sent_at)


def _of_numbers(one: re.Match[str]) -> date | None:
    """Dots are day first everywhere; with slashes only a number above twelve, or two alike, tell."""
    first, second = int(one["a5"]), int(one["b5"])
    if one["s5"] == "." or first > 12 or first == second:
        return _made(one["y5"], second, first)
    return _made(one["y5"], first, second) if second > 12 else None


def _in_year(year: str | None, month: int, day: int, sent_at: datetime | None) -> date | None:
    """Without a year, the day nearest to when the mail was sent."""
    if year:
        return _made(year, month, day)
    if sent_at is None:
        return None
    near = sent_at.date()
    days = filter(None, (_made(near.year + more, month, day) for more in (-1, 0, 1)))
    return min(days, key=lambda one: abs((one - near).days), default=None)


def _made(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
