"""The words of ``words.toml`` as patterns: one linear scan each, no nested repetition."""

import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Final

_DATA: Final = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))


def _all(table: str) -> list[str]:
    """The phrases of every language, longest first: the longer one names the thing more exactly."""
    return sorted({phrase for phrases in _DATA[table].values() for phrase in phrases}, key=lambda one: (-len(one), one))


def _any(phrases: Iterable[str]) -> str:
    """Whole words only; scripts without spaces between words have no edges to ask for."""
    return "|".join(_edge(one, before=True) + re.escape(one) + _edge(one, before=False) for one in phrases)


def _edge(phrase: str, *, before: bool) -> str:
    letter = phrase[0 if before else -1]
    if not letter.isalpha() or ord(letter) > 0x2E80:  # punctuation, or CJK
        return ""
    return r"(?<!\w)" if before else r"(?!\w)"


TRACKING: Final = re.compile(_any(_all("tracking")))
ORDER: Final = re.compile(_any(_all("order")))
PARCEL: Final = re.compile(_any(_all("parcel")))
OTHER: Final = re.compile(_any([*_all("other"), *_all("order")]))
MOVING: Final = re.compile(_any(_all("moving")))
DELIVERED: Final = re.compile(_any(_all("delivered")))
SHIPPED: Final = re.compile(_any(_all("shipped")))
FORWARDED: Final = {name: "|".join(re.escape(one) for one in phrases) for name, phrases in _DATA["forwarded"].items()}
