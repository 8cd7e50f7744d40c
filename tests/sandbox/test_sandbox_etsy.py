"""Etsy's connector against Etsy of the sandbox: every word on the wire is held to Etsy's own schema."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from doorstep.connectors.contract import Account, Broken, Busy, Delivery, Denied, NotFound, Refused, Shipment
from doorstep.connectors.stores.etsy import CONNECTOR, Etsy
from doorstep.connectors.values import Grant
from doorstep.core.order import Content
from sandbox import etsy
from sandbox.clock import Clock
from sandbox.etsy_receipt import EtsyReceipt
from tests.sandbox.vendors import Line, line, problems

ETSY = Etsy()
GRANT = Grant(state="s1", redirect=etsy.REDIRECT, verifier="v" * 43)
SHIPMENT = Shipment(order="3001", number="RB123456785PT", key="k", carrier="ctt", carrier_name="portugal-ctt")


@dataclass
class Town:
    world: etsy.Etsy
    line: Line
    account: Account

    async def learn(self, flow: Any) -> None:
        learned = await self.line.run(CONNECTOR, self.account, flow)
        self.account = replace(self.account, credentials={**self.account.credentials, **learned})

    async def connect(self) -> None:
        """The owner agrees on Etsy's page."""
        asked = dict(parse_qsl(urlsplit(ETSY.authorize(self.account, GRANT)).query))
        assert asked["code_challenge_method"] == "S256"
        code = self.world.permits.consent("owner", asked["scope"], asked["code_challenge"])
        await self.learn(ETSY.redeem(self.account, GRANT, {"state": asked["state"], "code": code}))
        checked = await self.line.run(CONNECTOR, self.account, ETSY.check(self.account))
        assert (checked.external_id, checked.label) == ("90001", "LanternAndThread")
        self.account = replace(self.account, settings={**self.account.settings, **checked.settings})

    async def push(self, **changed: Any) -> Any:
        return await self.line.run(CONNECTOR, self.account, ETSY.push(self.account, replace(SHIPMENT, **changed)))


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = Clock(datetime.now(UTC), 1)
    world, now = etsy.Etsy(clock=clock, random=Random(5)), clock.now()
    lines = ((30011, "Desk lamp", 2), (30012, "Bulb", 1))
    for ref, ago in ((3001, 1), (3002, 40)):
        at = now - timedelta(days=ago)
        world.place(EtsyReceipt(id=ref, placed_at=at, modified_at=at, lines=lines))
    secrets = {"shared_secret": etsy.SHARED_SECRET, "webhook_secret": etsy.WEBHOOK_SECRET}
    account = Account(settings={"keystring": etsy.KEYSTRING}, credentials=secrets, now=now)
    async with line(world.app(), clock) as there:
        town = Town(world, there, account)
        await town.connect()
        yield town


async def test_a_number_goes_there_and_back_and_the_buyer_is_mailed_once(town: Town) -> None:
    first = await town.push()
    assert first.notes == ()
    assert (await town.push(number="RB 123456785 PT")).ref == first.ref
    assert town.world.mails == ["RB123456785PT"]
    shown = await town.line.run(CONNECTOR, town.account, ETSY.read_back(town.account, "3001"))
    assert [(one.ref, one.number, one.carrier) for one in shown] == [(first.ref, "RB123456785PT", "portugal-ctt")]
    await town.line.run(CONNECTOR, town.account, ETSY.orders(town.account, town.account.now - timedelta(days=3)))
    assert [one.ref for one in town.line.read[0].orders] == ["3001"]
    api = [one for one in town.line.said if "/application/" in one[0].url]
    assert len(api) > 7
    assert problems("etsy/etsy_3.0.0.json", api) == []


async def test_what_etsy_cannot_show_is_told(town: Town) -> None:
    first = await town.push(contents=(Content(line="30011", qty=1),), notify=False)
    assert [one.id for one in first.notes] == ["etsy.whole", "etsy.mails_itself"]
    second = await town.push(number="LX000000005DE", replaces=first.ref, former="RB123456785PT")
    assert [one.id for one in second.notes] == ["etsy.beside"]
    assert len(town.world.receipts[3001].shipments) == 2
    with pytest.raises(NotFound) as gone:
        await town.push(number="LX000000014DE", replaces="7")
    assert gone.value.message and gone.value.message.id == "stores.replaced_gone"


async def test_a_carrier_that_etsy_does_not_know_loses_its_number_and_is_told(town: Town) -> None:
    with pytest.raises(Broken) as caught:
        await town.push(carrier_name="No Such Post")
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


async def test_a_cancelled_order_and_another_shops_take_nothing(town: Town) -> None:
    town.world.receipts[3001].status = "canceled"
    with pytest.raises(Refused) as caught:
        await town.push()
    assert caught.value.message and caught.value.message.id == "stores.order_cancelled"
    for order in ("3999", "3001/../3002"):
        with pytest.raises(NotFound):
            await town.push(order=order)
    town.account = replace(town.account, settings={**town.account.settings, "shop_id": "1"})
    with pytest.raises(Denied, match="own"):
        await town.push()


async def test_a_refresh_token_serves_once(town: Town) -> None:
    town.line.clock.jump(timedelta(hours=1))
    old = town.account = replace(town.account, now=town.line.clock.now())
    assert ETSY.stale(old)
    with pytest.raises(Denied):
        await town.push()
    await town.learn(ETSY.renew(old))
    assert not ETSY.stale(town.account)
    await town.push()
    town.account = old
    with pytest.raises(Denied) as over:
        await town.learn(ETSY.renew(old))
    assert over.value.message and over.value.message.id == "grants.over"


async def test_a_stolen_code_is_worth_nothing_without_its_verifier(town: Town) -> None:
    asked = dict(parse_qsl(urlsplit(ETSY.authorize(town.account, GRANT)).query))
    code = town.world.permits.consent("owner", asked["scope"], asked["code_challenge"])
    with pytest.raises(Denied):
        await town.learn(ETSY.redeem(town.account, replace(GRANT, verifier="w" * 43), {"state": "s1", "code": code}))


async def test_quotas_of_the_second_and_of_the_day_say_when_to_come_back(town: Town) -> None:
    town.world._calls.extend([town.world._calls[-1]] * etsy.PER_SECOND)
    with pytest.raises(Busy) as second:
        await town.push()
    assert second.value.retry_after == 1
    town.world.quota.left = 0
    town.world._calls.clear()
    with pytest.raises(Busy) as day:
        await town.push()
    assert day.value.retry_after == 3600


async def test_a_key_without_its_secret_is_told(town: Town) -> None:
    town.account = replace(town.account, credentials={**town.account.credentials, "shared_secret": ""})
    with pytest.raises(Denied, match="Shared secret"):
        await town.push()


async def test_a_signed_notice_is_a_knock_and_a_forged_one_is_refused(town: Town) -> None:
    headers, body = town.world.notice("order.paid", 3001, "msg_1")
    delivery = Delivery(headers=headers, body=body, received_at=town.account.now)
    received = ETSY.receive(town.account, delivery)
    assert (received.knock, received.answer, received.key) == (True, None, "msg_1")
    plain = {**headers, "webhook-signature": headers["webhook-signature"].removeprefix("v1,")}
    assert ETSY.receive(town.account, replace(delivery, headers=plain)).knock
    forged = [
        (town.account, replace(delivery, body=body + b" ")),
        (town.account, replace(delivery, headers={**headers, "webhook-id": "msg_2"})),
        (town.account, replace(delivery, headers={})),
    ]
    wrong = [replace(town.account, credentials={"webhook_secret": one}) for one in ("", "whsec_not base64")]
    forged += [(account, delivery) for account in wrong]
    for account, sent in forged:
        with pytest.raises(Denied):
            ETSY.receive(account, sent)
