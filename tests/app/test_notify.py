"""Mails to shoppers: who gets which, once, and only while it is news."""

import asyncio
from datetime import timedelta

import pytest
from django.core import mail

from doorstep.app import clock, outbox
from doorstep.app.connections import connect
from doorstep.app.loop import in_db
from doorstep.app.push import rules
from doorstep.app.telling import shopper_mail
from doorstep.core.policy import MailBy, Policy
from doorstep.db.models import Mailed, Outbox, Parcel, Person, Push, StorePolicy
from tests.app.ledger import START, USPS, Ledger, cj, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
MOVING, OUT = scan(4, "InTransit_PickedUp", "Accepted"), scan(5, "OutForDelivery_Other", "Out for delivery")
NOW = scan(5.9, "Delivered_Other", "Delivered")


def shop(since=START - timedelta(days=1), mail_by: MailBy = MailBy.DOORSTEP) -> Ledger:
    """Order 1001, out for delivery, of a shop whose shoppers are mailed by ``mail_by``."""
    one = ledger(since=since)
    mails(one, mail_by)
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.track(track17(USPS, MOVING, OUT)))
    return one


def mails(one: Ledger, by: MailBy = MailBy.DOORSTEP) -> None:
    """Have ``by`` mail the shoppers, since the shop was opened."""
    rules.save(one.ws, one.store.id, Policy(mail_by=by), "user:1")
    StorePolicy.objects.filter(ws=one.ws).update(since=START)


def intents() -> set[str]:
    return {row.intent_key.partition(":")[2] for row in Outbox.objects.filter(lane="mail")}


def leased(milestone: str) -> outbox.Leased:
    Outbox.objects.update(due_at=clock.now() + timedelta(days=1), lease_until=0.0)
    Outbox.objects.filter(intent_key__endswith=f":{milestone}").update(due_at=clock.now(), state="due")
    taken = outbox.claim()
    assert taken is not None
    return taken


def state(milestone: str) -> str:
    return Outbox.objects.get(intent_key__endswith=f":{milestone}").state


def test_every_milestone_is_meant_once_however_often_it_is_said():
    one = shop()
    one.hears(one.track(track17(USPS, MOVING, OUT)), one.track(track17(USPS, MOVING, OUT, NOW)))
    assert intents() == {"shipped", "delayed", "out_for_delivery", "delivered"}
    assert Outbox.objects.filter(lane="mail").count() == 4


@pytest.mark.parametrize("by", [MailBy.STORE, MailBy.NONE])
def test_nobody_is_mailed_by_us_where_the_store_does_it_or_nobody(by):
    shop(mail_by=by)
    assert intents() == set()


def test_orders_older_than_the_connection_are_never_mailed():
    shop(since=START + timedelta(days=1))
    assert intents() == set()


async def test_a_mail_tells_where_to_look_and_keeps_its_name_when_repeated():
    await in_db(shop)
    for _ in range(2):
        await in_db(Mailed.objects.all().delete)  # it was killed before it noted what it had sent
        await shopper_mail.carry_out(await in_db(leased, "out_for_delivery"))
    assert await in_db(state, "out_for_delivery") == "done"
    first, second = mail.outbox
    assert first.to == ["ines@buyer.example"] and "1001" in first.subject and "/t/" in first.body
    assert first.extra_headers == second.extra_headers
    assert first.extra_headers["Message-ID"].startswith("<doorstep.")


async def test_news_of_yesterday_is_not_sent():
    one = await in_db(shop)
    await in_db(one.hears, one.track(track17(USPS, MOVING, OUT, NOW)))
    for milestone in ("out_for_delivery", "shipped"):
        await shopper_mail.carry_out(await in_db(leased, milestone))
    assert mail.outbox == []
    await shopper_mail.carry_out(await in_db(leased, "delivered"))
    assert len(mail.outbox) == 1


def stale(one: Ledger) -> None:
    Parcel.objects.filter(ws=one.ws).update(status_since=clock.now() - timedelta(days=4))


def cancelled(one: Ledger) -> None:
    one.hears(one.woo(woo(status="cancelled", modified=START + timedelta(days=5))))


def nameless(one: Ledger) -> None:
    Person.objects.filter(ws=one.ws).update(email="")


def removed(one: Ledger) -> None:
    connect.remove(one.ws, one.store.id, "user:1")


def taken_over(one: Ledger) -> None:
    rules.save(one.ws, one.store.id, Policy(), "user:1")


@pytest.mark.parametrize("meanwhile", [stale, cancelled, nameless, removed, taken_over])
async def test_what_is_not_ours_to_say_any_more_is_not_said(meanwhile):
    one = await in_db(shop)
    await in_db(meanwhile, one)
    await shopper_mail.carry_out(await in_db(leased, "out_for_delivery"))
    assert mail.outbox == [] and await in_db(state, "out_for_delivery") == "done"


async def test_a_mail_server_that_is_down_is_tried_again(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    await in_db(shop)
    await shopper_mail.carry_out(await in_db(leased, "out_for_delivery"))
    row = await in_db(lambda: Outbox.objects.get(intent_key__endswith=":out_for_delivery"))
    assert (row.state, row.error["id"]) == ("due", "mail.not_sent") and row.due_at > clock.now()


async def test_a_mail_server_that_says_nothing_keeps_nobody_else_waiting(settings):
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = silent.sockets[0].getsockname()[:2]
    settings.EMAIL_TIMEOUT = 1.0
    await in_db(shop)
    sending = asyncio.create_task(shopper_mail.carry_out(await in_db(leased, "out_for_delivery")))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(0.5):
        await in_db(Outbox.objects.count)
    await sending
    assert await in_db(state, "out_for_delivery") == "due"
    silent.close()


async def test_trouble_that_is_over_is_not_told():
    one = await in_db(shop)
    await in_db(one.hears, one.track(track17(USPS, MOVING, scan(5.2, "Exception_Other", "Held"), NOW)))
    await shopper_mail.carry_out(await in_db(leased, "exception"))
    assert mail.outbox == []


async def test_an_address_that_no_mail_can_have_is_given_up():
    one = await in_db(shop)
    await in_db(lambda: Person.objects.filter(ws=one.ws).update(email="ines@buyer.example\nBcc: all@buyer.example"))
    await shopper_mail.carry_out(await in_db(leased, "out_for_delivery"))
    assert mail.outbox == [] and await in_db(state, "out_for_delivery") == "dead"


def test_what_the_store_was_given_counts_as_shipped():
    one = ledger()
    mails(one)
    one.hears(one.woo(woo()), one.cj(cj()))
    assert intents() == set()
    Push.objects.update(state="accepted", remote_id="t1")
    one.hears(one.woo(woo(modified=START + timedelta(days=4))))
    assert intents() == {"shipped", "delayed"}


def test_taking_over_the_mails_repeats_nothing_the_store_may_have_told():
    one = shop(mail_by=MailBy.STORE)
    rules.save(one.ws, one.store.id, Policy(mail_by=MailBy.DOORSTEP), "user:1")
    one.at = clock.now()
    one.hears(one.track(track17(USPS, MOVING, OUT)))
    assert intents() == set()
    one.hears(one.track(track17(USPS, MOVING, OUT, NOW)))
    assert intents() == {"delivered"}
