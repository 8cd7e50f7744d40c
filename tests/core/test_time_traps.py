"""The wrong zones that other trackers read into a scan: what was said is kept, what was not said is never assumed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.event import When, when
from doorstep.core.status import Status
from doorstep.core.timeline import belonging, current, event_key, merge
from tests.core.scans import NOW, printed, scan

ZONES = st.integers(-12 * 4, 14 * 4).map(lambda quarters: quarters * 15)


@pytest.mark.parametrize(
    ("text", "local", "offset", "instant"),
    [
        ("2026-05-05T10:00:00-05:00", "2026-05-05T10:00:00", -300, "2026-05-05T15:00:00+00:00"),
        ("2026-05-05T10:00:00+09:00", "2026-05-05T10:00:00", 540, "2026-05-05T01:00:00+00:00"),
        ("2026-05-05 10:00:00 +0545", "2026-05-05T10:00:00", 345, "2026-05-05T04:15:00+00:00"),
        ("2026-05-05T10:00:00Z", "2026-05-05T10:00:00", 0, "2026-05-05T10:00:00+00:00"),
        ("2026-05-05T10:00:00", "2026-05-05T10:00:00", None, None),
        (" 2026-05-05 10:00 ", "2026-05-05T10:00:00", None, None),
        ("2026-01-01T02:00:00+14:00", "2026-01-01T02:00:00", 840, "2025-12-31T12:00:00+00:00"),
        ("2025-12-31T23:00:00-12:00", "2025-12-31T23:00:00", -720, "2026-01-01T11:00:00+00:00"),
        ("2026-05-05T10:00:00.734+02:00", "2026-05-05T10:00:00", 120, "2026-05-05T08:00:00.734000+00:00"),
        ("2026-05-05T10:00:00-00:00", None, None, "2026-05-05T10:00:00+00:00"),
        ("", None, None, None),
    ],
)
def test_an_offset_is_kept_and_none_is_assumed(text, local, offset, instant):
    assert when(text) == When(
        datetime.fromisoformat(local) if local else None,
        offset,
        datetime.fromisoformat(instant) if instant else None,
        day_only=False,
    )


def test_a_date_alone_is_a_day_and_not_its_midnight():
    assert when("2026-05-05") == When(datetime(2026, 5, 5), None, None, day_only=True)  # noqa: DTZ001  as it was said


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_outside_of_all_calendars_is_no_time(text):
    with pytest.raises(ValueError, match="outside of all calendars"):
        when(text)


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026-05-05T25:00", "05.05.2026"])
def test_a_text_that_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"isoformat|hour|day|time"):
        when(text)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), ZONES)  # noqa: DTZ001  wall times
def test_every_offset_on_earth_keeps_the_wall_time_and_gives_the_instant(wall, minutes):
    zone = timezone(timedelta(minutes=minutes))
    read = when(wall.replace(microsecond=0, tzinfo=zone).isoformat())
    if read.local:  # -00:00 is never what isoformat() writes
        assert (read.local, read.offset) == (wall.replace(microsecond=0), minutes)
    assert read.instant == wall.replace(microsecond=0, tzinfo=zone)
    assert read.instant.tzinfo is UTC


def test_a_local_time_labelled_utc_by_another_source_stays_two_scans_and_both_are_kept():
    """One vendor keeps +08:00; another drops it and calls the wall time UTC."""
    true = printed(Status.PICKED_UP, "2026-03-19T10:00:00", 8, source="honest")
    false = printed(Status.PICKED_UP, "2026-03-19T10:00:00", 0, source="mislabels")
    assert event_key(true) != event_key(false)
    assert merge([false, true]) == (true, false)
    assert current([true, false], NOW).since == true.instant


def test_a_flight_to_the_east_over_the_date_line_keeps_its_order():
    """Samoa (+13) is a day ahead of Hawaii (-10): the wall time jumps back 23 hours on the way east."""
    leaves = printed(Status.IN_TRANSIT, "2026-03-19T12:00:00", position=0, text="left Apia")
    lands = printed(Status.ARRIVED, "2026-03-18T18:00:00", position=1, text="arrived in Honolulu")
    assert merge([lands, leaves]) == (leaves, lands)
    assert current([lands, leaves], NOW).status is Status.ARRIVED


def test_the_hour_that_is_passed_twice_keeps_its_sources_order():
    """Clocks go back at 3:00 on 25 October 2026: 2:10 comes after 2:50."""
    van = printed(Status.OUT_FOR_DELIVERY, "2026-10-25T02:50:00", position=0)
    door = printed(Status.ATTEMPT_FAILED, "2026-10-25T02:10:00", position=1)
    then = datetime(2026, 10, 26, tzinfo=UTC)
    assert merge([door, van]) == (van, door)
    assert current([door, van], then).status is Status.ATTEMPT_FAILED
    stated = (
        printed(Status.OUT_FOR_DELIVERY, "2026-10-25T02:50:00", 2),
        printed(Status.ATTEMPT_FAILED, "2026-10-25T02:10:00", 1),
    )
    assert merge(reversed(stated)) == stated, "with offsets the instants tell it"


def test_an_hour_that_no_clock_showed_is_kept_as_it_was_said():
    """Clocks go forward on 29 March 2026: there is no 2:30 in Berlin, but a carrier may print it."""
    assert when("2026-03-29T02:30:00").local == datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001  as it was said


def test_the_day_of_a_scan_orders_it_behind_what_its_source_says_before():
    van = printed(Status.OUT_FOR_DELIVERY, "2026-03-19T08:00:00", position=0)
    day = when("2026-03-19")
    done = printed(Status.DELIVERED, day.local.isoformat(), position=1)
    assert merge([done, van]) == (van, done)


@pytest.mark.parametrize("source", ["a", "b"])
def test_a_scan_just_beyond_the_last_zone_is_kept_and_does_not_drive(source):
    near, far = scan(Status.ARRIVED, 26 / 24, source=source, local=True), scan(Status.DELIVERED, 26.1 / 24)
    moving = scan(Status.IN_TRANSIT, -1)
    assert current([moving, near, far], NOW).status is Status.ARRIVED
    assert far in merge([moving, near, far])


@given(ZONES)
def test_no_zone_on_earth_makes_an_honest_local_scan_of_now_too_far_ahead_or_a_stranger(minutes):
    wall = (NOW + timedelta(minutes=minutes)).replace(tzinfo=None)
    said = printed(Status.PICKED_UP, wall.isoformat())
    assert current([said], NOW).status is Status.PICKED_UP
    own, strangers = belonging([said], NOW)
    assert own == (said,) and not strangers
