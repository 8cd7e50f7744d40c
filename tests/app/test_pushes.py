"""Rules and what a person may do about a push."""

from dataclasses import replace
from datetime import timedelta

import pytest

from doorstep.app import clock
from doorstep.app.ledger import policies
from doorstep.app.push import pushes, rules
from doorstep.app.push.deliver import shipment_of
from doorstep.core.policy import MailBy, Policy, When, Which
from doorstep.db.models import Audit, Connection, Outbox, Push, StorePolicy
from tests.app.ledger import CJP, START, Ledger, cj, ledger, woo

pytestmark = pytest.mark.django_db
EARLY = Policy(when=When.BEFORE_DISPATCH)


@pytest.fixture
def one() -> Ledger:
    """A number that is due."""
    one = ledger()
    one.hears(one.woo(woo()), one.cj(cj()))
    return one


def push(one: Ledger) -> Push:
    return one.pushes()[-1]


def row(one: Ledger) -> Outbox:
    return one.outbox()[-1]


def put(one: Ledger, state: str, **values: object) -> Push:
    Push.objects.filter(id=push(one).id).update(state=state, **values)
    return push(one)


def took(one: Ledger) -> Push:
    """The store has it."""
    Outbox.objects.update(state="done")
    return put(one, "accepted", remote_id="t1", remote_number=CJP)


# rules


def test_a_store_without_rules_has_the_defaults(one):
    assert policies.current(one.ws, one.store.id) == (Policy(), 0)


def test_every_change_is_a_version_and_the_same_rules_are_none(one):
    all_of_it = Policy(
        when=When.AFTER_PAYMENT, which=Which.LOCAL, delay_h=3, max_hold_h=48, first_scan_hold=True,
        mail_by=MailBy.NONE,
    )  # fmt: skip
    assert rules.save(one.ws, one.store.id, all_of_it, "user:1") == 1
    assert policies.current(one.ws, one.store.id) == (all_of_it, 1)
    assert rules.save(one.ws, one.store.id, all_of_it, "user:1") == 1
    assert rules.save(one.ws, one.store.id, EARLY, "user:1") == 2
    assert StorePolicy.objects.count() == 2
    assert Audit.objects.filter(verb="policy.save").count() == 2


def test_what_a_store_has_already_is_not_touched_by_new_rules(one):
    took(one)
    rules.save(one.ws, one.store.id, Policy(which=Which.LOCAL), "user:1")
    one.hears(one.woo(woo(modified=START + timedelta(days=4))))
    assert [(push.state, push.remote_number) for push in one.pushes()] == [("accepted", CJP)]


def test_new_rules_hold_what_was_due(one):
    rules.save(one.ws, one.store.id, Policy(which=Which.LOCAL), "user:1")
    assert (push(one).state, push(one).policy_version) == ("held", 1)
    assert one.outbox() == []


# try again


def test_a_refused_push_is_sent_once_more(one):
    put(one, "refused")
    Outbox.objects.update(state="dead", tries=12)
    pushes.try_again(one.ws, push(one).id, "user:1")
    assert (push(one).state, row(one).state, row(one).tries) == ("due", "due", 0)
    assert Audit.objects.filter(verb="push.try_again", subject=f"push:{push(one).id}").exists()


def test_an_unsure_push_is_looked_up_before_it_is_repeated(one):
    put(one, "unsure")
    Outbox.objects.update(state="dead")
    pushes.try_again(one.ws, push(one).id, "user:1")
    assert (push(one).state, row(one).state) == ("unsure", "unsure")


@pytest.mark.parametrize("state", ["accepted", "sending", "held", "withdrawn", "superseded"])
def test_what_is_not_stuck_is_not_tried_again(one, state):
    put(one, state)
    with pytest.raises(pushes.NotPossible) as caught:
        pushes.try_again(one.ws, push(one).id, "user:1")
    assert caught.value.message.values == {"state": state}


def test_a_refused_number_is_not_offered_again_until_a_person_asks(one):
    put(one, "refused", reason={"id": "trouble.refused", "values": {}})
    Outbox.objects.update(state="dead")
    one.hears(one.woo(woo(modified=START + timedelta(days=4))))
    assert push(one).state == "refused"
    pushes.push_old_order(one.ws, one.order().id, "user:1")
    assert (push(one).state, push(one).version) == ("due", 2)


# withdraw


def test_what_was_not_sent_yet_is_taken_back_at_once(one):
    pushes.withdraw(one.ws, push(one).id, "user:1")
    assert (push(one).state, push(one).reason["id"], one.outbox()) == ("superseded", "push.cancelled", [])


def test_what_the_store_has_is_taken_out_there(one):
    took(one)
    for _ in range(2):
        pushes.withdraw(one.ws, push(one).id, "user:1")
        assert (push(one).state, row(one).state, row(one).tries) == ("accepted", "due", 0)
        assert row(one).intent_key.endswith(":withdraw")
        Outbox.objects.update(state="dead", tries=12)
    assert len(one.outbox()) == 2


@pytest.mark.parametrize(("state", "remote"), [("sending", ""), ("unsure", ""), ("refused", ""), ("accepted", "")])
def test_what_the_store_does_not_have_cannot_be_withdrawn(one, state, remote):
    put(one, state, remote_id=remote)
    with pytest.raises(pushes.NotPossible, match="not_now"):
        pushes.withdraw(one.ws, push(one).id, "user:1")


def test_a_channel_that_takes_nothing_back_gets_the_words_for_doing_it_by_hand(one):
    took(one)
    Connection.objects.filter(id=one.store.id).update(connector="by_hand")
    with pytest.raises(pushes.NotPossible) as caught:
        pushes.withdraw(one.ws, push(one).id, "user:1")
    said = caught.value.message
    assert (said.id, said.values["number"], said.values["order"]) == ("channel.by_hand.withdraw", CJP, "1001")


def test_a_cancelled_order_takes_its_number_back(one):
    took(one)
    one.hears(one.woo(woo(status="cancelled", modified=START + timedelta(days=4))))
    assert [(row.intent_key.rpartition(":")[2], row.state) for row in one.outbox()] == [
        ("1", "done"),
        ("withdraw", "due"),
    ]
    assert push(one).reason["id"] == "hold.withdraw.cancelled"


# older than the connection


def test_an_order_placed_before_the_connection_is_pushed_when_a_person_asks():
    one = ledger(since=START + timedelta(days=2))
    one.hears(one.woo(woo()), one.cj(cj()))
    assert one.pushes() == []
    pushes.push_old_order(one.ws, one.order().id, "user:1")
    assert [push.state for push in one.pushes()] == ["due"]
    assert one.order().push_asked_at <= clock.now()


def test_what_a_person_edited_in_the_store_is_overwritten_only_when_asked(one):
    took(one)
    other = "CJPKL7160102188YQ"
    shown = (("t1", other, "CJPacket"),)
    one.hears(one.woo(woo(shipped=shown, modified=START + timedelta(days=4))))
    assert (push(one).state, push(one).reason["id"]) == ("superseded", "hold.refuse.edited_in_store")
    pushes.push_old_order(one.ws, one.order().id, "user:1")
    assert [push.state for push in one.pushes()] == ["superseded", "due"]
    assert shipment_of(push(one), one.order(), one.store).replaces == "t1"


def test_what_a_person_deleted_in_the_store_is_given_anew_when_asked(one):
    took(one)
    one.hears(one.woo(woo(shipped=(("t1", CJP, "CJPacket"),), modified=START + timedelta(days=4))))
    one.hears(one.woo(woo(modified=START + timedelta(days=5))))
    assert (push(one).state, push(one).reason["id"]) == ("superseded", "hold.refuse.removed_in_store")
    pushes.push_old_order(one.ws, one.order().id, "user:1")
    assert [push.state for push in one.pushes()] == ["withdrawn", "due"]
    assert shipment_of(push(one), one.order(), one.store).replaces == ""


def test_a_rule_that_comes_back_makes_the_held_number_due_again(one):
    before, _ = policies.current(one.ws, one.store.id)
    rules.save(one.ws, one.store.id, replace(before, which=Which.LOCAL), "user:1")
    rules.save(one.ws, one.store.id, before, "user:1")
    assert (push(one).state, push(one).version, row(one).state) == ("due", 1, "due")
