"""Bytes become facts: a row that cannot be read stops nobody, and what waits is read when its time comes."""

import pytest
from django.db import OperationalError, connection

from doorstep.app.inbox import keep
from doorstep.app.ledger import waiting
from doorstep.app.merge import typed
from doorstep.app.merge.source import Source, Touched
from doorstep.app.reading.understand import read_now, understand
from doorstep.core.order import Role, SaidNumber, TypedNumber
from doorstep.db.models import Connection, Inbox, Number, Order, Waiting, Word
from tests.app.ledger import CJP, OTHER, USPS, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def one() -> Ledger:
    return ledger()


def test_a_row_that_breaks_the_reader_is_kept_and_stops_nobody(one):
    poison = one.woo(woo())
    keep([poison, one.woo(woo(1002))])
    Inbox.objects.filter(dedup_key=poison.dedup_key).update(headers={"status": 200})  # written by another version
    assert understand() == 2
    bad = Inbox.objects.get(state="bad")
    assert (bad.dedup_key, bad.error["id"], bad.error["values"]) == (
        poison.dedup_key, "inbox.failed", {"problem": "KeyError"},
    )  # fmt: skip
    assert [order.external_id for order in Order.objects.all()] == ["1002"]
    assert understand() == 0


def test_a_row_of_a_connection_that_is_gone_says_so(one):
    keep([one.woo(woo())])
    Connection.objects.filter(id=one.store.id).delete()
    assert understand() == 1
    assert Inbox.objects.get().error["id"] == "inbox.connection_gone"


def test_trouble_in_an_answer_is_told(one):
    one.hears(one.arrival(one.store, "orders", b"<html>Down</html>"))
    row = Inbox.objects.get()
    assert (row.state, row.error["id"].partition(".")[0]) == ("bad", "stores")


def test_a_deadlock_says_nothing_about_the_row(one):
    keep([one.woo(woo())])

    def busy(execute, sql, params, many, context):
        if sql.startswith("INSERT") and "doorstep_order" in sql:
            raise OperationalError("deadlock detected")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(busy):
        assert understand() == 0
    assert Inbox.objects.get().state == "new"
    assert understand() == 1
    assert Order.objects.count() == 1


def test_words_are_counted_each_time(one):
    one.hears(one.woo(woo(status="teleported")), one.woo(woo(1002, status="teleported")))
    assert [(word.sample, word.n) for word in Word.objects.all()] == [("teleported", 2)]


def test_what_waited_is_read_once_when_it_appears(one):
    one.hears(one.track(track17(USPS, scan(4, "InTransit_PickedUp", "Accepted"))))
    assert waiting.release(one.ws, "number:OTHER", "order:1") == 0
    assert waiting.release(one.ws, f"number:{USPS}") == 1
    assert Inbox.objects.get().state == "new" and not Waiting.objects.exists()
    assert waiting.release(one.ws, f"number:{USPS}") == 0


def test_what_a_person_says_is_read_at_once_and_only_that(one):
    keep([one.woo(woo())])
    row_id = read_now(one.woo(woo(1002)))
    assert Inbox.objects.get(id=row_id).state == "read"
    assert [order.external_id for order in Order.objects.all()] == ["1002"]


def test_a_typed_number_of_an_order_that_is_gone_changes_nothing(one):
    source = Source(one.supplier, 1, one.at, {"order_id": "1"})
    said = TypedNumber(order="1", number=SaidNumber(text=USPS, role=Role.LOCAL))
    touched = Touched()
    typed.merge_typed(source, said, touched)
    assert not Number.objects.exists() and not touched.orders


def test_a_fulfillment_without_a_number_is_nothing_to_follow(one):
    one.hears(one.woo(woo(shipped=(("x1", "---", ""),))))
    assert one.parcels() == []


def test_a_purchase_line_that_fits_no_line_is_of_its_order(one):
    two = ((501, "LAMP-1", 2), (502, "BULB", 1))
    one.hears(one.woo(woo(lines=two)), one.cj(cj(sku_line="999")))
    assert len(one.parcels()) == 1 and one.order().state == "shipped"


def test_an_older_answer_changes_nothing_that_a_newer_one_said(one):
    one.hears(one.woo(woo(shipped=(("x1", CJP, "CJPacket"),))))
    older = one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), local=OTHER))
    newer = one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), local=USPS))
    one.hears(newer)
    one.hears(older)
    live = [held for held in one.numbers(one.parcels()[0]) if held.until is None]
    assert {Number.objects.get(id=held.number_id).norm for held in live} == {CJP, USPS}


def test_two_parcels_that_turn_out_to_be_one_keep_what_was_pushed(one):
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.cj(cj()))
    assert len(one.parcels()) == 2
    one.hears(one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"), local=USPS)))
    (parcel,) = one.parcels()
    assert {push.parcel_id for push in one.pushes()} <= {parcel.id}
