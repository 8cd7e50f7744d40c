"""How scans are shown: who disagrees, what is folded, and what was taken back."""

from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app.order.order_view import order_view
from doorstep.core.conflict import Why
from doorstep.db.models import ChannelState, Connection, Order, Parcel, Purchase
from tests.app.ledger import START, USPS, Ledger, connect, scan, track17, woo
from tests.web.conftest import NUMBER, SCANS

DONE = scan(5.3, "Delivered_Other", "Left with a neighbour")


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def seen(order: Order):
    view = order_view(order.ws, order.id, START + timedelta(days=6))
    assert view is not None
    return view.parcels[0]


def other_account(shop: Ledger) -> Connection:
    return connect(shop.ws, "carrier", "seventeen_track", START)


@pytest.fixture
def disputed(shop: Ledger) -> Connection:
    """One account says "delivered", another one goes on scanning."""
    other = other_account(shop)
    late = scan(5.8, "InTransit_Other", "At the depot of Braga")
    shop.hears(shop.track(track17(NUMBER, *SCANS, DONE, key=3011)))
    shop.hears(shop.arrival(other, "track", track17(NUMBER, late, key=3011)))
    return other


def test_console_names_who_disagrees_since_when_and_why(order: Order, alice: Client, disputed: Connection) -> None:
    text = read(alice, f"/orders/{order.id}")
    for part in ("Not everybody says the same", "We go by:", "A scan after the end of the road", "Different since"):
        assert part in text
    (one,) = seen(order).differing
    assert (one.believed.says, one.other.says, one.why) == ("status.delivered", "status.in_transit", Why.STANDS)
    assert one.other.who == disputed.label
    assert "makes the status" in text


def test_page_tells_it_calmly_and_names_no_supplier(shop: Ledger, page: str, disputed: Connection) -> None:
    text = read(Client(), page)
    assert "Not every source says the same about this parcel." in text
    assert "Another source says: On the way" in text
    assert shop.supplier.label not in text


def test_a_parcel_on_which_all_agree_has_no_such_note(order: Order, alice: Client, page: str) -> None:
    assert "Not everybody says the same" not in read(alice, f"/orders/{order.id}")
    assert "Not every source" not in read(Client(), page)


@pytest.mark.parametrize(
    ("mark", "status", "named"),
    [("missing", "Delivered_Other", "Not received"), ("received", "InTransit_Other", "Delivered")],
)
def test_the_shoppers_word_stands_beside_the_scans(shop, order, alice, page, mark, status, named) -> None:
    shop.hears(shop.track(track17(NUMBER, *SCANS, scan(5.3, status, "Scanned"), key=3011)))
    Parcel.objects.filter(ws=shop.ws).update(mark=mark)
    text = read(alice, f"/orders/{order.id}")
    assert "Only scans change the status." in text and named in text and "the shopper" in text
    assert f"You told the shop: {named}" in read(Client(), page)


def test_a_store_or_supplier_that_calls_it_delivered_is_named(shop: Ledger, order: Order, alice: Client) -> None:
    parcel = Parcel.objects.get(ws=shop.ws)
    ChannelState.objects.create(ws=shop.ws, order_id=order.id, parcel_id=parcel.id, shown="delivered", seen_at=shop.at)
    Purchase.objects.filter(ws=shop.ws).update(state="delivered")
    words = {(one.other.who, one.other.says, one.why) for one in seen(order).differing}
    assert words == {(label, "status.delivered", Why.SCANS) for label in ("Woocommerce", "Cjdropshipping")}
    Connection.objects.filter(id=shop.supplier.id).delete()
    assert "a removed connection" in read(alice, f"/orders/{order.id}")


def test_what_a_carrier_took_back_is_shown_apart(shop: Ledger, order: Order, alice: Client, page: str) -> None:
    shop.hears(shop.track(track17(NUMBER, *SCANS, DONE, key=3011)), shop.track(track17(NUMBER, *SCANS, key=3011)))
    parcel = seen(order)
    assert [one.text for one in parcel.lost] == ["Left with a neighbour"]
    assert "Left with a neighbour" not in [one.text for one in parcel.scans]
    text = read(alice, f"/orders/{order.id}")
    assert "Not said any more (1)" in text and "Its source does not say it any more." in text
    assert "Said before, and taken back since: Delivered" in read(Client(), page)


def test_scans_before_the_purchase_or_in_the_future_are_shown_apart(shop, order, alice, page) -> None:
    strange, ahead = scan(-20, "Delivered_Other", "Somebody else's"), scan(40, "Exception_Lost", "Next month")
    shop.hears(shop.track(track17(NUMBER, strange, *SCANS, ahead, key=3011)))
    scans = {one.text: one for one in seen(order).scans}
    assert scans["Somebody else's"].stranger and scans["Next month"].ahead
    assert "in the future: not counted yet" in read(alice, f"/orders/{order.id}")
    text = read(Client(), page)
    assert "Next month" not in text and "Somebody else" not in text


def test_the_scan_that_makes_the_status_is_never_folded(shop: Ledger, order: Order, disputed: Connection) -> None:
    shop.hears(shop.arrival(disputed, "track", track17(NUMBER, DONE, key=3011)))
    (driving,) = [one for one in seen(order).scans if one.drives]
    (twin,) = [one for one in seen(order).scans if one.again]
    assert not driving.again and not twin.drives and twin.text == driving.text


def test_a_day_without_an_hour_is_shown_as_a_day(shop: Ledger, order: Order, alice: Client, page: str) -> None:
    day = ((START + timedelta(days=5)).date().isoformat(), "InTransit_Arrival", "Arrived some time")
    shop.hears(shop.track(track17(NUMBER, day, key=3011)))
    assert seen(order).scans[0].day_only
    for text in (read(alice, f"/orders/{order.id}"), read(Client(), page)):
        assert "00:00" not in text.partition("Arrived some time")[2].partition("</li>")[0]


def test_another_boxs_scans_contradict_nothing(shop: Ledger, order: Order) -> None:
    other = "LX987654325CN"
    both = (("t1", NUMBER, "China Post"), ("t1", other, "China Post"))
    lines = ((501, "LAMP-1", 2), (502, "SHADE-2", 1))
    shop.hears(shop.woo(woo(1001, lines=lines, shipped=both, modified=START + timedelta(days=5))))
    shop.hears(shop.track(track17(NUMBER, *SCANS, DONE, key=3011)))
    shop.hears(shop.track(track17(other, scan(5.6, "InTransit_Other", "On its way"), key=3011)))
    parcel = seen(order)
    assert {one.number for one in parcel.scans} == {NUMBER, other}
    assert not parcel.differing


def test_both_legs_of_one_way_are_heard(shop: Ledger, order: Order) -> None:
    stray = scan(5.8, "InTransit_Other", "Left the airport")
    shop.hears(shop.track(track17(NUMBER, *SCANS, stray, key=3011, local=USPS)))
    shop.hears(shop.track(track17(USPS, DONE)))
    (one,) = seen(order).differing
    assert (one.believed.says, one.other.says, one.why) == ("status.delivered", "status.in_transit", Why.STANDS)
