"""What can be told from the shape of a format before any number is tried: how its numbers begin.

Shapes are regular expressions over digits and capital letters, written with the few signs that ``formats.toml`` needs:
classes, ``\\d``, groups, alternatives, counts and looks around.
"""

import re
from functools import cache

_SIGN = re.compile(r"\(\?P<\w+>|\(\?<?[:=!]|\[[^]]*\]|\{[\d,]+\}|\\d|.")
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PREFIX = re.compile(r"(?:[0-9A-Z](?![?*+{]))*")
_NO_CHARACTER = frozenset[str]()


def prefix_of(shape: str) -> str:
    """The characters that every text of a shape begins with; may be ''."""
    found = _PREFIX.match(shape)
    return found[0] if found and "|" not in shape else ""


@cache
def firsts_of(shape: str) -> frozenset[str]:
    """The characters that a text of a shape can begin with. Looks around are taken as if they held."""
    return _alternatives(_SIGN.findall(shape)[::-1])[0]


def _alternatives(signs: list[str]) -> tuple[frozenset[str], bool]:
    """Takes the signs up to the end of a group off the list: its first characters, and whether it can be empty."""
    found, nothing_yet, may_be_empty = _NO_CHARACTER, True, False
    while signs and (sign := signs.pop()) != ")":
        if sign == "|":
            nothing_yet, may_be_empty = True, may_be_empty or nothing_yet
            continue
        characters, optional = _one(sign, signs)
        if nothing_yet:
            found, nothing_yet = found | characters, optional
    return found, may_be_empty or nothing_yet


def _one(sign: str, signs: list[str]) -> tuple[frozenset[str], bool]:
    """The first characters of one part, its count included, and whether it can be empty."""
    if sign in ("(?=", "(?!", "(?<=", "(?<!"):
        _alternatives(signs)
        return _NO_CHARACTER, True
    if sign[0] == "(":
        characters, optional = _alternatives(signs)
    else:
        characters, optional = frozenset(re.findall(sign, _CHARACTERS)), False
    if signs and signs[-1][0] in "?*+{":
        count = signs.pop()
        optional = optional or count in "?*" or count.startswith("{0")
    return characters, optional
