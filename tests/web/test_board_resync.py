"""The resync of whole stores, from the board."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.members import workspaces
from doorstep.core.roles import Member
from doorstep.db.models import Cooldown, Order, Resync, ResyncParcel, Watch
from tests.app.ledger import Ledger, connect
from tests.web.conftest import START, login


@pytest.fixture(autouse=True)
def asked_long_ago(shop: Ledger) -> None:
    Watch.objects.update(asked_at=clock.now() - timedelta(hours=1))


def press(client: Client, **form: str) -> str:
    return client.post("/resync/ask", {"range": "30d", **form}, follow=True).content.decode()


def test_the_button_offers_the_ranges_and_asks_nothing_by_itself(alice: Client) -> None:
    text = alice.get("/").content.decode()
    assert re.findall(r'name="range" value="(\w+)"', text) == ["30d", "60d", "7d", "today", "yesterday"]
    assert "Last 60 days" in text and not Resync.objects.exists()


def test_a_press_says_what_is_asked_and_shows_how_far_it_is(shop: Ledger, alice: Client) -> None:
    text = press(alice)
    assert "asking about 1 parcel" in text
    assert "0 of 1 parcels" in text and 'hx-trigger="every 2s"' in text
    assert "data-wait=" in text  # the countdown to the next time
    assert Resync.objects.get(ws=shop.ws).chosen == "30d"


def test_within_the_hour_it_is_refused_with_the_time(alice: Client) -> None:
    press(alice)
    assert "being resynced already" in press(alice)
    Resync.objects.update(ended_at=clock.now())
    assert "You can ask again from" in press(alice, range="today")
    assert Resync.objects.count() == 1


def test_a_store_is_chosen_where_there_are_several(shop: Ledger, alice: Client) -> None:
    other = connect(shop.ws, "store", "woocommerce", START)
    text = alice.get("/").content.decode()
    assert "All stores" in text and other.label in text
    press(alice, store=str(other.id))
    assert not Resync.objects.exists()  # it has no orders
    press(alice, store="")
    assert Resync.objects.get().target_id == shop.store.id


@pytest.mark.parametrize("wrong", [{"range": "1y"}, {"store": "17"}, {"store": "x"}])
def test_what_is_not_on_offer_is_not_found(alice: Client, wrong: dict[str, str]) -> None:
    assert alice.post("/resync/ask", {"range": "30d", **wrong}).status_code == 404


def test_a_stop_is_told_and_the_result_says_who_was_not_asked(shop: Ledger, alice: Client) -> None:
    press(alice)
    row = Resync.objects.get()
    assert alice.post(f"/resync/{row.id}/cancel").status_code == 302
    assert not ResyncParcel.objects.exists()
    text = alice.get("/resync").content.decode()
    assert "Stopping" in text and "1 parcel was not asked about" in text


def test_the_result_stays_until_the_next_is_possible(alice: Client) -> None:
    press(alice)
    said = {"answered": 1, "unanswered": 0, "changed": 0, "new_events": 0, "skipped": {}}
    ResyncParcel.objects.all().delete()
    Resync.objects.update(ended_at=clock.now(), said=said)
    text = alice.get("/resync").content.decode()
    assert "about 1 parcel." in text and "They have nothing new." in text and "hx-get" not in text
    Resync.objects.update(accepted_at=clock.now() - timedelta(hours=2))
    Cooldown.objects.update(next_allowed_at=clock.now())
    assert "nothing new" not in alice.get("/resync").content.decode()


def test_a_stranger_sees_and_stops_nothing(shop: Ledger, order: Order, alice: Client, charlie: Client) -> None:
    press(alice)
    row = Resync.objects.get()
    assert shop.store.label not in charlie.get("/resync").content.decode()
    assert charlie.post(f"/resync/{row.id}/cancel").status_code == 404
    assert charlie.post("/resync/ask", {"range": "7d", "store": str(shop.store.id)}).status_code == 404
    assert ResyncParcel.objects.count() == 1 and Resync.objects.count() == 1


def test_who_may_only_look_sees_the_progress_and_no_button(shop: Ledger, alice: Client) -> None:
    workspaces.join(shop.ws, "vera@example.org", "correct horse battery", Member.VIEWER)
    press(alice)
    vera = login("vera@example.org")
    text = vera.get("/").content.decode()
    assert "0 of 1 parcels" in text and "/resync/ask" not in text and "/cancel" not in text
    assert vera.post("/resync/ask", {"range": "7d"}).status_code == 403
