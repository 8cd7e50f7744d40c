"""What a shopper takes along: a calendar that follows the estimate, and the page's address as a QR code."""

import re
from datetime import timedelta

from django.test import Client

from doorstep.app import clock, say
from doorstep.db.models import Order, Parcel
from tests.app.ledger import Ledger


def test_calendar_holds_the_days_and_keeps_its_event_when_they_change(shop: Ledger, page: str) -> None:
    today = clock.now().date()
    Parcel.objects.filter(ws=shop.ws).update(eta_from=today, eta_to=today + timedelta(days=2))
    first = Client().get(f"{page}/calendar.ics?lang=de")
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    text = first.content.decode()
    assert f"DTSTART;VALUE=DATE:{today:%Y%m%d}\r\nDTEND;VALUE=DATE:{today + timedelta(days=3):%Y%m%d}\r\n" in text
    assert "SUMMARY:Paket von Woocommerce erwartet (1001)\r\n" in text and "NAME:Woocommerce 1001\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert f"{page}/calendar.ics" in Client().get(page).content.decode()
    Parcel.objects.filter(ws=shop.ws).update(eta_to=today + timedelta(days=5))
    again = Client().get(f"{page}/calendar.ics").content.decode()
    assert re.search(r"UID:\S+", again)[0] == re.search(r"UID:\S+", text)[0]
    assert f"{today + timedelta(days=6):%Y%m%d}" in again


def test_nothing_expected_is_an_empty_calendar_and_no_link(shop: Ledger, page: str) -> None:
    Parcel.objects.filter(ws=shop.ws).update(status="delivered", closed_at=clock.now())
    assert "VEVENT" not in Client().get(f"{page}/calendar.ics").content.decode()
    assert "calendar.ics" not in Client().get(page).content.decode()


def test_qr_code_is_a_picture_of_the_pages_address(page: str) -> None:
    answer = Client().get(f"{page}/qr.svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b"<svg") and b"<path" in answer.content
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_erased_order_has_neither(order: Order, page: str) -> None:
    order.delete()
    assert Client().get(f"{page}/calendar.ics").status_code == 404
    with say.speaking("en"):
        assert Client().get("/t/AAAAAAAAAAAAAAAAAAAAAA/qr.svg").status_code == 404
