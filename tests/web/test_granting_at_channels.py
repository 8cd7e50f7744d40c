"""The whole way in at eBay, Etsy and AliExpress: their page, their tokens, a permission taken back and given again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from re import search
from typing import Any

import aiohttp
import pytest
from django.test import Client
from yarl import URL

from doorstep.app.connections import granting
from doorstep.app.loop import in_db
from doorstep.app.reading.understand import understand
from doorstep.app.receive import feeds
from doorstep.app.vendors.accounts import drive
from doorstep.connectors.contract import Account, Flow
from doorstep.connectors.registry import connector
from doorstep.db.models import Change, Connection, Feed, Order, Outbox
from sandbox import ebay, etsy
from sandbox.serve import HOST
from sandbox.world import World
from tests.app.town import Town, living
from tests.web.test_granting import away

pytestmark = pytest.mark.django_db(transaction=True)
BACK = "/connections/granted"


@dataclass(frozen=True)
class Channel:
    """``at``: who is there. ``knows``: tells it where the app wants people back. ``asked``: what it is asked with."""

    name: str
    kind: str
    at: Callable[[World], Any]
    knows: Callable[[Any, str], None]
    expire: Callable[[Any], None]
    revoke: Callable[[Any], None]
    asked: frozenset[str]

    @property
    def form(self) -> str:
        return f"/connections/new/{self.kind}/{self.name}"

    def keys(self, town: Town) -> dict[str, str]:
        """What a person types."""
        return dict(town.world.vendors[self.name].keys)


def _set(name: str) -> Callable[[Any, str], None]:
    return lambda there, address: setattr(there, name, address)


CHANNELS = (
    Channel(
        "ebay",
        "store",
        lambda world: world.marketplaces.ebay,
        _set("accepted"),
        lambda there: there.permits.expire(),
        lambda there: there.permits.revoke(ebay.SELLER),
        frozenset({"client_id", "redirect_uri", "response_type", "scope", "state"}),
    ),
    Channel(
        "etsy",
        "store",
        lambda world: world.marketplaces.etsy,
        lambda there, address: setattr(there.permits, "redirect", address),
        lambda there: there.permits.expire(),
        lambda there: there.permits.revoke(str(etsy.OWNER)),
        frozenset(
            {"client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"}
        ),
    ),
    Channel(
        "aliexpress",
        "supplier",
        lambda world: world.purchases.aliexpress,
        _set("callback"),
        lambda there: there.expire(),
        lambda there: there.revoke(),
        frozenset({"client_id", "redirect_uri", "response_type", "force_auth", "state"}),
    ),
)
every = pytest.mark.parametrize("channel", CHANNELS, ids=lambda one: one.name)


@pytest.fixture
async def town(settings: Any, monkeypatch: pytest.MonkeyPatch, alice: Client) -> AsyncIterator[Town]:
    """Channels that know our app, and a workspace whose other connections rest."""
    settings.EMAIL_HOST = "mail.example"
    monkeypatch.setattr(etsy, "PER_SECOND", 1000)
    await away(lambda: Connection.objects.all().update(state="paused"))
    async with living(settings, monkeypatch) as town:
        for channel in CHANNELS:
            channel.knows(channel.at(town.world), granting.redirect_address())
        yield town


async def go(client: Client, channel: Channel, form: dict[str, str]) -> URL:
    """Fill in the form; returns the channel's page."""
    answer = await away(lambda: client.post(channel.form, form))
    found = search(r'class="button main-action" href="([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return URL(unescape(found[1]), encoded=True)


async def press(town: Town, page: URL, answer: str = "yes") -> dict[str, str]:
    """A person opens the channel's page and presses a button; returns the query that they come back with."""
    there = page.with_scheme("http").with_host(HOST).with_port(town.ports.vendors)
    headers = {"Host": page.host or ""}
    async with aiohttp.ClientSession() as session:
        async with session.get(there, headers=headers) as shown:
            assert (shown.status, "Allow" in await shown.text()) == (200, True), await shown.text()
        sent = session.post(there, data={"answer": answer}, headers=headers, allow_redirects=False)
        async with sent as redirect:
            back = URL(redirect.headers["Location"])
    assert str(back.with_query(None)) == granting.redirect_address()
    return dict(back.query)


async def connect(town: Town, client: Client, channel: Channel, **changed: str) -> Connection:
    query = await press(town, await go(client, channel, {**channel.keys(town), **changed}))
    answer = await away(lambda: client.get(BACK, query))
    assert answer.status_code == 302, answer.content.decode()
    return await one_of(channel)


async def one_of(channel: Channel) -> Connection:
    """The only connection there."""
    return await in_db(lambda: Connection.objects.get(connector=channel.name))


async def read(town: Town) -> str:
    """Ask the channel once; how that ended."""
    await town.wait()
    while turn := await in_db(feeds.claim):
        await feeds.ask(turn)
    while await in_db(understand):
        pass
    return await in_db(lambda: Feed.objects.exclude(answer="").latest("asked_at").answer)


async def buys(town: Town, channel: Channel) -> int:
    """A buyer orders there, and Doorstep asks; returns how many of their orders it knows."""
    if channel.kind == "store":
        town.world.place(at=datetime.now(UTC) + timedelta(seconds=1), channel=channel.name, route="manual")
    assert await read(town) == "ok"
    return await in_db(lambda: Order.objects.filter(store_id=Connection.objects.get(connector=channel.name).id).count())


@every
async def test_a_yes_on_their_page_lets_in_and_a_taken_back_one_is_told_once(
    town: Town, alice: Client, channel: Channel
) -> None:
    made = await connect(town, alice, channel)
    assert made.state == "active"
    orders = await buys(town, channel)
    assert orders == (channel.kind == "store")
    channel.revoke(channel.at(town.world))
    assert await read(town) == "denied"
    assert (await one_of(channel)).state == "denied"
    await read(town)
    told = Change.objects.filter(kind="connection.denied"), Outbox.objects.filter(lane="notice")
    assert [await in_db(rows.count) for rows in told] == [1, 1]
    again = await connect(town, alice, channel, again=str(made.id))
    assert (again.id, again.state) == (made.id, "active")
    assert await buys(town, channel) == 2 * orders, "nothing is lost, and it goes on"


@every
async def test_a_token_that_ends_early_is_renewed_by_one_for_all(town: Town, alice: Client, channel: Channel) -> None:
    made = await connect(town, alice, channel)
    channel.expire(channel.at(town.world))
    rows = [await one_of(channel) for _ in range(3)]
    await asyncio.gather(*(drive(row, lambda account: _look(channel, account)) for row in rows))
    assert (await one_of(channel)).cred_version == made.cred_version + 1


def _look(channel: Channel, account: Account) -> Flow[None]:
    one: Any = connector(channel.kind, channel.name)
    asks: Callable[[Account, datetime], Flow[None]] = one.orders if channel.kind == "store" else one.purchases
    return asks(account, account.now - timedelta(hours=1))


@every
async def test_what_is_asked_for_is_what_the_channel_wants(town: Town, alice: Client, channel: Channel) -> None:
    page = await go(alice, channel, channel.keys(town))
    assert set(page.query) == channel.asked
    secrets = [value for name, value in channel.keys(town).items() if "secret" in name]
    assert secrets and not any(one in str(page) for one in secrets)
    forged = {**await press(town, page), "state": "guessed"}
    answer = await away(lambda: alice.get(BACK, forged))
    assert answer.status_code == 422
    assert not await in_db(Connection.objects.filter(connector=channel.name).exists)


async def test_a_code_is_of_no_use_without_the_verifier(town: Town, alice: Client) -> None:
    channel = CHANNELS[1]
    first, second = [await go(alice, channel, channel.keys(town)) for _ in range(2)]
    stolen = {**await press(town, second), "code": (await press(town, first))["code"]}
    answer = await away(lambda: alice.get(BACK, stolen))
    assert answer.status_code == 422 and "Nothing was saved" in answer.content.decode()


@every
async def test_a_no_on_their_page_saves_nothing(town: Town, alice: Client, channel: Channel) -> None:
    query = await press(town, await go(alice, channel, channel.keys(town)), "no")
    answer = await away(lambda: alice.get(BACK, query))
    assert answer.status_code == 422 and "Nothing was saved" in answer.content.decode()
