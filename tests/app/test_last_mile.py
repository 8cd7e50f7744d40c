"""A carrier hands a parcel to its partner and names the partner's number: from then on the partner is asked, over real
HTTP, and one timeline tells both legs.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doorstep.app import clock
from doorstep.app.ledger import archive
from doorstep.app.loop import in_db
from doorstep.app.reading.understand import understand
from doorstep.app.receive import manual
from doorstep.app.track import poll
from doorstep.db.models import Connection, Number, Parcel, ParcelNumber, Schedule
from sandbox import numbers
from sandbox.shipment import Shipment
from tests.app.town import Town, living

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, PARTNERS = "1Z999AA10123456784", "9400111206206406260787"


@pytest.fixture
async def town(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with living(settings, monkeypatch) as town:
        monkeypatch.setattr(clock, "_clock", town.world.clock)
        town.world.carriers.ups.road.per_second = town.world.carriers.usps.road.per_second = 1000
        for name in ("ups", "usps"):
            await town.connect(name)
        yield town


def handed_over(town: Town) -> Shipment:
    """A parcel that UPS carries to the country, and the post from there to the door."""
    whole = town.world.release(FIRST, "smooth")
    two = replace(whole, local=PARTNERS, local_carrier=numbers.USPS)
    town.world.carriers.learn(two)
    return two


async def days(town: Town, passed: float) -> None:
    """Time passes, and everybody who is to be asked is asked once."""
    town.world.clock.jump(timedelta(days=passed))
    await town.wait()
    while turn := await in_db(poll.claim):
        await poll.ask(turn)
    while await in_db(understand):
        pass


def told(ws: int) -> dict[str, dict[str, int]]:
    """How many scans each account tells of each number."""
    ids = dict(Number.objects.values_list("id", "norm"))
    accounts = dict(Connection.objects.values_list("id", "connector"))
    heard: dict[str, dict[str, int]] = {norm: {} for norm in ids.values()}
    for one in archive.scans(ws, set(ids)):
        heard[ids[one.number_id]][accounts[one.connection_id]] = len(one)
    return heard


def asked() -> dict[str, set[str]]:
    """Who is to be asked about each number next."""
    places = Schedule.objects.values_list("number_id", "connection_id")
    accounts = dict(Connection.objects.values_list("id", "connector"))
    ids = dict(Number.objects.values_list("id", "norm"))
    return {ids[number]: {accounts[one] for of, one in places if of == number} for number, _ in places}


async def test_the_partner_is_asked_as_soon_as_the_first_carrier_names_it(town: Town) -> None:
    parcel = handed_over(town)
    await in_db(lambda: manual.follow_number(town.ws, FIRST, "", "user:1", confirmed=True))
    await days(town, 1)
    assert await in_db(asked) == {FIRST: {"ups"}}, "nobody has named a partner yet"
    await days(town, 3)
    assert (await in_db(asked))[PARTNERS] == {"usps"}
    await days(town, 6)
    legs = [sum(scan.leg == leg for scan in parcel.scans) for leg in (0, 1)]
    assert all(legs) and await in_db(told, town.ws) == {FIRST: {"ups": legs[0]}, PARTNERS: {"usps": legs[1]}}
    one = await in_db(Parcel.objects.get)
    held = ParcelNumber.objects.filter(parcel_id=one.id).values_list("number_id", flat=True)
    assert one.status == "delivered" and len(await in_db(lambda: list(held))) == 2
