"""The formats of tracking numbers: data in ``formats.toml``, read when asked for, found by length and beginning."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from doorstep.core.number.check_digits import CHECKS, Check
from doorstep.core.number.directory import carrier_of_country
from doorstep.core.number.shape import heads_of, prefix_of
from doorstep.core.number.value import Role

_OPERATOR = "@s10"  # in the table: the carrier is the postal operator of the country in the number


class Bare(StrEnum):
    """What a number of a format proves when nothing else is known."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    HINTED = "hinted"  # nothing: it is only considered when a hint speaks for the carrier or its country


class Confidence(StrEnum):
    """How sure a reading of a number is. ``CERTAIN``: the evidence excludes every other reading."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way a carrier writes its numbers. ``carrier`` is our code, or ``@s10`` where the number itself names the
    country of its postal operator; ``shape`` a regular expression of the whole normalized text. ``source`` says where
    the rule comes from; ``example`` is one valid number; ``alone`` how sure a number is that nothing else speaks for.
    """

    name: str
    carrier: str
    shape: str
    lengths: frozenset[int]
    check: Check | None
    bare: Bare
    alone: Confidence
    role: Role
    source: str
    example: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """The shape, compiled when first needed: most formats are never met by one process."""
        return _compiled(self.shape)

    @property
    def prefix(self) -> str:
        """The characters that every number of this format begins with; may be ''."""
        return prefix_of(self.shape)

    @property
    def telling(self) -> bool:
        """Whether a right check digit in this shape is no accident: what is one slip away was meant to be it."""
        return self.check is not None and self.bare in (Bare.CERTAIN, Bare.LIKELY)

    def check_end(self, number: str) -> int:
        """The place behind the check digit in a normalized text of this shape."""
        found = self.pattern.fullmatch(number)
        return found.end("check") if found and "check" in found.re.groupindex else len(number)


class Fit(NamedTuple):
    """A text that has a format, and passes its check digit if it has one. ``number`` is what the carrier calls the
    number (without routing), ``country`` the issuing country where the number says it. A tuple, because one is made
    for every number that is read.
    """

    format: Format
    carrier: str
    number: str
    country: str = ""


def fits(number: str, *, hinted: bool = True, telling: bool = False) -> list[Fit]:
    """Every format that a normalized text has; without ``hinted`` only those that can be told without hints, with
    ``telling`` only those whose check digit is no accident.
    """
    found = []
    for entry, match, passes, check, name, country in _trials(len(number), number[:2], hinted, telling):
        seen = match(number)
        if seen is None or (passes and not passes(seen[check] if check else number)):
            continue
        if not country:
            found.append(tuple.__new__(Fit, (entry, entry.carrier, seen[name] if name else number, "")))
        elif operator := carrier_of_country(seen[country]):
            found.append(Fit(entry, operator, seen[name], seen[country]))
    return found


def misses(number: str) -> list[Fit]:
    """Every format with a check digit that a normalized text would have if only that digit were right."""
    found = []
    for entry, match, passes, check, name, country in _trials(len(number), number[:2], True, False):
        if not passes or not (seen := match(number)) or passes(seen[check]):
            continue
        code = carrier_of_country(seen[country]) if country else entry.carrier
        if code:
            found.append(Fit(entry, code, seen[name], seen[country] if country else ""))
    return found


@cache
def formats() -> tuple[Format, ...]:
    """Every format, in the order of the table."""
    rows = tomllib.loads(Path(__file__).with_name("formats.toml").read_text(encoding="utf-8"))
    return tuple(_format(name, row) for name, row in rows.items())


def _format(name: str, row: Mapping[str, Any]) -> Format:
    bare = Bare(row["bare"])
    return Format(
        name=name,
        carrier=row["carrier"],
        shape=row["pattern"],
        lengths=frozenset(length for low, high in row["length"] for length in range(low, high + 1)),
        check=CHECKS[row["check"]] if "check" in row else None,
        bare=bare,
        alone=Confidence.POSSIBLE if bare is Bare.HINTED else Confidence(bare.value),
        role=Role(row.get("role", Role.LOCAL)),
        source=row["source"],
        example=row["example"],
    )


@cache
def _compiled(shape: str) -> re.Pattern[str]:
    return re.compile(shape, re.ASCII)


class _Trial(NamedTuple):
    """A format made ready to be tried. ``check``, ``number`` and ``country`` are its groups, 0 (everything) if none."""

    format: Format
    match: Callable[[str], re.Match[str] | None]
    passes: Callable[[str], bool] | None
    check: int
    number: int
    country: int


def _trial(entry: Format) -> _Trial:
    groups = entry.pattern.groupindex
    return _Trial(
        format=entry,
        match=entry.pattern.fullmatch,
        passes=entry.check.passes if entry.check else None,
        check=groups.get("check", 0),
        number=groups.get("number", 0),
        country=groups.get("country", 0) if entry.carrier == _OPERATOR else 0,
    )


@lru_cache(maxsize=8192)
def _trials(length: int, start: str, hinted: bool, telling: bool) -> tuple[_Trial, ...]:
    """The formats of a length that can begin with two characters."""
    return tuple(
        _trial(entry)
        for entry in _of_length().get(length, ())
        if (hinted or entry.bare is not Bare.HINTED)
        and (entry.telling or not telling)
        and start in heads_of(entry.shape)
    )


@cache
def _of_length() -> Mapping[int, tuple[Format, ...]]:
    return dict(_by_length())


def _by_length() -> Iterator[tuple[int, tuple[Format, ...]]]:
    for length in frozenset[int]().union(*(entry.lengths for entry in formats())):
        yield length, tuple(entry for entry in formats() if length in entry.lengths)
