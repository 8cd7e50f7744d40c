"""Being told about an order because one asked on its page, and stopping it with one click; without any script."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from doorstep.app import doors, outbox
from doorstep.app.telling import following, notify, readers
from doorstep.app.telling.letter_rules import Rules
from doorstep.db.models import Connection, Follower, LetterRules, OptOut, Order, Outbox, Person
from tests.app.ledger import Ledger
from tests.app.test_web_push import Browser
from tests.web.conftest import login

HOME = "ines@home.example"


@pytest.fixture(autouse=True)
def _mail_server(settings) -> None:
    settings.EMAIL_HOST = "mail.example"


@pytest.fixture
def shopper() -> Client:
    """Somebody without a cookie or a token of a form."""
    return Client(enforce_csrf_checks=True)


def order_store(order: Order) -> Connection:
    return Connection.objects.get(ws=order.ws, id=order.store_id)


def question() -> str:
    """The link in the mail that asks, as it is sent."""
    Outbox.objects.exclude(intent_key__endswith=":confirm").delete()
    leased = outbox.claim(("mail",))
    assert leased is not None
    letter = following.write_question(leased)
    assert letter is not None
    notify.send(letter)
    found = re.search(r"http\S+/follow/\S+", letter.body)
    assert found is not None
    return found[0].removeprefix(settings.PUBLIC_URL)


def test_page_leads_there_and_works_without_a_script(shopper: Client, page: str) -> None:
    assert f'href="{page}/follow?lang=de"' in shopper.get(f"{page}?lang=de").content.decode()
    answer = shopper.get(f"{page}/follow?lang=de")
    text = answer.content.decode()
    assert "E-Mail-Adresse" in text and "<script>" not in text and not answer.cookies
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_mails_come_only_once_the_address_said_yes(shopper: Client, order: Order, page: str) -> None:
    said = shopper.post(f"{page}/follow?lang=fr", {"address": HOME}).content.decode()
    assert "une demande de confirmation est en route" in said
    path = question()
    assert mail.outbox[0].to == [HOME] and "Voulez-vous" in mail.outbox[0].subject
    asks = shopper.get(path).content.decode()
    assert HOME in asks and "Oui, envoyez-moi" in asks
    assert Follower.objects.get().confirmed_at is None, "a mail scanner that presses the link confirms nothing"
    assert readers.readers(order, order_store(order), None, Rules()) == []
    shopper.post(path, {"do": "confirm"})
    assert Follower.objects.get().confirmed_at is not None
    assert [one.address for one in readers.readers(order, order_store(order), None, Rules())] == [HOME]
    assert "C’est fait" in shopper.get(path).content.decode()


@pytest.mark.parametrize("do", [{"do": "order"}, {"do": "store"}, {"List-Unsubscribe": "One-Click"}])
def test_one_click_stops_what_was_asked_for(shopper: Client, order: Order, page: str, do: dict[str, str]) -> None:
    shopper.post(f"{page}/follow", {"address": HOME})
    path = question()
    shopper.post(path, {"do": "confirm"})
    answer = shopper.post(path, do)
    assert answer.status_code == 200, "mail programs follow no redirect"
    assert Follower.objects.get().ended_at is not None and OptOut.objects.count() == 1
    shopper.post(path, {"do": "confirm"})
    assert Follower.objects.get().ended_at is None


def test_same_address_is_asked_once_and_nobody_learns_whether_it_is_known(shopper: Client, page: str) -> None:
    said = {shopper.post(f"{page}/follow", {"address": HOME}).content for _ in range(3)}
    assert len(said) == 1 and Follower.objects.count() == 1
    for n in range(6):
        last = shopper.post(f"{page}/follow", {"address": f"{n}@home.example"})
    assert last.status_code == 422 and "try again tomorrow" in last.content.decode()
    assert Follower.objects.count() == 5


def test_what_is_no_address_is_said(shopper: Client, page: str) -> None:
    answer = shopper.post(f"{page}/follow", {"address": "<b>@x"})
    assert answer.status_code == 422 and "no e-mail address" in answer.content.decode()
    assert "&lt;b&gt;@x" in answer.content.decode()


@pytest.mark.parametrize("why", ["server", "store", "channel", "removed"])
def test_mails_are_not_offered_where_they_cannot_or_may_not_come(
    shopper: Client, shop: Ledger, page: str, settings, why: str
) -> None:
    store = Connection.objects.filter(id=shop.store.id)
    if why == "server":
        settings.EMAIL_HOST = ""
    elif why == "store":
        LetterRules.objects.create(ws=shop.ws, store_id=shop.store.id, followers=False)
    else:
        store.update(**({"connector": "ebay"} if why == "channel" else {"state": "removed"}))
    assert 'name="address"' not in shopper.get(f"{page}/follow").content.decode()
    assert shopper.post(f"{page}/follow", {"address": HOME}).status_code == 422
    assert not Follower.objects.exists()


@pytest.fixture
def leave(order: Order) -> str:
    return readers.leave_url(order).removeprefix(settings.PUBLIC_URL)


def test_buyer_stops_mails_of_an_order_or_of_the_store_and_wants_them_again(
    shopper: Client, order: Order, leave: str
) -> None:
    person = Person.objects.get(id=order.person_id)
    assert "Stop all mails from" in shopper.get(leave).content.decode() and not OptOut.objects.exists()
    for do, scope in (({"do": "order"}, order.id), ({"List-Unsubscribe": "One-Click"}, 0)):
        answer = shopper.post(leave, do)
        assert answer.status_code == 200 and "no mails come any more" in answer.content.decode()
        assert OptOut.objects.get().order_id == scope
        assert readers.stopped(order.ws, order.store_id, order.id, person.email)
        shopper.post(leave, {"do": "again"})
        assert not OptOut.objects.exists()


@pytest.mark.parametrize("path", ["/leave/nope", "/follow/nope", "/t/nope/follow"])
def test_unknown_links_do_nothing(shopper: Client, db: None, path: str) -> None:
    assert shopper.get(path).status_code == 404
    assert shopper.post(path, {"address": HOME}).status_code == 404


def test_links_of_what_is_gone_do_nothing(shopper: Client, order: Order, page: str, leave: str) -> None:
    shopper.post(f"{page}/follow", {"address": HOME})
    path = question()
    order.delete()
    codes = [
        shopper.post(one, {"do": "confirm"}).status_code
        for one in (path, leave, f"{page}/follow", f"{page}/follow/push")
    ]
    assert codes == [404] * 4


def test_question_is_not_sent_when_it_was_answered_or_the_store_is_unwanted(
    shopper: Client, order: Order, page: str
) -> None:
    shopper.post(f"{page}/follow", {"address": HOME})
    readers.stop(order.ws, order.store_id, 0, HOME)
    leased = outbox.claim(("mail",))
    assert leased is not None and following.write_question(leased) is None


def test_browser_of_a_shopper_is_turned_on_and_off(shopper: Client, order: Order, page: str) -> None:
    typed = {**Browser().typed, "address": "https://push.example/1"}
    turns = [
        shopper.post(f"{page}/follow/push", {**typed, "do": do}).json()["on"] for do in ("look", "begin", "look", "end")
    ]
    assert turns == [False, True, True, False]
    assert shopper.post(f"{page}/follow/push", {**typed, "do": "begin", "auth": "?"}).status_code == 422
    assert shopper.get(f"{page}/follow/push").status_code == 405
    assert not Follower.objects.exists()


def test_member_chooses_what_they_are_told(shop: Ledger, alice: Client) -> None:
    from doorstep.app.telling import alerts
    from doorstep.core.roles import Member

    text = alice.get("/alerts").content.decode()
    assert text.count("checked") == 3, "what an owner is told anyway"
    assert alice.post("/alerts", {"daily_at": "24"}).status_code == 422
    alice.post("/alerts", {"mail": ["problem", "nonsense"], "push": ["message"], "daily_at": "7"})
    assert alerts.mailed(shop.ws, "problem") == ("alice@example.org",)
    assert alerts.mailed(shop.ws, "denied") == () and alerts.chosen(shop.ws, "message")
    assert alerts.mailed(shop.ws, "message") == ("bob@example.org",)
    row = Outbox.objects.get(intent_key__startswith="daily:")
    assert row.due_at.hour == 7 and row.target_id == alerts.User.objects.get(email="alice@example.org").id
    typed = {**Browser().typed, "address": "https://push.example/1", "do": "begin"}
    assert alice.post("/alerts/push", typed).json() == {"on": True}
    assert alerts.choice(shop.ws, 999, Member.VIEWER).mail == frozenset()
    assert login("bob@example.org").get("/alerts").content.decode().count("checked") == 1


def test_link_of_a_page_is_no_link_to_its_mails(order: Order, page: str) -> None:
    token = page.rpartition("/")[2]
    assert doors.enter("leave", token) is None and doors.enter("follow", token) is None
