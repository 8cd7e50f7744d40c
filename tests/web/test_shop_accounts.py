"""A shopper signs in with the account they have at a shop: only where its merchant allows it, by a page of the shop's,
for themselves alone, and until they sign out.
"""

from collections.abc import AsyncIterator
from functools import partial
from html import unescape
from re import search
from typing import Any

import aiohttp
import pytest
from django.core import mail
from django.test import Client
from yarl import URL

from doorstep.app import clock, outbox, vault
from doorstep.app.household import household_entry, household_parcels, shop_accounts
from doorstep.app.loop import in_db
from doorstep.app.members import notices
from doorstep.app.reading.understand import understand
from doorstep.app.receive import feeds
from doorstep.db.models import Attempt, Audit, Brand, Connection, Feed, Order
from sandbox.serve import HOST
from sandbox.shopify_customers import CLIENT, Customers
from sandbox.shopify_order import SHOP, ShopifyOrder
from tests.app.town import Town, living
from tests.connectors.shopify_shop import order as shop_order
from tests.web.shoppers import at_home, text
from tests.web.test_granting import away

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "9261290100130739674442"
SAYS = {"answer_h": "48", "app": "on", "accounts_at": f"https://{SHOP}", "accounts_client": CLIENT}


class Street:
    """Alice's shop at Shopify, where Ines is a customer, and their browsers."""

    def __init__(self, town: Town, store: Connection, alice: Client) -> None:
        self.town, self.store, self.alice = town, store, alice
        self.key = f"{store.ws}-{store.id}"
        self.customers: Customers = town.world.marketplaces.shopify.customers
        self.customers.permits.redirect = shop_accounts.address()

    async def opens(self, **changed: str) -> Any:
        """The merchant fills in the store's page."""
        return await away(lambda: self.alice.post(f"/connections/{self.store.id}/page", {**SAYS, **changed}))

    def buys(self) -> ShopifyOrder:
        """Ines orders, and it is sent at once."""
        now = clock.now()
        made = shop_order("#2041", 1, created_at=now, updated_at=now)
        made.fulfill({made.shares[0].id: {made.lines[0].id: 1}}, now).renumber({"company": "USPS", "number": NUMBER})
        self.customers.here = made.buyer.email
        return self.town.world.marketplaces.shopify.place(made)

    async def page(self, client: Client) -> URL:
        """Begin to sign in; returns the shop's page."""
        answer = await away(lambda: client.post("/my/stores/sign-in", {"store": self.key}))
        found = search(r'class="button" href="([^"]+)"', answer.content.decode())
        assert found, answer.content.decode()
        return URL(unescape(found[1]), encoded=True)

    async def agrees(self, page: URL, answer: str = "yes") -> dict[str, str]:
        """Press a button on the shop's page; returns the query that one comes back with."""
        there = page.with_scheme("http").with_host(HOST).with_port(self.town.ports.vendors)
        headers = {"Host": page.host or ""}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(there, data={"answer": answer}, allow_redirects=False) as back,
        ):
            to = URL(back.headers["Location"])
        assert str(to.with_query(None)) == shop_accounts.address()
        return dict(to.query)

    async def signs_in(self, client: Client) -> Any:
        """All of it."""
        query = await self.agrees(await self.page(client))
        return await away(lambda: client.get("/my/stores/signed-in", query, follow=True))


@pytest.fixture
async def street(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    settings.SHOPPER_APP = True
    async with living(settings, monkeypatch) as town:
        store = await town.connect("shopify", label="Lantern")
        owner = await in_db(lambda: household_entry.proven("alice@shop.example"))
        alice = Client()
        await away(lambda: alice.force_login(owner))
        yield Street(town, store, alice)


async def read(town: Town) -> None:
    """Everything that is due is asked and understood."""
    await town.wait()
    while turn := await in_db(feeds.claim):
        await feeds.ask(turn)
    while await in_db(understand):
        pass


async def page(client: Client, path: str) -> str:
    return str(await away(lambda: text(client, path)))


async def account() -> Connection:
    return await in_db(lambda: Connection.objects.get(connector=shop_accounts.NAME))


async def test_orders_come_with_their_numbers_and_stay_after_signing_out(street: Street) -> None:
    ines, home = await in_db(at_home, "ines@another.example")
    assert "Lantern" not in await page(ines, "/my/stores"), "its merchant has not allowed it yet"
    assert (await street.opens()).status_code == 302
    street.buys()
    assert "Sign in at Lantern" in await page(ines, "/my/stores")
    assert "You are signed in at Lantern" in (await street.signs_in(ines)).content.decode()
    await read(street.town)
    listed = await page(ines, "/my/")
    assert NUMBER in listed and "Thing 1" in listed and "Lantern" in listed
    mine = await in_db(lambda: Order.objects.get(ws=home.id))
    shown = await page(ines, f"/my/parcel/{mine.id}")
    assert "#2041" in shown and NUMBER in shown and mine.person_id is None
    stores = await page(ines, "/my/stores")
    assert "ines@another.example signed in with" in stores and "What was read there last" in stores
    assert street.customers.here not in stores, "who they are there is not kept"
    row = await account()
    known = vault.unseal(row.credentials_enc)
    assert known["access_token"].startswith("shcat_") and "refresh_token" in known
    assert not [word for word in known.values() if word in str(row.settings)]
    assert await in_db(
        lambda: Audit.objects.filter(ws=street.store.ws, verb="account.sign_in", actor="shopper").count()
    )
    await away(lambda: ines.post(f"/my/stores/{row.id}/sign-out"))
    row = await account()
    assert (row.state, bytes(row.credentials_enc)) == ("removed", b"")
    assert street.customers.left == [street.customers.here], "the shop was told"
    await in_db(lambda: Feed.objects.update(next_at=clock.now()))
    await read(street.town)
    assert (await in_db(Attempt.objects.count)) == 0
    assert NUMBER in await page(ines, "/my/")


async def test_charlie_sees_nothing_and_can_use_no_others_way_back(street: Street) -> None:
    await street.opens()
    street.buys()
    ines, home = await in_db(at_home, "ines@another.example")
    charlie, _ = await in_db(at_home, "charlie@another.example")
    query = await street.agrees(await street.page(ines))
    for client in (charlie, street.alice):
        answer = await away(partial(client.get, "/my/stores/signed-in", query))
        assert answer.status_code == 302
    assert not await in_db(Connection.objects.filter(connector=shop_accounts.NAME).exists)
    done = await away(lambda: ines.get("/my/stores/signed-in", query, follow=True))
    assert "You are signed in" in done.content.decode()
    again = await away(lambda: ines.get("/my/stores/signed-in", query, follow=True))
    assert "was used already" in again.content.decode(), "it is good once"
    await read(street.town)
    row, mine = await account(), await in_db(lambda: Order.objects.get(ws=home.id))
    for client in (charlie, street.alice, Client()):
        answer = await away(partial(client.get, f"/my/parcel/{mine.id}"))
        assert answer.status_code in {302, 404}
        await away(partial(client.post, f"/my/stores/{row.id}/sign-out"))
    assert (await account()).state == "active"
    assert NUMBER not in await page(charlie, "/my/")
    assert "What was read there last" not in await page(charlie, "/my/stores")


async def test_a_no_and_an_identity_of_another_attempt_bring_nothing(street: Street) -> None:
    await street.opens()
    street.buys()
    ines, _ = await in_db(at_home, "ines@another.example")
    query = await street.agrees(await street.page(ines), "no")
    answer = await away(lambda: ines.get("/my/stores/signed-in", query, follow=True))
    assert "did not let Doorstep in" in answer.content.decode()
    street.customers.claims = {"nonce": "another"}
    assert "does not belong" in (await street.signs_in(ines)).content.decode()
    assert not await in_db(Connection.objects.filter(connector=shop_accounts.NAME).exists)


async def test_a_merchant_ends_it_for_all_and_who_is_refused_signs_in_again(street: Street, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example"
    await street.opens()
    street.buys()
    ines, home = await in_db(at_home, "ines@another.example")
    await street.signs_in(ines)
    await street.opens(accounts_at="", accounts_client="")
    await read(street.town)
    assert not await in_db(Order.objects.filter(ws=home.id).exists), "it is asked before every reading"
    assert "does not let anybody sign in here any more" in await page(ines, "/my/stores")
    answer = await away(lambda: ines.post("/my/stores/sign-in", {"store": street.key}, follow=True))
    assert "Nobody can sign in at this shop any more" in answer.content.decode()
    await street.opens()
    street.customers.permits.revoke(street.customers.here)
    await in_db(lambda: Feed.objects.update(next_at=clock.now()))
    await read(street.town)
    assert "Sign in again" in await page(ines, "/my/stores")
    leased = await in_db(outbox.claim, ("notice",))
    assert leased is not None
    await notices.tell(leased)
    assert mail.outbox[-1].to == ["ines@another.example"] and "/my/stores" in mail.outbox[-1].body
    await street.signs_in(ines)
    made = await account()
    street.customers.permits.expire()
    await read(street.town)
    assert (await account()).cred_version == made.cred_version + 1, "tokens that end early are renewed"
    assert (await account()).state == "active" and await in_db(Order.objects.filter(ws=home.id).exists)


async def test_an_order_that_the_store_shows_by_itself_is_listed_once(street: Street) -> None:
    await street.opens()
    bought = street.buys()
    ines, home = await in_db(at_home, bought.buyer.email)
    await street.signs_in(ines)
    await read(street.town)
    listed = lambda: [one.grant_id for one in household_parcels.entries(home.id)]  # noqa: E731 - asked twice
    assert await in_db(listed) == [0]
    await away(lambda: ines.post("/my/stores/accept", {"store": street.key}))
    assert len(await in_db(listed)) == 1 and (await in_db(listed))[0] > 0, "with its messages and coupons"


async def test_a_merchant_is_told_what_is_wrong_before_anything_is_kept(street: Street) -> None:
    for changed, said in (
        ({"accounts_client": "no client!"}, "Enter the client ID"),
        ({"accounts_at": "lamps"}, "Enter the https address"),
        ({"accounts_at": ""}, "Enter the https address"),
        ({"accounts_at": "https://nowhere.invalid"}, "nowhere.invalid"),
    ):
        answer = await street.opens(**changed)
        assert answer.status_code == 422 and said in answer.content.decode(), changed
    assert not await in_db(Brand.objects.exclude(accounts_client="").exists)
    shown = await page(street.alice, f"/connections/{street.store.id}/page")
    assert shop_accounts.address() in shown
