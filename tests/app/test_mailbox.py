"""The mailbox of a workspace: its address, uploads, and what a person decides about mails that need a look."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

import doorstep
from doorstep.app import audit, doors, inbox
from doorstep.app.members import workspaces
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, smtp
from doorstep.core.mailmatch import Proof, proof_of
from doorstep.core.message import Message
from doorstep.db.models import Claim, Connection, Inbox, Number, Order, Waiting, Workspace

pytestmark = pytest.mark.django_db
SOURCES = Path(doorstep.__file__).parent
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
MAIL = b"From: ship@supplier.example\nMessage-ID: <1@s>\nSubject: Shipped\n\nTracking number: RR123456785PL\n"
ASKS = (
    b"From: forwarding-noreply@google.com\nSubject: Gmail Forwarding Confirmation\n\n"
    b"https://mail-settings.google.com/mail/vf-abc\n"
)


@pytest.fixture
def shop() -> Workspace:
    return workspaces.create("Shop", "alice@shop.example", None)


def waiting(shop: Workspace, raw: bytes = MAIL, reason: str = "mail.no_order") -> Inbox:
    """A mail that was read and needs a look."""
    box = mailbox.ensure_mailbox(shop.id)
    inbox.keep([smtp.arrival(raw, Proof(), shop.id, box.id)])
    row = Inbox.objects.latest("id")
    Inbox.objects.filter(id=row.id).update(state="needs_look", error={"id": reason, "values": {}})
    return row


def order(shop: Workspace) -> Order:
    return Order.objects.create(
        ws=shop.id, store_id=1, external_id="77", number="1001", placed_at=NOW, said_at=NOW, heard_at=NOW
    )


def test_the_address_stays_and_leads_to_the_mailbox(shop):
    address = mailbox.address(shop.id)
    assert mailbox.address(shop.id) == address == address.lower()
    door = smtp.door_of(address)
    assert door and (door.ws, door.target_id) == (shop.id, mailbox.ensure_mailbox(shop.id).id)
    assert Connection.objects.filter(ws=shop.id, connector="mail").count() == 1


def test_a_new_address_replaces_a_revoked_one(shop):
    old = mailbox.address(shop.id)
    doors.revoke(shop.id, "mail", mailbox.ensure_mailbox(shop.id).id, "user:1")
    assert mailbox.address(shop.id) != old
    assert smtp.door_of(old) is None


def test_an_uploaded_mail_is_proven_by_its_member(shop):
    assert mailbox.upload(shop.id, b"\r\n" + MAIL, "user:1") is True
    answer = inbox.answer_of(Inbox.objects.get(ws=shop.id))
    assert proof_of(answer.context) == Proof(how="member", why_not="")
    assert (answer.context["by"], answer.body) == ("user:1", MAIL)
    assert mailbox.upload(shop.id, MAIL, "user:1") is False
    assert audit.unbroken(shop.id)


def test_an_upload_settles_the_same_mail_that_waits(shop):
    waiting(shop)
    mailbox.upload(shop.id, MAIL, "user:1")
    assert mailbox.look_list(shop.id) == []
    assert sorted(Inbox.objects.values_list("state", flat=True)) == ["new", "read"]


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 a spreadsheet", b"%PDF-1.7\nno mail", b"Hello there\nFrom: a"])
def test_a_file_that_is_no_mail_is_refused(shop, raw):
    with pytest.raises(ValueError, match="upload_no_mail"):
        mailbox.upload(shop.id, raw, "user:1")


def test_a_file_that_is_too_large_is_refused(shop, monkeypatch):
    monkeypatch.setattr(smtp, "MAX_BYTES", 20)
    with pytest.raises(ValueError, match="upload_too_large"):
        mailbox.upload(shop.id, MAIL, "user:1")
    assert not Inbox.objects.exists()


def test_the_list_shows_what_waits_and_why(shop):
    row = waiting(shop)
    (look,) = mailbox.look_list(shop.id)
    assert (look.inbox_id, look.reason, look.link) == (row.id, Message(id="mail.no_order"), "")
    assert [one.text for one in look.mail.numbers] == ["RR123456785PL"]


def test_a_confirmation_is_shown_with_its_link_only_when_proven(shop):
    waiting(shop, ASKS, "mail.confirm_forwarding")
    waiting(shop, ASKS + b"x", "mail.confirmation_unproven")
    unproven, proven = mailbox.look_list(shop.id)
    assert (unproven.link, proven.link) == ("", "https://mail-settings.google.com/mail/vf-abc")


def test_accepting_reads_the_mail_again_with_the_persons_word(shop):
    row = waiting(shop)
    Waiting.objects.create(ws=shop.id, ref="order:1001", inbox_id=row.id)
    chosen = order(shop)
    mailbox.accept(shop.id, row.id, chosen.id, "user:1")
    row = Inbox.objects.get(id=row.id)
    assert (row.state, row.error) == ("new", None)
    context = inbox.answer_of(row).context
    assert (context["order_id"], context["order"], context["by"]) == (str(chosen.id), "77", "user:1")
    assert context["why_not"] == "mail.unsigned"
    assert not Waiting.objects.exists()


def test_dismissing_is_remembered_beside_the_mail(shop):
    row = waiting(shop)
    mailbox.dismiss(shop.id, row.id, "user:1")
    row = Inbox.objects.get(id=row.id)
    assert (row.state, inbox.answer_of(row).context["dismissed"]) == ("read", "1")
    assert mailbox.look_list(shop.id) == []


def test_a_mail_is_decided_once(shop):
    row = waiting(shop)
    mailbox.dismiss(shop.id, row.id, "user:1")
    with pytest.raises(ValueError, match="decided_already"):
        mailbox.accept(shop.id, row.id, order(shop).id, "user:2")


def test_another_workspace_sees_and_decides_nothing(shop):
    charlie = workspaces.create("Elsewhere", "charlie@other.example", None)
    row, theirs = waiting(shop), order(charlie)
    assert mailbox.look_list(charlie.id) == []
    with pytest.raises(ValueError, match="decided_already"):
        mailbox.dismiss(charlie.id, row.id, "user:3")
    with pytest.raises(ValueError, match="no_such_order"):
        mailbox.accept(shop.id, row.id, theirs.id, "user:1")


def test_rows_of_other_connections_are_no_mails(shop):
    row = waiting(shop)
    Inbox.objects.filter(id=row.id).update(connection_id=1)
    assert mailbox.look_list(shop.id) == []


def test_every_reason_has_its_sentence():
    code = "".join(path.read_text() for path in sorted(SOURCES.rglob("*mail*.py")))
    keys = set(re.findall(r'"(mail\.[a-z_]+)"', code)) - {
        "mail.upload",
        "mail.accept",
        "mail.dismiss",
        "mail.failed",
        "mail.log",
    }
    assert len(keys) > 15
    said = tomllib.loads((SOURCES / "locale/en/mail.toml").read_text())
    assert keys == {key for key in said if key.count(".") == 1}  # the others are put together from words


def test_a_mail_goes_the_whole_way_by_itself_or_by_a_persons_word(shop):
    """Uploaded by a member it goes on; by a stranger it waits until somebody says whose parcel it is."""
    store = Connection.objects.create(
        ws=shop.id, kind="store", connector="woocommerce", external_id="s", label="S", connected_at=NOW
    )
    first = order(shop)
    Order.objects.filter(id=first.id).update(store_id=store.id)
    mailbox.upload(shop.id, MAIL.replace(b"Shipped", b"Order 1001 shipped"), "user:1")
    stranger = smtp.arrival(MAIL.replace(b"785PL", b"799PL"), Proof(), shop.id, mailbox.ensure_mailbox(shop.id).id)
    inbox.keep([stranger])
    assert understand() == 2
    assert [one.norm for one in Number.objects.filter(ws=shop.id)] == ["RR123456785PL"]
    (look,) = mailbox.look_list(shop.id)
    assert look.reason.id == "mail.no_order"
    mailbox.accept(shop.id, look.inbox_id, first.id, "user:1")
    assert understand() == 1
    claims = Claim.objects.filter(ws=shop.id, order_id=first.id).values_list("number_id", flat=True)
    norms = Number.objects.filter(id__in=claims).values_list("norm", flat=True)
    assert sorted(norms) == ["RR123456785PL", "RR123456799PL"]
    assert mailbox.look_list(shop.id) == []
