"""Bringing a table of numbers, in the console and without JavaScript."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from doorstep.app.receive import manual
from doorstep.db.models import Connection, Inbox, Order
from tests.app.ledger import OTHER, USPS, Ledger, connect


def bring(client: Client, text: str) -> str:
    """The path of the table's page."""
    answer = client.post("/import/bring", {"file": SimpleUploadedFile("numbers.csv", text.encode())})
    return str(answer.headers["Location"])


def page(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_first_table_is_led_to(shop: Ledger, bob: Client) -> None:
    empty = page(bob, "/import")
    assert "Nothing was brought yet" in empty and "/import/template.csv" in empty
    assert page(bob, "/import/template.csv").startswith("order,tracking_number")
    assert "paste at least one line" in bob.post("/import/bring", {"lines": " "}, follow=True).content.decode()


def test_a_table_is_looked_at_confirmed_and_taken_back(shop: Ledger, bob: Client) -> None:
    path = bring(bob, f"Order,Tracking\n1002,{USPS}\n77,{OTHER}\n")
    seen = page(bob, path)
    assert "Give 1 number to its order" in seen and "There is no order 77 here" in seen and "certain" in seen
    assert shop.order(1002).state == "placed"
    done = bob.post(f"{path}/do", {"do": "confirm", "order": "0", "number": "1"}, follow=True).content.decode()
    assert "1 number was given" in done and shop.order(1002).state == "shipped"
    assert "bob@example.org" in page(bob, "/import")
    assert "taken back" in bob.post(f"{path}/do", {"do": "undo"}, follow=True).content.decode()
    assert shop.order(1002).state == "placed"
    assert "nothing to take back" in bob.post(f"{path}/do", {"do": "undo"}, follow=True).content.decode()


def test_the_table_of_another_service_is_recognised(shop: Ledger, bob: Client) -> None:
    head = "tracking_number,courier,order_id,title,order_path"
    path = bring(bob, f"{head}\n{USPS},usps,1002,#1002,\n{OTHER},china-post,,no order,\n")
    seen = page(bob, path)
    assert "This is a table of AfterShip" in seen and "Give 1 number to its order" in seen
    assert "no order number in this row" in seen
    bob.post(f"{path}/do", {"do": "confirm"})
    assert shop.order(1002).state == "shipped"


def test_columns_are_chosen_by_hand_and_a_table_is_forgotten(shop: Ledger, bob: Client) -> None:
    path = bring(bob, f"Alpha,Beta\n{USPS},1002\n")
    assert "Say which column" in page(bob, path)
    assert "Give 1 number" in page(bob, path, order="1", number="0", sku="x")
    assert "not confirmed" in page(bob, "/import").lower()
    bob.post(f"{path}/do", {"do": "discard"})
    assert bob.get(path).status_code == 404 and bob.post(f"{path}/do", {"do": "x"}).status_code == 404


def test_what_is_no_table_says_so(shop: Ledger, bob: Client) -> None:
    assert "cannot be read as a table" in page(bob, bring(bob, "PK\x03\x04"))
    path = bring(bob, "1001")
    assert bob.post(f"{path}/do", {"do": "x"}).status_code == 404


def test_pasted_lines_hold_no_script(shop: Ledger, alice: Client) -> None:
    answer = alice.post("/import/bring", {"lines": "<script>alert(1)</script> x1"}, follow=True)
    assert b"<script>alert" not in answer.content and b"&lt;script&gt;" in answer.content


def test_charlie_sees_and_confirms_nothing(shop: Ledger, alice: Client, charlie: Client) -> None:
    path = bring(alice, f"1002 {USPS}")
    assert charlie.get(path).status_code == 404
    assert charlie.post(f"{path}/do", {"do": "confirm"}).status_code == 404
    assert "numbers.csv" not in page(charlie, "/import") and shop.order(1002).state == "placed"
    order = Inbox.objects.filter(ws=shop.ws).first()
    assert order is not None and alice.get(f"/import/{order.id}").status_code == 404


def test_rows_left_out_of_a_table_are_named_when_it_is_done(shop: Ledger, alice: Client) -> None:
    lines = f"order,tracking\n1002,{OTHER}\n4711,{USPS}\n"
    page = alice.post("/import/bring", {"lines": lines}).headers["Location"]
    alice.post(f"{page}/do", {"do": "confirm"})
    assert "There is no order 4711" in alice.get(page).content.decode()


def test_table_of_a_service_is_kept_with_it(shop: Ledger, alice: Client, charlie: Client) -> None:
    alice.post("/connections/new/supplier/fulfilled_by", {"service": "Porto", "domain": "porto.example"})
    one = Connection.objects.get(ws=shop.ws, connector="fulfilled_by")
    assert f'name="account" value="{one.id}"' in alice.get(f"/connections/{one.id}").content.decode()
    said = {"lines": f"order,tracking\n1002,{OTHER}\n", "account": one.id}
    page = alice.post("/import/bring", said).headers["Location"]
    alice.post(f"{page}/do", {"do": "confirm"})
    assert page in alice.get(f"/connections/{one.id}").content.decode()
    assert shop.order(1002).state == "shipped"
    assert charlie.post("/import/bring", said).status_code == 404
    assert charlie.get(page).status_code == 404


def test_shop_that_is_a_file_reads_orders_and_gives_numbers(shop: Ledger, alice: Client, bob: Client) -> None:
    store = connect(shop.ws, "store", "csv", shop.store.connected_at, settings={"zone": "UTC"})
    path = f"/connections/{store.id}"
    assert "Only look" in alice.get(path).content.decode()
    rows = "order,placed_at,sku,quantity\n7001,2026-06-01 10:30,LAMP,2\n7002,yesterday,LAMP,1\n"
    looked = bob.post(f"{path}/orders", {"file": SimpleUploadedFile("o.csv", rows.encode()), "do": "look"})
    text = looked.content.decode()
    assert "Nothing was kept" in text and "7001" in text and "7002" in text
    assert not Order.objects.filter(ws=shop.ws, store_id=store.id).exists()
    said = {"file": SimpleUploadedFile("o.csv", rows.encode()), "do": "take"}
    assert "1 order was read." in bob.post(f"{path}/orders", said).content.decode()
    order = Order.objects.get(ws=shop.ws, store_id=store.id)
    manual.type_number(shop.ws, order.id, USPS, actor="user:1")
    answer = alice.get(f"{path}/numbers.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="numbers.csv"' and USPS in answer.content.decode()
    assert bob.get(f"{path}/numbers.csv").status_code == 403
    assert "lacks these columns" in bob.post(f"{path}/orders", {"lines": "a,b"}, follow=True).content.decode()
    assert "paste at least one line" in bob.post(f"{path}/orders", {"lines": ""}, follow=True).content.decode()
    assert bob.post(f"/connections/{shop.store.id}/orders", {"lines": "a"}).status_code == 404
