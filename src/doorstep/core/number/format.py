"""The formats of tracking numbers: data in ``formats.toml``, read when first asked for, found by length."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from doorstep.core.number.check_digits import CHECKS, Check
from doorstep.core.number.directory import carrier_of_country
from doorstep.core.order import Role

_OPERATOR = "@s10"  # in the table: the carrier is the postal operator of the country in the number
_PREFIX = re.compile(r"(?:[0-9A-Z](?![?*+{]))*")


class Bare(StrEnum):
    """What a number of a format proves when nothing else is known."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    HINTED = "hinted"  # nothing: it is only considered when a hint speaks for the carrier or its country


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way a carrier writes its numbers. ``carrier`` is our code, or ``@s10`` where the number itself names the
    country of its postal operator. ``source`` says where the rule comes from; ``example`` is one valid number.
    """

    name: str
    carrier: str
    pattern: re.Pattern[str]
    check: Check | None
    bare: Bare
    role: Role
    source: str
    example: str

    @property
    def prefix(self) -> str:
        """The characters that every number of this format begins with; may be ''."""
        found = _PREFIX.match(self.pattern.pattern)
        return found[0] if found and "|" not in self.pattern.pattern else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A text that has a format, and passes its check digit if it has one. ``number`` is what the carrier calls the
    number (without routing), ``country`` the issuing country where the number says it.
    """

    format: Format
    carrier: str
    number: str
    country: str = ""


def fits(number: str, *, hinted: bool = True) -> list[Fit]:
    """Every format that a normalized text has; without ``hinted`` only those that can be told without hints."""
    found = []
    for entry in _worth_trying(len(number), number[:1], hinted):
        match = entry.pattern.fullmatch(number)
        if match and (fit := _fit(entry, match)):
            found.append(fit)
    return found


@cache
def formats() -> tuple[Format, ...]:
    """Every format, in the order of the table."""
    return tuple(_format(name, row) for name, row in _rows().items())


def _fit(entry: Format, match: re.Match[str]) -> Fit | None:
    groups = match.groupdict()
    if entry.check and not entry.check.passes(groups.get("check", match[0])):
        return None
    number = groups.get("number", match[0])
    if entry.carrier != _OPERATOR:
        return Fit(format=entry, carrier=entry.carrier, number=number)
    operator = carrier_of_country(groups["country"])
    return Fit(format=entry, carrier=operator, number=number, country=groups["country"]) if operator else None


def _format(name: str, row: Mapping[str, Any]) -> Format:
    return Format(
        name=name,
        carrier=row["carrier"],
        pattern=re.compile(row["pattern"], re.ASCII),
        check=CHECKS[row["check"]] if "check" in row else None,
        bare=Bare(row["bare"]),
        role=Role(row.get("role", Role.LOCAL)),
        source=row["source"],
        example=row["example"],
    )


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("formats.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=4096)
def _worth_trying(length: int, first: str, hinted: bool) -> tuple[Format, ...]:
    """The formats of a length that can begin with a character."""
    return tuple(entry for entry in _by_length(hinted).get(length, ()) if entry.prefix[:1] in ("", first))


@cache
def _by_length(hinted: bool) -> Mapping[int, tuple[Format, ...]]:
    found: dict[int, list[Format]] = {}
    for entry, row in zip(formats(), _rows().values(), strict=True):
        if hinted or entry.bare is not Bare.HINTED:
            for length in {n for low, high in row["length"] for n in range(low, high + 1)}:
                found.setdefault(length, []).append(entry)
    return {length: tuple(entries) for length, entries in found.items()}
