"""Delivery windows: learned by lane, honest about what is under way, never in the past."""

import itertools
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.core.eta import Sure, estimate, learn
from doorstep.core.history import History, Rung
from doorstep.core.lane import Lane, Passage, Route
from tests.core.ways import DAY, HOUR, INLAND, LANE, MONDAY, parcel, parcels, weekdays

NOW = MONDAY + 100 * DAY
FRESH = Passage(route=LANE, handed_over=NOW)


def days(found):
    return (found.p50 - NOW) / DAY, (found.p85 - NOW) / DAY


def test_the_window_is_what_the_lane_took():
    found = estimate(FRESH, parcels(90), NOW)
    half, most = days(found)
    assert half == pytest.approx(10, rel=0.12)
    assert most == pytest.approx(12.3, rel=0.15)
    assert (found.rung, found.sure) == (Rung.LANE, Sure.GOOD)
    assert found.parcels > 70


def test_without_history_the_window_is_what_is_usual_and_says_so():
    abroad = estimate(FRESH, [], NOW)
    inland = estimate(Passage(route=INLAND, handed_over=NOW), [], NOW)
    assert (abroad.rung, abroad.parcels, abroad.sure) == (Rung.PUBLISHED, 0, Sure.ROUGH)
    assert inland.p85 < abroad.p50


def test_a_service_is_told_apart_from_the_others_of_its_lane():
    express = replace(LANE, service="express")
    history = learn([*parcels(60, took=15), *parcels(60, took=4, route=express, seed=3)], NOW)
    found = estimate(replace(FRESH, route=express), history, NOW)
    assert found.rung is Rung.SERVICE
    assert days(found)[1] < 8
    assert estimate(FRESH, history, NOW).rung is Rung.LANE


@pytest.mark.parametrize(
    ("route", "rung"),
    [
        (LANE, Rung.LANE),
        (replace(LANE, origin="PL"), Rung.COUNTRY),
        (replace(LANE, carrier="ups"), Rung.ROUTE),
        (Route(carrier="ups", origin="US", destination="FR"), Rung.OWN),
        (INLAND, Rung.PUBLISHED),
    ],
)
def test_where_the_lane_is_unknown_what_is_like_it_speaks(route, rung):
    assert estimate(Passage(route=route, handed_over=NOW), parcels(60), NOW).rung is rung


def test_a_young_lane_is_filled_up_by_the_next_rung():
    others = parcels(60, took=10, route=replace(LANE, origin="PL"))
    young = [parcel(n, 20.0) for n in (60, 70)]
    found = estimate(FRESH, [*others, *young], NOW)
    assert (found.rung, found.parcels, found.sure) == (Rung.LANE, 2, Sure.ROUGH)
    assert 9 < days(found)[0] < 15


def test_parcels_still_under_way_do_not_make_a_lane_look_fast():
    dice = random.Random(5)
    both = [parcel(80 + n / 5, dice.choice((4.0, 18.0))) for n in range(100)]
    seen = [replace(one, delivered=None) if one.delivered > NOW else one for one in both]
    assert sum(one.delivered is None for one in seen) > 30
    assert days(estimate(FRESH, seen, NOW))[1] > 15
    assert days(estimate(FRESH, [one for one in seen if one.delivered], NOW))[1] < 16


def test_lost_parcels_do_not_make_a_lane_look_slow():
    lost = [parcel(n * 3) for n in range(25)]
    with_lost, without = (days(estimate(FRESH, some, NOW))[1] for some in ([*parcels(90), *lost], parcels(90)))
    assert with_lost == pytest.approx(without, rel=0.15)


def test_what_is_recent_counts_more():
    slower = [parcel(n, 5.0 if n < 50 else 10.0) for n in range(90)]
    assert days(estimate(FRESH, slower, NOW))[0] > 8


def test_the_longer_it_takes_the_later_it_comes_and_at_last_nothing_is_said():
    history = learn(parcels(90), NOW)
    said = [estimate(FRESH, history, NOW + n * DAY) for n in range(30)]
    shown = [one for one in said if one]
    assert 10 < len(shown) < 25
    assert said[len(shown) :] == [None] * (30 - len(shown))
    assert all(one.p50 <= other.p50 and one.p85 <= other.p85 for one, other in itertools.pairwise(shown))


def test_a_scan_near_the_door_says_more_than_the_hand_over():
    out = estimate(replace(FRESH, handed_over=NOW - 3 * DAY, out=NOW), parcels(90), NOW)
    assert out.p85 < NOW + 2 * DAY
    arrived = [replace(one, arrived=one.delivered - 2 * DAY) for one in parcels(90)]
    near = estimate(replace(FRESH, handed_over=NOW - 3 * DAY, arrived=NOW), arrived, NOW)
    assert (near.p50 - NOW) / DAY == pytest.approx(2, rel=0.3)
    unheard = estimate(replace(FRESH, arrived=NOW), parcels(90), NOW)
    assert unheard.p50 > NOW + 5 * DAY  # nobody's arrival was ever seen: the hand-over tells more than a guess


def test_before_the_hand_over_the_order_counts():
    told = [replace(one, ordered=one.handed_over - 3 * DAY) for one in parcels(90)]
    found = estimate(Passage(route=LANE, ordered=NOW), told, NOW)
    assert days(found)[0] == pytest.approx(13, rel=0.15)
    assert estimate(Passage(route=LANE, arrived=NOW), [], NOW).rung is Rung.PUBLISHED


def test_a_parcel_that_is_there_or_not_begun_has_no_window():
    assert estimate(replace(FRESH, delivered=NOW), [], NOW) is None
    assert estimate(Passage(route=LANE), [], NOW) is None
    assert estimate(replace(FRESH, handed_over=NOW + DAY), [], NOW) is None


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="aware"):
        estimate(FRESH, [], datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_nobody_is_told_a_sunday():
    history = learn(weekdays(), NOW)
    for n in range(14):
        at = NOW.replace(hour=17) + n * DAY
        found = estimate(Passage(route=INLAND, handed_over=at), history, at)
        assert found.p50.weekday() != 6 or found.p50.hour > 20


def test_dates_are_those_of_the_destination():
    east = timedelta(hours=9)
    moved = [replace(one, delivered=one.delivered.astimezone(tz=_zone(east))) for one in weekdays()]
    assert learn(moved, NOW).offsets == {"DE": pytest.approx(9 / 24)}


def _zone(offset):
    from datetime import timezone

    return timezone(offset)


def test_what_rehearsals_show_is_made_good():
    drifting = [parcel(n / 3, 6.0 * 1.012 ** (n / 3)) for n in range(240)]
    history = learn(drifting, MONDAY + 80 * DAY, horizon=20 * DAY)
    assert history.stretched[0] > 1.1
    assert learn(parcels(5), NOW).stretched == (1.0, 1.0)
    nothing_came = [parcel(n, 1.0 if n < 60 else None) for n in range(99)]
    assert learn(nothing_came, NOW).stretched[1] >= 1.0


def test_nothing_later_than_now_is_learned():
    early = MONDAY + 40 * DAY
    earlier = [replace(one, delivered=None) if one.delivered > early else one for one in parcels(40)]
    assert estimate(parcel(40), parcels(90), early) == estimate(parcel(40), [*earlier, parcel(40)], early)


def test_rules_get_the_lane_once_it_is_old_enough():
    told = [replace(one, first_scan=one.handed_over + 6 * HOUR, silence=2 * DAY) for one in parcels(60)]
    lane = learn(told, NOW).lane(LANE)
    assert lane.first_scan_p85 == 6 * HOUR
    assert lane.silence_p85 == lane.silence_p98 == 2 * DAY
    assert lane.transit_p05 < lane.transit_p50 < lane.transit_p85
    assert lane.parcels == 60
    assert learn(parcels(8), NOW).lane(LANE) == Lane()
    assert learn(parcels(60), NOW).lane(LANE).silence_p85 is None
    assert learn(parcels(60), NOW).lane(replace(LANE, carrier="ups")) == Lane()


def test_a_history_is_one_however_it_is_compared():
    assert isinstance(learn([], NOW), History)
    assert learn(parcels(20), NOW) == learn(parcels(20), NOW)


PARCELS = st.lists(
    st.builds(
        parcel,
        st.floats(0, 99),
        st.none() | st.floats(0, 40),
        st.sampled_from([LANE, INLAND, replace(LANE, origin="PL"), Route()]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(PARCELS, st.sampled_from([LANE, INLAND, Route()]), st.floats(0, 30), st.floats(0, 30))
def test_a_window_is_ordered_ahead_and_moves_one_way(some, route, one, other):
    early, late = (NOW + span * DAY for span in sorted((one, other)))
    history = learn(some, NOW)
    parcel_ = Passage(route=route, handed_over=NOW)
    before, after = (estimate(parcel_, history, at) for at in (early, late))
    if after:
        assert before is not None
        assert late <= after.p50 <= after.p85
        assert before.p50 <= after.p50 + timedelta(seconds=1)
        assert before.p85 <= after.p85 + timedelta(seconds=1)


@settings(max_examples=30, deadline=None)
@given(PARCELS, st.randoms())
def test_the_order_of_history_does_not_matter(some, dice):
    shuffled = list(some)
    dice.shuffle(shuffled)
    assert estimate(FRESH, some, NOW) == estimate(FRESH, shuffled, NOW)
