"""Tracking numbers in running text: mails, chats, notes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import pairwise

from doorstep.core.number.directory import carriers_in
from doorstep.core.number.format import Confidence, fits
from doorstep.core.number.hint import NO_HINTS, Hints
from doorstep.core.number.label import UNSPACED, WORD, Label, labels_in
from doorstep.core.number.link import number_in_link
from doorstep.core.number.look_alike import plausible
from doorstep.core.number.recognition import Recognition, read
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


_STRENGTH = {context: -place for place, context in enumerate(Context)}
_Span = tuple[int, int]
_LINK = re.compile(r"https?://[^\s<>\"'\])]+", re.IGNORECASE)
# Texts whose parts must not be read as numbers: mail addresses, phones, "#1001", amounts, order numbers with dashes.
_NEVER = (
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.-]+|\b\w{0,64}_\w*|\+\d[\d \t\u00a0().\-/]{6,20}\d|\#\s?[\w-]+|"
    r"[$€£¥₩₹]\s?\d[\d.,]*|\b\d[\d.,]{0,15}\s?[$€£¥₩₹]|\(\d{2,5}\)[ \d-]{5,14}|"
    r"(?<![\w./-])(?:(?:\d{3}|D\d\d)-\d{7}-\d{7}|\d{2}-\d{5}-\d{5}|\d{7}-\d{7,8}|\d{3}[-.]\d{3}[-.]\d{4}|"
    r"\d{1,4}([-./])\d{1,2}\1\d{1,4})(?![\w/-]|\.\w)"
)
_SEPARATORS = (" ", "\u00a0", ".", "-", "\u2013")  # between the groups of one number
_MOST_WORDS = 12  # the longest barcode, 34 digits in groups of three
_LABEL_REACH = 48  # characters between a label and its number, blanks squeezed
_BLANKS = 400  # the same with blanks
_NEAR_BEFORE, _NEAR_AFTER = 60, 40


def extract(text: str, hints: Hints = NO_HINTS) -> tuple[Found, ...]:
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


def _in_links(text: str, hints: Hints) -> Iterator[Found]:
    for match in _LINK.finditer(text):
        if number_in_link(match[0]):
            recognition = read(match[0], hints)
            yield Found(span=match.span(), number=recognition.number, recognition=recognition, context=Context.LINK)


def _masked(text: str) -> str:
    """The text with what is never a number blanked out, every other character in its place."""
    text = _LINK.sub(_blank, text)
    return _never().sub(_blank, text)


@cache
def _never() -> re.Pattern[str]:
    return re.compile(_NEVER)


def _blank(match: re.Match[str]) -> str:
    return "\0" * len(match[0])


def _in_words(text: str, hints: Hints) -> Iterator[Found]:
    ahead = labels_in(text)[::-1]
    behind: list[Label] = []
    words = [word.span() for word in WORD.finditer(re.sub(UNSPACED, " ", text))]
    place = 0
    while place < len(words):
        start = words[place][0]
        while ahead and ahead[-1].end <= start:
            behind.append(ahead.pop())
        one, taken = _first_at(text, words[place : place + _MOST_WORDS], _kind(text, start, behind), hints)
        if one:
            yield one
        # A label of something else has said what it means once a number follows it.
        if behind and behind[-1].kind != "tracking" and _has_digit(text[slice(*words[place])]):
            behind.pop()
        place += taken


def _kind(text: str, start: int, behind: list[Label]) -> str:
    """What the last label before a position says that stands there; '' if there is none within reach."""
    if not behind or start - behind[-1].end > _BLANKS:
        return ""
    return behind[-1].kind if len(_squeezed(text[behind[-1].end : start])) <= _LABEL_REACH else ""


def _squeezed(text: str) -> str:
    """Text with single spaces: mails made from tables are full of blanks."""
    return " ".join(text.split())


def _first_at(text: str, words: list[_Span], kind: str, hints: Hints) -> tuple[Found | None, int]:
    """The number that begins at the first word, read over as many words as make one; and how many words are done."""
    start = words[0][0]
    for taken in range(_reach(text, words), 0, -1):
        span = (start, words[taken - 1][1])
        if taken > 1 and not _one_spelling([text[slice(*word)] for word in words[:taken]], kind):
            continue
        number = normalize(text[slice(*span)])
        if plausible(number) and (fits(number) or kind == "tracking") and (one := _taken(text, span, kind, hints)):
            return one, taken
    return None, 1


def _reach(text: str, words: list[_Span]) -> int:
    """How many words can be one number at most: the same separator throughout, a digit in every word, short capital
    letters alone only in the first and last.
    """
    first = text[slice(*words[0])]
    if not (_has_digit(first) or _capitals(first)):
        return 0
    for count, (before, word) in enumerate(pairwise(words), start=1):
        part, separator = text[slice(*word)], text[before[1] : word[0]]
        if separator not in _SEPARATORS or separator != text[words[0][1] : words[1][0]]:
            return count
        if not _has_digit(part):
            return count + _capitals(part)
    return len(words)


def _one_spelling(parts: list[str], kind: str) -> bool:
    """Whether several words are one number: together they have a telling form, or are digits behind a label."""
    number = normalize("".join(parts))
    if len(number) < 2 * len(parts):
        return False
    if any(fit.format.check or fit.format.prefix for fit in fits(number, hinted=False)):
        return True
    return kind == "tracking" and all(part.isdecimal() and len(part) > 1 for part in parts)


def _capitals(part: str) -> bool:
    return len(part) <= 4 and part.isalpha() and part.isupper()


def _has_digit(part: str) -> bool:
    return any(map(str.isdigit, part))


def _taken(text: str, span: _Span, kind: str, hints: Hints) -> Found | None:
    before, after = _squeezed(text[max(0, span[0] - 300) : span[0]]), _squeezed(text[span[1] : span[1] + 200])
    beside = f"{before[-_NEAR_BEFORE:]} {after[:_NEAR_AFTER]}"
    near = f"{hints.near} {beside}".strip() if carriers_in(beside) else hints.near
    recognition = read(text[slice(*span)], replace(hints, near=near))
    context = _context(recognition, kind)
    if not context:
        return None
    return Found(span=span, number=recognition.number, recognition=recognition, context=context)


def _context(recognition: Recognition, kind: str) -> Context | None:
    """Why the text is a number, None if it is not taken for one."""
    best, other = recognition.best, recognition.not_a
    if other and other.sure:
        return None
    if kind == "tracking":
        return Context.LABEL if best or _as_code(recognition) else None
    if best is None or best.fit is None or best.confidence is Confidence.POSSIBLE:
        return None
    if best.confidence is Confidence.LIKELY and (kind or not (best.fit.format.prefix or best.fit.format.check)):
        return None
    return Context.CARRIER if best.heard else Context.FORM


def _as_code(recognition: Recognition) -> bool:
    """Whether a text behind a label is written like a number: digits mostly, or capitals and digits."""
    number = recognition.number
    digits = sum(map(str.isdigit, number))
    return len(number) >= 7 and (2 * digits >= len(number) or (digits >= 4 and recognition.text.isupper()))
