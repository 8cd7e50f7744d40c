"""When a carrier tells news is learned from when news was found."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.rhythm import Rhythms, learn_rhythm, learn_rhythms
from doorstep.core.status import Status

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def batches(*hours: float, weeks=6, days=range(6)):
    """News of a carrier that publishes at these hours, found within two hours."""
    dice = random.Random(3)
    made = []
    for week in range(weeks):
        for day in days:
            for hour in hours:
                out = MONDAY + (7 * week + day) * DAY + hour * HOUR
                made.append((out - dice.uniform(0, 5) * HOUR, out + dice.uniform(0.05, 2) * HOUR))
    return made


def test_few_news_tell_no_rhythm():
    assert learn_rhythm(batches(7, weeks=1)) is None


def test_it_is_asked_when_a_batch_is_out_and_not_in_between():
    rhythm = learn_rhythm(batches(7.2, 17.2))
    morning = rhythm.after(MONDAY + 1 * HOUR, 2.5)
    assert 6 <= morning.hour <= 9
    evening = rhythm.after(MONDAY + 10.5 * HOUR, 2.5)
    assert 16 <= evening.hour <= 19


def test_nobody_is_asked_on_a_sunday_when_nothing_is_told():
    rhythm = learn_rhythm(batches(7.2, 12.2, 17.2))
    assert rhythm.after(MONDAY + 5.9 * DAY, 2).weekday() == 0


def test_news_found_days_later_tells_no_hour():
    late = [(happened, found + 2 * DAY) for happened, found in batches(7)]
    assert learn_rhythm(late) is None
    assert learn_rhythm([*batches(7, 12), *late]) == learn_rhythm(batches(7, 12))


def test_a_clock_that_runs_ahead_does_no_harm():
    ahead = [(found + HOUR, found) for _, found in batches(7, 12)]
    assert learn_rhythm(ahead) is not None


def test_a_carrier_that_never_rests_is_asked_in_even_steps():
    rhythm = learn_rhythm([(MONDAY + n * HOUR, MONDAY + n * HOUR) for n in range(336)])
    assert rhythm.after(MONDAY + 3 * HOUR, 5) == MONDAY + 8 * HOUR
    assert rhythm.after(MONDAY + 166 * HOUR, 5) == MONDAY + 171 * HOUR


def test_what_is_awaited_has_its_own_rhythm():
    out = [(Status.OUT_FOR_DELIVERY, *one) for one in batches(7)]
    door = [(Status.DELIVERED, *one) for one in batches(14)]
    found = learn_rhythms([*out, *door, (Status.CUSTOMS, MONDAY, MONDAY)])
    assert found.of(Status.OUT_FOR_DELIVERY) == learn_rhythm(batches(14))
    assert found.of(Status.IN_TRANSIT) == found.of(Status.ARRIVED) == learn_rhythm(batches(7))
    assert found.of(Status.ATTEMPT_FAILED) == found.both
    assert Rhythms().of(Status.ARRIVED) is None


@given(st.floats(0, 30 * 24), st.floats(0, 400))
def test_the_next_time_is_never_in_the_past_and_later_for_more_hours(start, hours):
    rhythm = learn_rhythm(batches(7.2, 12.2, 17.2))
    at = MONDAY + start * HOUR
    found = rhythm.after(at, hours)
    assert at <= found <= rhythm.after(at, hours + 1) + timedelta(seconds=1)
    assert found <= at + 7 * DAY


@pytest.mark.parametrize("hour", range(0, 168, 7))
def test_it_is_asked_at_the_end_of_every_busy_time(hour):
    rhythm = learn_rhythm(batches(7.2, 17.2))
    assert rhythm.after(MONDAY + hour * HOUR, 1000) <= MONDAY + (hour + 48) * HOUR
