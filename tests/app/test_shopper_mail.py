"""Mails to shoppers in their language and the store's words: what they wait for, who gets none, what nobody took."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail

from doorstep.app import clock
from doorstep.app.loop import in_db
from doorstep.app.telling import following, letters, mailed, readers, shopper_mail
from doorstep.core.letter import Event
from doorstep.core.policy import MailBy
from doorstep.db.models import (
    Brand,
    Connection,
    Follower,
    LetterRules,
    Mailed,
    OptOut,
    Outbox,
    Parcel,
    Person,
)
from tests.app.ledger import USPS, Ledger, track17, woo
from tests.app.test_notify import MOVING, NOW, OUT, leased, mails, shop, state
from tests.house import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def chooses(one: Ledger, **values: Any) -> None:
    LetterRules.objects.update_or_create(ws=one.ws, store_id=one.store.id, defaults=values)


async def goes(milestone: str = "out_for_delivery") -> None:
    await shopper_mail.carry_out(await in_db(leased, milestone))


def posts(one: Ledger) -> list[tuple[str, str, str]]:
    """What the order's screen says of mails: (event, state, reason)."""
    found = mailed.of_order(one.ws, one.order().id)
    told = [(post.event, post.state, (post.reason or {}).get("id", "")) for post in found]
    return [one for one in told if one[1] not in {"due", "held"} or one[2]]  # what nobody has looked at yet waits too


def test_buyer_reads_their_language_in_the_stores_colours_and_words() -> None:
    one = shop()
    Person.objects.update(locale="pt_BR")
    Brand.objects.create(ws=one.ws, store_id=one.store.id, key="k1", name="Lantern & Co", colour="#7a3b12")
    letters.save(one.ws, one.store.id, Event.OUT_FOR_DELIVERY, "pt-BR", "{order}: hoje", "Oi <b>\n\n{number}", "user:1")
    todo = shopper_mail.write(leased("out_for_delivery"))
    assert isinstance(todo, shopper_mail.Round)
    ((_, letter),) = todo.letters
    assert letter.subject == "1001: hoje" and USPS in letter.body and "Acompanhar seu pedido" in letter.body
    assert '<html lang="pt-BR" dir="ltr">' in letter.html and "Lantern &amp; Co" in letter.html
    assert "Oi &lt;b&gt;" in letter.html and "#7a3b12" in letter.html
    stop = letter.headers["List-Unsubscribe"]
    assert stop.startswith("<http") and "/leave/" in stop and stop in f"<{letter.body.split()[-1]}>"
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_what_is_held_says_why_and_goes_later() -> None:
    one = await in_db(shop)
    hour = clock.now().hour
    await in_db(lambda: chooses(one, quiet_from=hour, quiet_to=(hour + 2) % 24))
    await goes()
    assert mail.outbox == [] and await in_db(posts, one) == [("out_for_delivery", "held", "letters.held.quiet")]
    await in_db(lambda: chooses(one, quiet_from=None, gap_h=5))
    await goes()
    assert len(mail.outbox) == 1
    await in_db(one.hears, one.track(track17(USPS, MOVING, OUT, NOW)))
    await goes("delivered")
    assert len(mail.outbox) == 1
    assert await in_db(posts, one) == [("delivered", "held", "letters.held.gap"), ("out_for_delivery", "sent", "")]
    await in_db(Mailed.objects.all().delete)
    await goes("delivered")
    assert [one.subject.rpartition(" ")[2] for one in mail.outbox] == ["today", "delivered"]


async def test_news_of_a_day_go_together() -> None:
    one = await in_db(shop)
    hour = clock.now().hour
    await in_db(lambda: chooses(one, daily_at=(hour + 5) % 24))
    for milestone in ("shipped", "out_for_delivery"):
        await goes(milestone)
    assert mail.outbox == [] and {reason for _, _, reason in await in_db(posts, one)} == {"letters.held.daily"}
    await in_db(lambda: chooses(one, daily_at=hour))
    await goes("out_for_delivery")
    (sent,) = mail.outbox
    assert "News of your order" in sent.subject and sent.body.count(f"{USPS}: Out for delivery") == 1
    assert await in_db(state, "shipped") == "done"


@pytest.mark.parametrize(("scanned", "sent"), [(False, 1), (True, 0)])
async def test_details_may_be_delayed_only_while_there_is_no_scan(scanned: bool, sent: int) -> None:
    def ordered() -> Ledger:
        from tests.app.ledger import START, ledger

        one = ledger(since=START - timedelta(days=1))
        mails(one)
        one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))))
        if scanned:
            one.hears(one.track(track17(USPS, MOVING)))
        return one

    one = await in_db(ordered)
    row = await in_db(lambda: Outbox.objects.get(intent_key__endswith=":delayed"))
    assert row.due_at - clock.now() > timedelta(days=3) and ("delayed", "due", "") not in await in_db(posts, one)
    await goes("delayed")
    assert len(mail.outbox) == sent and (
        "details may be delayed" in "".join(one.subject for one in mail.outbox)
    ) is bool(sent)


async def test_event_that_is_off_is_not_mailed() -> None:
    one = await in_db(shop)
    await in_db(lambda: chooses(one, off=["out_for_delivery"]))
    await goes()
    assert mail.outbox == [] and await in_db(state, "out_for_delivery") == "done"


@pytest.mark.parametrize("scope", ["order", "store"])
async def test_who_stopped_mails_gets_none_until_they_want_them_again(scope: str) -> None:
    one = await in_db(shop)
    order = await in_db(one.order)
    about = (one.ws, one.store.id, order.id if scope == "order" else 0, " INES@buyer.example")
    await in_db(readers.stop, *about)
    await goes()
    assert mail.outbox == [] and await in_db(posts, one) == [("out_for_delivery", "skipped", "letters.skipped.stopped")]
    await in_db(readers.start_again, one.ws, one.store.id, order.id, "ines@buyer.example")
    await in_db(Mailed.objects.all().delete)
    await goes()
    assert len(mail.outbox) == 1


async def test_buyers_of_a_channel_that_allows_it_to_nobody_are_not_written_to() -> None:
    one = await in_db(shop)
    await in_db(lambda: Connection.objects.filter(id=one.store.id).update(connector="ebay"))
    await goes()
    assert mail.outbox == [] and await in_db(posts, one) == [("out_for_delivery", "skipped", "letters.skipped.channel")]


async def test_further_addresses_get_a_copy_and_a_mail_of_their_own() -> None:
    one = await in_db(shop)
    await in_db(lambda: chooses(one, extra=["desk@lamp.example", "Ines@buyer.example"]))
    await goes()
    assert [sent.to for sent in mail.outbox] == [["ines@buyer.example"], ["desk@lamp.example"]]
    marks = {sent.extra_headers["Message-ID"] for sent in mail.outbox}
    assert len(marks) == 2 and "List-Unsubscribe" not in mail.outbox[1].extra_headers


class Declining:
    """A mail server that takes nothing for some addresses."""

    declined = ("ines@buyer.example", "gone@buyer.example")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.declined:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 OK"


@pytest.fixture
def declining(settings) -> Iterator[None]:
    there = Controller(Declining(), hostname="127.0.0.1", port=free_port())
    there.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", there.port, False
    yield
    there.stop()


async def test_address_that_no_server_takes_is_said_on_the_order(declining: None) -> None:
    one = await in_db(shop)
    order = await in_db(one.order)
    for address in ("gone@buyer.example", "ok@buyer.example"):
        row = await in_db(lambda to=address: asked(one, order.id, to))
        await in_db(following.confirm, row)
    await goes()
    assert await in_db(posts, one) == [
        ("out_for_delivery", "dead", "mail.refused"),
        ("out_for_delivery", "sent", ""),
        ("out_for_delivery", "refused", "mail.refused"),
    ]
    said = await in_db(lambda: Outbox.objects.get(intent_key__endswith=":out_for_delivery").error)
    assert said["values"] == {"code": 550, "said": "5.1.1 No such user"}
    assert await in_db(lambda: [row.address for row in Follower.objects.filter(ended_at=None)]) == ["ok@buyer.example"]


def asked(one: Ledger, order_id: int, address: str) -> Follower:
    about = {"ws": one.ws, "store_id": one.store.id, "order_id": order_id, "kind": "mail"}
    return Follower.objects.create(**about, address=address, language="de", made_at=clock.now())


def test_follower_is_told_what_happens_from_then_on_and_the_buyer_is_not() -> None:
    one = shop(mail_by=MailBy.STORE)
    row = asked(one, one.order().id, "ines@home.example")
    one.at = clock.now()
    following.confirm(row)
    Follower.objects.update(confirmed_at=one.at)
    one.hears(one.track(track17(USPS, MOVING, OUT, NOW)))
    assert {key.intent_key.partition(":")[2] for key in Outbox.objects.filter(lane="mail")} == {"delivered"}
    todo = shopper_mail.write(leased("delivered"))
    assert isinstance(todo, shopper_mail.Round)
    assert [(reader.who, letter.subject) for reader, letter in todo.letters] == [
        ("follower", f"Ihre Bestellung 1001 bei {one.store.label} wurde zugestellt")
    ]


def test_hours_are_those_of_the_shoppers_country_where_it_has_one_zone() -> None:
    from doorstep.app.telling.letter_rules import rules, zone_of

    one = shop()
    chooses(one, zone="shopper")
    kept = rules(one.ws, one.store.id)
    zones = {land: str(zone_of(one.ws, kept, Person(country=land))) for land in ("JP", "US", "")}
    assert zones == {"JP": "Asia/Tokyo", "US": "UTC", "": "UTC"}


def test_who_is_erased_leaves_no_address_behind() -> None:
    one = shop()
    order = one.order()
    readers.stop(one.ws, one.store.id, order.id, "ines@buyer.example")
    asked(one, order.id, "ines@buyer.example")
    sent = {"event": "shipped", "who": "buyer", "to": "ines@buyer.example", "state": "sent", "at": clock.now()}
    Mailed.objects.create(ws=one.ws, order_id=order.id, outbox_id=1, **sent)
    assert following.erase(one.ws, [order.id], "ines@buyer.example") == 2
    assert not Follower.objects.exists() and not OptOut.objects.exists() and Mailed.objects.get().to == ""


def test_parcel_that_is_gone_is_no_news() -> None:
    shop()
    Parcel.objects.all().delete()
    assert shopper_mail.write(leased("out_for_delivery")) is None


def test_mail_says_when_the_parcel_comes_and_shows_the_stores_logo() -> None:
    one = shop()
    Brand.objects.create(ws=one.ws, store_id=one.store.id, key="k1", logo=b"x", logo_kind="image/png")
    Parcel.objects.update(eta_from=clock.now().date(), eta_to=clock.now().date() + timedelta(days=1))
    todo = shopper_mail.write(leased("out_for_delivery"))
    assert isinstance(todo, shopper_mail.Round)
    ((_, letter),) = todo.letters
    assert "Expected: " in letter.body and " – " in letter.body
    assert '<img class="l" src="http' in letter.html and "/look/brand/k1/logo" in letter.html


async def test_question_to_a_follower_goes_the_way_of_every_mail(settings) -> None:
    settings.EMAIL_HOST = "mail.example"
    one = await in_db(lambda: shop(mail_by=MailBy.STORE))
    order = await in_db(one.order)
    await in_db(following.ask, one.ws, order.id, "ines@home.example", "es")
    await goes("confirm")
    (sent,) = mail.outbox
    assert sent.to == ["ines@home.example"] and "¿Quiere correos" in sent.subject and "/follow/" in sent.body
    assert await in_db(state, "confirm") == "done" and await in_db(posts, one) == []
