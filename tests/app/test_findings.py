"""What the ledger knows of an order becomes its findings, the same for the console and the page."""

from datetime import datetime, timedelta

import pytest

from doorstep.app.order import findings
from doorstep.app.order.order_view import order_view
from doorstep.app.order.parcel_view import parcels
from doorstep.app.shopper.page_view import page_view
from doorstep.core.diagnosis import Cause, Finding, Who
from doorstep.core.message import Message
from doorstep.db.models import Connection, Feed, Line, Number, Order, Parcel, ParcelLine, Purchase, Watch
from tests.app.ledger import OTHER, START, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db
HANDED = scan(3.5, "InTransit_PickedUp", "Accepted at origin")


def on(days: float) -> datetime:
    return START + timedelta(days=days)


@pytest.fixture
def shop() -> Ledger:
    shop = ledger()
    shop.hears(shop.woo(woo()))
    return shop


def told(shop: Ledger, days: float) -> dict[Cause, Finding]:
    view = order_view(shop.ws, shop.order().id, on(days))
    assert view is not None
    return {one.cause: one for _, one in view.findings}


def watched(shop: Ledger, *numbers: str) -> None:
    """Numbers that the carrier account answered an hour ago and fails for since."""
    for text in numbers:
        number, _ = Number.objects.get_or_create(ws=shop.ws, norm=text, defaults={"text": text})
        Watch.objects.update_or_create(
            ws=shop.ws,
            number_id=number.id,
            connection_id=shop.carrier.id,
            defaults={"answer": "broken", "said": "HTTP 503", "answered_at": on(4), "asked_at": on(4.5)},
        )


def test_before_the_purchase_the_shop_itself_has_to_send(shop: Ledger) -> None:
    assert told(shop, 2)[Cause.NO_CODE_YET].next_at == on(5)
    late = told(shop, 6)[Cause.DISPATCH_LATE]
    assert late.who is Who.MERCHANT
    assert [one.values["count"] for one in late.evidence if one.id.endswith("unsent")] == [2]


def test_once_bought_the_supplier_has_to_send(shop: Ledger) -> None:
    shop.hears(shop.cj(cj(status="UNSHIPPED", number=None, left=None)))
    assert list(told(shop, 6)) == [Cause.DISPATCH_LATE]
    assert told(shop, 6)[Cause.DISPATCH_LATE].who is Who.SUPPLIER


def test_a_purchase_sent_without_a_number_is_asked_about(shop: Ledger) -> None:
    shop.hears(shop.cj(cj(number=None)))
    finding = told(shop, 4)[Cause.SENT_WITHOUT_NUMBER]
    assert (finding.who, finding.next_at) == (Who.MERCHANT, on(5))


def test_a_cancelled_purchase_of_a_living_order_is_bought_elsewhere(shop: Ledger) -> None:
    shop.hears(shop.cj(cj(status="CANCELLED", number=None, left=None)))
    assert list(told(shop, 6)) == [Cause.CANCELLED_UNEXPECTEDLY]


def test_a_purchase_that_nobody_waits_for_says_nothing(shop: Ledger) -> None:
    shop.hears(shop.woo(woo(shipped=(("t1", OTHER, "China Post"),))))
    purchase = Purchase(ws=shop.ws, supplier_id=shop.supplier.id, external_id="P", state="paid")
    lines = list(Line.objects.filter(ws=shop.ws))
    seen = parcels(shop.ws, shop.order().id, lines)
    found = findings.of_order(shop.order(), lines, [purchase], seen, on(2))
    assert [one.cause for _, one in found] == [Cause.FIRST_INFO_PENDING]


def test_a_cancelled_order_is_closed(shop: Ledger) -> None:
    shop.hears(
        shop.cj(cj(status="UNSHIPPED", number=None, left=None)), shop.woo(woo(status="cancelled", modified=on(1)))
    )
    assert list(told(shop, 2)) == [Cause.ORDER_CANCELLED]


def test_a_number_of_the_order_is_told_from_a_tracking_number(shop: Ledger) -> None:
    shop.hears(shop.woo(woo(shipped=(("t1", "1001", "China Post"),))))
    assert Cause.ORDER_NUMBER_AS_TRACKING in told(shop, 2)


def test_a_moving_parcel_is_well_until_its_next_scan_is_due(shop: Ledger) -> None:
    shop.hears(shop.cj(cj(number=OTHER)), shop.track(track17(OTHER, HANDED, key=3011)))
    well = told(shop, 4)
    assert list(well) == [Cause.ALL_WELL]
    assert well[Cause.ALL_WELL].next_at == on(3.5) + timedelta(days=15)
    assert list(told(shop, 20)) == [Cause.STALLED]


def test_a_lane_with_history_goes_by_its_own_dates(shop: Ledger) -> None:
    way = {"ws": shop.ws, "carrier": "china_post", "origin": "CN", "destination": "PT"}
    for day in range(30):
        handed = on(-60 + day)
        times = {
            "handed_at": handed,
            "first_scan_at": handed + timedelta(days=3),
            "closed_at": handed + timedelta(days=9),
        }
        Parcel.objects.create(status="delivered", **way, **times)
    shop.hears(shop.cj(cj(number=OTHER)))
    finding = told(shop, 4)[Cause.FIRST_INFO_PENDING]
    assert finding.measure == Message(id="finding.by.lane", values={"count": 30})
    assert finding.next_at == on(6)


def test_without_history_the_usual_dates_hold(shop: Ledger) -> None:
    shop.hears(shop.cj(cj(number=OTHER)))
    finding = told(shop, 4)[Cause.FIRST_INFO_PENDING]
    assert (finding.measure, finding.next_at) == (Message(id="finding.by.usual"), on(13))


def test_attempts_are_counted(shop: Ledger) -> None:
    tries = [scan(day, "DeliveryFailure_NoBody", f"Nobody was home {day}") for day in (4.0, 5.0)]
    shop.hears(shop.cj(cj(number=OTHER)), shop.track(track17(OTHER, HANDED, *tries, key=3011)))
    finding = told(shop, 5.5)[Cause.ATTEMPT_FAILED]
    assert [one.values["count"] for one in finding.evidence if one.id.endswith("attempts")] == [2]
    assert finding.who is Who.SHOPPER


def test_the_shoppers_own_word_counts(shop: Ledger) -> None:
    delivered = scan(5.0, "Delivered_Other", "Delivered")
    shop.hears(shop.cj(cj(number=OTHER)), shop.track(track17(OTHER, HANDED, delivered, key=3011)))
    assert list(told(shop, 6)) == [Cause.ARRIVED]
    Parcel.objects.filter(ws=shop.ws).update(mark="missing")
    assert list(told(shop, 6)) == [Cause.DELIVERED_NOT_RECEIVED]


def test_a_store_that_answers_nothing_is_why_the_order_stays_placed(shop: Ledger) -> None:
    feed = Feed(ws=shop.ws, connection_id=shop.store.id, name="orders", next_at=on(3), answer="broken")
    feed.answered_at = on(1)
    feed.save()
    assert told(shop, 3)[Cause.STILL_PLACED].next_at == on(4)


@pytest.fixture
def failing(shop: Ledger) -> Ledger:
    """The shop with a moving parcel whose carrier account fails since."""
    shop.hears(shop.cj(cj(number=OTHER)), shop.track(track17(OTHER, HANDED, key=3011)))
    watched(shop, OTHER)
    return shop


def test_one_number_that_cannot_be_asked_is_no_outage(failing: Ledger) -> None:
    watched(failing, "N1", "N2")
    Watch.objects.filter(ws=failing.ws, asked_at=on(4.5)).exclude(number_id=number_id(failing)).update(
        answered_at=on(5)
    )
    finding = told(failing, 5)[Cause.SOURCE_TROUBLE]
    assert [one.id.rpartition(".")[2] for one in finding.evidence] == ["failing", "said"]


def test_numbers_that_all_cannot_be_asked_are_an_outage(failing: Ledger) -> None:
    watched(failing, "N1", "N2")
    finding = told(failing, 5)[Cause.CARRIER_DOWN]
    assert finding.evidence[0].values == {"at": on(4).isoformat()}


def test_an_account_that_never_answered_is_no_outage(failing: Ledger) -> None:
    watched(failing, "N1", "N2")
    Watch.objects.filter(ws=failing.ws).update(answered_at=None)
    assert list(told(failing, 5)) == [Cause.SOURCE_TROUBLE]


def test_a_refused_account_is_for_the_merchant_to_renew(failing: Ledger) -> None:
    Watch.objects.filter(ws=failing.ws).update(answer="denied")
    assert told(failing, 5)[Cause.ACCESS_DENIED].who is Who.MERCHANT


def number_id(shop: Ledger) -> int:
    return Number.objects.get(ws=shop.ws, norm=OTHER).id


def test_the_marketplace_of_the_supplier_names_the_dates(shop: Ledger) -> None:
    shop.hears(shop.cj(cj(status="UNSHIPPED", number=None, left=None)))
    Connection.objects.filter(id=shop.supplier.id).update(connector="aliexpress")
    assert list(told(shop, 6)) == [Cause.REFUND_AUTOMATIC]


def test_parcels_of_two_purchases_are_two_diagnoses(shop: Ledger) -> None:
    first = cj("1", number=OTHER)
    second = cj("2", number=None, status="UNSHIPPED", left=None)
    first["data"]["productList"][0]["quantity"] = second["data"]["productList"][0]["quantity"] = 1
    shop.hears(shop.cj(first), shop.cj(second), shop.track(track17(OTHER, HANDED, key=3011)))
    assert list(told(shop, 6)) == [Cause.DISPATCH_LATE]


def test_what_nobody_was_asked_to_send_is_the_shops_to_send(shop: Ledger) -> None:
    two = woo(modified=on(1), lines=((501, "LAMP-1", 2), (502, "SHADE-2", 1)))
    shop.hears(shop.woo(two), shop.cj(cj(number=OTHER)), shop.track(track17(OTHER, HANDED, key=3011)))
    late = told(shop, 6)[Cause.DISPATCH_LATE]
    assert late.who is Who.MERCHANT
    assert [one.values["count"] for one in late.evidence if one.id.endswith("unsent")] == [1]


def test_unknown_contents_leave_unknown_what_is_to_be_sent(shop: Ledger) -> None:
    shop.hears(shop.woo(woo(shipped=(("t1", OTHER, "China Post"),))))
    lines = list(Line.objects.filter(ws=shop.ws))
    assert findings.Known(shop.order(), lines, (), parcels(shop.ws, shop.order().id, lines), on(2)).unsent == 0
    ParcelLine.objects.filter(ws=shop.ws).update(line_id=0)
    assert findings.Known(shop.order(), lines, (), parcels(shop.ws, shop.order().id, lines), on(2)).unsent is None


def test_the_page_tells_the_shopper_what_is_the_shoppers_to_know(failing: Ledger) -> None:
    order = Order.objects.get(ws=failing.ws)
    page = page_view(failing.ws, order.id)
    assert page is not None
    assert page.findings == {}  # failing to ask stands in the line about freshness
    Watch.objects.filter(ws=failing.ws).update(answer="events")
    failing.hears(
        failing.track(track17(OTHER, HANDED, scan(5.0, "AvailableForPickup_Other", "Waiting at the shop"), key=3011))
    )
    page = page_view(failing.ws, order.id)
    assert page is not None
    ((found,),) = page.findings.values()
    assert (found.cause, found.who) == (Cause.PICKUP_WAITING, Who.SHOPPER)


def test_two_purchases_that_are_late_alike_are_one_finding(shop: Ledger) -> None:
    for ref in ("1", "2"):
        shop.hears(shop.cj(cj(ref, number=None, status="UNSHIPPED", left=None)))
    view = order_view(shop.ws, shop.order().id, on(6))
    assert view is not None
    assert [(parcel, one.cause) for parcel, one in view.findings] == [(0, Cause.DISPATCH_LATE)]
