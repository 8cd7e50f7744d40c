"""Carriers are asked in batches, by account; what is wrong with one number keeps no other waiting."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.ledger import freshness
from doorstep.app.loop import in_db
from doorstep.app.reading.understand import understand
from doorstep.app.receive import manual
from doorstep.app.track import due, poll
from doorstep.app.vendors import budget
from doorstep.db.ids import new_id
from doorstep.db.models import Budget, Connection, Inbox, Number, Parcel, ParcelNumber, Schedule, Watch
from sandbox import aggregator
from sandbox.faults import Fault
from tests.app.town import NUMBER, OTHER, Town, living

pytestmark = pytest.mark.django_db(transaction=True)
THIRD = "9400111206206365889029"


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    """A carrier account, and one parcel that it is to follow."""
    monkeypatch.setattr(aggregator, "PER_SECOND", 1000)
    async with living(settings, monkeypatch) as town:
        await town.connect("seventeen_track")
        town.world.release(NUMBER, "smooth")
        await follow(town)
        yield town


async def follow(town: Town, number: str = NUMBER) -> int:
    """The id of the order by hand that holds the number."""
    return await in_db(lambda: manual.follow_number(town.ws, number, "", "user:1", confirmed=True))


async def asked(town: Town, days: float = 0) -> poll.Batch:
    """Time passes, then one batch is asked about and understood."""
    town.world.clock.jump(timedelta(days=days))
    town.world.happen()
    await town.wait()
    turn = await in_db(poll.claim)
    assert turn is not None, "nothing is due"
    await poll.ask(turn)
    while await in_db(understand):
        pass
    (batch,) = turn.batches
    return batch


def watch(number: str = NUMBER) -> Watch:
    row = Number.objects.get(norm=number)
    (found,) = freshness.known(row.ws, numbers=[row.id])
    return found


def schedule(number: str = NUMBER) -> Schedule | None:
    return Schedule.objects.filter(number_id=Number.objects.get(norm=number).id).first()


def rows() -> int:
    return Inbox.objects.filter(connection_id=Connection.objects.get(kind="carrier").id).count()


async def test_a_new_number_is_registered_and_its_scans_move_the_parcel(town):
    await asked(town)
    assert NUMBER in town.world.aggregator.followed
    await asked(town, days=12)
    seen, parcel = await in_db(watch), await in_db(Parcel.objects.get)
    assert (seen.remote, seen.answer, seen.failures) == ("registered", "events", 0)
    assert (parcel.status, parcel.first_scan_at is not None) == ("in_transit", True)


async def test_an_unchanged_answer_is_noted_as_asked_and_stores_nothing(town):
    await asked(town)
    await asked(town, days=4)
    before, kept = await in_db(watch), await in_db(rows)
    await asked(town)
    after = await in_db(watch)
    assert await in_db(rows) == kept
    assert after.asked_at > before.asked_at and after.answered_at > before.answered_at
    assert (await in_db(schedule)).next_at > clock.now()


async def test_numbers_of_one_account_are_asked_together(town):
    await follow(town, OTHER)
    await follow(town, THIRD)
    batch = await asked(town)
    assert set(batch.places) == {NUMBER, OTHER, THIRD}
    assert await in_db(poll.claim) is None


async def test_a_number_that_the_vendor_rejects_says_so_and_is_asked_rarely(town):
    await follow(town, "ZZZZ99")
    await asked(town)
    one = await in_db(watch, "ZZZZ99")
    assert (one.remote, one.answer) == ("rejected", "rejected")
    assert "cannot be detected" in one.said
    assert (await in_db(schedule, "ZZZZ99")).next_at > clock.now() + timedelta(hours=23)
    assert (await in_db(watch)).remote == "registered"


async def change_carrier(carrier: str) -> None:
    def change() -> None:
        number = Number.objects.get(norm=NUMBER)
        manual.change_carrier(number.ws, number.id, carrier, "user:1")

    await in_db(change)


async def test_a_changed_carrier_is_told_to_the_vendor(town):
    await asked(town)
    await change_carrier("china_post")
    assert (await in_db(watch)).remote == "recarrier"
    await asked(town)
    assert town.world.aggregator.followed[NUMBER].carrier.name == "China Post"
    assert (await in_db(watch)).remote == "registered"


async def test_a_carrier_that_the_vendor_does_not_have_keeps_nobody_waiting(town):
    await follow(town, THIRD)
    town.world.release(THIRD, "smooth")
    await asked(town)
    town.world.aggregator.followed[NUMBER].changes = aggregator.CARRIER_CHANGES  # no more is allowed
    await change_carrier("china_post")
    await asked(town, days=4)
    declined, other = await in_db(watch), await in_db(watch, THIRD)
    assert (declined.remote, declined.answer) == ("registered", "events")
    assert (other.answer, other.failures) == ("events", 0)


async def test_a_carrier_that_cannot_be_changed_yet_is_changed_later(town):
    await follow(town, THIRD)
    town.world.release(THIRD, "smooth")
    await asked(town)
    await change_carrier("china_post")
    town.trouble("aggregator", Fault.BUSY, path="/track/v2.2/changecarrier")
    await asked(town, days=4)
    waiting, place = await in_db(watch), await in_db(schedule)
    assert (waiting.remote, waiting.answer) == ("recarrier", "busy")
    assert place.next_at < clock.now() + timedelta(minutes=6)
    assert (await in_db(watch, THIRD)).answer == "events"


async def test_a_carrier_named_while_the_vendor_is_asked_is_not_forgotten(town):
    await town.wait()
    (batch,) = (await in_db(poll.claim)).batches
    await in_db(partial(Watch.objects.update, remote="recarrier"))
    await in_db(poll._put, batch, batch.places[NUMBER], {"remote": "registered"})
    assert (await in_db(watch)).remote == batch.places[NUMBER].remote == "recarrier"


async def test_a_used_up_quota_waits_until_the_vendor_takes_more(town, monkeypatch):
    monkeypatch.setattr(aggregator, "QUOTA", 1)
    await asked(town)
    await follow(town, THIRD)
    await asked(town)
    assert (await in_db(watch, THIRD)).remote == "none"
    assert (await in_db(schedule, THIRD)).next_at > clock.now() + timedelta(minutes=1)


async def test_a_quota_that_ends_within_a_batch_lets_the_others_be_asked(town, monkeypatch):
    monkeypatch.setattr(aggregator, "QUOTA", 1)
    await follow(town, THIRD)
    await asked(town)
    states = sorted([(await in_db(watch)).remote, (await in_db(watch, THIRD)).remote])
    assert states == ["none", "registered"]


async def test_a_vendor_that_is_down_is_asked_again_ever_more_rarely(town):
    await asked(town)
    for failures in (1, 2):
        town.trouble("aggregator", Fault.DOWN)
        before = clock.now()
        await asked(town)
        one = await in_db(watch)
        assert (one.answer, one.failures) == ("broken", failures)
        waits = (await in_db(schedule)).next_at - before
        assert waits >= timedelta(minutes=15) * 2 ** (failures - 1)
    assert not await in_db(lambda: Inbox.objects.filter(dedup_key__startswith="broken").exists())  # nothing to read


async def test_an_answer_that_nobody_can_read_is_kept_once_to_be_looked_at(town):
    await asked(town)
    for _ in range(2):
        town.trouble("aggregator", Fault.GARBAGE)
        await asked(town)
    kept = await in_db(lambda: [one.state for one in Inbox.objects.filter(dedup_key__startswith="broken")])
    assert kept == ["bad"]


async def test_a_busy_vendor_says_when(town):
    await asked(town)
    town.trouble("aggregator", Fault.BUSY)
    await asked(town)
    assert (await in_db(watch)).answer == "busy"


async def test_refused_credentials_stop_the_account_and_are_told_once(town):
    town.trouble("aggregator", Fault.DENIED)
    await asked(town)
    account = await in_db(carrier)
    assert account.state == "denied"
    assert account.state_reason["id"]
    await town.wait()
    assert await in_db(poll.claim) is None


def carrier() -> Connection:
    return Connection.objects.get(kind="carrier")


async def test_a_lost_lease_writes_nothing(town):
    await town.wait()
    turn = await in_db(poll.claim)
    await in_db(partial(Schedule.objects.update, lease_token=5))
    await in_db(poll.finish, turn)
    place = await in_db(schedule)
    assert (place.lease_token, (await in_db(watch)).failures) == (5, 0)


async def test_no_question_outlives_its_lease(town, monkeypatch):
    monkeypatch.setattr(poll, "ROOM_S", poll.LEASE_S)
    await asked(town)
    assert (await in_db(watch)).answer == "busy"
    place = await in_db(schedule)
    assert place.lease_token == 0 and place.next_at > clock.now()


async def test_what_was_wanted_while_we_asked_is_asked_again_at_once(town):
    await town.wait()
    turn = await in_db(poll.claim)
    wanted = clock.now()
    await in_db(partial(Schedule.objects.update, next_at=wanted))
    await in_db(poll.finish, turn)
    assert (await in_db(schedule)).next_at == wanted


async def test_a_parcel_without_news_for_a_season_is_retired(town):
    await asked(town)
    long_ago = clock.now() - timedelta(days=100)
    await in_db(partial(Parcel.objects.update, status_since=long_ago, last_event_at=long_ago))
    await town.wait()
    turn = await in_db(poll.claim)
    await in_db(poll.finish, turn)
    assert await in_db(schedule) is None


async def test_a_number_of_no_parcel_is_looked_at_once_a_day(town):
    await asked(town)
    await in_db(partial(ParcelNumber.objects.update, until=clock.now()))
    await town.wait()
    turn = await in_db(poll.claim)
    await in_db(poll.finish, turn)
    assert (await in_db(schedule)).next_at > clock.now() + timedelta(hours=23)


async def test_an_answer_about_other_numbers_says_nothing_about_ours(town):
    await asked(town)
    await asked(town, days=4)
    turn = await in_db(_claimed)
    (batch,) = turn.batches
    batch.places, kept = {}, await in_db(rows)
    await poll.ask(turn)
    assert (await in_db(rows), batch.said) == (kept, {})


def _claimed() -> poll.Turn:
    Schedule.objects.update(next_at=clock.now(), lease_until=0.0)
    turn = poll.claim()
    assert turn is not None
    return turn


async def test_numbers_known_before_the_account_are_followed_by_it(settings, monkeypatch):
    async with living(settings, monkeypatch) as town:
        await follow(town)
        assert await in_db(Schedule.objects.count) == 0
        await town.connect("seventeen_track")
        batch = await asked(town)
        assert list(batch.places) == [NUMBER]


async def test_a_paused_account_is_not_asked_and_goes_on_when_resumed(town):
    account = await in_db(carrier)
    await in_db(connect.pause, town.ws, account.id, "user:1")
    await follow(town, THIRD)
    await town.wait()
    assert await in_db(poll.claim) is None
    await in_db(connect.resume, town.ws, account.id, "user:1")
    batch = await asked(town)
    assert set(batch.places) == {NUMBER, THIRD}


async def test_accounts_take_turns(town):
    other = await in_db(_second_account, town.ws)
    await town.wait()
    served = []
    while turn := await in_db(poll.claim):
        served.append(turn.connection.id)
    assert sorted(served) == sorted([other, (await in_db(watch)).connection_id])


def _second_account(ws: int) -> int:
    """Another workspace's account with a hundred numbers that are due."""
    row = Connection.objects.get(kind="carrier")
    row.id, row.ws = new_id(), ws + 1
    row.save(force_insert=True)
    for n in range(100):
        number = Number.objects.create(ws=row.ws, text=f"N{n}", norm=f"N{n}", norm_reversed=f"{n}N")
        Watch.objects.create(ws=row.ws, number_id=number.id, connection_id=row.id)
        Schedule.objects.create(ws=row.ws, number_id=number.id, connection_id=row.id, next_at=clock.now())
    return row.id


async def test_one_tenants_backlog_keeps_another_waiting_for_one_turn_only(town, monkeypatch):
    monkeypatch.setattr(due, "MOST_CALLS", 1)
    crowd, mine = await in_db(_second_account, town.ws), (await in_db(watch)).connection_id
    await town.wait()
    served = [(await in_db(poll.claim)).connection.id for _ in range(2)]
    assert set(served) == {crowd, mine}


async def test_a_vendor_that_only_fails_is_left_alone_until_one_call_succeeds(town):
    await asked(town)
    for _ in range(budget.TRIP):
        town.trouble("aggregator", Fault.DOWN)
        await asked(town)
    row = await in_db(Budget.objects.get)
    assert (row.failures, row.ready_at > clock.machine()) == (budget.TRIP, True)
    await in_db(partial(Schedule.objects.update, next_at=clock.now(), lease_until=0.0))
    assert await in_db(poll.claim) is None
    await asked(town)
    row = await in_db(Budget.objects.get)
    assert (row.failures, row.failing_since) == (0, None)
