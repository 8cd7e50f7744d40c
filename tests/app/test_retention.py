"""Raw bytes are emptied when they are old; what was understood from them stays, and can be read again."""

from datetime import timedelta

import pytest
from django.db.models import F

from doorstep.app import clock
from doorstep.app.inbox import answer_of, keep
from doorstep.app.ledger import retention
from doorstep.app.operate import doctor
from doorstep.app.reading import reread
from doorstep.app.receive import mailbox, teach
from doorstep.db.models import Inbox, Parcel, Waiting
from tests.app.ledger import USPS, Ledger, ledger, scan, track17, unlearn, woo

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = (
    "From: Shop <news@shop.example>\r\nTo: me@example.org\r\nSubject: Your order 9 has shipped\r\n\r\n"
    "Your order #9 is on its way.\r\nYour UPS tracking number: 1Z999AA10123456784\r\n"
)
LONG_AGO = timedelta(days=100)


@pytest.fixture(autouse=True)
def _from_the_start(monkeypatch):
    monkeypatch.setattr(retention, "_ws", 0)
    monkeypatch.setattr(retention, "_done", {})


@pytest.fixture
def one() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo(shipped=(("x1", USPS, "USPS"),))), one.track(track17(USPS, scan(4, "InTransit_Other", "On"))))
    one.hears(one.mail(MAIL, how="member"))
    return one


def age(one: Ledger) -> None:
    Inbox.objects.filter(ws=one.ws).update(received_at=F("received_at") - LONG_AGO)


def every_round() -> int:
    steps = 1
    while retention.step(2):
        steps += 1
        assert steps < 100
    return steps


def grade(key: str) -> str | None:
    return next((one.grade for one in doctor.examine() if one.message.id == f"doctor.{key}"), None)


def test_young_bodies_stay(one):
    every_round()
    assert retention.full().count() == 3 and grade("bodies") == "good"


def test_old_bodies_are_emptied_and_their_rows_stay(one):
    hashes = dict(Inbox.objects.values_list("id", "sha256"))
    age(one)
    assert grade("bodies_waiting") == "note"
    every_round()
    assert not retention.full().exists() and grade("bodies") == "good"
    assert dict(Inbox.objects.values_list("id", "sha256")) == hashes
    assert {answer_of(row).body for row in Inbox.objects.all()} == {b""}
    assert all(answer_of(row).what for row in Inbox.objects.all())


def test_only_those_before_the_first_young_one_are_looked_at(one, django_assert_max_num_queries):
    age(one)
    one.hears(one.track(track17(USPS, scan(4, "InTransit_Other", "On"), scan(5, "InTransit_Other", "Still on"))))
    every_round()
    assert retention.full().count() == 1
    with django_assert_max_num_queries(6):
        every_round()


def test_what_a_shop_said_beside_its_orders_goes_with_them(one):
    first = Inbox.objects.earliest("id")
    kept = {**first.headers, "context": {"beside": '{"customers": ["rui@shopper.example"]}', "page": "1"}}
    Inbox.objects.filter(id=first.id).update(headers=kept)
    age(one)
    every_round()
    assert Inbox.objects.get(id=first.id).headers == {**kept, "context": {"page": "1"}}


def test_what_nobody_has_read_yet_is_not_emptied(one):
    keep([one.woo(woo(1002))])
    age(one)
    every_round()
    assert [row.state for row in retention.full()] == ["new"]


def test_a_mail_that_waits_is_not_waited_for_any_longer(one):
    (look,) = mailbox.look_list(one.ws)
    assert Waiting.objects.filter(ws=one.ws, inbox_id=look.inbox_id).exists()
    age(one)
    every_round()
    assert mailbox.look_list(one.ws) == [] and mailbox.silent_list(one.ws) == []
    assert not Waiting.objects.filter(ws=one.ws).exists()
    with pytest.raises(mailbox.Declined):
        teach.opened(one.ws, look.inbox_id)
    one.hears(one.woo(woo(9)))
    assert not Inbox.objects.filter(ws=one.ws, state="bad").exists()


def test_an_emptied_answer_is_read_again_from_its_stored_words(one):
    age(one)
    every_round()
    unlearn(one.ws, *(event.said.raw_code for event in one.scans()))
    Parcel.objects.filter(ws=one.ws).update(status="pending", headline_key=b"")
    for stale in reread.stale():
        reread.again(stale)
    assert one.scans()[0].said.status == Parcel.objects.get(ws=one.ws).status == "in_transit"


def test_how_long_is_a_setting(one, settings):
    settings.KEEP_BODIES_DAYS = 1
    Inbox.objects.update(received_at=clock.now() - timedelta(days=2))
    every_round()
    assert not retention.full().exists()
