"""The state of an order comes from what its parcels hold, never from the last event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.matrix import Moving, may_matter, order_state
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
        ([parcel(*ALL, status=DONE), parcel(*UNTOLD, status=Status.RETURNED)], OrderState.DELIVERED),
        ([parcel(*ALL, status=DONE), parcel(*UNTOLD, status=Status.RETURNING)], OrderState.PARTLY_DELIVERED),
        ([parcel(*ALL, status=DONE), parcel(*UNTOLD, status=Status.CANCELLED)], OrderState.DELIVERED),
        ([parcel(*PART, status=DONE), parcel(*REST, status=Status.RETURNED)], OrderState.PARTLY_DELIVERED),
        ([parcel(*ALL, status=Status.RETURNED), parcel(*ALL, status=DONE)], OrderState.DELIVERED),
        ([parcel(*ALL, status=Status.RETURNED), parcel(*ALL)], OrderState.SHIPPED),
        ([parcel(*PART, status=DONE), parcel(*REST, status=Status.CANCELLED)], OrderState.PARTLY_DELIVERED),
        ([parcel(*UNTOLD, status=DONE)], OrderState.PARTLY_DELIVERED),
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


def test_an_order_of_nothing_but_downloads_never_ships_and_never_arrives():
    book = Line(ref="e-book", qty=1, needs_shipping=False)
    assert order_state("1", [book], []) is OrderState.PLACED
    assert order_state("1", [book], [parcel(*UNTOLD)]) is OrderState.SHIPPED
    assert order_state("1", [book], [parcel(*UNTOLD, status=DONE)]) is OrderState.DELIVERED


def test_what_was_cancelled_is_not_waited_for():
    lines = [Line(ref="a", qty=2, qty_cancelled=1), Line(ref="b", qty=1, qty_cancelled=1)]
    assert order_state("1", lines, [parcel(("a", 1), status=DONE)]) is OrderState.DELIVERED
    assert order_state("1", [Line(ref="a", qty=1, qty_cancelled=3)], []) is OrderState.CANCELLED
    downloads = [Line(ref="a", qty=1, qty_cancelled=1), Line(ref="e-book", qty=1, needs_shipping=False)]
    assert order_state("1", downloads, []) is OrderState.PLACED


any_parcel = st.builds(
    lambda parts, status, numbered: parcel(*parts, status=status, numbered=numbered),
    st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.integers(0, 2)), max_size=3, unique_by=lambda one: one[0]),
    st.sampled_from([one for one in Status if one is not Status.UNKNOWN]),
    st.booleans(),
)


def held_by(parcels, line):
    return sum(part.qty for one in parcels for part in one.contents if part.line == line)


@given(st.lists(any_parcel, max_size=5), st.integers(0, 2))
def test_an_order_is_delivered_exactly_when_every_piece_is(parcels, cancelled):
    lines = (Line(ref="a", qty=2, qty_cancelled=cancelled), Line(ref="b", qty=1))
    arrived = [one for one in parcels if one.numbered and one.status is DONE]
    every = held_by(arrived, "a") >= 2 - cancelled and held_by(arrived, "b") >= 1
    waits = {Status.DELIVERED, Status.RETURNED, Status.CANCELLED}
    unsure = any(one.numbered and one.status not in waits and held_unknown(one) for one in parcels)
    state = order_state("1", lines, parcels)
    assert (state is OrderState.DELIVERED) is (every and not unsure)


def held_unknown(one):
    return any(not part.line for part in one.contents)


@given(st.lists(any_parcel, max_size=5), any_parcel)
def test_a_parcel_without_a_number_or_of_another_order_changes_nothing(parcels, other):
    before = order_state("1", LINES, parcels)
    unnumbered = Moving(contents=other.contents, status=other.status, numbered=False)
    elsewhere = Moving(
        contents=tuple(Part(order="2", line=one.line, qty=one.qty, how=one.how) for one in other.contents),
        status=other.status,
    )
    assert order_state("1", LINES, [*parcels, unnumbered, elsewhere]) is before


@given(st.lists(any_parcel, max_size=5))
def test_what_never_left_is_never_partly_anywhere(parcels):
    left = [one for one in parcels if one.numbered and one.status is not Status.CANCELLED and one.contents]
    assert (order_state("1", LINES, parcels) is OrderState.PLACED) is (not left)


def test_an_order_changes_when_a_parcel_ends_and_not_while_it_travels():
    assert may_matter(Status.IN_TRANSIT, DONE) and may_matter(DONE, Status.IN_TRANSIT)
    assert not may_matter(Status.IN_TRANSIT, Status.OUT_FOR_DELIVERY) and not may_matter(DONE, DONE)


@given(
    st.lists(st.tuples(st.sampled_from([ALL, PART, REST, UNTOLD]), st.sampled_from(Status)), min_size=1, max_size=3),
    st.sampled_from(Status),
)
def test_a_status_that_does_not_matter_leaves_the_order_as_it_is(held, after):
    (parts, before), *others = held
    beside = [parcel(*some, status=status) for some, status in others]
    states = [order_state("1", LINES, [parcel(*parts, status=one), *beside]) for one in (before, after)]
    assert may_matter(before, after) or states[0] is states[1]
