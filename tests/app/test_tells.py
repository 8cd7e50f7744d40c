"""A store that takes it is told where its parcels are: what it asked for, once each, one after the other."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doorstep.app import clock, outbox, pace
from doorstep.app.connections import connect
from doorstep.app.ledger import policies
from doorstep.app.ledger.changes import By
from doorstep.app.loop import in_db
from doorstep.app.merge.source import Touched
from doorstep.app.order.order_view import order_view
from doorstep.app.process import work
from doorstep.app.push import given_up, rules, tells
from doorstep.app.receive import manual
from doorstep.app.settle import settle_quietly
from doorstep.core.policy import Tell
from doorstep.db.models import ChannelState, Connection, Order, Outbox, Push, StorePolicy
from sandbox.case import Case
from sandbox.faults import Fault
from tests.app.town import Town, living

pytestmark = pytest.mark.django_db(transaction=True)
MOVES = ["CARRIER_PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY"]


@pytest.fixture
async def town(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with living(settings, monkeypatch) as there:
        monkeypatch.setattr(clock, "_clock", there.world.clock)
        monkeypatch.setattr(pace, "reserve", lambda *_: 0.0)
        there.world.carriers.ups.road.per_second = 1000
        await there.connect("shopify")
        await there.connect("ups")
        yield there


async def given(town: Town, tell: Tell) -> Case:
    """An order whose number the shop has; it is told ``tell`` from now on."""
    store = await in_db(lambda: Connection.objects.get(connector="shopify"))
    policy, _ = await in_db(policies.current, town.ws, store.id)
    await in_db(rules.save, town.ws, store.id, replace(policy, tell=tell), "user:1")
    case = town.place(channel="shopify", journey="smooth", route="manual", carrier="UPS")
    town.world.clock.jump(timedelta(hours=1))
    await town.read()
    order = await in_db(lambda: Order.objects.get(external_id=case.order.ref))
    await in_db(lambda: manual.type_number(town.ws, order.id, case.shipment.number, actor="user:1"))
    assert (await town.deliver()).state == "accepted"
    return case


async def news(town: Town, days: float) -> None:
    """Time passes, and the carrier is asked."""
    town.world.clock.jump(timedelta(days=days))
    town.world.happen()
    await town.read()


async def carry_out(town: Town) -> None:
    """All that is due, each once."""
    for _ in range(20):
        leased = await in_db(outbox.claim)
        if leased is None:
            return
        await work.carry_out(leased)


def shown(town: Town) -> list[str]:
    """What the shop was told, in the order in which it was told."""
    (order,) = town.world.marketplaces.shopify.orders
    return [word for one in order.fulfillments for _, word, _ in one.events]


async def rows() -> list[tuple[str, str, str]]:
    """(status, state, reason) of each intent."""

    def read() -> list[tuple[str, str, str]]:
        found = Outbox.objects.filter(lane="tell").order_by("id")
        return [(one.intent_key.split(":")[1], one.state, (one.error or {}).get("id", "")) for one in found]

    return await in_db(read)


async def test_a_store_is_told_nothing_unless_it_was_switched_on(town: Town) -> None:
    await given(town, Tell.NOTHING)
    await news(town, 9)
    assert await rows() == []


async def test_each_move_is_told_once_and_delivered_is_not(town: Town) -> None:
    case = await given(town, Tell.MOVES)
    for _ in range(12):
        await news(town, 0.5)
        await carry_out(town)
    assert shown(town) == MOVES
    (order,) = town.world.marketplaces.shopify.orders
    told = [at for _, _, at in order.fulfillments[0].events]
    subs = ("InTransit_PickedUp", "InTransit_Other", "OutForDelivery_Other")
    assert told == [scan.at for scan in case.shipment.scans if scan.sub in subs]
    assert {state for _, state, _ in await rows()} == {"done"}
    view = await in_db(lambda: order_view(town.ws, Order.objects.get().id, clock.now()))
    assert view is not None
    assert {(one.area, one.new) for one in view.history if one.key == "change.told"} == {
        ("status", "picked_up"),
        ("status", "in_transit"),
        ("status", "out_for_delivery"),
    }


async def test_delivered_is_told_where_that_is_switched_on_and_the_channel_shows_by_whom(town: Town) -> None:
    await given(town, Tell.DELIVERED)
    await news(town, 9)
    await town.wait()
    await carry_out(town)
    await town.wait()
    for _ in range(4):
        await carry_out(town)
        await town.wait()
    assert shown(town) == [*MOVES, "DELIVERED"]
    state = await in_db(ChannelState.objects.get)
    assert (state.shown, state.shown_by) == ("delivered", "doorstep")


async def test_what_was_known_before_it_was_switched_on_is_not_told(town: Town) -> None:
    await given(town, Tell.MOVES)
    await news(town, 9)
    await in_db(lambda: Outbox.objects.filter(lane="tell").delete())
    store, order = await in_db(lambda: (Connection.objects.get(connector="shopify"), Order.objects.get()))
    for tell in (Tell.NOTHING, Tell.DELIVERED, Tell.MOVES, Tell.DELIVERED):
        policy, _ = await in_db(policies.current, town.ws, store.id)
        town.world.clock.jump(timedelta(minutes=1))
        await in_db(rules.save, town.ws, store.id, replace(policy, tell=tell), "user:1")
    await in_db(settle_quietly, By(town.ws, "user:1"), Touched(orders={order.id}))
    assert await rows() == []
    moves, delivered = await in_db(policies.telling_since, town.ws, store.id)
    times = await in_db(lambda: list(StorePolicy.objects.order_by("version").values_list("since", flat=True)))
    assert (moves, delivered) == (times[-3], times[-1])


async def test_one_thing_is_told_after_the_other_and_what_is_given_up_stands_in_nobodys_way(town: Town) -> None:
    await given(town, Tell.MOVES)
    await news(town, 9)
    town.trouble("shopify", Fault.DOWN)
    await carry_out(town)
    assert shown(town) == []
    assert await rows() == [
        ("picked_up", "due", "stores.failed"),
        ("in_transit", "due", "tell.after_earlier"),
        ("out_for_delivery", "due", "tell.after_earlier"),
    ]
    await in_db(
        lambda: Outbox.objects.filter(lane="tell", intent_key__contains="picked_up").update(tries=outbox.TRIES - 1)
    )
    await town.wait()
    town.trouble("shopify", Fault.DOWN)
    await carry_out(town)
    for _ in range(2):
        await town.wait()
        await carry_out(town)
    assert shown(town) == MOVES[1:]
    (lost,) = await in_db(given_up.given_up, town.ws)
    assert (lost.kind, lost.worn_out, lost.order) == ("tell", True, "#1001")
    assert lost.what.startswith("1Z")
    await in_db(given_up.try_again, town.ws, lost.id, "user:1")
    await carry_out(town)
    assert sorted(shown(town)) == sorted(MOVES)


async def test_a_refusal_is_given_up_and_refused_credentials_stop_the_store(town: Town) -> None:
    await given(town, Tell.MOVES)
    await news(town, 9)
    town.trouble("shopify", Fault.DENIED, calls=9)
    leased = await in_db(outbox.claim)
    assert leased is not None
    await tells.tell(leased)
    store = await in_db(lambda: Connection.objects.get(connector="shopify"))
    assert store.state == "denied"
    town.world.faults.clear()
    await town.wait()
    await carry_out(town)
    assert [reason for _, _, reason in await rows()] == ["push.store_paused"] * 3
    await in_db(connect.resume, town.ws, store.id, "user:1")
    (order,) = town.world.marketplaces.shopify.orders
    sent, order.fulfillments = order.fulfillments, []
    await town.wait()
    for _ in range(3):
        await carry_out(town)
        await town.wait()
    assert {state for _, state, _ in await rows()} == {"dead"}
    order.fulfillments = sent


async def test_what_is_out_of_date_is_not_told(town: Town) -> None:
    await given(town, Tell.MOVES)
    await news(town, 9)
    store = await in_db(lambda: Connection.objects.get(connector="shopify"))
    policy, _ = await in_db(policies.current, town.ws, store.id)
    await in_db(rules.save, town.ws, store.id, replace(policy, tell=Tell.NOTHING), "user:1")
    await carry_out(town)
    assert ({state for _, state, _ in await rows()}, shown(town)) == ({"done"}, [])
    await in_db(rules.save, town.ws, store.id, policy, "user:1")
    await in_db(lambda: Push.objects.update(state="withdrawn"))
    await in_db(lambda: Outbox.objects.filter(lane="tell").update(state="due"))
    await carry_out(town)
    assert ({state for _, state, _ in await rows()}, shown(town)) == ({"done"}, [])
