"""How long things take when some are not done yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.survival import Span, curve

SPANS = st.lists(st.builds(Span, st.floats(0, 100), st.booleans(), st.floats(0.1, 3)), min_size=1, max_size=30).filter(
    lambda spans: any(one.done for one in spans)
)
SHARE = st.floats(0.0, 0.99)


def done(*times: float):
    return [Span(time, done=True, weight=1.0) for time in times]


def test_the_middle_of_done_things_is_their_middle():
    assert curve(done(1, 2, 3, 4)).quantile(0.5) == pytest.approx(2)
    assert curve(done(1, 2, 3, 4)).share_left(2) == pytest.approx(0.5)


def test_what_is_not_done_yet_makes_it_slower():
    alone = curve(done(1, 2, 3, 4)).quantile(0.5)
    assert curve([*done(1, 2, 3, 4), Span(3.5, False, 1.0), Span(3.6, False, 1.0)]).quantile(0.5) > alone


def test_what_has_only_begun_changes_nothing():
    assert curve([*done(1, 2, 3, 4), Span(0.5, False, 5.0)]).quantile(0.5) == curve(done(1, 2, 3, 4)).quantile(0.5)


def test_a_heavier_one_counts_more():
    assert curve([*done(1, 2), Span(9, True, 8.0)]).quantile(0.5) > 2


def test_beyond_the_longest_time_the_tail_falls():
    open_end = curve([*done(1, 2), Span(3, False, 1.0), Span(3, False, 1.0)])
    assert open_end.quantile(0.9) > 2
    assert 0 < open_end.share_left(10) < open_end.share_left(5) < open_end.share_left(2)


def test_nothing_done_is_refused():
    with pytest.raises(ValueError, match="nothing is done"):
        curve([Span(3, False, 1.0)])


def test_things_that_take_no_time_are_there_at_once():
    assert curve(done(0, 0)).quantile(0.5) == 0
    assert curve(done(0, 0)).share_left(0) == 1
    assert curve(done(0, 0)).share_left(1) == 0
    assert curve(done(5)).share_left(-1) == 1


@given(SPANS, SHARE, SHARE, st.floats(0, 150))
def test_a_larger_share_takes_longer_and_nothing_is_done_in_the_past(spans, one, other, since):
    found, (low, high) = curve(spans), sorted((one, other))
    if found.share_left(since) > 0.001:
        assert since <= found.quantile(low, since) <= found.quantile(high, since) + 1e-9


@given(SPANS, SHARE, st.floats(0, 150), st.floats(0, 150))
def test_waiting_longer_never_brings_it_nearer(spans, share, one, other):
    found, (early, late) = curve(spans), sorted((one, other))
    assert found.share_left(late) <= found.share_left(early) + 1e-9
    if found.share_left(late) > 0.001:
        assert found.quantile(share, early) <= found.quantile(share, late) + 1e-6
