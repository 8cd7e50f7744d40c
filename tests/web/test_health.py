"""The health board of carriers in the console."""

from collections import Counter
from datetime import timedelta

from django.test import Client

from doorstep.app import clock
from doorstep.app.vendors.health import Pulse, note
from doorstep.db.models import Budget
from tests.app.ledger import Ledger


def test_an_account_that_was_not_asked_says_so(shop: Ledger, alice: Client) -> None:
    text = alice.get(f"/connections/{shop.carrier.id}").content.decode()
    assert "It has not been asked in this time." in text
    assert "The last 24 hours" not in alice.get(f"/connections/{shop.store.id}").content.decode()


def test_the_figures_of_a_day_are_shown(shop: Ledger, alice: Client) -> None:
    pulses = [Pulse(numbers=40, events=100, words=Counter(X=30), unreadable=1, seconds=0.4)] * 3
    note(shop.carrier, [*pulses, Pulse(failed=1, seconds=2.0)], clock.now())
    text = alice.get(f"/connections/{shop.carrier.id}").content.decode()
    for words in ("75% of 4 calls, about 120 numbers", "0.8 s on average, 2.0 s at most", "in 30.0% of the scans told"):
        assert words in text
    assert "Speaks differently" in text and "3 parts of answers" in text
    assert "75% answered, 0.8 s" in alice.get("/connections").content.decode()


def test_an_account_that_does_not_answer_stands_out(shop: Ledger, alice: Client, charlie: Client) -> None:
    since = clock.now() - timedelta(hours=2)
    Budget.objects.create(ws=shop.ws, connection_id=shop.carrier.id, failures=5, failing_since=since)
    text = alice.get(f"/connections/{shop.carrier.id}").content.decode()
    assert "Nothing has come back since" in text and "leaves it alone for a while" in text
    assert "Not answering" in alice.get("/connections").content.decode()
    assert "Not answering" not in charlie.get("/connections").content.decode()
