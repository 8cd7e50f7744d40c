"""What becomes of a parcel's scans in the ledger: boxes, recycled numbers, scans of a day, words taken back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from doorstep.app.inbox import keep
from doorstep.app.push import rules
from doorstep.app.reading.understand import understand
from doorstep.core.policy import MailBy, Policy
from doorstep.db.models import Claim, Inbox, Number, Outbox, Parcel, ParcelNumber, Scans, StorePolicy
from tests.app.ledger import OTHER, START, USPS, Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
TWO = ((501, "LAMP-1", 2), (502, "BULB", 1))


@pytest.fixture
def one() -> Ledger:
    return ledger()


def shipped(one: Ledger, *numbers: str) -> Parcel:
    """An order with one fulfillment that lists these numbers."""
    one.hears(one.woo(woo(shipped=tuple(("t1", number, "USPS") for number in numbers))))
    (parcel,) = one.parcels()
    return parcel


def test_a_parcel_of_two_boxes_has_arrived_when_both_have(one):
    parcel = shipped(one, USPS, OTHER)
    done, road = scan(5, "Delivered_Other", "Delivered"), scan(4, "InTransit_PickedUp", "Accepted")
    one.hears(one.track(track17(USPS, road, done)))
    one.hears(one.track(track17(OTHER, road, key=3011)))
    parcel.refresh_from_db()
    assert (parcel.status, one.order().state) == ("picked_up", "shipped")
    one.hears(one.track(track17(OTHER, road, done, key=3011)))
    parcel.refresh_from_db()
    assert (parcel.status, one.order().state) == ("delivered", "delivered")


def test_a_delivery_that_the_carrier_takes_back_opens_the_parcel_again(one):
    parcel = shipped(one, USPS)
    road, done = scan(4, "InTransit_PickedUp", "Accepted"), scan(5, "Delivered_Other", "Delivered")
    one.hears(one.track(track17(USPS, road, done)))
    parcel.refresh_from_db()
    assert parcel.status == "delivered" and parcel.closed_at
    one.hears(one.track(track17(USPS, road)))
    parcel.refresh_from_db()
    assert (parcel.status, parcel.closed_at, one.order().state) == ("picked_up", None, "shipped")
    assert len(one.scans()) == 2, "what was said is kept"


def mails(one: Ledger) -> set[str]:
    return {row.intent_key.partition(":")[2] for row in Outbox.objects.filter(ws=one.ws, lane="mail")}


def mailing(one: Ledger) -> None:
    rules.save(one.ws, one.store.id, Policy(mail_by=MailBy.DOORSTEP), "user:1")
    StorePolicy.objects.filter(ws=one.ws).update(since=START)


def test_the_mail_about_the_arrival_waits_for_the_last_box(one):
    mailing(one)
    shipped(one, USPS, OTHER)
    done, road = scan(5, "Delivered_Other", "Delivered"), scan(4, "InTransit_PickedUp", "Accepted")
    one.hears(one.track(track17(USPS, road, done)))
    assert mails(one) == {"shipped", "delayed"}
    one.hears(one.track(track17(OTHER, done, key=3011)))
    assert mails(one) == {"shipped", "delayed", "delivered"}


def test_scans_of_another_parcel_or_of_next_month_use_up_no_mail(one):
    mailing(one)
    shipped(one, USPS)
    strange, ahead = scan(-30, "Delivered_Other", "Delivered"), scan(60, "Exception_Lost", "Lost")
    one.hears(one.track(track17(USPS, strange, scan(4, "InTransit_PickedUp", "Accepted"), ahead)))
    assert mails(one) == {"shipped", "delayed"}
    assert one.parcels()[0].status == "picked_up"


def test_a_day_without_an_hour_stays_a_day(one):
    shipped(one, USPS)
    one.hears(one.track(track17(USPS, ("2026-06-26", "InTransit_Arrival", "Arrived"))))
    assert one.scans()[0].said.day_only


def test_an_old_word_about_a_recycled_number_stays_the_old_parcels(one):
    """A row that arrives late, or is read again, is about the parcel that had the number then."""
    parcel = shipped(one, USPS)
    older = one.woo(woo(1002, shipped=(("t2", USPS, "USPS"),)))
    Parcel.objects.filter(id=parcel.id).update(closed_at=START - timedelta(days=200))
    newer = one.woo(woo(1003, shipped=(("t3", USPS, "USPS"),)))
    one.hears(newer)
    first, second = Number.objects.filter(norm=USPS).order_by("generation")
    assert (first.generation, second.generation, second.not_before) == (0, 1, newer.received_at)
    one.hears(older)
    second.refresh_from_db()
    assert second.not_before == older.received_at, "it was another parcel's from the first word on"
    Parcel.objects.filter(id=parcel.id).update(closed_at=None)
    Inbox.objects.update(state="new")
    while understand():
        pass
    assert set(Claim.objects.filter(number_id=first.id).values_list("group", flat=True)) == {"t1"}
    assert ParcelNumber.objects.filter(number_id=first.id).count() == 1
    assert Number.objects.count() == 2


def test_scans_of_a_recycled_number_go_to_the_parcel_that_has_it_now(one):
    parcel = shipped(one, USPS)
    Parcel.objects.filter(id=parcel.id).update(closed_at=START - timedelta(days=200))
    one.hears(one.woo(woo(1003, shipped=(("t3", USPS, "USPS"),))))
    keep([one.track(track17(USPS, scan(4, "InTransit_PickedUp", "Accepted")))])
    understand()
    assert Number.objects.get(id=Scans.objects.get().number_id).generation == 1


def test_a_scan_on_the_way_is_settled_without_looking_at_the_order(one):
    parcel = shipped(one, USPS)
    first, second = scan(4, "InTransit_PickedUp", "Accepted"), scan(4.5, "InTransit_CustomsProcessing", "At customs")
    one.hears(one.track(track17(USPS, first)))
    with CaptureQueriesContext(connection) as asked:
        one.hears(one.track(track17(USPS, first, second)))
    assert not any("doorstep_push" in query["sql"] or "doorstep_claim" in query["sql"] for query in asked)
    parcel.refresh_from_db()
    assert (parcel.status, parcel.last_event_at) == ("customs", START + timedelta(days=4.5))
    with CaptureQueriesContext(connection) as asked:
        one.hears(one.track(track17(USPS, first, second, scan(5, "Delivered_Other", "Delivered"))))
    assert any("doorstep_push" in query["sql"] for query in asked)
    assert one.order().state == "delivered"
