"""Which supplier gives numbers how, on the console and in the documentation."""

from django.test import Client

from doorstep.connectors import support
from doorstep.connectors.contract import Can
from doorstep.connectors.mail.senders import merchants
from doorstep.connectors.registry import connectors
from doorstep.connectors.support import Way, find, suppliers
from tests.app.ledger import Ledger


def test_list_promises_what_there_is_and_nothing_else() -> None:
    by_name = {one.name: one for one in suppliers()}
    reading = {name for name, one in connectors("supplier").items() if Can.PURCHASES in one.meta.can}
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
    assert len(support.EVERY) == 4
