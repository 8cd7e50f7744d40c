"""The help centre: topics, their articles, and a search through the words of the spoken language (S11 to S24)."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from doorstep.app.say import text
from doorstep.core.status import Reason, Status

# Topic -> its articles. The title and the text of each are sentences: help.<article>, help.<article>.text.
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "start": ("use", "add", "mail", "accept", "share", "news", "keys", "offline"),
    "parcel": ("statuses", "exceptions", "no_news", "carrier", "estimate", "not_received", "detect"),
    "order": ("placed", "cancelled", "unreachable", "messages", "coupons"),
    "about": ("merchants", "carriers", "contact"),
}
ARTICLES: Final = tuple(article for some in TOPICS.values() for article in some)
SHOWN: Final = tuple(one for one in Status if one is not Status.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article in the spoken language; ``lines`` are its paragraphs."""

    name: str
    title: str
    lines: tuple[str, ...]


def article(name: str) -> Article:
    """An article of ``ARTICLES``."""
    said = text(f"help.{name}.text")
    return Article(name=name, title=text(f"help.{name}"), lines=tuple(said.split("\n")))


def found(query: str) -> tuple[Article, ...]:
    """The articles that hold every word of the query, those with it in the title first."""
    words = _plain(query).split()
    every = [article(name) for name in ARTICLES]
    fitting = [one for one in every if all(word in _plain(" ".join((one.title, *one.lines))) for word in words)]
    return tuple(sorted(fitting, key=lambda one: not all(word in _plain(one.title) for word in words)))


def statuses() -> tuple[tuple[str, str], ...]:
    """Every status of a parcel, and what it means."""
    return tuple((text(f"status.{one}"), text(f"status.explained.{one}")) for one in SHOWN)


def reasons() -> tuple[str, ...]:
    """Every reason that a carrier may give."""
    return tuple(text(f"status.reason.{one}") for one in Reason)


def _plain(words: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", words.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))
