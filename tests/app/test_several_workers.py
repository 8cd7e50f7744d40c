"""Several workers on one PostgreSQL: what one has not committed yet, the other cannot see. (SQLite has one writer.)"""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from doorstep.app.inbox import Arrival, keep
from doorstep.app.reading.understand import read_now, understand
from doorstep.db import queries
from doorstep.db.models import Inbox, Order, Parcel, ParcelLine, ParcelNumber, Purchase, PurchaseLine
from tests.app.ledger import CJP, OTHER, START, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
HELD_S = 0.6  # so long the first worker keeps its transaction open


@pytest.fixture
def one() -> Iterator[Ledger]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    return ledger()


def side_by_side(first: Arrival, second: Arrival) -> None:
    """Two workers understand an arrival each, the second beginning before the first has committed; then whatever is
    left is understood.
    """
    done, problems = threading.Event(), []

    def slow() -> None:
        keep([first])
        with transaction.atomic():
            understand(1)
            done.set()
            threading.Event().wait(HELD_S)

    def quick() -> None:
        done.wait(10)
        keep([second])
        understand(1)

    def work(what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as problem:  # told in the main thread
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(what,)) for what in (slow, quick)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not problems
    while understand():
        pass


def test_purchase_that_comes_beside_its_order_finds_it(one):
    side_by_side(one.woo(woo()), one.cj(cj()))
    assert PurchaseLine.objects.get().order_id
    assert ParcelLine.objects.count() == 1


def test_order_that_comes_beside_its_purchase_is_found(one):
    side_by_side(one.cj(cj()), one.woo(woo()))
    assert PurchaseLine.objects.get().order_id
    assert ParcelLine.objects.count() == 1


def test_scans_that_come_beside_their_number_are_kept(one):
    track = one.track(track17(OTHER, scan(3.5, "InTransit_PickedUp", "Accepted")))
    side_by_side(one.woo(woo(shipped=(("t1", OTHER, "x"),))), track)
    assert Parcel.objects.get().status == "picked_up"


def test_two_words_about_one_order_at_once_make_one_parcel(one):
    keep([one.woo(woo())])
    understand()
    shown = one.woo(woo(shipped=(("t1", CJP, "CJPacket"),), modified=START + timedelta(days=4)))
    side_by_side(one.cj(cj()), shown)
    assert Parcel.objects.get().purchase_id == Purchase.objects.get().id


def test_one_number_on_two_orders_at_once_is_one_parcel(one):
    keep([one.woo(woo()), one.woo(woo(1002))])
    understand()
    keep([one.woo(woo(1003, shipped=(("t3", OTHER, "x"),)))])
    understand()
    later = START + timedelta(days=4)
    side_by_side(
        one.woo(woo(shipped=(("t1", OTHER, "x"),), modified=later)),
        one.woo(woo(1002, shipped=(("t2", OTHER, "x"),), modified=later)),
    )
    assert ParcelNumber.objects.count() == Parcel.objects.count() == 1
    assert set(ParcelLine.objects.values_list("order_id", flat=True)) == set(Order.objects.values_list("id", flat=True))
    assert not Inbox.objects.exclude(state="read").exists()


def test_person_waits_for_a_worker_who_is_reading_the_same(one):
    arrival = one.woo(woo())
    held = threading.Event()

    def worker() -> None:
        with transaction.atomic():
            understand(1)
            held.set()
            threading.Event().wait(HELD_S)
        connections.close_all()

    keep([arrival])
    thread = threading.Thread(target=worker)
    thread.start()
    held.wait(10)
    read_now(arrival)
    assert one.order().number == "1001"
    thread.join(30)


def test_who_finds_nothing_but_a_busy_workspace_waits_in_line(one):
    held, go = threading.Event(), threading.Event()

    def settling() -> None:
        with transaction.atomic():
            queries.alone_in(one.ws)
            held.set()
            go.wait(10)
        connections.close_all()

    keep([one.woo(woo())])
    thread = threading.Thread(target=settling)
    thread.start()
    held.wait(10)
    threading.Timer(HELD_S, go.set).start()
    assert understand() == 1
    thread.join(30)
    other = ledger(email="bob@example.org")
    keep([one.woo(woo(1002)), other.woo(woo(7))])
    held.clear()
    go.clear()
    thread = threading.Thread(target=settling)
    thread.start()
    held.wait(10)
    assert understand() == 1, "the other workspace is not kept waiting"
    assert Inbox.objects.filter(state="new").values_list("ws", flat=True).get() == one.ws
    go.set()
    thread.join(30)
