"""Having a whole store asked about: behind what is due, once an hour, and what came of it."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.inbox import keep
from doorstep.app.members import workspaces
from doorstep.app.reading import understand
from doorstep.app.track import poll, resync_store, resync_view
from doorstep.app.vendors import budget
from doorstep.connectors.contract import Broken
from doorstep.connectors.registry import connector
from doorstep.core.resync import BOARD_COOLDOWN, Range
from doorstep.db.models import (
    Budget,
    Connection,
    Cooldown,
    Parcel,
    ParcelNumber,
    Resync,
    ResyncParcel,
    Schedule,
    Watch,
)
from tests.app.ledger import Ledger, ledger, scan, track17, woo

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = ("9261290100130739674442", "LX123456785CN", "9400111899223197428490", "LX123456079CN")
MOVING = scan(4, "InTransit_PickedUp", "Accepted")
HERE = scan(5, "OutForDelivery_Other", "Out for delivery")
DONE = scan(5, "Delivered_Other", "Delivered")
FUTURE = timedelta(days=900)


@pytest.fixture
def shop() -> Ledger:
    """Four orders, placed 50, 20, 6 and 0 days ago, each with a parcel on its way that was asked about an hour ago."""
    one, now = ledger(), clock.now()
    for ref, (number, days) in enumerate(zip(NUMBERS, (50, 20, 6, 0), strict=True), 1001):
        at = now - timedelta(days=days)
        one.hears(one.woo(woo(ref, at=at, shipped=((f"x{ref}", number, ""),), modified=now)))
        one.hears(one.track(track17(number, MOVING)))
    rest()
    return one


def rest() -> None:
    """Everything was asked about an hour ago; nothing is due for long."""
    Schedule.objects.update(next_at=clock.now() + FUTURE, lease_token=0, lease_until=0.0)
    Watch.objects.update(asked_at=clock.now() - timedelta(hours=1), remote="registered", failures=0)


def ask(one: Ledger, chosen: Range = Range.DAYS_60) -> resync_store.Asked:
    return resync_store.ask_store(one.ws, one.store.id, chosen, "user:1")


def answers(one: Ledger, *said: dict[str, object]) -> None:
    """The carrier's answers to whatever is due now."""
    turn = poll.claim()
    assert turn is not None
    one.at = clock.now() - timedelta(minutes=5)
    Resync.objects.update(accepted_at=clock.now() - timedelta(minutes=10))
    keep([one.track(body) for body in said])
    asked = [place.number_id for batch in turn.batches for place in batch.numbers()]
    Watch.objects.filter(number_id__in=asked).update(answered_at=clock.now())
    poll.finish(turn)


def states() -> Counter[str]:
    return Counter(ResyncParcel.objects.values_list("state", flat=True))


def kept() -> dict[str, int]:
    said = Resync.objects.get().said
    assert said is not None
    return {name: said[name] for name in ("answered", "unanswered", "changed", "new_events")}


@pytest.mark.parametrize(
    ("chosen", "parcels"),
    [(Range.DAYS_60, 4), (Range.DAYS_30, 3), (Range.DAYS_7, 2), (Range.TODAY, 1), (Range.YESTERDAY, 0)],
)
def test_the_orders_date_decides_which_parcels_are_asked_about(shop, chosen, parcels):
    asked = ask(shop, chosen)
    assert asked.accepted == bool(parcels)
    assert ResyncParcel.objects.count() == parcels
    assert Cooldown.objects.filter(scope="store").exists() == bool(parcels)  # nobody to ask costs no cool-down


def test_once_an_hour_whatever_is_chosen(shop):
    assert ask(shop, Range.TODAY).accepted
    assert ask(shop, Range.DAYS_7).messages[0].id == "resync.store.running"
    Resync.objects.update(ended_at=clock.now())
    refused = ask(shop, Range.DAYS_30)
    assert (refused.accepted, refused.messages[0].id) == (False, "resync.store.too_soon")
    Cooldown.objects.update(next_allowed_at=clock.now())
    assert ask(shop, Range.DAYS_30).accepted
    left = resync_store.next_allowed_at(shop.ws)[shop.store.id] - clock.now()
    assert timedelta(minutes=59) < left <= BOARD_COOLDOWN


def test_of_many_who_press_at_once_one_is_heard(shop):
    gate, accepted, failed = threading.Barrier(6), list[bool](), list[Exception]()

    def press() -> None:
        try:
            gate.wait(30)
            accepted.append(ask(shop).accepted)
        except Exception as problem:
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed and accepted.count(True) == 1 and len(accepted) == 6
    assert Resync.objects.count() == 1 and ResyncParcel.objects.count() == 4


def test_what_need_not_be_asked_is_left_out_and_told(shop):
    shop.hears(shop.track(track17(NUMBERS[0], MOVING, DONE)))
    just = Watch.objects.filter(number_id__in=held(shop, NUMBERS[1]))
    just.update(asked_at=clock.now() - timedelta(minutes=4))
    alone = held(shop, NUMBERS[2])
    Watch.objects.filter(number_id__in=alone).delete()
    assert ask(shop).accepted
    assert Resync.objects.get().skipped == {"closed": 1, "just_asked": 1, "nobody": 1}
    assert ResyncParcel.objects.count() == Resync.objects.get().total == 1


def test_a_parcel_without_a_number_is_left_out(shop):
    ParcelNumber.objects.filter(parcel_id=shop.parcels()[0].id).delete()
    ask(shop)
    assert Resync.objects.get().skipped == {"no_number": 1}


def test_a_job_that_another_worker_has_just_ended_is_left_alone(shop):
    ask(shop)
    row = Resync.objects.get()
    Resync.objects.update(ended_at=clock.now())
    assert not resync_store._step(row.ws, row.id) and states() == {"waiting": 4}


def held(shop: Ledger, number: str) -> list[int]:
    return [row.number_id for parcel in shop.parcels() for row in shop.numbers(parcel) if _text(row) == number]


def _text(row) -> str:
    from doorstep.db.models import Number

    return Number.objects.get(id=row.number_id).norm


def test_it_is_asked_understood_and_told(shop):
    ask(shop, Range.DAYS_7)
    assert resync_store.advance()
    assert states() == {"asked": 2}
    assert not resync_store.advance()  # nobody answered yet
    answers(shop, track17(NUMBERS[2], MOVING, HERE), track17(NUMBERS[3], MOVING))
    resync_store.advance()
    assert states() == {"answered": 2} and not resync_store.advance()  # what they said is not read yet
    while understand.understand():
        pass
    assert resync_store.advance()
    assert kept() == {"answered": 2, "unanswered": 0, "changed": 1, "new_events": 1}
    assert not ResyncParcel.objects.exists() and not resync_store.advance()
    (job,) = resync_view.board(shop.ws).jobs
    assert [line.id for line in job.lines] == ["resync.store.answered", "resync.store.news"]
    assert job.ended_at and (job.done, job.total) == (2, 2)


def test_silence_is_told_apart_from_nothing_new(shop):
    ask(shop, Range.TODAY)
    resync_store.advance()
    turn = poll.claim()
    resync_store.advance()
    assert states() == {"asked": 1}  # being asked just now
    turn.batches[0].failed = Broken("down")
    poll.finish(turn)
    resync_store.advance()
    resync_store.advance()
    assert kept() == {"answered": 0, "unanswered": 1, "changed": 0, "new_events": 0}


def test_who_never_answers_is_not_waited_for_for_ever(shop, monkeypatch):
    ask(shop, Range.TODAY)
    resync_store.advance()
    monkeypatch.setattr(resync_store, "PATIENCE_S", -1.0)
    assert resync_store.advance() and resync_store.advance()
    assert kept()["unanswered"] == 1


def test_a_number_that_left_the_schedule_comes_back_to_be_asked(shop):
    Schedule.objects.all().delete()
    ask(shop)
    resync_store.advance()
    assert Schedule.objects.filter(next_at__lte=clock.now()).count() == 4


def test_what_is_being_asked_just_now_is_not_asked_twice(shop):
    Schedule.objects.update(lease_token=7, lease_until=clock.machine() + 60)
    ask(shop, Range.TODAY)
    resync_store.advance()
    assert states() == {"asked": 1} and not Schedule.objects.filter(next_at__lte=clock.now()).exists()


def test_what_is_due_anyway_goes_first(shop):
    ask(shop)
    first = Schedule.objects.order_by("number_id").first()
    Schedule.objects.filter(number_id=first.number_id).update(next_at=clock.now())
    assert not resync_store.advance() and states() == {"waiting": 4}
    (job,) = resync_view.board(shop.ws).jobs
    assert job.waits_for.id == "resync.store.busy" and job.rate is None
    answers(shop)
    Budget.objects.update(ready_at=0.0)
    assert resync_store.advance() and states() == {"asked": 4}


def test_an_account_that_answers_nothing_is_waited_for_and_told(shop):
    ask(shop)
    Budget.objects.create(ws=shop.ws, connection_id=shop.carrier.id, failures=budget.TRIP)
    assert not resync_store.advance() and states() == {"waiting": 4}
    (job,) = resync_view.board(shop.ws).jobs
    assert job.waits_for.id == "resync.store.down"


def test_stopping_asks_about_no_more_and_waits_for_what_was_asked(shop, monkeypatch):
    slow = replace(connector("carrier", "seventeen_track").meta, batch=1, polls_per_minute=6)
    monkeypatch.setattr(type(connector("carrier", "seventeen_track")), "meta", slow)
    ask(shop)
    resync_store.advance()
    assert states() == {"asked": 1, "waiting": 3}
    (job,) = resync_view.board(shop.ws).jobs
    assert (job.done, job.total, job.stopping) == (0, 4, False)
    resync_store.cancel(shop.ws, job.id, "user:1")
    assert states() == {"asked": 1}
    (job,) = resync_view.board(shop.ws).jobs
    assert job.stopping and [line.id for line in job.lines] == ["resync.skipped.cancelled"]
    answers(shop)
    while understand.understand():
        pass
    resync_store.advance()
    resync_store.advance()
    row = Resync.objects.get()
    assert (row.total, row.skipped) == (1, {"cancelled": 3}) and row.said["answered"] == 1
    resync_store.cancel(shop.ws, job.id, "user:1")  # again, when it is over
    assert Resync.objects.get().skipped == {"cancelled": 3}


def test_an_account_that_went_away_leaves_nobody_to_ask(shop):
    ask(shop)
    connect.pause(shop.ws, shop.carrier.id, "user:1")
    Connection.objects.create(
        ws=shop.ws, kind="carrier", connector="aftership", external_id="2", label="Other", connected_at=clock.now()
    )
    assert resync_store.advance() and resync_store.advance()
    assert Resync.objects.get().said["skipped"] == {"nobody": 4}
    assert Resync.objects.get().total == 0


def test_another_workspace_has_nothing_of_it(shop):
    other = workspaces.create("Other", "charlie@example.org", "correct horse battery").id
    ask(shop)
    assert resync_view.board(other) == resync_view.Board(shops=(), jobs=())
    with pytest.raises(Connection.DoesNotExist):
        resync_store.ask_store(other, shop.store.id, Range.TODAY, "user:9")
    with pytest.raises(Resync.DoesNotExist):
        resync_store.cancel(other, Resync.objects.get().id, "user:9")
    assert not Parcel.objects.filter(ws=other).exists()


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.floats(0, 8), st.integers(1, 60)), min_size=1, max_size=30))
def test_a_resync_never_spends_more_than_its_share(steps):
    meta = replace(connector("carrier", "seventeen_track").meta, polls_per_minute=240)  # four a second, one is spare
    account = ledger(email=f"{Connection.objects.count()}@shop.example").carrier
    begin = at = clock.machine()
    spent = 0
    for wait, wanted in steps:
        at += wait
        spent += budget.spare(account, meta, wanted, at)
    most = budget.SHARE * 4 * budget.BURST_S
    assert spent <= most + budget.SHARE * 4 * (at - begin) + 1e-6


def test_rate_and_rest_are_told_once_there_is_a_pace(shop):
    ask(shop)
    resync_store.advance()
    Resync.objects.update(accepted_at=clock.now() - timedelta(minutes=2))
    first = ResyncParcel.objects.order_by("parcel_id").first()
    ResyncParcel.objects.filter(parcel_id=first.parcel_id).update(state="answered")
    board = resync_view.board(shop.ws)
    (job,) = board.jobs
    assert (job.done, job.total, job.rate) == (1, 4, 0) and job.minutes in {6, 7}
    assert board.running and 3500 < board.waits <= 3600
