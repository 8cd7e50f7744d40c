"""How the suppliers of a store did."""

from datetime import timedelta

import pytest

from doorstep.app import clock
from doorstep.app.figures import supplier_record
from tests.app.ledger import CJP, OTHER, START, USPS, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db


def records(one: Ledger, days: float = 0):
    return supplier_record.records(one.ws, one.store.id, clock.now() + timedelta(days=days))


def bought(**how) -> Ledger:
    one = ledger()
    one.hears(one.woo(woo()), one.cj(cj(**how)))
    return one


def test_without_purchases_there_is_no_record():
    together, each = records(ledger())
    assert (together.parcels, together.known, each) == (0, False, [])


def test_a_number_is_judged_when_it_is_old_enough():
    one = bought()
    assert records(one)[0].parcels == 0
    together, ((name, theirs),) = records(one, days=6)
    assert (theirs, name) == (together, "Cjdropshipping")
    assert (together.parcels, together.scanned, together.never) == (1, 0, 1)
    assert (together.dispatches, together.unproven) == (1, 1)
    assert (together.led, together.dispatch_h, together.lead_h) == (1, 71.5, None)
    assert together.scan_h is None


def test_a_scan_in_time_speaks_for_the_supplier():
    one = bought()
    one.hears(one.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Picked up"), key=190271)))
    together, _ = records(one, days=6)
    assert (together.scanned, together.never, together.unproven) == (1, 0, 0)


def test_a_replaced_number_is_counted():
    one = bought(number=OTHER, method="CJPacket Liquid")
    one.hears(one.cj(cj(number=USPS, method="CJPacket Liquid")))
    assert records(one, days=6)[0].replaced == 1


def test_what_is_older_than_the_window_counts_no_more():
    assert records(bought(), days=95) == records(ledger())


def test_numbers_that_were_there_before_the_store_say_nothing_about_time():
    one = ledger(since=START + timedelta(days=1))
    one.hears(one.woo(woo()), one.cj(cj()))
    one.hears(one.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Picked up"), key=190271)))
    together, _ = records(one, days=6)
    assert (together.parcels, together.number_h, together.scan_h) == (0, None, None)
    assert (together.dispatches, together.unproven, together.dispatch_h) == (1, 0, 71.5)


def test_record_of_all_stores_counts_what_stands_behind_every_figure():
    one = bought()
    one.hears(one.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Picked up"), key=190271)))
    later = clock.now() + timedelta(days=6)
    together, _ = supplier_record.records(one.ws, 0, later)
    assert together == records(one, days=6)[0]
    assert (together.bought, together.numbered, together.timed, together.never_share) == (1, 1, 1, 0.0)
    assert supplier_record.records(one.ws, 0, later, timedelta(days=3))[1] == []
