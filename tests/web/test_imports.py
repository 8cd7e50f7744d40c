"""Bringing a table of numbers, in the console and without JavaScript."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from doorstep.db.models import Inbox
from tests.app.ledger import OTHER, USPS, Ledger


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
