"""The carriers' connectors against the carriers of the sandbox: every word on the wire is held to their schemas."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Busy, Delivery, Denied, Renewing
from doorstep.connectors.registry import connector
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.core.timeline import current, merge
from sandbox import dhl, fedex, ups, usps
from sandbox.clock import Clock
from sandbox.journeys import JOURNEYS
from sandbox.road import CLIENT, SECRET
from sandbox.world import World
from tests.sandbox.vendors import Line, line, problems

APP = ({"client_id": CLIENT}, {"client_secret": SECRET, "hook_credential": ups.CREDENTIAL})
ENDS = {journey.name: Status.DELIVERED for journey in JOURNEYS}
ENDS |= {"returned": Status.RETURNED, "lost": Status.EXCEPTION, "never_scanned": Status.NOT_FOUND}


@dataclass(frozen=True)
class Vendor:
    """``number`` is one of theirs, ``stranger`` one that they do not have. ``ends``: where they stop to tell."""

    name: str
    open: Callable[[World], Any]
    number: str
    stranger: str
    schema: str
    prefix: str = ""
    ends: Mapping[str, Status] = field(default_factory=dict)


VENDORS = (
    Vendor(
        "ups",
        lambda world: ups.Ups(clock=world.clock, random=Random(1), known=world.aggregator.known),
        "1Z999AA10123456784",
        "1Z999AA10123456793",
        "ups/Tracking.yaml",
        "/api",
    ),
    Vendor(
        "usps",
        lambda world: usps.Usps(clock=world.clock, random=Random(1), known=world.aggregator.known),
        "9400111206206406260787",
        "9400111206206406260794",
        "usps/usps_tracking_v3.yaml",
        "/tracking/v3",
    ),
    Vendor(
        "fedex",
        lambda world: fedex.FedEx(clock=world.clock, random=Random(1), known=world.aggregator.known),
        "449044304137821",
        "449044304137838",
        "fedex/fedex_track_v1.json",
        ends={"returned": Status.RETURNING},  # what comes back travels under another number
    ),
    Vendor(
        "dhl_unified",
        lambda world: dhl.Dhl(clock=world.clock, known=world.aggregator.known),
        "00340434161094042557",
        "00340434161094042564",
        "dhl/dhl_unified_tracking_1.3.1.json",
        "/track",
    ),
)
every = pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.name)


@dataclass
class Town:
    vendor: Vendor
    world: World
    there: Any
    line: Line
    account: Account

    async def renew(self) -> None:
        """As the app does: before a flow begins."""
        self.account = replace(self.account, now=self.world.clock.now())
        one = connector("carrier", self.vendor.name)
        if isinstance(one, Renewing) and one.stale(self.account):
            learned = await self.line.run(one, self.account, one.renew(self.account))
            self.account = replace(self.account, credentials={**self.account.credentials, **learned})

    async def track(self, *numbers: str) -> dict[str, Track]:
        await self.renew()
        one: Any = connector("carrier", self.vendor.name)
        asked = [TrackingNumber(text=text, carrier="") for text in numbers]
        self.line.said.clear()
        await self.line.run(one, self.account, one.track(self.account, asked))
        told = [one.read(answer) for _, answer in self.line.said]
        assert not [word for facts in told for word in (*facts.words, *facts.bad)]
        return {track.number: track for facts in told for track in facts.tracks}


@asynccontextmanager
async def town_of(vendor: Vendor) -> AsyncIterator[Town]:
    clock = Clock(datetime.now(UTC), 1)
    world = World(clock=clock, seed=7, post=None)
    there = vendor.open(world)
    settings, credentials = APP if vendor.name != "dhl_unified" else ({}, {"api_key": dhl.KEY})
    account = Account(settings=settings, credentials=credentials, now=clock.now())
    there.road.per_second = 100
    async with line(there.app(), clock) as wire:
        yield Town(vendor, world, there, wire, account)


@every
async def test_every_journey_is_read_to_its_end(vendor: Vendor) -> None:
    async with town_of(vendor) as town:
        await town.renew()
        one: Any = connector("carrier", vendor.name)
        checked = await town.line.run(one, town.account, one.check(town.account))
        assert checked.label
        for journey in JOURNEYS:
            shipment = town.world.release(vendor.number, journey.name)
            early = (await town.track(vendor.number))[vendor.number]
            assert early.answer in {"not_found", "events"}
            town.world.clock.jump(timedelta(days=12))
            track = (await town.track(vendor.number, vendor.stranger))[vendor.number]
            told = current(merge(track.events), town.world.clock.now(), track.answer).status
            assert told == vendor.ends.get(journey.name, ENDS[journey.name]), journey.name
            assert [event.instant or event.local for event in track.events] == [
                scan.at if event.instant else scan.at.astimezone(scan.zone).replace(tzinfo=None)
                for event, scan in zip(track.events, shipment.scans, strict=True)
            ]
            said = [one for one in town.line.said if "oauth" not in one[0].url]
            assert problems(vendor.schema, said, prefix=vendor.prefix) == [], journey.name


@every
async def test_a_number_that_it_does_not_have_is_not_found(vendor: Vendor) -> None:
    async with town_of(vendor) as town:
        assert (await town.track(vendor.stranger))[vendor.stranger].answer == "not_found"


@every
async def test_wrong_keys_and_too_many_calls_are_told(vendor: Vendor) -> None:
    async with town_of(vendor) as town:
        await town.renew()
        wrong = {name: "wrong" for name in town.account.credentials if name != "access_until"}
        one: Any = connector("carrier", vendor.name)
        ours, theirs = town.account, replace(town.account, credentials={**town.account.credentials, **wrong})
        with pytest.raises(Denied):
            await town.line.run(one, theirs, one.track(theirs, [TrackingNumber(text=vendor.number)]))
        if isinstance(one, Renewing):
            with pytest.raises(Denied):
                await town.line.run(one, theirs, one.renew(theirs))
        town.there.road.per_second = 0
        with pytest.raises(Busy):
            await town.line.run(one, ours, one.track(ours, [TrackingNumber(text=vendor.number)]))


async def test_a_token_that_is_over_is_renewed() -> None:
    async with town_of(VENDORS[2]) as town:
        await town.track(town.vendor.number)
        first = town.account.credentials["access_token"]
        town.world.clock.jump(timedelta(minutes=56))
        await town.track(town.vendor.number)
        assert town.account.credentials["access_token"] != first


async def test_ups_tells_of_news_by_itself() -> None:
    async with town_of(VENDORS[0]) as town:
        await town.renew()
        one: Any = connector("carrier", "ups")
        numbers = [TrackingNumber(text=text) for text in (town.vendor.number, "HELLO")]
        followed = await town.line.run(one, town.account, one.follow(town.account, numbers))
        assert town.there.subscribed() == {town.vendor.number}
        assert [said.remote for said in followed] == ["registered", "asked"]
        town.world.release(town.vendor.number, "smooth")
        town.world.clock.jump(timedelta(days=9))
        headers, body = town.there.alert(town.vendor.number)
        received = one.receive(town.account, Delivery(headers=headers, body=body, received_at=town.account.now))
        (track,) = one.read(received.answer).tracks
        assert (track.number, track.events[0].status) == (town.vendor.number, Status.DELIVERED)
        assert received.knock
