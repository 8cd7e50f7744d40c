"""Credentials that end are renewed by one worker for all, and committed before they are used."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from doorstep.app import clock, vault
from doorstep.app.connections import connect
from doorstep.app.loop import in_db
from doorstep.app.members import workspaces
from doorstep.app.vendors import accounts
from doorstep.app.vendors.accounts import drive
from doorstep.connectors.contract import Busy, Denied, Request
from doorstep.db.models import Connection
from tests.app import acme
from tests.app.acme import CLIENT, Acme, Vendor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def vendor(settings, monkeypatch) -> AsyncIterator[Vendor]:
    async with acme.living(settings, monkeypatch) as vendor:
        yield vendor


async def connected(vendor: Vendor, **how: int) -> Connection:
    return await in_db(partial(_connected, vendor, **how))


def _connected(vendor: Vendor, **how: int) -> Connection:
    return Connection.objects.create(
        ws=workspaces.create("Shop", "alice@shop.example", None).id,
        kind="supplier",
        connector="acme",
        external_id=acme.MEMBER,
        label="Acme",
        base_url=vendor.url,
        settings={"client_id": CLIENT["client_id"]},
        credentials_enc=vault.seal(acme.credentials(vendor, **how)),
        connected_at=clock.now(),
    )


async def stored(one: Connection) -> Connection:
    return await in_db(partial(Connection.objects.get, id=one.id))


async def visit(one: Connection, **how: bool) -> str:
    return await drive(one, partial(Acme().visit, **how))


async def test_a_good_token_is_used_as_it_is(vendor):
    one = await connected(vendor)
    assert await visit(one) == "access-1"
    assert vendor.asked == {"/me": 1}


async def test_of_many_workers_one_renews_and_all_go_on(vendor):
    one = await connected(vendor, hours=-1)
    rows = [await stored(one) for _ in range(5)]
    assert await asyncio.gather(*map(visit, rows)) == ["access-2"] * 5
    assert vendor.asked == {"/token": 1, "/me": 5}
    row = await stored(one)
    assert (vault.unseal(row.credentials_enc)["refresh_token"], row.renewing_until) == ("refresh-2", 0.0)
    assert {one.cred_version for one in rows} == {row.cred_version}


async def test_a_token_that_is_refused_early_is_renewed_once_and_the_flow_begins_again(vendor):
    one = await connected(vendor)
    vendor.tokens.clear()
    rows = [await stored(one) for _ in range(3)]
    assert await asyncio.gather(*map(visit, rows)) == ["access-2"] * 3
    assert vendor.asked["/token"] == 1


async def test_what_has_changed_something_is_never_begun_again(vendor):
    one = await connected(vendor)
    vendor.tokens.clear()
    with pytest.raises(Denied):
        await visit(one, change=True)
    assert vendor.asked == {"/change": 1, "/me": 1}


async def test_a_revoked_grant_is_denied_and_the_lease_is_given_back(vendor):
    one = await connected(vendor, hours=-1)
    vendor.revoked = True
    with pytest.raises(Denied) as caught:
        await visit(one)
    await in_db(accounts.refused, one, caught.value)
    row = await stored(one)
    assert (row.state, row.renewing_until, row.cred_version) == ("denied", 0.0, 0)


async def test_what_cannot_be_renewed_keeps_its_own_refusal(vendor):
    one = await connected(vendor)
    await in_db(accounts.renew, one, {"refresh_token": "", "access_token": "wrong"})
    with pytest.raises(Denied) as caught:
        await visit(one)
    assert caught.value.said == "HTTP 401" and vendor.asked == {"/me": 1}


async def test_the_lease_of_a_worker_that_died_ends(vendor, monkeypatch):
    one = await connected(vendor, hours=-1)
    until = clock.machine() + 0.3
    await in_db(partial(Connection.objects.update, renewing_until=until))
    assert await visit(one) == "access-2"
    monkeypatch.setattr(accounts, "LEASE_S", 0.1)
    await in_db(partial(Connection.objects.update, renewing_until=until + 60, cred_version=one.cred_version))
    one.credentials_enc = vault.seal({**vault.unseal(one.credentials_enc), "until": "2020-01-01T00:00:00+00:00"})
    await in_db(partial(Connection.objects.update, credentials_enc=one.credentials_enc))
    with pytest.raises(Busy):
        await visit(one)


async def test_a_lease_from_before_the_clock_was_set_back_keeps_nobody_waiting(vendor):
    one = await connected(vendor, hours=-1)
    await in_db(partial(Connection.objects.update, renewing_until=clock.machine() + 3600))
    assert await visit(one) == "access-2"


async def test_a_renewal_that_takes_too_long_is_broken_off(vendor, monkeypatch):
    one = await connected(vendor, hours=-1)
    monkeypatch.setattr(accounts, "RENEWAL_S", 0.0)
    with pytest.raises(Busy):
        await visit(one)
    assert (await stored(one)).renewing_until == 0.0


async def test_what_comes_of_a_renewal_is_thrown_away_when_a_person_was_quicker(vendor):
    one = await connected(vendor, hours=-1)
    lease = await in_db(accounts._lease, one, one.cred_version)
    await in_db(connect.remove, one.ws, one.id, "user:1")
    await in_db(accounts._commit, one, lease, {"access_token": "late"})
    assert bytes((await stored(one)).credentials_enc) == b""
    with pytest.raises(Denied):
        await visit(one)


def test_what_left_is_remembered():
    sent = accounts.Sent()
    sent.leaves(Request(method="POST", url="", changes=True))
    sent.leaves(Request(method="GET", url=""))
    assert (sent.earlier, sent.last) == (True, False)
