"""Words before a number that say what it is: tracking number, order number, phone ... Data in ``labels.toml``."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WORD = re.compile(r"[^\W_]+")
UNSPACED = "[\u0e00-\u0eff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"  # Thai, Lao, Japanese, Chinese, Korean


@dataclass(frozen=True, slots=True)
class Label:
    """A label that ends at a position; ``kind`` is ``tracking``, ``order`` or ``other``."""

    end: int
    kind: str


def labels_in(text: str) -> list[Label]:
    """The labels in a text in order, the longest where several begin at one word."""
    words = list(WORD.finditer(text))
    spelled = [word[0].lower() for word in words]
    found = [Label(match.end(), _unspaced()[1][match[0]]) for match in _unspaced()[0].finditer(text)]
    place = 0
    while place < len(words):
        taken, kind = _label_at(spelled, place)
        if taken:
            found.append(Label(words[place + taken - 1].end(), kind))
        place += taken or 1
    return sorted(found, key=lambda label: label.end)


def _label_at(spelled: list[str], place: int) -> tuple[int, str]:
    """How many words the longest label takes that begins at a word, and its kind; (0, '') if none does."""
    for taken in _spaced().get(spelled[place], ()):
        kind = _kinds().get(" ".join(spelled[place : place + taken]), "")
        if kind and place + taken <= len(spelled):
            return taken, kind
    return 0, ""


@cache
def _kinds() -> Mapping[str, str]:
    """The kind of each label; labels as lower-case words with single spaces."""
    rows = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))
    return {" ".join(WORD.findall(label.lower())): kind for kind, labels in rows.items() for label in labels}


@cache
def _spaced() -> Mapping[str, tuple[int, ...]]:
    """The numbers of words that labels beginning with a word have, the most first."""
    lengths: dict[str, set[int]] = {}
    for label in _kinds():
        words = label.split()
        lengths.setdefault(words[0], set()).add(len(words))
    return {word: tuple(sorted(counts, reverse=True)) for word, counts in lengths.items()}


@cache
def _unspaced() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """A pattern of the labels of scripts that put no space between words, and their kinds."""
    kinds = {label: kind for label, kind in _kinds().items() if re.match(UNSPACED, label)}
    longest_first = sorted(kinds, key=len, reverse=True)
    return re.compile(f"(?={UNSPACED})(?:{'|'.join(longest_first)})"), kinds
