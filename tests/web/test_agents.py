"""A supplier's private link: made on the connection's page, used without a login, a script or a cookie."""

import pytest
from django.test import Client

from doorstep.app import tries
from doorstep.app.receive import agents
from doorstep.db.models import Connection
from tests.app.ledger import OTHER, USPS, Ledger, connect


@pytest.fixture
def lamps(shop: Ledger) -> Connection:
    return connect(shop.ws, "supplier", "agent", shop.store.connected_at, settings={"skus": "LAMP-*"})


@pytest.fixture
def path(shop: Ledger, lamps: Connection) -> str:
    token = agents.make(shop.ws, lamps.id, "Ana of Lamps", 90, "user:1").url.rpartition("/")[2]
    return f"/s/{token}"


def test_the_owner_makes_and_closes_links(lamps: Connection, alice: Client) -> None:
    at = f"/connections/{lamps.id}"
    made = alice.post(f"{at}/links", {"do": "make", "name": "Ana", "days": "90"}, follow=True).content.decode()
    link = agents.links(lamps.ws, lamps.id)[0]
    assert link.url in made and "The link for Ana is ready" in made
    assert "Choose how long" in alice.post(f"{at}/links", {"do": "make", "name": "x"}, follow=True).content.decode()
    closed = alice.post(f"{at}/links", {"do": "revoke", "link": str(link.id)}, follow=True).content.decode()
    assert "There is no link yet" in closed
    assert alice.post(f"{at}/links", {"do": "revoke", "link": str(link.id)}).status_code == 404


def test_only_who_may_make_doors_sees_links(
    path: str, lamps: Connection, alice: Client, bob: Client, charlie: Client
) -> None:
    assert path in alice.get(f"/connections/{lamps.id}").content.decode()
    assert path not in bob.get(f"/connections/{lamps.id}").content.decode()
    assert bob.post(f"/connections/{lamps.id}/links", {"do": "make"}).status_code == 403
    assert charlie.post(f"/connections/{lamps.id}/links", {"do": "make"}).status_code == 404


def test_a_supplier_sees_orders_and_nobodys_name(path: str, shop: Ledger) -> None:
    answer = Client().get(path)
    text = answer.content.decode()
    assert "1002" in text and "LAMP-1" in text and "SHADE-2" not in text
    assert not [word for word in ("Ines", "Aroso", "Porto", "buyer.example", "4000-123") if word in text]
    assert not answer.cookies and "<script" not in text
    assert (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"]) == ("no-referrer", "private, no-store")


def test_a_supplier_types_numbers_beside_the_orders(path: str, shop: Ledger, lamps: Connection, alice: Client) -> None:
    client = Client(enforce_csrf_checks=True)
    (line,) = [one.line.id for one in agents.wanted(lamps) if one.order.number == "1002"]
    answer = client.post(f"{path}/bring", {f"number-{line}": USPS, "carrier": "USPS"})
    table = answer.headers["Location"]
    assert "Give 1 number to its order" in client.get(table).content.decode() and shop.order(1002).state == "placed"
    columns = {"order": "0", "number": "1", "carrier": "2", "sku": "3", "quantity": "4"}
    done = client.post(f"{table}/do", {"do": "confirm", **columns}, follow=True).content.decode()
    assert "1 number was given" in done and shop.order(1002).state == "shipped"
    again = client.post(f"{table}/do", {"do": "confirm", **columns})
    assert again.status_code == 422 and "nothing to give" in again.content.decode()
    assert "Ana of Lamps" in alice.get(f"/connections/{lamps.id}").content.decode()
    assert "Ana of Lamps" in alice.get(f"/orders/{shop.order(1002).id}").content.decode()
    file_id = table.rpartition("/")[2]
    assert "taken back" in alice.post(f"/import/{file_id}/do", {"do": "undo"}, follow=True).content.decode()


def test_nothing_typed_and_too_large_a_file_are_said(path: str) -> None:
    answer = Client().post(f"{path}/bring", {"carrier": "USPS"})
    assert answer.status_code == 422 and "paste at least one line" in answer.content.decode()


def test_a_link_opens_its_own_tables_only(path: str, shop: Ledger, lamps: Connection) -> None:
    client = Client()
    table = client.post(f"{path}/bring", {"lines": f"1002 {OTHER}"}).headers["Location"]
    token = agents.make(shop.ws, lamps.id, "Rui", 90, "user:1").url.rpartition("/")[2]
    other = table.replace(path, f"/s/{token}")
    assert client.get(other).status_code == 404 and client.post(f"{other}/do", {"do": "confirm"}).status_code == 404
    assert client.get(f"{path}/1").status_code == 404
    assert client.post(f"{table}/do", {"do": "x"}).status_code == 404
    assert client.post(f"{table}/do", {"do": "discard"}).headers["Location"] == path


def test_a_closed_link_says_so(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Ask the shop for a new one" in Client().get("/s/nothing").content.decode()
    monkeypatch.setitem(tries.LIMITS, "link", 0)
    assert Client().get(path).status_code == 429
