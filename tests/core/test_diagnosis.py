"""Every row of the decision table: why there is no news, who does what, and when (S4 to S24, S62 to S75)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from doorstep.core.diagnosis import (
    NOWHERE,
    TABLE,
    Canceller,
    Cause,
    Confidence,
    Mark,
    OrderFacts,
    ParcelFacts,
    Trouble,
    Who,
    diagnose,
    marketplace,
)
from doorstep.core.diagnosis.case import Case
from doorstep.core.diagnosis.table import rule_of
from doorstep.core.lane import Lane
from doorstep.core.order import OrderState, TrackAnswer
from doorstep.core.status import Reason, Status

PAID = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NUMBER = "LB123456785CN"
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
MERCHANT, SHOPPER, CARRIER, SUPPLIER, NOBODY = Who.MERCHANT, Who.SHOPPER, Who.CARRIER, Who.SUPPLIER, Who.NOBODY
LANE = Lane(
    parcels=40, first_scan_p85=4 * DAY, transit_p85=12 * DAY, silence_p85=6 * DAY, silence_p98=10 * DAY
)  # a lane of its own


def on(days: float) -> datetime:
    return PAID + days * DAY


ORDER = OrderFacts(placed_at=PAID - DAY, paid_at=PAID, ids=frozenset({"1001"}))
SENT = ParcelFacts(ref="7", number=NUMBER, carrier="china_post", number_since=on(1), dispatched_at=on(2))
MOVING = replace(SENT, status=Status.IN_TRANSIT, status_since=on(4), first_scan_at=on(4), last_event_at=on(6))
LABEL = replace(SENT, status=Status.INFO_RECEIVED, status_since=on(1))


def stopped(status: Status, **facts: Any) -> ParcelFacts:
    return replace(MOVING, status=status, status_since=on(10), last_event_at=on(10), **facts)


@dataclass
class Row:
    """A situation and the one finding that it is here for. ``next_day`` counts from the payment, None = never."""

    name: str
    day: float
    cause: Cause
    sure: Confidence
    who: Who
    advice: str
    next_day: float | None
    order: OrderFacts = ORDER
    parcel: ParcelFacts | None = None
    market: str = ""

    @property
    def case(self) -> Case:
        parcels = (self.parcel,) if self.parcel else ()
        subject = self.parcel or ParcelFacts()
        market = marketplace(self.market)
        return Case(order=self.order, parcel=subject, parcels=parcels, market=market, now=on(self.day))


def order(**facts: Any) -> OrderFacts:
    return replace(ORDER, **facts)


ROWS = [
    # The order.
    Row("cancelled by the seller", 12, Cause.CANCELLED_UNEXPECTEDLY, CERTAIN, SHOPPER,
        "ask_reason check_refund ask_refund", 13,
        order(cancelled_at=on(10), cancelled_by=Canceller.SELLER)),
    Row("a purchase cancelled by nobody knows whom", 10.5, Cause.CANCELLED_UNEXPECTEDLY, LIKELY, MERCHANT,
        "ask_reason_if buy_elsewhere", 10.5,
        order(state=OrderState.CANCELLED, supplied=True)),
    Row("not paid", 0.5, Cause.PAYMENT_OPEN, CERTAIN, SHOPPER, "pay", 1,
        order(state=OrderState.AWAITING_PAYMENT, paid_at=None)),
    # No number yet.
    Row("sent, they say, but without a number", 3, Cause.SENT_WITHOUT_NUMBER, LIKELY, SHOPPER,
        "check_mailbox ask_number", 4, order(state=OrderState.SHIPPED, dispatched_at=on(2))),
    Row("the store is silent", 3, Cause.STILL_PLACED, LIKELY, SHOPPER, "wait_and_check contact_seller", 4,
        order(store_silent_since=on(1))),
    Row("within five days of the payment", 2, Cause.NO_CODE_YET, LIKELY, NOBODY,
        "check_mailbox wait_for_code contact_seller", 5),
    Row("within the seller's own term", 8, Cause.NO_CODE_YET, LIKELY, NOBODY,
        "check_mailbox wait_for_code contact_seller", 9, order(ships_out_by=on(9))),
    Row("past the term where the money comes back by itself", 7.5, Cause.REFUND_AUTOMATIC, LIKELY, NOBODY,
        "expect_refund contact_seller", 8, market="aliexpress"),
    Row("past the term", 7.5, Cause.DISPATCH_LATE, LIKELY, MERCHANT, "check_mailbox contact_seller", 8),
    # What the number is.
    Row("an order number", 3, Cause.ORDER_NUMBER_AS_TRACKING, CERTAIN, SHOPPER, "find_real_number check_mailbox", 5,
        parcel=replace(SENT, number="#1001")),
    Row("a telephone number", 3, Cause.NOT_A_TRACKING_NUMBER, CERTAIN, SHOPPER, "find_real_number compare_number", 3,
        parcel=replace(SENT, number="+49 151 12345678")),
    Row("the carrier says it is another's", 3, Cause.WRONG_CARRIER_SUSPECTED, CERTAIN, MERCHANT, "reload_carrier", 3,
        parcel=replace(SENT, reason=Reason.WRONG_CARRIER)),
    Row("a typing error", 3, Cause.INVALID_NUMBER, LIKELY, SHOPPER, "try_nearest compare_number contact_seller", 3,
        parcel=replace(SENT, number="LB12345678SCN")),
    Row("a wrong check digit", 3, Cause.INVALID_NUMBER, LIKELY, SHOPPER, "compare_number contact_seller", 3,
        parcel=replace(SENT, number="LB123456786CN")),
    Row("an invalid number", 3, Cause.INVALID_NUMBER, LIKELY, SHOPPER, "compare_number contact_seller", 3,
        parcel=replace(SENT, reason=Reason.INVALID_NUMBER)),
    Row("another carrier's number", 3, Cause.WRONG_CARRIER_SUSPECTED, LIKELY, MERCHANT, "reload_carrier", 3,
        parcel=replace(SENT, carrier="dhl")),
    Row("no carrier at all", 3, Cause.WRONG_CARRIER_SUSPECTED, LIKELY, MERCHANT, "reload_carrier", 3,
        parcel=replace(SENT, carrier="")),
    Row("a rejected number", 3, Cause.WRONG_CARRIER_SUSPECTED, POSSIBLE, MERCHANT, "reload_carrier", 3,
        parcel=replace(SENT, answer=TrackAnswer.REJECTED)),
    Row("a replaced number", 14, Cause.NUMBER_REPLACED, CERTAIN, NOBODY, "use_new_number", 19,
        parcel=replace(SENT, replaced_number="OLD", number_since=on(9))),
    # Waiting for the first scan.
    Row("an untracked service", 8, Cause.UNTRACKED_SERVICE, CERTAIN, NOBODY, "do_not_count_on_tracking", 32,
        parcel=replace(SENT, tracked=False)),
    Row("a new label", 8, Cause.LABEL_MADE, LIKELY, NOBODY, "wait_hand_over", 12, parcel=LABEL),
    Row("an old label", 13, Cause.LABEL_NOT_HANDED_OVER, LIKELY, MERCHANT, "ask_hand_over look_again", 17,
        parcel=LABEL),
    Row("no scan within ten days", 12, Cause.FIRST_INFO_PENDING, LIKELY, NOBODY, "wait_first_info carrier_site", 12,
        parcel=SENT),
    Row("no scan after ten days", 12.1, Cause.FIRST_INFO_LATE, LIKELY, SHOPPER, "carrier_site look_again", 17,
        parcel=SENT),
    Row("no scan after fifteen days", 19.5, Cause.NUMBER_MAY_HAVE_CHANGED, LIKELY, SHOPPER,
        "check_number_changed carrier_site", 20, parcel=SENT),
    Row("the same number after fifteen days", 19, Cause.CONTACT_SELLER, LIKELY, SHOPPER, "contact_seller_mistake", 22,
        parcel=replace(SENT, number_confirmed_at=on(18))),
    Row("small items", 14, Cause.SMALL_ITEM_NEVER_TRACKED, POSSIBLE, NOBODY, "do_not_count_on_tracking", 32,
        order(item_classes=frozenset({"stickers", "sewing"})), SENT),
    # On the road.
    Row("on its way although cancelled", 12, Cause.CANCELLED_BUT_SENT, CERTAIN, SHOPPER,
        "refuse_or_return check_refund", 13, order(cancelled_at=on(8)), MOVING),
    Row("lost, says the carrier", 11, Cause.LOST, CERTAIN, MERCHANT, "reason.lost", 12,
        parcel=stopped(Status.EXCEPTION, reason=Reason.LOST)),
    Row("damaged, says the carrier", 11, Cause.EXCEPTION, CERTAIN, MERCHANT, "reason.damaged ask_carrier_if", 12,
        parcel=stopped(Status.EXCEPTION, reason=Reason.DAMAGED)),
    Row("delayed by the weather", 11, Cause.EXCEPTION, CERTAIN, NOBODY, "reason.delayed_weather ask_carrier_if", 12,
        parcel=stopped(Status.EXCEPTION, reason=Reason.DELAYED_WEATHER)),
    Row("at a pickup point", 11, Cause.PICKUP_WAITING, CERTAIN, SHOPPER, "pick_up_usual", 17,
        parcel=stopped(Status.AVAILABLE_FOR_PICKUP)),
    Row("at a pickup point that says how long", 11, Cause.PICKUP_WAITING, CERTAIN, SHOPPER, "pick_up", 13,
        parcel=stopped(Status.AVAILABLE_FOR_PICKUP, kept_until=on(13))),
    Row("a failed attempt", 10.5, Cause.ATTEMPT_FAILED, CERTAIN, SHOPPER,
        "reason.nobody_home arrange_delivery_usual", 11,
        parcel=stopped(Status.ATTEMPT_FAILED, reason=Reason.NOBODY_HOME, attempts=2)),
    Row("a failed attempt with a last day", 10.5, Cause.ATTEMPT_FAILED, CERTAIN, SHOPPER, "arrange_delivery", 11,
        parcel=stopped(Status.ATTEMPT_FAILED, kept_until=on(13))),
    Row("not picked up in time", 18, Cause.RETURN_LIKELY, LIKELY, SHOPPER, "ask_still_there expect_return", 18,
        parcel=stopped(Status.AVAILABLE_FOR_PICKUP)),
    Row("going back", 12, Cause.RETURNING, CERTAIN, MERCHANT, "wait_return", 24,
        parcel=stopped(Status.RETURNING)),
    Row("back", 11.5, Cause.RETURNED, CERTAIN, MERCHANT, "reason.refused send_again", 12,
        parcel=stopped(Status.RETURNED, reason=Reason.REFUSED)),
    Row("a cancelled label", 10.5, Cause.LABEL_CANCELLED, CERTAIN, MERCHANT, "ask_new_number", 11,
        parcel=stopped(Status.CANCELLED)),
    Row("scans without dates", 12, Cause.NO_DATES, POSSIBLE, SHOPPER, "carrier_site", 12,
        parcel=replace(MOVING, status_since=None, last_event_at=None)),
    Row("no scan for a month", 37, Cause.LOST, LIKELY, MERCHANT, "claim contact_seller", 41, parcel=MOVING),
    Row("documents for customs", 12, Cause.CUSTOMS, CERTAIN, SHOPPER, "reason.customs_documents wait_customs", 17,
        parcel=stopped(Status.CUSTOMS, reason=Reason.CUSTOMS_DOCUMENTS)),
    Row("documents for customs after a week", 18.5, Cause.CUSTOMS, CERTAIN, SHOPPER, "reason.customs_documents", 19,
        parcel=stopped(Status.CUSTOMS, reason=Reason.CUSTOMS_DOCUMENTS)),
    Row("long in customs", 17.5, Cause.CUSTOMS, LIKELY, SHOPPER, "ask_customs", 19, parcel=stopped(Status.CUSTOMS)),
    Row("no scan for two weeks", 22, Cause.STALLED, LIKELY, SHOPPER, "ask_carrier look_again", 36, parcel=MOVING),
    Row("nobody watches any more", 12, Cause.WATCH_ENDED, CERTAIN, MERCHANT, "reload_carrier carrier_site", 12,
        parcel=stopped(Status.EXPIRED)),
    Row("later than promised", 12, Cause.OVERDUE, CERTAIN, SHOPPER, "contact_seller_late ask_carrier", 13,
        order(delivery_due_at=on(11)), MOVING),
    Row("slower than this lane", 17, Cause.SLOWER_THAN_USUAL, LIKELY, NOBODY, "wait_longer", 24,
        parcel=replace(MOVING, lane=LANE, last_event_at=on(14))),
    # The delivery.
    Row("delivered, but not received", 10.5, Cause.DELIVERED_NOT_RECEIVED, CERTAIN, SHOPPER,
        "look_around contact_both compare_number", 12, parcel=stopped(Status.DELIVERED, mark=Mark.MISSING)),
    Row("received damaged", 10.5, Cause.RECEIVED_DAMAGED, CERTAIN, SHOPPER, "take_photos contact_both", 12,
        parcel=stopped(Status.DELIVERED, mark=Mark.DAMAGED)),
    # The seller.
    Row("no way to write to the seller", 4, Cause.SELLER_UNREACHABLE, CERTAIN, SHOPPER, "other_ways", 4,
        order(contact_invalid=True)),
    Row("no answer of the seller", 3.5, Cause.SELLER_UNREACHABLE, LIKELY, SHOPPER, "other_ways", 4,
        order(seller_asked_at=on(1))),
    # The buyer's protection.
    Row("the protection ends soon", 41, Cause.PROTECTION_ENDS, CERTAIN, SHOPPER, "dispute", 50,
        order(protection_ends_at=on(60)), replace(MOVING, last_event_at=on(40))),
    Row("the protection ends very soon", 51, Cause.PROTECTION_ENDS, CERTAIN, SHOPPER, "dispute_now", 60,
        order(protection_ends_at=on(60)), replace(MOVING, last_event_at=on(50))),
    Row("the protection is over, disputes may still be taken", 61, Cause.PROTECTION_OVER, LIKELY, SHOPPER,
        "dispute_late ask_payment_provider", 75,
        order(protection_ends_at=on(60)), replace(MOVING, last_event_at=on(60)), "aliexpress"),
    Row("the protection is over", 61, Cause.PROTECTION_OVER, CERTAIN, SHOPPER, "ask_payment_provider contact_seller",
        90, order(protection_ends_at=on(60)), replace(MOVING, last_event_at=on(60))),
    Row("lost, long before the protection ends", 37, Cause.LOST, LIKELY, MERCHANT, "claim contact_seller dispute_if",
        41, order(protection_ends_at=on(60)), MOVING),
    Row("lost, shortly before the protection ends", 52, Cause.LOST, LIKELY, MERCHANT,
        "claim contact_seller dispute_now", 56, order(protection_ends_at=on(60)), MOVING),
    Row("lost, after the protection ended", 62, Cause.LOST, LIKELY, MERCHANT, "claim contact_seller dispute_late", 66,
        order(protection_ends_at=on(60)), MOVING, "aliexpress"),
    Row("untracked, before disputes open", 8, Cause.UNTRACKED_SERVICE, CERTAIN, NOBODY,
        "do_not_count_on_tracking dispute_opens dispute", 32, order(protection_ends_at=on(60)),
        replace(SENT, tracked=False), "aliexpress"),
    # Asking.
    Row("the account is refused", 8, Cause.ACCESS_DENIED, CERTAIN, MERCHANT, "renew_access nothing_about_parcel", 8,
        parcel=replace(MOVING, failing_since=on(7), trouble=Trouble.DENIED, said="HTTP 401")),
    Row("the service is down", 8, Cause.CARRIER_DOWN, CERTAIN, NOBODY, "nothing_about_parcel asks_again carrier_site",
        8.5, parcel=replace(MOVING, failing_since=on(7), trouble=Trouble.BROKEN, down_since=on(7), asks_next=on(8.5))),
    Row("this number cannot be asked", 8, Cause.SOURCE_TROUBLE, CERTAIN, NOBODY, "nothing_about_parcel carrier_site",
        8, parcel=replace(MOVING, failing_since=on(7), trouble=Trouble.BUSY)),
    # All is well.
    Row("cancelled", 12, Cause.ORDER_CANCELLED, CERTAIN, NOBODY, "check_refund ask_reason_if", 30,
        order(cancelled_at=on(10))),
    Row("cancelled long ago", 90, Cause.ORDER_CANCELLED, CERTAIN, NOBODY, "check_refund ask_reason_if", None,
        order(cancelled_at=on(10))),
    Row("delivered", 12, Cause.ARRIVED, CERTAIN, NOBODY, "say_if_wrong", None, parcel=stopped(Status.DELIVERED)),
    Row("delivered under protection", 12, Cause.ARRIVED, CERTAIN, NOBODY, "say_if_wrong dispute_until", 60,
        order(protection_ends_at=on(60)), stopped(Status.DELIVERED)),
    Row("a download", 12, Cause.NOTHING_TO_SHIP, CERTAIN, NOBODY, "nothing", None, order(needs_shipping=False)),
    Row("on the way", 8, Cause.ALL_WELL, LIKELY, NOBODY, "all_well_until", 21, parcel=MOVING),
    Row("in customs for a day", 11, Cause.ALL_WELL, LIKELY, NOBODY, "all_well_until", 17,
        parcel=stopped(Status.CUSTOMS)),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "_"))
def test_each_row_says_what_to_do_who_does_it_and_when(row: Row) -> None:
    case = row.case
    found = diagnose(row.order, case.parcels, case.now, case.market)
    (finding,) = (one for one in found if one.cause is row.cause)
    said = " ".join(one.id.removeprefix("finding.do.") for one in finding.advice)
    next_at = None if row.next_day is None else on(row.next_day)
    assert (finding.confidence, finding.who, said, finding.next_at) == (row.sure, row.who, row.advice, next_at)
    assert finding.message.id == f"finding.{row.cause}"


@pytest.mark.parametrize("asked", ["China Post", "usps"])
def test_who_carries_the_last_mile_is_no_wrong_carrier(asked: str) -> None:
    found = diagnose(ORDER, [replace(SENT, carrier=asked)], on(3))
    assert [one.cause for one in found] == [Cause.FIRST_INFO_PENDING]


def test_a_carrier_that_nobody_knows_is_called_as_it_is_given() -> None:
    found = diagnose(ORDER, [replace(SENT, carrier="Tortoise Express", answer=TrackAnswer.REJECTED)], on(3))
    (wrong,) = (one for one in found if one.cause is Cause.WRONG_CARRIER_SUSPECTED)
    assert [one.values["carrier"] for one in wrong.evidence] == ["Tortoise Express", "China Post"]


def test_a_shopper_who_says_it_came_is_believed() -> None:
    (came,) = diagnose(ORDER, [replace(MOVING, mark=Mark.RECEIVED)], on(90))
    assert [one.id.rpartition(".")[2] for one in came.evidence] == ["placed", "received"]


def test_every_rule_has_a_row() -> None:
    spoken = {id(rule_of(section, row.case)) for section in TABLE for row in ROWS}
    silent = [(section.title, rule.cause) for section in TABLE for rule in section.rules if id(rule) not in spoken]
    assert silent == []


def test_every_cause_has_a_rule() -> None:
    assert {rule.cause for section in TABLE for rule in section.rules} == set(Cause)


def test_conditions_of_the_table_can_be_read() -> None:
    words = [one.says for section in TABLE for rule in section.rules for one in (*section.when, *rule.when)]
    assert all(words)
    assert all(rule.next.says for section in TABLE for rule in section.rules)


def test_nothing_is_promised_where_nothing_is_known() -> None:
    assert diagnose(ORDER, [], on(9)) == diagnose(ORDER, [], on(9), NOWHERE)


@pytest.mark.parametrize("name", ["now", "paid_at", "last_event_at"])
def test_a_time_without_a_zone_is_refused_by_its_name(name: str) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - the point of the test
    times = {name: naive}
    order = replace(ORDER, **times) if name == "paid_at" else ORDER
    parcel = ParcelFacts(number="1Z999AA10123456784", **(times if name == "last_event_at" else {}))
    with pytest.raises(ValueError, match=f"^{name} must be aware$"):
        diagnose(order, [parcel], naive if name == "now" else PAID + DAY)
