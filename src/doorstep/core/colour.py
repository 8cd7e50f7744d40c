"""Colours that can be read (WCAG 2.2, 1.4.3): a merchant's colour is moved towards black or white until it can."""

import re
from typing import Final

WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
READABLE: Final = 4.5  # contrast of text with what is behind it
_HEX: Final = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")
_STEPS: Final = 64


def parse(text: str) -> str:
    """``#rrggbb`` of ``#RGB``, ``rrggbb`` and the like; '' of ''. Raises ValueError."""
    bare = text.strip().casefold()
    if not bare:
        return ""
    found = _HEX.fullmatch(bare)
    if found is None:
        raise ValueError(f"{text!r} is no colour like #6a3460")
    digits = found[1]
    return "#" + (digits if len(digits) == 6 else "".join(one * 2 for one in digits))


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black and white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink(ground: str) -> str:
    """Black or white: what can be read better on this. One of them always can (at least 4.58)."""
    return max((WHITE, BLACK), key=lambda one: contrast(one, ground))


def readable(colour: str, *others: str, towards: str) -> str:
    """The colour, moved towards ``towards`` just so far that it has enough contrast with all the others; at the end of
    the way ``towards`` itself.
    """
    for step in range(_STEPS):
        moved = mix(colour, towards, step / _STEPS)
        if all(contrast(moved, one) >= READABLE for one in others):
            return moved
    return towards


def mix(one: str, other: str, share: float) -> str:
    """``share`` (0 to 1) of the other in the one."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _luminance(colour: str) -> float:
    """Relative luminance."""
    shares = [one / 255 for one in _channels(colour)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
