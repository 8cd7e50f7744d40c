"""A parcel in several boxes has arrived when every box has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.order import Role
from doorstep.core.parcels import HeldNumber
from doorstep.core.pieces import boxes, together
from doorstep.core.status import Status
from doorstep.core.timeline import Current, current
from tests.core.scans import NOW, scan, told

NOTHING = Current(status=Status.NOT_FOUND)


def box(status, days=-1.0, reason=None):
    return current([scan(status, days, reason=reason, text=f"{status} {days}")], NOW)


HERE, ROAD = box(Status.DELIVERED), box(Status.IN_TRANSIT)


def held(number, role=Role.LOCAL, *, apart=False, until=None):
    return HeldNumber(number=number, role=role, carrier="", since=NOW, until=until, said_by=("1",), apart=apart)


def test_every_number_of_its_own_is_a_box_and_legs_of_one_way_are_one():
    platform = held("CJP", Role.PLATFORM)
    assert boxes([platform, held("A"), held("B")]) == ()
    assert boxes([platform, held("A", apart=True), held("B", apart=True)]) == ({"A"}, {"B"})
    assert boxes([held("A"), held("B"), held("C", apart=True)]) == ({"C"}, {"A", "B"})
    assert boxes([held("A"), held("P", Role.PIECE, apart=True)]) == ({"P"},), "the courier's number covers its pieces"
    assert boxes([held("A", apart=True, until=NOW), held("B")]) == ()


@pytest.mark.parametrize(
    ("whole", "pieces", "status"),
    [
        (NOTHING, [], Status.NOT_FOUND),
        (ROAD, [], Status.IN_TRANSIT),
        (ROAD, [NOTHING, NOTHING], Status.IN_TRANSIT),
        (NOTHING, [HERE, HERE], Status.DELIVERED),
        (NOTHING, [HERE, ROAD], Status.IN_TRANSIT),
        (HERE, [HERE, ROAD], Status.IN_TRANSIT),
        (HERE, [HERE, NOTHING], Status.DELIVERED),
        (NOTHING, [HERE, NOTHING], Status.NOT_FOUND),
        (NOTHING, [ROAD, NOTHING], Status.IN_TRANSIT),
        (ROAD, [HERE, NOTHING], Status.IN_TRANSIT),
        (NOTHING, [ROAD, box(Status.AVAILABLE_FOR_PICKUP)], Status.AVAILABLE_FOR_PICKUP),
        (NOTHING, [box(Status.OUT_FOR_DELIVERY), box(Status.PICKED_UP)], Status.PICKED_UP),
    ],
)
def test_the_boxes_tell_the_parcels_status(whole, pieces, status):
    assert together(whole, pieces).status is status


def test_the_last_box_to_arrive_tells_since_when():
    late = box(Status.DELIVERED, -0.5)
    assert together(NOTHING, [late, HERE]) == together(NOTHING, [HERE, late]) == late


@given(told, st.lists(told, max_size=3), st.randoms(use_true_random=False))
def test_a_parcel_is_delivered_only_if_every_box_that_was_scanned_is(whole, pieces, random):
    boxes = [current(one, NOW) for one in pieces]
    mixed = random.sample(boxes, len(boxes))
    state = together(current(whole, NOW), boxes)
    assert together(current(whole, NOW), mixed).status is state.status
    if state.status is Status.DELIVERED:
        assert all(one.status is Status.DELIVERED for one in boxes if one.headline_key)
