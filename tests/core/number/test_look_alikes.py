"""What a text is when it is not a tracking number."""

import random
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from doorstep.core.number import Confidence, Hints, Kind, recognize
from doorstep.core.number.check_digits import gs1, luhn
from doorstep.core.number.look_alike import look_alike, plausible


@pytest.mark.parametrize(
    ("text", "kind", "whose"),
    [
        ("123-1234567-1234567", Kind.ORDER_ID, "amazon"),
        ("D01-1234567-1234567", Kind.ORDER_ID, "amazon"),
        ("12-12345-12345", Kind.ORDER_ID, "ebay"),
        ("2000137-6789512", Kind.ORDER_ID, "walmart"),
        ("#1001", Kind.ORDER_ID, "shopify"),
        ("gid://shopify/Order/5123456789012", Kind.ORDER_ID, "shopify"),
        ("https://example.com/x", Kind.URL, ""),
        ("someone@example.com", Kind.EMAIL, ""),
        ("2026-11-22", Kind.DATE, ""),
        ("2026-11-22T10:00:00Z", Kind.DATE, ""),
        ("22.11.2026", Kind.DATE, ""),
        ("+49 170 1234567", Kind.PHONE, ""),
        ("(415) 555-0132", Kind.PHONE, ""),
        ("(030) 901820", Kind.PHONE, ""),
        ("030 / 901 820", Kind.PHONE, ""),
    ],
)
def test_what_is_written_with_its_separators_is_surely_that(text, kind, whose):
    found = look_alike(f" {text} ")
    assert (found.kind, found.whose, found.sure) == (kind, whose, True)
    assert found.message.id == f"number.not_a.{kind}{'_of' if whose else ''}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4111111111111111", Kind.CARD),
        ("4006381333931", Kind.GTIN),
        ("4155550132", Kind.PHONE),
        ("8211968327931234", Kind.ORDER_ID),
        ("12345671234567123", Kind.ORDER_ID),
        ("20261122", Kind.DATE),
        ("31122026", Kind.DATE),
        ("20261122093000", Kind.DATE),
        ("1795341600", Kind.EPOCH),
        ("1795341600000", Kind.EPOCH),
        ("CJJT1041428", Kind.SKU),
    ],
)
def test_bare_digits_and_codes_may_be_something_else(text, kind):
    found = look_alike(text)
    assert (found.kind, found.sure) == (kind, False)


@pytest.mark.parametrize("text", ["", "hello", "12345", "???", "99999999999999999999"])
def test_what_is_like_nothing_is_nothing(text):
    assert look_alike(text) is None


def test_a_day_is_sure_only_near_the_shipment():
    assert look_alike("20261122", date(2026, 12, 1)).sure
    assert not look_alike("20261122", date(2020, 12, 1)).sure
    assert look_alike("1795341600", date(2026, 12, 1)).sure


def test_a_number_has_six_to_forty_letters_and_digits_and_four_digits():
    assert plausible("ABC1234") and plausible("1" * 40)
    assert not plausible("A1234") and not plausible("1" * 41)
    assert not plausible("ABCDEF123") and not plausible("12345#6") and not plausible("١٢٣٤٥٦")


def digits(dice, length, first="123456789"):
    return dice.choice(first) + "".join(dice.choice("0123456789") for _ in range(length - 1))


def completed(dice, length, passes):
    body = digits(dice, length - 1)
    return next(body + last for last in "0123456789" if passes(body + last))


def instant(dice):
    return datetime(2019, 1, 1, tzinfo=UTC) + timedelta(seconds=dice.randrange(9 * 365 * 86400))


def card(dice):
    start, length = dice.choice(
        [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("35", 16)]
    )
    body = start + digits(dice, length - len(start) - 1, "0123456789")
    return next(body + last for last in "0123456789" if luhn(body + last))


def phone(dice):
    shapes = [
        "+1 {3}-{3}-{4}",
        "({3}) {3}-{4}",
        "{3}-{3}-{4}",
        "+49 1{2} {7}",
        "+44 7{3} {6}",
        "+86 1{2} {4} {4}",
        "+33 6 {8}",
    ]
    return re.sub(r"\{(\d)\}", lambda count: digits(dice, int(count[1]), "23456789"), dice.choice(shapes))


def bare_phone(dice):
    start, rest = dice.choice([("", 10), ("1", 10), ("0", 10), ("0049", 10), ("447", 9), ("4917", 8), ("861", 10)])
    return start + digits(dice, rest, "3456789")


DAYS = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M"]
MADE = {
    "aliexpress": lambda dice: digits(dice, dice.choice([14, 15, 16]), "1358"),
    "amazon": lambda dice: f"{digits(dice, 3)}-{digits(dice, 7)}-{digits(dice, 7)}",
    "amazon without dashes": lambda dice: digits(dice, 17),
    "ebay": lambda dice: f"{digits(dice, 2)}-{digits(dice, 5)}-{digits(dice, 5)}",
    "etsy": lambda dice: digits(dice, 10, "123"),
    "shopify": lambda dice: f"#{digits(dice, dice.choice([4, 5, 6]))}",
    "shopify id": lambda dice: digits(dice, 13, "4567"),
    "temu": lambda dice: f"PO-211-{digits(dice, 17)}",
    "tiktok": lambda dice: f"57{digits(dice, 16, '0123456789')}",
    "walmart": lambda dice: f"2000{digits(dice, 3)}-{digits(dice, 8)}",
    "walmart without dash": lambda dice: f"2000{digits(dice, 11)}",
    "wish": lambda dice: f"5{dice.getrandbits(92):023x}",
    "phone": phone,
    "phone without signs": bare_phone,
    "digits": lambda dice: digits(dice, dice.choice([10, 11, 12, 13])),
    "gtin": lambda dice: completed(dice, dice.choice([8, 12, 13, 14]), gs1),
    "card": card,
    "luhn": lambda dice: completed(dice, dice.choice([15, 16]), luhn),
    "day": lambda dice: instant(dice).strftime("%Y%m%d"),
    "written day": lambda dice: instant(dice).strftime(dice.choice(DAYS)),
    "moment": lambda dice: instant(dice).strftime("%Y%m%d%H%M%S"),
    "epoch": lambda dice: str(int(instant(dice).timestamp())),
    "milliseconds": lambda dice: str(int(instant(dice).timestamp() * 1000)),
    "sku": lambda dice: dice.choice(["CJ", "SHIRT"]) + digits(dice, 5) + dice.choice(["", "XL"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE)
def test_made_up_look_alikes_are_never_believed(kind):
    dice = random.Random(kind)
    found = [recognize(MADE[kind](dice)) for _ in range(2000)]
    assert [one.text for one in found if one.best and one.best.confidence is Confidence.CERTAIN] == []
    likely = [one.text for one in found if one.best and one.best.confidence is Confidence.LIKELY]
    assert len(likely) < 0.02 * len(found), likely[:5]


# What a look-alike is said to be, and how often at least: the rest has a right check digit of a carrier by chance, or
# is truly two things (a Walmart number with its digits only is also one of AliExpress's length).
SAID = [
    ("aliexpress", "order_id", 0.9),
    ("amazon", "order_id", 1),
    ("amazon without dashes", "order_id", 0.99),
    ("ebay", "order_id", 1),
    ("shopify", "order_id", 1),
    ("temu", "order_id", 1),
    ("tiktok", "order_id", 0.85),
    ("walmart", "order_id", 1),
    ("walmart without dash", "order_id", 0.95),
    ("wish", "order_id", 0.95),
    ("phone", "phone", 1),
    ("phone without signs", "phone", 0.8),
    ("card", "card", 1),
    ("day", "date", 1),
    ("written day", "date", 1),
    ("moment", "date", 1),
    ("epoch", "epoch", 1),
    ("milliseconds", "epoch", 1),
    ("sku", "sku", 0.9),
]


@pytest.mark.parametrize(("made", "kind", "least"), SAID, ids=[made for made, _, _ in SAID])
def test_look_alikes_are_said_to_be_what_they_are(made, kind, least):
    dice = random.Random(made)
    found = [recognize(MADE[made](dice)) for _ in range(1000)]
    others = [(one.text, one.kinds) for one in found if one.kind != kind]
    assert len(others) <= (1 - least) * len(found), others[:5]


def test_an_article_code_of_thirteen_digits_is_one():
    dice = random.Random("ean")
    found = [recognize(completed(dice, 13, gs1)) for _ in range(500)]
    assert sum(one.kind == "gtin" for one in found) > 450


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("65519797821543", ("order_id", "tracking_number")),
        ("8211968327931234", ("order_id",)),
        ("7035114477138472", ("tracking_number", "order_id")),
        ("20261122093000", ("date", "tracking_number")),
        ("3318810025", ("tracking_number", "phone")),
        ("1Z5R89390357567127", ("tracking_number",)),
        ("1Z5R89390357567126", ("mistyped_number",)),
        ("UPS 1Z5R89390357567126", ("mistyped_number", "tracking_number")),
        ("KYV009956937", ("tracking_number",)),
        ("CJJT1041428", ("sku",)),
        ("30569309025904", ("card", "tracking_number")),
        ("00012345600012", ("gtin", "tracking_number")),
        ("?", ("unknown",)),
    ],
)
def test_a_text_is_what_it_most_probably_is_and_then_the_rest(text, kinds):
    assert recognize(text).kinds == kinds


def test_a_hint_or_a_label_tips_the_scales():
    assert recognize("65519797821543", Hints(carrier_text="DHL eCommerce")).kinds == ("tracking_number",)
    assert recognize("65519797821543", Hints(near="Tracking number")).kinds == ("tracking_number", "order_id")
    assert recognize("8211968327931234", Hints(near="Tracking number")).kinds == ("tracking_number", "order_id")
