"""The background loops: they find what is due, survive what goes wrong, and end when told."""

import asyncio

import pytest

from doorstep.app.inbox import keep
from doorstep.app.loop import in_db, wake
from doorstep.app.process import work
from doorstep.db.models import Inbox, Push
from sandbox import aggregator
from tests.app.ledger import ledger, woo
from tests.app.town import NUMBER, living

pytestmark = pytest.mark.django_db(transaction=True)


async def until(true) -> None:
    """Waits until a question to the database is answered with yes, at most 20 seconds."""
    for _ in range(400):
        if await in_db(true):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never happened")


async def test_an_order_goes_its_way_by_itself(settings, monkeypatch):
    monkeypatch.setattr(aggregator, "PER_SECOND", 1000)
    async with living(settings, monkeypatch) as town:
        await town.connect("woocommerce")
        await town.connect("seventeen_track")
        await town.typed()
        stop = asyncio.Event()
        running = asyncio.create_task(work.run(stop))
        try:
            await until(lambda: Push.objects.filter(state="accepted").exists())
        finally:
            stop.set()
            await asyncio.wait_for(running, 20)
        assert town.given() == {NUMBER: 1}
        assert NUMBER in town.world.aggregator.followed


async def test_a_loop_survives_what_goes_wrong(monkeypatch):
    one = await in_db(ledger)
    stop, calls = asyncio.Event(), []

    async def step() -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("something nobody thought of")
        stop.set()
        return False

    wake("inbox")
    await asyncio.wait_for(work._forever("inbox", stop, step), 10)
    assert len(calls) == 2
    await in_db(keep, [one.woo(woo())])
    assert await work._read_inbox() and await in_db(lambda: Inbox.objects.get().state) == "read"
    assert not await work._release_holds()
