"""Connecting: a real test first; credentials are sealed and what was learned stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

from doorstep.app import clock, doors, vault
from doorstep.app.connections import connect, connecting
from doorstep.app.loop import in_db
from doorstep.app.members import workspaces
from doorstep.app.vendors import accounts
from doorstep.connectors.contract import Broken, Busy, Denied, NotFound, Refused
from doorstep.core.message import Message
from doorstep.db.models import Audit, Change, Connection, Feed, Outbox, Schedule, Watch
from sandbox import store
from sandbox.faults import Fault
from tests.app.town import FORMS, SHOP_KEYS, Town, living

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    async with living(settings, monkeypatch) as town:
        yield town


async def stored(connection: Connection) -> Connection:
    return await in_db(partial(Connection.objects.get, id=connection.id))


def test_what_needs_no_account_is_no_choice():
    assert {meta.name for meta in connect.choices("store")} >= {"woocommerce", "vendure"}
    assert all(meta.fields for kind in ("store", "supplier", "carrier") for meta in connect.choices(kind))


async def test_a_missing_field_is_named_before_anything_is_asked():
    with pytest.raises(Refused) as caught:
        await connect.check("store", "woocommerce", {"base_url": "shop.example", "consumer_key": " "})
    assert caught.value.message == Message(id="connect.missing", values={"field": "Consumer key"})


def test_an_address_without_a_scheme_is_https():
    assert connect._address("shop.example/") == "https://shop.example"
    assert connect._address("http://shop.example") == "http://shop.example"
    assert connect._address("") == ""


async def test_wrong_keys_are_refused_by_the_shop_itself(town):
    with pytest.raises(Denied):
        await town.connect("woocommerce", consumer_secret="cs_wrong")
    assert await in_db(Connection.objects.count) == 0


async def test_credentials_are_sealed_and_never_shown(town, capfd):
    made = await town.connect("woocommerce")
    row = await stored(made)
    assert store.SECRET.encode() not in bytes(row.credentials_enc)
    assert vault.unseal(row.credentials_enc)["consumer_secret"] == store.SECRET
    account = await in_db(accounts.account_of, row)
    assert store.SECRET not in f"{account!r} {row!r} {row.settings} {row.base_url}"
    assert store.SECRET not in "".join(capfd.readouterr())
    entry = await in_db(last_audit)
    assert (entry.verb, entry.actor) == ("connection.save", "user:1")


def last_audit() -> Audit:
    return Audit.objects.order_by("-id")[0]


async def test_a_saved_shop_is_read_at_once(town):
    await town.connect("woocommerce")
    feed = await in_db(Feed.objects.get)
    assert (feed.name, feed.next_at <= clock.now()) == ("orders", True)


async def test_the_same_shop_again_keeps_its_webhook_secret(town):
    first = await town.connect("woocommerce")
    assert await connect.subscribe(first) is None
    secret = vault.unseal((await stored(first)).credentials_enc)["hook_secret"]
    again = await town.connect("woocommerce", label="My shop")
    row = await stored(again)
    assert (again.id, row.cred_version > first.cred_version) == (first.id, True)
    assert vault.unseal(row.credentials_enc)["hook_secret"] == secret


async def test_the_same_shop_again_mends_a_lost_key(town):
    first = await town.connect("woocommerce")
    await in_db(partial(Connection.objects.update, credentials_enc=b"sealed with another key"))
    await town.connect("woocommerce")
    assert set(vault.unseal((await stored(first)).credentials_enc)) == set(SHOP_KEYS)


async def test_a_shop_calls_us_at_an_address_of_its_own(town):
    made = await town.connect("woocommerce")
    assert await connect.subscribe(made) is None
    told = {state["topic"]: state["delivery_url"] for state in town.world.store.hooks.states()}
    address = await in_db(doors.hook_url, made)
    assert told == {"order.created": address, "order.updated": address}


async def test_what_hooks_need_by_hand_is_said(town):
    made = await town.connect("seventeen_track")
    note = await connect.subscribe(made)
    assert note.id == "seventeen_track.hook_by_hand" and "/hooks/" in str(note.values["address"])


async def test_trouble_with_hooks_is_told_and_stops_nothing(town):
    made = await town.connect("woocommerce")
    town.trouble("store", Fault.DOWN, path="/wp-json/wc/v3/webhooks")
    note = await connect.subscribe(made)
    assert note is not None and (await stored(made)).state == "active"


async def test_a_connection_without_hooks_needs_none():
    assert await connect.subscribe(Connection(kind="store", connector="by_hand")) is None


async def test_a_removed_connection_forgets_its_credentials_and_closes_its_door(town):
    made = await town.connect("woocommerce")
    token = (await in_db(doors.hook_url, made)).rpartition("/")[2]
    await in_db(connect.remove, town.ws, made.id, "user:1")
    row = await stored(made)
    assert (row.state, bytes(row.credentials_enc)) == ("removed", b"")
    assert await in_db(doors.enter, "hook", token) is None
    for act in (connect.resume, connect.pause):
        with pytest.raises(Connection.DoesNotExist):
            await in_db(act, town.ws, made.id, "user:1")


async def test_a_removed_shop_is_connected_anew_from_now_on(town):
    made = await town.connect("woocommerce")
    await in_db(partial(Connection.objects.update, connected_at=made.connected_at - timedelta(days=90)))
    await in_db(connect.remove, town.ws, made.id, "user:1")
    again = await town.connect("woocommerce")
    assert (again.id, again.state) == (made.id, "active")
    assert again.connected_at > made.connected_at


async def test_another_account_takes_over_what_a_removed_one_followed(town):
    first = await town.connect("seventeen_track")
    await town.connect("woocommerce")
    await town.typed()
    second = await in_db(_second_account, first)
    await in_db(connect.remove, town.ws, first.id, "user:1")
    accounts_asked = await in_db(lambda: set(Schedule.objects.values_list("connection_id", flat=True)))
    assert second.id in accounts_asked
    assert await in_db(Watch.objects.filter(connection_id=second.id).count) == 1
    await in_db(connect.pause, town.ws, second.id, "user:1")
    assert (await stored(second)).state_reason["id"] == "connect.paused_by_person"


def _second_account(first: Connection) -> Connection:
    return Connection.objects.create(
        ws=first.ws, kind="carrier", connector="seventeen_track", external_id="2", label="2", connected_at=clock.now()
    )


async def test_a_resumed_store_gets_what_waited(town):
    made = await town.connect("woocommerce")
    await town.typed()
    await in_db(partial(Outbox.objects.update, due_at=clock.now() + timedelta(hours=1)))
    await in_db(connect.pause, town.ws, made.id, "user:1")
    await in_db(connect.resume, town.ws, made.id, "user:1")
    assert (await in_db(Outbox.objects.get)).due_at <= clock.now()


async def test_refused_credentials_are_told_once_and_not_of_newer_ones(town):
    made = await town.connect("woocommerce")
    stale = await stored(made)
    await in_db(accounts.renew, made, {"consumer_key": "ck_new"})
    await in_db(accounts.refused, stale, Denied("no"))
    assert (await stored(made)).state == "active"
    for _ in range(2):
        await in_db(accounts.refused, made, Denied("no"))
    assert (await stored(made)).state_reason["id"] == "trouble.denied"
    assert await in_db(Change.objects.filter(kind="connection.denied").count) == 1


def test_every_trouble_has_its_name():
    kinds = {"busy": Busy(), "denied": Denied(), "not_found": NotFound(), "refused": Refused(), "broken": Broken()}
    assert {name: accounts.name_of(trouble) for name, trouble in kinds.items()} == {name: name for name in kinds}
    own = Message(id="stores.garbage")
    assert accounts.message_of(Broken("x", message=own)) is own


def words(town: Town, name: str = "woocommerce", **changed: str) -> dict[str, str]:
    _, keys = FORMS[name]
    return {**keys, **({"base_url": town.shop} if name == "woocommerce" else {}), **changed}


async def from_words(*words_: Any) -> dict[str, str]:
    """As the command line does it: from a thread without a loop."""
    return await asyncio.to_thread(_words, *words_)


def _words(*words_: Any) -> dict[str, str]:
    try:
        return connecting.connect_from_words(*words_)
    finally:
        connections.close_all()


async def test_the_command_line_connects_in_one_step(town):
    made = await from_words("", "store", "woocommerce", words(town))
    assert set(made) == {"connected", "id", "hook"} and "/hooks/" in made["hook"]
    noted = await from_words("Shop", "carrier", "seventeen_track", words(town, "seventeen_track"))
    assert noted["note"] == "seventeen_track.hook_by_hand"


async def test_the_command_line_makes_a_mail_address(town):
    made = await from_words("", "supplier", "mail", {})
    assert made["connected"] == "mail" and "@" in made["address"]


@pytest.mark.parametrize(
    ("words_", "key"),
    [
        (("Other", "store", "woocommerce", {}), "connect.no_workspace"),
        (("", "store", "nothing", {}), "connect.unknown"),
        (("", "shop", "woocommerce", {}), "connect.unknown"),
        (("", "store", "woocommerce", {"token": "x"}), "connect.unknown_field"),
    ],
)
async def test_the_command_line_says_what_does_not_fit(town, words_, key):
    with pytest.raises(connecting.NotPossible) as caught:
        await from_words(*words_)
    assert caught.value.message.id == key


async def test_of_two_workspaces_one_has_to_be_named(town):
    await in_db(workspaces.create, "Second", "bob@shop.example", None)
    with pytest.raises(connecting.NotPossible) as caught:
        await from_words("", "supplier", "mail", {})
    assert caught.value.message.id == "connect.which_workspace"
