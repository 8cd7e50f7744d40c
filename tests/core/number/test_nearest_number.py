"""The numbers that were probably meant."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import Hints, Kind, Slip, recognize
from doorstep.core.number.format import fits, formats
from doorstep.core.number.nearest import nearest, suggestions

TELLING = [entry.example for entry in formats() if entry.telling]


@pytest.mark.parametrize(
    ("entered", "meant", "slip", "reason"),
    [
        ("RR473I24829CN", "RR473124829CN", Slip.LETTER, "number.nearest.mistaken"),
        ("RR4731Z4829CN", "RR473124829CN", Slip.LETTER, "number.nearest.mistaken"),
        ("IZ5R89390357567127", "1Z5R89390357567127", Slip.LETTER, "number.nearest.mistaken"),
        ("1Z5R8939O357567127", "1Z5R89390357567127", Slip.LETTER, "number.nearest.mistaken"),
        ("94001112062064062607B7", "9400111206206406260787", Slip.LETTER, "number.nearest.mistaken"),
        ("8B123456785GB", "BB123456785GB", Slip.DIGIT, "number.nearest.mistaken"),
        ("R8123456785GB", "RB123456785GB", Slip.DIGIT, "number.nearest.mistaken"),
        ("RR473124289CN", "RR473124829CN", Slip.SWAPPED, "number.nearest.swapped"),
        ("RR4731244829CN", "RR473124829CN", Slip.DOUBLED, "number.nearest.extra"),
        ("1Z5R89390357567127X", "1Z5R89390357567127", Slip.EXTRA, "number.nearest.extra"),
        ("Z5R89390357567127", "1Z5R89390357567127", Slip.MISSING, "number.nearest.missing"),
        ("94001112062064062607", "", None, ""),
    ],
)
def test_one_slip_is_found_and_named(entered, meant, slip, reason):
    found = recognize(entered).nearest
    if slip is None:
        assert found is None
        return
    assert (found.number, found.slip, found.reason.id) == (meant, slip, reason)
    place = found.reason.values["place"] - 1
    assert found.reason.values["entered"] == entered[place]


def test_a_wrong_check_digit_is_said_and_the_right_one_offered():
    for number, right in (("1Z5R89390357567126", "1Z5R89390357567127"), ("RB123456786US", "RB123456785US")):
        found = recognize(number)
        assert found.candidates == () and found.kind == Kind.MISTYPED_NUMBER
        assert found.not_a.message.id == "number.not_a.mistyped_number"
        assert found.nearest is None, "every other character may be the wrong one as well"
        assert (right, Slip.CHECK_DIGIT) in [(one.number, one.slip) for one in found.suggestions]
        assert len(found.suggestions) <= 5


def test_a_country_that_issues_no_numbers_makes_no_mistyped_one():
    assert recognize("RR473124828XX").kind == Kind.SKU


def test_the_carrier_that_is_said_opens_its_forms():
    assert recognize("986578788856").suggestions == ()
    found = recognize("986578788856", Hints(carrier_text="FedEx"))
    assert "986578788855" in [one.number for one in found.suggestions]
    assert found.best.evidence[0].id == "number.wrong_check_digit"


def test_a_believable_number_and_an_order_number_need_no_neighbour():
    assert recognize("RR473124829CN").suggestions == ()
    assert recognize("Order number: RR473124289").suggestions == ()


@pytest.mark.parametrize(
    "text", ["", "12345678", "1" * 41, "HELLOWORLD", "287809468827", "1Z5R8939-357567127", "é" * 12]
)
def test_what_is_near_nothing_stays_alone(text):
    assert suggestions(text) == ()
    assert nearest(suggestions(text)) is None


def edits(one, other):
    """Whether one substitution, swap of neighbours, insertion or deletion leads from one text to the other."""
    if len(one) == len(other):
        wrong = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        start, end = wrong[0], wrong[-1] + 1
        return len(wrong) == 1 or (end == start + 2 and one[start:end] == other[start:end][::-1])
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


@settings(deadline=None)  # the first example reads the tables
@given(st.sampled_from(TELLING), st.integers(0, 40), st.sampled_from("0123456789OILZSB"), st.booleans())
def test_suggestions_are_valid_and_one_edit_away(example, place, char, swap):
    at = place % (len(example) - 1)
    text = example[:at] + char + example[at + 1 :]
    if swap:
        text = example[:at] + example[at + 1] + example[at] + example[at + 2 :]
    found = suggestions(text)
    assert len(found) <= 5
    assert len({one.number for one in found}) == len(found)
    for one in found:
        assert edits(text, one.number)
        assert [fit for fit in fits(one.number) if fit.format.telling and fit.carrier == one.carrier]


def share_found(spoil):
    """How often the number that was meant is among the suggestions, over many spoilt numbers."""
    dice = random.Random(7)
    offered = tried = 0
    for number in TELLING * 20:
        spoilt = spoil(dice, number)
        if spoilt and spoilt != number and not fits(spoilt, hinted=False):
            tried += 1
            offered += number in [one.number for one in recognize(spoilt).suggestions]
    assert tried > 100
    return offered / tried


def letter_for_digit(dice, number):
    places = [place for place, char in enumerate(number) if char in "01258"]
    at = dice.choice(places) if places else None
    return None if at is None else number[:at] + dict(zip("01258", "OIZSB", strict=True))[number[at]] + number[at + 1 :]


def swapped(dice, number):
    at = dice.randrange(len(number) - 1)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def twice(dice, number):
    at = dice.randrange(len(number))
    return number[:at] + number[at] + number[at:]


@pytest.mark.parametrize(("spoil", "least"), [(letter_for_digit, 0.97), (swapped, 0.8), (twice, 0.97)])
def test_the_number_that_was_meant_is_mostly_offered(spoil, least):
    assert share_found(spoil) >= least
