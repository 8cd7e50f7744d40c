"""An endpoint is told what changes: signed, in order, again when it fails, until a person has to look."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from doorstep.app import clock, loop, outbox, work
from doorstep.app.changes import By, Noted, note
from doorstep.app.loop import in_db
from doorstep.app.webhooks import endpoints, errands, intents, turns
from doorstep.app.webhooks.endpoints import Wish
from doorstep.db.models import Change, Endpoint, Outbox, Sending, SendingTry, Workspace
from tests.app.ledger import START, Ledger, cj, ledger, scan, track17, woo
from tests.app.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "LX123456079CN"
SCANS = (
    scan(3.1, "InfoReceived", "Shipment information sent to carrier"),
    scan(3.6, "InTransit_PickedUp", "Accepted at origin"),
    scan(5.0, "OutForDelivery_Other", "Out for delivery"),
)


@pytest.fixture
async def there(settings: Any) -> AsyncIterator[Receiver]:
    async with receiving(settings) as one:
        yield one


@pytest.fixture
def shop() -> Ledger:
    return ledger(email="alice@example.org")


def listens(shop: Ledger, there: Receiver, **wish: Any) -> tuple[int, str]:
    return endpoints.make(shop.ws, Wish(url=there.url, **wish), "user:1")


def bought(shop: Ledger) -> None:
    """An order, its purchase and three scans, one after the other."""
    shop.hears(shop.woo(woo(1001)))
    shop.hears(shop.cj(cj(number=NUMBER, method="CJPacket Liquid")))
    for count in (1, 2, 3):
        shop.hears(shop.track(track17(NUMBER, *SCANS[:count], key=3011)))


def now() -> None:
    """Everything waits no longer."""
    Sending.objects.filter(state="due").update(due_at=clock.now())
    Endpoint.objects.update(next_at=clock.now(), lease_until=0.0)
    Endpoint.objects.exclude(reread_from=None).update(reread_at=clock.now())


async def serve() -> int:
    """All turns there are; how many."""
    count = 0
    await in_db(now)
    while held := await in_db(turns.claim):
        await turns.serve(held)
        count += 1
        assert count < 20
    return count


async def test_what_changes_is_told_signed_and_in_order(shop: Ledger, there: Receiver) -> None:
    _, secret = await in_db(listens, shop, there)
    await in_db(bought, shop)
    await serve()
    told = [Webhook(secret).verify(one.raw, one.headers) for one in there.seen]
    kinds = [one["type"] for one in told]
    assert kinds.count("order.placed") == 1 and {"parcel.found", "parcel.status", "push.accepted"} - set(kinds) == {
        "push.accepted"
    }
    moves = [one["change"]["new"] for one in told if one["type"] == "parcel.status"]
    assert moves == ["info_received", "picked_up", "out_for_delivery"]
    assert len({one.mark for one in there.seen}) == len(there.seen)
    assert await in_db(lambda: set(Sending.objects.values_list("state", flat=True))) == {"done"}
    assert await serve() == 0
