"""Which parcels there are, from what everybody says about numbers."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.order import Line, Role
from doorstep.core.parcels import PERSON, Allotment, Claim, Part, assemble

START = datetime(2026, 3, 1, tzinfo=UTC)
LINES = {"1": (Line(ref="a", qty=2), Line(ref="b", qty=1))}


def day(days):
    return START + timedelta(days=days)


def claim(number, first=0.0, last=None, *, source="cj", group="", **said):
    return Claim(
        source=source,
        group=group,
        number=number,
        first_said=day(first),
        last_said=day(first if last is None else last),
        **said,
    )


def said(order, line="", qty=0):
    return Allotment(order=order, line=line, qty=qty)


def live(parcel):
    return [one.number for one in parcel.numbers if one.until is None]


def contents(parcel):
    return [(part.order, part.line, part.qty, part.how) for part in parcel.contents]


claims = st.builds(
    lambda first, lasts, **told: Claim(first_said=day(first), last_said=day(first + lasts), **told),
    first=st.integers(0, 6),
    lasts=st.integers(0, 6),
    source=st.sampled_from(["cj", "mail", "shop", PERSON]),
    group=st.sampled_from(["", "p1", "p2"]),
    number=st.sampled_from(["A", "B", "C", "CJP1"]),
    role=st.sampled_from([Role.LOCAL, Role.LOCAL, Role.PLATFORM, Role.PIECE]),
    carrier=st.sampled_from(["", "dpd", "usps"]),
    contents=st.lists(
        st.builds(
            Allotment,
            order=st.sampled_from(["1", "2", "3"]),
            line=st.sampled_from(["", "a", "b"]),
            qty=st.integers(0, 3),
        ),
        max_size=2,
    ).map(tuple),
    how=st.sampled_from(["stated", "matched"]),
    by_person=st.booleans(),
    gone=st.booleans(),
)
orders = st.fixed_dictionaries(
    {
        name: st.lists(
            st.builds(
                Line,
                ref=st.sampled_from("ab"),
                qty=st.integers(0, 3),
                qty_cancelled=st.integers(0, 1),
                needs_shipping=st.booleans(),
            ),
            unique_by=lambda line: line.ref,
            max_size=2,
        )
        for name in ("1", "2")
    }
)


@given(orders, st.lists(claims, max_size=8), st.randoms(use_true_random=False), st.integers(1, 3))
def test_order_and_repetition_of_claims_change_nothing(lines, told, random, times_said):
    again = told * times_said
    random.shuffle(again)
    assert assemble(lines, again) == assemble(lines, told)


@given(orders, st.lists(claims, max_size=8))
def test_no_number_is_lost_and_no_group_is_in_two_parcels(lines, told):
    parcels = assemble(lines, told)
    assert {one.number for one in told} == {held.number for parcel in parcels for held in parcel.numbers}
    groups = [group for parcel in parcels for group in parcel.groups]
    assert set(groups) == {(one.source, one.group or one.number) for one in told}
    named = [group for group in groups if group[1].startswith("p")]
    assert len(named) == len(set(named))


@given(orders, st.lists(claims, max_size=8))
def test_a_parcel_holds_no_more_of_a_line_than_was_bought(lines, told):
    wanted = {
        (order, line.ref): line.qty - line.qty_cancelled
        for order in lines
        for line in lines[order]
        if line.needs_shipping
    }
    for parcel in assemble(lines, told):
        for part in parcel.contents:
            assert part.qty <= wanted.get((part.order, part.line), 0) or not part.line
            assert (part.line != "") == (part.qty > 0)


@given(orders, st.lists(claims, max_size=8))
def test_nothing_is_assumed_twice(lines, told):
    assumed = [
        (part.order, part.line)
        for parcel in assemble(lines, told)
        for part in parcel.contents
        if part.line and part.how == "assumed"
    ]
    assert len(assumed) == len(set(assumed))


def test_numbers_of_one_purchase_are_one_parcel():
    (parcel,) = assemble(LINES, [claim("CJP1", group="p1", role=Role.PLATFORM), claim("L1", 1, group="p1")])
    assert live(parcel) == ["CJP1", "L1"]
    assert parcel.groups == (("cj", "p1"),)


def test_sources_that_say_the_same_number_mean_the_same_parcel():
    (parcel,) = assemble(
        LINES, [claim("A", group="p1"), claim("A", 1, source="mail"), claim("A", 2, source="shop", group="f9")]
    )
    assert parcel.groups == (("cj", "p1"), ("mail", "A"), ("shop", "f9"))
    assert parcel.numbers[0].said_by == ("cj", "mail", "shop")
    assert parcel.numbers[0].since == day(0)


def test_a_newer_number_replaces_the_older_and_history_stays():
    (parcel,) = assemble(LINES, [claim("A", 0, 2, group="p1"), claim("B", 3, 5, group="p1")])
    assert parcel.replaced == (("A", "B"),)
    assert [(one.number, one.until) for one in parcel.numbers] == [("A", day(3)), ("B", None)]


def test_a_mail_that_still_says_the_old_number_does_not_revive_it():
    told = [claim("A", 0, 2, group="p1"), claim("B", 3, 5, group="p1"), claim("A", 1, 9, source="mail")]
    (parcel,) = assemble(LINES, told)
    assert live(parcel) == ["B"]


def test_a_person_who_types_the_old_number_again_revives_it():
    told = [
        claim("A", 0, 2, group="p1"),
        claim("B", 3, 5, group="p1"),
        claim("A", 6, source=PERSON, by_person=True),
    ]
    (parcel,) = assemble(LINES, told)
    assert live(parcel) == ["A", "B"]


def test_a_number_that_comes_back_is_current_again():
    told = [claim("A", 0, 8, group="p1"), claim("B", 3, 5, group="p1")]
    (parcel,) = assemble(LINES, told)
    assert (live(parcel), parcel.replaced) == (["A"], (("B", "A"),))


def test_two_sources_that_replace_in_opposite_ways_leave_the_later_word():
    told = [
        *(claim("A", 0, 1, group="p1"), claim("B", 2, 9, group="p1")),
        *(claim("B", 0, 3, source="shop", group="f"), claim("A", 4, 9, source="shop", group="f")),
    ]
    (parcel,) = assemble(LINES, told)
    assert live(parcel) == ["A"]


def test_numbers_said_at_the_same_time_stand_side_by_side():
    (parcel,) = assemble(LINES, [claim("A", group="p1"), claim("B", group="p1")])
    assert (live(parcel), parcel.replaced) == (["A", "B"], ())


def test_pieces_never_replace_one_another():
    told = [claim(text, at, group="p1", role=Role.PIECE) for at, text in enumerate("ABC")]
    (parcel,) = assemble(LINES, told)
    assert live(parcel) == ["A", "B", "C"]
    assert all(one.apart for one in parcel.numbers)


def apart(*told: Claim):
    return [one.number for parcel in assemble(LINES, told) for one in parcel.numbers if one.apart]


def test_numbers_that_one_source_gives_at_once_are_boxes_of_their_own():
    assert apart(claim("A", group="p1"), claim("B", group="p1")) == ["A", "B"]
    assert apart(claim("A", group="p1"), claim("CJP", group="p1", role=Role.PLATFORM)) == []
    assert apart(claim("A", 0, 1, group="p1"), claim("B", 2, group="p1")) == [], "one took the other's place"
    assert apart(claim("A"), claim("B")) == [], "two parcels"


def test_the_legs_of_one_way_are_one_box():
    legs = [claim(text, source="7:last_mile", group="A", legs=True) for text in "AB"]
    assert apart(*legs) == []
    assert apart(*legs, claim("A", group="p1"), claim("B", group="p1")) == [], "the shop lists both legs"
    assert apart(*legs, claim("A", group="p1"), claim("C", group="p1")) == ["C"]


def test_a_number_that_was_taken_back_ends_and_holds_nothing():
    told = [claim("A", 0, 2, gone=True), claim("B", 1)]
    taken, kept = assemble(LINES, told)
    assert (live(taken), taken.contents, taken.numbers[0].until) == ([], (), day(2))
    assert contents(kept) == [("1", "a", 2, "assumed"), ("1", "b", 1, "assumed")]


def test_a_number_taken_back_binds_no_parcels_together():
    told = [
        claim("A", 0, 1, group="p1", gone=True),
        claim("L1", 1, group="p1", role=Role.PLATFORM),
        claim("A", 2, group="p2"),
    ]
    assert [live(one) for one in assemble(LINES, told)] == [["L1"], ["A"]]


def typed(number, first, last=None, order="1", **told):
    return claim(number, first, last, source=PERSON, by_person=True, contents=(said(order),), **told)


def test_a_number_that_a_person_takes_back_is_over_though_the_store_echoes_it():
    echo = claim("A", 1, 9, source="shop", group="f", contents=(said("1", "a", 2),))
    (parcel,) = assemble(LINES, [typed("A", 0, 4, gone=True), echo])
    assert (live(parcel), parcel.contents) == ([], ())
    (again,) = assemble(LINES, [typed("A", 0, 5), echo])
    assert live(again) == ["A"]


def test_a_number_that_a_person_takes_back_does_not_bring_back_the_one_before():
    told = [claim("A", 0, 1, group="p1"), claim("B", 2, 9, group="p1"), typed("B", 4, gone=True)]
    (parcel,) = assemble(LINES, told)
    assert live(parcel) == []


def test_a_number_taken_back_from_one_order_stays_with_the_other():
    lines = {"1": [Line(ref="a", qty=1)], "2": [Line(ref="c", qty=1)]}
    box = claim("A", group="p1", contents=(said("1", "a", 1), said("2", "c", 1)))
    parcels = assemble(lines, [box, typed("A", 1, gone=True)])
    assert [contents(one) for one in parcels if live(one)] == [[("2", "c", 1, "stated")]]


def test_a_number_taken_back_of_whichever_order_is_over_everywhere():
    box = claim("A", group="p1", contents=(said("1", "a", 1),))
    refusal = claim("A", 1, source=PERSON, by_person=True, gone=True)
    assert [live(one) for one in assemble(LINES, [box, refusal])] == [[]]


def test_a_number_typed_on_two_orders_is_one_parcel_of_both():
    lines = {"1": [Line(ref="a", qty=1)], "2": [Line(ref="c", qty=1)]}
    (parcel,) = assemble(lines, [typed("A", 0), typed("A", 1, order="2")])
    assert contents(parcel) == [("1", "a", 1, "assumed"), ("2", "c", 1, "assumed")]
    assert parcel.groups == ((PERSON, "A"),)


def test_tellings_that_differ_leave_the_same_claim_in_any_order():
    told = [
        claim("A", 0, group="p1"),
        claim("A", 6, 8, group="p1", carrier="usps", contents=(said("1"),)),
        claim("A", 6, 8, group="p1", carrier="usps"),
    ]
    assert len({assemble(LINES, list(mixed)) for mixed in permutations(told)}) == 1


def test_what_was_taken_back_is_one_history_beside_what_is_said():
    told = [claim("A", gone=True), typed("A", 0, gone=True), claim("A", contents=(said("2"),))]
    lines = LINES | {"2": (Line(ref="c", qty=1),)}
    assert len({assemble(lines, list(mixed)) for mixed in permutations(told)}) == 1
    assert sorted(map(live, assemble(lines, told))) == [[], ["A"]]


def test_numbers_exchanged_between_two_purchases_leave_two_parcels():
    told = [
        *(claim("A", 0, 1, group="p1"), claim("B", 2, 3, group="p1")),
        *(claim("B", 0, 1, group="p2"), claim("A", 2, 3, group="p2")),
    ]
    assert sorted(map(live, assemble(LINES, told))) == [["A"], ["B"]]


def test_one_box_with_two_purchases_is_one_parcel_of_two_orders():
    lines = {"1": [Line(ref="a", qty=1)], "2": [Line(ref="c", qty=3)]}
    told = [
        claim("A", group="p1", contents=(said("1", "a", 1),)),
        claim("A", group="p2", contents=(said("2", "c", 3),)),
    ]
    (parcel,) = assemble(lines, told)
    assert contents(parcel) == [("1", "a", 1, "stated"), ("2", "c", 3, "stated")]


def test_two_purchases_of_one_order_in_one_box_add_up():
    told = [claim("A", group=name, contents=(said("1", "a", 1),), how="matched") for name in ("p1", "p2")]
    (parcel,) = assemble(LINES, told)
    assert contents(parcel) == [("1", "a", 2, "matched")]


def test_another_sources_word_of_the_same_goods_does_not_add_up():
    told = [
        claim("A", group="p1", contents=(said("1", "a", 1),), how="matched"),
        claim("A", 1, source="shop", group="f", contents=(said("1", "a", 1), said("1", "b", 1))),
    ]
    (parcel,) = assemble(LINES, told)
    assert contents(parcel) == [("1", "a", 1, "stated"), ("1", "b", 1, "stated")]


def test_a_person_knows_best_what_is_inside():
    told = [
        claim("A", 5, group="p1", contents=(said("1", "a", 2),)),
        claim("A", 1, source=PERSON, by_person=True, contents=(said("1", "b", 1),)),
    ]
    assert contents(assemble(LINES, told)[0]) == [("1", "b", 1, "stated")]


def test_a_parcel_that_nobody_spoke_for_takes_what_is_left():
    told = [claim("A", 1), claim("B", 2, contents=(said("1", "a", 1),)), claim("C", 3)]
    assert [contents(one) for one in assemble(LINES, told)] == [
        [("1", "a", 1, "assumed"), ("1", "b", 1, "assumed")],
        [("1", "a", 1, "stated")],
        [("1", "", 0, "assumed")],
    ]


def test_lines_that_need_no_shipping_and_cancelled_quantities_do_not_count():
    lines = {"1": [Line(ref="a", qty=3, qty_cancelled=1), Line(ref="gift card", qty=1, needs_shipping=False)]}
    told = [claim("A", contents=(said("1", "gift card", 1),))]
    assert assemble(lines, told)[0].contents == (Part(order="1", line="a", qty=2, how="assumed"),)


def test_a_claim_may_name_the_order_without_its_lines():
    lines = {"1": [Line(ref="a", qty=1)], "2": [Line(ref="c", qty=1)]}
    first, second = assemble(lines, [claim("A", contents=(said("2"),)), claim("B", 1)])
    assert contents(first) == [("2", "c", 1, "assumed")]
    assert contents(second) == [("1", "a", 1, "assumed"), ("2", "", 0, "assumed")]


def test_what_a_past_number_held_gives_way_to_what_the_current_one_holds():
    told = [
        claim("A", 0, 1, group="p1"),
        claim("B", 2, 3, group="p1"),
        claim("A", 0, 9, source="mail", contents=(said("1", "a", 2),)),
        claim("B", 2, 3, source="mail", contents=(said("1", "b", 1),)),
    ]
    assert contents(assemble(LINES, told)[0]) == [("1", "b", 1, "stated")]


def test_a_store_that_echoes_a_platform_number_does_not_make_it_a_couriers():
    told = [
        claim("CJP1", group="p1", role=Role.PLATFORM),
        claim("CJP1", 1, source="shop", group="f"),
        claim("L1", 2, source="shop", group="f"),
    ]
    (parcel,) = assemble(LINES, told)
    assert [(one.number, one.role, one.until) for one in parcel.numbers] == [
        ("CJP1", Role.PLATFORM, None),
        ("L1", Role.LOCAL, None),
    ]


def test_a_persons_word_about_the_carrier_goes_first():
    told = [
        claim("A", 5, group="p1", carrier="usps"),
        claim("A", 1, source=PERSON, by_person=True, carrier="dpd"),
        claim("A", 9, source="mail"),
    ]
    assert assemble(LINES, told)[0].numbers[0].carrier == "dpd"
    assert assemble(LINES, told[2:])[0].numbers[0].carrier == ""


def test_an_order_without_claims_has_no_parcel():
    assert assemble(LINES, []) == ()
