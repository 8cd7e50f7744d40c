"""Whole numbers that came in as text."""

from typing import Final

LONGEST: Final = 18  # digits: every such number fits into a column of either database


def whole(text: str) -> int:
    """A number of an address or a form; 0, which is nobody's id, for anything else."""
    return int(text) if fits(text) else 0


def fits(text: str) -> bool:
    """Whether it is a whole number that can be counted with. Python itself refuses to read thousands of digits."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST
