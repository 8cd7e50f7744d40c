"""Stores and suppliers are asked again and again; only what is new is stored."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest

from doorstep.app import clock
from doorstep.app.connections import connect
from doorstep.app.loop import in_db
from doorstep.app.receive import feeds
from doorstep.app.vendors.accounts import renew
from doorstep.connectors.contract import Broken, Busy
from doorstep.db.models import Connection, Feed, Inbox
from sandbox.faults import Fault
from tests.app.town import Town, living

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = {"path": "/wp-json/wc/v3/orders"}


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    """A shop with one order, connected and not read yet."""
    async with living(settings, monkeypatch) as town:
        await town.connect("woocommerce")
        town.place(journey="smooth", route="manual")
        yield town


async def turn(town: Town) -> feeds.Turn:
    await town.wait()
    taken = await in_db(feeds.claim)
    assert taken is not None, "nothing is due"
    return taken


async def read(town: Town) -> Feed:
    await feeds.ask(await turn(town))
    return await in_db(Feed.objects.get)


def inbox() -> int:
    return Inbox.objects.count()


async def test_what_a_shop_tells_is_stored_and_the_cursor_moves(town):
    before = clock.now()
    feed = await read(town)
    assert (await in_db(inbox), feed.answer, feed.failures) == (1, "ok", 0)
    assert before <= feed.cursor <= feed.answered_at
    assert feed.next_at > clock.now() + timedelta(minutes=4)


async def test_an_unchanged_answer_stores_nothing(town):
    await read(town)
    await read(town)
    assert await in_db(inbox) == 1
    town.place(journey="smooth", route="manual")
    await read(town)
    assert await in_db(inbox) == 2


async def test_only_one_worker_has_a_feed(town):
    taken = await turn(town)
    assert await in_db(feeds.claim) is None
    assert taken.feed.lease_token > 0


async def test_a_lost_lease_ends_the_walk_and_writes_nothing(town):
    taken = await turn(town)
    await in_db(partial(Feed.objects.update, lease_token=5))
    await feeds.ask(taken)
    feed = await in_db(Feed.objects.get)
    assert (await in_db(inbox), feed.lease_token, feed.answer, feed.cursor) == (0, 5, "", None)
    assert not await in_db(feeds.finish, taken, None)


async def test_a_new_connection_is_read_a_month_back(town):
    taken = await turn(town)
    assert feeds._since(taken) == taken.connection.connected_at - feeds.FIRST_REACH


async def test_the_next_walk_overlaps_a_little_and_once_a_day_a_lot(town):
    taken = await turn(town)
    noon = taken.started.replace(hour=12)
    later = feeds.Turn(taken.feed, taken.connection, noon)
    taken.feed.cursor = noon - timedelta(minutes=5)
    assert feeds._since(later) == taken.feed.cursor - feeds.OVERLAP
    taken.feed.cursor = noon - timedelta(days=1)
    assert feeds._since(later) == taken.feed.cursor - feeds.LONG_OVERLAP


async def test_a_shop_that_is_down_is_asked_again_ever_more_rarely(town):
    waits = []
    for failures in (1, 2, 3):
        town.trouble("store", Fault.DOWN, **ORDERS)
        feed = await read(town)
        assert (feed.answer, feed.failures, feed.said["id"] != "") == ("broken", failures, True)
        waits.append(feed.next_at - clock.now())
    assert waits == sorted(waits) and waits[2] > timedelta(minutes=3)
    assert (await read(town)).failures == 0


async def test_a_busy_shop_is_left_alone_as_long_as_it_says(town):
    taken = await turn(town)
    await in_db(feeds.finish, taken, Busy("slow down", retry_after=7200))
    feed = await in_db(Feed.objects.get)
    assert feed.answer == "busy" and feed.next_at > clock.now() + timedelta(minutes=119)


async def test_refused_credentials_stop_the_connection(town):
    town.trouble("store", Fault.DENIED, **ORDERS)
    assert (await read(town)).answer == "denied"
    assert (await in_db(Connection.objects.get)).state == "denied"
    await town.wait()
    assert await in_db(feeds.claim) is None


async def test_garbage_is_kept_by_its_bytes_and_counts_as_broken(town):
    town.trouble("store", Fault.HTML, **ORDERS)
    feed = await read(town)
    assert (feed.answer, await in_db(inbox)) == ("broken", 1)


async def test_a_knock_while_we_ask_is_not_forgotten(town):
    taken = await turn(town)
    await in_db(feeds.hurry, town.ws, taken.connection.id)
    knocked = (await in_db(Feed.objects.get)).next_at
    for outcome in (None, Broken("down")):
        await in_db(partial(Feed.objects.update, lease_token=taken.feed.lease_token))
        assert await in_db(feeds.finish, taken, outcome)
        assert (await in_db(Feed.objects.get)).next_at == knocked


async def test_a_paused_connection_is_looked_at_once_an_hour(town):
    connection = await in_db(Connection.objects.get)
    await in_db(connect.pause, town.ws, connection.id, "user:1")
    await town.wait()
    assert await in_db(feeds.claim) is None
    assert (await in_db(Feed.objects.get)).next_at > clock.now() + timedelta(minutes=59)
    await in_db(connect.resume, town.ws, connection.id, "user:1")
    assert (await read(town)).answer == "ok"


async def test_only_the_last_answers_are_remembered(town, monkeypatch):
    monkeypatch.setattr(feeds, "SLOTS", 1)
    await in_db(partial(Feed.objects.update, slots={"old": "1"}))
    feed = await read(town)
    assert len(feed.slots) == 1 and "old" not in feed.slots


async def test_purchases_are_read_too_and_renewed_credentials_are_kept(town):
    supplier = await town.connect("cjdropshipping")
    town.place(journey="smooth", route="api")
    await town.read()
    names = await in_db(lambda: sorted(Feed.objects.values_list("name", "answer")))
    assert names == [("orders", "ok"), ("purchases", "ok")]
    await in_db(renew, supplier, {"access_token": "newer"})
    row = await in_db(partial(Connection.objects.get, id=supplier.id))
    assert (row.cred_version, bytes(row.credentials_enc)) == (supplier.cred_version, bytes(supplier.credentials_enc))
