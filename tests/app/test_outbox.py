"""What is to be done outside: claimed under a lease, in order, again and again until a person must look."""

from datetime import timedelta

import pytest

from doorstep.app import clock, outbox
from doorstep.app.leases import LONGEST_S, new_token
from doorstep.app.process import holds
from doorstep.app.push import rules
from doorstep.app.receive import feeds
from doorstep.app.track import poll
from doorstep.core.message import Message
from doorstep.core.policy import Policy, When
from doorstep.db.models import Claim, Feed, Number, Outbox, Push, Schedule, StorePolicy, Watch
from tests.app.ledger import CJP, Ledger, cj, ledger, woo

pytestmark = pytest.mark.django_db
WHY = Message(id="trouble.unreachable", values={"host": "shop.example"})


def intend(key: str, *, ago: float = 1.0, **values: object) -> Outbox:
    """An intent that is due since so many minutes."""
    due = clock.now() - timedelta(minutes=ago)
    row = {"ws": 1, "lane": "push", "target_id": 1, "intent_key": key, "payload_ref": 0, "due_at": due, **values}
    return Outbox.objects.create(**row)


def again(row: Outbox) -> Outbox:
    return Outbox.objects.get(ws=row.ws, id=row.id)


def claimed() -> outbox.Leased:
    Outbox.objects.update(due_at=clock.now(), lease_until=0.0)
    leased = outbox.claim()
    assert leased is not None
    return leased


def test_what_is_due_longest_comes_first_and_each_once():
    intend("young", ago=1)
    intend("old", ago=9)
    intend("not yet", ago=-5)
    intend("done", state="done")
    intend("dead", state="dead")
    keys = [leased.row.intent_key for leased in iter(outbox.claim, None)]
    assert keys == ["old", "young"]


@pytest.mark.parametrize(("state", "interrupted"), [("due", False), ("sending", True), ("unsure", True)])
def test_what_somebody_began_comes_back_as_interrupted_when_the_lease_is_over(state, interrupted):
    row = intend("1", state=state, lease_until=clock.machine() + 100)
    assert outbox.claim() is None
    Outbox.objects.update(lease_until=clock.machine() - 1)
    leased = outbox.claim()
    assert (leased.interrupted, again(row).tries) == (interrupted, 0)  # that somebody died is no failed try


def test_a_lease_from_before_the_clock_was_set_back_keeps_nobody_waiting():
    one, now = ledger(), clock.now()
    place = {"ws": one.ws, "connection_id": one.carrier.id, "next_at": now, "lease_token": 5}
    row = intend("1", state="sending", lease_token=5)
    Feed.objects.all().delete()
    Feed.objects.create(**place, name="orders")
    number = Number.objects.create(ws=one.ws, text=CJP, norm=CJP, norm_reversed=CJP[::-1])
    Watch.objects.create(ws=one.ws, number_id=number.id, connection_id=one.carrier.id)
    Schedule.objects.create(**place, number_id=number.id)
    for until, free in ((LONGEST_S - 5, False), (LONGEST_S + 5, True)):
        for model in (Outbox, Feed, Schedule):
            model.objects.update(lease_until=clock.machine() + until)
        found = (outbox.claim(), feeds.claim(), poll.claim())
        assert [bool(each) for each in found] == [free] * 3
    assert again(row).lease_token not in {0, 5}


def test_a_lost_lease_writes_nothing():
    row = intend("1")
    leased = claimed()
    Outbox.objects.update(lease_token=new_token())
    before = again(row)
    assert not outbox.done(leased) and not outbox.give_up(leased, WHY) and outbox.later(leased, "due", WHY) == ""
    assert (again(row).state, again(row).error, again(row).due_at) == (before.state, None, before.due_at)


def test_what_failed_waits_twice_as_long_each_time_until_a_person_must_ask():
    row = intend("1")
    waits = []
    for _ in range(outbox.TRIES - 1):
        assert outbox.later(claimed(), "due", WHY) == "due"
        waits.append((again(row).due_at - clock.now()) / timedelta(minutes=1))
    for wait, full in zip(waits, (1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360), strict=True):
        assert 0.74 * full < wait <= full
    assert outbox.later(claimed(), "due", WHY) == "dead"
    assert (again(row).state, again(row).error["id"]) == ("dead", WHY.id)
    Outbox.objects.update(lease_until=0.0, due_at=clock.now())
    assert outbox.claim() is None


def test_a_wait_that_somebody_else_names_is_no_try():
    row = intend("1")
    outbox.later(claimed(), "due", WHY, timedelta(hours=1))
    assert again(row).tries == 0
    assert again(row).due_at > clock.now() + timedelta(minutes=59)


def test_what_is_unsure_never_dies_by_itself():
    row = intend("1", tries=50, state="unsure")
    assert outbox.later(claimed(), "unsure", WHY) == "unsure"
    assert again(row).state == "unsure"


def test_what_no_repetition_helps_is_given_up():
    row = intend("1")
    assert outbox.give_up(claimed(), WHY)
    assert (again(row).state, again(row).lease_token) == ("dead", 0)


def test_a_wait_of_real_seconds_is_told_in_the_products_time(monkeypatch):
    fast = clock.Clock(start=clock.now(), rate=3600.0)
    monkeypatch.setattr(clock, "_clock", fast)
    assert timedelta(hours=9) < outbox.wait_real(10) - clock.now() < timedelta(hours=11)


# holds


@pytest.fixture
def held() -> Ledger:
    """Two orders whose numbers wait for three days after payment."""
    one = ledger()
    save_policy(one, 24 * 30)
    one.hears(one.woo(woo()), one.cj(cj()))
    one.hears(one.woo(woo(1002, lines=((601, "RING", 1),))))
    one.hears(one.cj(cj("260620000000000777", "1002", number="CJPKL7160102188YQ", sku_line="601")))
    assert [push.state for push in one.pushes()] == ["held", "held"]
    return one


def save_policy(one: Ledger, delay_h: int) -> None:
    rules.save(one.ws, one.store.id, Policy(when=When.AFTER_PAYMENT, delay_h=delay_h), "user:1")


def over() -> None:
    """Every hold is over, and the policy says so too."""
    StorePolicy.objects.update(delay_h=1)
    Push.objects.update(hold_until=clock.now())


def test_a_hold_that_is_over_releases_the_number(held):
    assert holds.release() == 0
    over()
    assert holds.release() == 2
    assert [push.state for push in held.pushes()] == ["due", "due"]
    assert holds.release() == 0


def test_what_cannot_be_decided_stops_nobody_and_comes_again_later(held):
    over()
    broken = Claim.objects.get(number_id=Number.objects.get(norm=CJP).id)
    Claim.objects.filter(id=broken.id).update(role="a role of another version")
    assert holds.release() == 2
    waiting, free = Push.objects.get(number_id=broken.number_id), Push.objects.exclude(number_id=broken.number_id).get()
    assert (waiting.state, free.state) == ("held", "due")
    assert waiting.hold_until > clock.now() + timedelta(minutes=59)
    assert holds.release() == 0


def test_a_hold_nobody_decides_about_any_more_is_not_looked_at_for_ever(held):
    over()
    Push.objects.update(parcel_id=1)  # of a parcel that is not there
    assert holds.release() == 2
    assert holds.release() == 0


def test_leases_of_a_dead_process_are_given_back_and_requests_may_end_first(settings):
    settings.HTTP_TIMEOUT_S = 20.0
    until = clock.machine() + outbox.LEASE_S
    due, sending = intend("1", lease_token=7, lease_until=until), intend("2", state="sending", lease_until=until)
    free = intend("3", state="unsure", lease_until=0.0)
    Schedule.objects.create(ws=1, number_id=1, connection_id=1, next_at=clock.now(), lease_token=7, lease_until=until)
    Feed.objects.create(ws=1, connection_id=1, name="orders", next_at=clock.now(), lease_token=7, lease_until=until)
    holds.bury_the_dead()
    assert again(due).lease_until == again(free).lease_until == 0.0
    assert clock.machine() + 55 < again(sending).lease_until < clock.machine() + 65
    assert Schedule.objects.get().lease_token == Feed.objects.get().lease_token == 0
    assert Schedule.objects.get().lease_until == Feed.objects.get().lease_until == 0.0
