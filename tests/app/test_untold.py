"""What a vendor ends to tell of by itself is begun again in time; that it will not is told once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from doorstep.app.connections import connect, connection_view
from doorstep.app.loop import in_db
from doorstep.app.members import notices
from doorstep.app.outbox import Leased
from doorstep.app.reading.understand import understand
from doorstep.app.receive import manual
from doorstep.app.track import poll
from doorstep.app.vendors.untold import Told
from doorstep.db.models import Connection, Outbox, Watch
from sandbox import ups
from tests.app.town import Town, living

pytestmark = pytest.mark.django_db(transaction=True)
PARCEL, FOREIGN = "1Z999AA10123456784", "1Z999AA1"


@pytest.fixture
async def town(settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """An account at UPS, and a parcel under way."""
    settings.EMAIL_HOST = "mail.example"
    monkeypatch.setattr(ups, "PER_SECOND", 1000)
    async with living(settings, monkeypatch) as town:
        town.world.carriers.ups.road.per_second = 1000
        await town.connect("ups")
        town.world.carriers.learn(town.world.release(PARCEL, "smooth"))
        await in_db(lambda: manual.follow_number(town.ws, PARCEL, "ups", "user:1", confirmed=True))
        yield town


async def asked(town: Town, days: int = 0) -> Watch:
    """So many days pass over there and here, and UPS is asked."""
    town.world.clock.jump(timedelta(days=days))
    await in_db(lambda: Watch.objects.update(follow_at=F("follow_at") - timedelta(days=days)))
    await town.wait()
    while turn := await in_db(poll.claim):
        await poll.ask(turn)
    while await in_db(understand):
        pass
    return await in_db(Watch.objects.get)


async def account() -> Connection:
    return await in_db(lambda: Connection.objects.get(connector="ups"))


async def letters() -> list[str]:
    """The bodies of the mails that are to leave now."""

    def write() -> list[str]:
        rows = Outbox.objects.filter(lane="notice").order_by("id")
        written = [notices.write_of_untold(Leased(row, 0, interrupted=False)) for row in rows]
        return [one.body for one in written if one]

    return await in_db(write)


async def shown() -> tuple[Any, Told | None]:
    """The note and the count on the connection's screen."""

    def look() -> tuple[Any, Told | None]:
        row = Connection.objects.get(connector="ups")
        one = connection_view.connection(row.ws, row.id)
        assert one
        detail = connection_view.detail(row.ws, one)
        assert detail
        return one.untold, detail.told

    return await in_db(look)


async def test_what_ups_ends_after_a_fortnight_is_renewed_before(town: Town) -> None:
    there = town.world.carriers.ups
    assert (await asked(town)).remote == "registered"
    began = there.alerts[PARCEL]
    await asked(town, days=9)
    assert there.alerts[PARCEL] == began, "not before its time"
    await asked(town, days=2)
    assert there.alerts[PARCEL] > began
    town.world.clock.jump(timedelta(days=4))
    assert there.subscribed() == {PARCEL}, "longer than the first would have lasted"
    assert await shown() == (None, Told(numbers=1, of=1)) and await letters() == []


async def test_a_product_that_is_missing_is_told_once_and_asking_goes_on(town: Town) -> None:
    there = town.world.carriers.ups
    there.product = False
    watch = await asked(town)
    assert (watch.remote, watch.answer) == ("asked", "not_found")
    await asked(town, days=2)
    (body,) = await letters()
    assert "Track Alert" in body and "This mail comes once" in body
    note, told = await shown()
    assert (note["id"], told) == ("ups.no_alerts", Told(numbers=0, of=1))
    there.product = True
    assert (await asked(town, days=1)).remote == "registered"
    assert await shown() == (None, Told(numbers=1, of=1)) and await letters() == [], "what is mended is not told"
    there.product = False
    await asked(town, days=11)
    assert len(await letters()) == 2, "another time"


async def test_a_credential_that_is_entered_later_counts_for_what_is_under_way(town: Town) -> None:
    await in_db(lambda: Connection.objects.all().delete())
    await town.connect("ups", hook_credential="")
    await in_db(lambda: Watch.objects.all().delete())
    await in_db(lambda: connect.resume(town.ws, Connection.objects.get(connector="ups").id, "user:1"))
    assert (await asked(town)).remote == "asked" and await shown() == (None, None)
    await town.connect("ups")
    assert (await asked(town)).remote == "registered" and town.world.carriers.ups.subscribed() == {PARCEL}
