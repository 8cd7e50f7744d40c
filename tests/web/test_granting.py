"""Connecting by a person's yes on the vendor's page: once, in time, by the person who was sent there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from html import unescape
from re import search
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from doorstep.app import clock, vault
from doorstep.db.models import Attempt, Connection
from tests.app import acme
from tests.app.acme import CLIENT, Vendor
from tests.app.ledger import Ledger

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "/connections/new/supplier/acme"
BACK = "/connections/granted"


@pytest.fixture
async def vendor(settings, monkeypatch) -> AsyncIterator[Vendor]:
    async with acme.living(settings, monkeypatch) as vendor:
        yield vendor


async def away(what: Callable[[], Any]) -> Any:
    """Do it in a thread, as a server does; nothing of the database stays open there."""

    def do() -> Any:
        try:
            return what()
        finally:
            connections.close_all()

    return await asyncio.to_thread(do)


async def press(client: Client, path: str, form: dict[str, Any] | None = None, **query: Any) -> Any:
    """As a browser does it: a form where there is one, else an address."""
    ask = partial(client.post, path, form) if form is not None else partial(client.get, path, query)
    return await away(ask)


async def go(client: Client, vendor: Vendor, **changed: str) -> str:
    """Fill in the form; returns the vendor's page."""
    answer = await press(client, FORM, {"base_url": vendor.url, **CLIENT, **changed})
    found = search(r'href="([^"]+/allow[^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return unescape(found[1])


async def rows(model: Any) -> list[Any]:
    return await away(lambda: list(model.objects.order_by("id")))


async def acmes() -> list[Connection]:
    return [one for one in await rows(Connection) if one.connector == "acme"]


async def test_a_person_says_yes_and_it_is_connected(vendor, alice):
    answer = await press(alice, FORM)
    assert "http://127.0.0.1:8000/connections/granted" in answer.content.decode()
    page = await go(alice, vendor)
    assert "scope=read" in page and CLIENT["client_secret"] not in page
    attempt = (await rows(Attempt))[0]
    query = vendor.allows(page)
    assert query["state"].encode() not in bytes(attempt.state_sha256) + bytes(attempt.sealed)
    answer = await press(alice, BACK, **query)
    made = (await acmes())[0]
    assert (answer.status_code, answer["Location"]) == (302, f"/connections/{made.id}")
    known = vault.unseal(made.credentials_enc)
    assert (made.state, made.external_id, made.settings) == ("active", acme.MEMBER, {"client_id": "app-1"})
    assert (known["access_token"], known["refresh_token"], known["client_secret"]) == (
        "access-2",
        "refresh-2",
        CLIENT["client_secret"],
    )
    assert await rows(Attempt) == []
    assert (await press(alice, BACK, **query)).status_code == 422, "it is good once"


async def test_connecting_again_keeps_the_connection_and_needs_no_secret(vendor, alice):
    await press(alice, BACK, **vendor.allows(await go(alice, vendor)))
    before = (await acmes())[0]
    shown = (await press(alice, FORM, again=before.id)).content.decode()
    assert vendor.url in shown and "This connects Acme once more" in shown and CLIENT["client_secret"] not in shown
    page = await go(alice, vendor, client_secret="", again=str(before.id))
    await press(alice, BACK, **vendor.allows(page))
    (after,) = await acmes()
    assert (after.id, after.cred_version) == (before.id, before.cred_version + 1)
    assert vault.unseal(after.credentials_enc)["client_secret"] == CLIENT["client_secret"]


async def test_another_account_is_not_taken_for_the_one_to_be_renewed(vendor, alice, monkeypatch):
    await press(alice, BACK, **vendor.allows(await go(alice, vendor)))
    (before,) = await acmes()
    page = await go(alice, vendor, again=str(before.id))
    monkeypatch.setattr(acme, "MEMBER", "somebody-else")
    answer = await press(alice, BACK, **vendor.allows(page))
    assert answer.status_code == 422 and "another account" in answer.content.decode()
    (after,) = await acmes()
    assert bytes(after.credentials_enc) == bytes(before.credentials_enc)


async def test_kept_secrets_stay_with_their_address(vendor, alice):
    await press(alice, BACK, **vendor.allows(await go(alice, vendor)))
    (made,) = await acmes()
    form = {"base_url": "https://evil.example", **CLIENT, "client_secret": "", "again": str(made.id)}
    answer = await press(alice, FORM, form)
    assert answer.status_code == 422 and "Client secret is missing" in answer.content.decode()


async def test_a_no_is_told_and_one_may_start_again(vendor, alice):
    state = vendor.allows(await go(alice, vendor))["state"]
    answer = await press(alice, BACK, state=state, error="access_denied")
    text = answer.content.decode()
    assert answer.status_code == 422 and f'href="{FORM}"' in text and "Nothing was saved" in text
    assert await acmes() == []


@pytest.mark.parametrize("state", ["", "guessed", "é"])
async def test_what_nobody_waits_for_is_refused(vendor, alice, state):
    await go(alice, vendor)
    answer = await press(alice, BACK, state=state, code="x")
    assert answer.status_code == 422 and "Nobody waits for this answer" in answer.content.decode()
    assert vendor.asked == {}


async def test_an_answer_belongs_to_who_was_sent(vendor: Vendor, alice: Client, bob: Client, charlie: Client) -> None:
    query = vendor.allows(await go(alice, vendor))
    assert (await press(charlie, BACK, **query)).status_code == 422, "of another workspace"
    assert (await press(bob, BACK, **query)).status_code == 403, "who may not connect"
    assert (await press(Client(), BACK, **query)).status_code == 302, "to the login"
    assert vendor.asked == {}
    assert (await press(alice, BACK, **query)).status_code == 302


async def test_after_a_quarter_of_an_hour_it_is_too_late(vendor, alice, shop: Ledger):
    query = vendor.allows(await go(alice, vendor))
    await away(lambda: Attempt.objects.update(until=clock.machine() - 1))
    assert (await press(alice, BACK, **query)).status_code == 422
    await go(alice, vendor)
    await away(lambda: Attempt.objects.update(until=clock.machine() - 1))
    await go(alice, vendor)
    assert len(await rows(Attempt)) == 1, "old ones are forgotten"


async def test_a_code_that_somebody_else_was_given_is_refused(vendor, alice):
    mine, theirs = [vendor.allows(await go(alice, vendor)) for _ in range(2)]
    answer = await press(alice, BACK, state=mine["state"], code=theirs["code"])
    assert answer.status_code == 422 and await acmes() == []


async def test_only_a_connection_of_ones_own_is_connected_again(vendor, alice, shop: Ledger):
    for again in ("7", "x", str(shop.store.id)):
        assert (await press(alice, FORM, again=again)).status_code == 404
