"""Printify's flows, against a small server in memory. Printify publishes no schema of its orders."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Busy, Delivery, Denied, NotFound, Refused, Request
from doorstep.connectors.suppliers.printify import BASE, TOPICS, Printify
from doorstep.core.order import PurchaseState
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.vendor_schema import SPECS, described

PRINTIFY = Printify()
FRESH = Account(credentials={"token": "t0ken"}, now=NOW)
ACCOUNT = replace(FRESH, settings={"shop_id": "5432"}, credentials={"token": "t0ken", "webhook_secret": "pfy_secret"})
ADDRESS = "https://doorstep.example/hooks/x"
PAGE = 10


class Server:
    """One or more shops; orders newest first, ``days`` old; webhooks by id."""

    def __init__(self, *days: float, shops: tuple[int, ...] = (5432,)) -> None:
        self.orders = [order(f"o{place}", old) for place, old in enumerate(days)]
        self.shops = shops
        self.hooks: dict[str, dict[str, Any]] = {}

    def __call__(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == "Bearer t0ken"
        assert request.headers["User-Agent"]
        path = request.url.removeprefix(BASE)
        if path == "/shops.json":
            return answer([{"id": shop, "title": f"Shop {shop}"} for shop in self.shops])
        path = path.removeprefix("/shops/5432/")
        if path == "orders.json":
            page = int(dict(request.query)["page"])
            shown = self.orders[(page - 1) * PAGE : page * PAGE]
            return answer({"current_page": page, "last_page": -(-len(self.orders) // PAGE), "data": shown})
        if path.startswith("orders/"):
            found = [one for one in self.orders if path == f"orders/{one['id']}.json"]
            return answer(found[0]) if found else answer({"message": "Not found."}, 404)
        return self.webhooks(request, path.removeprefix("webhooks").strip("/").removesuffix(".json"))

    def webhooks(self, request: Request, ref: str) -> Answer:
        if request.method == "POST":
            ref = f"h{len(self.hooks) + 10}"
            self.hooks[ref] = json.loads(request.body)
        if request.method == "DELETE":
            del self.hooks[ref]
        return answer([{"id": ref, "url": hook["url"]} for ref, hook in self.hooks.items()])


def order(ref: str, days: float) -> dict[str, Any]:
    at = f"{NOW - timedelta(days=days):%Y-%m-%d %H:%M:%S}+00:00"
    return {"id": ref, "status": "in-production", "created_at": at, "line_items": [], "shipments": []}


def test_connecting_finds_the_only_shop() -> None:
    done = drive(PRINTIFY, FRESH, PRINTIFY.check(FRESH), Server())
    assert (done.result.external_id, done.result.label) == ("5432", "Shop 5432")
    assert done.result.settings == {"shop_id": "5432"}
    chosen = drive(PRINTIFY, ACCOUNT, PRINTIFY.check(ACCOUNT), Server(shops=(1, 5432)))
    assert chosen.result.external_id == "5432"


@pytest.mark.parametrize(("shop", "shops"), [("", (1, 2)), ("9", (1, 2)), ("", ())])
def test_which_of_several_shops_is_asked(shop: str, shops: tuple[int, ...]) -> None:
    account = replace(FRESH, settings={"shop_id": shop})
    with pytest.raises(Refused) as caught:
        drive(PRINTIFY, account, PRINTIFY.check(account), Server(shops=shops))
    assert caught.value.message
    assert caught.value.message.values == {"shops": ", ".join(f"Shop {one} ({one})" for one in shops)}


def pages(server: Server, days: float | None) -> int:
    since = None if days is None else NOW - timedelta(days=days)
    return len(drive(PRINTIFY, ACCOUNT, PRINTIFY.purchases(ACCOUNT, since), server).requests)


def test_young_orders_are_read_at_every_poll_and_older_ones_once_a_day() -> None:
    daily = Server(*range(100))
    assert (pages(daily, 0.02), pages(daily, 3), pages(daily, None)) == (3, 8, 8)
    assert pages(Server(1, 2), 3) == 1
    assert pages(Server(*reversed(range(100))), 0.02) == 10, "newest first is not documented"


def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.connectors.suppliers.printify.PAGES", 3)
    same = answer({"data": [order("o", 1)], "last_page": 999})
    assert len(drive(PRINTIFY, ACCOUNT, PRINTIFY.purchases(ACCOUNT, NOW), same).requests) == 3


def test_one_order_is_read() -> None:
    done = drive(PRINTIFY, ACCOUNT, PRINTIFY.purchase(ACCOUNT, "o0/2"), Server(1))
    assert PRINTIFY.read(done.answers[0]).purchases[0].state is PurchaseState.PAID
    with pytest.raises(NotFound):
        drive(PRINTIFY, ACCOUNT, PRINTIFY.purchase(ACCOUNT, "o9"), Server(1))
    with pytest.raises(Broken):
        PRINTIFY.read(answer({}))


@pytest.mark.parametrize(
    ("bad", "kind"),
    [(answer({"error": "Unauthenticated."}, 401), Denied), (answer({"message": "slow"}, 429, retry_after="30"), Busy)],
)
def test_trouble_is_what_it_is(bad: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(PRINTIFY, ACCOUNT, PRINTIFY.purchases(ACCOUNT, NOW), bad)


def test_subscribing_again_leaves_one_webhook_for_each_topic() -> None:
    server = Server()
    server.hooks["h1"] = {"topic": TOPICS[0], "url": "https://elsewhere.example/"}
    for secret in ("one", "two"):
        done = drive(PRINTIFY, ACCOUNT, PRINTIFY.subscribe(ACCOUNT, ADDRESS, secret), server)
        assert done.result == {"webhook_secret": secret}
    mine = [hook for hook in server.hooks.values() if hook["url"] == ADDRESS]
    assert sorted(hook["topic"] for hook in mine) == sorted(TOPICS)
    assert {hook["secret"] for hook in mine} == {"two"}
    assert len(server.hooks) == 1 + len(TOPICS)
    assert all(one.changes for one in done.requests if one.method != "GET")


def hook(body: bytes, sign: str) -> Delivery:
    return Delivery(headers={"x-pfy-signature": sign}, body=body, received_at=NOW)


def test_a_signed_webhook_is_a_knock_and_others_are_refused() -> None:
    body = b'{"id":"1","type":"order:shipment:created"}'
    signed = digest(b"pfy_secret", body, sha256).hex()
    received = PRINTIFY.receive(ACCOUNT, hook(body, f"sha256={signed}"))
    assert received.knock
    assert received.answer is None
    for account, sign in ((ACCOUNT, signed), (ACCOUNT, ""), (FRESH, "sha256=" + digest(b"", body, sha256).hex())):
        with pytest.raises(Denied):
            PRINTIFY.receive(account, hook(body, sign))


def test_signature_fits_the_documented_formula() -> None:
    path = SPECS / "derived/signature_vectors.json"
    if not path.exists():
        pytest.skip("../shared is absent: no signature vectors")
    one = next(v for v in json.loads(path.read_text())["vectors"] if v["scheme"] == "printify-webhook")
    account = replace(ACCOUNT, credentials={"webhook_secret": one["secret"]})
    assert PRINTIFY.receive(account, hook(one["body"].encode(), one["expected"])).knock


def test_what_is_sent_has_the_shape_that_others_describe() -> None:
    """The description is a third party's: it does not know the secret."""
    spec = described("printify/printify-openapi.yml", strict=True)
    done = drive(PRINTIFY, ACCOUNT, PRINTIFY.subscribe(ACCOUNT, ADDRESS, "s3cret"), Server())
    for request in done.requests:
        if request.method == "POST":
            sent = json.loads(request.body)
            assert sent.pop("secret") == "s3cret"
            assert spec.request("post", "/shops/{shop_id}/webhooks.json", sent) == []
    asked = drive(PRINTIFY, ACCOUNT, PRINTIFY.purchases(ACCOUNT, NOW), Server(1)).requests[0]
    known = spec.params("get", "/shops/{shop_id}/orders.json")
    assert {("query", name) for name, _ in asked.query} <= set(known)
