"""Check digits of tracking numbers.

Every function takes the whole protected text (body and, at its end, the check character; upper case ASCII letters and
digits) and answers whether the check character is right. None of them raises on such text.

They add up slices of bytes: the interpreter walks a slice many times faster than a loop of ours.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = b"0123456789"
_PLAIN = bytes.maketrans(_DIGITS, bytes(range(10)))
_DOUBLED = bytes.maketrans(_DIGITS, bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))  # twice the digit, its digits added
# A letter's value is (its place after A, plus 2) modulo 10, so that A is 2, H is 9 and I is 0.
_UPS = bytes.maketrans(_ALPHABET, bytes(range(10)) + bytes((place + 2) % 10 for place in range(26)))
_PLACES = bytes.maketrans(_ALPHABET, bytes(range(36)))
# What (product, next character) of ISO/IEC 7064 MOD 37,36 become: row by product 1 to 36, column by character.
_NEXT = tuple(bytes(((product + place) % 36 or 36) * 2 % 37 for place in range(36)) for product in range(37))


def gs1(text: str) -> bool:
    """Weights 3 and 1 in turn from the right (GS1 General Specifications 7.9; USPS Publication 199; Canada Post)."""
    digits = text.encode().translate(_PLAIN)
    return (sum(digits[::-2]) + 3 * sum(digits[-2::-2])) % 10 == 0


def luhn(text: str) -> bool:
    """Every second digit from the right doubled, its digits added (ISO/IEC 7812-1 annex B)."""
    digits = text.encode()
    return (sum(digits[::-2].translate(_PLAIN)) + sum(digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def mod7(text: str) -> bool:
    """The number before the check digit, modulo 7 (DHL Express waybills; Japanese couriers, where it is "7DR")."""
    body, check = divmod(int(text), 10)
    return body % 7 == check


def s10(text: str) -> bool:
    """Eight weighted digits modulo 11 (UPU standard S10, clause 5.3). ``text`` is the nine digits."""
    a, b, c, d, e, f, g, h, check = text.encode()
    # The codes of digits begin at 48, and 48 times the sum of the weights is a multiple of 11: it falls out.
    total = 8 * a + 6 * b + 4 * c + 2 * d + 3 * e + 5 * f + 9 * g + 7 * h
    return _S10_CHECKS[total % 11] == check


_S10_CHECKS = b"50987654321"


def ups(text: str) -> bool:
    """Every second character doubled; a letter counts as a digit (UPS 1Z; OnTrac counts its first letter so too)."""
    values = text.encode().translate(_UPS)
    return (sum(values[:-1:2]) + 2 * sum(values[1:-1:2]) + values[-1]) % 10 == 0


def fedex(text: str) -> bool:
    """Weights 1, 3, 7 in turn from the right, modulo 11, a remainder of 10 written as 0 (FedEx Express)."""
    digits = text.encode().translate(_PLAIN)
    total = sum(digits[-2::-3]) + 3 * sum(digits[-3::-3]) + 7 * sum(digits[-4::-3])
    return total % 11 % 10 == digits[-1]


def mod37_36(text: str) -> bool:
    """ISO/IEC 7064 MOD 37,36 over digits and letters (DPD parcel label specification)."""
    *body, check = text.encode().translate(_PLACES)
    product = 36
    for place in body:
        product = _NEXT[product][place]
    return (product + check) % 36 == 1


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
