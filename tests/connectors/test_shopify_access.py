"""How Shopify lets Doorstep in, renews its tokens and calls back."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from doorstep.connectors.contract import Account, Delivery, Denied, Grant, Refused
from doorstep.connectors.signing import hmac_base64
from doorstep.connectors.stores.shopify import CONNECTOR
from sandbox.shopify import REDIRECT, SECRET, SHOP
from sandbox.shopify_hooks import in_rest
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.shopify_shop import APP, SHOPIFY, TOKENED, order, shop, speaks
from tests.connectors.vendor_specs import file

GRANT = Grant(state="st4te", redirect=REDIRECT, verifier="v")
TOKEN = {"access_token": "shpat_1", "expires_in": 3600, "refresh_token": "shprt_1", "scope": "read_orders"}


def form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode()))


def redeem(query: dict[str, str], account: Account = APP) -> Any:
    return drive(CONNECTOR, account, SHOPIFY.redeem(account, GRANT, query), [answer(TOKEN)])


def test_person_is_sent_to_the_shops_own_page_with_the_least_scopes() -> None:
    url = urlsplit(SHOPIFY.authorize(APP, GRANT))
    assert (url.netloc, url.path) == (SHOP, "/admin/oauth/authorize")
    asked = form(url.query.encode())
    assert asked["scope"].split(",") == [
        "read_orders",
        "write_fulfillments",
        "write_merchant_managed_fulfillment_orders",
        "write_third_party_fulfillment_orders",
    ]
    assert (asked["state"], asked["redirect_uri"]) == ("st4te", REDIRECT)


def test_code_is_exchanged_for_a_token_that_ends() -> None:
    done = redeem(shop().installed("st4te"))
    assert done.result == {
        "access_token": "shpat_1",
        "access_until": (NOW + timedelta(hours=1)).isoformat(),
        "refresh_token": "shprt_1",
    }
    assert form(done.requests[0].body)["expiring"] == "1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "another"},
        {"hmac": "00"},
        {"state": "other"},
        {"shop": "other.myshopify.com"},
        {"timestamp": "1"},
        {"timestamp": "soon"},
    ],
)
def test_answer_that_shopify_did_not_sign_for_this_attempt_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Denied):
        redeem({**shop().installed("st4te"), **wrong})


def test_answer_to_another_shop_or_attempt_is_refused_though_signed() -> None:
    with pytest.raises(Denied):
        redeem(shop().installed("another state"))
    with pytest.raises(Denied):
        redeem(shop().installed("st4te"), replace(APP, base_url="https://other.myshopify.com"))
    with pytest.raises(Denied):
        redeem(shop().installed("st4te"), replace(APP, now=NOW + timedelta(hours=1)))
    with pytest.raises(Denied):
        redeem(shop().installed("st4te"), replace(APP, credentials={}))


def test_token_is_renewed_before_it_ends() -> None:
    kept = {**APP.credentials, "access_token": "shpat_0", "refresh_token": "shprt_0", "access_until": NOW.isoformat()}
    old = replace(APP, credentials=kept)
    assert [SHOPIFY.stale(replace(old, now=NOW - timedelta(minutes=minutes))) for minutes in (4, 6)] == [True, False]
    done = drive(CONNECTOR, old, SHOPIFY.renew(old), [answer(TOKEN)])
    assert form(done.requests[0].body)["grant_type"] == "refresh_token"
    assert not SHOPIFY.stale(replace(old, credentials={**kept, **done.result}))


def test_app_of_the_merchants_own_gets_its_token_by_itself() -> None:
    assert SHOPIFY.stale(APP)
    done = drive(CONNECTOR, APP, SHOPIFY.renew(APP), [answer({"access_token": "shpat_2", "expires_in": 86399})])
    assert form(done.requests[0].body)["grant_type"] == "client_credentials"
    assert done.result["access_token"] == "shpat_2"


def test_token_of_a_custom_app_neither_ends_nor_is_renewed() -> None:
    assert not SHOPIFY.stale(TOKENED)
    assert drive(CONNECTOR, TOKENED, SHOPIFY.renew(TOKENED), []).result == {}


def test_grant_that_is_over_is_told() -> None:
    with pytest.raises(Denied):
        drive(CONNECTOR, APP, SHOPIFY.renew(APP), [answer({"error": "invalid_client"}, status=400)])


# webhooks


def delivery(body: bytes, **changed: str) -> Delivery:
    headers = {
        "x-shopify-hmac-sha256": hmac_base64(SECRET, body),
        "x-shopify-topic": "orders/updated",
        "x-shopify-shop-domain": SHOP,
        "x-shopify-webhook-id": "b54557e4",
    }
    named = {f"x-shopify-{name.replace('_', '-')}": value for name, value in changed.items()}
    return Delivery(headers={**headers, **named}, body=body, received_at=NOW)


def test_published_signature_is_verified() -> None:
    vectors = json.loads(file("derived/signature_vectors.json").read_text())["vectors"]
    (one,) = [vector for vector in vectors if vector["scheme"] == "shopify-webhook"]
    account = replace(TOKENED, credentials={"client_secret": one["secret"]})
    said = delivery(one["body"].encode(), hmac_sha256=one["expected"])
    assert SHOPIFY.receive(account, said).key == "b54557e4"


def test_order_in_a_webhook_is_believed() -> None:
    received = SHOPIFY.receive(TOKENED, delivery(b'{"id": 1}'))
    assert received.answer and (received.answer.what, received.knock) == ("hook", False)


@pytest.mark.parametrize(
    ("topic", "knock"),
    [("fulfillments/update", True), ("app/uninstalled", True), ("customers/redact", False), ("", False)],
)
def test_everything_else_is_a_knock_or_nothing(topic: str, knock: bool) -> None:
    received = SHOPIFY.receive(TOKENED, delivery(b"{}", topic=topic))
    assert (received.answer, received.knock) == (None, knock)


@pytest.mark.parametrize(
    "changed", [{"hmac_sha256": "AAAA"}, {"hmac_sha256": ""}, {"shop_domain": "other.myshopify.com"}]
)
def test_forged_and_misdirected_webhooks_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(Denied):
        SHOPIFY.receive(TOKENED, delivery(b"{}", **changed))
    with pytest.raises(Denied):
        SHOPIFY.receive(replace(TOKENED, credentials={}), delivery(b"{}"))


def test_subscriptions_are_made_once_and_ask_for_no_more_than_is_read() -> None:
    there = shop()
    address = "https://doorstep.example/hooks/x"
    there.hooks.subscribe("ORDERS_CREATE", address, None)
    for made in (4, 0):
        done = drive(CONNECTOR, TOKENED, SHOPIFY.subscribe(TOKENED, address, "unused"), speaks(there))
        assert len([one for one in done.requests if one.changes]) == made
    assert len(there.hooks.as_json()) == 5
    with pytest.raises(Refused):
        drive(CONNECTOR, TOKENED, SHOPIFY.subscribe(replace(TOKENED, credentials={}), address, ""), speaks(there))


def test_webhook_says_the_same_as_the_api() -> None:
    there = shop()
    to = there.place(order("#1", 3, 1))
    to.lines[0].removed = 1
    to.fulfill({to.shares[0].id: {to.lines[0].id: 1}}, NOW).renumber({"company": "CTT", "numbers": ["A1", "A2"]})
    to.fulfillments[0].events.append((1, "DELIVERED", NOW))
    received = SHOPIFY.receive(TOKENED, delivery(json.dumps(in_rest(to)).encode()))
    (polled,) = drive(CONNECTOR, TOKENED, SHOPIFY.order(TOKENED, str(to.id)), speaks(there)).answers
    assert received.answer
    assert SHOPIFY.read(received.answer) == SHOPIFY.read(polled)
