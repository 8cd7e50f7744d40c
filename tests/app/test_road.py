"""One order's road through the ledger, from what was said to what is to be done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from doorstep.app.ledger import policies
from doorstep.app.push import rules
from doorstep.app.receive import manual
from doorstep.core.policy import When
from doorstep.db.models import Inbox, Line, Number, ParcelLine, Push, Schedule, Waiting, Word
from tests.app.ledger import CJP, OTHER, START, USPS, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db


@pytest.fixture
def one() -> Ledger:
    return ledger()


def test_supplier_number_goes_to_the_store_after_dispatch(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj()))
    (parcel,), (push,) = one.parcels(), one.pushes()
    assert [number.role for number in one.numbers(parcel)] == ["platform"]
    assert (push.state, push.version) == ("due", 1)
    assert push.contents == [["501", 2]]
    assert [(row.lane, row.state) for row in one.outbox()] == [("push", "due")]
    assert one.order().state == "shipped"
    assert Schedule.objects.filter(ws=one.ws).count() == 1


def test_number_before_dispatch_is_held_with_a_reason(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj(status="UNSHIPPED", left=None)))
    (push,) = one.pushes()
    assert push.state == "held"
    assert push.reason["id"].startswith("hold.not_dispatched")
    assert one.outbox() == []


def test_changed_policy_releases_what_is_held(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj(status="UNSHIPPED", left=None)))
    policy, _ = policies.current(one.ws, one.store.id)
    rules.save(one.ws, one.store.id, replace(policy, when=When.BEFORE_DISPATCH), "user:1")
    assert [push.state for push in one.pushes()] == ["due"]
    assert [row.state for row in one.outbox()] == ["due"]


def test_order_placed_before_the_connection_is_tracked_and_not_pushed() -> None:
    one = ledger(since=START + timedelta(days=2))
    one.hears(one.woo(woo()), one.cj(cj()))
    assert one.order().before_connection
    assert len(one.parcels()) == 1
    assert [push.state for push in one.pushes()] == []
    assert one.outbox() == []


def test_purchase_that_overtakes_its_order_waits_for_it(one: Ledger) -> None:
    one.hears(one.cj(cj()))
    assert one.parcels() == []
    assert Waiting.objects.filter(ws=one.ws, ref="order:1001").exists()
    one.hears(one.woo(woo()))
    assert [push.state for push in one.pushes()] == ["due"]


def test_replaced_number_is_pushed_again_and_its_history_kept(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj()))
    first = one.pushes()[0]
    Push.objects.filter(id=first.id).update(state="accepted", remote_id="t1", remote_number=CJP)
    newer = "CJPKL7160102188YQ"
    one.hears(one.cj(cj(number=newer)))
    old, new = one.pushes()
    assert (old.state, new.state, new.version) == ("accepted", "due", 2)
    assert Number.objects.get(id=new.number_id).norm == newer
    (parcel,) = one.parcels()
    assert [(row.until is None) for row in one.numbers(parcel)] == [False, True]


def test_echo_of_our_own_push_is_no_second_parcel(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj()))
    Push.objects.filter(ws=one.ws).update(state="accepted", remote_id="t1", remote_number=CJP)
    one.hears(one.woo(woo(shipped=(("t1", CJP, "CJPacket"),), status="completed", modified=START + timedelta(days=4))))
    assert len(one.parcels()) == 1
    assert [push.state for push in one.pushes()] == ["accepted"]


def test_number_removed_in_the_store_is_not_pushed_again(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj()))
    Push.objects.filter(ws=one.ws).update(state="accepted", remote_id="t1", remote_number=CJP)
    one.hears(one.woo(woo(shipped=(("t1", CJP, "CJPacket"),), modified=START + timedelta(days=4))))
    one.hears(one.woo(woo(modified=START + timedelta(days=5))))
    (push,) = one.pushes()
    assert (push.state, push.reason["id"]) == ("superseded", "hold.refuse.removed_in_store")


def test_number_already_in_the_store_is_tracked_and_not_pushed(one: Ledger) -> None:
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    (parcel,) = one.parcels()
    assert one.pushes() == []
    assert Number.objects.get(ws=one.ws).carrier == "usps"
    assert ParcelLine.objects.get(parcel_id=parcel.id).how in {"assumed", "stated"}


def test_carrier_events_move_the_parcel_to_delivered(one: Ledger) -> None:
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    scans = (
        scan(4, "InTransit_PickedUp", "Accepted"),
        scan(5, "Delivered_Other", "Delivered"),
    )
    one.hears(one.track(track17(USPS, *scans)))
    (parcel,) = one.parcels()
    assert (parcel.status, one.order().state) == ("delivered", "delivered")
    assert parcel.closed_at is not None


def test_scan_that_its_source_takes_back_no_longer_counts(one: Ledger) -> None:
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    moving = scan(4, "InTransit_PickedUp", "Accepted")
    one.hears(one.track(track17(USPS, moving, scan(5, "Delivered_Other", "Delivered"))))
    one.hears(one.track(track17(USPS, moving)))
    assert one.parcels()[0].status == "picked_up"


def test_local_number_found_by_the_carrier_joins_the_parcel(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj(method="CJPacket Liquid")))
    assert [push.state for push in one.pushes()] == ["held"]
    one.hears(one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), local=USPS)))
    (parcel,), (push,) = one.parcels(), one.pushes()
    assert {number.role for number in one.numbers(parcel)} == {"platform", "local"}
    assert (push.state, Number.objects.get(id=push.number_id).norm) == ("due", USPS)


def test_carrier_push_that_overtakes_the_order_is_not_lost(one: Ledger) -> None:
    one.hears(one.track(track17(USPS, scan(4, "InTransit_PickedUp", "Accepted"))))
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
    assert one.parcels()[0].status == "picked_up"


def test_proven_mail_ships_its_order(one: Ledger) -> None:
    text = (
        "From: shop <orders@supplier.example>\nSubject: Order #1001 has been shipped\n"
        "Message-ID: <m1@supplier.example>\n"
        "Date: Wed, 24 Jun 2026 10:00:00 +0200\nContent-Type: text/plain\n\n"
        f"Your order #1001 was handed over to USPS.\nTracking number: {USPS}\n"
    )
    one.hears(one.woo(woo()), one.mail(text, proven="supplier.example", how="dkim"))
    assert [push.state for push in one.pushes()] == ["due"]
    assert Inbox.objects.filter(ws=one.ws, state="needs_look").count() == 0


def test_unproven_mail_waits_for_a_person(one: Ledger) -> None:
    text = (
        "From: shop <orders@supplier.example>\nSubject: Order #1001 has been shipped\n"
        "Message-ID: <m2@supplier.example>\n"
        f"Content-Type: text/plain\n\nYour order #1001 was handed over to USPS.\nTracking number: {USPS}\n"
    )
    one.hears(one.woo(woo()), one.mail(text))
    assert one.parcels() == []
    row = Inbox.objects.get(ws=one.ws, state="needs_look")
    assert row.error["id"].startswith("mail.")


def test_typed_number_ships_part_of_the_lines(one: Ledger) -> None:
    one.hears(one.woo(woo(lines=((501, "LAMP-1", 2), (502, "BULB", 1)))))
    manual.type_number(one.ws, one.order().id, USPS, actor="user:1", contents=[("501", 2)])
    assert one.order().state == "partly_shipped"
    assert [push.contents for push in one.pushes()] == [[["501", 2]]]
    assert [push.state for push in one.pushes()] == ["due"]


def test_order_number_is_not_taken_for_a_tracking_number(one: Ledger) -> None:
    one.hears(one.woo(woo()))
    with pytest.raises(manual.Doubtful) as refused:
        manual.type_number(one.ws, one.order().id, "#1001", actor="user:1")
    assert refused.value.message.id == "hold.is_order_number"
    assert one.parcels() == []


def test_typed_number_can_be_taken_back(one: Ledger) -> None:
    one.hears(one.woo(woo()))
    manual.type_number(one.ws, one.order().id, USPS, actor="user:1")
    manual.remove_number(one.ws, one.order().id, Number.objects.get(ws=one.ws).id, "user:1")
    assert one.order().state == "placed"
    assert one.pushes() == []
    assert one.outbox() == []


def test_wrong_carrier_is_changed_and_asked_again(one: Ledger) -> None:
    one.hears(one.woo(woo(shipped=(("x1", OTHER, ""),))))
    number = Number.objects.get(ws=one.ws)
    Schedule.objects.filter(ws=one.ws).update(next_at=START + timedelta(days=900))
    manual.change_carrier(one.ws, number.id, "yanwen", "user:1")
    number.refresh_from_db()
    assert (number.carrier, number.carrier_by) == ("yanwen", "person")


def test_carrier_of_a_held_number_is_changed_without_giving_it_away(one: Ledger) -> None:
    one.hears(one.woo(woo()), one.cj(cj(number="LX123456785CN", method="China Post", status="UNSHIPPED", left=None)))
    manual.change_carrier(one.ws, Number.objects.get(ws=one.ws).id, "yanwen", "user:1")
    assert [push.state for push in one.pushes()] == ["held"]
    assert Number.objects.get(ws=one.ws).carrier == "yanwen"


def test_parcel_of_no_shop_can_be_followed(one: Ledger) -> None:
    order_id = manual.follow_number(
        one.ws, f"https://tools.usps.com/go/TrackConfirmAction?tLabels={USPS}", "", "user:1"
    )
    again = manual.follow_number(one.ws, USPS, "", "user:1")
    assert order_id == again
    assert Number.objects.get(ws=one.ws).carrier == "usps"


def test_cancelled_line_counts_for_nothing(one: Ledger) -> None:
    one.hears(one.woo(woo(lines=((501, "LAMP-1", 2), (502, "BULB", 1)))), one.cj(cj()))
    one.hears(one.woo(woo(lines=((501, "LAMP-1", 2),), modified=START + timedelta(days=4))))
    assert Line.objects.get(ws=one.ws, external_id="502").qty_cancelled == 1
    assert one.order().state == "shipped"


def test_cancelled_order_gets_no_number(one: Ledger) -> None:
    one.hears(one.woo(woo(status="cancelled")), one.cj(cj()))
    assert one.pushes() == []
    assert one.order().state == "cancelled"


def test_unreadable_answer_is_kept_and_stops_nobody(one: Ledger) -> None:
    one.hears(one.arrival(one.store, "orders", b"<html>Down</html>"), one.woo(woo()))
    assert Inbox.objects.get(ws=one.ws, state="bad").error is not None
    assert one.order().state == "placed"


def test_unknown_vendor_word_is_counted(one: Ledger) -> None:
    one.hears(one.woo(woo(status="teleported")))
    assert Word.objects.get(ws=one.ws).sample == "teleported"
    assert one.order().state in {"placed", "awaiting_payment"}
