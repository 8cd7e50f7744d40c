"""The one spelling of a number that everything else works on."""

import unicodedata

# Besides everything that is a space: dashes of all kinds, dots and middle dots, underscores, and what cannot be seen.
_SEPARATORS = frozenset(
    "-._·•‐‑‒–—―−﹣⁃\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c"
    "\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufeff"
)
_ASCII_SEPARATORS = b" \t\n\r\v\f\x1c\x1d\x1e\x1f-._"


def normalize(text: str) -> str:
    """Upper case, compatibility forms folded, digits of any script as 0-9, without spaces, dashes, dots and invisible
    characters. Other characters stay, so that what is not a number does not become one. Idempotent.
    """
    if text.isascii():
        return text.upper().encode().translate(None, _ASCII_SEPARATORS).decode()
    # Upper-casing can undo NFKC for a few letters, and what is taken out can bring others together: twice settles it.
    return _once(_once(text))


def _once(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(_latin_digit(char) for char in folded if not char.isspace() and char not in _SEPARATORS)


def _latin_digit(char: str) -> str:
    """A decimal digit of any script as its ASCII digit; any other character unchanged."""
    return str(unicodedata.decimal(char)) if char.isdecimal() else char
