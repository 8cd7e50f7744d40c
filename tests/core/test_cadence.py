"""How often a carrier is asked: rarely enough to be welcome, often enough to be of use, never for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.cadence import meeting, next_check, retry_after, spread
from doorstep.core.lane import Lane
from doorstep.core.order import TrackAnswer
from doorstep.core.rhythm import learn_rhythm
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


# --- with a lane, a rhythm and a budget ---

FAR_LANE = Lane(parcels=40, transit_p05=8 * DAY, transit_p50=12 * DAY, transit_p85=18 * DAY)
NEAR_LANE = Lane(parcels=40, transit_p05=1 * DAY, transit_p50=1.5 * DAY, transit_p85=2 * DAY)
ALWAYS = learn_rhythm([(NOW + n * HOUR, NOW + n * HOUR) for n in range(336)])
MORNINGS = learn_rhythm([(NOW.replace(hour=7) + n * DAY, NOW.replace(hour=7) + n * DAY) for n in range(60)])


def test_nothing_happens_for_long_on_a_long_lane():
    assert wait(lane=FAR_LANE, moving_since=NOW) == 16 * HOUR
    assert wait(lane=FAR_LANE, moving_since=NOW - 6 * DAY) < 6 * HOUR
    assert wait(lane=FAR_LANE, moving_since=NOW - 9 * DAY) == 4 * HOUR


def test_on_a_short_lane_the_door_is_near_at_once():
    assert wait(lane=NEAR_LANE, moving_since=NOW) == 4 * HOUR
    assert wait(Status.INFO_RECEIVED, lane=NEAR_LANE) == 4 * HOUR
    assert wait(Status.INFO_RECEIVED, lane=FAR_LANE) == 6 * HOUR


def test_a_lane_says_nothing_of_a_parcel_nobody_knows_when_it_began():
    assert wait(lane=FAR_LANE) == wait(lane=Lane(), moving_since=NOW) == 6 * HOUR
    assert wait(Status.CUSTOMS, lane=FAR_LANE, moving_since=NOW) == 8 * HOUR


def test_silence_that_is_usual_on_the_lane_does_not_make_questions_rarer():
    silent = {"status_since": NOW - 11 * DAY, "last_event_at": NOW - 11 * DAY, "moving_since": NOW - 11 * DAY}
    assert wait(**silent) == 12 * HOUR
    assert wait(lane=FAR_LANE, **silent) == 4 * HOUR
    assert wait(lane=NEAR_LANE, **silent) == 12 * HOUR


def test_where_the_hours_of_news_are_known_others_do_not_count():
    assert wait(Status.OUT_FOR_DELIVERY, rhythm=ALWAYS) == 1.8 * HOUR
    at = NOW + wait(Status.ARRIVED, rhythm=MORNINGS)  # at noon: the next news is told in the morning
    assert 4 <= at.hour <= 8
    assert wait(Status.PENDING, rhythm=MORNINGS) == 6 * HOUR


def test_nobody_is_forgotten_between_two_busy_times():
    weekly = learn_rhythm([(NOW + n * 7 * DAY, NOW + n * 7 * DAY) for n in range(40)])
    assert wait(Status.ARRIVED, rhythm=weekly, asked_at=NOW + 2 * HOUR, now=NOW + 2 * HOUR) == 18 * HOUR


def test_when_the_budget_runs_out_what_is_far_waits_first():
    assert wait(budget=0.5) == 6 * HOUR
    assert wait(budget=0.0) == 24 * HOUR
    assert wait(Status.OUT_FOR_DELIVERY, budget=0.0) == 2 * HOUR
    assert wait(Status.OUT_FOR_DELIVERY, budget=-1.0) == 2 * HOUR


@given(
    st.sampled_from(Status),
    st.sampled_from([None, Lane(), FAR_LANE, NEAR_LANE]),
    st.none() | st.integers(0, 40).map(lambda days: NOW - days * DAY),
    st.sampled_from([None, ALWAYS, MORNINGS]),
    st.floats(0, 1),
)
def test_whatever_is_known_a_question_follows_within_days(status, lane, moving, rhythm, budget):
    found = wait(status, lane=lane, moving_since=moving, rhythm=rhythm, budget=budget)
    assert found is None or timedelta() <= found <= 4 * DAY


@given(st.integers(1, 10**6), st.integers())
def test_what_failed_together_comes_back_spread_and_never_later(seconds, seed):
    wait = timedelta(seconds=seconds)
    later = spread(wait, seed)
    assert wait * 3 / 4 <= later <= wait
    assert later == spread(wait, seed)


def test_few_of_many_come_back_together():
    waits = [spread(timedelta(hours=1), seed).total_seconds() // 30 for seed in range(300)]
    assert max(waits.count(one) for one in set(waits)) < 30


@given(
    st.floats(0, 40 * 24 * 3600),
    st.floats(0, 60 * 24 * 3600),
    st.floats(0, 5 * 24 * 3600),
    st.text("AB12", min_size=1, max_size=4),
)
def test_a_meeting_is_near_and_neither_in_the_past_nor_too_early(asked, wait, passed, number):
    asked_at, now = NOW + timedelta(seconds=asked), NOW + timedelta(seconds=asked + passed)
    at = max(now, asked_at + timedelta(seconds=wait))
    met = meeting(at, asked_at, now, number)
    assert met >= now and (at > now or met == at)
    assert met == now or abs(met - at) <= min((at - asked_at) / 2, timedelta(hours=8)) + timedelta(milliseconds=1)


def test_what_is_due_soon_or_already_waits_for_nobody():
    assert meeting(NOW, NOW - DAY, NOW, "LX1") == NOW
    assert meeting(NOW + HOUR / 60, NOW, NOW, "LX1") == NOW + HOUR / 60


def test_who_waits_about_as_long_for_one_number_meets():
    first, then = (meeting(NOW + x + 6 * HOUR, NOW + x, NOW + x, "LX1") for x in (0 * HOUR, HOUR / 60))
    assert first == then
    assert meeting(NOW + 6 * HOUR, NOW, NOW, "LX2") != first, "other numbers meet at other times"
    rarer = meeting(NOW + DAY, NOW, NOW, "LX1")
    assert (rarer - first) % (4 * HOUR) == timedelta(), "who asks more rarely joins those who ask more often"
