"""Wix: fulfillments made, changed and deleted, pages with their fulfillments beside them, sites and keys."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Denied, NotFound, Refused, Request, Shipment
from doorstep.connectors.stores.wix import CONNECTOR, Wix
from doorstep.core.channel import carrier_name, channel
from doorstep.core.order import Content
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import specification

WIX = Wix()
SITE = "0a1b2c3d-1111-2222-3333-0123456789ab"
ACCOUNT = Account(settings={"site_id": SITE}, credentials={"api_key": "IST.hush"}, now=NOW)
ORDER = "58c9a790-27b7-463f-a865-c7cb494f7c29"
SHIPMENT = Shipment(order=ORDER, number="794612345678", key="k", carrier="fedex", carrier_name="fedex")
FULFILLMENTS, ORDERS = "wix/wix_ecom_order_fulfillments_schemas.json", "wix/wix_ecom_orders_schemas.json"


class Site:
    """One order, fulfilled as Wix does. What is sent is held to Wix's own types."""

    def __init__(self, status: str = "APPROVED") -> None:
        self.spec = specification(FULFILLMENTS, strict=True)
        self.status = status
        self.lines = {"lamp": (3, 1, True), "bulb": (1, 0, True), "pdf": (1, 0, False)}
        self.fulfillments: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Answer:
        assert (request.headers["Authorization"], request.headers["wix-site-id"]) == ("IST.hush", SITE)
        path = urlsplit(request.url).path.removeprefix("/ecom/v1")
        body = json.loads(request.body) if request.body else {}
        if path == f"/orders/{ORDER}":
            return answer({"order": self.order()})
        if path == f"/fulfillments/orders/{ORDER}":
            return answer({"orderWithFulfillments": {"orderId": ORDER, "fulfillments": self.fulfillments}})
        if path == f"/fulfillments/orders/{ORDER}/create-fulfillment":
            return self.make(body)
        ref = path.split("/")[2]
        assert path == f"/fulfillments/{ref}/orders/{ORDER}"
        (there,) = [one for one in self.fulfillments if one["id"] == ref]
        if request.method == "DELETE":
            self.fulfillments.remove(there)
        else:
            assert self.spec.definition("UpdateFulfillmentRequest", {"orderId": ORDER, **body}) == []
            there |= body["fulfillment"]
        return answer({"orderWithFulfillments": {"orderId": ORDER, "fulfillments": self.fulfillments}})

    def order(self) -> dict[str, Any]:
        lines = [
            {"id": ref, "quantity": qty, "refundQuantity": gone, "physicalProperties": {"shippable": goods}}
            for ref, (qty, gone, goods) in self.lines.items()
        ]
        return {
            "id": ORDER,
            "number": "7",
            "status": self.status,
            "createdDate": "2026-06-28T09:00:00Z",
            "lineItems": lines,
        }

    def make(self, body: dict[str, Any]) -> Answer:
        assert self.spec.definition("CreateFulfillmentRequest", {"orderId": ORDER, **body}) == []
        made = {"id": f"f-{len(self.fulfillments) + 1}", **body["fulfillment"]}
        self.fulfillments.append(made)
        said = {"fulfillmentId": made["id"], "orderWithFulfillments": {"orderId": ORDER, "fulfillments": []}}
        assert self.spec.definition("CreateFulfillmentResponse", said) == []
        return answer(said)


def push(site: Any, **changed: Any) -> Driven[Any]:
    return drive(CONNECTOR, ACCOUNT, WIX.push(ACCOUNT, replace(SHIPMENT, **changed)), site)


def changes(done: Driven[Any]) -> list[str]:
    return [one.method for one in done.requests if one.changes]


def shown(site: Site) -> list[tuple[str, str]]:
    found = drive(CONNECTOR, ACCOUNT, WIX.read_back(ACCOUNT, ORDER), site).result
    return [(one.ref, one.number) for one in found]


def test_a_number_is_given_once_and_the_rest_under_another() -> None:
    site = Site()
    part = push(site, contents=(Content(line="lamp", qty=1),))
    assert (part.result.ref, changes(part)) == ("f-1", ["POST"])
    assert changes(push(site)) == [], "a repetition adds nothing"
    rest = push(site, number="LX1", carrier_name="CTT", url="https://track.example/LX1", notify=False)
    assert [one.id for one in rest.result.notes] == ["wix.mails_itself"]
    assert site.fulfillments[1]["lineItems"] == [{"id": "lamp", "quantity": 1}, {"id": "bulb", "quantity": 1}]
    assert shown(site) == [("f-1", SHIPMENT.number), ("f-2", "LX1")]
    with pytest.raises(Refused) as caught:
        push(site, number="LX2")
    assert caught.value.message and caught.value.message.id == "stores.nothing_left"


def test_a_number_is_changed_in_place_and_taken_back() -> None:
    site = Site()
    push(site)
    edit = push(site, number="LX2", carrier_name="", replaces="f-1", former=SHIPMENT.number)
    assert (edit.result.ref, changes(edit), shown(site)) == ("f-1", ["PATCH"], [("f-1", "LX2")])
    for expected in (["DELETE"], []):
        done = drive(CONNECTOR, ACCOUNT, WIX.withdraw(ACCOUNT, ORDER, "f-1"), site)
        assert changes(done) == expected, "what is gone already is fine"
    assert shown(site) == []


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({}, "CANCELED", "stores.order_cancelled"),
        ({"replaces": "f-9"}, "APPROVED", "stores.replaced_gone"),
        ({"order": "../sites"}, "APPROVED", "stores.not_found"),
    ],
)
def test_what_wix_would_not_take_is_not_sent(changed: Any, status: str, sentence: str) -> None:
    site = Site(status)
    with pytest.raises((Refused, NotFound)) as caught:
        push(site, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert site.fulfillments == []


def test_carriers_that_wix_knows_have_its_own_names() -> None:
    for code, name in (("canada_post", "canadaPost"), ("dhl_express", "dhl"), ("ctt", "CTT")):
        assert carrier_name(channel("wix"), code).field == name


def test_pages_follow_the_cursor_with_their_fulfillments_beside_them() -> None:
    sent, new = {"id": "a", "fulfillmentStatus": "FULFILLED"}, {"id": "b", "fulfillmentStatus": "NOT_FULFILLED"}
    first = answer({"orders": [sent, new], "metadata": {"cursors": {"next": "on"}, "hasNext": True}})
    listed = answer({"ordersWithFulfillments": [{"orderId": "a", "fulfillments": [{"id": "f-1"}]}]})
    last = answer({"orders": [new], "metadata": {"cursors": {"next": "on"}, "hasNext": False}})
    done = drive(CONNECTOR, ACCOUNT, WIX.orders(ACCOUNT, NOW), [first, listed, first, last, last])
    spec, strict = specification(ORDERS, strict=True), specification(FULFILLMENTS, strict=True)
    bodies = [json.loads(one.body) for one in done.requests]
    assert [spec.definition("SearchOrdersRequest", bodies[place]) for place in (0, 2, 3)] == [[], [], []]
    assert strict.definition("ListFulfillmentsForMultipleOrdersRequest", bodies[1]) == []
    assert bodies[0]["search"]["filter"] == {"updatedDate": {"$gte": "2026-07-01T12:00:00.000+00:00"}}
    assert bodies[3]["search"]["cursorPaging"]["cursor"] == "on" and "filter" not in bodies[3]["search"]
    assert [(one.what, one.subject) for one in done.requests if one.what] == [("orders", "0"), ("orders", "1")]
    assert "f-1" in done.requests[2].context["fulfillments"]
    assert changes(done) == []
    one = drive(CONNECTOR, ACCOUNT, WIX.order(ACCOUNT, ORDER), Site())
    assert [(request.what, request.subject) for request in one.requests] == [("", ""), ("order", ORDER)]
    alone = drive(CONNECTOR, ACCOUNT, WIX.orders(ACCOUNT, None), answer({"orders": []}))
    assert "filter" not in json.loads(alone.requests[0].body)["search"]


@pytest.mark.parametrize("said", [SITE, f" https://manage.wix.com/dashboard/{SITE.upper()}/home?x=1"])
def test_the_shop_is_known_by_its_site(said: str) -> None:
    mine = replace(ACCOUNT, settings={"site_id": said})
    done = drive(CONNECTOR, mine, WIX.check(mine), answer({"orders": []}))
    assert (done.result.external_id, done.result.label) == (SITE, "Wix 0a1b2c3d")


def test_an_address_without_a_site_is_told() -> None:
    mine = replace(ACCOUNT, settings={"site_id": "https://shop.example/"})
    with pytest.raises(Denied) as caught:
        drive(CONNECTOR, mine, WIX.check(mine), answer({}))
    assert caught.value.message and caught.value.message.id == "wix.no_site"


def test_recorded_orders_are_those_of_the_types() -> None:
    spec, checked = specification(ORDERS, strict=True), 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        if recording.path.stem in {"orders_page", "one_order", "order_states", "not_asked_about"}:
            for order in body.get("orders", [body.get("order")]):
                assert spec.definition("Order", order) == []
                checked += 1
    assert checked == 8
