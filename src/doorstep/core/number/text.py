"""The one spelling of a number that everything else works on."""

import re
import unicodedata

# Spaces, dashes of all kinds, dots and middle dots, underscores, and characters that cannot be seen.
_SEPARATORS = re.compile(
    r"[\s\-._·•‐-―−﹣⁃\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff]+"
)


def normalize(text: str) -> str:
    """Upper case, compatibility forms folded, digits of any script as 0-9, without spaces, dashes, dots and invisible
    characters. Other characters stay, so that what is not a number does not become one. Idempotent.
    """
    if text.isascii() and text.isalnum():
        return text.upper()
    folded = unicodedata.normalize("NFKC", text).upper()
    # Upper-casing can undo NFKC (and the other way round) for a few letters; the second pass settles them.
    folded = unicodedata.normalize("NFKC", folded)
    return _SEPARATORS.sub("", "".join(_latin_digit(char) for char in folded))


def _latin_digit(char: str) -> str:
    """A decimal digit of any script as its ASCII digit; any other character unchanged."""
    return str(unicodedata.decimal(char)) if not char.isascii() and char.isdecimal() else char
