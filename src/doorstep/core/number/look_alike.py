"""What a text is when it is not a tracking number: order numbers, phones, article codes, cards, dates."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache

from doorstep.core.message import Message
from doorstep.core.number.check_digits import gs1, luhn
from doorstep.core.number.directory import carrier
from doorstep.core.number.text import normalize


class Kind(StrEnum):
    """The things that are pasted where a tracking number should be. The values are the ends of message ids."""

    ORDER_ID = "order_id"
    PHONE = "phone"
    GTIN = "gtin"
    CARD = "card"
    DATE = "date"
    EPOCH = "epoch"
    SKU = "sku"
    URL = "url"
    EMAIL = "email"
    MISTYPED_NUMBER = "mistyped_number"  # a tracking number with a slip in it


MARKETPLACES = {
    "aliexpress": "AliExpress",
    "amazon": "Amazon",
    "best_buy": "Best Buy",
    "ebay": "eBay",
    "etsy": "Etsy",
    "mercado_libre": "Mercado Libre",
    "shopify": "Shopify",
    "taobao": "Taobao",
    "temu": "Temu",
    "tiktok_shop": "TikTok Shop",
    "walmart": "Walmart",
    "wish": "Wish",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """``whose`` is the marketplace of an order id (``amazon``) or the carrier of a mistyped number, '' if unknown.
    ``sure``: the text has a shape that no tracking number has, or a word says so; otherwise it only may be one.
    """

    kind: Kind
    whose: str = ""
    sure: bool = False

    @property
    def message(self) -> Message:
        """What to tell the person who entered it."""
        if self.kind is Kind.MISTYPED_NUMBER:
            return Message(id="number.not_a.mistyped_number", values={"carrier": carrier(self.whose).name})
        if self.whose:
            return Message(id="number.not_a.order_id_of", values={"marketplace": MARKETPLACES[self.whose]})
        return Message(id=f"number.not_a.{self.kind}")


# Shapes with their separators: nothing else is written like this. One of these signs is in all of them, or, in a phone
# of North America, spaces at the fourth and eighth place or one later.
_SIGN_OR_PHONE = r"(?=[^#()+./:@-]*[#()+./:@-]|\d{3}\s\d{3}\s|1\s\d{3}\s)"
_WRITTEN = (
    (r"(?:\d{3}|[A-Z]\d{2})-\d{7}-\d{7}", Kind.ORDER_ID, "amazon"),
    (r"\d{2}-\d{5}-\d{5}|\d{12}-\d{10,14}(?:-\d{1,14})?", Kind.ORDER_ID, "ebay"),
    (r"\d{7}-\d{7,8}", Kind.ORDER_ID, "walmart"),
    (r"PO-\d{3}-\d{15,21}", Kind.ORDER_ID, "temu"),
    (r"BBY\d\d-\d{12}", Kind.ORDER_ID, "best_buy"),
    (r"#\s?[A-Z]{0,6}-?\d{3,10}(?:-[A-Z]{1,4})?|gid://shopify/Order/\d+", Kind.ORDER_ID, "shopify"),
    (r"(?:https?://|www\.)\S+", Kind.URL, ""),
    (r"[^\s@]+@[^\s@]+\.[A-Z]{2,}", Kind.EMAIL, ""),
    (r"(?:19|20)\d\d(?P<a>[-./])[01]?\d(?P=a)[0-3]?\d(?:[T ][\d:.+Z-]+)?", Kind.DATE, ""),
    (r"[0-3]?\d(?P<b>[-./])[0-3]?\d(?P=b)(?:19|20)?\d\d", Kind.DATE, ""),
    (r"\+[1-9][\d\s().\-/]{6,18}\d", Kind.PHONE, ""),
    (r"(?:1[\s.-])?\(?[2-9]\d\d\)?[\s.-][2-9]\d\d[\s.-]\d{4}", Kind.PHONE, ""),
    (r"\(0\d{1,5}\)[\s\d/-]{5,14}|0\d{2,5}[\s]?/[\s\d-]{5,12}", Kind.PHONE, ""),
)
# Compiled when first used, like all below: importing this takes no time.
_CARD = (
    r"4(?:\d{15}|\d{18})|(?:5[1-5]|2[2-7]|35)\d{14}|3[47]\d{13}|3[068]\d{12}|6(?:011|4[4-9]\d|5\d\d)\d{12}|"
    r"62\d{14,17}"
)
# North America; others with the zero before the area or the country; mobiles with the country (or, Indian, without).
_PHONE = (
    r"1?[2-9]\d\d[2-9]\d{6}|0[1-9]\d{8,10}|00[1-9]\d{8,13}|[6-9]\d{9}|447\d{9}|491[567]\d{8,9}|33[67]\d{8}|34[67]\d{8}|"
    r"393\d{8,9}|316\d{8}|48[4-8]\d{8}|614\d{8}|79\d{9}|(?:86)?1[3-9]\d{9}|91[6-9]\d{9}|81[789]0\d{8}|55\d\d9\d{8}"
)
_ORDERS = (
    (r"2000\d{11}", "walmart"),
    (r"20000\d{11}", "mercado_libre"),
    (r"[1-9]\d{13,15}", "aliexpress"),
    (r"\d{17}", "amazon"),
    (r"5[67]\d{16}", "tiktok_shop"),
    (r"[1-4]\d{18}", "taobao"),
    (r"[4-7]\d{12}", "shopify"),
    (r"[1-4]\d{9}", "etsy"),
)
_WISH = r"(?=[0-9]*[A-F])[0-9A-F]{24}"
_ARTICLE = r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9]{4,24}"
_NEAR_DAYS = 400  # a shipment and what is written about it lie within about a year
_EPOCHS = range(1_262_304_000, 2_208_988_800)  # 2010 to 2039: what programs write today


def look_alike(text: str, near: date | None = None) -> LookAlike | None:
    """What a text is, or may be, if not a tracking number; None if nothing known. ``near`` is about when it was
    written: a day or instant near it is surely meant as one. Without separators nothing else is ever sure.
    """
    if sure := written(text):
        return sure
    number = normalize(text)
    if not (number.isascii() and number.isdigit()):
        return _code(number)
    day = next(_days(number), None)
    if day:
        kind, read = day
        return LookAlike(kind=kind, sure=near is not None and abs((read - near).days) <= _NEAR_DAYS)
    return next((LookAlike(kind=kind, whose=whose) for kind, whose in _readings(number)), None)


def written(text: str) -> LookAlike | None:
    """What a text surely is by the signs between its digits; None if they say nothing."""
    stripped = text.strip()
    if stripped.isalnum():
        return None
    found = _signs().fullmatch(stripped)
    if not found:
        return None
    _, kind, whose = _WRITTEN[int((found.lastgroup or "")[1:])]
    return LookAlike(kind=kind, whose=whose, sure=True)


def plausible(number: str) -> bool:
    """Whether a normalized text could be the number of some carrier: 6 to 40 letters and digits, 4 digits at least."""
    return 6 <= len(number) <= 40 and number.isascii() and number.isalnum() and sum(map(str.isdigit, number)) >= 4


@cache
def _signs() -> re.Pattern[str]:
    """One pattern of all that is written with signs; the name of the outer group that matched is _ and its place."""
    options = (f"(?P<_{place}>{pattern})" for place, (pattern, _, _) in enumerate(_WRITTEN))
    return re.compile(f"{_SIGN_OR_PHONE}(?:{'|'.join(options)})", re.IGNORECASE)


def _code(number: str) -> LookAlike | None:
    """What letters and digits without a known form may be."""
    if re.fullmatch(_WISH, number):
        return LookAlike(kind=Kind.ORDER_ID, whose="wish")
    return LookAlike(kind=Kind.SKU) if re.fullmatch(_ARTICLE, number) else None


def _readings(digits: str) -> Iterator[tuple[Kind, str]]:
    """What digits alone may be, the most telling first."""
    if re.fullmatch(_CARD, digits) and luhn(digits):
        yield Kind.CARD, ""
    if len(digits) in (8, 12, 13) and gs1(digits):
        yield Kind.GTIN, ""
    if re.fullmatch(_PHONE, digits):
        yield Kind.PHONE, ""
    if len(digits) == 14 and digits[0] in "012" and gs1(digits):  # a carton: the article with its packing level
        yield Kind.GTIN, ""
    yield from ((Kind.ORDER_ID, whose) for pattern, whose in _ORDERS if re.fullmatch(pattern, digits))


def _days(digits: str) -> Iterator[tuple[Kind, date]]:
    """The day that digits may write: YYYYMMDD with or without a time, DDMMYYYY, or seconds or milliseconds of Unix."""
    for layout, length in (("%Y%m%d", 8), ("%d%m%Y", 8), ("%Y%m%d%H%M", 12), ("%Y%m%d%H%M%S", 14)):
        if len(digits) == length and (read := _read(digits, layout)) and 1990 <= read.year < 2070:
            yield Kind.DATE, read
    if len(digits) in (10, 13) and int(digits[:10]) in _EPOCHS:
        yield Kind.EPOCH, datetime.fromtimestamp(int(digits[:10]), UTC).date()


def _read(digits: str, layout: str) -> date | None:
    try:
        return datetime.strptime(digits, layout).replace(tzinfo=UTC).date()
    except ValueError:
        return None
