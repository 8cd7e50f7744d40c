"""Tables that are fetched from an address: good rows are given, bad ones named, what was taken back stays so."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from doorstep.app import pace
from doorstep.app.connections import connect
from doorstep.app.loop import end, in_db
from doorstep.app.receive import feeds, fetched, imports
from doorstep.connectors.contract import Denied
from doorstep.db.models import Connection, Feed, Inbox
from tests.app.ledger import CJP, USPS, Ledger, ledger, woo

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "order,tracking number\n"


class Supplier:
    """Its table, and how often it was asked for."""

    table, status, asked = f"{HEAD}1001,{USPS}\n1002,\n7777,{CJP}\n", 200, 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        known = request.query.get("key") == "s3cret"
        return web.Response(text=self.table, status=self.status if known else 403, content_type="text/csv")


@pytest.fixture
async def supplier(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Supplier, str]]:
    monkeypatch.setattr(pace, "reserve", lambda *_: 0.0)  # how fast we may ask has tests of its own
    supplier, app = Supplier(), web.Application()
    app.router.add_get("/numbers.csv", supplier.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    settings.ALLOW_HOSTS = host
    yield supplier, f"http://{host}/numbers.csv"
    await runner.cleanup()
    await end()


def shop() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo()), one.woo(woo(1002)))
    return one


async def connected(one: Ledger, address: str) -> Connection:
    form = {"base_url": address, "query": "?key=s3cret", "supplier": "Lamps of Porto"}
    found = await connect.check("supplier", "sheet_link", form)
    assert found.notes[0].values == {"rows": 2, "bad": 1}
    return await in_db(connect.save, one.ws, "user:1", "supplier", "sheet_link", form, found)


async def fetch() -> None:
    await in_db(lambda: Feed.objects.update(next_at="2020-01-01T00:00:00Z", lease_until=0))
    taken = await in_db(feeds.claim)
    assert taken is not None
    await feeds.ask(taken)


async def test_good_rows_are_given_and_a_row_waits_for_its_order(supplier: tuple[Supplier, str]) -> None:
    one = await in_db(shop)
    account = await connected(one, supplier[1])
    await fetch()
    assert (await in_db(one.order, 1001)).state == "shipped"
    (table,) = await in_db(imports.newest, account)
    assert (table.name, table.state, table.numbers) == ("numbers.csv", "done", 1)
    look = await in_db(imports.look, account, table.id, {})
    assert [(bad.place, bad.message.id) for bad in look.problems] == [
        (3, "sheet.row.no_number"), (4, "import.no_order"),
    ]  # fmt: skip
    await fetch()
    assert len(await in_db(imports.newest, account)) == 1, "an unchanged table is nothing new"
    await in_db(lambda: one.hears(one.woo(woo(7777))))
    await fetch()
    assert (await in_db(one.order, 7777)).state == "shipped"
    assert [one.numbers for one in await in_db(imports.newest, account)] == [1, 1]


async def test_what_a_person_took_back_is_not_given_again(supplier: tuple[Supplier, str]) -> None:
    one = await in_db(shop)
    account = await connected(one, supplier[1])
    await fetch()
    (table,) = await in_db(imports.newest, account)
    assert await in_db(imports.undo, account, table.id, "user:1") == 1
    supplier[0].table += f"1002,{CJP}\n"
    await fetch()
    assert (await in_db(one.order, 1001)).state == "placed"
    assert (await in_db(one.order, 1002)).state == "shipped"


async def test_trouble_is_told_and_takes_nothing(supplier: tuple[Supplier, str]) -> None:
    one = await in_db(shop)
    with pytest.raises(Denied):
        await connect.check("supplier", "sheet_link", {"base_url": supplier[1], "query": "key=wrong"})
    account = await connected(one, supplier[1])
    supplier[0].table = "colour,size\nred,12\n"
    await fetch()
    assert (await in_db(one.order, 1001)).state == "placed"
    supplier[0].status = 503
    await fetch()
    assert (await in_db(Feed.objects.get)).answer == "busy"
    await in_db(lambda: Inbox.objects.filter(connection_id=account.id).delete())
    assert await in_db(fetched.take, account) == 0
