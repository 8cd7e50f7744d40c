"""Threads and the loop work together without losing errors, connections or bells."""

import asyncio
import threading
import time

import pytest
from django.db import OperationalError, connection

from doorstep.app import loop
from doorstep.db.models import Workspace


@pytest.mark.django_db(transaction=True)
async def test_database_work_is_done_off_the_loop_and_keeps_its_connection():
    def work() -> tuple[str, int, int]:
        return threading.current_thread().name, id(connection.connection), Workspace.objects.count()

    await loop.in_db(work)
    name, _, count = await loop.in_db(work)
    assert name.startswith("db-") and count == 0
    if connection.vendor == "sqlite":
        assert (await loop.in_db(work))[1] == (await loop.in_db(work))[1]


@pytest.mark.django_db(transaction=True)
async def test_an_error_of_database_work_reaches_who_asked_and_the_next_job_works():
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM nowhere")

    with pytest.raises(Exception, match="nowhere"):
        await loop.in_db(fail)
    assert await loop.in_db(Workspace.objects.count) == 0


@pytest.mark.django_db(transaction=True)
async def test_a_cancelled_job_is_not_done():
    busy, done = threading.Event(), []
    count = 1 if connection.vendor == "sqlite" else loop.POSTGRES_THREADS
    holding = [loop.BENCH.submit(busy.wait, 10) for _ in range(count)]
    waiting = asyncio.create_task(loop.in_db(done.append, 1))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    busy.set()
    await asyncio.gather(*(asyncio.wrap_future(one) for one in holding))
    await loop.in_db(time.time)
    assert done == []


def test_without_a_server_a_view_gets_a_loop_of_its_own_which_is_tidied():
    closed = []

    async def work() -> str:
        async def close() -> None:
            closed.append(True)

        loop.at_end(close)
        return "done"

    assert loop.call(work()) == "done"
    assert closed == [True]


def test_a_call_that_takes_too_long_is_given_up():
    with pytest.raises(TimeoutError):
        loop.call(asyncio.sleep(10), timeout=0.01)


async def test_with_a_server_a_view_uses_its_loop():
    here = asyncio.get_running_loop()
    cancelled = asyncio.Event()

    async def where() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    async def hang() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            cancelled.set()

    loop.serve_here()
    assert await asyncio.to_thread(lambda: loop.call(where())) is here
    with pytest.raises(TimeoutError):
        await asyncio.to_thread(lambda: loop.call(hang(), timeout=0.05))
    await asyncio.wait_for(cancelled.wait(), 5)
    await loop.end()
    assert await asyncio.to_thread(lambda: loop.call(where())) is not here


async def test_a_bell_rung_while_busy_is_heard_afterwards():
    assert not await loop.wait("test", 0.01)
    await asyncio.to_thread(loop.wake, "test")
    await asyncio.sleep(0.01)
    assert await loop.wait("test", 5)
    assert not await loop.wait("test", 0.01)


async def test_a_bell_wakes_only_who_waits_for_it():
    waiting = asyncio.create_task(loop.wait("mine", 5))
    await asyncio.sleep(0.01)
    loop.wake("other")
    assert not await loop.wait("mine-too", 0.01)
    assert not waiting.done()
    loop.wake("mine")
    assert await waiting


async def test_a_busy_workspace_keeps_one_thread_only():
    begun, free, under_way, most = asyncio.Event(), asyncio.Event(), set[int](), 0
    here = asyncio.get_running_loop()

    def work(serial: int) -> int:
        nonlocal most
        under_way.add(serial)
        most = max(most, len(under_way))
        here.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(free.wait(), here).result(10)
        under_way.discard(serial)
        return serial

    mine = [asyncio.create_task(loop.in_turn(1, work, serial)) for serial in range(3)]
    await begun.wait()
    if connection.vendor == "postgresql":
        assert await loop.in_turn(2, lambda: 7) == 7, "another workspace is served meanwhile"
    free.set()
    assert await asyncio.gather(*mine) == [0, 1, 2]
    assert most == 1


@pytest.mark.django_db(transaction=True)
def test_a_server_that_was_restarted_costs_one_job_and_not_one_of_each_thread():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    bench, together = loop.Bench(), threading.Barrier(loop.POSTGRES_THREADS)

    def whose() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    def all_at_once() -> int:
        together.wait(10)
        return whose()

    try:
        first = {one.result(10) for one in [bench.submit(all_at_once) for _ in range(loop.POSTGRES_THREADS)]}
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [sorted(first)])
        with pytest.raises(OperationalError):
            bench.submit(whose).result(10)
        again = {one.result(10) for one in [bench.submit(all_at_once) for _ in range(loop.POSTGRES_THREADS)]}
        assert len(again) == loop.POSTGRES_THREADS and not first & again
    finally:
        together.abort()
        bench.close()
