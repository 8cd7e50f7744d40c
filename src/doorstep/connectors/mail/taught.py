"""What a person taught about the mails of one sender: they marked a text in a mail and said what it is.

A rule is what can be said about its place in every such mail: the words before it, or the link that holds it, else its
shape. A rule knows nothing of one mail only.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from doorstep.connectors.mail.html import Link

MOST: Final = 20  # texts that one rule finds in one mail
LABEL_WORDS: Final = 5
MAX_MARKS: Final = 60
_TEXT: Final = r"[A-Za-z0-9](?:[A-Za-z0-9 .–-]{0,46}[A-Za-z0-9])?"
_CODE: Final = re.compile(r"(?<![\w@/.+-])#?[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*(?![\w@/])")


class What(StrEnum):
    """What a marked text is."""

    TRACKING = "tracking"
    ORDER = "order"
    NEITHER = "neither"


class How(StrEnum):
    """How a rule finds its text."""

    LABEL = "label"
    LINK = "link"
    SHAPE = "shape"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``label``: the words before the text, lower case. ``host``, ``path`` and ``key``: the link that holds it (``key``
    '' = the part of the path behind ``path``). ``shape``: letters as they are, ``9`` for any digit (``AB999999999``).
    """

    what: What
    how: How
    label: str = ""
    host: str = ""
    path: str = ""
    key: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A text that can be marked. ``before`` are the words before it, or the link that holds it."""

    text: str
    before: str


def as_data(rule: Rule) -> dict[str, str]:
    """A rule as JSON."""
    return {name: str(value) for name, value in asdict(rule).items() if value}


def from_data(data: Mapping[str, Any]) -> Rule:
    """A rule from JSON; ValueError if it is none."""
    fields = {name: str(data.get(name, "")) for name in ("label", "host", "path", "key", "shape")}
    return Rule(what=What(data.get("what", "")), how=How(data.get("how", "")), **fields)


def marks(text: str, links: Sequence[Link]) -> tuple[Mark, ...]:
    """The texts of a mail that could be a number, each once, in the order of the mail."""
    found: dict[str, Mark] = {}
    for one in itertools.islice(_CODE.finditer(text), 4 * MAX_MARKS):
        if len(one[0]) >= 4 and any(map(str.isdigit, one[0])):
            found.setdefault(one[0], Mark(text=one[0], before=_label(text, one.start())))
    for link in links:
        for key, value in _values(link.url):
            if len(value) >= 6 and sum(map(str.isdigit, value)) >= 4 and re.fullmatch(r"[\w.-]{6,40}", value):
                found.setdefault(value, Mark(text=value, before=f"{_split(link.url).hostname or ''} {key}".strip()))
    return tuple(itertools.islice(found.values(), MAX_MARKS))


def derive(text: str, links: Sequence[Link], marked: str, what: What) -> Rule | None:
    """The rule that a mark teaches, the most telling one; None if the mail does not hold the text."""
    marked = marked.strip()
    rule = (_by_label(text, marked) or _by_link(links, marked) or _by_shape(text, marked)) if marked else None
    return replace(rule, what=what) if rule else None


def found(rule: Rule, text: str, links: Sequence[Link]) -> tuple[str, ...]:
    """The texts that a rule finds in a mail, as written, each once."""
    finder = {How.LABEL: _labelled, How.SHAPE: _shaped}.get(rule.how)
    texts = finder(rule, text) if finder else _linked(rule, links)
    return tuple(itertools.islice(dict.fromkeys(texts), MOST))


def _by_label(text: str, marked: str) -> Rule | None:
    for place in _places(text, marked):
        label = _label(text, place)
        if label:
            return Rule(what=What.TRACKING, how=How.LABEL, label=label, shape=_kind(marked))
    return None


def _by_link(links: Sequence[Link], marked: str) -> Rule | None:
    for link in links:
        parts = _split(link.url)
        for key, value in _values(link.url):
            if value == marked:
                path = parts.path if key else parts.path.partition(marked)[0]
                return Rule(what=What.TRACKING, how=How.LINK, host=parts.hostname or "", path=path, key=key)
    return None


def _by_shape(text: str, marked: str) -> Rule | None:
    """Only a shape with letters, or a long one: a few digits alone would fit anything."""
    shape = re.sub(r"\d", "9", marked)
    telling = len(shape) >= 8 and (shape.count("9") < len(shape) or len(shape) >= 10)
    return Rule(what=What.TRACKING, how=How.SHAPE, shape=shape) if telling and marked in text else None


def _places(text: str, marked: str) -> Iterator[int]:
    for one in itertools.islice(re.finditer(rf"(?<!\w){re.escape(marked)}(?!\w)", text), MOST):
        yield one.start()


def _label(text: str, place: int) -> str:
    """The words before a place: those of its line, else of the line above; '' if there are none without a digit."""
    lines = [line for line in re.split(r"[\n\t]", text[max(0, place - 200) : place])[-3:] if line.strip(" :：#*.-")]
    words = re.findall(r"[^\s:：#*]+", lines[-1].lower())[-LABEL_WORDS:] if lines else []
    kept = list(itertools.takewhile(lambda word: not any(map(str.isdigit, word)), reversed(words)))
    return " ".join(reversed(kept))


def _labelled(rule: Rule, text: str) -> Iterator[str]:
    words = r"[\s:：#*]{1,4}".join(map(re.escape, rule.label.split()))
    pattern = re.compile(rf"(?<!\w){words}[\s:：#*.]{{0,12}}({_TEXT})", re.IGNORECASE)
    for one in itertools.islice(pattern.finditer(text), MOST):
        token = _alike(one[1], rule.shape)
        if token:
            yield token


def _alike(text: str, kind: str) -> str:
    """The beginning of a text that is written like the marked one: its first word, or groups of digits where those
    were marked.
    """
    if " " in kind:
        return next(iter(re.findall(r"^[A-Z\d]{1,6}(?: [A-Z\d]{2,6})+", text)), "")
    token = _CODE.match(text)
    return token[0] if token and any(map(str.isdigit, token[0])) and len(token[0]) >= 4 else ""


def _kind(marked: str) -> str:
    return "9 9" if " " in marked else ""


def _shaped(rule: Rule, text: str) -> Iterator[str]:
    pattern = "".join(r"\d" if char == "9" else re.escape(char) for char in rule.shape)
    yield from (one[0] for one in itertools.islice(re.finditer(rf"(?<![\w-]){pattern}(?![\w-])", text), MOST))


def _linked(rule: Rule, links: Sequence[Link]) -> Iterator[str]:
    for link in links:
        parts = _split(link.url)
        if parts.hostname != rule.host or not parts.path.startswith(rule.path):
            continue
        yield from (value for key, value in _values(link.url, after=rule.path) if key == rule.key and value)


def _values(url: str, after: str = "") -> Iterator[tuple[str, str]]:
    """Keys and values of a link's query, and the parts of its path behind ``after`` under the key ''."""
    parts = _split(url)
    if url.count("&") < 200:
        yield from parse_qsl(parts.query)
    yield from (("", one) for one in parts.path[len(after) :].split("/")[: 20 if not after else 1] if one)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")
