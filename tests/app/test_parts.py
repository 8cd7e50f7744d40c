"""Parts of Doorstep: what they hand back when they stop, how they hear of each other, what they say of themselves."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from doorstep.app import clock, loop, measures
from doorstep.app.inbox import Arrival, keep
from doorstep.app.operate import backlogs, readiness
from doorstep.app.outbox import Leased
from doorstep.app.process import parting, serve, work
from doorstep.app.process.wire import CHANNEL, Wire
from doorstep.app.receive import feeds
from doorstep.app.track import poll
from doorstep.db.models import Connection, Feed, Inbox, Outbox, Schedule
from doorstep.web.health import Health
from tests.house import House

pytestmark = pytest.mark.django_db(transaction=True)
LEASE = {"lease_token": 7, "lease_until": 9e9}


# --- leases are handed back ---


def intend(lane: str, state: str, **more: Any) -> Leased:
    values = {"target_id": 1, "payload_ref": 1, "due_at": clock.now(), **LEASE, **more}
    row = Outbox.objects.create(ws=1, lane=lane, state=state, intent_key=f"{lane}:{state}", **values)
    return Leased(row, 7, interrupted=False)


def lease_of(leased: Leased) -> tuple[int, float]:
    row = Outbox.objects.get(ws=1, id=leased.row.id)
    return row.lease_token, row.lease_until


def test_a_push_that_has_not_begun_is_free_at_once():
    leased = intend("push", "due")
    assert parting.hand_back_intent(leased) == 1
    assert lease_of(leased) == (0, 0.0)


@pytest.mark.parametrize(("lane", "state"), [("push", "sending"), ("push", "unsure"), ("mail", "due")])
def test_what_may_have_left_rests_until_its_request_has_ended(lane, state, settings):
    settings.HTTP_TIMEOUT_S = 20.0
    leased = intend(lane, state)
    parting.hand_back_intent(leased)
    token, until = lease_of(leased)
    assert token == 0 and 59 < until - clock.machine() <= 60


def test_what_somebody_else_holds_meanwhile_is_not_handed_back():
    leased = intend("push", "due")
    Outbox.objects.update(lease_token=8)
    assert parting.hand_back_intent(leased) == 0
    assert lease_of(leased) == (8, 9e9)


def test_numbers_and_feeds_are_free_at_once():
    now, account = clock.now(), Connection(ws=1, id=3)
    Schedule.objects.create(ws=1, number_id=1, connection_id=3, next_at=now, **LEASE)
    Schedule.objects.create(ws=1, number_id=2, connection_id=3, next_at=now, lease_token=8, lease_until=9e9)
    feed = Feed.objects.create(ws=1, connection_id=3, name="orders", next_at=now, **LEASE)
    assert parting.hand_back_turn(poll.Turn(account, 7, now, [])) == 1
    assert parting.hand_back_feed(feeds.Turn(feed, account, now)) == 1
    assert sorted(Schedule.objects.values_list("lease_token", flat=True)) == [0, 8]
    assert Feed.objects.get().lease_until == 0.0


async def test_an_errand_that_does_not_end_is_broken_off_and_handed_back(monkeypatch):
    monkeypatch.setattr(work, "LAST_S", 0.1)
    stop, back, done, first = asyncio.Event(), list[int](), list[int](), asyncio.Event()
    errands = iter((1, 2))

    async def do(errand: int) -> None:
        await asyncio.sleep(0 if errand == 1 else 60)
        done.append(errand)
        first.set()

    running = asyncio.create_task(work._errands("test", stop, lambda: next(errands, None), do, back.append))
    async with asyncio.timeout(10):
        await first.wait()
        await asyncio.sleep(0.1)
        stop.set()
        await running
    assert (done, back) == ([1], [2])


async def test_who_is_full_of_errands_stops_too(monkeypatch):
    monkeypatch.setattr(work, "LAST_S", 0.1)
    stop, back = asyncio.Event(), list[int]()
    running = asyncio.create_task(
        work._errands("test", stop, lambda: 1, lambda _: asyncio.sleep(60), back.append)  # type: ignore[arg-type, return-value]
    )
    await asyncio.sleep(0.3)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert back == [1] * work.AT_ONCE


# --- bells ---


async def test_a_bell_rings_at_the_commit_and_not_without_one():
    def write(*, well: bool) -> None:
        with transaction.atomic():
            loop.wake("commit")
            heard.append(loop.call(loop.wait("commit", 0.05)))
            if not well:
                raise RuntimeError("rolled back")

    heard = list[bool]()
    assert not await loop.wait("commit", 0.01)
    with pytest.raises(RuntimeError):
        await loop.in_db(lambda: write(well=False))
    assert not await loop.wait("commit", 0.05)
    await loop.in_db(lambda: write(well=True))
    assert await loop.wait("commit", 5)
    assert heard == [False, False]


@pytest.fixture
def wires() -> Iterator[tuple[Wire, Wire]]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one process")
    here, there = Wire(), Wire()
    for one in (here, there):
        one.start()
        assert one.connected(10)
    yield here, there
    for one in (here, there):
        one.stop()


async def test_a_bell_is_heard_in_another_process_and_not_by_who_rang_it(wires):
    here, there = wires
    await quiet("far")
    there.tell("far")
    assert await loop.wait("far", 5)  # by `here`: `there` does not hear itself
    here.stop()
    there.tell("far")
    assert not await loop.wait("far", 0.3)


async def test_a_bell_travels_with_what_wakes(wires):
    told = asyncio.create_task(asyncio.to_thread(listen))
    for _ in range(50):
        await asyncio.to_thread(loop.wake, "outbox")
        if told.done():
            break
        await asyncio.sleep(0.1)
    assert await asyncio.wait_for(told, 10) == "outbox"


async def test_a_line_that_is_cut_is_made_again_and_everything_is_rung(wires):
    _, there = wires
    await quiet("cut")
    await loop.in_db(cut_all)
    assert await loop.wait("cut", 10)  # rung because something may have been missed
    assert await asyncio.to_thread(there.connected, 10)
    await quiet("cut")
    there.tell("cut")
    assert await loop.wait("cut", 5)


async def quiet(name: str) -> None:
    """Until nothing rings any more."""
    for _ in range(20):
        if not await loop.wait(name, 0.3):
            return
    raise AssertionError("it rings for ever")


def listen() -> str:
    """The first thing that is told on the channel."""
    with closing(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        for note in connection.connection.notifies(timeout=10):
            return str(note.payload)
    return ""


def cut_all() -> None:
    """Ends every other connection to this database, as a restart would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%%'"
        )


# --- what a process says of itself ---


async def ask(health: Health, path: str, *, method: str = "GET", client: str = "127.0.0.1", **headers: str):
    scope = {
        "method": method,
        "path": path,
        "client": (client, 1),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    sent = list[Any]()

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        return {"type": "http.request"}

    await health(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


async def test_a_process_is_alive_and_ready():
    health = Health(works=True)
    assert await ask(health, "/healthz") == (200, "alive")
    assert await ask(health, "/readyz") == (200, "ready")
    assert (await ask(health, "/healthz", method="POST"))[0] == 405


@pytest.mark.parametrize(("works", "status"), [(True, 503), (False, 200)])
async def test_a_backlog_that_does_not_move_is_the_fault_of_who_works(works, status):
    long_ago = clock.now() - timedelta(hours=1)
    await loop.in_db(lambda: (arrive(long_ago), intend("push", "due", due_at=long_ago)))
    found, text = await ask(Health(works=works), "/readyz")
    assert found == status
    assert "1 messages wait to be read, the oldest for 60 minutes" in text
    assert "Something has been due for 60 minutes" in text


async def test_a_database_that_lacks_migrations_or_does_not_answer_is_not_ready(monkeypatch):
    monkeypatch.setattr(readiness, "_migrated", False)
    missing = readiness.upgrade.Standing(fresh=False, missing=("doorstep.0002",), unknown=("0001_other",))
    monkeypatch.setattr(readiness.upgrade, "standing", lambda: missing)
    health = Health(works=False)
    status, text = await ask(health, "/readyz")
    assert status == 503 and "1 steps behind" in text
    assert (await ask(health, "/readyz"))[0] == 503  # remembered for a moment

    def gone() -> None:
        raise DatabaseError("gone fishing")

    monkeypatch.setattr(readiness.upgrade, "standing", gone)
    status, text = await ask(Health(works=False), "/readyz")
    assert status == 503 and "gone fishing" in text


async def test_a_database_that_is_slow_is_not_ready(monkeypatch):
    monkeypatch.setattr("doorstep.web.health.WITHIN_S", 0.05)
    busy = threading.Event()
    held = [loop.BENCH.submit(busy.wait, 10) for _ in range(loop.POSTGRES_THREADS)]
    assert (await ask(Health(works=True), "/readyz"))[0] == 503
    busy.set()
    await asyncio.gather(*(asyncio.wrap_future(one) for one in held))


async def test_metrics_say_what_waits_and_what_was_done():
    await loop.in_db(lambda: (arrive(clock.now()), intend("mail", "due"), intend("push", "done")))
    measures.polled("seventeen_track", asked=40, answered=38, failed=0)
    measures.exchanged("seventeen_track", 0.2)
    measures.hooked("shed")
    measures.understood(3, 0.5)
    status, text = await ask(Health(works=True), "/metrics")
    assert status == 200
    for line in (
        "doorstep_inbox_backlog 1.0",
        'doorstep_outbox{lane="mail",state="due"} 1.0',
        'doorstep_polls_total{connector="seventeen_track",outcome="answered"}',
        'doorstep_http_seconds_bucket{connector="seventeen_track",le="0.25"}',
        'doorstep_hooks_total{outcome="shed"}',
        "doorstep_understand_rows_total",
        'doorstep_queue{queue="arrivals"} 0.0',
        "process_resident_memory_bytes",
    ):
        assert line in text
    assert "done" not in text and "_created" not in text
    assert backlogs.real_age(None) == 0.0


async def test_metrics_are_for_this_machine_or_for_the_token(settings):
    health = Health(works=True)
    assert (await ask(health, "/metrics", client="192.0.2.7"))[0] == 403
    assert (await ask(health, "/metrics", x_forwarded_for="192.0.2.7"))[0] == 403
    assert (await ask(health, "/metrics", client="::1"))[0] == 200
    settings.METRICS_TOKEN = "mellon"
    assert (await ask(health, "/metrics"))[0] == 403
    assert (await ask(health, "/metrics", client="192.0.2.7", authorization="Bearer mellón"))[0] == 403
    assert (await ask(health, "/metrics", client="192.0.2.7", authorization="Bearer mellon"))[0] == 200


def arrive(at: Any) -> None:
    keep([Arrival(ws=1, connection_id=1, dedup_key=str(at), received_at=at, what="orders")])
    assert Inbox.objects.filter(state="new").exists()


# --- starting ---


@pytest.mark.parametrize("command", ["web", "hooks", "worker"])
def test_a_part_needs_a_database_that_can_be_shared(tmp_path, command):
    refused = House(tmp_path).run(command, "--json")
    assert refused.returncode == 1 and '"serve.needs_postgres"' in refused.stdout


def test_a_part_refuses_a_database_of_another_version(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is refused whatever its version")
    behind = readiness.upgrade.Standing(fresh=False, missing=("doorstep.0002",), unknown=())
    monkeypatch.setattr(serve.upgrade, "standing", lambda: behind)
    with pytest.raises(serve.CannotStart) as problem:
        serve.part(frozenset({"work"}), lambda _: None, 0)
    assert problem.value.message.id == "doctor.not_migrated"
    ahead = readiness.upgrade.Standing(fresh=False, missing=(), unknown=("9999_next",))
    monkeypatch.setattr(serve.upgrade, "standing", lambda: ahead)
    with pytest.raises(serve.upgrade.TooNew):
        serve.part(frozenset({"work"}), lambda _: None, 0)
