"""Which language a mail is written in, by its script and its small words. No guess where two come close."""

import re
import tomllib
from collections import Counter
from importlib import resources
from typing import Final

_WORDS: Final[dict[str, list[str]]] = tomllib.loads(
    resources.files(__package__).joinpath("language.toml").read_text(encoding="utf-8")
)
_TELLS: Final[dict[str, list[str]]] = {}
for _language, _words in _WORDS.items():
    for _word in _words:
        _TELLS.setdefault(_word, []).append(_language)
_READ: Final = 4000  # characters
_LEAST: Final = 2  # different words of a language
# With how many letters of it tell, in this order: Japanese is written with Han characters too.
_SCRIPTS: Final = (
    ("ja", 12, re.compile("[\u3041-\u30ff]")),
    ("ko", 12, re.compile("[\uac00-\ud7af]")),
    ("zh", 12, re.compile("[\u4e00-\u9fff]")),
    ("uk", 2, re.compile("[іїєґІЇЄҐ]")),
    ("ru", 12, re.compile("[\u0430-\u044f]")),
    ("el", 12, re.compile("[\u03b1-\u03c9]")),
    ("th", 12, re.compile("[\u0e01-\u0e5b]")),
    ("ar", 12, re.compile("[\u0621-\u064a]")),
    ("he", 12, re.compile("[\u05d0-\u05ea]")),
)


def language(text: str) -> str:
    """ISO 639-1 of a text, '' if unclear."""
    beginning = text[:_READ].lower()
    for code, least, script in _SCRIPTS:
        if len(script.findall(beginning)) >= least:
            return code
    found: Counter[str] = Counter()
    for word in set(re.findall(r"[^\W\d_]+", beginning)):
        for code in _TELLS.get(word, ()):
            found[code] += 1
    (first, most), (_, second) = [*found.most_common(2), ("", 0), ("", 0)][:2]
    return first if most >= _LEAST and most > second else ""
