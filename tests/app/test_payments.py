"""Numbers that a store shows are told to the payment service, in batches, and what it made of them is kept."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from aiohttp import web

from doorstep.app import clock, outbox
from doorstep.app.connections import connect
from doorstep.app.ledger.changes import By
from doorstep.app.loop import in_db
from doorstep.app.merge.source import Touched
from doorstep.app.push import payments
from doorstep.app.settle import settle
from doorstep.app.vendors import accounts
from doorstep.connectors import registry
from doorstep.connectors.contract import (
    OWN,
    Account,
    Answer,
    Busy,
    Can,
    Checked,
    Denied,
    Facts,
    Flow,
    Meta,
    Payment,
    Refused,
    Request,
    Synced,
)
from doorstep.db.models import Budget, Claim, Connection, Number, Order, Outbox, Sync
from tests.app import acme
from tests.app.acme import Vendor
from tests.app.ledger import Ledger, ledger, woo
from tests.app.ledger import connect as connection

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = ("LX123456785CN", "1Z999AA10123456784", "RB123456785PT")


class Bank:
    """A payment service that takes two numbers a call and knows the transactions that begin with T."""

    meta = Meta(name="bank", label="Bank", hosts=OWN, polls_per_minute=6000, batch=2, can=frozenset({Can.PAY}))
    status: ClassVar[dict[str, Any]] = {}
    unseen: frozenset[str] = frozenset()

    def check(self, account: Account) -> Flow[Checked]:
        yield Request(method="GET", url=f"{account.base_url}/me")
        return Checked(external_id="bank", label="Bank")

    def give(self, account: Account, payments: Sequence[Payment]) -> Flow[tuple[Synced, ...]]:
        said = [(one.key, one.transaction, one.number, one.carrier_name) for one in payments]
        body = json.dumps(said).encode()
        answer = yield Request(method="POST", url=f"{account.base_url}/trackers", body=body, changes=True)
        if answer.status != 200:
            raise {401: Denied("no"), 422: Refused("too old"), 429: Busy(retry_after=77)}[answer.status]
        return tuple(Synced(**one) for one in json.loads(answer.body))

    def read(self, answer: Answer) -> Facts:
        return Facts()


class Desk(Vendor):
    """The other side."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[list[str]]] = []
        self.status = 200

    async def handle(self, request: web.Request) -> web.Response:
        if self.status != 200:
            return web.json_response({}, status=self.status)
        self.batches.append(await request.json())
        known = [one for one in self.batches[-1] if one[1] != "silent"]
        states = [{"key": key, "state": "synced" if t[0] == "T" else "no_transaction"} for key, t, *_ in known]
        return web.json_response(states)


@pytest.fixture
async def desk(settings, monkeypatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(acme, "Vendor", Desk)
    async with acme.living(settings, monkeypatch) as desk:
        monkeypatch.setitem(registry.connectors("payment"), "bank", Bank())
        assert isinstance(desk, Desk)
        yield desk


def begin(desk: Desk, transactions: tuple[str, ...] = ("T1", "X2", "T3")) -> tuple[Ledger, Connection]:
    """A shop with a payment service, and its orders, which were paid there."""
    shop = ledger()
    bank = connection(shop.ws, "payment", "bank", shop.store.connected_at, base_url=desk.url)
    for ref, paid in enumerate(transactions, 1001):
        shop.hears(shop.woo(woo(ref)))
        Order.objects.filter(ws=shop.ws, external_id=str(ref)).update(transaction=paid)
    return shop, bank


async def carry_out() -> None:
    """Everything that is due for the service."""
    for _ in range(5):
        await in_db(lambda: Outbox.objects.update(due_at=clock.now() - timedelta(seconds=1), lease_until=0.0))
        leased = await in_db(outbox.claim, ("payment",))
        if leased is None:
            return
        await payments.give(leased)


async def states() -> list[str]:
    return await in_db(lambda: list(Sync.objects.order_by("number_id").values_list("state", flat=True)))


def visible(shop: Ledger, refs: tuple[int, ...] = (1001, 1002, 1003)) -> None:
    """The store shows the numbers, as it would after a push."""

    for ref in refs:
        order, text = shop.order(ref), NUMBERS[ref - 1001]
        number = Number.objects.create(ws=shop.ws, text=text, norm=text, norm_reversed=text[::-1])
        now = clock.now()
        Claim.objects.create(
            ws=shop.ws, order_id=order.id, source=str(shop.store.id), group=text, number_id=number.id,
            role="local", first_said=now, last_said=now,
        )  # fmt: skip
        settle(By(shop.ws, "user:1"), Touched(orders={order.id}))


def later(span: timedelta) -> None:
    """So much time has passed."""
    for row in Sync.objects.all():
        row.changed_at -= span
        row.again_at = row.again_at and row.again_at - span
        row.save()
    for intent in Outbox.objects.all():
        Outbox.objects.filter(id=intent.id).update(due_at=intent.due_at - span, lease_until=0.0)
    Budget.objects.all().delete()


async def test_numbers_are_given_in_batches_and_answers_are_kept(desk):
    shop, _ = await in_db(begin, desk)
    await in_db(visible, shop)
    assert await states() == ["due"] * 3
    assert await in_db(lambda: Outbox.objects.filter(lane="payment").count()) == 1
    await carry_out()
    assert [len(batch) for batch in desk.batches] == [2, 1]
    assert sorted(one[2] for batch in desk.batches for one in batch) == sorted(NUMBERS)
    assert sorted(await states()) == ["no_transaction", "synced", "synced"]
    assert await in_db(lambda: Outbox.objects.get(lane="payment").state) == "done"
    await in_db(lambda: shop.hears(shop.woo(woo(1001, status="processing"))))
    assert await in_db(outbox.claim, ("payment",)) is None, "nothing is told twice"
    (told,) = await in_db(payments.shown, shop.ws, (await in_db(shop.order)).id)
    assert (told.service, told.number, told.state) == ("Bank", NUMBERS[0], "synced")


async def test_what_a_service_says_nothing_of_is_told_again_until_it_says_something(desk):
    shop, _ = await in_db(begin, desk, ("silent",))
    await in_db(visible, shop, (1001,))
    await carry_out()
    assert await states() == ["pending"]
    (told,) = await in_db(payments.shown, shop.ws, (await in_db(shop.order)).id)
    assert told.open and told.advice.id == "payment.do.pending"
    row = await in_db(lambda: Outbox.objects.get(lane="payment"))
    assert (row.state, row.error["id"]) == ("due", "payment.looked_at")
    assert timedelta(minutes=59) < row.due_at - clock.now() < timedelta(minutes=61)
    await in_db(later, timedelta(hours=20))
    await carry_out()
    row = await in_db(lambda: Outbox.objects.get(lane="payment"))
    assert timedelta(hours=9) < row.due_at - clock.now() < timedelta(hours=11)
    await in_db(lambda: Order.objects.update(transaction="T9"))
    await in_db(later, timedelta(hours=20))
    await carry_out()
    assert await states() == ["synced"]
    assert await in_db(lambda: Outbox.objects.get(lane="payment").state) == "done"
    assert len(desk.batches) == 3


async def test_a_new_number_does_not_wait_for_one_that_is_looked_at_and_a_month_is_enough(desk):
    shop, _ = await in_db(begin, desk, ("silent", "T2", "T3"))
    await in_db(visible, shop, (1001,))
    await carry_out()
    await in_db(visible, shop, (1002,))
    await carry_out()
    assert sorted(await states()) == ["pending", "synced"]
    assert len(desk.batches) == 2
    await in_db(later, timedelta(days=31))
    await carry_out()
    assert await in_db(lambda: Outbox.objects.get(lane="payment").state) == "done"
    (told,) = await in_db(payments.shown, shop.ws, (await in_db(shop.order)).id)
    assert (told.state, told.advice.id) == ("pending", "payment.do.long_pending")


async def test_a_person_has_it_told_again(desk):
    shop, _ = await in_db(begin, desk, ("", "T2", "U3"))
    await in_db(lambda: Order.objects.filter(external_id="1001").update(transaction="X1"))
    await in_db(visible, shop, (1001, 1002))
    await carry_out()
    order = await in_db(shop.order)
    (told,) = await in_db(payments.shown, shop.ws, order.id)
    assert (told.state, told.open, told.advice.id) == ("no_transaction", True, "payment.do.no_transaction")
    await in_db(lambda: Order.objects.filter(external_id="1001").update(transaction="T1"))
    await in_db(payments.again, shop.ws, order.id, told.id, "user:1")
    await carry_out()
    (told,) = await in_db(payments.shown, shop.ws, order.id)
    assert (told.state, told.open, told.advice) == ("synced", False, None)
    await in_db(payments.again, shop.ws, order.id, told.id, "user:1")
    assert await in_db(outbox.claim, ("payment",)) is None, "what is there is not told again"
    with pytest.raises(Sync.DoesNotExist):
        await in_db(payments.again, shop.ws + 1, order.id, told.id, "user:1")


async def test_a_batch_that_is_refused_is_refused_for_each(desk):
    shop, _ = await in_db(begin, desk)
    await in_db(visible, shop)
    desk.status = 422
    await carry_out()
    assert await states() == ["refused"] * 3


async def test_a_busy_service_is_left_alone_and_an_interrupted_batch_is_given_again(desk):
    shop, _ = await in_db(begin, desk)
    await in_db(visible, shop)
    desk.status = 429
    leased = await in_db(outbox.claim, ("payment",))
    assert leased is not None
    await payments.give(leased)
    row = await in_db(lambda: Outbox.objects.get(lane="payment"))
    assert row.state == "due" and row.due_at > clock.now() + timedelta(seconds=70)
    desk.status = 200
    await in_db(lambda: Outbox.objects.filter(lane="payment").update(state="sending"))
    await in_db(lambda: Budget.objects.all().delete())
    await carry_out()
    assert "due" not in await states()


async def test_refused_credentials_stop_the_service_until_it_is_connected_again(desk):
    shop, bank = await in_db(begin, desk)
    await in_db(visible, shop)
    desk.status = 401
    await carry_out()
    assert await in_db(lambda: Connection.objects.get(id=bank.id).state) == "denied"
    assert await states() == ["due"] * 3
    row = await in_db(lambda: Outbox.objects.get(lane="payment"))
    assert row.error["id"] == "payment.paused"
    desk.status = 200
    await in_db(connect.resume, shop.ws, bank.id, "user:1")
    await carry_out()
    assert "due" not in await states()


async def test_nothing_is_told_of_other_orders_or_without_a_service(desk):
    shop, bank = await in_db(begin, desk, ("T1", "", "T3"))

    def older() -> None:
        Order.objects.filter(external_id="1003").update(placed_at=bank.connected_at - timedelta(days=1))
        visible(shop)

    await in_db(older)
    assert await states() == ["due"]
    await in_db(connect.remove, shop.ws, bank.id, "user:1")
    await in_db(lambda: Sync.objects.all().delete())
    await in_db(lambda: shop.hears(shop.woo(woo(1001, status="processing"))))
    assert await states() == []
    assert accounts.name_of(Busy()) == "busy"
