"""Dates that must not be missed: on the screen, and in anybody's own calendar."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from doorstep.app import clock
from doorstep.app.members import workspaces
from doorstep.app.overview import deadlines, ical
from doorstep.core.deadline import What
from doorstep.db.models import Connection, Door, Membership, Order, Parcel, Purchase
from tests.app.ledger import Ledger
from tests.web.conftest import login


@pytest.fixture
def dated(shop: Ledger) -> Ledger:
    """Order 1002 has to be shipped in two days; the purchase of 1001 is protected, and its parcel waits for pickup."""
    now = clock.now()
    Order.objects.filter(ws=shop.ws, external_id="1002").update(ship_by=now + timedelta(days=2))
    Connection.objects.filter(id=shop.supplier.id).update(connector="aliexpress")
    Purchase.objects.filter(ws=shop.ws).update(protection_ends_at=now + timedelta(days=30))
    Parcel.objects.filter(ws=shop.ws).update(status="available_for_pickup", status_since=now - timedelta(days=1))
    return shop


def kinds(shop: Ledger, **asked: object) -> dict[str, str]:
    return {one.what.value: one.order for one in deadlines.upcoming(shop.ws, clock.now(), **asked)}  # type: ignore[arg-type]


def lines(body: bytes) -> list[str]:
    """Content lines of a calendar, checked for what RFC 5545 asks of their ends and widths, and unfolded."""
    text = body.decode()
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    raw = text.split("\r\n")[:-1]
    assert all(len(line.encode()) <= ical.WIDEST for line in raw)
    return re.sub(r"\r\n ", "", text).split("\r\n")[:-1]


def events(body: bytes) -> list[dict[str, str]]:
    """Properties of every event, unescaped; the brackets must fit."""
    found: list[dict[str, str]] = []
    depth: list[str] = []
    for line in lines(body):
        name, _, value = line.partition(":")
        if name == "BEGIN":
            depth.append(value)
            found += [{}] if value == "VEVENT" else []
        elif name == "END":
            assert depth.pop() == value
        elif depth == ["VCALENDAR", "VEVENT"]:
            assert name not in found[-1], f"{name} twice"
            plain = re.sub(r"\\([\\;,nN])", lambda one: "\n" if one[1] in "nN" else one[1], value)
            found[-1][name] = plain
    assert depth == []
    return found


def test_every_date_leads_to_its_order_until_it_is_settled(dated: Ledger) -> None:
    assert kinds(dated) == {
        "ship_by": "1002", "dispute": "1001", "protection": "1001", "closes": "1001", "pickup": "1001",
    }  # fmt: skip
    assert kinds(dated, only=[What.PICKUP]) == {"pickup": "1001"}
    assert set(kinds(dated, connection=dated.supplier.id)) == {"dispute", "protection", "closes"}
    assert set(kinds(dated, connection=dated.store.id)) == {"ship_by", "pickup"}
    Order.objects.filter(ws=dated.ws, external_id="1001").update(state="delivered")
    Parcel.objects.filter(ws=dated.ws).update(closed_at=clock.now())
    Order.objects.filter(ws=dated.ws, external_id="1002").update(ship_by=clock.now() - timedelta(days=15))
    assert kinds(dated) == {}


def test_screen_shows_what_is_ahead_and_what_was_missed(dated: Ledger, alice: Client) -> None:
    order = dated.order(1002)
    Order.objects.filter(id=order.id).update(ship_by=clock.now() - timedelta(days=1))
    text = alice.get("/deadlines").content.decode()
    assert "Missed in the last two weeks" in text and f'href="/orders/{order.id}"' in text
    assert "Last good day for a dispute" in text and "by the usual term" in text and 'href="#day-' in text
    text = alice.get("/deadlines?what=pickup&of=nobody").content.decode()
    assert "Waits to be picked up · " in text and "Ship by · " not in text
    empty = alice.get(f"/deadlines?what=refund&of={dated.supplier.id}").content.decode()
    assert "No date is ahead" in empty


def test_feed_is_a_calendar_without_a_word_about_the_buyer(dated: Ledger, alice: Client) -> None:
    assert ".ics" not in alice.get("/deadlines").content.decode()
    alice.post("/deadlines/feed", {"do": "make"})
    door = Door.objects.get(kind="ical")
    path = re.search(r"/calendar/[\w-]+\.ics", alice.get("/deadlines").content.decode())
    assert path is not None
    answer = Client().get(path[0])
    assert answer["Content-Type"].startswith("text/calendar")
    found = events(answer.content)
    assert len(found) == 5 and len({one["UID"] for one in found}) == 5
    assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "URL"} <= set(found[0])
    assert "Ship order 1002" in {one["SUMMARY"] for one in found}
    assert all(datetime.strptime(one["DTSTART"], "%Y%m%dT%H%M%SZ") for one in found)  # noqa: DTZ007 - Z is in it
    assert b"Ines" not in answer.content and b"buyer.example" not in answer.content
    assert [one["UID"] for one in events(Client().get(path[0]).content)] == [one["UID"] for one in found]
    alice.post("/deadlines/feed", {"do": "make"})
    assert Door.objects.get(kind="ical").id == door.id
    alice.post("/deadlines/feed", {"do": "revoke"})
    assert Client().get(path[0]).status_code == 404


def test_feed_ends_with_the_membership_and_opens_to_no_other_token(dated: Ledger, bob: Client) -> None:
    bob.post("/deadlines/feed", {"do": "make"})
    path = re.search(r"/calendar/[\w-]+\.ics", bob.get("/deadlines").content.decode())
    assert path is not None and Client().get(path[0]).status_code == 200
    user = Door.objects.get(kind="ical").target_id
    Membership.objects.filter(ws=dated.ws, user_id=user).delete()
    assert Client().get(path[0]).status_code == 404
    assert Client().get("/calendar/AAAAAAAAAAAAAAAAAAAAAA.ics").status_code == 404


def test_two_people_have_calendars_of_their_own(dated: Ledger, alice: Client) -> None:
    workspaces.create("Other", "dora@example.org", "correct horse battery")
    dora = login("dora@example.org")
    for one in (alice, dora):
        one.post("/deadlines/feed", {"do": "make"})
    path = re.search(r"/calendar/[\w-]+\.ics", dora.get("/deadlines").content.decode())
    assert path is not None and events(Client().get(path[0]).content) == []
    dora.post("/deadlines/feed", {"do": "revoke"})
    assert Door.objects.filter(kind="ical", revoked_at=None).count() == 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_survives_the_calendar(name: str, text: str) -> None:
    at = datetime.fromisoformat("2026-06-01T10:00:00+02:00")
    event = ical.Event(uid="1@doorstep", at=at, summary=text, description="a;b,c\\d\ne")
    (found,) = events(ical.calendar(name, [event], at))
    kept = "".join(one for one in text.replace("\r\n", "\n") if one == "\n" or one.isprintable())
    assert found["SUMMARY"] == kept
    assert found["DESCRIPTION"] == "a;b,c\\d\ne"
    assert found["DTSTART"] == "20260601T080000Z"
