"""Why there is no news, and what to do when (S62 to S75, S15 to S17)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.diagnosis import Cause, Confidence, Situation, diagnose
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Reason, Status
from tests.core.sentences import sentence

PAID = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
UNNUMBERED = Situation(placed_at=PAID - DAY, paid_at=PAID)
SENT = replace(UNNUMBERED, number="LB1CN", carrier="china_post", number_since=PAID + DAY, dispatched_at=PAID + 2 * DAY)
DISPATCHED = PAID + 2 * DAY
MOVING = replace(SENT, status=Status.IN_TRANSIT, status_since=PAID + 4 * DAY, last_event_at=PAID + 6 * DAY)


def on(days):
    return PAID + days * DAY


def causes(situation, now):
    return [one.cause for one in diagnose(situation, now)]


def only(situation, now):
    (finding,) = diagnose(situation, now)
    return finding


def advice(finding):
    return [one.id.removeprefix("finding.do.") for one in finding.advice]


def test_all_is_well_on_the_way():
    assert diagnose(MOVING, on(8)) == ()


def test_a_cancelled_order_needs_no_diagnosis():
    assert diagnose(replace(UNNUMBERED, cancelled=True), on(90)) == ()


def test_within_five_days_of_the_payment_there_need_not_be_a_number():
    finding = only(UNNUMBERED, on(2))
    assert (finding.cause, finding.next_at) == (Cause.NO_CODE_YET, on(5))
    assert advice(finding) == ["check_mailbox", "wait_for_code", "contact_seller"]
    assert finding.message.id == "finding.no_code_yet"


def test_the_sellers_own_term_goes_before_the_usual_five_days():
    assert only(replace(UNNUMBERED, ships_out_by=on(9)), on(8)).next_at == on(9)


def test_without_a_payment_date_the_order_date_counts():
    assert only(replace(UNNUMBERED, paid_at=None), on(1)).next_at == on(4)


def test_after_the_term_the_money_comes_back_by_itself_where_the_marketplace_does_that():
    late = only(UNNUMBERED, on(7.5))
    assert (late.cause, late.next_at) == (Cause.DISPATCH_LATE, on(8))
    refund = only(replace(UNNUMBERED, refund_automatic=True), on(7.5))
    assert (refund.cause, advice(refund)[0]) == (Cause.REFUND_AUTOMATIC, "expect_refund")


def test_a_parcel_that_arrived_without_a_number_needs_none():
    assert diagnose(replace(UNNUMBERED, status=Status.DELIVERED), on(20)) == ()


def test_an_order_number_is_not_a_tracking_number():
    finding = only(replace(SENT, number="65519797821543", looks_like_order=True), on(3))
    assert (finding.cause, finding.confidence) == (Cause.ORDER_NUMBER_AS_TRACKING, Confidence.CERTAIN)
    assert finding.next_at == on(5)


@pytest.mark.parametrize("facts", [{"invalid_number": True}, {"reason": Reason.INVALID_NUMBER}])
def test_a_number_that_cannot_be_right_is_compared_at_once(facts):
    finding = only(replace(SENT, **facts), on(3))
    assert (finding.cause, finding.next_at) == (Cause.INVALID_NUMBER, on(3))


def test_the_first_scan_may_take_ten_days():
    finding = only(SENT, on(12))
    assert (finding.cause, finding.next_at) == (Cause.FIRST_INFO_PENDING, DISPATCHED + 10 * DAY)


def test_after_ten_days_the_carriers_site_knows_more():
    finding = only(SENT, on(12.1))
    assert (finding.cause, finding.next_at) == (Cause.FIRST_INFO_LATE, DISPATCHED + 15 * DAY)
    assert advice(finding)[0] == "carrier_site"


def test_after_fifteen_days_the_number_may_have_changed():
    finding = only(SENT, on(19.5))
    assert (finding.cause, finding.next_at) == (Cause.NUMBER_MAY_HAVE_CHANGED, on(20))


def test_an_unchanged_number_without_a_scan_is_a_mistake_of_the_seller():
    checked = replace(SENT, number_confirmed_at=on(18), protection_ends_at=on(90))
    finding = only(checked, on(19))
    assert (finding.cause, finding.next_at) == (Cause.CONTACT_SELLER, on(22))
    assert advice(finding) == ["contact_seller_mistake", "dispute"]
    assert finding.advice[1].values == {"by": on(80).isoformat(), "end": on(90).isoformat()}
    assert only(replace(SENT, number_confirmed_at=on(16)), on(19)).cause is Cause.NUMBER_MAY_HAVE_CHANGED


def test_without_a_dispatch_date_the_number_counts_then_the_payment_then_the_order():
    since = replace(SENT, dispatched_at=None)
    assert only(since, on(3)).next_at == on(11)
    assert only(replace(since, number_since=None), on(3)).next_at == on(10)
    assert only(replace(since, number_since=None, paid_at=None), on(3)).next_at == on(9)


def test_a_replaced_number_waits_anew():
    swapped = replace(SENT, replaced_number="OLD", number_since=on(9))
    assert [(one.cause, one.next_at) for one in diagnose(swapped, on(14))] == [
        (Cause.NUMBER_REPLACED, on(19)),
        (Cause.FIRST_INFO_PENDING, on(19)),
    ]
    assert causes(replace(swapped, status=Status.IN_TRANSIT, last_event_at=on(13)), on(14)) == []


def test_small_items_are_often_never_tracked():
    small = replace(SENT, item_classes=frozenset({"stickers", "sewing"}), status=Status.INFO_RECEIVED)
    assert causes(small, on(12)) == [Cause.FIRST_INFO_PENDING]
    finding = diagnose(small, on(14))[-1]
    assert (finding.cause, finding.confidence) == (Cause.SMALL_ITEM_NEVER_TRACKED, Confidence.POSSIBLE)
    assert finding.evidence[0].values == {"classes": "sewing, stickers"}
    mixed = replace(small, item_classes=frozenset({"stickers", "phone"}))
    assert causes(mixed, on(14)) == [Cause.FIRST_INFO_LATE]


@pytest.mark.parametrize(
    ("facts", "confidence", "evidence"),
    [
        ({"reason": Reason.WRONG_CARRIER}, Confidence.CERTAIN, ["China Post"]),
        ({"likely_carrier": "usps"}, Confidence.LIKELY, ["China Post", "USPS"]),
        ({"likely_carrier": "usps", "carrier": ""}, Confidence.LIKELY, [None, "USPS"]),
        ({"answer": TrackAnswer.REJECTED}, Confidence.POSSIBLE, ["China Post"]),
    ],
)
def test_another_carrier_is_tried_by_reloading(facts, confidence, evidence):
    found = {one.cause: one for one in diagnose(replace(SENT, **facts), on(3))}
    finding = found[Cause.WRONG_CARRIER_SUSPECTED]
    assert (finding.confidence, advice(finding), finding.next_at) == (confidence, ["reload_carrier"], on(3))
    assert [one.values.get("carrier") for one in finding.evidence] == evidence


def test_a_brand_and_its_country_are_not_two_carriers():
    assert causes(replace(SENT, carrier="dpd", likely_carrier="dpd_uk"), on(3)) == [Cause.FIRST_INFO_PENDING]


def test_an_order_number_belongs_to_no_carrier():
    assert causes(replace(SENT, looks_like_order=True, likely_carrier="usps"), on(3)) == [
        Cause.ORDER_NUMBER_AS_TRACKING
    ]


def test_no_scan_for_two_weeks_is_a_stall_and_for_a_month_a_loss():
    last = MOVING.last_event_at
    stalled = only(MOVING, last + 16 * DAY)
    assert (stalled.cause, stalled.next_at) == (Cause.STALLED, last + 30 * DAY)
    lost = only(MOVING, last + 31 * DAY)
    assert (lost.cause, lost.confidence, lost.next_at) == (Cause.LOST, Confidence.LIKELY, last + 35 * DAY)
    assert diagnose(replace(MOVING, last_event_at=None, status_since=None), on(99)) == ()


@pytest.mark.parametrize(
    ("status", "reason", "cause", "said", "days"),
    [
        (Status.CUSTOMS, Reason.CUSTOMS_DOCUMENTS, Cause.CUSTOMS, ["reason.customs_documents", "wait_customs"], 7),
        (Status.AVAILABLE_FOR_PICKUP, None, Cause.PICKUP_WAITING, ["pick_up"], 7),
        (
            Status.ATTEMPT_FAILED,
            Reason.NOBODY_HOME,
            Cause.ATTEMPT_FAILED,
            ["reason.nobody_home", "arrange_delivery"],
            1,
        ),
        (Status.EXCEPTION, Reason.DAMAGED, Cause.EXCEPTION, ["reason.damaged", "ask_carrier_by"], 2),
        (Status.EXCEPTION, Reason.LOST, Cause.LOST, ["reason.lost", "ask_carrier_by"], 2),
        (Status.EXCEPTION, None, Cause.EXCEPTION, ["ask_carrier_by"], 2),
        (Status.RETURNING, None, Cause.RETURNING, ["wait_return"], 14),
        (Status.RETURNED, None, Cause.RETURNING, ["send_again"], 1),
    ],
)
def test_a_status_that_asks_for_something_says_what_and_until_when(status, reason, cause, said, days):
    since = on(10)
    finding = only(replace(SENT, status=status, reason=reason, status_since=since), since + DAY / 2)
    assert (finding.cause, finding.confidence, advice(finding)) == (cause, Confidence.CERTAIN, said)
    assert finding.next_at == since + days * DAY


def test_customs_alone_is_no_trouble_for_a_week():
    cleared = replace(SENT, status=Status.CUSTOMS, status_since=on(10), last_event_at=on(10))
    assert diagnose(cleared, on(16)) == ()
    assert only(cleared, on(17.5)).cause is Cause.CUSTOMS


def test_a_pickup_point_says_itself_how_long_it_keeps_the_parcel():
    waiting = replace(SENT, status=Status.AVAILABLE_FOR_PICKUP, status_since=on(10), pickup_until=on(13))
    assert only(waiting, on(11)).next_at == on(13)


def test_a_status_without_a_date_counts_from_what_is_known():
    finding = only(replace(UNNUMBERED, number="X", status=Status.RETURNED, last_event_at=on(3)), on(3))
    assert finding.next_at == on(4)
    assert only(replace(UNNUMBERED, number="X", status=Status.RETURNED), on(3)).next_at == on(4)


def test_delivered_but_not_received_is_guided_only_when_somebody_says_so():
    delivered = replace(SENT, status=Status.DELIVERED, status_since=on(20), protection_ends_at=on(40))
    assert diagnose(delivered, on(25)) == ()
    finding = only(replace(delivered, missing=True, protection_ends_at=None), on(20.5))
    assert (finding.cause, finding.next_at) == (Cause.DELIVERED_NOT_RECEIVED, on(22))
    assert advice(finding) == ["look_around", "contact_both", "compare_number"]
    assert Cause.PROTECTION_ENDS in causes(replace(delivered, missing=True), on(25))


def test_the_end_of_the_protection_is_announced_on_both_sides():
    protected = replace(MOVING, last_event_at=on(55), protection_ends_at=on(60))
    assert diagnose(protected, on(39)) == ()
    assert only(protected, on(41)).next_at == on(50)
    assert only(protected, on(51)).next_at == on(60)
    assert diagnose(protected, on(60)) == ()


def test_failing_to_ask_is_about_freshness_and_never_about_the_parcel():
    failing = replace(MOVING, failing_since=on(7), said="HTTP 503", asks_next=on(8.5))
    finding = only(failing, on(8))
    assert (finding.cause, finding.next_at) == (Cause.SOURCE_TROUBLE, on(8.5))
    assert [one.id for one in finding.evidence] == ["finding.saw.failing", "finding.saw.said"]
    silent = only(replace(failing, said="", asks_next=None), on(8))
    assert (len(silent.evidence), silent.next_at) == (1, on(8))


moments = st.none() | st.integers(-20, 120).map(on)
situations = st.builds(
    Situation,
    placed_at=st.just(PAID),
    paid_at=moments,
    ships_out_by=moments,
    refund_automatic=st.booleans(),
    dispatched_at=moments,
    protection_ends_at=moments,
    number=st.sampled_from(["", "LB1CN"]),
    number_since=moments,
    number_confirmed_at=moments,
    replaced_number=st.sampled_from(["", "OLD"]),
    looks_like_order=st.booleans(),
    invalid_number=st.booleans(),
    carrier=st.sampled_from(["", "usps"]),
    likely_carrier=st.sampled_from(["", "usps", "china_post"]),
    item_classes=st.sampled_from([frozenset(), frozenset({"sewing"})]),
    status=st.sampled_from(Status),
    reason=st.none() | st.sampled_from(Reason),
    status_since=moments,
    last_event_at=moments,
    answer=st.none() | st.sampled_from(TrackAnswer),
    pickup_until=moments,
    missing=st.booleans(),
    failing_since=moments,
    asks_next=moments,
)


@given(situations, st.integers(0, 100).map(on))
def test_every_finding_has_evidence_advice_and_a_date_that_is_not_past(situation, now):
    found = diagnose(situation, now)
    assert all(one.evidence and one.advice and one.next_at >= now for one in found)
    assert all(sentence(said) for one in found for said in (one.message, *one.evidence, *one.advice))
    assert len({one.cause for one in found}) == len(found)
    ranks = [list(Confidence).index(one.confidence) for one in found]
    assert ranks == sorted(ranks)


@given(situations, st.integers(0, 100).map(on))
def test_evidence_does_not_change_with_the_day(situation, now):
    today = {one.cause: one.evidence for one in diagnose(situation, now)}
    tomorrow = {one.cause: one.evidence for one in diagnose(situation, now + DAY)}
    assert all(today[cause] == tomorrow[cause] for cause in today.keys() & tomorrow.keys())
