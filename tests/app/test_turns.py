"""A turn of polling is written down in few statements: what is the same costs one row, and nothing is lost or asked
twice.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from doorstep.app import clock
from doorstep.app.inbox import answer_of
from doorstep.app.ledger import freshness
from doorstep.app.ledger.sheet import Sheet
from doorstep.app.loop import in_db
from doorstep.app.process import parting
from doorstep.app.settle import watching
from doorstep.app.settle.cluster import Cluster, Rules
from doorstep.app.track import poll
from doorstep.connectors.registry import connector
from doorstep.db.models import Inbox, Number, Parcel, Schedule, Watch
from sandbox import aggregator
from sandbox.faults import Fault
from tests.app.test_poll import OTHER, asked, follow, schedule, watch
from tests.app.town import NUMBER, Town, living

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    """A carrier account that takes one number a call, and a parcel that it follows: the last answer brought scans."""
    vendor = type(connector("carrier", "seventeen_track"))
    monkeypatch.setattr(vendor, "meta", replace(vendor.meta, batch=1))
    monkeypatch.setattr(aggregator, "PER_SECOND", 1000)
    async with living(settings, monkeypatch) as town:
        await town.connect("seventeen_track")
        town.world.release(NUMBER, "smooth")
        await follow(town)
        await asked(town)
        await asked(town, days=4)
        yield town


def due() -> poll.Turn:
    Schedule.objects.update(next_at=clock.now(), lease_until=0.0)
    turn = poll.claim()
    assert turn is not None
    return turn


def row() -> dict[str, object]:
    return Watch.objects.values().get()


async def test_an_unchanged_answer_is_one_row_of_the_schedule(town):
    before, at = await in_db(row), clock.now()
    await asked(town)
    place = await in_db(schedule)
    assert await in_db(row) == before
    assert place.same_at >= at and (await in_db(watch)).answered_at == place.same_at
    account = before["connection_id"]
    newest = await in_db(freshness.newest, town.ws, account)
    assert newest is not None and newest.asked_at == place.same_at
    assert await in_db(freshness.answered_at, town.ws, account) == place.same_at


async def test_the_bytes_that_were_read_the_last_time_are_not_read_again(town):
    answer = await in_db(lambda: answer_of(Inbox.objects.filter(headers__what="track").order_by("-id")[0]))
    (batch,) = (await in_db(due)).batches
    await poll._keep(batch, answer)
    assert batch.said == {NUMBER: batch.places[NUMBER].known}
    assert (batch.pulse.events, batch.news) == (0, [])
    await poll._keep(batch, replace(answer, body=answer.body + b" "))
    assert batch.pulse.events > 0 and batch.news == [], "other bytes that say the same"


async def test_after_trouble_the_same_answer_says_that_it_is_over(town):
    town.trouble("aggregator", Fault.DOWN)
    await asked(town)
    assert (await in_db(watch)).answer == "broken"
    await asked(town)
    one = await in_db(watch)
    assert (one.answer, one.failures, one.answered_at == one.asked_at) == ("events", 0, True)


@pytest.mark.parametrize("down", [False, True])
async def test_a_number_that_was_another_parcels_before_is_asked_about_once(town, down):
    again = await in_db(_recycled)
    if down:
        town.trouble("aggregator", Fault.DOWN)
    turn = await in_db(due)
    (batch,) = turn.batches
    assert (batch.places[NUMBER].number_id, len(batch.older)) == (again, 1)
    await poll.ask(turn)
    places = await in_db(lambda: list(Schedule.objects.values_list("lease_token", "next_at")))
    assert len(places) == 2 and all(token == 0 and at > clock.now() for token, at in places)


def _recycled() -> int:
    old, place = Number.objects.get(norm=NUMBER), Schedule.objects.get()
    new = Number.objects.create(ws=old.ws, text=NUMBER, norm=NUMBER, norm_reversed=NUMBER[::-1], generation=1)
    Watch.objects.create(ws=old.ws, number_id=new.id, connection_id=place.connection_id, remote="registered")
    Schedule.objects.create(ws=old.ws, number_id=new.id, connection_id=place.connection_id, next_at=clock.now())
    return new.id


async def test_a_place_without_a_number_is_forgotten_and_keeps_nobody_waiting(town):
    await in_db(lambda: Schedule.objects.create(ws=town.ws, number_id=1, connection_id=3, next_at=clock.now()))
    await in_db(lambda: Schedule.objects.filter(number_id=1).update(connection_id=Watch.objects.get().connection_id))
    turn = await in_db(due)
    assert [list(batch.places) for batch in turn.batches] == [[NUMBER]]
    assert not await in_db(Schedule.objects.filter(number_id=1).exists)


async def test_what_was_not_begun_when_the_account_was_refused_is_due_still(town, monkeypatch):
    monkeypatch.setattr(poll, "LANES", 1)
    await follow(town, OTHER)
    await in_db(partial(Watch.objects.update, remote="registered"))
    town.trouble("aggregator", Fault.DENIED)
    turn = await in_db(due)
    assert len(turn.batches) == 2
    await poll.ask(turn)
    (tried,) = turn.batches
    (left,) = {NUMBER, OTHER} - set(tried.places)
    place, seen = await in_db(schedule, left), await in_db(watch, left)
    assert (place.lease_token, place.lease_until, place.next_at <= clock.now()) == (0, 0.0, True)
    assert seen.failures == 0


async def test_what_was_answered_is_written_while_the_rest_is_being_asked(town):
    await follow(town, OTHER)
    turn = await in_db(due)
    done, other = turn.batches
    await poll._try(done, clock.monotonic() + 60)
    await in_db(poll.write, turn)
    tokens = await in_db(lambda: dict(Schedule.objects.values_list("number_id", "lease_token")))
    assert [tokens[place.number_id] for batch in (done, other) for place in batch.numbers()] == [0, turn.token]
    assert await in_db(parting.hand_back_turn, turn) == 1


async def test_a_parcel_that_moves_while_it_is_given_up_is_asked_about_again(town):
    turn = await in_db(_quiet)
    await in_db(partial(Parcel.objects.update, status_since=clock.now()))
    await in_db(poll.finish, turn)
    place = await in_db(schedule)
    assert place is not None and place.lease_token == 0 and place.next_at > clock.now()


async def test_what_was_wanted_while_it_was_given_up_is_asked_at_its_time(town):
    turn = await in_db(_quiet)
    wanted = clock.now()
    await in_db(partial(Schedule.objects.update, next_at=wanted))
    await in_db(poll.finish, turn)
    place = await in_db(schedule)
    assert place is not None and (place.lease_token, place.next_at) == (0, wanted)


def _quiet() -> poll.Turn:
    """A parcel without news for a season, claimed."""
    long_ago = clock.now() - timedelta(days=100)
    Parcel.objects.update(status_since=long_ago, last_event_at=long_ago)
    return due()


async def test_a_number_that_leaves_the_schedule_keeps_when_it_was_asked(town):
    await asked(town)
    same_at = (await in_db(schedule)).same_at
    await in_db(_leave)
    assert same_at and await in_db(schedule) is None
    assert (await in_db(row))["answered_at"] == same_at


def _leave() -> None:
    place = Schedule.objects.get()
    cluster = Cluster(ws=place.ws, sheet=Sheet(place.ws), connections={}, rules=Rules(place.ws))
    cluster.watches = {place.number_id: list(Watch.objects.all())}
    watching._forget(cluster, place)
    cluster.sheet.write()
