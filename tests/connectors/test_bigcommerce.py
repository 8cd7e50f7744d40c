"""BigCommerce: giving numbers shipment by shipment, pages, notices that only knock."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Delivery,
    Denied,
    NotFound,
    Refused,
    Request,
    Shipment,
)
from doorstep.connectors.signing import hmac_base64
from doorstep.connectors.stores.bigcommerce import CONNECTOR, SCOPES, BigCommerce
from doorstep.core.order import Content
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import problems, specification

BIG = BigCommerce()
ACCOUNT = Account(
    settings={"store_hash": "https://api.bigcommerce.com/stores/abc123/v3/"},
    credentials={"access_token": "hush-hush", "hook_secret": "shibboleth"},
    now=NOW,
)
FILE, PREFIX = "bigcommerce/orders.v2.oas2.yml", "/stores/abc123/v2"
SHIPMENT = Shipment(order="118", number="9400111899223100000001", key="k", carrier="usps", carrier_name="usps")


class Shop:
    """One order of two lines to one address, which keeps its shipments as BigCommerce does."""

    def __init__(self, **order: Any) -> None:
        lines = [(11, 2, "physical", 99), (12, 1, "physical", 99), (13, 1, "digital", 0)]
        self.lines = {one: (qty, kind, address) for one, qty, kind, address in lines}
        self.shipments: list[dict[str, Any]] = []
        self.order = {"id": 118, "status_id": 11, "date_created": "Sun, 28 Jun 2026 09:00:00 +0000", **order}
        self.deaf = False

    def __call__(self, request: Request) -> Answer:
        assert request.headers["X-Auth-Token"] == "hush-hush"
        path = urlsplit(request.url).path.removeprefix(f"{PREFIX}/orders/118")
        if not path:
            return answer({**self.order, "consignments": {"shipping": [{"id": 99, "line_items": self.told()}]}})
        ref = int(path.rpartition("/")[2]) if path.count("/") == 2 else 0
        return getattr(self, request.method.lower())(request, ref)  # type: ignore[no-any-return]

    def told(self) -> list[dict[str, Any]]:
        """The lines, with what of each is on its way."""
        items = [item for one in self.shipments for item in one["items"]]
        sent = {line: sum(one["quantity"] for one in items if one["order_product_id"] == line) for line in self.lines}
        return [
            {"id": ref, "quantity": qty, "type": kind, "order_address_id": address, "quantity_shipped": sent[ref]}
            for ref, (qty, kind, address) in self.lines.items()
        ]

    def get(self, _request: Request, _ref: int) -> Answer:
        return answer(self.shipments) if self.shipments else answer(status=204)

    def post(self, request: Request, _ref: int) -> Answer:
        body = json.loads(request.body)
        left = {one["id"]: one["quantity"] - one["quantity_shipped"] for one in self.told()}
        for one in body["items"]:
            if left[one["order_product_id"]] < one["quantity"]:
                return answer([{"status": 400, "message": "The quantity is more than is left."}], status=400)
        self.shipments.append({"id": 7 + len(self.shipments), **body, **self.garbled()})
        return answer(self.shipments[-1], status=201)

    def put(self, request: Request, ref: int) -> Answer:
        (there,) = [one for one in self.shipments if one["id"] == ref]
        there.update(json.loads(request.body))
        return answer(there)

    def delete(self, _request: Request, ref: int) -> Answer:
        left = [one for one in self.shipments if one["id"] != ref]
        gone, self.shipments = len(left) == len(self.shipments), left
        return answer([{"status": 404, "message": "none"}], status=404) if gone else answer(status=204)

    def garbled(self) -> dict[str, str]:
        return {"tracking_number": ""} if self.deaf else {}


def held(done: Driven[Any]) -> Driven[Any]:
    """Every exchange is as BigCommerce's file has it, which declares no errors."""
    said = [
        (one, reply) for one, reply in zip(done.requests, done.answers, strict=True) if reply.status not in (400, 404)
    ]
    assert problems(FILE, said, prefix=PREFIX) == []
    return done


def push(shop: Any, **changed: Any) -> Driven[Any]:
    return held(drive(CONNECTOR, ACCOUNT, BIG.push(ACCOUNT, replace(SHIPMENT, **changed)), shop))


def changes(done: Driven[Any]) -> list[str]:
    return [one.method for one in done.requests if one.changes]


def test_a_number_is_given_once_changed_and_taken_back() -> None:
    shop = Shop()
    part = push(shop, contents=(Content(line="11", qty=1),))
    assert (part.result.ref, changes(part)) == ("7", ["POST"])
    assert changes(push(shop)) == [], "a repetition adds nothing"
    rest = push(shop, number="LX1", carrier_name="", url="https://ctt.example/LX1")
    assert (rest.result.ref, shop.shipments[1]["items"]) == (
        "8",
        [{"order_product_id": 11, "quantity": 1}, {"order_product_id": 12, "quantity": 1}],
    )
    assert {one["order_address_id"] for one in shop.shipments} == {99}
    edit = push(shop, number="LX2", replaces="8", former="LX1", carrier_name="royalmail", url="")
    assert (edit.result.ref, changes(edit)) == ("8", ["PUT"])
    shown = held(drive(CONNECTOR, ACCOUNT, BIG.read_back(ACCOUNT, "118"), shop)).result
    assert [(one.number, one.carrier, one.url, one.contents) for one in shown] == [
        (SHIPMENT.number, "usps", "", (Content(line="11", qty=1),)),
        ("LX2", "royalmail", "", (Content(line="11", qty=1), Content(line="12", qty=1))),
    ]
    for _ in range(2):  # what is gone already was taken back
        held(drive(CONNECTOR, ACCOUNT, BIG.withdraw(ACCOUNT, "118", "8"), shop))
    assert [one["id"] for one in shop.shipments] == [7]


@pytest.mark.parametrize(
    ("changed", "order", "sentence"),
    [
        ({}, {"status_id": 5}, "stores.order_cancelled"),
        ({"replaces": "9"}, {}, "stores.replaced_gone"),
        ({"contents": (Content(line="13", qty=1),)}, {}, "bigcommerce.no_line"),
        ({"order": "../118"}, {}, "stores.not_found"),
        ({"contents": (Content(line="12", qty=4),)}, {}, "stores.refused"),
    ],
)
def test_what_bigcommerce_would_not_take_is_told(changed: Any, order: Any, sentence: str) -> None:
    shop = Shop(**order)
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert shop.shipments == []


def test_a_parcel_goes_to_one_address_and_not_empty() -> None:
    shop = Shop()
    shop.lines[12] = (1, "physical", 100)
    with pytest.raises(Refused) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "bigcommerce.addresses"
    assert push(shop, contents=(Content(line="12", qty=1),)).result.ref == "7"
    assert shop.shipments[0]["order_address_id"] == 100
    push(shop, number="LX1", contents=(Content(line="11", qty=2),))
    with pytest.raises(Refused) as caught:
        push(shop, number="LX2")
    assert caught.value.message and caught.value.message.id == "stores.nothing_left"


def test_a_number_that_was_not_kept_is_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


def test_orders_are_paged_and_their_shipments_come_beside_them() -> None:
    page = [{"id": one, "items_shipped": 0} for one in range(1, 50)] + [{"id": 118, "items_shipped": 1}]
    shown = [{"id": one, "tracking_number": f"LX{one}"} for one in range(50)]
    whole = {"id": 118, "status_id": 2, "date_created": "Sun, 28 Jun 2026 09:00:00 +0000", "items_shipped": 1}
    whole["consignments"] = {"shipping": []}
    pages = [answer(page), answer(shown), answer(status=204), answer(whole), answer([])]
    done = held(drive(CONNECTOR, ACCOUNT, BIG.orders(ACCOUNT, NOW), pages))
    assert [dict(one.query).get("page") for one in done.requests] == ["1", "1", "2", None, "2"]
    assert [(one.what, one.subject) for one in done.requests if one.what] == [
        ("orders", "1"),
        ("order", "118"),
        ("orders", "2"),
    ]
    assert dict(done.requests[0].query)["min_date_modified"] == "2026-07-01T12:00:00+00:00"
    asked = done.requests[3]
    told = replace(answer(whole), what="order", context=asked.context)
    (order,) = BIG.read(told).orders
    assert [one.number for one in order.shipments or ()] == [f"LX{one}" for one in range(50)]
    (alone,) = BIG.read(replace(told, context={"shipments": "[{"})).orders
    assert alone.shipments is None, "nobody said what was shipped"
    first = drive(CONNECTOR, ACCOUNT, BIG.orders(ACCOUNT, None), [answer(status=204)]).requests[0]
    assert "min_date_modified" not in dict(first.query)


def test_hooks_are_made_or_mended_and_only_knock() -> None:
    address = "https://doorstep.example/hooks/abc"
    quiet = {"id": 5, "scope": SCOPES[0], "destination": address, "is_active": False}
    there = {"data": [{**quiet, "client_id": "c", "store_hash": "abc123", "created_at": 1, "updated_at": 1}]}

    def portal(request: Request) -> Answer:
        kept = {"id": 6, "client_id": "c", "store_hash": "abc123", "created_at": 1, "updated_at": 1}
        return answer({"data": {**kept, **json.loads(request.body)}, "meta": {}} if request.body else there)

    done = drive(CONNECTOR, ACCOUNT, BIG.subscribe(ACCOUNT, address, "shibboleth"), portal)
    said = list(zip(done.requests, done.answers, strict=True))
    assert problems("bigcommerce/webhooks.v3.yml", said, prefix="/stores/abc123/v3") == []
    assert changes(done) == ["PUT", *["POST"] * (len(SCOPES) - 1)]
    assert done.result == {"hook_secret": "shibboleth"}
    sent = json.loads(done.requests[1].body)["headers"]
    notice = b'{"scope":"store/order/updated","hash":"352e4afc","data":{"type":"order","id":118}}'
    headers = {name.lower(): value for name, value in sent.items()}
    heard = BIG.receive(ACCOUNT, Delivery(headers=headers, body=notice, received_at=NOW))
    assert (heard.answer, heard.knock, heard.key) == (None, True, "352e4afc")
    for odd in (b"?", b"[]"):
        assert BIG.receive(ACCOUNT, Delivery(headers=headers, body=odd, received_at=NOW)).key == ""
    for wrong in ({}, {"x-hook-secret": "shibolet"}):
        with pytest.raises(Denied):
            BIG.receive(ACCOUNT, Delivery(headers=wrong, body=notice, received_at=NOW))
    with pytest.raises(Denied):
        BIG.receive(replace(ACCOUNT, credentials={}), Delivery(headers={}, body=notice, received_at=NOW))


def test_where_the_client_secret_is_known_a_notice_has_to_be_signed_with_it() -> None:
    mine = replace(ACCOUNT, credentials={**ACCOUNT.credentials, "client_secret": "of the app"})
    body, at = b'{"scope":"store/order/updated","hash":"352e4afc"}', str(int(NOW.timestamp()))
    proof = hmac_base64("of the app", f"msg_1.{at}.".encode() + body)
    headers = {"x-hook-secret": "shibboleth", "webhook-id": "msg_1", "webhook-timestamp": at}
    signed = {**headers, "webhook-signature": f"v1,AAAA v1,{proof}"}
    assert BIG.receive(mine, Delivery(headers=signed, body=body, received_at=NOW)).key == "352e4afc"
    for told, said in ((headers, body), (signed, body + b" "), ({**signed, "webhook-timestamp": "soon"}, body)):
        with pytest.raises(Denied):
            BIG.receive(mine, Delivery(headers=told, body=said, received_at=NOW))


def test_the_store_is_known_by_its_hash() -> None:
    for said in ("abc123", " https://api.bigcommerce.com/stores/abc123/v2 "):
        mine = replace(ACCOUNT, settings={"store_hash": said})
        assert drive(CONNECTOR, mine, BIG.check(mine), [answer(status=204)]).result.external_id == "abc123"
    nobody = replace(ACCOUNT, settings={"store_hash": "https://shop.example"})
    with pytest.raises(Denied) as caught:
        drive(CONNECTOR, nobody, BIG.check(nobody), [])
    assert caught.value.message and caught.value.message.id == "bigcommerce.no_store"


def test_a_busy_bigcommerce_that_says_nothing_is_no_wait() -> None:
    with pytest.raises(Busy) as caught:
        drive(CONNECTOR, ACCOUNT, BIG.read_back(ACCOUNT, "118"), [answer("slow", status=429)])
    assert caught.value.retry_after is None


def test_recorded_orders_and_status_names_are_those_of_the_schema() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        if recording.content["status"] == 200 and recording.path.stem not in {"odd_shapes", "maintenance_page"}:
            for order in body if isinstance(body, list) else [body]:
                assert spec.response("GET", "/orders/{order_id}", 200, order) == []
                checked += 1
    assert checked == 20
    shown = spec.doc["components"]["responses"]["orderStatusCollection_Resp"]["content"]["application/json"]
    labels = {one["system_label"] for one in shown["examples"]["response"]["value"]}
    assert labels == set(BIG.status)
