"""A number that two carriers could have is asked of both, over real HTTP, and kept with the one that knows it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from doorstep.app.loop import in_db
from doorstep.app.reading.understand import understand
from doorstep.app.receive import manual
from doorstep.app.track import poll
from doorstep.db.models import Connection, Number, Parcel, Schedule
from tests.app.town import Town, living

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "61755233132411321745"  # fits the checks of both


@pytest.fixture
async def town(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with living(settings, monkeypatch) as town:
        town.world.carriers.usps.road.per_second = town.world.carriers.fedex.road.per_second = 1000
        yield town


async def ask(town: Town) -> None:
    """Everybody is asked who is to be."""
    await town.wait()
    while turn := await in_db(poll.claim):
        await poll.ask(turn)
    while await in_db(understand):
        pass


async def next_ones() -> set[str]:
    """Who is to be asked next."""

    def find() -> set[str]:
        places = Schedule.objects.filter(number_id=Number.objects.get(norm=NUMBER).id)
        ids = places.values_list("connection_id", flat=True)
        return set(Connection.objects.filter(id__in=ids).values_list("connector", flat=True))

    return await in_db(find)


async def test_the_two_likeliest_are_asked_and_the_one_that_knows_it_is_kept(town: Town) -> None:
    for name in ("usps", "fedex"):
        await town.connect(name)
    await in_db(lambda: manual.follow_number(town.ws, NUMBER, "", "user:1", confirmed=True))
    assert await next_ones() == {"usps", "fedex"}
    await ask(town)
    assert await next_ones() == {"fedex"}, "USPS says that it is none of its numbers"
    known: Any = town.world.carriers.fedex.road.known
    known[NUMBER] = town.world.release(NUMBER, "smooth")
    town.world.clock.jump(timedelta(days=3))
    await ask(town)
    assert await next_ones() == {"fedex"}
    parcel = await in_db(Parcel.objects.get)
    assert (parcel.status, parcel.carrier) == ("in_transit", "fedex")
