"""A proof that could not be found at receipt is looked for again; until then the mail waits."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from doorstep.app import clock, inbox
from doorstep.app.members import workspaces
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mail_auth, mailbox, proofs, smtp
from doorstep.core.mailmatch import Proof, proof_of
from doorstep.db.models import Claim, Connection, Inbox, Order, Workspace
from tests.app.test_mail_auth import dns, signed

pytestmark = pytest.mark.django_db
UNREACHABLE = Proof(why_not="mail.key_unreachable")
BODY = (
    b"From: Supplier <ship@supplier.example>\r\nSubject: Order 1001 shipped\r\n\r\nTracking number: RR123456785PL\r\n"
)


@pytest.fixture
def shop() -> Workspace:
    shop = workspaces.create("Shop", "alice@shop.example", None)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    store = Connection.objects.create(
        ws=shop.id, kind="store", connector="woocommerce", external_id="s", label="S", connected_at=at
    )
    Order.objects.create(
        ws=shop.id, store_id=store.id, external_id="1", number="1001", placed_at=at, said_at=at, heard_at=at
    )
    return shop


def waits(shop: Workspace, raw: bytes, proof: Proof = UNREACHABLE, ago: timedelta = timedelta(hours=1)) -> Inbox:
    inbox.keep([smtp.arrival(raw, proof, shop.id, mailbox.ensure_mailbox(shop.id).id)])
    row = Inbox.objects.latest("id")
    understand()
    Inbox.objects.filter(ws=shop.id, id=row.id).update(received_at=clock.now() - ago)
    return Inbox.objects.get(ws=shop.id, id=row.id)


def test_a_mail_is_taken_on_once_its_sender_is_proven(shop):
    row = waits(shop, signed(BODY))
    assert row.state == "needs_look" and row.error["id"] == "mail.key_unreachable"
    due = proofs.claim()
    assert due and due.inbox_id == row.id and proofs.claim() is None  # not again at once
    proofs.keep(due, mail_auth.prove(due.raw, dns))
    assert understand() == 1
    assert Claim.objects.filter(ws=shop.id).count() == 1
    kept = Inbox.objects.get(ws=shop.id, id=row.id)
    assert kept.state == "read" and proof_of(kept.headers["context"]).domain == "supplier.example"


def test_a_signature_that_turns_out_broken_is_said(shop):
    row = waits(shop, signed(BODY).replace(b"RR123456785PL", b"RR123456799PL"))
    due = proofs.claim()
    assert due
    proofs.keep(due, mail_auth.prove(due.raw, dns))
    understand()
    assert Inbox.objects.get(ws=shop.id, id=row.id).error["id"] == "mail.signature_broken"
    assert proofs.claim() is None


def test_tries_grow_rarer_and_end(shop, monkeypatch):
    row = waits(shop, signed(BODY), ago=timedelta(minutes=1))
    assert proofs.claim() is None
    now = clock.now()
    times = []
    for hours in range(24 * 10):
        monkeypatch.setattr(clock, "now", lambda hours=hours: now + timedelta(hours=hours))
        if proofs.claim():
            times.append(hours)
    assert len(times) == len(proofs.TRIES)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert Inbox.objects.get(ws=shop.id, id=row.id).state == "needs_look"


def test_what_a_person_decided_meanwhile_stays(shop):
    row = waits(shop, signed(BODY))
    due = proofs.claim()
    assert due
    mailbox.dismiss(shop.id, row.id, "user:1")
    proofs.keep(due, mail_auth.prove(due.raw, dns))
    assert Inbox.objects.get(ws=shop.id, id=row.id).state == "read"


def test_other_doubts_are_not_checked_again(shop):
    waits(shop, signed(BODY), Proof(why_not="mail.signature_broken"))
    assert proofs.claim() is None


async def test_a_silent_name_service_leaves_the_mail_waiting(monkeypatch):
    asked = []
    monkeypatch.setattr(mail_auth, "txt", lambda name: asked.append(name) or silent())

    def silent() -> None:
        raise TimeoutError

    await proofs.look_again(proofs.Unproven(ws=1, inbox_id=1, raw=signed(BODY)))  # nothing is written anywhere
    assert asked
