"""How numbers of a shape begin, and what their services are."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number import recognize
from doorstep.core.number.carriage import _families, service_of
from doorstep.core.number.format import formats
from doorstep.core.number.shape import heads_of
from doorstep.core.order import Role


@pytest.mark.parametrize(
    ("shape", "heads"),
    [
        ("1Z", {"1Z"}),
        ("A?BC", {"AB", "BC"}),
        ("[AB]C", {"AC", "BC"}),
        ("A{2}", {"AA"}),
        ("A{1,2}B", {"AB", "AA"}),
        ("A+B", {"AB", "AA"}),
        ("A*B", {"B", "AB", "AA"}),
        ("A{0,1}B", {"B", "AB"}),
        ("(?:AB|C)D", {"AB", "CD"}),
        ("(?P<check>A(?:B|C))", {"AB", "AC"}),
        ("(?=XX)(?!YY)AB(?<=B)(?<!C)", {"AB"}),
        ("|A", {"", "A"}),
    ],
)
def test_heads_are_what_texts_of_a_shape_begin_with(shape, heads):
    assert heads_of(shape) == heads


@settings(deadline=None)  # the first example reads the tables
@given(st.data())
def test_every_text_of_every_shape_begins_with_one_of_its_heads(data):
    entry = data.draw(st.sampled_from(formats()))
    text = data.draw(st.from_regex(re.compile(entry.shape, re.ASCII), fullmatch=True))
    assert text[:2] in heads_of(entry.shape)


@pytest.mark.parametrize(
    ("number", "service", "role"),
    [
        ("RR473124829CN", "registered letter", Role.LOCAL),
        ("EE473124829CN", "express mail (EMS)", Role.LOCAL),
        ("UA473124829CN", "letter without tracking to the door", Role.LOCAL),
        ("1Z5R89390357567127", "UPS Ground", Role.LOCAL),
        ("1Z879E930346834440", "UPS Next Day Air Saver", None),
        ("9405511206206406260780", "Priority Mail", Role.LOCAL),
        ("420787459400111206206406260787", "USPS Ground Advantage", Role.LOCAL),
    ],
)
def test_the_number_names_its_service(number, service, role):
    best = recognize(number).best
    if role is not None:
        assert (best.service.name, best.role) == (service, role)


def test_a_return_label_is_a_way_back():
    number = next(text for last in "0123456789" if (text := f"92020111{'0' * 13}{last}") and recognize(text).candidates)
    best = recognize(number).best
    assert (best.service.name, best.service.returns, best.role) == ("USPS Ground Advantage Return", True, Role.RETURN)


def test_what_names_no_service_has_none():
    assert service_of("gls_digits", "90346692444") is None
    assert service_of("ups_1z", "1Z5R8939ZZ57567127") is None
    assert recognize("LP00123456789012").best.service is None


def test_the_table_of_services_is_about_formats_that_exist_and_says_its_source():
    names = {entry.name for entry in formats()}
    for form, family in _families().items():
        assert form in names
        assert family["source"]
        codes = [code for codes in family["service"].values() for code in codes.split()]
        assert len(codes) == len(set(codes))
        assert set(family.get("returns", ())) <= set(family["service"])
