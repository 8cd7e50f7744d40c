"""eBay: signatures of eBay's own SDK, the question it asks an address, pages, and recordings held to the schema."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from doorstep.connectors import grants
from doorstep.connectors.contract import Account, Broken, Busy, Delivery, Denied, Refused, Renewing, Shipment
from doorstep.connectors.signing import challenge
from doorstep.connectors.stores.ebay import CONNECTOR, SCOPES, WHO, EBay
from doorstep.connectors.stores.ebay_com.notices import AT_MOST, KEY
from doorstep.connectors.values import Grant
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import SPECS, specification

EBAY = EBay()
ACCOUNT = Account(settings={"client_id": "app", "ru_name": "Ru_Name"}, credentials={"client_secret": "cert"}, now=NOW)
VECTORS = SPECS / "ebay/notification_sdk_test_vectors.json"
needs_vectors = pytest.mark.skipif(not VECTORS.exists(), reason="../shared is absent: no vectors of eBay")
FILE = "ebay/sell_fulfillment_v1_oas3.json"


def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(VECTORS).read_text(encoding="utf-8"))
    return found


def delivery(case: dict[str, Any], *, spaced: bool = False) -> Delivery:
    body = json.dumps(case["message"], separators=None if spaced else (",", ":")).encode()
    return Delivery(headers={"x-ebay-signature": case["signature"]}, body=body, received_at=NOW)


def knowing(case: dict[str, Any], signed_by: str) -> Account:
    key = case["response"]
    return replace(ACCOUNT, credentials={KEY + signed_by: f"{key['digest']} {key['key']}"})


def signer(case: dict[str, Any]) -> str:
    (name,) = EBAY.receive(ACCOUNT, delivery(case)).learned
    return name.removeprefix(KEY)


@needs_vectors
@pytest.mark.parametrize("spaced", [False, True])
def test_a_notice_that_ebay_signed_is_let_in(spaced: bool) -> None:
    case = vectors()["VALID"]
    assert signer(case) == case["public_key"]
    received = EBAY.receive(knowing(case, signer(case)), delivery(case, spaced=spaced))
    assert (received.answer, received.knock) == (None, False), "an account deletion says nothing of an order"


@needs_vectors
@pytest.mark.parametrize("name", ["INVALID", "SIGNATURE_MISMATCH"])
def test_a_notice_whose_signature_does_not_fit_is_refused(name: str) -> None:
    case = vectors()[name]
    with pytest.raises(Denied) as caught:
        EBAY.receive(knowing(case, signer(case)), delivery(case))
    assert caught.value.message and caught.value.message.id == "stores.bad_signature"


@needs_vectors
def test_a_key_that_ebay_does_not_have_lets_nothing_in() -> None:
    case = vectors()["ERROR"]
    account = replace(ACCOUNT, credentials=dict(EBAY.receive(ACCOUNT, delivery(case)).learned))
    assert isinstance(CONNECTOR, Renewing)
    assert EBAY.stale(account)
    replies = [answer({"access_token": "t", "expires_in": 7200}), answer({"errors": [{"errorId": 195001}]}, status=404)]
    learned = drive(CONNECTOR, account, EBAY.renew(account), replies).result
    account = replace(account, credentials={**account.credentials, **learned})
    assert not EBAY.stale(account)
    with pytest.raises(Denied):
        EBAY.receive(account, delivery(case))


@needs_vectors
def test_keys_are_not_collected_without_end() -> None:
    known = replace(ACCOUNT, credentials={f"{KEY}{serial}": "SHA1 x" for serial in range(AT_MOST)})
    with pytest.raises(Denied):
        EBAY.receive(known, delivery(vectors()["VALID"]))


@needs_vectors
@pytest.mark.parametrize("kept", ["SHA1 ", "SHA1 AAAA", "MD5 {key}", "{key}", "SHA1 {rsa}"])
def test_a_key_that_cannot_be_one_lets_nothing_in(kept: str) -> None:
    case = vectors()["VALID"]
    rsa = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKdwTyGySAmMPNFTiZlcnWl5rpWlfqnyO9RiTEcK2tQGEuTIxoq47tCAVsXwmHiMbGxzWSOC"
    rsa += "JWIQHI/LHHyW7q8CAwEAAQ=="
    key = kept.format(key=case["response"]["key"], rsa=rsa)
    with pytest.raises(Denied):
        EBAY.receive(replace(ACCOUNT, credentials={KEY + signer(case): key}), delivery(case))


@pytest.mark.parametrize("header", ["", "not base64!", "bm90IGpzb24=", "eyJraWQiOiIuLi8uLiIsInNpZ25hdHVyZSI6IiJ9"])
def test_a_notice_without_a_signature_is_refused(header: str) -> None:
    with pytest.raises(Denied):
        EBAY.receive(ACCOUNT, Delivery(headers={"x-ebay-signature": header}, body=b"{}", received_at=NOW))


@needs_vectors
def test_what_is_no_json_is_refused_also_with_a_known_key() -> None:
    case = vectors()["VALID"]
    with pytest.raises(Denied):
        EBAY.receive(knowing(case, signer(case)), replace(delivery(case), body=b"\xff"))


def test_the_question_is_answered_with_the_hash_of_code_token_and_address() -> None:
    path = SPECS / "derived/signature_vectors.json"
    if not path.exists():
        pytest.skip("../shared is absent: no signature vectors")
    (vector,) = [one for one in json.loads(path.read_text())["vectors"] if one["scheme"] == "ebay-challenge"]
    account = replace(ACCOUNT, credentials={"hook_secret": vector["verification_token"]})
    said = EBAY.answer_challenge(account, vector["endpoint"], {"challenge_code": vector["challenge_code"]})
    assert json.loads(said) == {"challengeResponse": vector["computed"]}
    for known, query in ((account, {}), (ACCOUNT, {"challenge_code": "1"})):
        with pytest.raises(Refused):
            EBAY.answer_challenge(known, vector["endpoint"], query)


def test_as_little_as_possible_is_asked_of_the_seller() -> None:
    url = EBAY.authorize(ACCOUNT, Grant(state="s", redirect="https://me.example/back", verifier="v"))
    asked = dict(parse_qsl(urlsplit(url).query))
    assert url.startswith("https://auth.ebay.com/oauth2/authorize?")
    assert asked == {
        "client_id": "app",
        "redirect_uri": "Ru_Name",
        "response_type": "code",
        "scope": " ".join((*SCOPES, WHO)),
        "state": "s",
    }
    assert challenge("v") not in url, "eBay offers no PKCE"


def test_every_page_is_read_and_shipped_orders_once_more() -> None:
    pages = [
        answer({"total": 201, "orders": [{"orderId": "1", "fulfillmentHrefs": []}, None]}),
        answer({"total": 201, "orders": [{"orderId": "2", "fulfillmentHrefs": ["x"]}]}),
        answer({"total": 0}),
        answer({"orderId": "2"}),
    ]
    done = drive(CONNECTOR, ACCOUNT, EBAY.orders(ACCOUNT, NOW), pages)
    assert [(one.what, one.subject) for one in done.requests] == [
        ("orders", "0"),
        ("orders", "200"),
        ("", ""),
        ("order", "2"),
    ]
    assert dict(done.requests[0].query)["filter"] == "lastmodifieddate:[2026-07-01T12:00:00.000Z..]"
    whole = drive(CONNECTOR, ACCOUNT, EBAY.orders(ACCOUNT, None), [answer({"total": 9, "orders": []})])
    assert "filter" not in dict(whole.requests[0].query)


def test_who_the_seller_is_must_be_told() -> None:
    with pytest.raises(Broken):
        drive(CONNECTOR, ACCOUNT, EBAY.check(ACCOUNT), [answer({"username": "x"})])


@pytest.mark.parametrize("kept", [True, False])
def test_a_number_that_came_between_is_looked_for(kept: bool) -> None:
    """409: somebody else (or we, interrupted) gave the same number a moment ago."""
    order = {"orderId": "1", "creationDate": "2026-06-01T00:00:00Z", "orderFulfillmentStatus": "NOT_STARTED"}
    order |= {"lineItems": [{"lineItemId": "7", "quantity": 1}]}  # type: ignore[dict-item]
    shown = {"fulfillments": [{"fulfillmentId": "LX1", "shipmentTrackingNumber": "LX1"}] if kept else []}
    replies = [answer(order), answer({"total": 0}), answer({}, status=409), answer(shown)]
    shipment = Shipment(order="1", number="LX1", key="k")
    if kept:
        assert drive(CONNECTOR, ACCOUNT, EBAY.push(ACCOUNT, shipment), replies).result.ref == "LX1"
        return
    with pytest.raises(Broken) as caught:
        drive(CONNECTOR, ACCOUNT, EBAY.push(ACCOUNT, shipment), replies)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


def test_nothing_is_renewed_without_a_permission() -> None:
    assert not EBAY.stale(ACCOUNT)
    assert drive(CONNECTOR, ACCOUNT, EBAY.renew(ACCOUNT), []).result == {}


@pytest.mark.parametrize("body", ["<html>", '["x"]', '{"access_token": 1}'])
def test_what_is_no_token_is_trouble(body: str) -> None:
    with pytest.raises(Broken):
        grants.tokens(answer(body), NOW)
    with pytest.raises(Denied, match=r"HTTP 400|^$"):
        grants.tokens(answer(body, status=400), NOW)
    with pytest.raises(Busy):
        grants.tokens(answer(body, status=429), NOW)


def test_fulfillments_that_cannot_be_read_are_unknown_and_spoil_no_order() -> None:
    order = {"orderId": "1", "creationDate": "2026-06-01T00:00:00Z", "orderFulfillmentStatus": "FULFILLED"}
    given = replace(answer({**order, "fulfillmentHrefs": ["x"]}), what="order", context={"fulfillments": "{"})
    (read,) = EBAY.read(given).orders
    assert read.shipments is None


def test_recorded_orders_are_orders_of_the_schema() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        name = {"order": "Order", "orders": "OrderSearchPagedCollection"}[recording.content["what"]]
        if recording.content["status"] == 200 and recording.path.stem != "odd_shapes":
            assert spec.definition(name, recording.content["body"]) == []
            checked += 1
    assert checked == 4
