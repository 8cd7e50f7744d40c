"""Which language a shopper reads: the one they chose, else the order's, else the browser's, else the shop's."""

from collections.abc import Iterable, Iterator
from typing import Final

from doorstep.app.say import ENGLISH, PLURALS

LANGUAGES: Final = tuple(PLURALS)
# What each is called by those who speak it.
NAMES: Final = {
    "en": "English",
    "es": "Español",
    "de": "Deutsch",
    "fr": "Français",
    "pt-BR": "Português (Brasil)",
    "zh-Hans": "简体中文",
}
_HERE: Final = {one.casefold(): one for one in LANGUAGES}
_FIRST: Final = {one.partition("-")[0]: one for one in LANGUAGES}
_TRADITIONAL: Final = ("hant", "tw", "hk", "mo")  # another script, which readers of it would miss
_MOST: Final = 20  # languages of a header that are looked at


_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})


def direction(tag: str) -> str:
    """``ltr`` or ``rtl``, as HTML writes it."""
    return "rtl" if tag.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def match(tag: str) -> str:
    """The language that a BCP 47 tag (or ``pt_BR``) is served in, '' = none: any Portuguese is better than English to
    those who read it; traditional Chinese is not simplified.
    """
    parts = tag.strip().casefold().replace("_", "-").split("-")
    if parts[0] == "zh" and any(one in _TRADITIONAL for one in parts[1:]):
        return ""
    return _HERE.get("-".join(parts)) or _FIRST.get(parts[0], "")


def accepted(header: str) -> Iterator[str]:
    """The languages of an Accept-Language header that we serve, the most wanted first; malformed parts are left out."""
    wanted = []
    for at, part in enumerate(header.split(",")[:_MOST]):
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.partition("=")[2]) if quality.strip() else 1.0
        except ValueError:
            continue
        if weight > 0 and (found := match(tag)):
            wanted.append((-weight, at, found))
    yield from (one for _, _, one in sorted(wanted))


def choose(wishes: Iterable[str], header: str, last: str = ENGLISH) -> str:
    """The first wish that is served (tags, '' = none), else the browser's, else ``last``, else English."""
    for wish in wishes:
        if found := match(wish):
            return found
    return next(accepted(header), match(last) or ENGLISH)
