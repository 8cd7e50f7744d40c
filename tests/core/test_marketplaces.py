"""What marketplaces promise, and how long is normal."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from doorstep.core.diagnosis import NOWHERE, Cause, OrderFacts, ParcelFacts, diagnose, marketplace, marketplaces
from doorstep.core.diagnosis.limits import ABROAD, AT_HOME, limits
from doorstep.core.diagnosis.marketplace import Anchor
from doorstep.core.lane import Lane
from doorstep.core.status import Status

PAID = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOVING = ParcelFacts(
    number="LB123456785CN", carrier="china_post", dispatched_at=PAID + DAY, status=Status.IN_TRANSIT, status_since=PAID
)


def on(days):
    return PAID + days * DAY


def dates(finding):
    return {
        one.id.rpartition(".")[2]: datetime.fromisoformat(one.values["at"])
        for one in finding.evidence
        if "at" in one.values
    }


@pytest.mark.parametrize("code", marketplaces())
def test_every_figure_names_its_source_and_its_day(code):
    one = marketplaces()[code]
    assert one.name
    for term in one.terms.values():
        assert term.source.startswith("https://")
        assert date(2026, 1, 1) < term.checked
        assert timedelta() <= term.span <= timedelta(days=365)


@pytest.mark.parametrize("code", marketplaces())
def test_lengths_have_no_anchor_and_dates_have_one(code):
    terms = marketplaces()[code].terms
    assert all(terms[name].anchor is Anchor.NONE for name in terms.keys() & {"dispatch", "answer", "margin"})
    assert all(terms[name].anchor is not Anchor.NONE for name in terms.keys() - {"dispatch", "answer", "margin"})


def test_a_marketplace_is_found_by_its_code_and_by_its_connector():
    assert marketplace("aliexpress").name == "AliExpress"
    assert marketplace("woocommerce").code == "own_shop"
    assert marketplace("own_shop").terms == {}
    assert marketplace("nobody") is NOWHERE


def test_a_dispute_counts_from_the_dates_that_its_marketplace_names():
    order = OrderFacts(placed_at=PAID, paid_at=PAID, delivery_due_at=on(20))
    moving = replace(MOVING, last_event_at=on(90))
    found = {one.cause: one for one in diagnose(order, [moving], on(95), marketplace("amazon"))}
    ending = found[Cause.PROTECTION_ENDS]
    assert dates(ending) == {"dispute_opens": on(23), "dispute_closes": on(110)}
    assert ending.next_at == on(100)
    assert ending.measure.id == "finding.by.marketplace"


def test_a_term_without_its_anchor_is_not_guessed():
    order = OrderFacts(placed_at=PAID, paid_at=PAID)
    causes = [
        one.cause for one in diagnose(order, [replace(MOVING, last_event_at=on(90))], on(95), marketplace("amazon"))
    ]
    assert causes == [Cause.ALL_WELL]


def test_what_only_others_write_is_said_to_be_so():
    order = OrderFacts(placed_at=PAID, paid_at=PAID)
    found = {
        one.cause: one
        for one in diagnose(order, [replace(MOVING, last_event_at=on(44))], on(45), marketplace("aliexpress"))
    }
    ending = found[Cause.PROTECTION_ENDS]
    assert dates(ending) == {"protection_ends": on(61), "dispute_opens": on(11), "dispute_closes": on(61)}
    assert (ending.next_at, ending.measure.id) == (on(51), "finding.by.hearsay")


def test_an_orders_own_date_goes_before_the_usual_one():
    order = OrderFacts(placed_at=PAID, paid_at=PAID, protection_ends_at=on(75))
    moving = replace(MOVING, last_event_at=on(59))
    (ending,) = diagnose(order, [moving], on(60), marketplace("aliexpress"))
    assert dates(ending)["dispute_closes"] == on(90)
    assert ending.next_at == on(65)
    (ending,) = diagnose(order, [moving], on(60))
    assert dates(ending) == {"protection_ends": on(75), "dispute_closes": on(75)}
    assert ending.measure.id == "finding.by.order"


def test_no_dispute_is_advised_before_it_can_be_opened():
    order = OrderFacts(placed_at=PAID, paid_at=PAID, protection_ends_at=on(8), dispatched_at=on(1))
    found = {
        one.cause: one
        for one in diagnose(order, [replace(MOVING, last_event_at=on(5))], on(6), marketplace("aliexpress"))
    }
    assert found[Cause.PROTECTION_ENDS].next_at == on(8)


def test_a_number_is_due_by_the_marketplaces_term():
    order = OrderFacts(placed_at=PAID, paid_at=PAID)
    (waiting,) = diagnose(order, [], on(6), marketplace("wish"))
    assert (waiting.cause, waiting.next_at) == (Cause.NO_CODE_YET, on(7))
    assert waiting.measure.id == "finding.by.marketplace"


def test_an_answered_question_is_no_silence():
    asked = OrderFacts(placed_at=PAID, paid_at=PAID, seller_asked_at=on(1), seller_answered_at=on(2))
    moving = replace(MOVING, last_event_at=on(5))
    assert [one.cause for one in diagnose(asked, [moving], on(9))] == [Cause.ALL_WELL]
    again = replace(asked, seller_asked_at=on(3))
    (silent,) = diagnose(again, [moving], on(6), marketplace("wish"))
    assert dates(silent) == {"asked_seller": on(3)}
    assert [one.cause for one in diagnose(again, [moving], on(6), marketplace("aliexpress"))] == [Cause.ALL_WELL]


def test_without_history_a_border_makes_the_difference():
    assert limits("CN", "DE", None) is ABROAD
    assert limits("DE", "DE", Lane()) is AT_HOME
    assert limits("", "", None) is ABROAD


def test_a_lane_with_enough_parcels_speaks_for_itself():
    lane = Lane(parcels=12, first_scan_p85=4 * DAY, transit_p85=9 * DAY, silence_p85=6 * DAY)
    own = limits("CN", "DE", lane)
    assert (own.first, own.check, own.stalled, own.lost, own.whole) == (4 * DAY, 6 * DAY, 9 * DAY, 30 * DAY, 9 * DAY)
    assert own.measure.values == {"count": 12}
    assert limits("CN", "DE", replace(lane, parcels=9)) is ABROAD


def test_what_a_lane_does_not_know_is_filled_up():
    slow = limits("CN", "BR", Lane(parcels=12, silence_p98=25 * DAY))
    assert (slow.first, slow.stalled, slow.lost, slow.whole) == (ABROAD.first, 25 * DAY, 50 * DAY, None)
    assert limits("DE", "DE", Lane(parcels=12)).stalled == AT_HOME.stalled
    assert limits("DE", "DE", Lane(parcels=12, first_scan_p85=timedelta(hours=3))).first == DAY
