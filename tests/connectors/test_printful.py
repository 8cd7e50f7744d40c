"""Printful's flows, against a small server in memory; what is of API v2 is held to the official OpenAPI file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Busy, Delivery, Denied, NotFound, Refused, Request
from doorstep.connectors.suppliers.pf.orders import STATES
from doorstep.connectors.suppliers.printful import BASE, CONNECTOR, PAGE, WATCHED, Printful
from doorstep.core.order import PurchaseState
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_schema import SPECS, described

PRINTFUL = Printful()
SECRET = "00112233445566778899aabbccddeeff"
ACCOUNT = Account(credentials={"token": "t0ken", "webhook_secret": SECRET}, now=NOW)
STORE = replace(ACCOUNT, settings={"store_id": "10"})
FILE = "printful/printful_v2_openapi.json"


def order(number: int, *, days: float = 1, shipped: float | None = None, **more: Any) -> dict[str, Any]:
    at = int((NOW - timedelta(days=days)).timestamp())
    sent = None if shipped is None else int((NOW - timedelta(days=shipped)).timestamp())
    parcel = {"id": number * 10, "tracking_number": f"94001118992238176{number:05d}", "shipped_at": sent}
    parcels = [] if shipped is None else [parcel]
    items = [{"id": number * 100, "quantity": 1}]
    return {"id": number, "status": "pending", "created": at, "items": items, "shipments": parcels, **more}


class Server:
    """Orders, newest first."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        self.orders = orders
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == "Bearer t0ken"
        path, query = request.url.removeprefix(BASE), dict(request.query)
        self.asked.append(path)
        if path.startswith("/v2/"):
            return answer({"data": []})
        if path == "/orders":
            offset = int(query.get("offset", 0))
            return answer({"code": 200, "result": self.orders[offset : offset + int(query["limit"])]})
        found = [one for one in self.orders if path == f"/orders/{one['id']}"]
        return answer({"code": 200, "result": found[0]}) if found else failed(404, "Not found")


def failed(code: int, said: str, **headers: str) -> Answer:
    return answer({"code": code, "result": said, "error": {"reason": "x", "message": said}}, code, **headers)


def test_connecting_reads_one_order_and_names_the_store() -> None:
    done = drive(PRINTFUL, STORE, PRINTFUL.check(STORE), Server())
    assert done.requests[0].headers["X-PF-Store-Id"] == done.result.external_id == "10"
    nameless = drive(PRINTFUL, ACCOUNT, PRINTFUL.check(ACCOUNT), Server())
    assert "X-PF-Store-Id" not in nameless.requests[0].headers
    assert "t0ken" not in nameless.result.external_id


def test_a_token_of_the_whole_account_asks_for_its_store() -> None:
    with pytest.raises(Refused) as caught:
        drive(PRINTFUL, ACCOUNT, PRINTFUL.check(ACCOUNT), failed(400, "This endpoint requires store_id!"))
    assert caught.value.message
    assert caught.value.message.id == "printful.store_id"
    with pytest.raises(Refused) as caught:
        drive(PRINTFUL, ACCOUNT, PRINTFUL.check(ACCOUNT), failed(400, "limit is wrong"))
    assert caught.value.message
    assert caught.value.message.id == "supplier.refused"


@pytest.mark.parametrize(
    ("bad", "kind"), [(failed(401, "no"), Denied), (failed(429, "slow", retry_after="60"), Busy), (answer("x"), Broken)]
)
def test_trouble_is_what_it_is(bad: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        drive(PRINTFUL, ACCOUNT, PRINTFUL.purchases(ACCOUNT, NOW), bad)
    assert getattr(caught.value, "retry_after", 60) == 60


def test_pages_are_read_until_they_are_too_old_to_change() -> None:
    server = Server(*(order(number, days=number) for number in range(1, 3 * PAGE)))
    done = drive(PRINTFUL, ACCOUNT, PRINTFUL.purchases(ACCOUNT, NOW), server)
    assert [one.subject for one in done.requests] == ["page 0", "page 1"]
    rising = Server(*(order(number, days=3 * PAGE - number) for number in range(1, 2 * PAGE + 5)))
    assert len(drive(PRINTFUL, ACCOUNT, PRINTFUL.purchases(ACCOUNT, NOW), rising).requests) == 3


def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.connectors.suppliers.printful.PAGES", 3)
    same = answer({"result": [order(1)] * PAGE})
    assert len(drive(PRINTFUL, ACCOUNT, PRINTFUL.purchases(ACCOUNT, NOW), same).requests) == 3


def test_scans_of_what_is_on_its_way_are_read_once_a_day() -> None:
    orders = [order(1, shipped=2), order(2), order(3, days=50, shipped=WATCHED.days + 1)]
    for since, scans in ((NOW - timedelta(minutes=25), 0), (NOW - timedelta(days=3), 1), (None, 1)):
        server = Server(*orders)
        done = drive(PRINTFUL, ACCOUNT, PRINTFUL.purchases(ACCOUNT, since), server)
        assert server.asked.count("/v2/orders/1/shipments") == scans
        assert len(server.asked) == 1 + scans
    assert done.requests[-1].context == {"10": "9400111899223817600001"}


def test_one_order_is_read_with_its_scans() -> None:
    server = Server(order(1, shipped=1), order(2))
    done = drive(PRINTFUL, ACCOUNT, PRINTFUL.purchase(ACCOUNT, "1"), server)
    assert [one.what for one in done.requests] == ["purchase", "shipments"]
    assert PRINTFUL.read(done.answers[0]).purchases[0].state is PurchaseState.DISPATCHED
    assert len(drive(PRINTFUL, ACCOUNT, PRINTFUL.purchase(ACCOUNT, "2"), server).requests) == 1
    with pytest.raises(NotFound):
        drive(PRINTFUL, ACCOUNT, PRINTFUL.purchase(ACCOUNT, "9"), server)
    with pytest.raises(Broken):
        PRINTFUL.read(answer({}))


def subscribed() -> tuple[Request, Mapping[str, str]]:
    keys = {"default_url": None, "events": [], "public_key": "SbF/9d/uWguI", "secret_key": SECRET}
    flow = PRINTFUL.subscribe(ACCOUNT, "https://doorstep.example/hooks/x", "unused")
    done = drive(PRINTFUL, ACCOUNT, flow, answer({"code": 200, "result": keys}))
    return done.requests[0], done.result


def test_subscribing_keeps_printfuls_secret() -> None:
    request, learned = subscribed()
    assert learned == {"webhook_secret": SECRET}
    assert request.changes


def hook(body: bytes, sign: str) -> Delivery:
    return Delivery(headers={"x-pf-webhook-signature": sign}, body=body, received_at=NOW)


def test_a_signed_webhook_is_a_knock_and_others_are_refused() -> None:
    body = b'{"type":"shipment_sent","store_id":1}'
    received = PRINTFUL.receive(ACCOUNT, hook(body, digest(bytes.fromhex(SECRET), body, sha256).hex()))
    assert received.knock
    assert received.answer is None
    unsigned, odd = replace(ACCOUNT, credentials={}), replace(ACCOUNT, credentials={"webhook_secret": "xyz"})
    for account, sign in ((ACCOUNT, "00"), (ACCOUNT, "ä"), (unsigned, digest(b"", body, sha256).hex()), (odd, "")):
        with pytest.raises(Denied):
            PRINTFUL.receive(account, hook(body, sign))


def test_signature_fits_the_documented_formula() -> None:
    path = SPECS / "derived/signature_vectors.json"
    if not path.exists():
        pytest.skip("../shared is absent: no signature vectors")
    one = next(v for v in json.loads(path.read_text())["vectors"] if v["scheme"] == "printful-v2-webhook")
    account = replace(ACCOUNT, credentials={"webhook_secret": one["secret_hex"]})
    assert PRINTFUL.receive(account, hook(one["body"].encode(), one["expected"])).knock


def test_what_is_sent_to_v2_is_described_there() -> None:
    request, _ = subscribed()
    spec = described(FILE, strict=True)
    assert spec.request("post", "/v2/webhooks", json.loads(request.body)) == []
    scans = drive(PRINTFUL, STORE, PRINTFUL.purchase(STORE, "1"), Server(order(1, shipped=1))).requests[-1]
    known = spec.params("get", "/v2/orders/{order_id}/shipments")
    assert {("query", name) for name, _ in scans.query} | {("header", "X-PF-Store-Id")} <= set(known)
    words = spec.doc["components"]["schemas"]["Shipment"]["properties"]["delivery_status"]
    described_words = words["enum"] if "enum" in words else words["allOf"][0]["enum"]
    assert set(described_words) == set(PRINTFUL.status)
    text = spec.doc["components"]["schemas"]["OrderSummary"]["properties"]["status"]["description"]
    assert all(f"**{state}**" in text for state in STATES)


def test_recorded_shipments_are_shipments_of_the_schema() -> None:
    spec, checked = described(FILE), 0
    for recording in of(CONNECTOR):
        if recording.path.stem == "shipments_of_an_order":
            for shipment in recording.content["body"]["data"][:-1]:
                told = {name: value for name, value in shipment.items() if value is not None}
                assert spec.definition("Shipment", told) == []
                checked += 1
    assert checked == 6
