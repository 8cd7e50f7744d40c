"""Sources that disagree are shown beside the headline, with why we do not go by them (N12)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.conflict import Conflict, Voice, Why, conflicts
from doorstep.core.event import TrackingEvent
from doorstep.core.status import Status
from doorstep.core.timeline import current, event_key
from tests.core.scans import NOW, scan, timeless, told

DONE, ROAD = scan(Status.DELIVERED, -2), scan(Status.IN_TRANSIT, -3)


def told_by(one):
    return Voice(source=one.source, status=one.status, at=one.instant, key=event_key(one))


def whys(*said: TrackingEvent, gone=(), words=()):
    return [(one.other.source, one.other.status, one.why) for one in conflicts(said, NOW, gone=gone, words=words)]


def test_a_stray_scan_after_the_delivery_is_named_with_the_time_since_when():
    first, last = scan(Status.OUT_FOR_DELIVERY, -1), scan(Status.IN_TRANSIT, -0.5)
    assert conflicts([DONE, first, last], NOW) == (
        Conflict(believed=told_by(DONE), other=told_by(last), since=first.instant, why=Why.STANDS),
    )


def test_another_source_that_goes_on_after_the_delivery_is_named_once():
    late = [scan(Status.IN_TRANSIT, days, source="b") for days in (-1.5, -1, -0.5)]
    assert whys(DONE, *late) == [("b", Status.IN_TRANSIT, Why.STANDS)]


def test_a_source_that_is_merely_behind_contradicts_nothing():
    assert not whys(DONE, ROAD)
    assert not whys(DONE, scan(Status.OUT_FOR_DELIVERY, -2.1, source="b"))
    assert not whys(DONE, scan(Status.RETURNING, -1, source="b"))
    assert not whys(DONE, scan(Status.OUT_FOR_DELIVERY, -1.8, source="b", local=True)), "perhaps it was before"
    assert not whys(DONE, scan(Status.INFO_RECEIVED, -1, source="b"), scan(Status.UNKNOWN, -1, source="b"))
    assert not whys(ROAD, timeless(Status.PICKED_UP, source="b"))


def test_two_ends_of_one_road_contradict_each_other():
    back = scan(Status.RETURNED, -4, source="b")
    assert whys(back, scan(Status.DELIVERED, -2)) == [("a", Status.DELIVERED, Why.STANDS)]
    assert whys(scan(Status.RETURNING, -4, source="b"), DONE) == [("b", Status.RETURNING, Why.LATER)]
    assert not whys(scan(Status.RETURNING, -4), DONE), "one source tells one story"
    assert whys(scan(Status.CANCELLED, -4, source="b"), ROAD) == [("b", Status.CANCELLED, Why.LATER)]


def test_a_problem_after_the_delivery_is_believed_and_the_delivery_named():
    assert whys(DONE, scan(Status.EXCEPTION, -1, source="b")) == [("a", Status.DELIVERED, Why.LATER)]


def test_an_end_that_was_taken_back_is_named():
    road = scan(Status.OUT_FOR_DELIVERY, -1)
    (one,) = conflicts([road], NOW, gone=[DONE])
    assert (one.other, one.why, one.since) == (told_by(DONE), Why.TAKEN_BACK, road.instant)
    assert not whys(road, gone=[ROAD]), "a step of the road that is gone is no news"
    assert not whys(scan(Status.DELIVERED, -1.9), gone=[DONE]), "said again in other words"
    assert not whys(road, gone=[scan(Status.DELIVERED, 3)])


def test_a_delivery_taken_back_by_one_and_told_by_another_is_named():
    other = scan(Status.DELIVERED, -1, source="b")
    assert whys(other, ROAD, gone=[DONE]) == [("a", Status.IN_TRANSIT, Why.OTHERS)]
    assert not whys(other, gone=[DONE]), "it has nothing else to say"


@pytest.mark.parametrize(
    ("scanned", "word", "named"),
    [
        (ROAD, Status.DELIVERED, True),
        (DONE, Status.DELIVERED, False),
        (DONE, Status.EXCEPTION, True),
        (ROAD, Status.EXCEPTION, False),
    ],
)
def test_a_word_without_a_scan_is_kept_and_does_not_change_the_status(scanned, word, named):
    voice = Voice(source="shop", status=word, at=NOW)
    found = conflicts([scanned], NOW, words=[voice])
    assert [one.other for one in found] == ([voice] if named else [])
    assert all(one.why is Why.SCANS and one.since == NOW and one.believed == told_by(scanned) for one in found)


def test_without_a_headline_nothing_is_believed_and_nothing_contradicted():
    assert conflicts([], NOW, words=[Voice(source="shop", status=Status.DELIVERED)]) == ()
    assert conflicts([scan(Status.DELIVERED, 5)], NOW) == ()


def test_where_nobody_says_when_the_time_is_not_said_either():
    (one,) = conflicts([timeless(Status.IN_TRANSIT)], NOW, words=[Voice(source="shop", status=Status.DELIVERED)])
    assert one.since is None


@given(told, told, st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_conflict(said, gone, random):
    found = conflicts(said, NOW, gone=gone)
    mixed, more = said * 2, gone * 2
    random.shuffle(mixed)
    random.shuffle(more)
    assert conflicts(mixed, NOW, gone=more) == found


@given(told, told)
def test_what_is_believed_is_the_headline_and_nobody_contradicts_twice(said, gone):
    found = conflicts(said, NOW, gone=gone)
    state = current(said, NOW)
    assert all(one.believed.key == state.headline_key and one.believed.status is state.status for one in found)
    assert len({one.other.source for one in found}) == len(found)
    assert all(one.since is None or one.since <= NOW + timedelta(hours=26) for one in found)


@given(told)
def test_one_source_in_the_order_of_its_instants_contradicts_itself_only_after_an_end(said):
    alone = [one for one in said if one.source == "a"]
    for one in conflicts(alone, NOW):
        assert one.believed.status in {Status.DELIVERED, Status.RETURNING, Status.RETURNED, Status.CANCELLED}
