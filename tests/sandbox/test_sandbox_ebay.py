"""eBay's connector against eBay of the sandbox: every word on the wire is held to eBay's own schemas."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web

from doorstep.connectors.contract import Account, Busy, Delivery, Denied, NotFound, Refused, Shipment
from doorstep.connectors.stores.ebay import CONNECTOR, EBay
from doorstep.connectors.values import Grant
from doorstep.core.order import Content
from sandbox import ebay
from sandbox.clock import Clock
from sandbox.ebay_order import EBayOrder
from sandbox.serve import HOST, listen
from tests.sandbox.vendors import Line, line, problems

EBAY = EBay()
GRANT = Grant(state="s1", redirect="https://me.example/connected", verifier="v" * 43)
HUSH = "a-verification-token-of-forty-characters"
SHIPMENT = Shipment(order="05-1-1", number="RB 123456785 PT", key="k", carrier="ctt", carrier_name="Other")


@dataclass
class Town:
    world: ebay.EBay
    line: Line
    account: Account

    async def connect(self) -> None:
        """A seller agrees on eBay's page."""
        url = EBAY.authorize(self.account, GRANT)
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["redirect_uri"] == ebay.RU_NAME
        code = self.world.permits.consent(ebay.SELLER, asked["scope"])
        await self.learn(EBAY.redeem(self.account, GRANT, {"state": "s1", "code": code}))

    async def learn(self, flow: Any) -> Mapping[str, str]:
        learned: Mapping[str, str] = await self.line.run(CONNECTOR, self.account, flow)
        self.account = replace(self.account, credentials={**self.account.credentials, **learned})
        return learned

    async def push(self, shipment: Shipment) -> Any:
        return await self.line.run(CONNECTOR, self.account, EBAY.push(self.account, shipment))

    def order(self) -> EBayOrder:
        return self.world.orders["05-1-1"]

    def later(self, span: timedelta) -> None:
        self.line.clock.jump(span)
        self.account = replace(self.account, now=self.line.clock.now())


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = Clock(datetime.now(UTC), 1)
    world = ebay.EBay(clock=clock, random=Random(5))
    now = clock.now()
    lines = (("10001", "Desk lamp", 2), ("10002", "Bulb", 1))
    world.place(EBayOrder(id="05-1-1", placed_at=now - timedelta(days=1), modified_at=now, lines=lines))
    settings = {"client_id": ebay.CLIENT, "ru_name": ebay.RU_NAME, "alert_email": "me@shop.example"}
    account = Account(settings=settings, credentials={"client_secret": ebay.SECRET}, now=now)
    async with line(world.app(), clock) as there:
        town = Town(world, there, account)
        await town.connect()
        yield town


async def test_a_number_goes_there_and_back(town: Town) -> None:
    checked = await town.line.run(CONNECTOR, town.account, EBAY.check(town.account))
    assert (checked.external_id, checked.label) == ("ebay-user-1", "eBay lantern_and_thread")
    part = replace(SHIPMENT, contents=(Content(line="10001", qty=1),))
    assert (await town.push(part)).ref == "RB123456785PT"
    assert (await town.push(part)).ref == "RB123456785PT", "a repetition adds nothing"
    assert (await town.push(replace(SHIPMENT, number="LX000000005DE"))).ref == "LX000000005DE"
    assert [one["lineItems"] for one in town.order().fulfillments] == [
        [{"lineItemId": "10001", "quantity": 1}],
        [{"lineItemId": "10001", "quantity": 1}, {"lineItemId": "10002", "quantity": 1}],
    ]
    await town.line.run(CONNECTOR, town.account, EBAY.orders(town.account, town.account.now - timedelta(days=3)))
    page, whole = town.line.read
    assert page.orders[0].shipments is None
    assert [one.number for one in whole.orders[0].shipments or ()] == ["RB123456785PT", "LX000000005DE"]
    api = [one for one in town.line.said if "/sell/fulfillment/" in one[0].url]
    assert len(api) > 8
    assert problems("ebay/sell_fulfillment_v1_oas3.json", api, prefix="/sell/fulfillment/v1") == []


async def test_a_replaced_number_stands_beside_the_old_one_and_a_person_is_told(town: Town) -> None:
    first = await town.push(SHIPMENT)
    second = await town.push(replace(SHIPMENT, number="LX000000005DE", replaces=first.ref, former="RB"))
    assert [(one.id, one.values["former"]) for one in second.notes] == [("ebay.beside", "RB")]
    assert [one["shipmentTrackingNumber"] for one in town.order().fulfillments] == ["RB123456785PT", "LX000000005DE"]
    assert town.order().fulfillments[0]["lineItems"] == town.order().fulfillments[1]["lineItems"]
    with pytest.raises(NotFound) as gone:
        await town.push(replace(SHIPMENT, number="LX000000014DE", replaces="RB9"))
    assert gone.value.message and gone.value.message.id == "stores.replaced_gone"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"carrier_name": "No Such Post"}, "ebay.number_or_carrier"),
        ({"number": "---"}, "ebay.number_or_carrier"),
        ({"contents": (Content(line="10001", qty=3),)}, "stores.refused"),
        ({"contents": (Content(line="4", qty=1),)}, "stores.refused"),
        ({"shipped_at": datetime(2100, 1, 1, tzinfo=UTC)}, "ebay.shipped_date"),
        ({"order": "05-1-9"}, "stores.not_found"),
        ({"order": "../identity"}, "stores.not_found"),
    ],
)
async def test_what_ebay_declines_is_told_and_nothing_is_kept(
    town: Town, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((Refused, NotFound)) as caught:
        await town.push(replace(SHIPMENT, **changed))
    assert caught.value.message and caught.value.message.id == sentence
    assert town.order().fulfillments == []


async def test_an_order_that_is_full_or_cancelled_takes_nothing(town: Town) -> None:
    for serial in range(ebay.NUMBERS_AT_MOST):
        await town.push(replace(SHIPMENT, number=f"N{serial}", contents=(Content(line="10002", qty=1),)))
    for sentence in ("ebay.too_many_numbers", "stores.order_cancelled"):
        with pytest.raises(Refused) as caught:
            await town.push(SHIPMENT)
        assert caught.value.message and caught.value.message.id == sentence
        town.order().cancelled = True


async def test_nothing_is_left_when_everything_has_been_shipped(town: Town) -> None:
    await town.push(SHIPMENT)
    with pytest.raises(Refused) as caught:
        await town.push(replace(SHIPMENT, number="LX000000005DE"))
    assert caught.value.message and caught.value.message.id == "stores.nothing_left"


async def test_a_token_is_renewed_before_it_ends_until_the_seller_takes_it_back(town: Town) -> None:
    assert not EBAY.stale(town.account)
    town.later(timedelta(hours=2))
    assert EBAY.stale(town.account)
    with pytest.raises(Denied):
        await town.push(SHIPMENT)
    learned = await town.learn(EBAY.renew(town.account))
    assert set(learned) == {"access_token", "access_until"}
    assert not EBAY.stale(town.account)
    await town.push(SHIPMENT)
    town.world.permits.revoke(ebay.SELLER)
    with pytest.raises(Denied) as over:
        await town.learn(EBAY.renew(town.account))
    assert over.value.message and over.value.message.id == "grants.over"


async def test_a_permission_that_is_forged_or_declined_is_no_permission(town: Town) -> None:
    code = town.world.permits.consent(ebay.SELLER, "x")
    for query, sentence in (
        ({"state": "s2", "code": code}, "grants.forged"),
        ({"state": "s1", "error": "access_denied"}, "grants.declined"),
        ({"state": "s1", "code": "used already"}, "grants.over"),
    ):
        with pytest.raises(Denied) as caught:
            await town.learn(EBAY.redeem(town.account, GRANT, query))
        assert caught.value.message and caught.value.message.id == sentence
    stranger = replace(town.account, credentials={"client_secret": "wrong"})
    with pytest.raises(Denied):
        await town.line.run(CONNECTOR, stranger, EBAY.redeem(stranger, GRANT, {"state": "s1", "code": code}))


async def test_a_missing_scope_and_a_spent_quota_are_told_apart(town: Town) -> None:
    code = town.world.permits.consent(ebay.SELLER, f"{ebay.SCOPE}/commerce.identity.readonly")
    await town.learn(EBAY.redeem(town.account, GRANT, {"state": "s1", "code": code}))
    with pytest.raises(Denied, match="permissions") as denied:
        await town.line.run(CONNECTOR, town.account, EBAY.check(town.account))
    assert denied.value.message and denied.value.message.id == "ebay.denied"
    town.world.quota.left = 0
    with pytest.raises(Busy):
        await town.push(SHIPMENT)


async def test_notices_are_asked_for_signed_and_believed_only_when_they_fit(town: Town) -> None:
    sock = listen(0)
    address = f"http://{HOST}:{sock.getsockname()[1]}/hooks/unguessable"
    town.account = replace(town.account, credentials={**town.account.credentials, "hook_secret": HUSH})

    async def asked(request: web.Request) -> web.Response:
        said = EBAY.answer_challenge(town.account, address, dict(request.query))
        return web.Response(body=said, content_type="application/json")

    app = web.Application()
    app.add_routes([web.get("/hooks/unguessable", asked)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, sock).start()
    try:
        assert await town.learn(EBAY.subscribe(town.account, address, HUSH)) == {"hook_secret": HUSH}
        next(iter(town.world.notices.subscriptions.values()))["status"] = "DISABLED"
        await town.learn(EBAY.subscribe(town.account, address, HUSH))
    finally:
        await runner.cleanup()
    assert len(town.world.notices.destinations) == 1
    assert [one["status"] for one in town.world.notices.subscriptions.values()] == ["ENABLED"]
    headers, body = town.world.notices.notice("ORDER_CONFIRMATION", {"order": {"orderId": "05-1-1"}}, town.account.now)
    delivery = Delivery(headers=headers, body=body, received_at=town.account.now)
    first = EBAY.receive(town.account, delivery)
    assert first.knock and first.answer is None, "its key is not known yet, so nothing in it is believed"
    town.account = replace(town.account, credentials={**town.account.credentials, **first.learned})
    assert EBAY.stale(town.account)
    await town.learn(EBAY.renew(town.account))
    assert not EBAY.stale(town.account)
    known = EBAY.receive(town.account, delivery)
    assert (known.knock, known.learned) == (True, {})
    with pytest.raises(Denied):
        EBAY.receive(town.account, replace(delivery, body=body.replace(b"05-1-1", b"05-1-2")))
    said = [one for one in town.line.said if "/commerce/notification/" in one[0].url]
    said = [one for one in said if "/destination" not in one[0].url or one[0].method != "GET"]  # see the schema's test
    assert problems("ebay/commerce_notification_v1_oas3.json", said, prefix="/commerce/notification/v1") == []


async def test_without_an_address_for_alerts_ebay_sends_no_notices(town: Town) -> None:
    town.account = replace(town.account, settings={"client_id": ebay.CLIENT})
    with pytest.raises(Refused) as caught:
        await town.learn(EBAY.subscribe(town.account, "https://me.example/hooks/x", HUSH))
    assert caught.value.message and caught.value.message.id == "ebay.no_alert_email"
