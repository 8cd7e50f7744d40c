"""Walmart: its own examples, giving numbers line by line, cursors, keys."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, NotFound, Refused, Request, Shipment
from doorstep.connectors.stores.walmart import CONNECTOR, Walmart
from doorstep.core.order import Content
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import specification

WALMART = Walmart()
ACCOUNT = Account(
    settings={"client_id": "me"},
    credentials={
        "client_secret": "hush-hush",
        "access_token": "token-1",
        "access_until": (NOW + timedelta(minutes=15)).isoformat(),
    },
    now=NOW,
)
FILE = "walmart/us_mp_orders.json"
SHIPMENT = Shipment(order="17", number="9400111899223100000001", key="k", carrier="usps", carrier_name="USPS")


class Shop:
    """One order of two lines, which answers as Walmart does."""

    def __init__(self, **line: Any) -> None:
        self.lines: dict[str, list[dict[str, Any]]] = {one: [self.part("Created", 2)] for one in ("1", "2")}
        self.line = line
        self.shipped: list[dict[str, Any]] = []
        self.deaf = False

    @staticmethod
    def part(status: str, amount: int, **more: Any) -> dict[str, Any]:
        return {"status": status, "statusQuantity": {"unitOfMeasurement": "EACH", "amount": str(amount)}, **more}

    def __call__(self, request: Request) -> Answer:
        path = urlsplit(request.url).path.removeprefix("/v3/orders/17")
        if path == "/acknowledge":
            self.lines = {ref: [self.part("Acknowledged", 2)] for ref in self.lines}
        elif path == "/shipping":
            self.ship(json.loads(request.body))
        return answer({"order": self.order()})

    def ship(self, body: Any) -> None:
        for one in body["orderShipment"]["orderLines"]["orderLine"]:
            self.shipped.append(one)
            (status,) = one["orderLineStatuses"]["orderLineStatus"]
            parts = self.lines[one["lineNumber"]]
            if body["orderShipment"].get("processMode") == "PARTIAL_UPDATE":
                self.change(parts, status)
                continue
            assert parts[0]["status"] == "Acknowledged", "Walmart ships nothing that nobody acknowledged"
            sent = int(status["statusQuantity"]["amount"])
            left = int(parts[0]["statusQuantity"]["amount"]) - sent
            if not self.deaf:
                parts[:] = [self.part("Acknowledged", left), *parts[1:], status]

    @staticmethod
    def change(parts: list[dict[str, Any]], status: dict[str, Any]) -> None:
        former = status.pop("currentTrackingInfo")["trackingNumber"]
        (place,) = [at for at, part in enumerate(parts) if part.get("trackingInfo", {}).get("trackingNumber") == former]
        parts[place] = status

    def order(self) -> dict[str, Any]:
        lines = [
            {
                "lineNumber": ref,
                "orderLineQuantity": {"amount": "2"},
                "orderLineStatuses": {"orderLineStatus": parts},
                **self.line,
            }
            for ref, parts in self.lines.items()
        ]
        info = {"methodCode": "Express"}
        shape = {"purchaseOrderId": "17", "orderDate": 1782637200000, "shippingInfo": info}
        return {**shape, "orderLines": {"orderLine": lines}}


def push(shop: Any, **changed: Any) -> Driven[Any]:
    return drive(CONNECTOR, ACCOUNT, WALMART.push(ACCOUNT, replace(SHIPMENT, **changed)), shop)


def test_a_number_is_given_once_and_the_order_acknowledged_first() -> None:
    shop = Shop()
    done = push(shop, contents=(Content(line="1", qty=1),))
    assert done.result.ref == SHIPMENT.number
    assert [urlsplit(one.url).path.rpartition("/")[2] for one in done.requests if one.changes] == [
        "acknowledge",
        "shipping",
    ]
    assert [one.changes for one in push(shop).requests] == [False], "a repetition adds nothing"
    rest = push(shop, number="LX1", carrier_name="", carrier_beside="CTT", url="https://ctt.example/LX1")
    assert [one.changes for one in rest.requests] == [False, True]
    sent = [(one["lineNumber"], one["orderLineStatuses"]["orderLineStatus"][0]) for one in shop.shipped]
    assert [(line, one["statusQuantity"]["amount"]) for line, one in sent] == [("1", "1"), ("1", "1"), ("2", "2")]
    assert {one["trackingInfo"]["methodCode"] for _, one in sent} == {"Express"}, "as the buyer chose it"
    shown = drive(CONNECTOR, ACCOUNT, WALMART.read_back(ACCOUNT, "17"), shop).result
    assert [(one.number, len(one.contents), one.carrier) for one in shown] == [
        (SHIPMENT.number, 1, "USPS"),
        ("LX1", 2, "CTT"),
    ]
    spec = specification(FILE, strict=True)
    for one in shop.shipped:  # the file's own operation resolves to the line of a refund: its component is held to
        assert spec.definition("ShippingLineType", one) == []


def test_a_number_is_changed_where_it_stands() -> None:
    shop = Shop()
    push(shop, contents=(Content(line="1", qty=1),))
    push(shop, number="LX1", contents=(Content(line="2", qty=2),))
    done = push(shop, number="9400111899223100000002", replaces=SHIPMENT.number, former=SHIPMENT.number)
    sent = json.loads(done.requests[-1].body)["orderShipment"]
    assert [one["lineNumber"] for one in sent["orderLines"]["orderLine"]] == ["1"]
    shown = drive(CONNECTOR, ACCOUNT, WALMART.read_back(ACCOUNT, "17"), shop).result
    assert [one.number for one in shown] == ["9400111899223100000002", "LX1"]
    spec = specification(FILE, strict=True)
    record = spec.doc["components"]["schemas"]["OrderShipmentRecord"]["properties"]
    assert sent["processMode"] in record["processMode"]["description"]
    # The file's line points to the states of an order that is read; those of one that is shipped are the ones meant.
    statuses = [one["orderLineStatuses"] for one in sent["orderLines"]["orderLine"]]
    assert [spec.definition("ShipLineStatusesType", one) for one in statuses] == [[]]


def test_a_change_that_comes_too_late_says_what_to_do() -> None:
    shop = Shop()
    push(shop)

    def late(request: Request) -> Answer:
        refusal = {"errors": {"error": [{"description": "Line is shipped"}]}}
        return answer(refusal, status=400) if request.changes else shop(request)

    with pytest.raises(Refused) as caught:
        push(late, number="LX1", replaces=SHIPMENT.number, former=SHIPMENT.number)
    assert caught.value.message and caught.value.message.id == "walmart.no_change"


@pytest.mark.parametrize(
    ("changed", "line", "sentence"),
    [
        ({"replaces": "LX9"}, {}, "stores.replaced_gone"),
        ({"carrier_name": "", "carrier_beside": "CTT"}, {}, "walmart.no_carrier"),
        ({}, {"intentToCancel": "CUSTOMER_REQUESTED_SELLER_TO_CANCEL"}, "walmart.wants_to_cancel"),
        ({}, {"orderLineStatuses": {"orderLineStatus": [Shop.part("Shipped", 2)]}}, "stores.nothing_left"),
        ({}, {"orderLineStatuses": {"orderLineStatus": [Shop.part("Cancelled", 2)]}}, "stores.order_cancelled"),
        ({"order": "../17"}, {}, "stores.not_found"),
    ],
)
def test_what_walmart_would_not_take_is_not_sent(changed: dict[str, Any], line: dict[str, Any], sentence: str) -> None:
    shop = Shop(**line)
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert shop.shipped == []


def test_a_number_that_was_not_kept_is_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


def test_walmarts_own_examples_are_read_whole() -> None:
    paths = specification(FILE, strict=False).doc["paths"]
    page = paths["/v3/orders"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    ones = paths["/v3/orders/{purchaseOrderId}"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    for what, body in [("orders", page), *(("order", one["value"]) for one in ones.values())]:
        facts = WALMART.read(Answer(what=what, body=json.dumps(body).encode(), received_at=NOW))
        there = body["list"]["elements"]["order"] if what == "orders" else [body["order"]]
        assert [one.ref for one in facts.orders] == [one["purchaseOrderId"] for one in there]
        assert (facts.bad, facts.words) == ((), ())


def test_pages_follow_walmarts_cursor() -> None:
    meta = {"nextCursor": "?limit=200&hasMoreElements=true&soIndex=401"}
    pages = [answer({"list": {"meta": meta, "elements": {"order": []}}}), answer({"list": None})]
    done = drive(CONNECTOR, ACCOUNT, WALMART.orders(ACCOUNT, NOW), pages)
    assert done.requests[1].query == (("limit", "200"), ("hasMoreElements", "true"), ("soIndex", "401"))
    first = dict(done.requests[0].query)
    assert first["lastModifiedStartDate"] == "2026-07-01T12:00:00Z"
    assert first["createdStartDate"] == "2026-01-03", "without it Walmart looks back seven days only"
    declared = specification(FILE, strict=False).params("GET", "/v3/orders")
    assert {("query", name) for one in done.requests for name, _ in one.query} <= set(declared)
    whole = drive(CONNECTOR, ACCOUNT, WALMART.orders(ACCOUNT, None), [answer({"list": {}})])
    assert "lastModifiedStartDate" not in dict(whole.requests[0].query)
    one = drive(CONNECTOR, ACCOUNT, WALMART.order(ACCOUNT, "17"), [answer({"order": {}})]).requests[0]
    assert (one.what, one.subject) == ("order", "17")


def test_the_key_is_exchanged_for_a_token_of_fifteen_minutes() -> None:
    assert not WALMART.stale(ACCOUNT)
    stranger = replace(ACCOUNT, credentials={"client_secret": "hush-hush"})
    assert WALMART.stale(stranger)
    reply = answer({"access_token": "t", "token_type": "Bearer", "expires_in": 900})
    done = drive(CONNECTOR, stranger, WALMART.renew(stranger), [reply])
    assert done.result == {"access_token": "t", "access_until": (NOW + timedelta(seconds=900)).isoformat()}
    assert done.requests[0].headers["Authorization"] == "Basic bWU6aHVzaC1odXNo"
    with pytest.raises(Denied) as caught:
        drive(CONNECTOR, stranger, WALMART.renew(stranger), [answer({"errors": [{"info": "no"}]}, status=401)])
    assert caught.value.message and caught.value.message.id == "walmart.denied"
    checked = drive(CONNECTOR, ACCOUNT, WALMART.check(ACCOUNT), [answer({"list": {}})]).result
    assert checked.external_id == "me"


def test_a_busy_walmart_that_says_nothing_is_no_wait() -> None:
    with pytest.raises(Busy) as caught:
        drive(CONNECTOR, ACCOUNT, WALMART.order(ACCOUNT, "17"), [answer("slow", status=429)])
    assert caught.value.retry_after is None


def test_recorded_orders_and_words_are_those_of_the_schema() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        if recording.content["status"] == 200 and recording.path.stem not in {"odd_shapes", "unknown_status"}:
            orders = body["list"]["elements"]["order"] if "list" in body else [body["order"]]
            for line in (line for one in orders for line in one["orderLines"]["orderLine"]):
                told = json.loads(json.dumps(line).replace(', "tax": null', ""))
                assert spec.definition("OrderLineType", told) == []
                checked += 1
    assert checked == 11
    words = spec.doc["components"]["schemas"]["OrderLineStatusType"]["properties"]["status"]["enum"]
    assert set(words) == set(WALMART.status)
