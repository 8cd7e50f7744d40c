"""How often a carrier is asked: rarely enough to be welcome, often enough to be of use, never for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.cadence import next_check, retry_after
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Status

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def wait(status=Status.IN_TRANSIT, **facts):
    """How long after the last question the next one follows."""
    usual = {
        "status_since": NOW - DAY,
        "last_event_at": None,
        "asked_at": NOW,
        "answer": TrackAnswer.EVENTS,
        "failures": 0,
        "now": NOW,
        "pushes": False,
    }
    at = next_check(status=status, **(usual | facts))
    return at and at - NOW


def test_what_was_never_asked_is_asked_now():
    assert wait(Status.PENDING, asked_at=None, answer=None) == timedelta()


def test_a_number_of_long_ago_is_asked_about_at_least_once():
    assert wait(Status.DELIVERED, asked_at=None, status_since=NOW - 300 * DAY) == timedelta()


def test_the_doorstep_is_watched_most_closely():
    assert wait(Status.OUT_FOR_DELIVERY) == HOUR
    assert wait(Status.IN_TRANSIT) == 6 * HOUR
    assert wait(Status.EXPIRED) == DAY


def test_a_source_that_tells_by_itself_is_asked_a_quarter_as_often():
    assert wait(Status.IN_TRANSIT, pushes=True) == DAY


def test_a_question_that_was_due_long_ago_is_due_now():
    assert wait(asked_at=NOW - DAY) == timedelta()


@pytest.mark.parametrize(("days", "expected"), [(9, 6 * HOUR), (11, 12 * HOUR), (31, 3 * DAY), (91, None)])
def test_the_longer_the_silence_the_rarer_the_questions(days, expected):
    assert wait(status_since=NOW - 99 * DAY, last_event_at=NOW - days * DAY) == expected
    assert wait(Status.NOT_FOUND, status_since=NOW - days * DAY, answer=TrackAnswer.NOTHING) == expected


def test_a_closed_parcel_is_watched_three_days_more():
    assert wait(Status.DELIVERED) == DAY
    assert wait(Status.DELIVERED, status_since=NOW - 3 * DAY) is None
    assert wait(Status.RETURNED, status_since=NOW - 3 * DAY, failures=4) is None


def test_a_rejected_number_is_tried_once_a_day():
    assert wait(Status.PENDING, answer=TrackAnswer.REJECTED) == DAY


def test_failures_back_off_to_a_day():
    assert [wait(failures=n) / HOUR for n in range(1, 9)] == [0.25, 0.5, 1, 2, 4, 8, 16, 24]
    assert retry_after(10_000) == DAY


@given(
    st.sampled_from(Status),
    st.integers(0, 200).map(lambda days: NOW - days * DAY),
    st.none() | st.integers(0, 200).map(lambda days: NOW - days * DAY),
    st.none() | st.integers(0, 200).map(lambda hours: NOW - hours * HOUR),
    st.none() | st.sampled_from(TrackAnswer),
    st.integers(0, 50),
    st.booleans(),
)
def test_the_next_question_is_never_in_the_past_and_never_far(status, since, event, asked, answer, failures, pushes):
    facts = {"status_since": since, "last_event_at": event, "asked_at": asked, "answer": answer}
    found = wait(status, **facts, failures=failures, pushes=pushes)
    assert found is None or timedelta() <= found <= 4 * DAY
