"""A person marks a text in a mail; later mails of that sender are read with it, and nobody else's."""

from datetime import UTC, datetime

import pytest

from doorstep.app import audit, inbox
from doorstep.app.members import workspaces
from doorstep.app.reading.understand import understand
from doorstep.app.receive import mailbox, smtp, teach
from doorstep.app.receive.mailbox import Declined
from doorstep.connectors.mail.taught import How, What
from doorstep.core.mailmatch import Proof
from doorstep.db.models import Claim, Connection, Inbox, Order, TaughtRule, Workspace

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
PROVEN = Proof(domain="odd.example", how="dkim", why_not="")


@pytest.fixture
def shop() -> Workspace:
    shop = workspaces.create("Shop", "alice@shop.example", None)
    Connection.objects.create(
        ws=shop.id, kind="store", connector="woocommerce", external_id="s", label="S", connected_at=NOW, id=77
    )
    for ref in ("1001", "1002"):
        Order.objects.create(
            ws=shop.id, store_id=77, external_id=ref, number=ref, placed_at=NOW, said_at=NOW, heard_at=NOW
        )
    return shop


def odd(order: str, code: str, sender: str = "ship@odd.example") -> bytes:
    return (
        f"From: Odd <{sender}>\nMessage-ID: <{code}@odd>\nSubject: Order {order} has shipped\n\n"
        f"Hello\nDispatch code {code}\nPIN 4711-22\nYour reference 99812345\n"
    ).encode()


def arrives(shop: Workspace, raw: bytes, proof: Proof = PROVEN) -> Inbox:
    """A mail that comes and is read."""
    inbox.keep([smtp.arrival(raw, proof, shop.id, mailbox.ensure_mailbox(shop.id).id)])
    row = Inbox.objects.latest("id")
    understand()
    return row


def given(shop: Workspace) -> dict[int, str]:
    """Inbox row -> the number taken from it."""
    from doorstep.db.models import Number

    norms = dict(Number.objects.filter(ws=shop.id).values_list("id", "norm"))
    return {one.inbox_id: norms[one.number_id] for one in Claim.objects.filter(ws=shop.id)}


def test_a_marked_place_is_read_in_later_mails(shop):
    first = arrives(shop, odd("1001", "QX77-1029384"))
    assert given(shop) == {}
    opened = teach.opened(shop.id, first.id)
    assert (opened.domain, opened.taken) == ("odd.example", ())
    assert ("QX77-1029384", "dispatch code") in [(one.text, one.before) for one in opened.marks]
    seen = teach.preview(shop.id, first.id, "QX77-1029384", "tracking")
    assert (seen.domain, seen.rule.how, seen.rule.label) == ("odd.example", How.LABEL, "dispatch code")
    assert [one.found for one in seen.tried] == [("QX77-1029384",)] and not TaughtRule.objects.exists()
    teach.teach(shop.id, first.id, "QX77-1029384", "tracking", "user:1")
    later = arrives(shop, odd("1002", "QX77-5550001"))
    assert given(shop) == {first.id: "QX771029384", later.id: "QX775550001"}
    assert audit.unbroken(shop.id)


def test_waiting_mails_of_the_sender_are_read_again(shop):
    waits = arrives(shop, odd("1001", "482700193355"))  # digits that fit several carriers: nothing says what they are
    assert Inbox.objects.get(ws=shop.id, id=waits.id).error["id"] == "mail.unsure_number"
    (look,) = mailbox.look_list(shop.id)
    assert [one.text for one in look.numbers] == ["482700193355"]
    assert teach.teach(shop.id, waits.id, "482700193355", "tracking", "user:1") == 1
    understand()
    assert given(shop) == {waits.id: "482700193355"} and mailbox.look_list(shop.id) == []


@pytest.mark.parametrize(
    ("sender", "proof"),
    [
        ("ship@odd.example", Proof()),
        ("ship@odd.example", Proof(domain="evil.example", how="dkim", why_not="")),
        ("ship@other.example", Proof(domain="other.example", how="dkim", why_not="")),
    ],
)
def test_nobody_else_profits_from_what_a_sender_taught(shop, sender, proof):
    first = arrives(shop, odd("1001", "QX77-1029384"))
    teach.teach(shop.id, first.id, "QX77-1029384", "tracking", "user:1")
    forged = arrives(shop, odd("1002", "QX77-5550001", sender), proof)
    assert forged.id not in given(shop)


def test_what_a_person_calls_neither_is_never_taken(shop):
    code = "RR123456785PL"
    first = arrives(shop, odd("1001", code))
    assert given(shop) == {first.id: code}
    teach.teach(shop.id, first.id, code, "neither", "user:1")
    later = arrives(shop, odd("1002", "RR123456799PL"))
    assert later.id not in given(shop)


def test_an_order_number_can_be_taught_too(shop):
    raw = odd("x", "RR123456785PL").replace(b"Order x has", b"It has").replace(b"Hello", b"Your code: 1002")
    waits = arrives(shop, raw)
    assert Inbox.objects.get(ws=shop.id, id=waits.id).error["id"] == "mail.order_unknown"
    teach.teach(shop.id, waits.id, "1002", "order", "user:1")
    understand()
    assert Claim.objects.get(ws=shop.id).order_id == Order.objects.get(ws=shop.id, number="1002").id


def test_what_was_taught_can_be_forgotten(shop):
    first = arrives(shop, odd("1001", "QX77-1029384"))
    teach.teach(shop.id, first.id, "QX77-1029384", "tracking", "user:1")
    teach.teach(shop.id, first.id, "QX77-1029384", "tracking", "user:1")
    (rule,) = teach.rules(shop.id)
    assert (rule.domain, rule.rule.what, rule.by) == ("odd.example", What.TRACKING, "user:1")
    teach.revoke(shop.id, rule.id, "user:1")
    assert teach.rules(shop.id) == []
    later = arrives(shop, odd("1002", "QX77-5550001"))
    assert later.id not in given(shop)
    with pytest.raises(Declined) as gone:
        teach.revoke(shop.id, rule.id, "user:1")
    assert gone.value.message.id == "teach.gone"


@pytest.mark.parametrize(
    ("marked", "what", "why"),
    [
        ("QX77-9999999", "tracking", "teach.not_there"),
        ("", "tracking", "teach.not_there"),
        ("QX77-1029384", "nonsense", "teach.what"),
    ],
)
def test_what_cannot_be_taught_says_why(shop, marked, what, why):
    first = arrives(shop, odd("1001", "QX77-1029384"))
    with pytest.raises(Declined) as refused:
        teach.teach(shop.id, first.id, marked, what, "user:1")
    assert refused.value.message.id == why


def test_a_mail_of_nobody_teaches_nothing_and_strangers_open_none(shop):
    nobody = arrives(shop, b"Subject: shipped\n\nTracking number: RR123456785PL", Proof(why_not="mail.no_sender"))
    with pytest.raises(Declined) as refused:
        teach.preview(shop.id, nobody.id, "RR123456785PL", "tracking")
    assert refused.value.message.id == "teach.no_sender"
    other = workspaces.create("Other", "charlie@other.example", None)
    with pytest.raises(Declined) as hidden:
        teach.opened(other.id, nobody.id)
    assert hidden.value.message.id == "teach.no_mail"


def test_there_is_an_end_to_what_one_sender_needs(shop, monkeypatch):
    monkeypatch.setattr(teach, "MOST_RULES", 1)
    first = arrives(shop, odd("1001", "QX77-1029384"))
    teach.teach(shop.id, first.id, "QX77-1029384", "tracking", "user:1")
    with pytest.raises(Declined) as full:
        teach.teach(shop.id, first.id, "99812345", "neither", "user:1")
    assert full.value.message.id == "teach.too_many"


def test_a_rule_is_tried_on_the_newest_mails_of_its_sender_only(shop, monkeypatch):
    monkeypatch.setattr(teach, "EARLIER", 2)
    rows = [arrives(shop, odd("1001", f"QX77-{n:07}")) for n in range(3)]
    arrives(shop, odd("1001", "QX77-7777777", "a@else.example"), Proof(domain="else.example", how="dkim", why_not=""))
    seen = teach.preview(shop.id, rows[0].id, "QX77-0000000", "tracking")
    assert [one.inbox_id for one in seen.tried] == [rows[2].id, rows[1].id]


def test_mails_without_a_number_are_listed(shop):
    silent = arrives(shop, odd("1001", "QX77-10"))
    arrives(shop, odd("1002", "RR123456785PL"))
    assert [one.inbox_id for one in mailbox.silent_list(shop.id)] == [silent.id]
