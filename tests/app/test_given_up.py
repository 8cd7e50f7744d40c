"""What was given up: listed with its reason, tried again, or left; and how owners hear of refused credentials."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.core import mail

from doorstep.app import clock, outbox
from doorstep.app.loop import in_db
from doorstep.app.members import notices, workspaces
from doorstep.app.process import work
from doorstep.app.push import deliver, given_up, rules
from doorstep.app.vendors import accounts
from doorstep.connectors.contract import Denied
from doorstep.core.message import Message
from doorstep.core.policy import MailBy, Policy
from doorstep.core.roles import Member
from doorstep.db.models import Audit, Budget, Connection, Order, Outbox, Push, StorePolicy
from tests.app.ledger import START, Ledger, cj, ledger, woo

pytestmark = pytest.mark.django_db(transaction=True)
WHY = Message(id="trouble.refused", values={"said": "no such order"})


@pytest.fixture
def one() -> Ledger:
    """Order 1001, its number declined by the store, and the mail to its buyer given up after many tries."""
    return made()


def made() -> Ledger:
    one = ledger()
    rules.save(one.ws, one.store.id, Policy(mail_by=MailBy.DOORSTEP), "user:1")
    StorePolicy.objects.update(since=START)
    one.hears(one.woo(woo()), one.cj(cj()))
    Push.objects.update(state="refused")
    Outbox.objects.filter(lane="push").update(state="dead", error=asdict(WHY), tries=1)
    order = one.order()
    Outbox.objects.create(
        ws=one.ws, lane="mail", target_id=order.id, payload_ref=one.parcels()[0].id, intent_key="1:delivered",
        state="dead", due_at=clock.now(), tries=outbox.TRIES, error=asdict(WHY),
    )  # fmt: skip
    return one


def by_kind(one: Ledger) -> dict[str, given_up.Lost]:
    return {lost.kind: lost for lost in given_up.given_up(one.ws)}


def test_each_says_what_it_was_for_and_why(one):
    lost = by_kind(one)
    assert (lost["push"].order, lost["push"].where, lost["push"].worn_out) == ("1001", one.store.label, False)
    assert lost["push"].what.startswith("CJPKL") and lost["push"].reason["id"] == WHY.id
    assert "1001" in lost["mail"].what and lost["mail"].worn_out
    assert given_up.count(one.ws) == 2


def test_what_is_tried_again_begins_anew(one):
    given_up.try_again(one.ws, by_kind(one)["push"].id, "user:1")
    given_up.try_again(one.ws, by_kind(one)["mail"].id, "user:1")
    assert set(Outbox.objects.values_list("state", "tries")) == {("due", 0)}
    assert Push.objects.get().state == "due" and not given_up.given_up(one.ws)
    assert set(Audit.objects.values_list("verb", flat=True)) >= {"push.try_again", "outbox.again"}


def test_a_mail_to_owners_that_failed_is_listed_with_its_connection(one, settings):
    settings.EMAIL_HOST = "smtp.example"
    refuse(one)
    Outbox.objects.filter(lane="notice").update(state="dead", error=asdict(WHY))
    lost = by_kind(one)["notice"]
    assert (lost.order_id, lost.where, lost.what) == (0, one.store.label, "")


def test_all_are_tried_again_at_one_press(one):
    assert given_up.try_all_again(one.ws, "user:1") == 2
    assert given_up.try_all_again(one.ws, "user:1") == 0


def test_what_is_left_is_listed_no_more_and_can_still_be_tried_on_its_order(one):
    from doorstep.app.push import pushes

    given_up.leave(one.ws, by_kind(one)["push"].id, "user:1")
    assert set(by_kind(one)) == {"mail"} and Push.objects.get().state == "refused"
    pushes.try_again(one.ws, Push.objects.get().id, "user:1")
    assert Outbox.objects.get(lane="push").state == "due"


def test_a_number_that_was_seen_to_otherwise_is_not_listed(one):
    Push.objects.update(state="superseded")
    assert set(by_kind(one)) == {"mail"}


def test_a_withdrawal_that_failed_is_tried_again_as_one(one):
    row = Outbox.objects.get(lane="push")
    Outbox.objects.filter(id=row.id).update(intent_key=f"{row.intent_key}:withdraw")
    Push.objects.update(state="accepted")
    given_up.try_again(one.ws, by_kind(one)["withdraw"].id, "user:1")
    assert Outbox.objects.get(lane="push").state == "due" and Push.objects.get().state == "accepted"


def test_another_workspace_has_none_of_it(one):
    other = workspaces.create("Other", "charlie@example.org", "correct horse battery").id
    lost = by_kind(one)["push"].id
    assert given_up.given_up(other) == [] and given_up.count(other) == 0
    for do in (given_up.try_again, given_up.leave):
        with pytest.raises(Outbox.DoesNotExist):
            do(other, lost, "user:9")
    assert given_up.try_all_again(other, "user:9") == 0


# refused credentials


def refuse(one: Ledger) -> None:
    one.store.refresh_from_db()
    accounts.refused(one.store, Denied("401 consumer key"))


def notices_due() -> list[Outbox]:
    return list(Outbox.objects.filter(lane="notice"))


def test_owners_are_told_once_for_the_same_credentials(one, settings):
    settings.EMAIL_HOST = "smtp.example"
    refuse(one)
    Connection.objects.filter(id=one.store.id).update(state="active")
    refuse(one)
    assert [row.intent_key for row in notices_due()] == [f"denied:{one.store.cred_version}"]
    Connection.objects.filter(id=one.store.id).update(state="active", cred_version=9)
    refuse(one)
    assert len(notices_due()) == 2


def test_without_a_mail_server_nobody_is_mailed(one):
    refuse(one)
    assert notices_due() == [] and Connection.objects.get(id=one.store.id).state == "denied"


async def test_the_mail_says_who_refuses_and_where_to_mend_it(settings):
    settings.EMAIL_HOST = "smtp.example"
    one = await in_db(made)
    await in_db(lambda: workspaces.join(one.ws, "bob@example.org", "correct horse battery", Member.AGENT))
    await in_db(refuse, one)
    await work.carry_out(await in_db(leased, "notice"))
    (sent,) = mail.outbox
    assert sent.to == ["alice@example.org"] and one.store.label in sent.subject
    assert f"/connections/{one.store.id}" in sent.body and "401 consumer key" in sent.body
    assert await in_db(lambda: notices_due()[0].state) == "done"


def leased(lane: str) -> outbox.Leased:
    Outbox.objects.update(due_at=clock.now(), lease_until=0.0)
    taken = outbox.claim((lane,))
    assert taken is not None
    return taken


def test_what_was_mended_meanwhile_is_not_told(one, settings):
    settings.EMAIL_HOST = "smtp.example"
    refuse(one)
    Connection.objects.filter(id=one.store.id).update(state="active")
    assert notices.write(leased("notice")) is None


def test_a_worker_takes_only_lanes_that_it_knows(one):
    Outbox.objects.update(state="due", due_at=clock.now())
    Outbox.objects.create(
        ws=one.ws, lane="carrier_pigeon", target_id=1, payload_ref=1, intent_key="1", due_at=clock.now() - timedelta(1)
    )
    taken = list(iter(lambda: outbox.claim(tuple(work.LANES)), None))
    assert sorted(one.row.lane for one in taken) == ["mail", "push"]


# how fast a store is given numbers


def test_a_store_whose_calls_are_spent_is_given_the_number_a_moment_later(one):
    Push.objects.update(state="due")
    Outbox.objects.update(state="due")
    Budget.objects.create(ws=one.ws, connection_id=one.store.id, ready_at=clock.machine() + 2, tokens=0)
    assert deliver.begin(leased("push")) is None
    row = Outbox.objects.get(lane="push")
    assert (row.state, row.tries, row.error["id"]) == ("due", 1, "push.paced")  # no try of its own
    assert timedelta(0) < row.due_at - clock.now() <= timedelta(seconds=2)
    assert Push.objects.get().state == "due" and Order.objects.count() == 1
    Budget.objects.update(ready_at=0.0)
    assert deliver.begin(leased("push")) is not None
