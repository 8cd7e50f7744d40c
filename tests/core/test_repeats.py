"""A scan told twice is shown once, and nothing that only one telling says is lost (W12)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from doorstep.core.event import TrackingEvent
from doorstep.core.repeats import repeats
from doorstep.core.status import Status
from doorstep.core.timeline import event_key
from tests.core.scans import NOW, printed, scan, timeless, told

ONE = scan(Status.DELIVERED, -1, text="Delivered", code="D1", place="Bonn")
LATER = timedelta(seconds=40)


def folded(*said: TrackingEvent, leading=b""):
    again = repeats(said, leading)
    return [one for one in said if event_key(one) in again]


@pytest.mark.parametrize(
    "fuller",
    [
        replace(ONE, raw_text="Delivered, left at the front door"),
        replace(ONE, place="Bonn, DE"),
        replace(ONE, local=NOW.replace(tzinfo=None), offset=0),
    ],
)
def test_of_a_scan_sent_again_with_one_field_fuller_the_fuller_stands(fuller):
    assert folded(ONE, fuller) == [ONE]
    assert folded(fuller, ONE) == [ONE]


def test_a_scan_sent_again_with_other_seconds_or_other_case_is_folded():
    assert len(folded(ONE, replace(ONE, instant=ONE.instant + LATER))) == 1
    assert len(folded(ONE, replace(ONE, raw_text="DELIVERED."))) == 1
    assert not folded(ONE, replace(ONE, instant=ONE.instant + timedelta(minutes=1)))


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, place="Köln"),
        replace(ONE, raw_text="Signed by the neighbour"),
        replace(ONE, raw_code="D2"),
        replace(ONE, status=Status.UNKNOWN, raw_text="Delivered!?"),
        replace(ONE, raw_text="Delivered, left at the front door", place="Bonn, DE"),
        replace(ONE, raw_text="Delivered, left at the front door", instant=ONE.instant + LATER),
    ],
)
def test_what_says_something_else_is_another_scan(other):
    assert not folded(ONE, other)


def test_scans_of_one_source_that_nobody_timed_are_the_same_by_their_words_and_places():
    here, fuller = timeless(Status.INFO_RECEIVED, text="Label"), timeless(Status.INFO_RECEIVED, text="Label made")
    assert folded(here, fuller) == [here]
    assert not folded(here, timeless(Status.INFO_RECEIVED, source="b", text="Label"))
    assert not folded(here, scan(Status.INFO_RECEIVED, -1, text="Label"))


def test_the_twin_whose_zone_was_lost_on_the_way_is_found_by_its_wall_time():
    true = printed(Status.PICKED_UP, "2026-03-19T10:00:00", 8)
    false = printed(Status.PICKED_UP, "2026-03-19T10:00:00", 0, source="b")
    assert folded(true, false) == [false]


def test_a_minute_has_no_edge_between_two_sources():
    one = printed(Status.PICKED_UP, "2026-03-19T10:00:59", 0)
    cut = printed(Status.PICKED_UP, "2026-03-19T10:00:00", 0, source="b")
    edge = printed(Status.PICKED_UP, "2026-03-19T10:01:05", 0, source="b")
    assert folded(one, cut) == [cut]
    assert folded(one, edge) == [edge]
    assert not folded(one, printed(Status.PICKED_UP, "2026-03-19T10:01:59", 0, source="b"))


def test_a_day_without_an_hour_is_folded_into_the_scan_that_knows_the_hour():
    known = printed(Status.DELIVERED, "2026-03-19T14:02:00", 1)
    day = replace(printed(Status.DELIVERED, "2026-03-19T00:00:00", source="b"), day_only=True)
    assert folded(day, known) == [day]
    assert folded(replace(day, source="a"), known) == [replace(day, source="a")]
    assert not folded(replace(day, local=day.local + timedelta(days=1)), known)


def test_the_headline_is_never_folded_but_its_twin_is():
    twin = replace(ONE, source="b", raw_text="Zugestellt")
    assert folded(ONE, twin) == [twin]
    assert folded(ONE, twin, leading=event_key(twin)) == [ONE]


@given(told)
def test_whatever_is_folded_has_a_twin_that_stands(said):
    again = repeats(said)
    keys = {event_key(one) for one in said}
    assert again <= keys
    assert not keys or again < keys
    standing = [one for one in said if event_key(one) not in again]
    assert not repeats(standing), "folding what stands folds nothing more"


@given(told)
def test_the_leading_scan_stands(said):
    for one in said:
        assert event_key(one) not in repeats(said, event_key(one))
