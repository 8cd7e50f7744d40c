"""What was bought, where a mail lists it in words: "2 x Lamp", "Lamp x 2", "Lamp / Quantity: 2"."""

import itertools
import re
from collections.abc import Iterator
from typing import Final

from doorstep.connectors.mail.facts import Item

_COUNT_FIRST: Final = re.compile(r"^[ \t*•-]{0,6}(\d{1,3}) ?[x×] ?([^\W\d_][^\n\t]{2,120})", re.MULTILINE)
_COUNT_LAST: Final = re.compile(
    r"^[ \t*•-]{0,6}([^\W\d_][^\n\t×]{2,120}?)(?<!\d)[ \t]{1,4}[x×] ?(\d{1,3})(?=[\s,;]|$)", re.MULTILINE
)
_COUNT_BELOW: Final = re.compile(
    r"^[ \t*•-]{0,6}([^\W\d_][^\n\t]{2,120}?)[ \t]{0,4}[\n\t,|-][ \t]{0,4}"
    r"(?:qty|quantity|menge|anzahl|quantité|qté|cantidad|quantità|ilość|aantal|quantidade|antal|数量|個数)\.?[ \t]{0,3}"
    r"[:：x×]?[ \t]{0,3}(\d{1,3})(?!\d)",
    re.MULTILINE | re.IGNORECASE,
)
_PRICE: Final = re.compile(r"\s*(?:[-–,|(]\s*)?(?:[$€£¥]\s?\d|\d[\d.,]*\s?[$€£¥]).*$")
MOST: Final = 30
_READ: Final = 20_000  # characters


def items(text: str) -> tuple[Item, ...]:
    """Titles with their quantities, in order."""
    text = text[:_READ]
    found = sorted(_found(text))
    return tuple(dict.fromkeys(Item(title=title, qty=qty) for _, title, qty in found[:MOST] if title))


def _found(text: str) -> Iterator[tuple[int, str, int]]:
    for one in itertools.islice(_COUNT_FIRST.finditer(text), MOST):
        yield one.start(), _title(one[2]), int(one[1])
    for pattern in (_COUNT_LAST, _COUNT_BELOW):
        for one in itertools.islice(pattern.finditer(text), MOST):
            yield one.start(), _title(one[1]), int(one[2])


def _title(text: str) -> str:
    return _PRICE.sub("", text).strip(" \t.,;:|-–")
