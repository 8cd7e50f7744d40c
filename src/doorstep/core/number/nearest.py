"""The number that was probably meant: one slip away, with a right check digit."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from doorstep.core.message import Message
from doorstep.core.number.directory import carrier
from doorstep.core.number.format import Bare, fits

# Characters that are taken for one another, by people and by readers of print.
_PAIRS = ("0O", "0Q", "0D", "1I", "1L", "2Z", "5S", "6G", "8B")
_CONFUSED = {char: "".join(pair.replace(char, "") for pair in _PAIRS if char in pair) for char in "".join(_PAIRS)}
_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A valid ``number`` of ``carrier`` that differs from what was entered by one slip; ``reason`` says which."""

    number: str
    carrier: str
    reason: Message


def nearest(number: str) -> Nearest | None:
    """The only telling number (a prefix or shape of its own, and a right check digit) one slip away from a normalized
    text: a character taken for another, or else two neighbours swapped. None if there is none, or more than one.
    """
    if not 9 <= len(number) <= _LONGEST:
        return None
    for slips in (_mistaken(number), _swapped(number)):
        meant = {
            text: Nearest(
                number=fit.number, carrier=fit.carrier, reason=_reason(kind, place, number, text, fit.carrier)
            )
            for kind, place, text in slips
            for fit in fits(text)
            if fit.format.check and fit.format.bare in (Bare.CERTAIN, Bare.LIKELY)
        }
        if meant:
            return next(iter(meant.values())) if len(meant) == 1 else None
    return None


def _mistaken(number: str) -> Iterator[tuple[str, int, str]]:
    for place, char in enumerate(number):
        for other in _CONFUSED.get(char, ""):
            yield "mistaken", place, number[:place] + other + number[place + 1 :]


def _swapped(number: str) -> Iterator[tuple[str, int, str]]:
    for place, (one, other) in enumerate(pairwise(number)):
        if one != other:
            yield "swapped", place, number[:place] + other + one + number[place + 2 :]


def _reason(kind: str, place: int, number: str, text: str, code: str) -> Message:
    return Message(
        id=f"number.nearest.{kind}",
        values={"carrier": carrier(code).name, "place": place + 1, "entered": number[place], "meant": text[place]},
    )
