"""AfterShip's connector against AfterShip of the sandbox; what it says is held to the schemas of its own SDK."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # no stubs among the pinned packages
import pytest

from doorstep.connectors.carriers.aftership import CONNECTOR, AfterShip
from doorstep.connectors.contract import Account, Busy, Delivery, Denied, Refused
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.core.timeline import current, merge
from sandbox import aftership
from sandbox.clock import Clock
from sandbox.journeys import JOURNEYS
from sandbox.world import World
from tests.sandbox.test_sandbox_carriers import ENDS
from tests.sandbox.vendors import SPECS, Line, line

SHIP = AfterShip()
NUMBER, OTHER, STRANGER = "1Z999AA10123456784", "1Z999AA10123456793", "HELLO-1"
SCHEMA = SPECS / "aftership/aftership_tracking_2025-01_schemas.json"
KEYS = {"api_key": aftership.KEY, "webhook_secret": aftership.WEBHOOK_SECRET}


@dataclass
class Town:
    world: World
    line: Line
    account: Account

    @property
    def there(self) -> aftership.AfterShip:
        return self.world.carriers.aftership

    async def ask(self, flow: Any) -> Any:
        self.line.read.clear()
        return await self.line.run(CONNECTOR, self.account, flow)

    async def track(self, *numbers: str) -> dict[str, Track]:
        await self.ask(SHIP.track(self.account, [TrackingNumber(text=one) for one in numbers]))
        return {one.number: one for facts in self.line.read for one in facts.tracks}


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    world = World(clock=Clock(datetime.now(UTC), 1), seed=7, post=None)
    world.carriers.aftership.road.per_second = 100
    async with line(world.carriers.aftership.app(), world.clock) as there:
        yield Town(world, there, Account(credentials=KEYS, now=world.clock.now()))
    await world.close()


def valid(kind: str, value: Any) -> None:
    if SCHEMA.is_file():
        definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))
        jsonschema.validate(value, {"$ref": f"#/definitions/{kind}", **definitions})


async def test_every_journey_is_read_to_its_end(town: Town) -> None:
    assert (await town.ask(SHIP.check(town.account))).label == "AfterShip"
    (followed,) = await town.ask(SHIP.follow(town.account, [TrackingNumber(text=NUMBER)]))
    assert (followed.remote, followed.carrier_key) == ("registered", "ups")
    for journey in JOURNEYS:
        shipment = town.world.release(NUMBER, journey.name)
        town.world.clock.jump(timedelta(days=12))
        (track,) = (await town.track(NUMBER)).values()
        assert current(merge(track.events), town.world.clock.now(), track.answer).status == ENDS[journey.name], (
            journey.name
        )
        assert [event.instant for event in track.events] == [scan.at for scan in shipment.scans], journey.name
    for request, answer in town.line.said:
        data = json.loads(answer.body)["data"]
        if request.method == "POST":
            valid("CreateTrackingRequest", json.loads(request.body))
            valid("CreateTrackingResponse", data)
        for one in data.get("trackings", ()):
            valid("Tracking", one)


async def test_it_says_no_as_the_vendor_does(town: Town) -> None:
    numbers = [TrackingNumber(text=one) for one in (NUMBER, NUMBER, STRANGER, "99")]
    followed = await town.ask(SHIP.follow(town.account, numbers))
    assert [one.said.partition(" ")[0] for one in followed] == ["", "4003", "4005", "4005"]
    with pytest.raises(Refused):
        await town.ask(SHIP.recarrier(town.account, TrackingNumber(text=NUMBER, carrier="nobody")))
    changed = await town.ask(SHIP.recarrier(town.account, TrackingNumber(text=NUMBER, carrier="fedex")))
    assert changed.carrier_key == "fedex"
    assert (await town.track(NUMBER, OTHER))[OTHER].answer == "rejected"
    await town.ask(SHIP.unfollow(town.account, numbers[:1]))
    assert town.there.trackings == {}
    town.account = replace(town.account, credentials={"api_key": "wrong"})
    with pytest.raises(Denied):
        await town.track(NUMBER)
    town.there.road.per_second = 0
    with pytest.raises(Busy):
        await town.track(NUMBER)


async def test_pages_lead_to_the_end(town: Town) -> None:
    for serial in range(120):
        await town.ask(SHIP.follow(town.account, [TrackingNumber(text=f"YT26{serial:014d}")]))
        town.there.road.per_second += 1
    asked = sorted(one.number for one in town.there.trackings.values())
    assert sorted(await town.track(*asked)) == asked


async def test_it_tells_of_news_by_itself(town: Town, ear: Any) -> None:
    await town.ask(SHIP.follow(town.account, [TrackingNumber(text=NUMBER)]))
    shipment = town.world.release(NUMBER, "smooth")
    town.there.push_address = ear.url
    town.world.carriers.tell(shipment)  # nothing was scanned yet, or only the label
    town.world.clock.jump(timedelta(days=12))
    town.world.carriers.tell(shipment)
    headers, body = (await ear.until(1))[-1]
    received = SHIP.receive(town.account, Delivery(headers=headers, body=body, received_at=town.account.now))
    assert received.answer is not None
    (track,) = SHIP.read(received.answer).tracks
    assert (track.number, track.events[-1].status) == (NUMBER, Status.DELIVERED)
    with pytest.raises(Denied):
        SHIP.receive(town.account, Delivery(headers=headers, body=body + b" ", received_at=town.account.now))
