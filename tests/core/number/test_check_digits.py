"""Check digits against numbers worked out by hand or printed by their owners."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.number.check_digits import CHECKS

RIGHT = {
    "gs1": ["4006381333931", "9400111206206406260787", "00340434161094022115"],
    "usps_91": ["71969010756003077385"],
    "luhn": ["4111111111111111", "320595463938"],
    "mod7": ["3318810025", "123456789013"],
    "s10": ["473124829", "123456785"],
    "ups": ["5R89390357567127", "XX3150YW44070023", "C11031500001879"],
    "fedex": ["986578788855", "477179081230"],
    "mod37_36": ["09980000020034D", "008182709980000020033350276C"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in RIGHT.items() for text in texts])
def test_right_digits_pass_and_every_other_last_digit_fails(name, text):
    passes = CHECKS[name].passes
    assert [last for last in "0123456789" if passes(text[:-1] + last)] == ([text[-1]] if text[-1].isdigit() else [])
    assert passes(text)


def test_every_rule_is_proven_here():
    assert set(RIGHT) == set(CHECKS)


@pytest.mark.parametrize(("serial", "check"), [("00000000", "5"), ("00004000", "0"), ("00000001", "4")])
def test_s10_writes_the_remainders_0_and_1_as_5_and_0(serial, check):
    assert CHECKS["s10"].passes(serial + check)


@settings(deadline=None)  # the first example reads the tables
@given(st.text("0123456789", min_size=15, max_size=15))
def test_one_digit_in_so_many_is_right_by_chance(body):
    for name, check in CHECKS.items():
        text = body[:8] if name == "s10" else body
        right = [last for last in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: 36 if name == "mod37_36" else 10]
                 if check.passes(text + last)]  # fmt: skip
        assert len(right) == 1
