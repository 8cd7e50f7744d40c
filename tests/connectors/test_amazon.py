"""Amazon: its own examples, its words, pages, and package numbers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.connectors.contract import Account, Answer, Broken, Busy
from doorstep.connectors.stores.amazon import CONNECTOR, Amazon, package_of
from doorstep.core.message import Message
from doorstep.core.order import Order
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import specification

AMAZON = Amazon()
ACCOUNT = Account(settings={"region": " EU ", "seller_id": "A1"}, credentials={"access_token": "Atza|token"}, now=NOW)
FILE = "amazon_sp_api/orders_2026-01-01.json"


def examples(operation: str) -> list[Any]:
    """Every good answer that Amazon shows for an operation: its example, and those of its static sandbox."""
    path = {"search": "/orders/2026-01-01/orders", "get": "/orders/2026-01-01/orders/{orderId}"}[operation]
    good = specification(FILE, strict=False).doc["paths"][path]["get"]["responses"]["200"]
    shown = list(good.get("examples", {}).values())
    return shown + [one["response"] for one in good.get("x-amzn-api-sandbox", {}).get("static", [])]


@pytest.mark.parametrize(("operation", "what", "least"), [("search", "orders", 1), ("get", "order", 1)])
def test_amazons_own_examples_are_read_whole(operation: str, what: str, least: int) -> None:
    found = examples(operation)
    assert len(found) >= least
    for shown in found:
        facts = AMAZON.read(Answer(what=what, body=json.dumps(shown).encode(), received_at=NOW))
        there = shown["orders"] if what == "orders" else [shown["order"]]
        mine = [one for one in there if one.get("fulfillment", {}).get("fulfilledBy") != "AMAZON"]
        assert [one.ref for one in facts.orders] == [one["orderId"] for one in mine]
        assert (facts.bad, facts.words) == ((), ())
        assert all(one.buyer is None for one in facts.orders), "restricted data is none of ours"
        assert {part.qty for one in facts.orders for part in packed(one)} <= {1, 2, 3}


def packed(order: Order) -> list[Any]:
    return [part for one in order.shipments or () for part in one.contents]


def test_every_word_of_the_schema_is_known() -> None:
    definitions = specification(FILE, strict=False).doc["definitions"]
    words = set(definitions["FulfillmentStatus"]["enum"])
    words |= set(definitions["PackageStatus"]["properties"]["status"]["enum"])
    assert words == set(AMAZON.status)


def test_recorded_orders_are_orders_of_the_schema() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        name = {"order": "GetOrderResponse", "orders": "SearchOrdersResponse"}[recording.content["what"]]
        if recording.content["status"] == 200 and recording.path.stem not in {"odd_shapes", "unknown_status"}:
            assert spec.definition(name, recording.content["body"]) == []
            checked += 1
    assert checked == 4


@given(st.text(max_size=40))
def test_a_package_has_a_positive_number_that_stays(key: str) -> None:
    number = package_of(key)
    assert number == package_of(key)
    assert 0 < int(number) < 2**31
    assert number == str(int(number))


def test_pages_follow_the_token_and_the_region_is_asked() -> None:
    row = {"orderId": "1"}
    pages = [
        answer({"orders": [row], "pagination": {"nextToken": "n1"}}),
        answer({"orders": [], "pagination": {"nextToken": "n2"}}),
    ]
    done = drive(CONNECTOR, ACCOUNT, AMAZON.orders(ACCOUNT, NOW), pages)
    assert [dict(one.query).get("paginationToken") for one in done.requests] == [None, "n1"]
    assert {one.url for one in done.requests} == {"https://sellingpartnerapi-eu.amazon.com/orders/2026-01-01/orders"}
    assert dict(done.requests[0].query)["lastUpdatedAfter"] == "2026-07-01T12:00:00Z"
    single = drive(CONNECTOR, ACCOUNT, AMAZON.order(ACCOUNT, "302-1-1"), [answer({"order": row})]).requests[0]
    assert (single.what, dict(single.query)["includedData"]) == ("order", "FULFILLMENT,PACKAGES,CANCELLATION")


@pytest.mark.parametrize("said", ["", "fast", "0", "0.0", "-1", "1e9"])
def test_a_limit_that_is_no_number_is_no_wait(said: str) -> None:
    busy = answer("slow down", status=429, x_amzn_ratelimit_limit=said)
    with pytest.raises(Busy) as caught:
        drive(CONNECTOR, ACCOUNT, AMAZON.order(ACCOUNT, "302-1-1"), [busy])
    assert caught.value.retry_after is None
    assert caught.value.message == Message(id="stores.busy")


def test_what_is_no_order_is_trouble() -> None:
    with pytest.raises(Broken):
        drive(CONNECTOR, ACCOUNT, AMAZON.read_back(ACCOUNT, "302-1-1"), [answer({"order": None})])
