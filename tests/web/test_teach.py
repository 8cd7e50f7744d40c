"""Marking a number in a mail, in the console and without JavaScript."""

import re

import pytest
from django.test import Client

from doorstep.app import inbox
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, smtp
from doorstep.core.mailmatch import Proof
from doorstep.db.models import Inbox, TaughtRule
from tests.app.ledger import Ledger

PROVEN = Proof(domain="odd.example", how="dkim", why_not="")
MAIL = (
    "From: Odd <ship@odd.example>\nMessage-ID: <1@odd>\nSubject: Order 1002 has shipped\n"
    "Content-Type: text/html; charset=utf-8\n\n"
    "<p>Hello <script>alert(1)</script><b>&lt;script&gt;alert(2)&lt;/script&gt;</b></p><p>Dispatch code: QX77-10</p>"
    "<p>PIN 4711</p>"
)


@pytest.fixture
def mail(shop: Ledger) -> Inbox:
    inbox.keep([smtp.arrival(MAIL.encode(), PROVEN, shop.ws, mailbox.ensure_mailbox(shop.ws).id)])
    row = Inbox.objects.latest("id")
    understand()
    return row


def page(client: Client, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_mail_without_a_number_can_be_opened_and_marked(mail: Inbox, alice: Client) -> None:
    look = page(alice, "/look")
    assert f"/look/{mail.id}/mail" in look and "Mails without a number" in look
    opened = page(alice, f"/look/{mail.id}/mail")
    assert '<input type="radio" name="marked" value="QX77-10">' in opened
    assert "dispatch code" in opened and "alert(1)" not in opened and "<script>alert" not in opened
    assert "&lt;script&gt;alert(2)" in opened


def test_a_mark_is_tried_before_it_is_kept(mail: Inbox, alice: Client) -> None:
    path = f"/look/{mail.id}/mail"
    seen = page(alice, path, marked="QX77-10", what="tracking")
    assert "what stands behind “dispatch code”" in seen
    assert re.search(r'<td><span class="mono">QX77-10</span>', seen)
    assert not TaughtRule.objects.exists()
    typed = page(alice, path, marked="QX77-10", other="4711", what="neither")
    assert "behind “pin”" in typed and "Neither" in typed
    assert "tells no place in this mail" in page(alice, path, other="no such text", what="tracking")
    assert "Choose what the text is" in page(alice, path, other="4711", what="x")


def test_what_is_kept_is_listed_and_can_be_forgotten(mail: Inbox, alice: Client) -> None:
    form = {"marked": "QX77-10", "what": "tracking"}
    answer = alice.post(f"/look/{mail.id}/teach", form, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain[-1][0] == "/look/taught"
    assert "Remembered" in text and "dispatch code" in text
    rule = TaughtRule.objects.get()
    text = alice.post(f"/look/taught/{rule.id}/forget", follow=True).content.decode()
    assert "Forgotten" in text and "Nothing was taught yet" in text
    assert "forgotten already" in alice.post(f"/look/taught/{rule.id}/forget", follow=True).content.decode()
    refused = alice.post(f"/look/{mail.id}/teach", {"marked": "", "what": "tracking"}, follow=True)
    assert "tells no place" in refused.content.decode()


def test_a_stranger_opens_no_mail_and_forgets_no_rule(mail: Inbox, alice: Client, charlie: Client) -> None:
    assert charlie.get(f"/look/{mail.id}/mail").status_code == 404
    charlie.post(f"/look/{mail.id}/teach", {"marked": "QX77-10", "what": "tracking"})
    assert not TaughtRule.objects.exists()
    alice.post(f"/look/{mail.id}/teach", {"marked": "QX77-10", "what": "tracking"})
    charlie.post(f"/look/taught/{TaughtRule.objects.get().id}/forget")
    assert TaughtRule.objects.get().revoked_at is None
    assert "dispatch code" not in page(charlie, "/look/taught")
