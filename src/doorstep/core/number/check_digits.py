"""Check digits of tracking numbers.

Every function takes the whole protected text (body and, at its end, the check character; upper case ASCII letters and
digits) and answers whether the check character is right. None of them raises on such text.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_FEDEX_WEIGHTS = (1, 3, 7)


def gs1(text: str) -> bool:
    """Weights 3 and 1 in turn from the right (GS1 General Specifications 7.9; USPS Publication 199; Canada Post)."""
    digits = [int(char) for char in reversed(text)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def luhn(text: str) -> bool:
    """Every second digit from the right doubled, its digits added (ISO/IEC 7812-1 annex B)."""
    digits = [int(char) for char in reversed(text)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def mod7(text: str) -> bool:
    """The number before the check digit, modulo 7 (DHL Express waybills; Japanese couriers, where it is "7DR")."""
    return int(text[:-1]) % 7 == int(text[-1])


def s10(text: str) -> bool:
    """Eight weighted digits modulo 11 (UPU standard S10, clause 5.3). ``text`` is the nine digits."""
    total = sum(int(char) * weight for char, weight in zip(text, _S10_WEIGHTS, strict=False))
    check = 11 - total % 11
    return {10: 0, 11: 5}.get(check, check) == int(text[8])


def ups(text: str) -> bool:
    """Every second character doubled; a letter counts as a digit (UPS 1Z; OnTrac counts its first letter the same way).

    A letter's value is (its place after A, plus 2) modulo 10, so that A is 2, H is 9 and I is 0.
    """
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in text[:-1]]
    total = sum(values[::2]) + 2 * sum(values[1::2])
    return -total % 10 == int(text[-1])


def fedex(text: str) -> bool:
    """Weights 1, 3, 7 in turn from the right, modulo 11, a remainder of 10 written as 0 (FedEx Express)."""
    total = sum(int(char) * _FEDEX_WEIGHTS[place % 3] for place, char in enumerate(reversed(text[:-1])))
    return total % 11 % 10 == int(text[-1])


def mod37_36(text: str) -> bool:
    """ISO/IEC 7064 MOD 37,36 over digits and letters (DPD parcel label specification)."""
    product = 36
    for char in text[:-1]:
        total = (product + _ALPHABET.index(char)) % 36 or 36
        product = total * 2 % 37
    return (product + _ALPHABET.index(text[-1])) % 36 == 1


def usps_91(text: str) -> bool:
    """``gs1`` over the application identifier 91, which some labels leave out."""
    return gs1("91" + text)


class Check(NamedTuple):
    """A check digit rule. ``odds``: one text in so many passes by chance."""

    passes: Callable[[str], bool]
    odds: int


CHECKS: Mapping[str, Check] = {
    "gs1": Check(gs1, 10),
    "usps_91": Check(usps_91, 10),
    "luhn": Check(luhn, 10),
    "mod7": Check(mod7, 10),
    "s10": Check(s10, 11),
    "ups": Check(ups, 10),
    "fedex": Check(fedex, 10),
    "mod37_36": Check(mod37_36, 36),
}
