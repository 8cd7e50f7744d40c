"""Answers go to the shopper by mail, and the shopper's mail comes back into the thread."""

from email.message import EmailMessage

import pytest
from django.core import mail

from doorstep.app import doors, inbox, outbox, photos
from doorstep.app.loop import in_db
from doorstep.app.privacy import erasure, traces
from doorstep.app.push import rules
from doorstep.app.reading.understand import understand
from doorstep.app.receive import smtp
from doorstep.app.shopper import answer_mail, attached, page_view, threads
from doorstep.app.telling import notify
from doorstep.core.mailmatch import Proof
from doorstep.core.policy import MailBy, Policy
from doorstep.db.models import Inbox, Outbox, Person, Photo, Talk, ThreadMessage
from tests.app.ledger import USPS, Ledger, ledger, scan, track17, woo
from tests.app.test_pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
PROVEN = Proof(domain="buyer.example", how="dkim", why_not="")


@pytest.fixture
def shop(settings) -> Ledger:
    """Order 1001 on its way; Doorstep mails the shoppers, and mail comes in at in.shop.example."""
    settings.EMAIL_HOST, settings.MAIL_DOMAIN = "mail.shop.example", "in.shop.example"
    one = ledger()
    rules.save(one.ws, one.store.id, Policy(mail_by=MailBy.DOORSTEP), "user:1")
    one.hears(
        one.woo(woo(shipped=(("x1", USPS, "USPS"),))),
        one.track(track17(USPS, scan(4, "InTransit_PickedUp", "Accepted"))),
    )
    Outbox.objects.all().delete()
    return one


def answered(shop: Ledger, body: str = "It left on Monday.", *ticked: str) -> int:
    """The merchant answers, with the ticked facts."""
    order = shop.order()
    page = page_view.page_view(shop.ws, order.id)
    assert page is not None
    facts = [one for one in attached.offered(page) if one["kind"] in ticked]
    said = threads.answer(shop.ws, order.id, body, "user:1", facts)
    assert said is not None
    answer_mail.intend(shop.ws, order.id, said)
    return said


def sent(shop: Ledger) -> mail.EmailMessage:
    """The mail of the newest answer."""
    before = len(mail.outbox)
    leased = outbox.claim([answer_mail.LANE])
    assert leased is not None
    letter = answer_mail.write(leased)
    assert letter is not None
    notify.send(letter)
    assert len(mail.outbox) == before + 1
    return mail.outbox[-1]


def replies(shop: Ledger, text: str, proof: Proof = PROVEN, sender: str = "ines@buyer.example", **headers: str) -> None:
    """A mail to the address of the order, as SMTP brings it."""
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = sender, "Re: your order", "<1@buyer.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    arrives(shop, message, proof)


def arrives(shop: Ledger, message: EmailMessage, proof: Proof = PROVEN, *, bounce: bool = False) -> None:
    to = answer_mail.address(shop.ws, shop.order().id)
    inbox.keep(smtp.arrivals(message.as_bytes(), proof, (to,), bounce))
    while understand():
        pass


def said(shop: Ledger) -> list[ThreadMessage]:
    return list(ThreadMessage.objects.filter(ws=shop.ws).order_by("id"))


def test_answer_is_mailed_in_the_shoppers_language_with_facts_that_stay_what_they_were(shop: Ledger) -> None:
    Person.objects.filter(ws=shop.ws).update(locale="de-AT")
    answered(shop, "Schon unterwegs.", "status", "scan")
    shop.hears(shop.track(track17(USPS, scan(4, "InTransit_PickedUp", "A"), scan(5, "Delivered_Other", "Delivered"))))
    letter = sent(shop)
    back = answer_mail.address(shop.ws, shop.order().id)
    assert letter.to == ["ines@buyer.example"] and letter.subject == "Woocommerce antwortet zu Ihrer Bestellung 1001"
    assert letter.extra_headers["Reply-To"] == back and back.endswith("@in.shop.example")
    assert letter.extra_headers["Auto-Submitted"] == "no"
    assert f"- Paket {USPS}: " in letter.body
    assert "Zugestellt" not in letter.body and "letzter Scan" in letter.body and "/t/" in letter.body
    assert letter.body.startswith("--- Schreiben Sie")


def test_shoppers_mail_is_the_next_message_without_what_it_quotes(shop: Ledger) -> None:
    answered(shop)
    quoted = "\n".join(f"> {line}" for line in sent(shop).body.splitlines())
    replies(shop, f"Thank you!\n\nOn Mon, 1 Jun 2026 at 10:00, Shop <x@shop.example> wrote:\n{quoted}\n")
    last = said(shop)[-1]
    assert (last.by, last.via, last.body, last.proof) == ("shopper", "mail", "Thank you!", "buyer")
    assert Talk.objects.get(ws=shop.ws).due_at == last.answer_due_at is not None
    assert shop.order().attention and threads.waiting(shop.ws)
    assert Outbox.objects.filter(lane="notice", payload_ref=last.id).exists()
    answered(shop, "You are welcome.")
    assert sent(shop).extra_headers["In-Reply-To"] == "<1@buyer.example>"


@pytest.mark.parametrize(
    ("sender", "proof", "shown"),
    [
        ("ines@buyer.example", PROVEN, "buyer"),
        ("Ines@Buyer.example", Proof(), "unproven"),
        ("mallory@evil.example", Proof(domain="evil.example", how="dkim", why_not=""), "other"),
    ],
)
def test_who_is_not_proven_to_be_the_buyer_is_shown_as_that(
    shop: Ledger, sender: str, proof: Proof, shown: str
) -> None:
    replies(shop, "Hello", proof, sender)
    assert [one.proof for one in said(shop)] == [shown]


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<x.example>"},
        {"X_Autoreply": "yes"},
        {"X_Doorstep": "answer"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_a_program_sends_by_itself_is_no_message(shop: Ledger, header: dict[str, str]) -> None:
    replies(shop, "I am out of office.", **header)
    assert said(shop) == []
    assert Inbox.objects.get(ws=shop.ws, headers__what="reply").state == "read"


def test_bounces_and_mails_without_a_word_are_no_messages(shop: Ledger) -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "mailer-daemon@buyer.example", "<2@buyer.example>"
    message.set_content("Undeliverable")
    arrives(shop, message, Proof(), bounce=True)
    replies(shop, "\n")
    assert said(shop) == []


def test_the_same_mail_is_taken_once_and_too_many_are_not(shop: Ledger) -> None:
    replies(shop, "Hello")
    replies(shop, "Hello")
    assert len(said(shop)) == 1
    for n in range(25):
        replies(shop, f"Hello {n}")
    assert len(said(shop)) == 20
    assert Inbox.objects.filter(ws=shop.ws, headers__what="reply").count() == 26


def test_pictures_are_kept_under_the_rules_of_photos_and_nothing_else_is(shop: Ledger) -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "ines@buyer.example", "<3@buyer.example>"
    message.set_content("It came like this.")
    message.add_attachment(jpeg(), maintype="image", subtype="jpeg", filename="a.jpg")
    message.add_attachment(b"no picture", maintype="image", subtype="png", filename="b.png")
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="c.exe")
    arrives(shop, message)
    (row,) = said(shop)
    assert row.left_out == 1
    assert [one.number_id for one in Photo.objects.filter(ws=shop.ws)] == [photos.OF_A_MAIL]


def test_closing_ends_the_wait_and_a_new_message_opens_again(shop: Ledger) -> None:
    order = shop.order()
    replies(shop, "Thanks, all is well")
    threads.close(shop.ws, order.id, "user:1")
    assert threads.waiting(shop.ws) == {} and not shop.order().attention
    assert Talk.objects.get(ws=shop.ws).closed_at is not None
    threads.ask(shop.ws, order.id, "One more thing")
    talk = Talk.objects.get(ws=shop.ws)
    assert talk.closed_at is None and talk.due_at is not None and shop.order().attention
    threads.answer(shop.ws, order.id, "Yes?", "user:1")
    assert Talk.objects.get(ws=shop.ws).due_at is None


def rules_say_no(shop: Ledger) -> None:
    rules.save(shop.ws, shop.store.id, Policy(), "user:1")


def nameless(shop: Ledger) -> None:
    Person.objects.filter(ws=shop.ws).update(email="")


def erased(shop: Ledger) -> None:
    ThreadMessage.objects.filter(ws=shop.ws).update(body="", facts=[])


@pytest.mark.parametrize("meanwhile", [rules_say_no, nameless, erased])
async def test_what_may_not_be_mailed_any_more_is_not(shop: Ledger, meanwhile) -> None:
    await in_db(answered, shop)
    await in_db(meanwhile, shop)
    leased = await in_db(outbox.claim, [answer_mail.LANE])
    await answer_mail.post(leased)
    assert mail.outbox == []
    assert (await in_db(lambda: Outbox.objects.get(lane="reply"))).state == "done"


def test_nothing_is_meant_to_be_mailed_where_the_rules_or_the_channel_forbid_it(shop: Ledger, settings) -> None:
    order = shop.order()
    settings.EMAIL_HOST = ""
    assert answer_mail.way(order).why_not == "thread.mail.no_server"
    settings.EMAIL_HOST = "mail.shop.example"
    rules_say_no(shop)
    assert answer_mail.way(order).why_not == "thread.mail.rules"
    shop.store.connector = "ebay"
    shop.store.save()
    assert answer_mail.way(order).why_not == "thread.mail.channel"
    answered(shop)
    assert not Outbox.objects.filter(lane="reply").exists()


def test_without_a_domain_for_mail_there_is_no_address_and_the_mail_says_so(shop: Ledger, settings) -> None:
    settings.MAIL_DOMAIN = "in.doorstep.localhost"
    answered(shop)
    letter = sent(shop)
    assert "Reply-To" not in letter.extra_headers and "Mail to this address is not read" in letter.body


async def test_smtp_takes_the_address_of_an_order_until_it_is_revoked(shop: Ledger) -> None:
    from tests.app.test_smtp import receiving
    from tests.app.test_smtp import sent as deliver

    to = await in_db(answer_mail.address, shop.ws, (await in_db(shop.order)).id)
    async with receiving() as receiver:
        await deliver(receiver.port, to, b"From: ines@buyer.example\r\nSubject: x\r\n\r\nWhere is it?\r\n")
        await in_db(understand)
        (row,) = await in_db(said, shop)
        assert (row.body, row.proof) == ("Where is it?", "unproven")
        await in_db(doors.revoke, shop.ws, "thread", row.order_id, "user:1")
        with pytest.raises(Exception, match="No such recipient"):
            await deliver(receiver.port, to)


def test_a_mail_about_an_order_that_is_gone_is_not_kept(shop: Ledger) -> None:
    to = answer_mail.address(shop.ws, shop.order().id)
    shop.order().delete()
    assert smtp.arrivals(b"From: a@b.example\r\n\r\nx", PROVEN, (to,)) == []


def test_erasing_finds_the_mail_and_empties_the_message(shop: Ledger) -> None:
    replies(shop, "Hello")
    found = traces.find(shop.ws, "ines@buyer.example")
    assert Inbox.objects.get(ws=shop.ws, headers__what="reply").id in found.inbox
    erasure.erase(shop.ws, "ines@buyer.example", "user:1")
    (row,) = said(shop)
    assert (row.body, row.sender, row.mail_id) == ("", "", "")
