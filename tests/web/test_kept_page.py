"""A page is drawn once, and again as soon as anything it is made from has changed."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from doorstep.app import clock, doors
from doorstep.app.shopper import page_view
from doorstep.db import page_rows
from doorstep.db.mark import mark
from doorstep.db.models import Connection, Line, Order, Parcel, Resync, Scans, Schedule
from doorstep.web.kept import Kept
from tests.app.ledger import Ledger, scan, track17
from tests.web.conftest import NUMBER, SCANS

# What a page reads beside: who the door belongs to, other parcels of the same way (learned for an hour), packed scans.
BESIDE = {"doorstep_door", "doorstep_workspace", "doorstep_health", "doorstep_budget"}
OFTEN = 200  # a server of PostgreSQL counts all its databases' changes together: what runs beside is in the way


def drawn(page: str) -> tuple[str, int]:
    """The page, and how many queries it took."""
    with CaptureQueriesContext(connection) as queries:
        text = Client().get(page).content.decode()
    return text, len(queries)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute in which nothing but the ledger changes."""
    now = clock.now().replace(second=1)
    monkeypatch.setattr(clock, "now", lambda: now)


def test_same_page_is_drawn_once(page: str) -> None:
    first, many = drawn(page)
    again, few = drawn(page)
    assert first == again
    assert few == 2 < many


def test_every_table_of_a_page_is_in_what_it_is_kept_by(shop: Ledger, order: Order) -> None:
    with CaptureQueriesContext(connection) as queries:
        page_view.page_view(shop.ws, order.id)
    read = {table for one in queries for table in re.findall(r"doorstep_\w+", one["sql"])}
    assert read - BESIDE <= {model._meta.db_table for model, _ in page_rows._ROWS}


def test_news_are_on_the_page_at_once(shop: Ledger, page: str) -> None:
    drawn(page)
    shop.hears(shop.track(track17(NUMBER, *SCANS, scan(5.5, "Delivered_Other", "Left with a neighbour"), key=3011)))
    assert "Left with a neighbour" in drawn(page)[0]


def test_whatever_changes_is_drawn_anew(shop: Ledger, order: Order, page: str) -> None:
    later = clock.now() + timedelta(days=3)
    changes = (
        lambda: Line.objects.filter(ws=shop.ws).update(title="Another lamp"),
        lambda: Parcel.objects.filter(ws=shop.ws).update(mark="received"),
        lambda: Schedule.objects.filter(ws=shop.ws).update(next_at=later),
        lambda: Connection.objects.filter(ws=shop.ws, kind="store").update(label="New name"),
        lambda: Scans.objects.filter(ws=shop.ws).delete(),
    )
    drawn(page)
    for change in changes:
        change()
        assert drawn(page)[1] > 2, change


def test_running_resync_is_never_kept(shop: Ledger, page: str) -> None:
    parcel = Parcel.objects.get(ws=shop.ws)
    Client().post(f"{page}/resync", {"parcel": parcel.id})
    assert Resync.objects.filter(ws=shop.ws).exists()
    drawn(page)
    assert drawn(page)[1] > 2


def test_other_minute_is_another_page(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(page)
    now = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert drawn(page)[1] > 2


def test_revoked_link_opens_nothing_that_was_kept(shop: Ledger, order: Order, page: str) -> None:
    drawn(page)
    doors.revoke(shop.ws, "page", order.id, "user:1")
    assert Client().get(page).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_nothing_is_read_again_until_something_is_committed(shop: Ledger, order: Order, page: str) -> None:
    first, many = drawn(page)
    assert many > 2
    assert any(drawn(page) in {(first, 0), (first, 1)} for _ in range(OFTEN))
    assert drawn(f"{page}?lang=de")[0] != first
    assert "Sprache" in Client().get(page, HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert drawn(page)[0] == first
    elsewhere(lambda: Line.objects.filter(ws=shop.ws).update(title="Another lamp"))
    assert "Another lamp" in drawn(page)[0]
    Line.objects.filter(ws=shop.ws).update(title="A third lamp")
    assert "A third lamp" in drawn(page)[0]
    doors.revoke(shop.ws, "page", order.id, "user:1")
    assert Client().get(page).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_mark_tells_of_everything_that_was_committed(shop: Ledger) -> None:
    lines = Line.objects.filter(ws=shop.ws)
    assert any(mark() == mark() for _ in range(OFTEN))
    before = mark()
    lines.update(title="Mine")
    mine = mark()
    elsewhere(lambda: lines.update(title="Another's"))
    assert len({before, mine, mark(), None}) == 4
    with transaction.atomic():
        assert mark() is None


def elsewhere(do: Callable[[], object]) -> None:
    """Do it in another thread, and so on another connection."""

    def alone() -> None:
        do()
        connection.close()

    thread = threading.Thread(target=alone)
    thread.start()
    thread.join()


def test_pages_longest_not_looked_at_go_first() -> None:
    kept = Kept(most=10)
    kept.put("/a", b"1", b"aaaa")
    kept.put("/b", b"1", b"bbbb")
    assert kept.get("/a", b"1") == b"aaaa"
    kept.put("/c", b"1", b"cccc")
    assert [kept.get(path, b"1") for path in ("/a", "/b", "/c")] == [b"aaaa", None, b"cccc"]
    kept.put("/a", b"2", b"aa")
    assert (kept.get("/a", b"1"), kept.get("/a", b"2"), kept.size) == (None, b"aa", 6)
