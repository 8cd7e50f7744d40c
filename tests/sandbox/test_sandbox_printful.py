"""Printful's connector against Printful of the sandbox; what is of API v2 is held to the official OpenAPI file."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Busy, Delivery, Denied, NotFound, Refused
from doorstep.connectors.suppliers.printful import CONNECTOR, Printful
from doorstep.core.order import PurchaseState
from doorstep.core.status import Status
from sandbox import printful
from sandbox.callbacks import Callbacks
from sandbox.clock import Clock
from sandbox.printful_order import Parcel, PrintfulOrder
from tests.sandbox.vendors import Line, line, problems, specification

PRINTFUL = Printful()
FILE = "printful/printful_v2_openapi.json"


@dataclass
class Town:
    world: printful.Printful
    line: Line
    account: Account

    async def ask(self, flow: Any) -> Any:
        self.line.read.clear()
        return await self.line.run(CONNECTOR, self.account, flow)

    async def poll(self) -> list[Any]:
        await self.ask(PRINTFUL.purchases(self.account, self.account.now - timedelta(days=2)))
        return [one for facts in self.line.read for one in facts.purchases]

    def parcel(self, ref: int, number: str, *contents: tuple[int, int]) -> Parcel:
        at = self.line.clock.now() - timedelta(hours=2)
        scans = ((at, "Accepted at facility"), (at + timedelta(hours=1), "Delivered, front door"))
        return Parcel(
            id=ref,
            number=number,
            carrier="USPS",
            sent_at=at,
            contents=contents,
            scans=scans,
            delivered_at=at + timedelta(hours=1),
        )


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = Clock(datetime.now(UTC), 1)
    callbacks = Callbacks()
    world = printful.Printful(clock=clock, random=Random(5), callbacks=callbacks)
    items = ((1001, "501", "Mug", 2), (1002, "502", "Tee", 1))
    world.place(PrintfulOrder(id=100, external_id="7001", placed_at=clock.now() - timedelta(days=3), items=items))
    account = Account(credentials={"token": printful.STORE_TOKEN}, now=clock.now())
    async with line(world.app(), clock) as there:
        yield Town(world, there, account)
    await callbacks.close()


async def test_what_is_left_becomes_the_next_purchase_when_it_leaves(town: Town) -> None:
    assert (await town.ask(PRINTFUL.check(town.account))).label == "Printful"
    (paid,) = await town.poll()
    assert (paid.ref, paid.state) == ("100", PurchaseState.PAID)
    assert [(one.order, one.line, one.qty) for one in paid.lines] == [("7001", "501", 2), ("7001", "502", 1)]
    order = town.world.orders[100]
    order.send(town.parcel(1, "9400111899223817612345", (1001, 2)))
    first, rest = await town.poll()
    assert (first.numbers[0].text, [one.qty for one in first.lines]) == ("9400111899223817612345", [2, 0])
    assert (rest.ref, rest.state, [one.qty for one in rest.lines]) == ("100/2", PurchaseState.PAID, [0, 1])
    order.send(town.parcel(2, "RB123456785CN", (1002, 1)))
    first, second = await town.poll()
    assert (second.ref, second.state, second.numbers[0].text) == ("100/2", PurchaseState.DISPATCHED, "RB123456785CN")
    tracks = [one for facts in town.line.read for one in facts.tracks]
    assert [(one.number, one.events[-1].status) for one in tracks] == [
        ("9400111899223817612345", Status.DELIVERED),
        ("RB123456785CN", Status.DELIVERED),
    ]
    with pytest.raises(ValueError, match="more than"):
        order.send(town.parcel(3, "X", (1002, 1)))


async def test_one_order_is_read_by_its_id_a_parts_or_the_shops(town: Town) -> None:
    for ref in ("100", "100/2", "@7001"):
        await town.ask(PRINTFUL.purchase(town.account, ref))
        assert town.line.read[0].purchases[0].ref == "100"
    with pytest.raises(NotFound):
        await town.ask(PRINTFUL.purchase(town.account, "9"))


async def test_webhooks_are_signed_with_the_secret_that_was_shown(town: Town, ear: Any) -> None:
    order = town.world.orders[100]
    town.world.tell(order, "order_updated")
    with pytest.raises(Refused):
        await town.ask(PRINTFUL.subscribe(town.account, "http://shop.example/hook", ""))
    learned = await town.ask(PRINTFUL.subscribe(town.account, ear.url, ""))
    listening = replace(town.account, credentials={**town.account.credentials, **learned})
    order.send(town.parcel(1, "9400111899223817612345", (1001, 2)))
    town.world.tell(order, "order_updated")
    town.world.tell(order, "shipment_sent")
    for headers, body in await ear.until(2):
        delivery = Delivery(headers=headers, body=body, received_at=listening.now)
        assert PRINTFUL.receive(listening, delivery).knock
        with pytest.raises(Denied):
            PRINTFUL.receive(listening, replace(delivery, body=body + b" "))
    news = [json.loads(body) for _, body in ear.heard]
    spec = specification(FILE, strict=True)
    for told in news:
        assert spec.definition("WebhookOrderData", told["data"]["order"]) == []
    (sent,) = [told["data"]["shipment"] for told in news if "shipment" in told["data"]]
    assert spec.definition("WebhookShipmentData", sent) == []


async def test_printful_tells_off(town: Town) -> None:
    whole = replace(town.account, credentials={"token": printful.ACCOUNT_TOKEN})
    with pytest.raises(Refused) as caught:
        await town.line.run(CONNECTOR, whole, PRINTFUL.check(whole))
    assert caught.value.message
    assert caught.value.message.id == "printful.store_id"
    named = replace(whole, settings={"store_id": printful.STORE})
    assert (await town.line.run(CONNECTOR, named, PRINTFUL.check(named))).external_id == printful.STORE
    for settings, token in (({"store_id": "11"}, printful.ACCOUNT_TOKEN), ({}, "wrong")):
        account = replace(town.account, settings=settings, credentials={"token": token})
        with pytest.raises(Denied):
            await town.line.run(CONNECTOR, account, PRINTFUL.check(account))
    async with town.line.session.get(
        f"{town.line.url}/orders?limit=101", headers={"Authorization": f"Bearer {printful.STORE_TOKEN}"}
    ) as answer:
        assert answer.status == 400
    town.world._drops = 0
    with pytest.raises(Busy) as busy:
        await town.ask(PRINTFUL.check(town.account))
    assert busy.value.retry_after == 1


async def test_what_is_of_v2_is_as_the_official_file_has_it(town: Town) -> None:
    town.world.orders[100].send(town.parcel(1, "9400111899223817612345", (1001, 2)))
    await town.poll()
    await town.ask(PRINTFUL.subscribe(town.account, "https://doorstep.example/hooks/x", ""))
    said = [one for one in town.line.said if "/v2/" in one[0].url]
    assert len(said) == 2
    assert problems(FILE, said) == []
