"""What a text is when it is not a tracking number."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from doorstep.core.number import Confidence, Kind, recognize
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


MADE = {
    "aliexpress": lambda dice: digits(dice, dice.choice([14, 15, 16]), "1358"),
    "amazon": lambda dice: f"{digits(dice, 3)}-{digits(dice, 7)}-{digits(dice, 7)}",
    "ebay": lambda dice: f"{digits(dice, 2)}-{digits(dice, 5)}-{digits(dice, 5)}",
    "etsy": lambda dice: digits(dice, 10, "123"),
    "phone": lambda dice: digits(dice, dice.choice([10, 11, 12, 13])),
    "gtin": lambda dice: completed(dice, dice.choice([8, 12, 13, 14]), gs1),
    "card": lambda dice: completed(dice, dice.choice([15, 16]), luhn),
    "day": lambda dice: instant(dice).strftime("%Y%m%d"),
    "moment": lambda dice: instant(dice).strftime("%Y%m%d%H%M%S"),
    "epoch": lambda dice: str(int(instant(dice).timestamp())),
    "milliseconds": lambda dice: str(int(instant(dice).timestamp() * 1000)),
}


@pytest.mark.parametrize("kind", MADE)
def test_made_up_look_alikes_are_never_believed(kind):
    dice = random.Random(kind)
    found = [recognize(MADE[kind](dice)) for _ in range(400)]
    assert [one.text for one in found if one.best and one.best.confidence is not Confidence.POSSIBLE] == []
