"""Which supplier gives numbers how, on the console and in the documentation."""

from datetime import timedelta

from django.test import Client

from doorstep.app import clock
from doorstep.connectors import support
from doorstep.connectors.contract import Can
from doorstep.connectors.mail.senders import merchants
from doorstep.connectors.registry import connectors
from doorstep.connectors.support import Way, find, suppliers
from doorstep.db.models import Connection, Parcel, ParcelNumber, Purchase
from tests.app.ledger import Ledger, connect


def test_list_promises_what_there_is_and_nothing_else() -> None:
    by_name = {one.name: one for one in suppliers()}
    reading = {name for name, one in connectors("supplier").items() if Can.PURCHASES in one.meta.can} - {"sheet_link"}
    assert {name for name, one in by_name.items() if Way.AUTOMATIC in one.ways} == reading
    assert {name for name, one in by_name.items() if Way.MAIL in one.ways} == set(merchants())
    assert by_name["taobao"].ways == (Way.HAND,)
    assert {say.id for say in by_name["taobao"].how} == {"support.hand"}


def test_supplier_is_found_by_parts_of_its_names_and_by_its_domain() -> None:
    assert [one.name for one in find("ali exp")] == ["aliexpress"]
    assert [one.name for one in find("淘宝")] == ["taobao"]
    assert "temu" in [one.name for one in find("temuemail")]
    assert find("") == suppliers()
    assert find("no such shop") == ()


def test_console_finds_a_supplier_and_says_what_to_do_for_an_unknown_one(shop: Ledger, alice: Client) -> None:
    text = alice.get("/suppliers?q=CJ").content.decode()
    assert "CJdropshipping" in text and "Amazon" not in text
    assert "connected" in text and 'href="/connections/new/supplier/cjdropshipping"' not in text
    assert 'href="/connections/new/supplier/printful"' in alice.get("/suppliers?q=printful").content.decode()
    text = alice.get("/suppliers?q=Nowhere").content.decode()
    assert "“Nowhere” is not known by name" in text and "Forward its shipping mails" in text


def test_viewer_of_the_list_is_not_offered_to_connect(shop: Ledger, bob: Client) -> None:
    text = bob.get("/suppliers?q=printful").content.decode()
    assert "Printful" in text and "/connections/new" not in text


def test_every_supplier_can_be_served_by_hand() -> None:
    assert all(one.ways[-1] is Way.HAND for one in suppliers())
    assert len(support.EVERY) == 5


def buy_account(shop: Ledger, alice: Client) -> Connection:
    alice.post("/connections/new/supplier/buy_account", {"shop": "Amazon"})
    return Connection.objects.get(ws=shop.ws, connector="buy_account")


def test_buy_account_says_how_it_works_and_what_is_missing(shop: Ledger, alice: Client, bob: Client) -> None:
    one = buy_account(shop, alice)
    text = bob.get(f"/connections/{one.id}").content.decode()
    assert "is entered by a person" not in text and "are entered by a person" in text
    assert "Forward one of its shipping mails" in text and 'class="badge tone-bad"' in text
    assert "Is everything set up?" in alice.get(f"/connections/{shop.supplier.id}").content.decode()


def test_what_was_bought_is_entered_many_at_once_and_on_the_order(shop: Ledger, alice: Client, bob: Client) -> None:
    one = buy_account(shop, alice)
    lines = "1001, 111-1234567-1234567\n9999, 112-1234567-1234567"
    text = bob.post(f"/connections/{one.id}/bought", {"lines": lines}, follow=True).content.decode()
    assert "1 purchase is known" in text and "Line 2 was left out." in text
    order = shop.order(1002)
    path = f"/orders/{order.id}/bought"
    said = {"account": one.id, "number": "B-1"}
    assert "does not look like an order number of Amazon" in bob.post(path, said, follow=True).content.decode()
    assert Purchase.objects.get(ws=shop.ws, external_id="B-1").matched_order_id == order.id
    assert bob.post(path, {**said, "account": shop.supplier.id}).status_code == 404
    assert bob.post("/orders/1/bought", said).status_code == 404


def test_scorecard_says_how_much_is_behind_it(shop: Ledger, alice: Client, charlie: Client) -> None:
    Parcel.objects.filter(ws=shop.ws).update(first_scan_at=None)
    ParcelNumber.objects.filter(ws=shop.ws).update(since=clock.now() - timedelta(days=40))
    text = alice.get("/suppliers/record").content.decode()
    assert "Cjdropshipping" in text and "few parcels" in text and "1 of 1" in text and "100%" in text
    assert "Payment to number" in text and "not known" in text
    assert "No purchase is known" in charlie.get(f"/suppliers/record?days=365&of={shop.store.id}").content.decode()


def test_scorecard_is_of_one_store_where_one_is_chosen(shop: Ledger, alice: Client) -> None:
    second = connect(shop.ws, "store", "csv", shop.store.connected_at)
    assert "Cjdropshipping" in alice.get(f"/suppliers/record?of={shop.store.id}&days=30").content.decode()
    assert "Cjdropshipping" not in alice.get(f"/suppliers/record?of={second.id}").content.decode()
