"""Order ids and numbers as written in a letter, by the words before them. What they really are is judged elsewhere."""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from doorstep.connectors.mail.words import ORDER, OTHER, PARCEL, TRACKING, Phrases

LABEL_REACH: Final = 90  # characters between a label and its number: "Your tracking number with SDA is ..."
_LIST_REACH: Final = 240  # further numbers of the same shape below, in a table or a list
_NEAR: Final = 22  # a word this close before a token names it
MAX_LABELS: Final = 400
MAX_TOKENS: Final = 400  # of each kind; a mail that has more is a catalogue
_TOKEN: Final = re.compile(r"(?<![\w@/.+-])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*(?![\w@/])")
_GROUPS: Final = re.compile(r"(?<![\w@/.+-])[A-Z]{0,2}\d[A-Z0-9]{0,4}(?: [A-Z0-9]{2,6}){2,9}(?![\w@/])")
_GROUPED_PHONE: Final = re.compile(r"0[\d ]{7,13}|(?:1 )?\d{3} \d{3} \d{4}")
_ORDER_TOKEN: Final = re.compile(
    r"[\s:：#№.,\"'(*]{0,6}(?:(?:numbers?|number|no|nr|id|num|n|is|ist|est|es|è|号|編號|编号)?[\s:：#№.°º\"'(*]{1,6})?"
    r"(\d{4}(?: \d{4}){1,4}(?! ?\w)|#?[A-Za-z0-9][A-Za-z0-9_-]{1,34})(?![\w@])"
)
_AMAZON: Final = re.compile(r"(?<![\w-])\d{3}-\d{7}-\d{7}(?![\w-])")
_DATE: Final = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}(?:T.*)?|\d{1,2}-\d{1,2}-(?:19|20)\d\d")
# A sentence that ended between a label and a token: the label is not about it.
_ENDED: Final = re.compile(r"[^\W\d_]{3}[.!?。！？](?:\s|$)")
_DIAL: Final = re.compile(r"\(\d{2,5}\)[ .-]{0,3}$|\+\d{1,3}[\s)]{0,3}$|\+\d{1,3}[\s).-]{1,3}\d{1,4}[\s).-]{1,3}$")
_PHONE: Final = re.compile(r"(?:(?:\d{1,3}-)?\d{3}-)?\d{3}-\d{4}")
# The cell before, if it holds digits: what stands before that one named it, and nothing after it.
_CELL_BEFORE: Final = re.compile(r"\d[,;|\t]\s{0,3}$")
_LABEL: Final = re.compile(r"([^\n\t:：]{2,36})[:：][ \t]{0,4}$")
_CJK_EDGE: Final = re.compile(
    "(?<=[\u3040-\u9fff\uac00-\ud7af])(?=[a-z0-9])|(?<=[a-z0-9])(?=[\u3040-\u9fff\uac00-\ud7af])"
)
_INVISIBLE: Final = dict.fromkeys([*range(0x200B, 0x2010), 0x00AD, 0x2060, 0xFEFF, 0x034F], None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Something written like a number.

    ``near`` are the words around it, lower case. ``labelled``: a tracking label stands before it; otherwise only a word
    like "parcel" does, or nothing at all. ``otherwise`` is the word that says it is something else (``invoice``), or
    ''. ``label`` are the words before a colon right before it, known or not. ``like``: it is labelled only as one of a
    list whose first one is this.
    """

    text: str
    near: str
    labelled: bool
    otherwise: str = ""
    label: str = ""
    like: str = ""


def normal(text: str) -> str:
    """Full-width digits, ligatures and invisible characters made plain; spaces and lines kept. At most twice as long:
    one character can stand for eighteen.
    """
    return unicodedata.normalize("NFKC", text.translate(_INVISIBLE))[: 2 * len(text) + 100]


def orders(text: str) -> tuple[str, ...]:
    """The order ids and numbers named in a text, as written, in order."""
    found = [(one.start(), one[0]) for one in _AMAZON.finditer(text)]
    lower = _lower(text)
    for label in itertools.islice(ORDER.finditer(lower), MAX_LABELS):
        token = _ORDER_TOKEN.match(text, label.end())
        if token and _is_order(token[1]) and not _AMAZON.match(token[1]):
            found.append((token.start(1), token[1].lstrip("#").replace(" ", "")))
    return tuple(dict.fromkeys(one for _, one in sorted(found)))


def labelled(text: str, taken: frozenset[str], labels: Phrases = TRACKING) -> Iterator[Token]:
    """The tokens that a tracking label names. ``taken`` are order ids, normalized: no label makes a number of them."""
    lower = _lower(text)
    done: set[int] = set()  # a table names each of its numbers once, a list of labels does it again and again
    for label in itertools.islice(labels.finditer(lower), MAX_LABELS):
        first = _first(text, lower, label.end(), taken)
        if first is None or first.start() in done:
            continue
        done.add(first.start())
        yield _token(text, lower, first, labelled=True)
        for one in _alike(text, first, taken):
            done.add(one.start())
            token = _token(text, lower, one, labelled=True, otherwise=_otherwise(lower, first.end(), one))
            yield replace(token, like=first[0].replace(" ", ""))


def loose(text: str, never: Phrases | None = None) -> Iterator[Token]:
    """Every token long enough to be recognized by itself, and those that a word like "parcel" names. ``never``: more
    words that name something else.
    """
    lower = _lower(text)
    long = (one for one in _TOKEN.finditer(text) if len(one[0]) >= 9 and _plausible(one[0]))
    for one in itertools.islice(long, MAX_TOKENS):
        start = _CELL_BEFORE.search(text, max(0, one.start() - _NEAR), one.start())
        otherwise = _otherwise(lower, start.end() if start else 0, one, never)
        yield _token(text, lower, one, labelled=False, otherwise=otherwise)


def follows_parcel_word(token: Token) -> bool:
    """Whether a word like "package" stands right before the token."""
    before = token.near.partition(token.text.lower())[0]
    return PARCEL.search(before, max(0, len(before) - _NEAR)) is not None


def _lower(text: str) -> str:
    """Lower case with every character in its place: the few that would become two stay."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def _first(text: str, lower: str, start: int, taken: frozenset[str]) -> re.Match[str] | None:
    """The first number within reach of a label, unless something else is named in between."""
    end, label = min(len(text), start + LABEL_REACH), start
    grouped = _GROUPS.match(text, _skip(text, start))
    if grouped and _is_taken(grouped[0].replace(" ", ""), taken):
        return None
    if grouped and _plausible(grouped[0].replace(" ", "")) and not _GROUPED_PHONE.fullmatch(grouped[0]):
        return grouped
    for one in _TOKEN.finditer(text, start, min(len(text), end + 50)):
        if one.start() >= end or _ENDED.search(lower, label, one.start()):
            return None
        named = _otherwise(lower, start, one) or _DIAL.search(lower, label, one.start())
        if not named and _is_taken(one[0], taken):
            return None  # an order id where the number should be: whatever comes next is not the number either
        if not named and _plausible(one[0]):
            return one
        start = one.end() if named else start  # what named this token does not name the next one
    return None


def _otherwise(lower: str, start: int, one: re.Match[str], never: Phrases | None = None) -> str:
    """The word right before a token, back to ``start``, that makes it a phone, an invoice ...; '' if none does."""
    before = max(start, one.start() - _NEAR)
    for words in filter(None, (OTHER, never)):
        if found := words.search(lower, before, one.start()):
            return found[0].strip(" .")
    return "+" if _DIAL.search(lower, before, one.start()) else ""


def _is_taken(text: str, taken: frozenset[str]) -> bool:
    return text.replace("-", "").upper() in taken


def _skip(text: str, start: int) -> int:
    while start < len(text) and text[start] in " \t\n:：#.*=-":
        start += 1
    return start


def _alike(text: str, first: re.Match[str], taken: frozenset[str]) -> Iterator[re.Match[str]]:
    """More numbers of the same shape below the first."""
    last = first
    for one in itertools.islice(_TOKEN.finditer(text, first.end()), MAX_TOKENS):
        if one.start() - last.end() > _LIST_REACH:
            return
        if _shape(one[0]) == _shape(first[0]) and not _is_taken(one[0], taken) and one[0] != first[0]:
            last = one
            yield one


def _shape(text: str) -> tuple[int, str]:
    head = re.match(r"[A-Za-z]*", text)
    return len(text), head[0].upper() if head else ""


def _token(text: str, lower: str, one: re.Match[str], *, labelled: bool, otherwise: str = "") -> Token:
    near = _CJK_EDGE.sub(" ", lower[max(0, one.start() - 60) : one.end() + 20])
    label = _LABEL.search(lower, max(0, one.start() - 40), one.start())
    return Token(
        text=one[0].replace(" ", ""),
        near=near,
        labelled=labelled,
        otherwise=otherwise,
        label=label[1].strip() if label else "",
    )


def _plausible(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return 7 <= len(text) <= 40 and digits >= 4 and not _DATE.fullmatch(text) and not _PHONE.fullmatch(text)


def _is_order(text: str) -> bool:
    """At least three characters with a digit; a hash sign makes two enough. A date or a count of items is no order."""
    return any(one.isdigit() for one in text) and len(text) >= 3 and not _DATE.fullmatch(text)
