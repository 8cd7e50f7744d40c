"""The table of formats proves itself: every row recognizes its own example."""

import pytest

from doorstep.core.number import Confidence, Hints, carrier, recognize
from doorstep.core.number.format import Bare, fits, formats


def test_every_format_recognizes_its_own_example():
    assert [entry.name for entry in formats() if entry not in [fit.format for fit in fits(entry.example)]] == []


def test_every_format_names_its_source_and_a_known_carrier():
    for entry in formats():
        assert entry.source
        assert entry.carrier == "@s10" or carrier(entry.carrier)


def test_certain_alone_needs_a_check_digit():
    assert [entry.name for entry in formats() if entry.bare is Bare.CERTAIN and not entry.check] == []


def test_digits_alone_without_a_check_digit_are_at_most_possible():
    told = [entry for entry in formats() if entry.example.isdigit() and not entry.check]
    assert [entry.name for entry in told if entry.bare not in (Bare.POSSIBLE, Bare.HINTED)] == []


@pytest.mark.parametrize("entry", [entry for entry in formats() if entry.check], ids=lambda entry: entry.name)
def test_a_wrong_check_digit_takes_the_format_away(entry):
    found = entry.pattern.fullmatch(entry.example)
    end = found.end("check") - 1
    wrong = "0" if entry.example[end] != "0" else "1"
    broken = entry.example[:end] + wrong + entry.example[end + 1 :]
    assert entry not in [fit.format for fit in fits(broken)]


@pytest.mark.parametrize(
    "entry", [entry for entry in formats() if entry.carrier != "@s10"], ids=lambda entry: entry.name
)
def test_the_carrier_named_by_the_shop_is_among_the_candidates(entry):
    found = recognize(entry.example, Hints(carrier_text=carrier(entry.carrier).name))
    assert entry.carrier in [candidate.carrier for candidate in found.candidates]
    assert found.best.carrier == entry.carrier
    assert found.best.confidence is not Confidence.POSSIBLE


def test_prefixes_are_what_every_number_begins_with():
    prefixes = {entry.name: entry.prefix for entry in formats()}
    assert prefixes["ups_1z"] == "1Z"
    assert prefixes["cainiao_lp"] == "LP"
    assert prefixes["upu_s10"] == prefixes["yodel"] == prefixes["aramex"] == ""
    for entry in formats():
        assert entry.example.startswith(entry.prefix)
