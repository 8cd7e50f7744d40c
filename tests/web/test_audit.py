"""The audit log: filtered, page by page, as a file, and whether its chain is whole."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from doorstep.app.audit import record
from doorstep.app.overview import trail
from doorstep.app.overview.trail import Filter
from doorstep.db.models import Audit, Order, User
from tests.app.ledger import Ledger


@pytest.fixture
def busy(shop: Ledger, order: Order) -> Ledger:
    bob = User.objects.get(email="bob@example.org").pk
    record(shop.ws, f"user:{bob}", "note.add", f"order:{order.id}")
    record(shop.ws, "cli", "connection.save", f"supplier:{shop.supplier.id}")
    record(shop.ws, "cli", "policy.save", f"store:{shop.store.id}")
    record(shop.ws, "cli", "policy.save", "=store:1")
    record(shop.ws, "cli", "no.such.verb", "order:none")
    return shop


def test_what_fits_is_shown_with_names_instead_of_numbers(busy: Ledger, order: Order, alice: Client) -> None:
    everything = alice.get("/audit").content.decode()
    assert "bob@example.org" in everything and f'href="/orders/{order.id}"' in everything
    assert "no.such.verb" in everything, "what has no sentence is shown as it is"
    for query, there, gone in (
        ("verb=note.add", "A note was written", "order:none"),
        ("who=cli", "rules were changed", "bob@example.org · "),
        (f"about={order.number}", "A note was written", "order:none"),
        (f"about={busy.store.label}", busy.store.label, f"store:{busy.store.id}"),
        (f"about={busy.supplier.label}", "A connection was saved", f"supplier:{busy.supplier.id}"),
        ("about=order:none", "no.such.verb", "A note was written</"),
        ("until=2001-01-01", "Nothing fits", "order:none"),
        ("since=never&until=9999-12-31", "order:none", "Nothing fits"),
    ):
        listed = alice.get(f"/audit?{query}").content.decode().partition('<ul class="list">')[2] or "Nothing fits"
        assert there in listed, query
        assert gone not in listed, query


def test_days_are_those_of_the_workspace(busy: Ledger) -> None:
    day = Audit.objects.filter(ws=busy.ws).latest("id").at.date()
    assert trail.page(busy.ws, Filter(since=day, until=day)).entries
    assert not trail.page(busy.ws, Filter(since=day + timedelta(days=2))).entries


def test_pages_follow_one_another_and_lose_nothing(busy: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [one.id for one in trail.page(busy.ws, Filter()).entries]
    monkeypatch.setattr(trail, "SIZE", 2)
    seen, after = list[int](), 0
    while page := trail.page(busy.ws, Filter(), after):
        seen += [one.id for one in page.entries]
        after = page.after
        if not after:
            break
    assert seen == whole and len(whole) > 2


def test_file_holds_what_fits_and_runs_nothing(busy: Ledger, alice: Client, bob: Client) -> None:
    answer = alice.get("/audit.csv?who=cli")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [one["verb"] for one in rows][-2:] == ["policy.save", "no.such.verb"]
    assert rows[-2]["subject"] == "'=store:1", "a spreadsheet runs no formula"
    assert len(rows[-1]["previous"]) == 64
    assert bob.get("/audit").status_code == 403


def test_changed_entry_is_told(busy: Ledger, alice: Client) -> None:
    assert b"The chain is whole" in alice.get("/audit?check").content
    assert b"The chain" not in alice.get("/audit?after=nonsense").content
    entry = Audit.objects.filter(ws=busy.ws, verb="note.add").get()
    Audit.objects.filter(id=entry.id).update(subject="order:1")
    assert b"The chain is broken" in alice.get("/audit?check").content
