"""Which number goes to the store, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.message import Message
from doorstep.core.order import Role
from doorstep.core.parcels import PERSON, HeldNumber
from doorstep.core.policy import (
    TOLD,
    Case,
    Hold,
    Keep,
    Policy,
    Push,
    Refuse,
    Tell,
    When,
    Which,
    Withdraw,
    decide,
    expects_cjp,
    mail_may_go,
    may_tell,
    push_again,
)
from doorstep.core.status import Status
from tests.core.sentences import sentence

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE = Policy(when=When.BEFORE_DISPATCH)
LATER = Policy(when=When.AFTER_DISPATCH)


def held(number, role=Role.LOCAL, *, hours_ago=24, until=None, by="7", carrier=""):
    since = NOW - hours_ago * HOUR
    return HeldNumber(number=number, role=role, carrier=carrier, since=since, until=until, said_by=(by,))


CJP = held("CJP123", Role.PLATFORM)
LOCAL = held("LOCAL1", carrier="yanwen")


def case(*numbers: HeldNumber, **facts: object) -> Case:
    return replace(Case(numbers=numbers, placed_at=NOW - 48 * HOUR), **facts)


def outcome(decision):
    return type(decision), decision.reason.id


@pytest.mark.parametrize("method", ["CJPacket Ordinary", "CJPacket Sensitive", " cjpacket  ordinary"])
def test_cj_packets_are_published_under_their_cjp_number_by_default(method):
    decision = decide(AT_ONCE, case(CJP, LOCAL, method=method), NOW)
    assert decision == Push(number="CJP123", carrier="", reason=Message(id="hold.push.before_dispatch"))


@pytest.mark.parametrize("method", ["CJPacket Postal", "YunExpress", ""])
def test_all_other_methods_are_published_under_the_couriers_number(method):
    decision = decide(AT_ONCE, case(CJP, LOCAL, method=method), NOW)
    assert (decision.number, decision.carrier) == ("LOCAL1", "yanwen")


def test_local_is_always_the_couriers_number():
    policy = replace(AT_ONCE, which=Which.LOCAL)
    assert decide(policy, case(CJP, LOCAL, method="CJPacket Ordinary"), NOW).number == "LOCAL1"
    assert not expects_cjp(Which.LOCAL, "CJPacket Ordinary")


def test_a_supplier_number_alone_waits_for_the_couriers():
    assert outcome(decide(AT_ONCE, case(CJP), NOW)) == (Hold, "hold.local_awaited")
    local = replace(AT_ONCE, which=Which.LOCAL)
    assert outcome(decide(local, case(CJP, method="CJPacket Ordinary"), NOW)) == (Hold, "hold.local_awaited")


@pytest.mark.parametrize("number", [held("YT1", Role.PLATFORM), LOCAL])
def test_a_cj_packet_without_cjp_is_held_and_flagged(number):
    decision = decide(AT_ONCE, case(number, method="CJPacket Sensitive"), NOW)
    assert outcome(decision) == (Hold, "hold.cjp_expected")
    assert (decision.number, decision.reason.values["number"]) == (number.number, number.number)


@pytest.mark.parametrize("method", ["", "CJPacket Ordinary"])
def test_without_a_number_there_is_nothing_to_give(method):
    decision = decide(AT_ONCE, case(held("R1", Role.RETURN), held("DS1", Role.ALIAS), method=method), NOW)
    assert decision == Hold(reason=Message(id="hold.no_number"))


def test_a_parcel_in_pieces_goes_under_its_own_number_or_else_a_pieces():
    pieces = held("P1", Role.PIECE), held("P2", Role.PIECE, hours_ago=12)
    assert decide(AT_ONCE, case(*pieces, LOCAL), NOW).number == "LOCAL1"
    assert decide(AT_ONCE, case(*pieces), NOW).number == "P2"


def test_before_dispatch_does_not_wait():
    assert outcome(decide(AT_ONCE, case(LOCAL), NOW)) == (Push, "hold.push.before_dispatch")


def test_after_dispatch_waits_for_evidence():
    decision = decide(LATER, case(LOCAL), NOW)
    assert outcome(decision) == (Hold, "hold.not_dispatched_open")
    assert (decision.until, decision.number) == (None, "LOCAL1")


def test_the_suppliers_dispatch_ends_the_hold():
    facts = {"dispatched_at": NOW - HOUR, "dispatch_evidence": "SHIPPED"}
    decision = decide(LATER, case(LOCAL, **facts), NOW)
    assert decision.reason == Message(
        id="hold.push.dispatched", values={"at": (NOW - HOUR).isoformat(), "evidence": "SHIPPED"}
    )
    assert isinstance(decide(LATER, case(LOCAL, dispatched_at=NOW + HOUR), NOW), Hold)


def test_the_first_scan_ends_the_hold():
    assert outcome(decide(LATER, case(LOCAL, first_scan_at=NOW - HOUR), NOW)) == (Push, "hold.push.first_scan")


def test_a_store_may_trust_only_the_first_scan():
    strict = replace(LATER, first_scan_hold=True)
    assert outcome(decide(strict, case(LOCAL, dispatched_at=NOW), NOW)) == (Hold, "hold.not_scanned_open")
    assert isinstance(decide(strict, case(LOCAL, first_scan_at=NOW), NOW), Push)


def test_a_hold_ends_twelve_hours_before_the_channels_deadline_and_says_so():
    waits = case(LOCAL, ship_by=NOW + 20 * HOUR)
    decision = decide(LATER, waits, NOW)
    assert (outcome(decision), decision.until) == ((Hold, "hold.not_dispatched"), NOW + 8 * HOUR)
    assert outcome(decide(LATER, waits, decision.until)) == (Push, "hold.push.ship_by")


def test_a_hold_ends_when_the_store_says_it_is_too_long():
    policy = replace(LATER, max_hold_h=30)
    decision = decide(policy, case(LOCAL, ship_by=NOW + 60 * HOUR), NOW)
    assert decision.until == LOCAL.since + 30 * HOUR
    assert outcome(decide(policy, case(LOCAL), decision.until)) == (Push, "hold.push.held_longest")


def test_after_payment_waits_the_hours_the_store_chose():
    policy = Policy(when=When.AFTER_PAYMENT, delay_h=24)
    paid = case(LOCAL, paid_at=NOW - 20 * HOUR)
    assert decide(policy, paid, NOW).until == NOW + 4 * HOUR
    assert outcome(decide(policy, paid, NOW)) == (Hold, "hold.after_payment")
    assert outcome(decide(policy, paid, NOW + 4 * HOUR)) == (Push, "hold.push.after_payment")
    assert outcome(decide(policy, replace(paid, ship_by=NOW + 13 * HOUR), NOW + HOUR)) == (Push, "hold.push.ship_by")


def test_after_payment_waits_for_the_payment():
    policy = Policy(when=When.AFTER_PAYMENT)
    assert outcome(decide(policy, case(LOCAL), NOW)) == (Hold, "hold.not_paid_open")
    assert outcome(decide(policy, case(LOCAL, ship_by=NOW + 20 * HOUR), NOW)) == (Hold, "hold.not_paid")


def test_what_a_person_typed_goes_at_once_whatever_the_rules():
    typed = held("TYPED", by=PERSON)
    assert outcome(decide(LATER, case(CJP, typed, method="CJPacket Ordinary"), NOW)) == (Push, "hold.push.by_person")


def test_what_a_person_typed_takes_the_place_of_what_was_given():
    typed = held("TYPED", by=PERSON)
    decision = decide(LATER, case(LOCAL, typed, pushed="LOCAL1", in_store="LOCAL1"), NOW)
    assert (decision.number, decision.reason.id) == ("TYPED", "hold.push.replaced")
    assert isinstance(decide(LATER, case(LOCAL, typed, pushed="TYPED"), NOW), Keep)


def test_a_suspicious_number_waits_for_a_person():
    why = Message(id="hold.is_order_number", values={"number": "LOCAL1"})
    decision = decide(AT_ONCE, case(LOCAL, suspicious={"LOCAL1": why}), NOW)
    assert decision == Hold(reason=why, number="LOCAL1")
    typed = held("1001", by=PERSON)
    assert isinstance(decide(AT_ONCE, case(typed, suspicious={"1001": why}), NOW), Hold)


NOT_THERE = Message(id="convert.refuse.carrier", values={"channel": "eBay", "carrier": "Amazon", "number": "LOCAL1"})


def test_a_number_that_the_channel_declines_waits_with_its_reason():
    declined = case(LOCAL, unacceptable={"LOCAL1": NOT_THERE})
    assert decide(AT_ONCE, declined, NOW) == Hold(reason=NOT_THERE, number="LOCAL1")
    assert decide(LATER, replace(declined, ship_by=NOW), NOW) == Hold(reason=NOT_THERE, number="LOCAL1")


def test_another_number_of_the_same_parcel_goes_in_its_place():
    platform = held("PL1", Role.PLATFORM)
    declined = case(platform, LOCAL, unacceptable={"LOCAL1": NOT_THERE})
    decision = decide(AT_ONCE, declined, NOW)
    assert (decision.number, decision.reason) == (
        "PL1",
        Message(id="hold.push.instead", values={"number": "PL1", "refused": "LOCAL1"}),
    )
    assert isinstance(decide(LATER, declined, NOW), Hold)
    assert isinstance(decide(AT_ONCE, replace(declined, pushed="PL1"), NOW), Keep)


def test_the_last_mile_goes_in_the_place_of_a_platform_number_that_is_declined():
    piece = held("P9", Role.PIECE, hours_ago=1)
    declined = case(CJP, piece, LOCAL, method="CJPacket Ordinary", unacceptable={"CJP123": NOT_THERE})
    assert decide(AT_ONCE, declined, NOW).number == "LOCAL1"
    both = replace(declined, unacceptable={"CJP123": NOT_THERE, "LOCAL1": NOT_THERE})
    assert decide(AT_ONCE, both, NOW).number == "P9"


def test_nothing_is_exchanged_for_what_a_person_typed_nor_for_what_looks_wrong():
    typed = held("TYPED", by=PERSON)
    assert isinstance(decide(AT_ONCE, case(LOCAL, typed, unacceptable={"TYPED": NOT_THERE}), NOW), Hold)
    why = Message(id="hold.is_order_number", values={"number": "PL1"})
    wrong = case(held("PL1", Role.PLATFORM), LOCAL, unacceptable={"LOCAL1": NOT_THERE}, suspicious={"PL1": why})
    assert decide(AT_ONCE, wrong, NOW) == Hold(reason=NOT_THERE, number="LOCAL1")


def test_a_number_that_is_gone_is_taken_back_although_the_next_one_cannot_go():
    gone = case(held("OLD", until=NOW), LOCAL, pushed="OLD", in_store="OLD", unacceptable={"LOCAL1": NOT_THERE})
    assert outcome(decide(AT_ONCE, gone, NOW)) == (Withdraw, "hold.withdraw.number_gone")


def test_doorsteps_mail_waits_for_the_first_scan_where_the_store_says_so():
    strict = replace(LATER, first_scan_hold=True)
    assert [mail_may_go(strict, None), mail_may_go(strict, NOW)] == [False, True]
    assert mail_may_go(LATER, None)


def test_a_store_is_told_what_it_was_switched_on_for_and_nothing_vague():
    nothing, moves, delivered = (Policy(tell=one) for one in Tell)
    assert Policy() == nothing
    assert not any(may_tell(nothing, status) for status in Status)
    assert {status for status in Status if may_tell(delivered, status)} == set(TOLD)
    assert {status for status in Status if may_tell(moves, status)} == set(TOLD) - {Status.DELIVERED}
    assert not {Status.UNKNOWN, Status.PENDING, Status.NOT_FOUND, Status.EXPIRED} & set(TOLD)


def test_the_deadline_of_the_channel_is_met_while_the_mail_still_waits():
    strict = replace(LATER, first_scan_hold=True)
    late = case(LOCAL, ship_by=NOW + 12 * HOUR, dispatched_at=NOW - HOUR)
    assert outcome(decide(strict, late, NOW)) == (Push, "hold.push.ship_by")
    assert not mail_may_go(strict, late.first_scan_at)


def test_a_replaced_number_is_given_again():
    old = held("OLD", until=NOW)
    decision = decide(LATER, case(old, LOCAL, pushed="OLD", in_store="OLD"), NOW)
    assert decision.reason == Message(id="hold.push.replaced", values={"old": "OLD", "new": "LOCAL1"})


def test_changed_settings_change_nothing_that_the_store_has():
    given_before = case(CJP, LOCAL, pushed="CJP123", in_store="CJP123")
    assert outcome(decide(replace(AT_ONCE, which=Which.LOCAL), given_before, NOW)) == (Keep, "hold.keep.in_store")


def test_push_again_gives_what_todays_settings_say():
    asked = case(CJP, LOCAL, pushed="CJP123", in_store="CJP123", asked_anyway=True)
    assert decide(replace(AT_ONCE, which=Which.LOCAL), asked, NOW).number == "LOCAL1"
    assert isinstance(decide(AT_ONCE, replace(asked, pushed="LOCAL1", in_store="LOCAL1"), NOW), Keep)


def test_what_pushing_again_would_change_is_only_what_was_given_and_left_alone():
    local = replace(AT_ONCE, which=Which.LOCAL)
    ours = case(CJP, LOCAL, pushed="CJP123", in_store="CJP123")
    assert push_again(local, ours, NOW).number == "LOCAL1"
    assert push_again(Policy(), ours, NOW).number == "LOCAL1"
    assert push_again(local, replace(ours, pushed="LOCAL1", in_store="LOCAL1"), NOW) is None
    assert push_again(local, case(CJP, pushed="CJP123"), NOW) is None  # it would wait
    for untouchable in ({"edited_by_person": True}, {"withdrawn_by_person": True}, {"pushed": ""}):
        assert push_again(local, replace(ours, **untouchable), NOW) is None


def test_a_number_that_the_store_has_already_is_not_given_twice():
    assert isinstance(decide(AT_ONCE, case(LOCAL, in_store="LOCAL1"), NOW), Keep)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"edited_by_person": True, "pushed": "LOCAL1"}, "hold.refuse.edited_in_store"),
        ({"withdrawn_by_person": True, "pushed": "LOCAL1"}, "hold.refuse.removed_in_store"),
        ({"in_store": "OTHER"}, "hold.refuse.other_in_store"),
        ({"before_connection": True}, "hold.refuse.before_connection"),
    ],
)
def test_what_a_person_did_over_there_stays_until_a_person_asks(facts, reason):
    refused = case(LOCAL, **facts)
    assert outcome(decide(AT_ONCE, refused, NOW)) == (Refuse, reason)
    assert not isinstance(decide(AT_ONCE, replace(refused, asked_anyway=True), NOW), Refuse)


def test_a_past_number_that_others_gave_the_store_is_not_overwritten():
    decision = decide(AT_ONCE, case(held("OLD", until=NOW), LOCAL, in_store="OLD"), NOW)
    assert outcome(decision) == (Refuse, "hold.refuse.other_in_store")


def test_a_cancelled_order_gets_nothing_and_gives_back_what_it_got():
    assert outcome(decide(AT_ONCE, case(LOCAL, cancelled=True), NOW)) == (Refuse, "hold.refuse.cancelled")
    given_before = case(LOCAL, cancelled=True, pushed="LOCAL1", in_store="LOCAL1")
    assert outcome(decide(AT_ONCE, given_before, NOW)) == (Withdraw, "hold.withdraw.cancelled")
    for touched in ({"edited_by_person": True}, {"withdrawn_by_person": True}):
        assert isinstance(decide(AT_ONCE, replace(given_before, **touched), NOW), Refuse)


def test_a_number_that_nobody_says_any_more_is_taken_back():
    decision = decide(AT_ONCE, case(held("WRONG", until=NOW), pushed="WRONG", in_store="WRONG"), NOW)
    assert decision == Withdraw(
        number="WRONG", reason=Message(id="hold.withdraw.number_gone", values={"number": "WRONG"})
    )


def test_a_wrong_number_does_not_stay_while_the_right_one_is_awaited():
    decision = decide(AT_ONCE, case(held("WRONG", until=NOW), CJP, pushed="WRONG", in_store="WRONG"), NOW)
    assert outcome(decision) == (Withdraw, "hold.withdraw.number_gone")


def test_push_again_takes_nothing_back_that_is_still_right():
    asked = case(CJP, pushed="CJP123", in_store="CJP123", asked_anyway=True)
    assert outcome(decide(AT_ONCE, asked, NOW)) == (Hold, "hold.local_awaited")


texts = st.sampled_from(["", "CJP1", "A", "B"])
numbers = st.builds(
    HeldNumber,
    number=st.sampled_from(["CJP1", "A", "B"]),
    role=st.sampled_from(Role),
    carrier=st.just(""),
    since=st.integers(-99, 0).map(lambda hours: NOW + hours * HOUR),
    until=st.none() | st.just(NOW),
    said_by=st.sampled_from([("7",), (PERSON,)]),
)
moments = st.none() | st.integers(-99, 99).map(lambda hours: NOW + hours * HOUR)
cases = st.builds(
    Case,
    numbers=st.lists(numbers, max_size=3, unique_by=lambda one: one.number).map(tuple),
    placed_at=st.just(NOW - 100 * HOUR),
    method=st.sampled_from(["", "CJPacket Ordinary"]),
    paid_at=moments,
    ship_by=moments,
    cancelled=st.booleans(),
    before_connection=st.booleans(),
    asked_anyway=st.booleans(),
    dispatched_at=moments,
    first_scan_at=moments,
    suspicious=st.sets(st.sampled_from(["CJP1", "A", "B"]), max_size=2).map(
        lambda some: {one: Message(id="hold.is_order_number", values={"number": one}) for one in some}
    ),
    unacceptable=st.sets(st.sampled_from(["CJP1", "A", "B"]), max_size=2).map(
        lambda some: {one: Message(id="convert.refuse.alias", values={"number": one}) for one in some}
    ),
    pushed=texts,
    in_store=texts,
    edited_by_person=st.booleans(),
    withdrawn_by_person=st.booleans(),
)
policies = st.builds(
    Policy,
    when=st.sampled_from(When),
    which=st.sampled_from(Which),
    delay_h=st.integers(0, 48),
    max_hold_h=st.none() | st.integers(0, 99),
    first_scan_hold=st.booleans(),
)


@given(policies, cases)
def test_nothing_is_pushed_that_is_not_current_or_that_the_store_has(policy, facts):
    decision = decide(policy, facts, NOW)
    if isinstance(decision, Push):
        assert decision.number in {one.number for one in facts.numbers if one.until is None}
        assert decision.number != facts.pushed
        assert not facts.cancelled
        assert decision.number not in {*facts.suspicious, *facts.unacceptable}
        assert facts.asked_anyway or not (facts.edited_by_person or facts.withdrawn_by_person)


@given(policies, cases)
def test_every_decision_can_be_said(policy, facts):
    assert sentence(decide(policy, facts, NOW).reason)


@given(policies, cases)
def test_a_hold_with_an_end_is_over_when_the_end_comes(policy, facts):
    decision = decide(policy, facts, NOW)
    if isinstance(decision, Hold) and decision.until:
        assert decision.until > NOW
        assert isinstance(decide(policy, facts, decision.until), Push)


@given(policies, cases)
def test_nothing_goes_before_its_hold_ends_and_nothing_waits_past_the_channels_deadline(policy, facts):
    decision = decide(policy, facts, NOW)
    if isinstance(decision, Hold) and decision.until:
        just_before = decision.until - timedelta(seconds=1)
        assert isinstance(decide(policy, facts, max(NOW, just_before)), Hold)
        assert facts.ship_by is None or decision.until <= facts.ship_by - 12 * HOUR
    if isinstance(decision, Hold) and decision.until is None and facts.ship_by:
        assert decision.reason.id not in {f"hold.{one}_open" for one in ("not_dispatched", "not_scanned", "not_paid")}


@given(policies, cases)
def test_a_cancelled_order_is_never_given_anything(policy, facts):
    assert isinstance(decide(policy, replace(facts, cancelled=True), NOW), Refuse | Withdraw)


@given(policies, cases)
def test_what_was_given_is_given_once(policy, facts):
    decision = decide(policy, facts, NOW)
    if isinstance(decision, Push):
        after = replace(facts, pushed=decision.number, in_store=decision.number, asked_anyway=False,
                        edited_by_person=False, withdrawn_by_person=False)  # fmt: skip
        typed = [one for one in facts.numbers if PERSON in one.said_by and one.until is None]
        assert isinstance(decide(policy, after, NOW), Keep) or len(typed) > 1


@given(policies, cases)
def test_only_what_was_given_and_is_wrong_is_taken_back(policy, facts):
    decision = decide(policy, facts, NOW)
    if isinstance(decision, Withdraw):
        ways = [one for one in facts.numbers if one.until is None and one.role not in {Role.RETURN, Role.ALIAS}]
        live = {one.number for one in ways}
        assert decision.number == facts.pushed != ""
        assert facts.cancelled or decision.number not in live


@given(policies, cases)
def test_a_person_decides_over_what_a_person_did(policy, facts):
    touched = replace(facts, edited_by_person=True, asked_anyway=False, cancelled=False)
    assert isinstance(decide(policy, touched, NOW), Refuse)
