"""Etsy: pages, the webhook portal, and recordings held to the schema."""

import json
from dataclasses import replace

import pytest

from doorstep.connectors import grants
from doorstep.connectors.contract import Account, Broken, Delivery, Refused
from doorstep.connectors.stores.etsy import CONNECTOR, Etsy
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import SPECS, specification

ETSY = Etsy()
ACCOUNT = Account(
    settings={"keystring": "k", "shop_id": "9"},
    credentials={"shared_secret": "hush-hush", "access_token": "11.token"},
    now=NOW,
)


def test_every_page_is_read() -> None:
    row = {"receipt_id": 1, "status": "paid", "created_timestamp": 1782637200}
    pages = [answer({"count": 101, "results": [row] * 100}), answer({"count": 101, "results": [row]})]
    done = drive(CONNECTOR, ACCOUNT, ETSY.orders(ACCOUNT, NOW), pages)
    assert [one.subject for one in done.requests] == ["0", "100"]
    assert dict(done.requests[0].query)["min_last_modified"] == str(int(NOW.timestamp()))
    assert done.requests[0].headers["x-api-key"] == "k:hush-hush"
    one = drive(CONNECTOR, ACCOUNT, ETSY.order(ACCOUNT, "1"), [answer(row)]).requests[0]
    assert (one.url.rpartition("/")[2], one.what) == ("1", "order")
    empty = drive(CONNECTOR, ACCOUNT, ETSY.orders(ACCOUNT, None), [answer({"count": 7, "results": []})])
    assert len(empty.requests) == 1


def test_an_address_is_entered_by_hand_until_its_secret_is_known() -> None:
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, ACCOUNT, ETSY.subscribe(ACCOUNT, "https://me.example/hooks/x", "hush"), [])
    assert caught.value.message and caught.value.message.values["address"] == "https://me.example/hooks/x"
    account = replace(ACCOUNT, credentials={"webhook_secret": "whsec_AAAA"})
    assert drive(CONNECTOR, account, ETSY.subscribe(account, "https://me.example/hooks/x", "hush"), []).result == {}


def test_signature_is_that_of_standard_webhooks() -> None:
    path = SPECS / "derived/signature_vectors.json"
    if not path.exists():
        pytest.skip("../shared is absent: no signature vectors")
    vectors = json.loads(path.read_text())["vectors"]
    (vector,) = [one for one in vectors if one["scheme"] == "standard-webhooks" and one["provenance"] == "published"]
    headers = {**vector["headers"], vector["header"]: vector["expected"]}
    account = replace(ACCOUNT, credentials={"webhook_secret": vector["secret"]})
    assert ETSY.receive(account, Delivery(headers=headers, body=vector["body"].encode(), received_at=NOW)).knock


def test_an_account_without_a_shop_is_told() -> None:
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, ACCOUNT, ETSY.check(ACCOUNT), [answer({"user_id": 1})])
    assert caught.value.message and caught.value.message.id == "etsy.no_shop"


def test_a_token_that_lives_longer_than_time_is_no_answer() -> None:
    with pytest.raises(Broken):
        grants.tokens(answer({"access_token": "a", "expires_in": 10**18}), NOW)


def test_nothing_is_renewed_without_a_permission() -> None:
    assert not ETSY.stale(ACCOUNT)
    assert drive(CONNECTOR, ACCOUNT, ETSY.renew(ACCOUNT), []).result == {}


def test_recorded_receipts_are_receipts_of_the_schema() -> None:
    spec, checked = specification("etsy/etsy_3.0.0.json", strict=False), 0
    known = set(spec.doc["components"]["schemas"]["ShopReceipt"]["properties"]["status"]["enum"])
    for recording in of(CONNECTOR):
        name = {"order": "ShopReceipt", "orders": "ShopReceipts"}[recording.content["what"]]
        if recording.content["status"] == 200 and recording.path.stem not in {"odd_shapes", "unknown_status"}:
            assert spec.definition(name, recording.content["body"]) == []
            checked += 1
    assert checked == 3
    assert known == set(ETSY.status)
