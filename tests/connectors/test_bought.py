"""One order that leaves in several parcels, as the purchases it becomes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors.bought import Box, order_of, parted
from doorstep.core.order import Purchase, PurchaseLine, PurchaseState, Role, SaidNumber

LINES = (PurchaseLine(ref="a", order="1001", qty=2), PurchaseLine(ref="b", order="1001", qty=1))
WHOLE = Purchase(ref="7", lines=LINES, state=PurchaseState.PAID, dispatch_evidence="status partial")


def box(number: str, contents: dict[str, int] | None = None) -> Box:
    said = SaidNumber(text=number, role=Role.LOCAL)
    return Box(contents=contents, numbers=(said,), state=PurchaseState.DISPATCHED)


def told(parts: tuple[Purchase, ...]) -> list[tuple[str, str, list[int]]]:
    return [(one.ref, one.numbers[0].text if one.numbers else "", [line.qty for line in one.lines]) for one in parts]


def test_what_is_left_becomes_the_next_parcel_when_it_leaves() -> None:
    assert told(parted(WHOLE, [])) == [("7", "", [2, 1])]
    first, second, third = box("N1", {"a": 1}), box("N2", {"a": 1}), box("N3", {"b": 1})
    assert told(parted(WHOLE, [first])) == [("7", "N1", [1, 0]), ("7/2", "", [1, 1])]
    assert told(parted(WHOLE, [first, second])) == [("7", "N1", [1, 0]), ("7/2", "N2", [1, 0]), ("7/3", "", [0, 1])]
    assert told(parted(WHOLE, [first, second, third]))[2] == ("7/3", "N3", [0, 1])


def test_a_parcel_that_holds_all_is_the_order() -> None:
    for whole in (box("N1"), box("N1", {"a": 2, "b": 1}), box("N1", {"a": 9, "b": 9})):
        assert told(parted(WHOLE, [whole])) == [("7", "N1", [2, 1])]


def test_contents_that_nobody_states_are_not_guessed() -> None:
    assert told(parted(WHOLE, [box("N1"), box("N2", {"b": 1})])) == [("7", "N1", [0, 0]), ("7/2", "N2", [0, 1])]


def test_what_has_not_left_is_not_dispatched() -> None:
    sent = replace(WHOLE, state=PurchaseState.DISPATCHED)
    (_, left) = parted(sent, [box("N1", {"a": 2})])
    assert (left.state, left.dispatch_evidence) == (PurchaseState.PAID, "")
    (_, dropped) = parted(replace(WHOLE, state=PurchaseState.CANCELLED), [box("N1", {"a": 2})])
    assert dropped.state is PurchaseState.CANCELLED


@given(st.lists(st.fixed_dictionaries({"a": st.integers(0, 3), "b": st.integers(0, 3)}), max_size=4))
def test_no_piece_is_lost_and_no_ref_twice(contents: list[dict[str, int]]) -> None:
    parts = parted(WHOLE, [box(f"N{place}", one) for place, one in enumerate(contents)])
    assert len({one.ref for one in parts}) == len(parts)
    assert {order_of(one.ref) for one in parts} == {"7"}
    for place, line in enumerate(LINES):
        assert sum(one.lines[place].qty for one in parts) >= line.qty
