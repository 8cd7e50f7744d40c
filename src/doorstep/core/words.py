"""Reads a status out of a carrier's own words, for scans without a code that we know.

The rules are data (``words.toml``): ordered, in some thirty languages, what denies before what it denies. They say
UNKNOWN rather than guess; a text that no rule speaks about is to be counted as an unknown word.
"""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from doorstep.core.status import Reason, Status

_LONGEST: Final = 300  # characters that are looked at
_GAP: Final = r" (?:\S+ ){0,6}?"
_SPACELESS: Final = 0x0590  # from Hebrew on, words have prefixes, or no spaces between them: phrases have no edges
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BASE: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})  # no accent to take off
_MARK: Final = re.compile("[®™©℠]")  # else they become letters
_ACCENT: Final = re.compile("[\u0300-\u036f]")
_BETWEEN: Final = re.compile(r"[^\w\u0e00-\u0e7f]+|_+")  # the vowel signs of Thai are no word characters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    status: Status
    reason: Reason | None
    phrases: re.Pattern[str]
    unless: re.Pattern[str] | None

    def speaks(self, text: str) -> bool:
        return bool(self.phrases.search(text)) and not (self.unless and self.unless.search(text))


@functools.lru_cache(maxsize=4096)  # a carrier has few sentences
def read_words(text: str, language: str = "") -> tuple[Status, Reason | None]:
    """What a scan's text says; (UNKNOWN, None) when that is not certain. ``language`` (ISO 639-1, if known) is tried
    before all others. Only the first 300 characters count.
    """
    plain = _plain(text[:_LONGEST])
    for tongue in (language, "") if language in languages() else ("",):
        for rule in _rules(tongue, plain.isascii()):
            if rule.speaks(plain):
                return rule.status, rule.reason
    return Status.UNKNOWN, None


@functools.cache
def languages() -> frozenset[str]:
    """The languages that there are phrases in (ISO 639-1)."""
    return frozenset(key for rule in _data() for key in rule if len(key) == 2)


def _plain(text: str) -> str:
    """Words of base letters with one space between, without punctuation."""
    text = _MARK.sub(" ", text)
    words = text if " " in text.strip() else _CAMEL.sub(" ", text)  # OutForDelivery, but not FedEx in a sentence
    return _BETWEEN.sub(" ", _folded(words)).strip()


def _folded(text: str) -> str:
    """Lower case without accents, half and full width alike: of texts and of phrases."""
    lower = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", lower)).translate(_BASE)


@functools.cache
def _data() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))[
        "rule"
    ]
    return rules


@functools.cache
def _rules(language: str, latin: bool) -> tuple[_Rule, ...]:
    """The rules in one language, or in all (''); for a text in Latin letters without the phrases in others."""
    return tuple(_compiled(language, latin))


def _compiled(language: str, latin: bool) -> Iterator[_Rule]:
    for row in _data():
        phrases = [
            phrase
            for key, some in row.items()
            if key == language or (not language and len(key) == 2)
            for phrase in some
            if not latin or _folded(phrase).isascii()
        ]
        if phrases:
            yield _Rule(
                status=Status(row["status"]),
                reason=Reason(row["reason"]) if "reason" in row else None,
                phrases=_either(phrases),
                unless=_either(row["unless"]) if "unless" in row else None,
            )


def _either(phrases: Iterable[str]) -> re.Pattern[str]:
    bare = [_folded(phrase).replace(" .. ", _GAP) for phrase in phrases]
    return re.compile("|".join(_edged(phrase) for phrase in bare))


def _edged(phrase: str) -> str:
    """A phrase as whole words, in scripts that have words."""
    return f"(?:{phrase})" if max(map(ord, phrase)) >= _SPACELESS else rf"(?<!\w)(?:{phrase})(?!\w)"
