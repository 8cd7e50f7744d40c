"""Holidays are believed until deliveries show better."""

from datetime import date

import pytest

from doorstep.core.holidays import easter, holidays
from doorstep.core.workdays import learn
from tests.core.test_workdays import counted, days
from tests.core.ways import weekdays


@pytest.mark.parametrize(
    ("year", "month", "day"), [(2000, 4, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25), (2049, 4, 18)]
)
def test_easter_is_where_the_tables_have_it(year, month, day):
    assert easter(year) == date(year, month, day)


def test_dates_move_with_easter_and_with_weekdays():
    assert date(2026, 4, 3) in holidays("DE", 2026)
    assert {date(2026, 11, 26), date(2026, 5, 25), date(2026, 9, 7)} <= holidays("US", 2026)
    assert date(2026, 8, 31) in holidays("GB", 2026)
    assert holidays("XX", 2026) == frozenset()


def test_a_holiday_to_come_is_foreseen():
    rest = learn(days(weekdays()), "DE").ways[0]
    assert counted(rest, date(2026, 12, 25)) < 0.1
    assert counted(learn(days(weekdays())).ways[0], date(2026, 12, 25)) > 1


def test_a_carrier_that_comes_on_a_holiday_is_believed():
    ours = learn(days(weekdays(900, a_day=9)), "AU").ways[0]  # came on 26 January
    assert counted(ours, date(2026, 1, 26)) > 1
    assert counted(ours, date(2027, 1, 26)) > 1
