"""The words of ``words.toml`` as patterns: one linear scan each."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

_DATA: Final = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))


def either(phrases: Iterable[str]) -> str:
    """One of the phrases, the longest that fits, as a tree of what they share: a scan takes one path, not hundreds."""
    heads: dict[str, list[str]] = {}
    for phrase in phrases:
        heads.setdefault(phrase[:1], []).append(phrase[1:])
    may_end = heads.pop("", None) is not None
    branches = [re.escape(head) + either(tails) for head, tails in sorted(heads.items())]
    if not branches:
        return ""
    one = branches[0] if len(branches) == 1 and not may_end else f"(?:{'|'.join(branches)})"
    return one + "?" * may_end


class Phrases:
    """Finds phrases in lower-case text, whole words only; scripts without spaces between words have no edges."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._pattern = re.compile(either(sorted(set(phrases))))

    def search(self, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """The first phrase between two places."""
        return next(self.finditer(text, start, end), None)

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """Every phrase between two places, in order, none overlapping another."""
        for one in self._pattern.finditer(text, start, len(text) if end is None else end):
            before, after = text[max(0, one.start() - 1) : one.start()], text[one.end() : one.end() + 1]
            if _apart(before, one[0][0]) and _apart(after, one[0][-1]):
                yield one


def _apart(beside: str, letter: str) -> bool:
    """Whether a word can end between two characters. CJK has no spaces to ask for."""
    return not (beside.isalnum() and letter.isalpha()) or ord(letter) > 0x2E80


def _of(*tables: str) -> Phrases:
    return Phrases(phrase for table in tables for one in _DATA[table].values() for phrase in one)


TRACKING: Final = _of("tracking")
ORDER: Final = _of("order")
PARCEL: Final = _of("parcel")
OTHER: Final = _of("other", "order")
STATUS: Final = {
    name: Phrases(phrase for one in table.values() for phrase in one) for name, table in _DATA["status"].items()
}
FORWARDED: Final = {name: either(phrases) for name, phrases in _DATA["forwarded"].items()}
