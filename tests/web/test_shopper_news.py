"""News of a household's own parcels: asked for, told outside of quiet hours, muted, all in one mail, and stopped."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.test import Client

from doorstep.app import clock, outbox
from doorstep.app.household import household_letters, household_news
from doorstep.app.loop import in_db
from doorstep.app.telling import notify
from doorstep.db.models import Connection, Follower, News, Order, Outbox, Parcel, User, Workspace
from tests.app.ledger import OTHER, START, USPS, Ledger, connect, iso, track17
from tests.app.test_web_push import Browser, Service, service
from tests.web.shoppers import at_home, come_in, text

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["service"]
ALWAYS = {"what": list(household_news.TOLD), "mail": "at_once", "daily_at": "8"}


@pytest.fixture(autouse=True)
def _opened(settings: Any) -> None:
    settings.SHOPPER_APP = True


@pytest.fixture
def ines() -> Client:
    return at_home("ines@buyer.example")[0]


def user() -> User:
    return User.objects.get(email="ines@buyer.example")


def follow(client: Client, number: str = USPS, label: str = "Lamp") -> Order:
    answer = client.post("/my/add", {"number": number, "label": label, "other": "USPS" if number == USPS else ""})
    return Order.objects.get(id=int(answer.headers["Location"].rpartition("/")[2]))


def hears(number: str, *said: str) -> None:
    """The carrier says these things of a number, the last one a minute ago."""
    home = Workspace.objects.get(kind="household")
    carrier = Connection.objects.filter(ws=home.id, kind="carrier").first()
    carrier = carrier or connect(home.id, "carrier", "seventeen_track", START)
    one = Ledger(home.id, store=carrier, supplier=carrier, carrier=carrier, mailbox=carrier, at=clock.now())
    at = [clock.now() - timedelta(minutes=len(said) - n) for n in range(len(said))]
    scans = [(f"{iso(when)}+00:00", sub, sub) for when, sub in zip(at, said, strict=True)]
    one.hears(one.track(track17(number, *scans, key=21051 if number == USPS else 3011)))


def intents() -> set[str]:
    return set(Outbox.objects.filter(lane="home").values_list("intent_key", flat=True))


def leased(status: str, way: str = "mail") -> outbox.Leased:
    """The intent of a status, ready to be carried out."""
    Outbox.objects.update(due_at=clock.now() + timedelta(days=1), lease_until=0.0)
    Outbox.objects.filter(intent_key__contains=f":{status}:{way}:").update(due_at=clock.now(), state="due")
    taken = outbox.claim(("home",))
    assert taken is not None
    return taken


def carry_out(status: str) -> Outbox:
    """Carry out the intent to mail a status; how it is afterwards."""
    taken = leased(status)
    async_to_sync(household_letters.carry_out)(taken)
    return Outbox.objects.get(id=taken.row.id)


def test_nothing_is_told_that_nobody_asked_for(ines: Client) -> None:
    follow(ines)
    hears(USPS, "InTransit_Other", "OutForDelivery_Other")
    assert intents() == set()
    assert "Be told when something happens" in text(ines, f"/my/parcel/{Order.objects.get().id}")


def test_news_is_mailed_once_and_only_while_it_is_true(ines: Client) -> None:
    assert "No mails" in text(ines, "/my/you/news")
    ines.post("/my/you/news", ALWAYS)
    order = follow(ines)
    hears(USPS, "InTransit_Other", "OutForDelivery_Other")
    hears(USPS, "InTransit_Other", "OutForDelivery_Other")
    parcel, me = Parcel.objects.get(), user().pk
    assert intents() == {f"{parcel.id}:{one}:mail:{me}" for one in ("in_transit", "out_for_delivery")}
    assert carry_out("in_transit").state == "done"
    assert mail.outbox == [], "it is out for delivery already"
    assert carry_out("out_for_delivery").state == "done"
    (sent,) = mail.outbox
    assert sent.to == ["ines@buyer.example"] and sent.subject == "Lamp: Out for delivery"
    assert USPS in sent.body and f"/my/parcel/{order.id}" in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_language_is_the_households(ines: Client) -> None:
    ines.post("/my/you", {"name": "", "tz": "Europe/Berlin", "locale": "de"})
    ines.post("/my/you/news", ALWAYS)
    follow(ines, label="Lampe")
    hears(USPS, "Delivered_Other")
    carry_out("delivered")
    assert mail.outbox[0].subject == "Lampe: Zugestellt"
    assert "Diese E-Mails abbestellen" in mail.outbox[0].body


def test_quiet_hours_are_of_the_households_zone(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    ines.post("/my/you", {"name": "", "tz": "Asia/Tokyo", "locale": "en"})
    ines.post("/my/you/news", {**ALWAYS, "quiet": "on", "quiet_from": "22", "quiet_to": "7"})
    follow(ines)
    hears(USPS, "Delivered_Other")
    night = clock.now().astimezone(tokyo).replace(hour=23, minute=30)
    night = night if night > clock.now() else night + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: night)
    held = carry_out("delivered")
    assert held.state == "due" and mail.outbox == []
    until = held.due_at.astimezone(tokyo)
    assert (until.hour, until.date()) == (7, (night + timedelta(days=1)).date())
    monkeypatch.setattr(clock, "now", lambda: until)
    carry_out("delivered")
    assert len(mail.outbox) == 1


def test_day_of_news_is_one_mail(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ines.post("/my/you/news", {**ALWAYS, "mail": "daily", "daily_at": "8"})
    follow(ines)
    follow(ines, OTHER, "Chair")
    hears(USPS, "OutForDelivery_Other")
    hears(OTHER, "Delivered_Other")
    lisbon = clock.now().astimezone(ZoneInfo("Europe/Lisbon"))
    monkeypatch.setattr(clock, "now", lambda: at_hour(lisbon, 12))
    assert carry_out("delivered").due_at.astimezone(lisbon.tzinfo).hour == 8
    morning = at_hour(lisbon, 8) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: morning)
    Outbox.objects.update(lease_until=0.0)
    carry_out("delivered")
    (sent,) = mail.outbox
    assert sent.subject == "News of 2 parcels"
    assert "Chair: Delivered" in sent.body and "Lamp: Out for delivery" in sent.body
    assert set(Outbox.objects.filter(lane="home").values_list("state", flat=True)) == {"done"}


def at_hour(day: datetime, hour: int) -> datetime:
    return day.replace(hour=hour, minute=5)


@pytest.mark.parametrize("how", ["muted", "put away", "not chosen", "left", "closed"])
def test_what_is_not_wanted_is_not_told(ines: Client, how: str, settings: Any) -> None:
    ines.post("/my/you/news", ALWAYS)
    order = follow(ines)
    hears(USPS, "Delivered_Other")
    if how == "muted":
        ines.post(f"/my/parcel/{order.id}/mute", {"muted": "1"})
        assert "Tell me about this parcel again" in text(ines, f"/my/parcel/{order.id}")
    elif how == "put away":
        ines.post(f"/my/parcel/{order.id}/away", {"away": "1"})
    elif how == "not chosen":
        ines.post("/my/you/news", {**ALWAYS, "what": ["exception"]})
    elif how == "left":
        household_news.forget(order.ws, [user().pk])
    else:
        settings.SHOPPER_APP = False
    assert carry_out("delivered").state == "done"
    assert mail.outbox == []


def test_muted_parcel_is_told_again_when_asked(ines: Client) -> None:
    ines.post("/my/you/news", ALWAYS)
    order = follow(ines)
    ines.post(f"/my/parcel/{order.id}/mute", {"muted": "1"})
    ines.post("/my/you/news", ALWAYS)
    assert News.objects.get().muted == [str(order.id)], "a changed choice keeps what is muted"
    ines.post(f"/my/parcel/{order.id}/mute", {"muted": "0"})
    hears(USPS, "Delivered_Other")
    carry_out("delivered")
    assert len(mail.outbox) == 1


def test_one_click_stops_the_mails_and_reading_the_link_does_not(ines: Client, settings: Any) -> None:
    ines.post("/my/you/news", ALWAYS)
    follow(ines)
    hears(USPS, "Delivered_Other")
    carry_out("delivered")
    found = re.search(r"/quiet/[\w-]{22}", mail.outbox[0].extra_headers["List-Unsubscribe"])
    assert found
    settings.SHOPPER_APP = False
    stranger = Client(enforce_csrf_checks=True)
    assert "stop all of them" in text(stranger, found.group())
    assert News.objects.get().mail == "at_once"
    assert stranger.post(found.group(), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert News.objects.get().mail == ""
    assert "No more mails come" in text(stranger, found.group())
    stranger.post(found.group(), {"do": "again"})
    assert News.objects.get().mail == "at_once"
    assert Client().get(f"{found.group()[:-1]}").status_code == 404
    assert Client().get(found.group()).headers["Referrer-Policy"] == "no-referrer"


async def test_device_is_told_in_few_words(ines: Client, service: Service) -> None:
    browser = Browser()
    order = await in_db(with_device, ines, browser, service.url)
    for _ in range(2):
        await household_letters.carry_out(await in_db(leased, "available_for_pickup", "push"))
        await in_db(ines.post, f"/my/parcel/{order.id}/mute", {"muted": "1"})
    ((_, body),) = service.took
    said = browser.open(body)
    assert said["title"] == "Lamp" and said["body"].startswith("Ready for pickup. ")
    assert said["url"].endswith(f"/my/parcel/{order.id}")


async def test_device_keeps_to_the_quiet_hours(ines: Client, service: Service) -> None:
    await in_db(with_device, ines, Browser(), service.url)
    hour = clock.now().astimezone(ZoneInfo("Europe/Lisbon")).hour
    await in_db(lambda: News.objects.update(quiet_from=hour, quiet_to=(hour + 2) % 24, mail="daily"))
    await household_letters.carry_out(await in_db(leased, "available_for_pickup", "push"))
    assert service.took == []
    assert (await in_db(Outbox.objects.get)).state == "due"


def with_device(ines: Client, browser: Browser, address: str) -> Order:
    """Ines' parcel waits to be fetched, and her device is to be told."""
    order = follow(ines)
    typed = {**browser.typed, "address": "https://push.example/1"}
    assert ines.post("/my/you/news/push", {**typed, "do": "begin"}).json() == {"on": True}
    assert ines.post("/my/you/news/push", {**typed, "do": "look"}).json() == {"on": True}
    assert ines.post("/my/you/news/push", {"do": "begin", "address": "nothing"}).status_code == 422
    News.objects.update(quiet_from=None)
    Follower.objects.update(address=address)
    hears(USPS, "AvailableForPickup_Other")
    assert {one.split(":")[2] for one in intents()} == {"push"}
    return order


def test_address_that_takes_no_mail_gets_no_more(ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ines.post("/my/you/news", ALWAYS)
    follow(ines)
    hears(USPS, "Delivered_Other")

    def down(_: notify.Letter) -> None:
        raise OSError("down")

    def refused(_: notify.Letter) -> None:
        raise ValueError("no address")

    monkeypatch.setattr(notify, "send", down)
    assert carry_out("delivered").state == "due"
    monkeypatch.setattr(notify, "send", refused)
    assert carry_out("delivered").state == "done"
    assert News.objects.get().mail == ""


def test_forged_choice_is_no_choice(ines: Client) -> None:
    ines.post("/my/you/news", {"what": ["delivered", "x"], "mail": "hourly", "daily_at": "99", "quiet": "on"})
    row = News.objects.get()
    assert (row.what, row.mail, row.daily_at, row.quiet_from) == (["delivered"], "", 8, None)


def test_each_chooses_for_themselves_and_nobody_else_may(ines: Client) -> None:
    ines.post("/my/you/news", ALWAYS)
    charlie = at_home("charlie@example.org")[0]
    order = follow(ines)
    assert charlie.post(f"/my/parcel/{order.id}/mute", {"muted": "1"}).status_code == 404
    assert Client().post("/my/you/news", ALWAYS).status_code == 302
    assert News.objects.get().user_id == user().pk
    assert household_news.wanting(order.ws)[0].user_id == user().pk


def test_who_leaves_is_told_nothing_more(ines: Client) -> None:
    ines.post("/my/you/people", {"do": "invite", "email": "rui@buyer.example"})
    rui = come_in("rui@buyer.example")
    found = re.search(r"/my/you/invitation/(\d+)", text(rui, "/my/"))
    assert found
    rui.post(found.group(), {"do": "yes"})
    rui.post("/my/you/news", ALWAYS)
    assert News.objects.count() == 1
    me = User.objects.get(email="rui@buyer.example").pk
    ines.post("/my/you/people", {"do": "remove", "who": me})
    assert not News.objects.exists()
