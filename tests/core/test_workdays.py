"""Weekends and holidays are learned from when parcels came."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.workdays import EVERY_DAY, Week, learn, weekday
from tests.core.ways import weekdays

EPOCH = date(1970, 1, 1)


def days(passages):
    return [(one.handed_over.timestamp() / 86400, one.delivered.timestamp() / 86400) for one in passages]


def counted(way, at):
    day = (at - EPOCH).days
    return way.at(day + 1) - way.at(day)


def test_a_monday_is_a_monday():
    assert [weekday((date(2026, 1, 5) - EPOCH).days + n) for n in range(8)] == [0, 1, 2, 3, 4, 5, 6, 0]


def test_few_deliveries_tell_nothing():
    assert learn(days(weekdays(30))) == Week((EVERY_DAY,))


def test_sundays_count_almost_nothing():
    rest, carry, _ = learn(days(weekdays())).ways
    assert counted(rest, date(2026, 2, 8)) < 0.1
    assert counted(rest, date(2026, 2, 10)) == pytest.approx(1.4, abs=0.1)
    assert counted(carry, date(2026, 2, 9)) > 2.5  # what was due on the weekend comes on Monday


def test_a_holiday_is_found_and_expected_on_the_same_date_of_later_years():
    rest = learn(days(weekdays(900, closed={"2026-02-11"}, a_day=9))).ways[0]
    assert counted(rest, date(2026, 2, 11)) < 0.2
    assert counted(rest, date(2026, 2, 10)) > 1
    assert counted(rest, date(2027, 2, 11)) < 0.2
    assert counted(rest, date(2028, 2, 11)) < 0.2


def test_a_leap_day_does_not_come_again():
    quiet, leap = date(2026, 2, 26), date(2024, 2, 29)  # both are Thursdays
    away = (leap - quiet).days
    moved = [(a + away, b + away) for a, b in days(weekdays(900, closed={quiet.isoformat()}, a_day=9))]
    rest = learn(moved).ways[0]
    assert counted(rest, leap) < 0.2
    assert counted(rest, date(2025, 2, 28)) > 1


@given(st.floats(-3000, 40000), st.floats(-3000, 40000))
def test_time_goes_on_and_back_the_same_way(one, other):
    for way in learn(days(weekdays())).ways:
        low, high = sorted((one, other))
        assert way.at(low) <= way.at(high) + 1e-6
        assert way.when(way.at(one)) == pytest.approx(one, abs=1e-3)


def test_a_week_is_a_week_however_it_is_counted():
    for way in learn(days(weekdays())).ways:
        begin = (date(2026, 2, 2) - EPOCH).days
        assert way.at(begin + 7) - way.at(begin) == pytest.approx(7, abs=0.2)
    assert timedelta(days=EVERY_DAY.at(7) - EVERY_DAY.at(0)) == timedelta(days=7)
