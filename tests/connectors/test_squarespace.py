"""Squarespace: numbers added beside one another, cursors that stand alone, keys."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Busy, NotFound, Refused, Request, Shipment
from doorstep.connectors.stores.squarespace import CONNECTOR, Squarespace
from doorstep.core.order import Content
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import problems, specification

SQUARESPACE = Squarespace()
ACCOUNT = Account(settings={"site": "https://Shop.example/"}, credentials={"api_key": "hush-hush"}, now=NOW)
FILE, PREFIX = "squarespace/squarespace-orders-api-openapi.yml", "/1.0"
ORDER = "585d498fdee9f31a60284a37"
SHIPMENT = Shipment(order=ORDER, number="LX123456785CN", key="k", carrier="ctt", carrier_name="CTT")


class Shop:
    """One order, fulfilled as Squarespace does. The sample on its page names what a shipment must have."""

    def __init__(self, status: str = "PENDING") -> None:
        self.status = status
        self.shipments: list[dict[str, Any]] = []
        self.mailed: list[bool] = []
        self.deaf = False

    def __call__(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == "Bearer hush-hush"
        path = urlsplit(request.url).path
        if request.method == "GET":
            assert path == f"/1.0/commerce/orders/{ORDER}"
            return answer(self.order())
        assert path == f"/1.0/commerce/orders/{ORDER}/fulfillments"
        body = json.loads(request.body)
        self.mailed.append(body["shouldSendNotification"])
        for one in body["shipments"]:
            assert {"shipDate", "carrierName", "service", "trackingNumber"} <= set(one)
        self.shipments += [] if self.deaf else body["shipments"]
        self.status = "FULFILLED"
        return answer(b"", status=204)

    def order(self) -> dict[str, Any]:
        lines = [{"id": "a", "quantity": 2, "lineItemType": "PHYSICAL_PRODUCT"}, {"id": "b", "lineItemType": "SERVICE"}]
        whole = {"id": ORDER, "orderNumber": "7", "createdOn": "2026-06-28T09:00:00Z", "fulfillmentStatus": self.status}
        return {**whole, "lineItems": lines, "fulfillments": self.shipments}


def push(shop: Any, **changed: Any) -> Driven[Any]:
    return drive(CONNECTOR, ACCOUNT, SQUARESPACE.push(ACCOUNT, replace(SHIPMENT, **changed)), shop)


def held(done: Driven[Any]) -> None:
    """Every request is as the description at hand has it."""
    assert problems(FILE, [(one, answer({})) for one in done.requests], prefix=PREFIX) == []


def test_numbers_are_added_beside_one_another_and_each_only_once() -> None:
    shop = Shop()
    first = push(shop, contents=(Content(line="a", qty=1),), url="https://track.example/LX")
    assert (first.result.ref, [one.id for one in first.result.notes]) == (SHIPMENT.number, ["squarespace.whole"])
    held(first)
    again = push(shop)
    assert [one for one in again.requests if one.changes] == [], "a repetition adds nothing and mails nobody"
    assert not again.result.notes
    day = NOW - timedelta(days=1)
    push(shop, number="RB 123 456 785 PT", notify=False, shipped_at=day, contents=(Content(line="a", qty=2),))
    assert shop.mailed == [True, False]
    assert [one["shipDate"] for one in shop.shipments] == ["2026-07-01T12:00:00.000Z", "2026-06-30T12:00:00.000Z"]
    shown = drive(CONNECTOR, ACCOUNT, SQUARESPACE.read_back(ACCOUNT, ORDER), shop).result
    assert [(one.ref, one.number, one.carrier) for one in shown] == [
        ("LX123456785CN", "LX123456785CN", "CTT"),
        ("RB123456785PT", "RB 123 456 785 PT", "CTT"),
    ]


def test_a_changed_number_stands_beside_the_former_one_and_that_is_said() -> None:
    shop = Shop()
    push(shop)
    edit = push(shop, number="LX2", replaces=SHIPMENT.number, former=SHIPMENT.number)
    (note,) = edit.result.notes
    assert (note.id, note.values["former"]) == ("squarespace.beside", SHIPMENT.number)
    assert [one["trackingNumber"] for one in shop.shipments] == [SHIPMENT.number, "LX2"]


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({}, "CANCELED", "stores.order_cancelled"),
        ({"carrier_name": ""}, "PENDING", "squarespace.no_carrier"),
        ({"replaces": "LX9"}, "PENDING", "stores.replaced_gone"),
        ({"order": "../webhook_subscriptions"}, "PENDING", "stores.not_found"),
    ],
)
def test_what_squarespace_would_not_take_is_not_sent(changed: Any, status: str, sentence: str) -> None:
    shop = Shop(status)
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert shop.mailed == []


def test_a_number_that_was_not_kept_is_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


def test_a_cursor_stands_alone_and_changes_are_asked_between_two_instants() -> None:
    page = answer({"result": [{"id": "1"}], "pagination": {"hasNextPage": True, "nextPageCursor": "on"}})
    last = answer({"result": [{"id": "1"}], "pagination": {"hasNextPage": False, "nextPageCursor": "x"}})
    done = drive(CONNECTOR, ACCOUNT, SQUARESPACE.orders(ACCOUNT, NOW - timedelta(hours=1)), [page, last])
    held(done)
    between = {"modifiedAfter": "2026-07-01T11:00:00.000Z", "modifiedBefore": "2026-07-01T12:00:00.000Z"}
    assert [dict(one.query) for one in done.requests] == [between, {"cursor": "on"}]
    assert [one.subject for one in done.requests] == ["0", "1"]
    whole = drive(CONNECTOR, ACCOUNT, SQUARESPACE.orders(ACCOUNT, None), answer({"result": []}))
    assert whole.requests[0].query == ()


def test_the_shop_is_known_by_the_address_that_was_entered() -> None:
    done = drive(CONNECTOR, ACCOUNT, SQUARESPACE.check(ACCOUNT), answer({"result": []}))
    assert (done.result.external_id, done.result.label) == ("shop.example", "shop.example")
    nowhere = replace(ACCOUNT, settings={"site": " "})
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, nowhere, SQUARESPACE.check(nowhere), answer({"result": []}))
    assert caught.value.message and caught.value.message.id == "squarespace.no_site"


def test_a_key_that_asked_too_often_waits_a_minute() -> None:
    for said, seconds in (({}, 60), ({"retry_after": "7"}, 7)):
        with pytest.raises(Busy) as caught:
            drive(CONNECTOR, ACCOUNT, SQUARESPACE.order(ACCOUNT, ORDER), answer({}, status=429, **said))
        assert caught.value.retry_after == seconds


def test_recorded_orders_are_those_of_the_description() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        if recording.path.stem in {"orders_page", "one_order"}:
            for order in body.get("result", [body]):
                found = [one for one in spec.definition("Order", order) if "orderNumber" not in one]
                found = [one for one in found if "lineItemType" not in one and "None is not of type" not in one]
                assert found == [], "a third party's description: the vendor's own sample has texts for numbers"
                checked += 1
    assert checked == 4
