"""The list of what was given up, and the word about refused credentials, in the console."""

from dataclasses import asdict

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.members import workspaces
from doorstep.core.message import Message
from doorstep.core.roles import Member
from doorstep.db.models import Connection, Order, Outbox
from tests.app.ledger import Ledger
from tests.web.conftest import login

WHY = asdict(Message(id="mail.not_sent", values={"problem": "mailbox is full"}))


@pytest.fixture
def lost(shop: Ledger, order: Order) -> Outbox:
    """A mail to a buyer that no server took."""
    return Outbox.objects.create(
        ws=shop.ws, lane="mail", target_id=order.id, payload_ref=1, intent_key="1:delivered", state="dead",
        due_at=clock.now(), tries=12, error=WHY,
    )  # fmt: skip


def test_the_menu_leads_there_while_there_is_anything(alice: Client, lost: Outbox) -> None:
    assert 'href="/given-up"' in alice.get("/").content.decode()
    text = alice.get("/given-up").content.decode()
    assert "mailbox is full" in text and "given up after 12 tries" in text and "was delivered" in text
    Outbox.objects.filter(id=lost.id).delete()
    assert 'href="/given-up"' not in alice.get("/").content.decode()
    assert "Nothing was given up" in alice.get("/given-up").content.decode()


def test_one_is_tried_again_one_is_left(alice: Client, lost: Outbox) -> None:
    text = alice.post(f"/given-up/{lost.id}", {"do": "leave"}, follow=True).content.decode()
    assert "It stays as it is" in text and Outbox.objects.get(id=lost.id).state == "left"
    assert alice.post(f"/given-up/{lost.id}", {"do": "again"}).status_code == 404
    Outbox.objects.filter(id=lost.id).update(state="dead")
    text = alice.post(f"/given-up/{lost.id}", {"do": "again"}, follow=True).content.decode()
    assert "tried again now" in text and Outbox.objects.get(id=lost.id).state == "due"


def test_all_are_tried_again(alice: Client, lost: Outbox) -> None:
    assert "1 is tried again now." in alice.post("/given-up/all", follow=True).content.decode()


def test_a_stranger_neither_sees_nor_moves_it(charlie: Client, lost: Outbox) -> None:
    assert "mailbox is full" not in charlie.get("/given-up").content.decode()
    assert charlie.post(f"/given-up/{lost.id}", {"do": "again"}).status_code == 404
    charlie.post("/given-up/all")
    assert Outbox.objects.get(id=lost.id).state == "dead"


def test_who_may_only_look_moves_nothing(shop: Ledger, lost: Outbox) -> None:
    workspaces.join(shop.ws, "vera@example.org", "correct horse battery", Member.VIEWER)
    vera = login("vera@example.org")
    text = vera.get("/given-up").content.decode()
    assert "mailbox is full" in text and "Try again" not in text
    assert vera.post(f"/given-up/{lost.id}", {"do": "again"}).status_code == 403


def test_refused_credentials_are_said_on_every_screen_until_mended(
    shop: Ledger, alice: Client, charlie: Client
) -> None:
    Connection.objects.filter(id=shop.store.id).update(state="denied")
    for path in ("/", "/look", "/given-up"):
        assert "refuses its credentials" in alice.get(path).content.decode()
    assert "refuses its credentials" not in charlie.get("/").content.decode()
    connect.remove(shop.ws, shop.store.id, "user:1")
    assert "refuses its credentials" not in alice.get("/").content.decode()
