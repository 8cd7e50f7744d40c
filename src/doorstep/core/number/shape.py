"""What can be told from the shape of a format before any number is tried: how its numbers begin.

Shapes are regular expressions over digits and capital letters, written with the few signs that ``formats.toml`` needs:
classes, ``\\d``, groups, alternatives, counts and looks around.
"""

import re
from functools import cache

_SIGN = re.compile(r"\(\?P<\w+>|\(\?<?[:=!]|\[[^]]*\]|\{[\d,]+\}|\\d|.")
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PREFIX = re.compile(r"(?:[0-9A-Z](?![?*+{]))*")
_DEPTH = 2  # characters looked at

_Heads = frozenset[str]  # beginnings of texts; one shorter than _DEPTH is a whole text
_NOTHING: _Heads = frozenset([""])


def prefix_of(shape: str) -> str:
    """The characters that every text of a shape begins with; may be ''."""
    found = _PREFIX.match(shape)
    return found[0] if found and "|" not in shape else ""


@cache
def heads_of(shape: str) -> _Heads:
    """The pairs of characters that texts of a shape can begin with. Looks around are taken as if they held."""
    return _alternatives(_SIGN.findall(shape)[::-1])


def _alternatives(signs: list[str]) -> _Heads:
    """Takes the signs up to the end of a group off the list: how texts of that group can begin."""
    found: _Heads = frozenset()
    heads = _NOTHING
    while signs and (sign := signs.pop()) != ")":
        if sign == "|":
            found, heads = found | heads, _NOTHING
        else:
            heads = _followed(heads, _part(sign, signs))
    return found | heads


def _part(sign: str, signs: list[str]) -> _Heads:
    """How texts of one part can begin, its count included."""
    if sign in ("(?=", "(?!", "(?<=", "(?<!"):
        _alternatives(signs)
        return _NOTHING
    once = _alternatives(signs) if sign[0] == "(" else frozenset(re.findall(sign, _CHARACTERS))
    least, most = _count(signs.pop()) if signs and signs[-1][0] in "?*+{" else (1, 1)
    heads, more = _NOTHING, _NOTHING
    for times in range(1, min(most, _DEPTH) + 1):
        more = _followed(more, once)
        heads = more if times <= least else heads | more
    return heads


def _count(sign: str) -> tuple[int, int]:
    """How often a part may stand, from and to; beyond what is looked at the numbers do not matter."""
    if sign[0] != "{":
        return {"?": (0, 1), "*": (0, _DEPTH), "+": (1, _DEPTH)}[sign]
    least, _, most = sign[1:-1].partition(",")
    return int(least), int(most or least)


def _followed(heads: _Heads, tails: _Heads) -> _Heads:
    if heads == _NOTHING:
        return tails
    short = [head for head in heads if len(head) < _DEPTH]
    return heads.difference(short) | {(head + tail)[:_DEPTH] for head in short for tail in tails}
