"""A delivery signed with a key that nobody has fetched yet: it is not believed, and the key is learned."""

from random import Random

import pytest

from doorstep.app import clock, loop, vault
from doorstep.app.receive import feeds
from doorstep.connectors.stores.ebay_com.notices import KEY, WANTED
from doorstep.db.models import Connection, Feed, Inbox
from doorstep.web.hooks.receive import Hooks
from sandbox.clock import Clock
from sandbox.ebay import EBay
from sandbox.ebay_notices import KEY_ID
from tests.web.test_hooks import connect, deliver

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_unknown_key_is_learned_and_the_store_asked_at_once() -> None:
    one, token = await loop.in_db(lambda: connect("ebay", "store", client_secret="cert"))
    later = clock.now().replace(year=2100)
    await loop.in_db(feeds.ensure, one)
    await loop.in_db(lambda: Feed.objects.update(next_at=later))
    world = EBay(clock=Clock(clock.now(), 1), random=Random(5))
    headers, body = world.notices.notice("ORDER_CONFIRMATION", {"order": {"orderId": "05-1-1"}}, clock.now())
    hooks = Hooks()
    for _ in range(2):
        assert (await deliver(hooks, token, body, headers))[0] == 200
    kept = await loop.in_db(Connection.objects.get)
    assert vault.unseal(kept.credentials_enc) == {"client_secret": "cert", KEY + KEY_ID: WANTED}
    assert kept.cred_version == one.cred_version + 1, "what is wanted already is not written again"
    assert (await loop.in_db(Feed.objects.get)).next_at < later
    assert await loop.in_db(Inbox.objects.count) == 0
    assert (await deliver(hooks, token, body, {"X-EBAY-SIGNATURE": "forged"}))[0] == 401
