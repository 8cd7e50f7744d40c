"""A command that writes while `up` holds the data has `up` do it."""

import asyncio
import base64
import io
import socket
import stat
import zipfile
from pathlib import Path

import pytest
from django.db import connection

from doorstep.app.loop import in_db
from doorstep.app.process import handover, serve
from doorstep.db.models import Membership, User
from tests.app.ledger import ledger, woo
from tests.house import House

BUYER = "ines@buyer.example"
pytestmark = pytest.mark.django_db(transaction=True)


async def given(folder: Path, chore: str, **arguments: object) -> dict[str, object]:
    return await asyncio.to_thread(handover.give, folder, chore, arguments)


async def test_chores_are_done_by_whoever_takes_them(tmp_path):
    one = await in_db(lambda: (one := ledger(email="alice@example.org"), one.hears(one.woo(woo())))[0])
    async with handover.taking(tmp_path):
        assert stat.S_IMODE((tmp_path / handover.NAME).stat().st_mode) == 0o600
        added = {"workspace": "", "email": "bob@example.org", "password": "long enough 42", "role": "agent"}
        assert (await given(tmp_path, "user add", ws=one.ws, **added))["role"] == "agent"
        own = {"workspace": "Bob's", "email": "bob@example.org", "password": "long enough 42", "role": "owner"}
        await given(tmp_path, "user add", ws=None, **own)
        await given(tmp_path, "user password", email="bob@example.org", password="even longer 43")
        forgotten = await given(tmp_path, "user forget-second-factor", email="bob@example.org")
        assert forgotten["forgotten"] == 0
        packed = await given(tmp_path, "export-person", workspace="Test shop", email=BUYER)
        assert await given(tmp_path, "archive", months=12) == {"numbers": 0}
        assert (await given(tmp_path, "erase", workspace="Test shop", email=BUYER))["people"] == 1
        made = await given(tmp_path, "connect", workspace="Test shop", kind="supplier", name="mail", form={})
    assert "@" in str(made["address"])
    assert "person.json" in zipfile.ZipFile(io.BytesIO(base64.b64decode(str(packed["zip"])))).namelist()
    bob = await in_db(lambda: User.objects.get(email="bob@example.org"))
    assert await in_db(bob.check_password, "even longer 43")
    assert await in_db(Membership.objects.filter(user_id=bob.pk).count) == 2
    assert not (tmp_path / handover.NAME).exists()


async def test_what_cannot_be_done_is_refused_in_its_own_words(tmp_path):
    async with handover.taking(tmp_path):
        for chore, arguments, refusal in (
            ("erase", {"workspace": "none", "email": "x@example.org"}, "connect.no_workspace"),
            ("fly", {}, "handover.failed"),
            ("archive", {"years": 1}, "handover.failed"),
        ):
            with pytest.raises(handover.Refused) as caught:
                await given(tmp_path, chore, **arguments)
            assert caught.value.message.id == refusal


async def test_where_nobody_takes_chores_the_command_says_who_is_in_the_way(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    with pytest.raises(handover.Away):
        await given(tmp_path, "archive", months=12)
    long = tmp_path / ("x" * 120)
    long.mkdir()
    async with handover.taking(long):  # no socket can have so long a path
        assert list(long.iterdir()) == []
    if connection.vendor == "sqlite":
        with serve.alone(tmp_path), pytest.raises(serve.CannotStart) as caught:
            serve.do("archive", months=12)
        assert caught.value.message.id == "doctor.already_running"


async def test_one_that_ends_before_it_answers_is_told_apart(tmp_path):
    server = await asyncio.start_unix_server(lambda _, writer: writer.close(), tmp_path / handover.NAME)
    try:
        with pytest.raises(handover.Refused) as caught:
            await given(tmp_path, "archive", months=12)
        assert caught.value.message.id == "handover.lost"
    finally:
        server.close()


def test_what_is_left_of_a_killed_one_is_replaced(tmp_path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / handover.NAME))

    async def take() -> dict[str, object]:
        async with handover.taking(tmp_path):
            return await given(tmp_path, "archive", months=12)

    assert asyncio.run(take()) == {"numbers": 0}


@pytest.mark.timeout(300)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL takes many who write")
def test_commands_write_while_up_runs(tmp_path):
    house = House(tmp_path)
    try:
        house.up()
        added = house.run("user", "add", "alice@example.org", "--password", "long enough 42", "--json")
        assert added.returncode == 0, added.stdout + added.stderr
        refused = house.run("erase", "nobody@example.org", "--yes")
        assert refused.returncode == 1 and refused.stderr
    finally:
        house.close()
