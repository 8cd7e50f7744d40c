"""The PayPal connector against the PayPal of the sandbox: every word on the wire is held to its OpenAPI file."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from doorstep.connectors.contract import Account, Busy, Denied, Payment
from doorstep.connectors.payments.paypal import CONNECTOR, PayPal
from sandbox import paypal
from sandbox.clock import Clock
from sandbox.road import CLIENT, SECRET
from tests.sandbox.vendors import Line, line, problems, specification

PAYPAL = PayPal()
FILE = "paypal/shipping_shipment_tracking_v1.json"
CLOCK = Clock(datetime(2026, 7, 1, 12, tzinfo=UTC), 1.0)
PAID, STRANGE = "8MC585209K746392H", "53Y56775AE587553X"
CARRIERS = ("UPS", "USPS", "CN_CHINA_POST_EMS")


def payment(transaction: str, number: str, name: str) -> Payment:
    return Payment(transaction=transaction, number=number, key=number, carrier="ups", carrier_name=name)


async def let_in(road: Line) -> Account:
    ours = Account(settings={"client_id": CLIENT}, credentials={"client_secret": SECRET}, now=CLOCK.now())
    known = await road.run(CONNECTOR, ours, PAYPAL.renew(ours))
    return replace(ours, credentials={**ours.credentials, **known})


async def test_numbers_are_given_and_declined_one_by_one() -> None:
    bank = paypal.PayPal(clock=CLOCK, random=Random(1), carriers=CARRIERS)
    bank.captured.add(PAID)
    given = [payment(PAID, "1Z999AA10123456784", "UPS"), payment(STRANGE, "1Z999AA10123456793", "UPS")]
    given.append(payment(PAID, "NV123", "Van of the town"))
    async with line(bank.app(), CLOCK) as road:
        ours = await let_in(road)
        assert (await road.run(CONNECTOR, ours, PAYPAL.check(ours))).label == "PayPal"
        told = await road.run(CONNECTOR, ours, PAYPAL.give(ours, given))
        assert [one.state for one in told] == ["synced", "no_transaction", "synced"]
        again = await road.run(CONNECTOR, ours, PAYPAL.give(ours, given[:1]))
        assert [one.state for one in again] == ["synced"]
        said = problems(FILE, [one for one in road.said if "trackers" in one[0].url])
        assert [one for one in said if "'OTHER' is not one of" not in one] == []  # described there, and not listed
    assert set(bank.trackers) == {(PAID, "1Z999AA10123456784"), (PAID, "NV123")}
    assert bank.trackers[PAID, "NV123"]["carrier_name_other"] == "Van of the town"


async def test_a_carrier_name_that_paypal_has_dropped_spoils_nothing_else() -> None:
    bank = paypal.PayPal(clock=CLOCK, random=Random(1), carriers=("USPS",))
    bank.captured.add(PAID)
    async with line(bank.app(), CLOCK) as road:
        ours = await let_in(road)
        given = [payment(PAID, "9400111206206406260787", "USPS"), payment(PAID, "1Z999AA10123456784", "UPS")]
        told = await road.run(CONNECTOR, ours, PAYPAL.give(ours, given))
        assert [one.state for one in told] == ["synced", "unknown_carrier"]
        schema = specification(FILE, strict=False)
        refused = [json.loads(answer.body) for _, answer in road.said if answer.status == 400]
        assert len(refused) == 2
        assert [schema.definition("error", one) for one in refused] == [[], []]


async def test_an_app_that_may_not_track_and_a_wrong_secret_are_denied() -> None:
    bank = paypal.PayPal(clock=CLOCK, random=Random(1), carriers=CARRIERS)
    async with line(bank.app(), CLOCK) as road:
        ours = await let_in(road)
        bank.may_track = False
        for flow in (PAYPAL.check(ours), PAYPAL.give(ours, [payment(PAID, "1Z999AA10123456784", "UPS")])):
            with pytest.raises(Denied):
                await road.run(CONNECTOR, ours, flow)
        wrong = replace(ours, credentials={"client_secret": "guess"})
        with pytest.raises(Denied, match="Client Authentication failed"):
            await road.run(CONNECTOR, wrong, PAYPAL.renew(wrong))


async def test_too_many_calls_in_a_second_are_busy() -> None:
    bank = paypal.PayPal(clock=CLOCK, random=Random(1), carriers=CARRIERS)
    bank.road.per_second = 1
    async with line(bank.app(), CLOCK) as road:
        ours = await let_in(road)
        with pytest.raises(Busy):
            await road.run(CONNECTOR, ours, PAYPAL.check(ours))
