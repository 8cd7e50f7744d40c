"""The numbers that were probably meant: one slip away, with a right check digit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise

from doorstep.core.message import Message
from doorstep.core.number.directory import carrier, related
from doorstep.core.number.format import Fit, fits, formats, misses


class Slip(StrEnum):
    """What may have gone wrong, the likeliest first."""

    LETTER = "letter"  # a letter for a digit that looks like it
    DOUBLED = "doubled"  # a character twice
    MISSING = "missing"  # one of two equal neighbours, or the first character, is missing
    SWAPPED = "swapped"  # two neighbours changed places
    CHECK_DIGIT = "check_digit"  # only the check digit is wrong
    EXTRA = "extra"  # a character too many
    MISREAD = "misread"  # a digit for one that looks like it
    KEY = "key"  # a digit for its neighbour on the keyboard
    DIGIT = "digit"  # a digit for a letter that looks like it


# Characters that are taken for one another, by people and by readers of print: as (entered, meant).
_LETTERS = ("O0", "Q0", "D0", "I1", "L1", "Z2", "S5", "G6", "B8")
_LIKE_DIGITS = ("06", "08", "09", "17", "27", "35", "38", "39", "49", "56", "68", "89")
_NEXT_KEYS = ("01", "09", "12", "14", "23", "34", "45", "47", "58", "67", "69", "78")
_GUESSES = (Slip.CHECK_DIGIT, Slip.MISREAD, Slip.KEY)  # every wrong number has some of these near it
_LENGTHS = range(9, 41)
_MOST = 5  # more than this are no help: whoever looks compares with the original anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A valid ``number`` of ``carrier`` that differs from what was entered by one slip; ``reason`` says which."""

    number: str
    carrier: str
    slip: Slip
    reason: Message


@lru_cache(maxsize=256)  # asked for several times of one number: what is it, what else, what was meant
def suggestions(number: str, carriers: frozenset[str] = frozenset()) -> tuple[Nearest, ...]:
    """Telling numbers (a shape of their own and a right check digit) one slip away from a normalized text, the
    likeliest slip first, 5 at most. A slip that could have happened in more than 5 ways says nothing. ``carriers`` are
    those that something else speaks for: of them every form with a check digit counts.
    """
    if len(number) not in _LENGTHS or not number.isascii() or not number.isalnum():
        return ()
    found: dict[str, Nearest] = {}
    for slip, made in _SLIPS.items():
        meant = {one.number: one for one in _valid(number, slip, made(number), carriers) if one.number not in found}
        if len(meant) <= _MOST:
            found |= meant
    return tuple(found.values())[:_MOST]


def nearest(found: tuple[Nearest, ...]) -> Nearest | None:
    """The one suggestion that stands out: the likeliest slip could have happened in one way only."""
    if not found or found[0].slip in _GUESSES or (len(found) > 1 and found[1].slip is found[0].slip):
        return None
    return found[0]


def _valid(number: str, slip: Slip, texts: Iterator[tuple[int, str]], carriers: frozenset[str]) -> Iterator[Nearest]:
    lengths = _lengths(not carriers)
    for place, text in texts:
        if text == number or len(text) not in lengths:
            continue
        for fit in fits(text, hinted=bool(carriers), telling=not carriers):
            if fit.format.telling or (fit.format.check and any(related(fit.carrier, code) for code in carriers)):
                reason = _reason(slip, place, number, text, fit)
                yield Nearest(number=text, carrier=fit.carrier, slip=slip, reason=reason)


@cache
def _lengths(telling: bool) -> frozenset[int]:
    """The lengths that numbers with a (telling) check digit have."""
    return frozenset[int]().union(
        *(entry.lengths for entry in formats() if entry.telling or (entry.check and not telling))
    )


def _replaced(pairs: Iterable[str]) -> Callable[[str], Iterator[tuple[int, str]]]:
    others: dict[str, list[str]] = {}
    for pair in pairs:
        others.setdefault(pair[0], []).append(pair[1])

    def replaced(number: str) -> Iterator[tuple[int, str]]:
        for place, char in enumerate(number):
            for other in others.get(char, ()):
                yield place, _with(number, place, other)

    return replaced


def _with(number: str, place: int, char: str) -> str:
    return number[:place] + char + number[place + 1 :]


def _both_ways(pairs: Iterable[str]) -> Iterator[str]:
    for pair in pairs:
        yield from (pair, pair[::-1])


def _undoubled(number: str) -> Iterator[tuple[int, str]]:
    for place, (one, other) in enumerate(pairwise(number)):
        if one == other:
            yield place, number[:place] + number[place + 1 :]


def _shortened(number: str) -> Iterator[tuple[int, str]]:
    for place in range(len(number)):
        yield place, number[:place] + number[place + 1 :]


def _rechecked(number: str) -> Iterator[tuple[int, str]]:
    for miss in misses(number):
        place = miss.format.check_end(number) - 1
        yield from ((place, _with(number, place, digit)) for digit in "0123456789")


def _lengthened(number: str) -> Iterator[tuple[int, str]]:
    """With a character doubled, or with the first character that some format begins with."""
    for place, char in enumerate(number):
        if number[place + 1 : place + 2] != char:
            yield place, number[: place + 1] + char + number[place + 1 :]
    for first in _first_characters():
        if first != number[0]:
            yield 0, first + number


@cache
def _first_characters() -> tuple[str, ...]:
    telling = (entry for entry in formats() if entry.telling and len(entry.prefix) > 1)
    return tuple(dict.fromkeys(entry.prefix[0] for entry in telling))


def _swapped(number: str) -> Iterator[tuple[int, str]]:
    for place, (one, other) in enumerate(pairwise(number)):
        if one != other:
            yield place, number[:place] + other + one + number[place + 2 :]


_SLIPS: dict[Slip, Callable[[str], Iterator[tuple[int, str]]]] = {
    Slip.LETTER: _replaced(_LETTERS),
    Slip.DOUBLED: _undoubled,
    Slip.MISSING: _lengthened,
    Slip.SWAPPED: _swapped,
    Slip.CHECK_DIGIT: _rechecked,
    Slip.EXTRA: _shortened,
    Slip.MISREAD: _replaced(_both_ways(_LIKE_DIGITS)),
    Slip.KEY: _replaced(_both_ways(_NEXT_KEYS)),
    Slip.DIGIT: _replaced(pair[::-1] for pair in _LETTERS),
}
_SENTENCES = {
    Slip.DOUBLED: "number.nearest.extra",
    Slip.EXTRA: "number.nearest.extra",
    Slip.MISSING: "number.nearest.missing",
    Slip.SWAPPED: "number.nearest.swapped",
    Slip.CHECK_DIGIT: "number.nearest.check_digit",
}


def _reason(slip: Slip, place: int, number: str, text: str, fit: Fit) -> Message:
    meant = "" if slip in (Slip.DOUBLED, Slip.EXTRA) else text[place]
    return Message(
        id=_SENTENCES.get(slip, "number.nearest.mistaken"),
        values={"carrier": carrier(fit.carrier).name, "place": place + 1, "entered": number[place], "meant": meant},
    )
