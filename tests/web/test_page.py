"""The shopper's page and the look-up."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from doorstep.app import clock, doors, tries
from doorstep.app.figures import lanes
from doorstep.db.models import Cooldown, Order, Parcel, Person, Resync, Tries, Watch
from doorstep.web import tags
from tests.app.ledger import Ledger, cj, woo
from tests.web.conftest import NUMBER


def read(path: str) -> str:
    return Client().get(path).content.decode()


@pytest.fixture
def followed(shop: Ledger, order: Order) -> Parcel:
    """The parcel of order 1001, watched by the carrier account."""
    now = clock.now()
    Watch.objects.filter(ws=shop.ws).update(asked_at=now, answered_at=now)
    return Parcel.objects.get(ws=shop.ws)


def test_page_tells_status_scans_number_and_carrier(page: str) -> None:
    text = read(page)
    for part in ("Woocommerce", "1001", "Out for delivery", NUMBER, "China Post", "UTC-4", "LAMP-1", "SHADE-2"):
        assert part in text
    assert "Still being prepared" in text
    assert re.search(rf'href="https://[^"]*{NUMBER}', text)


def test_page_says_when_it_comes_and_how_sure_that_is(page: str, followed: Parcel) -> None:
    now = clock.now()
    way = {"carrier": followed.carrier, "origin": followed.origin, "destination": followed.destination}
    for n in range(12):
        handed = now - timedelta(days=30 + n)
        done = {"handed_at": handed, "arrived_at": None, "closed_at": handed + timedelta(days=9, hours=n)}
        Parcel.objects.create(ws=followed.ws, status="delivered", **way, **done)
    Parcel.objects.filter(id=followed.id).update(out_at=None, handed_at=now - timedelta(days=2))
    lanes._kept.clear()
    assert "A fair estimate: 12 parcels took this way" in read(page)
    Parcel.objects.filter(id=followed.id).update(eta_to=now.date())
    assert "Expected by" in read(page)


def test_page_holds_nothing_personal(page: str) -> None:
    text = read(page)
    for part in ("Ines", "Aroso", "ines@", "351900", "4000-123"):
        assert part not in text


def test_page_stays_out_of_indexes_referers_caches_and_sets_no_cookie(page: str) -> None:
    answer = Client().get(page)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


def test_page_with_style_and_script_is_smaller_than_30_kb(page: str) -> None:
    files = ("page.css", "page.js", "mark.svg")
    size = len(read(page)) + sum((Path(tags.STATIC) / one).stat().st_size for one in files)
    assert size < 30_000


def test_page_is_complete_without_javascript(page: str, followed: Parcel) -> None:
    text = read(page)
    assert '<form method="post"' in text
    assert "Ask the carrier now" in text
    assert "<script>" not in text


def test_shared_parcel_shows_only_this_orders_part(shop: Ledger, page: str) -> None:
    shared = cj(ref="260620000000000009", order="1002", number=NUMBER, method="CJPacket Liquid", sku_line="601")
    shop.hears(shop.woo(woo(1002, lines=((601, "SECRET-GIFT", 1),), modified=shop.at)), shop.cj(shared))
    text = read(page)
    assert "LAMP-1" in text
    assert "SECRET-GIFT" not in text
    assert not re.search(r"\b1002\b", text)


def test_order_of_many_parcels_shows_all_of_them(shop: Ledger, page: str) -> None:
    other = cj(ref="260620000000000007", number="LX123459509CN", method="CJPacket Liquid", sku_line="502")
    shop.hears(shop.cj(other))
    text = read(page)
    assert "Parcel 1 of 2" in text
    assert "LX123459509CN" in text


def test_asking_is_accepted_once_in_five_minutes(shop: Ledger, page: str, followed: Parcel) -> None:
    client = Client(enforce_csrf_checks=True)
    first = client.post(f"{page}/resync", {"parcel": followed.id})
    assert (first.status_code, first.headers["Location"]) == (303, page)
    client.post(f"{page}/resync", {"parcel": followed.id})
    assert Resync.objects.filter(ws=shop.ws).count() == 1
    text = read(page)
    assert "Asking the carrier" in text
    assert re.search(r'disabled data-wait="(29\d|300)"', text)
    assert 'http-equiv="refresh"' in text


def test_answer_of_a_resync_says_what_came_of_it(shop: Ledger, page: str, followed: Parcel) -> None:
    Client().post(f"{page}/resync", {"parcel": followed.id})
    later = clock.now() + timedelta(seconds=1)
    Watch.objects.filter(ws=shop.ws).update(asked_at=later, answered_at=later)
    text = read(page)
    assert "Done." in text
    assert 'http-equiv="refresh"' not in text


def test_parcel_that_went_back_is_the_shops_turn_and_on_no_way(page: str, followed: Parcel) -> None:
    assert 'class="st"' in read(page)
    Parcel.objects.filter(id=followed.id).update(status="returned", status_since=clock.now(), reason="")
    text = read(page)
    assert "Back with the sender" in text and "Write to the shop if nothing has changed by" in text
    assert 'class="st"' not in text and "certain" not in text


def test_parcel_of_another_order_cannot_be_asked_about(shop: Ledger, page: str) -> None:
    stranger = Parcel.objects.create(ws=shop.ws)
    Client().post(f"{page}/resync", {"parcel": stranger.id})
    assert not Cooldown.objects.filter(ws=shop.ws).exists()


def test_looking_changes_nothing(shop: Ledger, page: str) -> None:
    assert Client().get(f"{page}/resync").status_code == 405
    assert not Resync.objects.filter(ws=shop.ws).exists()


@pytest.mark.parametrize("path", ["/t/nope", "/t/AAAAAAAAAAAAAAAAAAAAAA", "/find/nope"])
def test_unknown_link_says_what_to_do(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert b"ask the shop for a new link" in answer.content


def test_revoked_link_never_opens_again(order: Order, page: str) -> None:
    doors.revoke(order.ws, "page", order.id, "user:1")
    assert Client().get(page).status_code == 404
    assert doors.page_url(order.ws, order.id) != settings.PUBLIC_URL + page


def test_page_of_an_erased_order_says_what_to_do(order: Order, page: str) -> None:
    order.delete()
    assert Client().get(page).status_code == 404


@pytest.fixture
def find(shop: Ledger) -> str:
    return doors.lookup_url(shop.ws, shop.store.id).removeprefix(settings.PUBLIC_URL)


@pytest.mark.parametrize("secret", ["ines@buyer.example", " INES@BUYER.EXAMPLE", "4000-123", "4000 123", "0001"])
@pytest.mark.parametrize("number", ["1001", "#1001", " 1001 "])
def test_order_is_found_by_number_and_one_thing_only_the_buyer_knows(
    find: str, page: str, number: str, secret: str
) -> None:
    answer = Client().post(find, {"number": number, "secret": secret})
    assert answer.headers["Location"] == page


def test_wrong_and_unknown_get_the_same_answer(find: str, django_assert_num_queries) -> None:
    answers = []
    for number, secret in (("1001", "other@buyer.example"), ("9999", "ines@buyer.example"), ("1001", "")):
        with django_assert_num_queries(10):  # the same work, so that time tells nothing
            answer = Client().post(find, {"number": number, "secret": secret})
        answers.append((answer.status_code, answer.content.replace(number.encode(), b"#")))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404


def test_buyer_without_data_is_never_found(shop: Ledger, find: str) -> None:
    Person.objects.filter(ws=shop.ws).update(email="", phone="", postcode="")
    for secret in ("", " ", "\0", "0000"):
        assert Client().post(find, {"number": "1001", "secret": secret}).status_code == 404


def test_guessing_is_stopped(find: str) -> None:
    answers = [Client().post(find, {"number": "1001", "secret": f"{one:04}"}) for one in range(100, 112)]
    assert [one.status_code for one in answers] == [404] * 10 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= tries.WINDOW_S


def test_tries_are_forgotten_after_their_window(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "machine", lambda: 600_000.0)
    assert all(tries.allow({"order": "1"}) for _ in range(10))
    assert not tries.allow({"order": "1"}) and tries.allow({"order": "2"})
    tries.forget()
    assert not tries.allow({"order": "1"}), "a look for old ones forgives nothing"
    monkeypatch.setattr(clock, "machine", lambda: 600_000.0 + tries.WINDOW_S)
    assert tries.allow({"order": "1"})
    tries.forget()
    assert Tries.objects.count() == 1
    assert "order:2" not in str(list(Tries.objects.values_list("key"))), "whose they are is not kept"


def test_look_up_form_needs_no_script_and_no_cookie(find: str) -> None:
    answer = Client().get(find)
    assert answer.status_code == 200
    assert not answer.cookies
    assert f'<form class="c f" method="post" action="{find}">'.encode() in answer.content
