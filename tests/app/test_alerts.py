"""Members are told what they chose: problems by mail and on their devices, and once a day what needs somebody."""

from datetime import timedelta

import pytest
from django.core import mail

from doorstep.app import clock, outbox
from doorstep.app.loop import in_db
from doorstep.app.members import daily, notices
from doorstep.app.telling import alerts, web_push
from doorstep.db.models import Alerts, Follower, Membership, Outbox, User
from tests.app.ledger import USPS, Ledger, ledger, scan, track17, woo
from tests.app.test_notify import MOVING, NOW, OUT
from tests.app.test_web_push import Browser, Service, service

pytestmark = pytest.mark.django_db(transaction=True)
HELD = scan(5.2, "Exception_Other", "Held")
__all__ = ["service"]


@pytest.fixture(autouse=True)
def _mail_server(settings) -> None:
    settings.EMAIL_HOST = "mail.example"


def member(one: Ledger) -> User:
    return User.objects.get(id=Membership.objects.get(ws=one.ws).user_id)


def shop(**choice: object) -> Ledger:
    """A store that mails its buyers by itself, and whose owner chose what they are told."""
    one = ledger()
    alerts.choose(one.ws, member(one).id, (), (), None)
    Alerts.objects.update(**choice)
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.track(track17(USPS, MOVING, OUT, HELD)))
    return one


def leased(lane: str) -> outbox.Leased:
    Outbox.objects.filter(lane=lane).update(due_at=clock.now(), state="due", lease_until=0.0)
    taken = outbox.claim((lane,))
    assert taken is not None
    return taken


async def test_problem_is_told_once_to_whoever_chose_it() -> None:
    one = await in_db(lambda: shop(mail=["problem"]))
    rows = await in_db(lambda: list(Outbox.objects.filter(lane="notice").values_list("intent_key", flat=True)))
    assert [key.partition(":")[0] for key in rows] == ["problem"]
    await notices.tell(await in_db(leased, "notice"))
    (sent,) = mail.outbox
    assert sent.to == [(await in_db(member, one)).email] and "order 1001" in sent.subject and "/orders/" in sent.body


@pytest.mark.parametrize("meanwhile", ["delivered", "unwanted", "no server"])
async def test_problem_that_is_over_or_unwanted_is_not_told(settings, meanwhile: str) -> None:
    one = await in_db(lambda: shop(mail=["problem"]))
    if meanwhile == "delivered":
        await in_db(one.hears, one.track(track17(USPS, MOVING, OUT, HELD, NOW)))
    elif meanwhile == "unwanted":
        await in_db(lambda: Alerts.objects.update(mail=[]))
    else:
        settings.EMAIL_HOST = ""
    await notices.tell(await in_db(leased, "notice"))
    assert mail.outbox == []


def test_nobody_chose_it_and_nothing_is_meant() -> None:
    shop()
    assert not Outbox.objects.filter(lane__in=["notice", "mail", "web_push"]).exists()


async def test_devices_are_told_beside_the_mail(service: Service) -> None:
    one, browser = await in_db(lambda: shop(push=["problem"])), Browser()
    user = await in_db(member, one)
    typed = {**browser.typed, "address": "https://push.example/1"}
    await in_db(lambda: web_push.begin(one.ws, typed, "en", user_id=user.id))
    await in_db(lambda: Follower.objects.update(address=service.url))
    for _ in range(2):  # a notice that is repeated tells no device twice
        await notices.tell(await in_db(leased, "notice"))
    assert mail.outbox == [] and await in_db(Outbox.objects.filter(lane="web_push").count) == 1
    await web_push.carry_out(await in_db(leased, "web_push"))
    ((_, body),) = service.took
    said = browser.open(body)
    assert said["body"] == "A carrier reports a problem with a parcel."
    assert said["url"].endswith(f"/orders/{(await in_db(one.order)).id}")


async def test_each_morning_tells_what_needs_somebody_and_plans_the_next() -> None:
    one = await in_db(lambda: shop(daily_at=7))
    user = await in_db(member, one)
    await in_db(alerts.plan_day, one.ws, user.id, 7)
    await in_db(lost, one)
    first = await in_db(leased, "notice")
    await in_db(lambda: Outbox.objects.filter(id=first.row.id).update(intent_key="daily:2020-01-01:7"))
    await in_db(first.row.refresh_from_db)
    await notices.tell(first)
    (sent,) = mail.outbox
    assert sent.to == [user.email] and "1001" in sent.body and "1 number or mail" in sent.body
    planned = await in_db(lambda: Outbox.objects.get(lane="notice", state="due"))
    assert planned.due_at.hour == 7 and timedelta(0) < planned.due_at - clock.now() <= timedelta(days=1)


def lost(one: Ledger) -> None:
    about = {"target_id": one.order().id, "payload_ref": 1, "intent_key": "1:delivered"}
    Outbox.objects.create(ws=one.ws, lane="mail", state="dead", due_at=clock.now(), **about)


@pytest.mark.parametrize("why", ["another hour", "no hour", "no member", "nothing"])
def test_no_daily_mail_where_it_is_not_wanted_or_nothing_needs_anybody(why: str) -> None:
    one = ledger() if why == "nothing" else shop()
    user = member(one)
    alerts.choose(one.ws, user.id, (), (), 7)
    changes = {"another hour": 8, "no hour": None}
    if why in changes:
        Alerts.objects.update(daily_at=changes[why])
    elif why == "no member":
        Membership.objects.all().delete()
    assert daily.write(leased("notice")) is None
    assert Outbox.objects.filter(lane="notice").count() == 1, "the same day is not planned twice"
