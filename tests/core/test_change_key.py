"""A change's key comes from its content."""

from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.change import change_key

contents = st.tuples(st.sampled_from(["order", "parcel", "number"]), *[st.text(max_size=5)] * 5)


@given(contents, contents)
def test_keys_are_equal_exactly_when_the_contents_are(one, other):
    assert (change_key(*one) == change_key(*other)) == (one == other)
    assert len(change_key(*one)) == 16


def test_the_same_change_for_another_cause_is_another_change():
    first = change_key("parcel", "7", "status", "customs", "in_transit", "scan 1")
    assert first != change_key("parcel", "7", "status", "customs", "in_transit", "scan 2")
