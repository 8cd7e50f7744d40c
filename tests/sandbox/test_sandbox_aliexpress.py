"""AliExpress's connector against AliExpress of the sandbox; its answers are held to the portal's own description."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from doorstep.connectors.contract import Account, Busy, Denied, NotFound, Refused
from doorstep.connectors.suppliers.aliexpress import CONNECTOR, AliExpress
from doorstep.connectors.values import Grant
from doorstep.core.order import PurchaseState, TrackAnswer
from sandbox import aliexpress
from sandbox.aliexpress_order import AliOrder
from sandbox.clock import Clock
from tests.sandbox.vendors import Line, line, specification

ALI = AliExpress()
GRANT = Grant(state="s1", redirect="https://me.example/granted", verifier="v")
FIRST, SECOND = 8123456789012345, 8123456789012346


@dataclass
class Town:
    world: aliexpress.AliExpress
    line: Line
    account: Account

    async def ask(self, flow: Any) -> Any:
        return await self.line.run(CONNECTOR, self.account, flow)

    async def learn(self, flow: Any) -> None:
        learned = await self.ask(flow)
        self.account = replace(self.account, credentials={**self.account.credentials, **learned})

    async def poll(self, back: timedelta = timedelta(days=2)) -> list[Any]:
        """The states of the purchases that one poll brings."""
        self.line.read.clear()
        await self.ask(ALI.purchases(self.account, self.account.now - back))
        return [one for facts in self.line.read for one in facts.purchases]

    def later(self, span: timedelta) -> None:
        self.line.clock.jump(span)
        self.account = replace(self.account, now=self.line.clock.now())


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    clock = Clock(datetime.now(UTC), 1)
    world = aliexpress.AliExpress(clock=clock, random=Random(5))
    now = clock.now()
    lines = ((1005001111111111, "Enamel mug", 2), (1005002222222222, "Linen apron", 1))
    hour = timedelta(hours=1)
    world.place(
        AliOrder(
            id=FIRST,
            lines=lines,
            placed_at=now - 2 * hour,
            paid_at=now - hour,
            sent_at=now + 20 * hour,
            received_at=now + 22 * hour,
            number="LP00123456789012",
            local="62727952231",
        )
    )
    world.place(AliOrder(id=SECOND, lines=lines[:1], placed_at=now - hour, paid_at=now - hour, cancelled=True))
    account = Account(
        settings={"app_key": aliexpress.APP_KEY}, credentials={"app_secret": aliexpress.SECRET}, now=clock.now()
    )
    async with line(world.app(), clock) as there:
        town = Town(world, there, account)
        asked = dict(parse_qsl(urlsplit(ALI.authorize(account, GRANT)).query))
        assert asked["client_id"] == aliexpress.APP_KEY
        await town.learn(ALI.redeem(account, GRANT, {"state": "s1", "code": world.consent()}))
        yield town


async def test_an_order_is_followed_from_payment_to_receipt(town: Town) -> None:
    assert (await town.ask(ALI.check(town.account))).external_id == aliexpress.USER
    (paid,) = await town.poll()
    assert (paid.ref, paid.state, paid.numbers) == (str(FIRST), PurchaseState.PAID, ())
    assert paid.ordered_at == town.world.orders[FIRST].placed_at.replace(microsecond=0)
    assert [one.qty for one in paid.lines] == [2, 1]
    town.later(timedelta(hours=21))
    (sent,) = await town.poll()
    assert (sent.state, sent.dispatch_evidence) == (PurchaseState.DISPATCHED, "logistics_status SELLER_SEND_GOODS")
    (track,) = [one for facts in town.line.read for one in facts.tracks]
    assert (track.number, track.answer) == ("LP00123456789012", TrackAnswer.EVENTS)
    assert track.last_mile
    assert track.last_mile.text == "62727952231"
    town.later(timedelta(hours=2))
    (received,) = await town.poll()
    assert received.state is PurchaseState.DELIVERED


async def test_one_order_is_read_and_a_strangers_is_not(town: Town) -> None:
    await town.ask(ALI.purchase(town.account, str(SECOND)))
    assert town.line.read[-1].purchases[0].state is PurchaseState.CANCELLED
    with pytest.raises(NotFound):
        await town.ask(ALI.purchase(town.account, "8000000000000001"))


async def test_a_full_list_hides_nothing(town: Town) -> None:
    now, lines = town.line.clock.now(), tuple((number, "Mug", 1) for number in range(6))
    for number in range(1, 10):
        at = now - timedelta(days=number)
        town.world.place(AliOrder(id=number, lines=lines, placed_at=at, paid_at=at))
    assert {one.ref for one in await town.poll()} == {str(FIRST), *map(str, range(1, 10))}


async def test_permission_ends_is_renewed_and_is_over(town: Town) -> None:
    town.later(timedelta(hours=23, minutes=30))
    assert ALI.stale(town.account)
    await town.learn(ALI.renew(town.account))
    assert not ALI.stale(town.account)
    assert await town.poll()
    town.later(timedelta(hours=25))
    with pytest.raises(Denied):
        await town.poll()
    with pytest.raises(Denied):
        await town.ask(ALI.renew(town.account))


async def test_the_platform_tells_off(town: Town) -> None:
    wrong = replace(town.account, credentials={**town.account.credentials, "app_secret": "other"})
    with pytest.raises(Denied):
        await town.line.run(CONNECTOR, wrong, ALI.check(wrong))
    stranger = replace(town.account, settings={"app_key": "7"})
    with pytest.raises(Denied):
        await town.line.run(CONNECTOR, stranger, ALI.check(stranger))
    slow = replace(town.account, now=town.account.now - timedelta(hours=3))
    with pytest.raises(Refused):
        await town.line.run(CONNECTOR, slow, ALI.check(slow))
    with pytest.raises(Denied):
        await town.ask(ALI.redeem(town.account, GRANT, {"state": "s1", "code": "used"}))
    town.world._calls = [asyncio.get_running_loop().time()] * aliexpress.QPS
    with pytest.raises(Busy) as caught:
        await town.ask(ALI.check(town.account))
    assert caught.value.retry_after == 1
    town.world.quota.left = 0
    with pytest.raises(Busy) as caught:
        await town.ask(ALI.check(town.account))
    assert caught.value.retry_after == 86_400


async def test_calls_that_no_app_should_make_are_refused(town: Town) -> None:
    url, query = f"{town.line.url}/sync", {"app_key": aliexpress.APP_KEY, "sign_method": "sha256"}
    stamp = str(int(town.line.clock.now().timestamp() * 1000))
    session = town.account.credentials["access_token"]
    whole = {**query, "timestamp": stamp, "session": session}
    words = {
        "MissingParameter": query,
        "InvalidApiPath": {**whole, "method": "aliexpress.nothing"},
        "41": {**whole, "method": aliexpress.ORDER, "single_order_query": "7"},
    }
    words["tracking"] = {**whole, "method": aliexpress.TRACKING, "ae_order_id": "7"}
    words["list"] = {**whole, "method": aliexpress.LIST, "status": "Payment Completed", "start_time": "now"}
    said = []
    for asked in words.values():
        signed = {**asked, "sign": aliexpress._sign(asked, "")}
        async with town.line.session.post(url, params=signed) as answer:
            said.append(str((await answer.json())["error_response"]["code"]))
    assert said == ["MissingParameter", "InvalidApiPath", "41", "MissingParameter", "41"]
    wrong = {**whole, "method": aliexpress.LIST, "status": "all"}
    async with town.line.session.post(url, params={**wrong, "sign": aliexpress._sign(wrong, "")}) as answer:
        assert "402" in json.dumps(await answer.json())


def unwrapped(value: Any) -> Any:
    """Lists without the object that the platform puts around them."""
    inner = {"aeop_child_order_info", "aeop_order_logistics_info", "order"}
    if isinstance(value, dict) and set(value) & inner:
        (only,) = value.values()
        return only if isinstance(only, list) else [only]
    if isinstance(value, dict):
        return {name: [] if name.endswith("_list") and one == {} else unwrapped(one) for name, one in value.items()}
    return value


async def test_answers_have_the_shape_that_the_portal_describes(town: Town) -> None:
    spec = specification("derived/aliexpress_top_openapi.json", strict=False)
    town.later(timedelta(hours=21))
    await town.poll()
    checked = set()
    for request, answer in town.line.said:
        method = dict(request.query).get("method", "")
        if method in {aliexpress.LIST, aliexpress.ORDER}:
            (told,) = json.loads(answer.body).values()
            assert spec.response("post", f"/sync#{method}", 200, unwrapped(told)) == []
            checked.add(method)
    assert len(checked) == 2
