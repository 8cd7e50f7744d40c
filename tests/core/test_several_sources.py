"""What is true when several sources speak, late, twice, out of order, or take back what they said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.event import TrackingEvent
from doorstep.core.status import NO_NEWS, Status
from doorstep.core.timeline import counts, current, event_key, first_and_last, merge
from tests.core.scans import NOW, scan, timeless, told


def status_of(*said: TrackingEvent, now=NOW):
    return current(said, now).status


def test_a_carrier_corrects_its_own_delivery():
    wrong = scan(Status.DELIVERED, -2)
    for truth in (Status.ATTEMPT_FAILED, Status.AVAILABLE_FOR_PICKUP):
        assert status_of(wrong, scan(truth, -1)) is truth
        assert status_of(wrong, scan(truth, -3)) is Status.DELIVERED, "what was before is no correction"
        assert status_of(wrong, scan(truth, -2)) is Status.DELIVERED, "nor what was at the same time"
        assert status_of(wrong, scan(truth, -1, source="b")) is Status.DELIVERED, "nor what somebody else says"
        assert status_of(wrong, scan(truth, -1, local=True)) is Status.DELIVERED, "nor what was read on another clock"
        assert status_of(wrong, scan(truth, -1), scan(Status.DELIVERED, -0.5)) is Status.DELIVERED


def test_a_delivery_that_two_sources_tell_is_undone_when_both_take_it_back():
    both = [scan(Status.DELIVERED, -3), scan(Status.DELIVERED, -3, source="b")]
    one, other = scan(Status.ATTEMPT_FAILED, -2), scan(Status.ATTEMPT_FAILED, -1, source="b")
    assert status_of(*both, one) is Status.DELIVERED
    assert status_of(*both, other) is Status.DELIVERED
    assert status_of(*both, one, other) is Status.ATTEMPT_FAILED


def test_a_correction_while_the_parcel_is_coming_back_changes_nothing():
    said = [scan(Status.DELIVERED, -3), scan(Status.RETURNING, -2), scan(Status.ATTEMPT_FAILED, -1)]
    assert status_of(*said) is Status.RETURNING


def test_a_delivery_that_its_source_does_not_say_any_more_is_undone():
    road, wrong = scan(Status.OUT_FOR_DELIVERY, -2), scan(Status.DELIVERED, -1)
    assert status_of(road, wrong) is Status.DELIVERED
    assert status_of(road) is Status.OUT_FOR_DELIVERY


@pytest.mark.parametrize("stray", [one for one in Status if one not in {Status.EXCEPTION, Status.DELIVERED}])
def test_only_a_return_or_a_problem_told_by_another_source_undoes_a_delivery(stray):
    said = status_of(scan(Status.DELIVERED, -2), scan(stray, -1, source="b"))
    assert said is (stray if stray in {Status.RETURNING, Status.RETURNED} else Status.DELIVERED)


def test_the_platforms_late_local_scan_does_not_take_the_parcel_off_the_van():
    """The platform prints China's time without a zone: 18:00 there is 10:00 UTC, two hours before the van."""
    van = scan(Status.OUT_FOR_DELIVERY, 0.0, source="carrier")
    handed_over = scan(Status.IN_TRANSIT, 0.25, source="platform", local=True)
    assert status_of(van, handed_over) is Status.OUT_FOR_DELIVERY
    assert status_of(van, replace(handed_over, source="carrier")) is Status.IN_TRANSIT, "its own order is known"
    clearly = scan(Status.IN_TRANSIT, 0.6, source="platform", local=True)
    assert status_of(van, clearly, now=NOW + timedelta(days=1)) is Status.IN_TRANSIT, "more than 14 h apart"


@pytest.mark.parametrize(
    ("first_local", "second_local", "hours", "certain"),
    [
        (False, False, 0.1, True),
        (False, True, 13.9, False),
        (False, True, 14.1, True),
        (True, False, 11.9, False),
        (True, False, 12.1, True),
        (True, True, 25.9, False),
        (True, True, 26.1, True),
    ],
)
def test_between_two_sources_a_step_back_counts_once_it_is_certainly_later(first_local, second_local, hours, certain):
    van = scan(Status.OUT_FOR_DELIVERY, -3, source="a", local=first_local)
    depot = scan(Status.IN_TRANSIT, -3 + hours / 24, source="b", local=second_local)
    assert status_of(van, depot) is (Status.IN_TRANSIT if certain else Status.OUT_FOR_DELIVERY)


def test_of_two_tellings_of_one_delivery_the_exact_one_is_the_headline():
    exact, echo = scan(Status.DELIVERED, -1), scan(Status.DELIVERED, -0.96, source="platform", local=True)
    assert current([exact, echo], NOW).headline_key == event_key(exact)
    later = scan(Status.DELIVERED, -0.1, source="platform", local=True)
    assert current([exact, later], NOW).headline_key == event_key(later)


def test_a_scan_without_a_time_never_takes_another_sources_parcel_back():
    assert status_of(scan(Status.OUT_FOR_DELIVERY, -1), timeless(Status.IN_TRANSIT, source="b")) is (
        Status.OUT_FOR_DELIVERY
    )
    assert status_of(timeless(Status.OUT_FOR_DELIVERY), scan(Status.IN_TRANSIT, -1, source="b")) is (
        Status.OUT_FOR_DELIVERY
    )
    assert status_of(scan(Status.IN_TRANSIT, -1), timeless(Status.DELIVERED, source="b")) is Status.DELIVERED


def test_a_label_or_a_silent_source_says_nothing_against_a_moving_parcel():
    moving = scan(Status.IN_TRANSIT, -2)
    for word in NO_NEWS | {Status.INFO_RECEIVED, Status.UNKNOWN}:
        assert status_of(moving, scan(word, -1, source="b")) is Status.IN_TRANSIT
    assert status_of(scan(Status.EXPIRED, -3), scan(Status.IN_TRANSIT, -2, source="b")) is Status.IN_TRANSIT


def test_one_bad_time_takes_no_other_scan_with_it():
    """A garbage year in the middle of an answer: what its source says after it still counts."""
    garbage = scan(Status.DELIVERED, 30, position=0)
    near = scan(Status.IN_TRANSIT, 29.5, position=1, local=True)
    without = timeless(Status.PICKED_UP, position=2)
    assert status_of(garbage) is Status.PENDING
    assert status_of(garbage, without) is Status.PICKED_UP
    assert status_of(garbage, near) is Status.PENDING
    just = scan(Status.DELIVERED, 1.2, position=0)
    assert status_of(just, scan(Status.IN_TRANSIT, 0.5, position=1, local=True)) is Status.IN_TRANSIT


def test_since_is_the_scans_own_time_and_never_its_neighbours():
    leaves = scan(Status.IN_TRANSIT, -1, local=True, position=0)
    lands = scan(Status.ARRIVED, -1.2, local=True, position=1)
    assert current([leaves, lands], NOW).since == NOW - timedelta(days=1.2)
    unsaid = timeless(Status.ARRIVED, position=1)
    assert current([leaves, unsaid], NOW).since is None
    confirmed = scan(Status.ARRIVED, -0.5, local=True, position=2)
    assert current([leaves, unsaid, confirmed], NOW).since == NOW - timedelta(days=0.5)


def test_a_local_time_before_an_instant_of_the_same_source_is_lowered_to_it():
    """The first provider of an answer prints no zone (8 h ahead), the second one does."""
    said = [
        scan(Status.IN_TRANSIT, 0.25, local=True, position=0),
        scan(Status.OUT_FOR_DELIVERY, 0.0, position=1),
    ]
    assert [one.status for one in merge(said)] == [Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY]
    assert status_of(*said) is Status.OUT_FOR_DELIVERY
    far = scan(Status.IN_TRANSIT, 0.7, local=True, position=0)
    assert status_of(far, said[1], now=NOW + timedelta(days=1)) is Status.IN_TRANSIT, "no zone is that far away"


def test_the_order_of_one_answer_says_nothing_about_the_scans_of_another():
    """A push that tells only the newest scan numbers it 0, as the answer before it did its oldest."""
    monday, tuesday = NOW - timedelta(days=2), NOW - timedelta(days=1)
    answer = [
        replace(scan(Status.PICKED_UP, -2.5, local=True, position=0), told=monday),
        replace(scan(Status.IN_TRANSIT, -2.2, local=True, position=1), told=monday),
    ]
    push = replace(scan(Status.OUT_FOR_DELIVERY, -2.1, local=True, position=0), told=tuesday)
    assert merge([push, *answer]) == (*answer, push)
    assert status_of(push, *answer) is Status.OUT_FOR_DELIVERY


@given(told, st.integers(0, 11))
def test_what_lies_in_the_past_stays_true_as_time_passes(said, hours):
    """Time alone brings scans into the present; it takes none away."""
    past = [one for one in said if not one.instant or one.instant <= NOW]
    past = [one for one in past if not one.local or one.local <= NOW.replace(tzinfo=None)]
    assert current(past, NOW) == current(past, NOW + timedelta(hours=hours))


@given(told)
def test_a_parcel_that_every_source_delivers_last_is_delivered(said):
    last = max(
        (one.instant or one.local.replace(tzinfo=NOW.tzinfo) for one in said if one.instant or one.local), default=NOW
    )
    closing = scan(Status.DELIVERED, 0, source="a", position=9, text="closing")
    closing = replace(closing, instant=last + timedelta(days=3))
    now = last + timedelta(days=3)
    back = {Status.RETURNED, Status.RETURNING}
    said = [one for one in said if one.status not in back]
    assert current([*said, closing], now).status is Status.DELIVERED


@given(told, told)
def test_a_closed_parcel_is_opened_by_nothing_that_happened_before(said, late):
    """Closing is monotonic: scans that arrive late but happened earlier reopen nothing."""
    closing = scan(Status.DELIVERED, 9, text="closing")
    now = NOW + timedelta(days=9)
    back = {Status.RETURNED, Status.RETURNING}
    before = [replace(one, position=0) for one in [*said, *late] if one.status not in back]
    assert current([*before, closing], now).status is Status.DELIVERED


@given(told)
def test_the_source_of_the_headline_said_it(said):
    now = current(said, NOW)
    driving = [one for one in said if event_key(one) == now.headline_key]
    assert all(one.source == now.source for one in driving)
    assert bool(driving) is bool(now.headline_key)
    assert not driving or now.status in {one.status for one in driving}


def test_a_scan_counts_if_it_is_this_parcels_and_can_have_happened():
    assert counts(scan(Status.DELIVERED, -3), None, NOW)
    assert counts(timeless(Status.DELIVERED), NOW, NOW)
    assert not counts(scan(Status.DELIVERED, -3), NOW, NOW)
    assert not counts(scan(Status.DELIVERED, 2), None, NOW)


def test_a_parcel_was_in_somebodys_hands_from_its_first_scan_to_its_last():
    label, first = scan(Status.INFO_RECEIVED, -5), scan(Status.PICKED_UP, -4, local=True)
    last, ahead = scan(Status.IN_TRANSIT, -1), scan(Status.IN_TRANSIT, 40)
    said = [ahead, last, first, label, timeless(Status.DELIVERED)]
    assert first_and_last(said, NOW) == (NOW - timedelta(days=4), NOW - timedelta(days=1))
    assert first_and_last([label], NOW) == (None, NOW - timedelta(days=5))
    assert first_and_last([ahead], NOW) == (None, None)
