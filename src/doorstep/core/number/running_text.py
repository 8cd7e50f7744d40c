"""Tracking numbers in running text: mails, chats, notes."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path

from doorstep.core.number.directory import carriers_in
from doorstep.core.number.format import fits
from doorstep.core.number.hint import Hints
from doorstep.core.number.link import number_in_link
from doorstep.core.number.look_alike import plausible
from doorstep.core.number.recognition import Confidence, Recognition, recognize
from doorstep.core.number.text import normalize


class Context(StrEnum):
    """Why a number in a text is taken for one, the strongest first."""

    LINK = "link"  # it stands in a link about it
    LABEL = "label"  # words like "tracking number" stand before it
    CARRIER = "carrier"  # its carrier is named beside it, or wrote the text
    FORM = "form"  # only its own form speaks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A number in a text. ``span`` is where it stands in the text as given: (start, end), separators included."""

    span: tuple[int, int]
    number: str
    recognition: Recognition
    context: Context


@dataclass(frozen=True, slots=True)
class _Label:
    end: int
    kind: str


_LINK = re.compile(r"https?://[^\s<>\"'\])]+", re.IGNORECASE)
# Texts whose parts must not be read as numbers: mail addresses, phones, "#1001", amounts, order numbers with dashes.
_NEVER = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+|\+\d[\d \t\u00a0().\-/]{6,20}\d|\#\s?[\w-]+|[$€£¥₩₹]\s?\d[\d.,]*|\d[\d.,]*\s?[$€£¥₩₹]|"
    r"\b(?:\d{3}|D\d\d)-\d{7}-\d{7}\b|\b\d{2}-\d{5}-\d{5}\b|\b\d{7}-\d{7,8}\b|\(\d{2,5}\)[ \d-]{5,14}|"
    r"\b\d{3}[-.]\d{3}[-.]\d{4}\b|\b\d{1,4}([-./])\d{1,2}\1\d{1,4}\b"
)
_RUN = re.compile(r"[^\W_]+(?:[ \u00a0.\-\u2013][^\W_]+)*")
_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 12  # the longest barcode, 34 digits in groups of three
_LABEL_REACH = 48  # characters between a label and its number
_NEAR_BEFORE, _NEAR_AFTER = 60, 40


def extract(text: str, hints: Hints = Hints()) -> tuple[Found, ...]:  # noqa: B008  # frozen
    """Every tracking number in a text once, where its context is strongest, in order of appearance.

    Numbers with a form of their own are taken where they stand; digits only behind a label, in a link, or beside their
    carrier and with a right check digit. What another label claims (order, phone, invoice ...) is not taken unless it
    is certain. Never raises; time grows linearly with the text.
    """
    found: dict[str, Found] = {}
    for one in (*_in_links(text, hints), *_in_words(_masked(text), hints)):
        known = found.get(one.number)
        if known is None or _STRENGTH[one.context] > _STRENGTH[known.context]:
            found[one.number] = one
    return tuple(sorted(found.values(), key=lambda one: one.span))


_STRENGTH = {context: -place for place, context in enumerate(Context)}


def _in_links(text: str, hints: Hints) -> Iterator[Found]:
    for match in _LINK.finditer(text):
        if number_in_link(match[0]):
            recognition = recognize(match[0], hints)
            yield Found(span=match.span(), number=recognition.number, recognition=recognition, context=Context.LINK)


def _masked(text: str) -> str:
    """The text with what is never a number blanked out, every other character in its place."""
    text = _LINK.sub(_blank, text)
    return _NEVER.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return "\0" * len(match[0])


def _in_words(text: str, hints: Hints) -> Iterator[Found]:
    labels = [_Label(match.end(), str(match.lastgroup)) for match in _labels().finditer(text)]
    ends = [label.end for label in labels]
    used: set[int] = set()
    for run in _RUN.finditer(text):
        words = [(word.start(), word.end()) for word in _WORD.finditer(text, *run.span())]
        place = 0
        while place < len(words):
            start = words[place][0]
            index = _label_before(start, ends, used)
            kind = labels[index].kind if index >= 0 else ""
            one, taken = _first_at(text, words[place : place + _MOST_WORDS], kind, hints)
            if one:
                yield one
            # A label of something else has said what it means once a number follows it.
            if index >= 0 and kind != "tracking" and any(char.isdigit() for char in text[start : words[place][1]]):
                used.add(index)
            place += taken


def _label_before(start: int, ends: list[int], used: set[int]) -> int:
    """The place in ``ends`` of the nearest label before a position that is within reach and not used up; -1 if none."""
    index = bisect_right(ends, start) - 1
    while index >= 0 and index in used:
        index -= 1
    return index if index >= 0 and start - ends[index] <= _LABEL_REACH else -1


def _first_at(text: str, words: list[tuple[int, int]], kind: str, hints: Hints) -> tuple[Found | None, int]:
    """The number that begins at the first word, read over as many words as make one; and how many words are done."""
    start = words[0][0]
    for taken in range(len(words), 0, -1):
        span = (start, words[taken - 1][1])
        spelled = text[slice(*span)]
        if taken > 1 and not _one_spelling(text, words[:taken], kind):
            continue
        number = normalize(spelled)
        if plausible(number) and (fits(number) or kind == "tracking") and (one := _taken(text, span, kind, hints)):
            return one, taken
    return None, 1


def _one_spelling(text: str, words: list[tuple[int, int]], kind: str) -> bool:
    """Whether several words can be one number: the same separator throughout, digits in every word, letters alone only
    at the ends; and together they have a form, or are groups of digits behind a label.
    """
    separators = {text[one[1] : other[0]] for one, other in pairwise(words)}
    parts = [text[start:end] for start, end in words]
    if len(separators) > 1 or sum(map(len, parts)) > 40 or not all(map(_has_digit, parts[1:-1])):
        return False
    if not all(_has_digit(part) or (part.isupper() and len(part) <= 4) for part in (parts[0], parts[-1])):
        return False
    number = normalize("".join(parts))
    known = [fit for fit in fits(number) if fit.format.check or fit.format.prefix]
    return bool(known) or (kind == "tracking" and all(part.isdecimal() and len(part) > 1 for part in parts))


def _has_digit(part: str) -> bool:
    return any(map(str.isdigit, part))


def _taken(text: str, span: tuple[int, int], kind: str, hints: Hints) -> Found | None:
    start, end = span
    beside = f"{text[max(0, start - _NEAR_BEFORE) : start]} {text[end : end + _NEAR_AFTER]}"
    near = f"{hints.near} {beside}".strip() if carriers_in(beside) else hints.near
    recognition = recognize(text[start:end], replace(hints, near=near))
    context = _context(recognition, kind)
    if not context:
        return None
    return Found(span=span, number=recognition.number, recognition=recognition, context=context)


def _context(recognition: Recognition, kind: str) -> Context | None:
    """Why the text is a number, None if it is not taken for one."""
    best, other = recognition.best, recognition.not_a
    if other and other.sure:
        return None
    sure = best is not None and best.confidence is Confidence.CERTAIN
    if kind == "tracking":
        return Context.LABEL if best or _mostly_digits(recognition.number) else None
    if kind and not sure:
        return None
    if best is None or best.fit is None or best.confidence is Confidence.POSSIBLE:
        return None
    proven = sure or bool(best.fit.format.prefix or best.fit.format.check)
    if not proven:
        return None
    return Context.CARRIER if best.heard else Context.FORM


def _mostly_digits(number: str) -> bool:
    return len(number) >= 7 and 2 * sum(map(str.isdigit, number)) >= len(number)


@cache
def _labels() -> re.Pattern[str]:
    """One pattern for the labels of every kind; the longest spelling wins."""
    rows = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))
    kinds = {label: kind for kind, labels in rows.items() for label in labels}
    longest_first = sorted(kinds, key=len, reverse=True)
    groups = (
        f"(?P<{kind}>" + "|".join(_spelled(label) for label in longest_first if kinds[label] == kind) + ")"
        for kind in rows
    )
    return re.compile("|".join(groups), re.IGNORECASE)


def _spelled(label: str) -> str:
    """A pattern of a label: any run of spaces, and whole words where words have ends."""
    pattern = re.escape(label).replace(r"\ ", r"\s+")
    spaced = label[0].isascii() or (label[0].isalpha() and label[0].lower() != label[0].upper())
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if spaced else pattern
