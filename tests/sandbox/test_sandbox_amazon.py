"""Amazon's connector against Amazon of the sandbox: every word on the wire is held to Amazon's own models."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Busy, Denied, NotFound, Refused, Shipment
from doorstep.connectors.stores.amazon import CONNECTOR, Amazon, package_of
from doorstep.core.order import Content
from sandbox import amazon
from sandbox.amazon_order import AmazonOrder
from sandbox.clock import Clock
from tests.sandbox.vendors import Line, line, problems

AMAZON = Amazon()
ORDER = "302-1234567-0000001"
ITEMS = (("71000000000001", "Desk lamp", 2), ("71000000000002", "Bulb", 1))
SHIPMENT = Shipment(order=ORDER, number="00340434161094021501", key="doorstep-7", carrier="dhl", carrier_name="DHL")


@dataclass
class Town:
    world: amazon.Amazon
    line: Line
    account: Account

    async def run(self, flow: Any) -> Any:
        return await self.line.run(CONNECTOR, self.account, flow)

    async def enter(self) -> None:
        learned = await self.run(AMAZON.renew(self.account))
        self.account = replace(self.account, credentials={**self.account.credentials, **learned})

    async def push(self, **changed: Any) -> Any:
        return await self.run(AMAZON.push(self.account, replace(SHIPMENT, **changed)))

    def packages(self) -> dict[str, Any]:
        return self.world.orders[ORDER].packages


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = Clock(datetime.now(UTC), 1)
    world, now = amazon.Amazon(clock=clock, random=Random(5)), clock.now()
    for serial, by in ((1, "MERCHANT"), (2, "AMAZON"), (3, "MERCHANT")):
        at = now - timedelta(days=serial)
        order = AmazonOrder(
            id=f"302-1234567-000000{serial}", placed_at=at, modified_at=at, items=ITEMS, fulfilled_by=by
        )
        world.place(order)
    token = world.permits.refresher(amazon.SELLER, frozenset({amazon.ROLE}))
    settings = {"region": "eu", "seller_id": amazon.SELLER, "client_id": amazon.CLIENT}
    account = Account(settings=settings, credentials={"client_secret": amazon.SECRET, "refresh_token": token}, now=now)
    async with line(world.app(), clock) as there:
        town = Town(world, there, account)
        assert AMAZON.stale(account)
        await town.enter()
        yield town


async def test_a_number_goes_there_and_back(town: Town) -> None:
    assert (await town.run(AMAZON.check(town.account))).external_id == amazon.SELLER
    part = (Content(line=ITEMS[0][0], qty=1),)
    first = await town.push(contents=part)
    assert first.ref == package_of("doorstep-7")
    assert (await town.push(contents=part)).ref == first.ref, "a repetition adds nothing"
    second = await town.push(key="doorstep-8", number="RB123456785PT", carrier_name="Other", carrier_beside="CTT")
    shown = await town.run(AMAZON.read_back(town.account, ORDER))
    assert [(one.ref, one.carrier, [(part.line, part.qty) for part in one.contents]) for one in shown] == [
        (first.ref, "DHL", [(ITEMS[0][0], 1)]),
        (second.ref, "CTT", [(ITEMS[0][0], 1), (ITEMS[1][0], 1)]),
    ]
    town.world.page_size = 1
    await town.run(AMAZON.orders(town.account, town.account.now - timedelta(days=9)))
    assert [[one.ref for one in facts.orders] for facts in town.line.read] == [[ORDER], ["302-1234567-0000003"]]
    api = [one for one in town.line.said if "/orders/" in one[0].url]
    new = [one for one in api if "/2026-01-01/" in one[0].url]
    assert problems("amazon_sp_api/orders_2026-01-01.json", new) == []
    assert problems("amazon_sp_api/ordersV0.json", [one for one in api if one not in new]) == []
    assert len(new) > 5
    assert len(api) > len(new)


async def test_the_same_package_again_is_an_edit(town: Town) -> None:
    first = await town.push()
    edited = await town.push(
        key="doorstep-8", number="RB123456785PT", carrier_name="Other", carrier_beside="CTT", replaces=first.ref
    )
    assert edited.ref == first.ref
    assert [one["trackingNumber"] for one in town.packages().values()] == ["RB123456785PT"]
    assert [part["quantity"] for part in town.packages()[first.ref]["packageItems"]] == [2, 1]
    assert (await town.push(key="doorstep-8", number="RB123456785PT", replaces=first.ref)).ref == first.ref
    town.packages()[first.ref]["packageReferenceId"] = "PKG-1"
    again = await town.push(number="RB000000005PT", replaces=first.ref, former="RB123456785PT")
    assert again.ref == first.ref, "Amazon calls the package by another name, and its former number tells it"
    with pytest.raises(NotFound) as gone:
        await town.push(number="RB000000014PT", replaces="4")
    assert gone.value.message and gone.value.message.id == "stores.replaced_gone"
    town.packages()[first.ref]["packageStatus"]["status"] = "DELIVERED"
    with pytest.raises(Refused) as late:
        await town.push(number="RB000000014PT", replaces=first.ref)
    assert late.value.message and late.value.message.id == "amazon.cannot_change"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"carrier_name": "No Such Post"}, "stores.refused"),
        ({"carrier_name": "Other"}, "amazon.no_carrier"),
        ({"number": ""}, "stores.refused"),
        ({"contents": (Content(line=ITEMS[0][0], qty=3),)}, "stores.refused"),
        ({"contents": (Content(line="4", qty=1),)}, "stores.refused"),
        ({"shipped_at": datetime(2100, 1, 1, tzinfo=UTC)}, "stores.refused"),
        ({"order": "302-1234567-0000002"}, "amazon.ships_itself"),
        ({"order": "302-1234567-0000009"}, "stores.not_found"),
        ({"order": "../x"}, "stores.not_found"),
    ],
)
async def test_what_amazon_declines_is_told_and_nothing_is_kept(
    town: Town, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((Refused, NotFound)) as caught:
        await town.push(**changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert town.packages() == {}


async def test_a_cancelled_order_and_one_that_is_gone_whole_take_nothing(town: Town) -> None:
    await town.push()
    with pytest.raises(Refused) as full:
        await town.push(key="doorstep-8", number="RB123456785PT")
    assert full.value.message and full.value.message.id == "stores.nothing_left"
    town.world.orders[ORDER].cancelled = True
    with pytest.raises(Refused) as over:
        await town.push(key="doorstep-8", number="RB123456785PT")
    assert over.value.message and over.value.message.id == "stores.order_cancelled"


async def test_an_empty_bucket_says_how_long_it_takes_to_fill(town: Town) -> None:
    town.world.saved_up[amazon.SEARCH] = 0.5
    with pytest.raises(Busy) as caught:
        await town.run(AMAZON.orders(town.account, None))
    assert caught.value.retry_after == pytest.approx(1 / 0.0056)
    town.world.saved_up[amazon.SEARCH], town.world.page_size = 1.5, 1
    with pytest.raises(Busy) as second:
        await town.run(AMAZON.orders(town.account, None))
    assert second.value.retry_after == pytest.approx(2 / 0.0056), "as many searches as it needs in a row"


async def test_a_token_lasts_an_hour_and_a_wrong_secret_opens_nothing(town: Town) -> None:
    town.line.clock.jump(timedelta(hours=1))
    town.account = replace(town.account, now=town.line.clock.now())
    assert AMAZON.stale(town.account)
    with pytest.raises(Denied) as over:
        await town.push()
    assert over.value.message and over.value.message.id == "amazon.denied"
    await town.enter()
    await town.push()
    town.account = replace(town.account, credentials={**town.account.credentials, "client_secret": "x"})
    with pytest.raises(Denied) as wrong:
        await town.enter()
    assert wrong.value.message and wrong.value.message.id == "grants.over"
