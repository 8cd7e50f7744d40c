"""The state of an order comes from what its parcels hold, never from the last event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.matrix import Moving, order_state
from doorstep.core.order import Line, OrderState
from doorstep.core.parcels import Part
from doorstep.core.status import Status

LINES = (Line(ref="a", qty=2), Line(ref="b", qty=1), Line(ref="e-book", qty=1, needs_shipping=False))


def parcel(*parts: tuple[str, int], status=Status.IN_TRANSIT, numbered=True, order="1"):
    held = tuple(Part(order=order, line=line, qty=qty, how="stated") for line, qty in parts)
    return Moving(contents=held, status=status, numbered=numbered)


ALL, PART, REST, UNTOLD = (("a", 2), ("b", 1)), (("a", 1),), (("a", 1), ("b", 1)), (("", 0),)
DONE = Status.DELIVERED


@pytest.mark.parametrize(
    ("parcels", "state"),
    [
        ([], OrderState.PLACED),
        ([parcel(*ALL)], OrderState.SHIPPED),
        ([parcel(*ALL, status=Status.PENDING)], OrderState.SHIPPED),
        ([parcel(*PART)], OrderState.PARTLY_SHIPPED),
        ([parcel(*PART), parcel(*REST)], OrderState.SHIPPED),
        ([parcel(*PART, status=DONE), parcel(*REST)], OrderState.PARTLY_DELIVERED),
        ([parcel(*PART, status=DONE)], OrderState.PARTLY_DELIVERED),
        ([parcel(*PART, status=DONE), parcel(*REST, status=DONE)], OrderState.DELIVERED),
        ([parcel(*ALL, status=DONE)], OrderState.DELIVERED),
        ([parcel(*ALL, status=Status.RETURNED)], OrderState.SHIPPED),
        ([parcel(*ALL, status=Status.CANCELLED)], OrderState.PLACED),
        ([parcel(*ALL, numbered=False)], OrderState.PLACED),
        ([parcel(*ALL, order="2")], OrderState.PLACED),
        ([parcel(*UNTOLD)], OrderState.PARTLY_SHIPPED),
        ([parcel(*ALL, status=DONE), parcel(*UNTOLD)], OrderState.PARTLY_DELIVERED),
        ([parcel(*ALL), parcel(*UNTOLD, status=DONE)], OrderState.PARTLY_DELIVERED),
        ([parcel(*ALL, status=DONE), parcel(*UNTOLD, status=DONE)], OrderState.DELIVERED),
    ],
)
def test_state_follows_from_the_matrix(parcels, state):
    assert order_state("1", LINES, parcels) is state


def test_another_orders_part_of_a_shared_parcel_does_not_count():
    shared = Moving(
        contents=(Part(order="1", line="a", qty=1, how="stated"), Part(order="2", line="a", qty=1, how="stated")),
        status=Status.IN_TRANSIT,
    )
    assert order_state("1", [Line(ref="a", qty=2)], [shared]) is OrderState.PARTLY_SHIPPED


def test_nothing_shipped_and_nothing_paid_waits_for_the_payment():
    assert order_state("1", LINES, [], awaiting_payment=True) is OrderState.AWAITING_PAYMENT
    assert order_state("1", LINES, [parcel(*ALL)], awaiting_payment=True) is OrderState.SHIPPED


def test_a_cancelled_order_is_cancelled_by_word_or_by_its_lines():
    assert order_state("1", LINES, [parcel(*ALL)], cancelled=True) is OrderState.CANCELLED
    assert order_state("1", [Line(ref="a", qty=2, qty_cancelled=2)], []) is OrderState.CANCELLED
    assert order_state("1", [], []) is OrderState.PLACED


def test_a_cancelled_quantity_completes_the_order():
    assert order_state("1", [Line(ref="a", qty=3, qty_cancelled=2)], [parcel(*PART)]) is OrderState.SHIPPED


moving = st.builds(
    lambda parts, status: parcel(*parts, status=status),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 2)), min_size=1, max_size=2, unique_by=lambda one: one[0]),
    st.sampled_from([Status.PENDING, Status.IN_TRANSIT, Status.DELIVERED]),
)
RANKS = [
    OrderState.PLACED,
    OrderState.PARTLY_SHIPPED,
    OrderState.SHIPPED,
    OrderState.PARTLY_DELIVERED,
    OrderState.DELIVERED,
]


@given(st.lists(moving, max_size=4), moving)
def test_one_more_parcel_never_takes_an_order_back(parcels, more):
    before, after = (RANKS.index(order_state("1", LINES, some)) for some in (parcels, [*parcels, more]))
    assert after >= before


@given(st.lists(moving, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_parcels_changes_nothing(parcels, random):
    mixed = random.sample(parcels, len(parcels))
    assert order_state("1", LINES, mixed) is order_state("1", LINES, parcels)
