"""Mails that a household forwards: what is followed, what is asked about, and what is thrown away."""

from email.message import EmailMessage
from typing import Any

import pytest

from doorstep.app.household import household_entry, household_parcels, households
from doorstep.app.inbox import keep
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, smtp
from doorstep.core.mailmatch import MEMBER, Proof
from doorstep.db.models import Inbox, Kept, Number, Order, User, Workspace

NUMBER, OTHER = "LX123456785CN", "RR473124829CN"
MINE = Proof(how=MEMBER, domain="buyer.example", why_not="")


@pytest.fixture
def home(db: None) -> Workspace:
    user = household_entry.proven("ines@buyer.example")
    return households.ensure(user, locale="en", tz="UTC")


def mail(subject: str, body: str, sender: str = "Lamps <orders@lamps.example>", mark: str = "1") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "ines@buyer.example", subject
    message["Message-ID"], message["Date"] = f"<{mark}@lamps.example>", "Mon, 15 Jun 2026 10:00:00 +0000"
    message.set_content(body)
    return message.as_bytes()


def arrives(home: Workspace, raw: bytes, proof: Proof = MINE) -> Inbox:
    box = mailbox.ensure_mailbox(home.id)
    keep([smtp.arrival(raw, proof, home.id, box.id)])
    while understand():
        pass
    return Inbox.objects.filter(ws=home.id).latest("id")


def shipped(number: str = NUMBER, order: str = "100042", mark: str = "1") -> bytes:
    body = f"Your order {order} is on its way with China Post.\nTracking number: {number}\n"
    return mail(f"Your order {order} has been shipped", body, mark=mark)


def titles(home: Workspace) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.title, one.numbers) for one in household_parcels.entries(home.id)]


def test_shipping_mail_becomes_a_parcel_with_its_seller(home: Workspace) -> None:
    row = arrives(home, shipped())
    assert row.state == "read"
    assert titles(home) == [("lamps.example", (NUMBER,))]
    assert Order.objects.get(ws=home.id).number == "100042"
    assert Kept.objects.get(ws=home.id).seller == {"name": "lamps.example"}
    assert bytes(row.body_zstd), "a shipping mail is kept"


def test_same_order_again_is_the_same_entry_and_a_repeated_mail_nothing_new(home: Workspace) -> None:
    arrives(home, shipped())
    arrives(home, shipped())
    arrives(home, shipped(OTHER, mark="2"))
    assert [sorted(numbers) for _, numbers in titles(home)] == [[NUMBER, OTHER]]
    arrives(home, shipped("9261290100130739674442", order="100043", mark="3"))
    assert len(titles(home)) == 2


def test_mail_without_an_order_number_is_told_by_its_tracking_number(home: Workspace) -> None:
    raw = mail("Your parcel is on its way", f"Good news, it was shipped. Tracking number: {NUMBER}")
    arrives(home, raw)
    arrives(home, raw.replace(b"<1@", b"<2@"))
    assert [numbers for _, numbers in titles(home)] == [(NUMBER,)]


def test_number_that_is_followed_already_asks_nobody(home: Workspace) -> None:
    household_parcels.add(home.id, NUMBER, "", "Lamp", "user:1")
    row = arrives(home, shipped(), Proof())
    assert row.state == "read"
    assert [title for title, _ in titles(home)] == ["Lamp"]


def test_unproven_mail_waits_for_a_person_and_is_followed_when_they_say_so(home: Workspace) -> None:
    row = arrives(home, shipped(), Proof())
    assert row.error and (row.state, row.error["id"]) == ("needs_look", "mail.unsigned")
    assert titles(home) == []
    (look,) = mailbox.look_list(home.id)
    assert [one.text for one in look.numbers] == [NUMBER]
    mailbox.take(home.id, row.id, "user:1")
    while understand():
        pass
    assert [numbers for _, numbers in titles(home)] == [(NUMBER,)]
    assert mailbox.look_list(home.id) == []
    with pytest.raises(mailbox.Declined):
        mailbox.take(home.id, row.id, "user:1")


def test_unproven_mail_that_is_nobodys_is_dismissed(home: Workspace) -> None:
    row = arrives(home, shipped(), Proof())
    mailbox.dismiss(home.id, row.id, "user:1")
    assert (mailbox.look_list(home.id), titles(home)) == ([], [])


@pytest.mark.parametrize("proof", [MINE, Proof()])
def test_mail_about_anything_else_is_thrown_away_at_once(home: Workspace, proof: Proof) -> None:
    row = arrives(home, mail("Dinner on Friday?", "Shall we meet at eight? Love, Rui"), proof)
    assert row.state == "read"
    assert bytes(row.body_zstd) == b"", "its words are gone"
    assert titles(home) == []


def test_forwarding_is_confirmed_by_a_person(home: Workspace, monkeypatch: Any) -> None:
    body = (
        "ines@buyer.example has requested to automatically forward mail to your email address.\n"
        "To confirm, click https://mail-settings.google.com/mail/vf-abc\n"
    )
    sender = "Gmail Team <forwarding-noreply@google.com>"
    subject = "Gmail Forwarding Confirmation - Receive Mail from ines@buyer.example"
    row = arrives(home, mail(subject, body, sender), Proof(domain="google.com", how="dkim", why_not=""))
    assert row.state == "needs_look"
    (look,) = mailbox.look_list(home.id)
    assert look.link.startswith("https://mail-settings.google.com/")


def test_two_households_of_one_mail_do_not_meet(home: Workspace) -> None:
    charlie = households.ensure(household_entry.proven("charlie@example.org"), locale="en", tz="UTC")
    arrives(home, shipped())
    assert titles(charlie) == []
    assert not Number.objects.filter(ws=charlie.id).exists()
    assert User.objects.count() == 2
