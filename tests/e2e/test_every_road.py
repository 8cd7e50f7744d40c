"""The whole road on every channel, in one process: a buyer orders, a supplier or a mail names the number, the channel
is given it once, and a carrier tells of the parcel until it is delivered. One world, one merchant, one time for both.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from doorstep.app import clock, outbox, pace
from doorstep.app.loop import in_db
from doorstep.app.process import holds, work
from doorstep.app.receive import mailbox, matching
from doorstep.app.receive.smtp import Receiver
from doorstep.db.models import Claim, Connection, Number, Order, Outbox, Parcel, ParcelNumber, Push, Scans, Sync
from sandbox import supplier
from sandbox.case import Case
from sandbox.mailer import AUTHSERV_ID, Post
from tests.app.town import Town, living
from tests.e2e.product import free_ports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
STEP = timedelta(hours=18)
LEAST, MOST = 9, 16  # steps: how long a way takes depends on the hour at which it begins


@dataclass(frozen=True)
class Road:
    """Where it is bought, who names the number, who moves it, and whose account tells where it is."""

    channel: str
    by: str
    carrier: str
    told_by: str


ROADS = (
    Road("woocommerce", "mail", "Royal Mail", "aftership"),
    Road("woocommerce", "cjdropshipping", "", "aftership"),
    Road("shopify", "printful", "UPS", "ups"),
    Road("shopify", "cjdropshipping", "YunExpress", "aftership"),
    Road("ebay", "cjdropshipping", "USPS", "usps"),
    Road("etsy", "mail", "La Poste", "aftership"),
    Road("amazon", "cjdropshipping", "FedEx", "fedex"),
    Road("generic", "aliexpress", "DHL Paket", "dhl_unified"),
)
STORES = ("woocommerce", "shopify", "ebay", "etsy", "amazon", "generic")
SUPPLIERS = ("cjdropshipping", "aliexpress", "printful")
CARRIERS = ("aftership", "ups", "usps", "fedex", "dhl_unified")


@pytest.fixture
async def town(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    settings.AUTHSERV_IDS = (AUTHSERV_ID,)
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(living(settings, monkeypatch))
        monkeypatch.setattr(clock, "_clock", there.world.clock)
        monkeypatch.setattr(pace, "reserve", lambda *_: 0.0)  # how fast we may ask has tests of its own
        monkeypatch.setattr(supplier, "QPS", 1000)
        receiver = Receiver("127.0.0.1", free_ports(1)[0])
        await receiver.start()
        stack.push_async_callback(receiver.stop)
        there.world.mailer.post = Post(
            host="127.0.0.1", port=receiver.port, to=await in_db(mailbox.address, there.ws), member="alice@shop.example"
        )
        for name in (*STORES, *SUPPLIERS, *CARRIERS, "paypal"):
            await there.connect(name)
        yield there


async def test_every_channel_every_supplier_and_every_carrier_leads_to_the_door(town: Town) -> None:
    cases = {road: placed(town, road) for road in ROADS}
    for step in range(MOST):
        if step >= LEAST and await in_db(lambda: Parcel.objects.filter(status="delivered").count() >= len(ROADS)):
            break
        town.world.clock.jump(STEP)
        town.world.happen()
        await letters(town)
        await town.read()
        await in_db(match, town.ws)
        await in_db(holds.release)
        await carry_out(town)
    seen = {road: await in_db(outcome, town, road, case) for road, case in cases.items()}
    assert seen == {
        road: Outcome("delivered", ("accepted",), (shown(case),), (shown(case),), True) for road, case in cases.items()
    }
    assert await in_db(lambda: [one.error for one in Outbox.objects.exclude(state="done")]) == []
    bank = town.world.paypal
    captures = {case.order.capture: shown(case) for case in cases.values() if case.order.capture}
    assert len(captures) > 1 and set(bank.trackers) == set(captures.items())
    assert await in_db(lambda: set(Sync.objects.values_list("state", flat=True))) == {"synced"}


@dataclass(frozen=True)
class Outcome:
    """``pushes``: their states; ``given`` what the channel shows; ``read`` what was read back from it; ``told``: the
    scans came from the account that the road names.
    """

    status: str
    pushes: tuple[str, ...]
    given: tuple[str, ...]
    read: tuple[str, ...]
    told: bool


def placed(town: Town, road: Road) -> Case:
    how: dict[str, Any] = {"journey": "smooth", "authentic": True, "carrier": road.carrier, "paypal": True}
    if road.by in SUPPLIERS:
        return town.place(channel=road.channel, route="api", supplier=road.by, **how)
    return town.place(channel=road.channel, route="mail", **how)


def shown(case: Case) -> str:
    """What its channel should be given: the courier's number, but for CJ's own methods."""
    shipment = case.shipment
    return shipment.number if shipment.method.startswith("CJPacket") else shipment.local or shipment.number


async def letters(town: Town) -> None:
    """What was mailed has arrived."""
    for _ in range(200):
        if not town.world.mailer.mailed.waiting:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a letter never arrived")


def match(ws: int) -> None:
    """The merchant says whose a purchase at AliExpress is, which does not know it."""
    orders = {order.number: order.id for order in Order.objects.filter(ws=ws)}
    for one in matching.unmatched(ws):
        matching.match(ws, one.purchase.id, orders["L-1"], "user:1")


async def carry_out(town: Town) -> None:
    await town.wait()
    for _ in range(50):
        leased = await in_db(outbox.claim)
        if leased is None:
            return
        await work.carry_out(leased)
    raise AssertionError("the outbox never empties")


def outcome(town: Town, road: Road, case: Case) -> Outcome:
    store = Connection.objects.get(connector=road.channel)
    order = Order.objects.get(store_id=store.id, external_id=case.order.ref)
    pushes = Push.objects.filter(order_id=order.id)
    parcel = Parcel.objects.get(id=pushes[0].parcel_id) if pushes else Parcel()
    held = ParcelNumber.objects.filter(parcel_id=parcel.id).values_list("number_id", flat=True)
    accounts = dict(Connection.objects.filter(kind="carrier").values_list("id", "connector"))
    told = {accounts.get(one.connection_id) for one in Scans.objects.filter(number_id__in=held)}
    read = Claim.objects.filter(order_id=order.id, source=str(store.id), gone=False).values_list("number_id", flat=True)
    numbers = dict(Number.objects.values_list("id", "norm"))
    if road.channel == "woocommerce":
        given = [number for (ref, number), posts in town.world.store.posts.items() if ref == case.order.id] * 1
    else:
        given = town.world.marketplaces.numbers()[road.channel][case.order.ref]
    return Outcome(
        status=parcel.status,
        pushes=tuple(one.state for one in pushes),
        given=tuple(given),
        read=tuple(numbers[one] for one in read),
        told=road.told_by in told,
    )
