"""The list of all messages with shoppers, answering with facts, saved replies, who sees to what."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.shopper import talks, threads
from doorstep.app.shopper.talks import Wanted
from doorstep.db.models import Membership, Order, SavedReply, Talk, ThreadMessage, User
from tests.app.ledger import Ledger


@pytest.fixture
def asked(shop: Ledger, order: Order) -> Order:
    """The shopper of order 1001 wrote."""
    threads.ask(order.ws, order.id, "Where is my lamp?")
    return order


def listed(client: Client, query: str = "") -> str:
    found = re.search(
        r"<ul class=\"list card board.*?</ul>", client.get(f"/messages{query}").content.decode(), re.DOTALL
    )
    return found[0] if found else ""


def test_list_holds_what_waits_what_is_overdue_and_what_was_answered(shop: Ledger, asked: Order, alice: Client) -> None:
    assert "Where is my lamp?" in listed(alice) and "ines@buyer.example" in listed(alice, "?show=waiting")
    assert listed(alice, "?show=overdue") == listed(alice, "?show=answered") == ""
    late = clock.now() - timedelta(hours=1)
    Talk.objects.filter(ws=shop.ws).update(due_at=late)
    assert "An answer was due" in listed(alice, "?show=overdue")
    alice.post(f"/orders/{asked.id}/answer", {"body": "On its way.", "close": "on"})
    assert "On its way." in listed(alice, "?show=closed") and listed(alice, "?show=waiting") == ""
    counts = talks.inbox(shop.ws, Wanted(), clock.now()).counts
    assert counts == {"open": 0, "waiting": 0, "overdue": 0, "answered": 0, "closed": 1}
    alice.post(f"/orders/{asked.id}/talk", {"do": "reopen"})
    assert "On its way." in listed(alice, "?show=answered")


def test_list_is_searched_by_order_buyer_and_words_and_narrowed_to_a_store(
    shop: Ledger, asked: Order, alice: Client
) -> None:
    for query in ("1001", "ines", "LAMP", f"&store={shop.store.id}"):
        assert "Where is my lamp?" in listed(alice, f"?q={query}"), query
    for query in ("?q=nowhere", "?store=12345", "?mine=1", "?q=1001&page=9", "?store=x&page=y&q=nowhere"):
        assert listed(alice, query) == "", query


def test_thread_is_assigned_to_somebody_of_the_team_and_to_nobody_else(
    shop: Ledger, asked: Order, alice: Client, charlie: Client
) -> None:
    bob = User.objects.get(email="bob@example.org")
    assert alice.post(f"/orders/{asked.id}/talk", {"do": "assign", "user": bob.id}).status_code == 302
    assert "bob@example.org" in listed(alice) and listed(alice, "?mine=1") == ""
    stranger = User.objects.get(email="charlie@example.org")
    assert alice.post(f"/orders/{asked.id}/talk", {"do": "assign", "user": stranger.id}).status_code == 404
    assert alice.post(f"/orders/{asked.id}/talk", {"do": "sell"}).status_code == 404
    assert charlie.post(f"/orders/{asked.id}/talk", {"do": "close"}).status_code == 404
    assert "lamp" not in charlie.get("/messages").content.decode()
    alice.post(f"/orders/{asked.id}/talk", {"do": "close"})
    assert "Closed" in alice.get(f"/orders/{asked.id}").content.decode()
    assert threads.waiting(shop.ws) == {}


def test_answer_takes_the_ticked_facts_along_and_the_page_shows_them_in_the_readers_language(
    asked: Order, alice: Client, page: str
) -> None:
    screen = alice.get(f"/orders/{asked.id}").content.decode()
    key = re.search(r'name="fact" value="(scan:\d+)"', screen)
    assert key is not None and "It is not mailed" in screen
    alice.post(f"/orders/{asked.id}/answer", {"body": "", "fact": [key[1], "scan:1", "price:9"]})
    row = ThreadMessage.objects.get(by__startswith="user:")
    assert [one["kind"] for one in row.facts] == ["scan"] and row.body == ""
    assert "letzter Scan" in Client().get(f"{page}?lang=de").content.decode()
    assert "Attached, as it stood then" in alice.get(f"/orders/{asked.id}").content.decode()
    assert b"Write something first" in alice.post(f"/orders/{asked.id}/answer", {"body": " "}, follow=True).content


def test_saved_reply_is_filled_for_its_order_and_kept_by_its_name(asked: Order, alice: Client, charlie: Client) -> None:
    alice.post("/messages/replies/keep", {"name": "Soon", "body": "{order} of {store} is on its way {really}"})
    alice.post("/messages/replies/keep", {"name": "Soon", "body": "Order {order} of {store} {really}"})
    assert b"needs a name" in alice.post("/messages/replies/keep", {"name": "x", "body": " "}, follow=True).content
    one = SavedReply.objects.get()
    assert "Order {order} of {store}" in alice.get("/messages/replies").content.decode()
    filled = "Order 1001 of Woocommerce {really}"
    assert f'data-insert="{filled}"' in alice.get(f"/orders/{asked.id}").content.decode()
    assert f">{filled}</textarea>" in alice.get(f"/orders/{asked.id}?reply={one.id}").content.decode()
    assert charlie.post("/messages/replies/keep", {"remove": one.id}).status_code == 404
    assert "Soon" not in charlie.get("/messages/replies").content.decode()
    alice.post("/messages/replies/keep", {"remove": one.id})
    assert not SavedReply.objects.exists()


def test_viewer_reads_the_list_and_changes_nothing(shop: Ledger, asked: Order, bob: Client) -> None:
    Membership.objects.filter(ws=shop.ws, user_id=User.objects.get(email="bob@example.org").id).update(role="viewer")
    assert "lamp" in listed(bob) and "Saved replies" not in bob.get("/messages").content.decode()
    for path in (f"/orders/{asked.id}/talk", "/messages/replies/keep"):
        assert bob.post(path, {"do": "close"}).status_code == 403
    assert bob.get("/messages/replies").status_code == 403
