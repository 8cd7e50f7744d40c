"""What a push would do, without doing it; and what pushing again would change."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from doorstep.app import doors
from doorstep.app.ledger import policies, told
from doorstep.app.loop import in_db
from doorstep.app.push import again, dry_run, rules
from doorstep.connectors.contract import Request
from doorstep.core.policy import MailBy, Policy, When, Which
from doorstep.db.models import Change, Connection, Door, Number, Outbox, Push, StorePolicy
from sandbox.faults import Fault
from tests.app.ledger import CJP, OTHER, START, USPS, Ledger, cj, connect, ledger, scan, track17, woo
from tests.app.town import NUMBER, TRACKINGS, Town, living

LOCAL = Policy(which=Which.LOCAL)


@pytest.fixture
def one(db) -> Ledger:
    """A CJ packet on its way, known under both of its numbers; the store has the CJP one."""
    one = ledger()
    one.hears(one.woo(woo()), one.cj(cj()))
    one.hears(one.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Picked up"), key=190271, local=USPS)))
    return one


def taken(one: Ledger) -> None:
    """The store took what was due."""
    Outbox.objects.update(state="done")
    push = one.pushes()[-1]
    number = Number.objects.get(id=push.number_id)
    Push.objects.filter(id=push.id).update(state="accepted", remote_id="t1", remote_number=number.text)


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Push, Outbox, Change, Door))


# a dry run


def test_a_dry_run_tells_everything_and_changes_nothing(one):
    before = counts()
    (run,) = dry_run.of_order(one.ws, one.order().id)
    assert (run.preview.kind, dict(run.preview.fields)["number"], run.takes) == ("push", CJP, None)
    assert [message.id for message in run.preview.buyer] == [
        "preview.shows.with_carrier_and_link",
        "preview.stage",
        "preview.mail.store",
    ]
    assert (run.request.method, run.request.url) == ("GET", "http://127.0.0.1:8801/wp-json/wc/v3/orders/1001")
    assert counts() == before


def test_a_dry_run_is_plain_data(one):
    (run,) = dry_run.of_order(one.ws, one.order().id)
    plain = json.loads(json.dumps(run.as_json()))
    assert (plain["order"], plain["decision"], plain["takes"]) == ("1001", "push", None)
    assert "CJPKL" in plain["buyer"][0]["text"]


def test_what_waits_says_until_when_and_how_it_would_be_told(one):
    rules.save(one.ws, one.store.id, Policy(when=When.AFTER_PAYMENT, delay_h=24 * 20), "user:1")
    (run,) = dry_run.of_order(one.ws, one.order().id)
    assert (run.preview.kind, run.until) == ("hold", START + timedelta(days=20))
    assert run.preview.fields and run.shipment is None and run.request is None


def test_what_the_store_has_is_not_sent_again(one):
    taken(one)
    (run,) = dry_run.of_order(one.ws, one.order().id)
    assert (run.preview.kind, run.preview.fields, run.answer) == ("keep", (), None)


def test_rules_are_tried_on_the_latest_orders_before_they_are_saved(one):
    taken(one)
    one.hears(one.woo(woo(1002, at=START + timedelta(hours=1))))
    runs = dry_run.of_store(one.ws, one.store.id, Policy(when=When.BEFORE_DISPATCH, which=Which.LOCAL))
    assert [(run.order, run.preview.kind, dict(run.preview.fields)["number"]) for run in runs] == [
        ("1001", "push", USPS)
    ]
    assert policies.current(one.ws, one.store.id) == (Policy(), 0)


def test_a_part_of_an_order_says_what_is_in_it(one):
    one.hears(one.woo(woo(lines=((501, "LAMP-1", 2), (502, "SHADE", 1)), modified=START + timedelta(days=4))))
    (run,) = dry_run.of_order(one.ws, one.order().id)
    assert run.as_json()["contents"] == [{"line": "501", "qty": 2}]
    assert "preview.stage" not in {message.id for message in run.preview.buyer}  # WooCommerce has no word for it


def test_no_secret_is_shown_in_a_request():
    account = dry_run.Account(credentials={"password": "s3cret", "empty": ""}, now=START)
    request = Request(
        method="POST",
        url="https://shop.example/api?key=s3cret",
        headers={"Authorization": "s3cret"},
        body=b'{"password":"s3cret","name":"x"}',
    )
    shown = dry_run.describe(request, account)
    assert "s3cret" not in repr(shown)
    assert json.loads(shown.body) == {"password": dry_run.HIDDEN, "name": "x"}
    assert dry_run.describe(replace(request, body=b"a=b"), account).body == "a=b"


def test_a_store_that_cannot_be_pushed_to_begins_nothing(one):
    taken(one)
    Connection.objects.filter(id=one.store.id).update(settings={})
    rules.save(one.ws, one.store.id, LOCAL, "user:1")
    again.confirm(one.ws, one.store.id, [one.order().id], "user:1")
    (run,) = dry_run.of_order(one.ws, one.order().id)
    assert (run.preview.kind, run.request) == ("push", None)


def test_a_store_of_a_persons_own_notes_takes_nothing(one):
    notes = connect(one.ws, "store", "by_hand", START)
    shipment = dry_run.Shipment(order="1", number=CJP, key="k")
    assert dry_run._first(notes, shipment) is None


# asking the store


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    async with living(settings, monkeypatch) as town:
        await town.connect("woocommerce")
        yield town


async def asked(town: Town, order_id: int) -> dry_run.DryRun:
    runs = await in_db(dry_run.of_order, town.ws, order_id)
    store = await in_db(lambda: Connection.objects.get(kind="store"))
    (run,) = await dry_run.ask_store(runs, store)
    return run


@pytest.mark.django_db(transaction=True)
async def test_the_store_is_asked_and_nothing_is_changed_there(town):
    order = await town.typed()
    run = await asked(town, order.id)
    assert (run.takes, run.answer.id, town.given()) == (True, "preview.answer.takes", {})
    assert (run.request.method, TRACKINGS in run.request.url) == ("POST", True)
    assert json.loads(run.request.body)["tracking_number"] == NUMBER


@pytest.mark.django_db(transaction=True)
async def test_a_store_that_would_decline_says_why(town):
    order = await town.typed()
    town.trouble("store", Fault.DENIED, method="GET")
    run = await asked(town, order.id)
    assert (run.takes, run.answer.id) == (False, "stores.woocommerce.denied")


@pytest.mark.django_db(transaction=True)
async def test_a_store_that_does_not_answer_is_not_taken_for_a_yes(town):
    order = await town.typed()
    town.trouble("store", Fault.LOST, method="GET", calls=9)
    run = await asked(town, order.id)
    assert (run.takes, run.answer.id.partition(".")[0], town.given()) == (False, "trouble", {})


@pytest.mark.django_db(transaction=True)
async def test_a_store_that_has_the_number_unknown_to_us_would_change_nothing(town):
    order = await town.typed()
    await town.deliver()
    given = town.given()
    await in_db(Push.objects.all().delete)
    run = await asked(town, order.id)
    assert (run.takes, run.answer.id, town.given()) == (True, "preview.answer.has_it", given)


@pytest.mark.django_db(transaction=True)
async def test_a_store_that_has_the_number_is_not_asked(town):
    order = await town.typed()
    await town.deliver()
    runs = await in_db(dry_run.of_order, town.ws, order.id)
    store = await in_db(lambda: Connection.objects.get(kind="store"))
    assert await dry_run.ask_store(runs, store) == runs  # nothing would be given, so nothing is asked


# pushing again


def test_changed_rules_list_what_pushing_again_would_change(one):
    taken(one)
    assert again.list_changes(one.ws, one.store.id) == []
    (change,) = again.list_changes(one.ws, one.store.id, LOCAL)
    assert (change.order, change.old, change.new) == ("1001", CJP, USPS)
    rules.save(one.ws, one.store.id, LOCAL, "user:1")
    assert [push.state for push in one.pushes()] == ["accepted"]  # nothing happens by itself
    assert again.confirm(one.ws, one.store.id, [], "user:1") == 0
    assert again.confirm(one.ws, one.store.id, [one.order().id, 99], "user:1") == 1
    assert [push.state for push in one.pushes()] == ["accepted", "due"]


def test_what_a_person_changed_in_the_store_is_not_listed(one):
    taken(one)
    one.hears(one.woo(woo(shipped=(("t1", OTHER, "CJPacket"),), modified=START + timedelta(days=4))))
    assert again.list_changes(one.ws, one.store.id, LOCAL) == []


def test_a_cancelled_order_is_not_listed(one):
    taken(one)
    one.hears(one.woo(woo(status="cancelled", modified=START + timedelta(days=4))))
    assert again.list_changes(one.ws, one.store.id, LOCAL) == []


def test_what_would_wait_under_the_new_rules_is_not_listed(one):
    taken(one)
    late = Policy(when=When.AFTER_PAYMENT, which=Which.LOCAL, delay_h=24 * 30)
    assert [change.new for change in again.list_changes(one.ws, one.store.id, late)] == [USPS]  # a replacement is due


# the order's page as a link


def test_the_page_is_linked_only_where_it_can_be_reached_and_is_open(one, settings):
    order = one.order()
    assert not told.may_link(one.ws, order.id)
    settings.PUBLIC_URL = "https://doorstep.example"
    assert told.page_shown(one.ws, order.id) == "https://doorstep.example/t/…"
    address = doors.page_url(one.ws, order.id)
    assert told.page_shown(one.ws, order.id) == address
    doors.revoke(one.ws, "page", order.id, "user:1")
    assert (told.may_link(one.ws, order.id), told.page_shown(one.ws, order.id)) == (False, "")


def test_a_carrier_without_a_page_is_told_with_the_orders_page(one, settings):
    settings.PUBLIC_URL = "https://doorstep.example"
    number = Number.objects.get(norm=CJP)
    assert told.page_for(one.store, one.order().id, number) == ""  # CJ has a page of its own
    number.carrier = ""
    assert told.page_for(one.store, one.order().id, number) == doors.page_url(one.ws, one.order().id)


# Doorstep's own mail


def mails(one: Ledger) -> list[str]:
    return [row.intent_key.partition(":")[2] for row in one.outbox() if row.lane == "mail"]


@pytest.mark.django_db
def test_doorsteps_mail_waits_for_the_scan_although_the_store_has_the_number():
    one = ledger()
    strict = Policy(when=When.BEFORE_DISPATCH, first_scan_hold=True, mail_by=MailBy.DOORSTEP)
    rules.save(one.ws, one.store.id, strict, "user:1")
    StorePolicy.objects.update(since=START - timedelta(days=1))
    one.hears(one.woo(woo()), one.cj(cj()))
    taken(one)
    one.hears(one.woo(woo(shipped=(("t1", CJP, "CJPacket"),), modified=START + timedelta(days=4))))
    assert mails(one) == []
    one.hears(one.track(track17(CJP, scan(3.5, "InTransit_PickedUp", "Picked up"), key=190271)))
    assert mails(one) == ["shipped"]
