"""Connections, store rules, mails that need a look."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from doorstep.app import clock, doors
from doorstep.app.connections import connection_view
from doorstep.app.ledger import policies
from doorstep.app.vendors import calls
from doorstep.connectors.contract import Request
from doorstep.core.policy import MailBy, Policy, When, Which
from doorstep.db.models import Budget, Calls, Connection, Feed, Inbox, Watch
from tests.app.ledger import Ledger, connect

MAIL = (
    "From: Shop <no-reply@shop.example>\r\nTo: in@doorstep.example\r\nSubject: Your order 1002 has been shipped\r\n"
    "Message-ID: <one@shop.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\n"
    "Your order 1002 has been shipped with China Post. Tracking number: LX123459509CN\r\n"
)


def one_mailbox(shop: Ledger) -> None:
    """The workspace's own mailbox, as the product makes it."""
    Connection.objects.filter(id=shop.mailbox.id).update(external_id="mail")


def test_list_shows_connections_with_their_state(shop: Ledger, alice: Client) -> None:
    text = alice.get("/connections").content.decode()
    assert text.count("Working") == 4
    assert "Woocommerce" in text


@pytest.mark.parametrize(
    "address",
    ["https://:443", "a:b", "https://a:99999", "http://[", "a..b", "https://user:pw@shop.example"],
)
def test_what_is_no_address_is_told_in_a_sentence(alice: Client, address: str) -> None:
    form = {"base_url": address, "consumer_key": "ck_1", "consumer_secret": "cs_1"}
    answer = alice.post("/connections/new/store/woocommerce", form)
    assert answer.status_code == 422
    assert "Write it like https://shop.example" in answer.content.decode()


def test_connecting_needs_a_real_answer_and_keeps_no_secret(shop: Ledger, alice: Client) -> None:
    form = {"base_url": "http://127.0.0.1:9", "consumer_key": "ck_secret", "consumer_secret": "cs_secret"}
    before = Connection.objects.count()
    answer = alice.post("/connections/new/store/woocommerce", form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was saved" in text
    assert "http://127.0.0.1:9" in text
    assert "cs_secret" not in text
    assert Connection.objects.count() == before


def test_missing_field_is_named(alice: Client) -> None:
    text = alice.post("/connections/new/store/woocommerce", {"base_url": "https://shop.example"}).content.decode()
    assert "is missing" in text


def test_only_what_exists_can_be_connected(alice: Client) -> None:
    assert alice.get("/connections/new/store/nonsense").status_code == 404
    assert alice.get("/connections/new/nonsense/woocommerce").status_code == 404
    assert "WooCommerce" in alice.get("/connections/new").content.decode()


def test_connection_is_paused_resumed_and_removed(shop: Ledger, alice: Client) -> None:
    path = f"/connections/{shop.supplier.id}/do"
    for press, state in (("pause", "paused"), ("resume", "active"), ("remove", "removed")):
        alice.post(path, {"do": press})
        assert Connection.objects.get(id=shop.supplier.id).state == state
    assert alice.post(path, {"do": "pause"}).status_code == 404
    assert alice.post(f"/connections/{shop.store.id}/do", {"do": "explode"}).status_code == 404


def test_credentials_are_never_shown(shop: Ledger, alice: Client) -> None:
    for path in (f"/connections/{shop.store.id}", "/connections/new/store/woocommerce"):
        assert b'type="password"' not in alice.get(path).content or b'value=""' in alice.get(path).content


def test_look_up_address_is_made_and_closed(shop: Ledger, alice: Client) -> None:
    path = f"/connections/{shop.store.id}"
    assert "/find/" not in alice.get(path).content.decode()
    alice.post(f"{path}/lookup", {"do": "make"})
    assert f"{settings.PUBLIC_URL}/find/" in alice.get(path).content.decode()
    alice.post(f"{path}/lookup", {"do": "revoke"})
    assert "/find/" not in alice.get(path).content.decode()
    assert alice.post(f"/connections/{shop.supplier.id}/lookup", {"do": "make"}).status_code == 404


def test_rules_are_saved_as_chosen(shop: Ledger, alice: Client) -> None:
    path = f"/connections/{shop.store.id}/rules"
    assert "After the parcel is really sent" in alice.get(path).content.decode()
    form = {"when": "after_payment", "which": "local", "mail_by": "none", "delay_h": "24", "max_hold_h": "72"}
    alice.post(path, {**form, "first_scan_hold": "on"})
    policy, version = policies.current(shop.ws, shop.store.id)
    assert version == 1
    assert policy == Policy(
        when=When.AFTER_PAYMENT, which=Which.LOCAL, mail_by=MailBy.NONE, delay_h=24, max_hold_h=72, first_scan_hold=True
    )


def test_wrong_rules_are_refused_in_words(shop: Ledger, alice: Client) -> None:
    path = f"/connections/{shop.store.id}/rules"
    form = {"when": "after_payment", "which": "local", "mail_by": "none", "delay_h": "a day"}
    assert "is no number of hours" in alice.post(path, form).content.decode()
    assert "Choose one of each group" in alice.post(path, {**form, "when": "never"}).content.decode()
    assert policies.current(shop.ws, shop.store.id)[1] == 0
    assert alice.get(f"/connections/{shop.supplier.id}/rules").status_code == 404


def test_forwarding_address_is_made_when_asked_for(charlie: Client) -> None:
    assert settings.MAIL_DOMAIN not in charlie.get("/look").content.decode()
    charlie.post("/connections/mailbox")
    assert f"@{settings.MAIL_DOMAIN}" in charlie.get("/look").content.decode()


def test_unproven_mail_waits_with_its_reason_and_is_given_to_an_order(shop: Ledger, alice: Client) -> None:
    one_mailbox(shop)
    shop.hears(shop.mail(MAIL))
    text = alice.get("/look").content.decode()
    assert "the mail is not signed" in text
    assert "LX123459509CN" in text
    assert 'value="1002"' in text
    inbox = Inbox.objects.get(ws=shop.ws, state="needs_look")
    refused = alice.post(f"/look/{inbox.id}", {"do": "accept", "order": "nope"}, follow=True).content.decode()
    assert "There is no such order here" in refused
    alice.post(f"/look/{inbox.id}", {"do": "accept", "order": "#1002"})
    shop.hears()
    assert shop.order(1002).state == "shipped"
    assert "Nothing needs a look" in alice.get("/look").content.decode()


def test_dismissed_mail_is_gone(shop: Ledger, alice: Client) -> None:
    one_mailbox(shop)
    shop.hears(shop.mail(MAIL))
    inbox = Inbox.objects.get(ws=shop.ws, state="needs_look")
    alice.post(f"/look/{inbox.id}", {"do": "dismiss"})
    shop.hears()
    assert shop.order(1002).state == "placed"
    assert "Nothing needs a look" in alice.get("/look").content.decode()


def test_uploaded_mail_is_read(shop: Ledger, alice: Client) -> None:
    one_mailbox(shop)
    files = [SimpleUploadedFile("shipped.eml", MAIL.encode()), SimpleUploadedFile("photo.eml", b"\x00" * 100)]
    text = alice.post("/look/upload", {"mails": files}, follow=True).content.decode()
    assert "shipped.eml is taken in" in text
    assert "This file is not a saved e-mail" in text
    shop.hears()
    assert shop.order(1002).state == "shipped"


def test_webhook_address_stays_to_be_copied_where_the_vendor_can_call(shop: Ledger, alice: Client) -> None:
    path = f"/connections/{shop.carrier.id}"
    assert "/hooks/" not in alice.get(path).content.decode()
    address = doors.hook_url(shop.carrier)
    text = alice.get(path).content.decode()
    assert f'data-copy="{address}"' in text
    assert "in the 17TRACK API dashboard under Settings, Webhook" in text
    doors.hook_url(shop.supplier)
    assert "calls this address when there is news" in alice.get(f"/connections/{shop.supplier.id}").content.decode()


def test_answer_about_one_number_is_not_said_of_the_account(shop: Ledger, alice: Client) -> None:
    Watch.objects.filter(ws=shop.ws).update(asked_at=clock.now(), answer="not_found", said="-1 Unheard of")
    for path in ("/connections", f"/connections/{shop.carrier.id}"):
        text = alice.get(path).content.decode()
        assert "does not know the number" not in text
        assert "Unheard of" not in text


def test_choice_says_in_plain_words_what_a_shop_can(alice: Client) -> None:
    text = alice.get("/connections/new").content.decode()
    assert "reads orders, gives numbers, several parcels per order, corrects numbers" in text
    assert "webhooks" not in text


def test_carrier_accounts_are_put_in_order(shop: Ledger, alice: Client, bob: Client) -> None:
    assert "Ask" not in alice.get("/connections").content.decode()
    ups = connect(shop.ws, "carrier", "ups", shop.store.connected_at)
    usps = connect(shop.ws, "carrier", "usps", shop.store.connected_at)
    assert connection_view.ranked(shop.ws) == [ups.id, usps.id, shop.carrier.id]
    assert "Ask Ups later" in alice.get("/connections").content.decode()
    alice.post(f"/connections/{shop.carrier.id}/do", {"do": "up"})
    assert connection_view.ranked(shop.ws) == [ups.id, shop.carrier.id, usps.id]
    alice.post(f"/connections/{ups.id}/do", {"do": "down"})
    assert connection_view.ranked(shop.ws) == [shop.carrier.id, ups.id, usps.id]
    text = alice.get("/connections").content.decode()
    assert text.index("Seventeen_Track") < text.index("Ups") < text.index("Usps")
    assert bob.post(f"/connections/{ups.id}/do", {"do": "up"}).status_code == 403
    assert alice.post(f"/connections/{shop.store.id}/do", {"do": "up"}).status_code == 404


def test_page_tells_what_it_can_and_how_it_went(shop: Ledger, alice: Client) -> None:
    path = f"/connections/{shop.store.id}"
    now, said = clock.now(), {"id": "stores.woocommerce.no_api", "values": {}}
    Feed.objects.create(ws=shop.ws, connection_id=shop.store.id, name="orders", next_at=now, asked_at=now)
    Feed.objects.update(answer="broken", said=said, answered_at=now)
    text = alice.get(path).content.decode()
    assert "No WooCommerce API answers at this address" in text and "&#x27;id&#x27;" not in text
    assert "Last answered" in text and "times a minute" in text and "Latest calls" not in text
    assert "gives numbers" in text and "Not: </span>" in text
    Budget.objects.create(ws=shop.ws, connection_id=shop.store.id, ready_at=clock.machine() + 60)
    assert "it rests" in alice.get(path).content.decode()


def test_page_shows_the_latest_calls_and_nothing_secret(shop: Ledger, alice: Client) -> None:
    request = Request(method="GET", url="https://api.example/v1/orders", query=(("key", "s3cret"),), body=b"s3cret")
    assert calls.heard(shop.store, request, 200, 0.25), "the first is written at once"
    calls.keep(shop.store)
    assert not calls.heard(shop.store, request, 200, 0.1)
    assert calls.heard(shop.store, request, 0, 2.0), "trouble is, too"
    calls.keep(shop.store)
    calls.keep(shop.store)
    for _ in range(30):
        calls.heard(shop.store, request, 503, 0.1)
    text = alice.get(f"/connections/{shop.store.id}").content.decode()
    assert (
        text.count('GET /v1/orders</code><br><span class="soft">api.example<') == 3
        and "250 ms" in text
        and "s3cret" not in text
    )
    calls.keep(shop.store)
    assert len(Calls.objects.get(ws=shop.ws, connection_id=shop.store.id).last) == calls.KEPT
    assert calls.last(shop.ws, shop.store.id)[0]["status"] == 503


def test_connection_of_an_unknown_kind_of_service_is_shown_without_its_abilities(shop: Ledger, alice: Client) -> None:
    Connection.objects.filter(id=shop.supplier.id).update(connector="of_a_newer_version")
    text = alice.get(f"/connections/{shop.supplier.id}").content.decode()
    assert "of_a_newer_version" in text and "What it can do" not in text
