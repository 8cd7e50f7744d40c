"""Cool-downs and windows of a resync (S26 to S40)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.resync import (
    BOARD_COOLDOWN,
    CLOSED_COOLDOWN,
    PARCEL_COOLDOWN,
    Range,
    Skip,
    Tally,
    left_out,
    may_resync,
    outcome,
    tally,
    time_left,
    too_soon,
    window,
)
from tests.core.sentences import sentence

NOW = datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_parcel_rests_five_minutes_and_a_board_an_hour():
    assert (PARCEL_COOLDOWN.total_seconds(), BOARD_COOLDOWN.total_seconds()) == (300, 3600)


def test_a_cooldown_counts_from_the_last_acceptance():
    assert may_resync(None, NOW, PARCEL_COOLDOWN) is None
    assert may_resync(NOW, NOW + timedelta(seconds=299), PARCEL_COOLDOWN) == NOW + PARCEL_COOLDOWN
    assert may_resync(NOW, NOW + timedelta(seconds=300), PARCEL_COOLDOWN) is None


@given(st.integers(0, 7200))
def test_the_instant_that_is_named_is_the_first_that_is_allowed(seconds):
    allowed = may_resync(NOW, NOW + timedelta(seconds=seconds), BOARD_COOLDOWN)
    if allowed:
        assert may_resync(NOW, allowed, BOARD_COOLDOWN) is None
        assert may_resync(NOW, allowed - timedelta(microseconds=1), BOARD_COOLDOWN) == allowed


@pytest.mark.parametrize(
    ("chosen", "start", "end"),
    [
        # Clocks went forward on 29 March: that day had 23 hours.
        (Range.TODAY, "2026-03-29T22:00", "2026-03-30T22:00"),
        (Range.YESTERDAY, "2026-03-28T23:00", "2026-03-29T22:00"),
        (Range.DAYS_7, "2026-03-22T23:00", "2026-03-30T22:00"),
        (Range.DAYS_30, "2026-02-27T23:00", "2026-03-30T22:00"),
        (Range.DAYS_60, "2026-01-28T23:00", "2026-03-30T22:00"),
    ],
)
def test_windows_are_calendar_days_of_the_workspace(chosen, start, end):
    expected = tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    assert window(chosen, NOW, BERLIN) == expected


def test_the_day_is_the_workspaces_own():
    start, end = window(Range.TODAY, NOW, ZoneInfo("America/New_York"))
    assert (start, end) == (datetime(2026, 3, 29, 4, tzinfo=UTC), datetime(2026, 3, 30, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("new_events", "changed", "failed", "told"),
    [
        (2, True, False, "changed"),
        (2, False, False, "unchanged"),
        (0, False, False, "nothing_new"),
        (0, False, True, "failed"),
    ],
)
def test_failing_to_ask_is_told_apart_from_nothing_new(new_events, changed, failed, told):
    message = outcome(new_events=new_events, changed=changed, failed=failed, next_at=NOW)
    assert message.id == f"resync.{told}"
    assert message.values == {"new_events": new_events, "next_at": NOW.isoformat()}


def test_a_refusal_says_when_it_is_possible_again():
    assert too_soon(NOW).values == {"next_at": NOW.isoformat()}
    assert too_soon(NOW, PARCEL_COOLDOWN).id == "resync.too_soon"
    assert too_soon(NOW, CLOSED_COOLDOWN).id == "resync.too_soon_done"


# whole stores


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Tally(answered=3, changed=1, new_events=2), ["answered", "news"]),
        (Tally(answered=3, new_events=2), ["answered", "news"]),
        (Tally(answered=1), ["answered", "nothing_new"]),
        (Tally(answered=1, unanswered=2), ["answered", "nothing_new", "unanswered"]),
        (Tally(unanswered=2), ["answered", "unanswered"]),  # that all were silent is not "nothing new"
    ],
)
def test_a_tally_tells_news_from_silence(said, told):
    assert [one.id for one in tally(said)] == [f"resync.store.{what}" for what in told]


def test_who_is_left_out_is_counted_by_reason():
    skipped = {Skip.CANCELLED: 7, Skip.CLOSED: 2, Skip.NOBODY: 0}
    lines = left_out(skipped)
    assert [(one.id, one.values["count"]) for one in lines] == [
        ("resync.skipped.closed", 2),
        ("resync.skipped.cancelled", 7),
    ]
    assert tally(Tally(skipped=skipped))[1:] == lines


@pytest.mark.parametrize("why", Skip)
@pytest.mark.parametrize("count", [1, 2])
def test_every_reason_has_its_sentence(why, count):
    assert str(count) in sentence(left_out({why: count})[0])


def test_half_done_takes_as_long_again_and_nothing_done_tells_nothing():
    assert time_left(5, 10, timedelta(minutes=1)) == timedelta(minutes=1)
    assert time_left(0, 10, timedelta(minutes=1)) is None


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(1, 10_000))
def test_the_rest_takes_as_long_as_the_pace_so_far_says(done, left, seconds):
    took = timedelta(seconds=seconds)
    assert time_left(done, done + left, took) == took * left / done
    assert time_left(0, left, took) is None
