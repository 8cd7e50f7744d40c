"""The number that was probably meant."""

import pytest

from doorstep.core.number import recognize
from doorstep.core.number.nearest import nearest


@pytest.mark.parametrize(
    ("entered", "meant", "reason"),
    [
        ("RR473I24829CN", "RR473124829CN", "number.nearest.mistaken"),
        ("RR4731Z4829CN", "RR473124829CN", "number.nearest.mistaken"),
        ("IZ5R89390357567127", "1Z5R89390357567127", "number.nearest.mistaken"),
        ("RR473124289CN", "RR473124829CN", "number.nearest.swapped"),
    ],
)
def test_one_slip_is_found_and_named(entered, meant, reason):
    found = recognize(entered).nearest
    assert (found.number, found.reason.id) == (meant, reason)
    place = found.reason.values["place"] - 1
    assert (entered[place], meant[place]) == (found.reason.values["entered"], found.reason.values["meant"])


def test_a_believable_number_needs_no_neighbour():
    assert recognize("RR473124829CN").nearest is None


def test_several_neighbours_are_none():
    assert nearest("RR473124289C") is None
    two_ways = "1Z5R89390357567172"
    assert nearest(two_ways) is None or nearest(two_ways).carrier == "ups"
    assert nearest("9400111206206046260787"[:22]) is None


@pytest.mark.parametrize("text", ["", "12345678", "1" * 41, "HELLOWORLD", "287809468827"])
def test_what_is_near_nothing_stays_alone(text):
    assert nearest(text) is None
