"""Lazada: its published signature, countries, tokens, items beside their orders, notices."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Can, Delivery, Denied, NotFound, Refused, Request
from doorstep.connectors.stores.lazada import CONNECTOR, Lazada
from doorstep.connectors.stores.lazada_open.wire import sign, tokens
from doorstep.connectors.values import Grant
from doorstep.core.channel import ByHand, channel, task
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import SPECS, problems, specification

LAZADA = Lazada()
ACCOUNT = Account(
    settings={"app_key": "123456", "country": "my"},
    credentials={"app_secret": "hush-hush", "access_token": "a-week", "refresh_token": "a-month"},
    now=NOW,
)
FILE, PREFIX = "derived/lazada_openapi.json", "/rest"
GRANT = Grant(state="s1", redirect="https://me.example/back", verifier="v")


def held(done: Driven[Any], *beside: str) -> Driven[Any]:
    """Every request is signed, and as Lazada's tables have it (those of ``beside`` are not among them)."""
    for one in done.requests:
        query = dict(one.query)
        signature = query.pop("sign")
        assert signature == sign("hush-hush", urlsplit(one.url).path.removeprefix("/rest"), query)
    described = [pair for pair in zip(done.requests, done.answers, strict=True) if not pair[0].url.endswith(beside)]
    assert problems(FILE, described, prefix=PREFIX) == []
    return done


def ok(data: Any) -> Answer:
    return answer({"code": "0", "request_id": "r", "data": data})


def items(request: Request) -> Answer:
    ref = int(dict(request.query)["order_id"])
    return ok(
        [{"order_item_id": ref * 10, "order_id": str(ref), "status": "pending", "buyer_id": "77", "name": "Lamp"}]
    )


def test_the_published_signature_is_met() -> None:
    if not SPECS.exists():
        pytest.skip("../shared is absent: no signatures")
    vectors = json.loads((SPECS / "derived/signature_vectors.json").read_text())["vectors"]
    (one,) = [one for one in vectors if one["scheme"].startswith("iop-request-sign (Lazada")]
    assert sign(one["secret"], one["path"], one["params"]) == one["expected"]
    (notice,) = [one for one in vectors if one["scheme"] == "lazada-webhook"]
    mine = replace(ACCOUNT, settings={"app_key": notice["app_key"]}, credentials={"app_secret": notice["secret"]})
    heard = Delivery(headers={"authorization": notice["expected"]}, body=notice["body"].encode(), received_at=NOW)
    received = LAZADA.receive(mine, heard)
    assert (received.knock, received.answer) == (True, None)
    for wrong in (replace(heard, body=heard.body + b" "), replace(heard, headers={})):
        with pytest.raises(Denied):
            LAZADA.receive(mine, wrong)
    with pytest.raises(Denied):
        LAZADA.receive(replace(mine, credentials={}), heard)


def test_orders_come_with_their_items_and_without_what_names_the_buyer() -> None:
    page = [
        {"order_id": str(ref), "created_at": "2026-06-28 17:00:00 +0800", "statuses": ["pending"]} for ref in range(100)
    ]
    first, last = ok({"orders": page[:2]}), ok({"orders": []})
    done = held(drive(CONNECTOR, ACCOUNT, LAZADA.orders(ACCOUNT, NOW), [first, items, items, first]))
    asked = dict(done.requests[0].query)
    assert (asked["update_after"], asked["sort_by"], asked["offset"]) == (
        "2026-07-01T12:00:00+00:00",
        "created_at",
        "0",
    )
    (told,) = [one for one in done.requests if one.what]
    assert "77" not in told.context["items"], "a buyer is not told beside"
    said = replace(first, what="orders", context=told.context)
    assert [[line.ref for line in one.lines] for one in LAZADA.read(said).orders] == [["0"], ["10"]]
    with pytest.raises(NotFound):
        drive(CONNECTOR, ACCOUNT, LAZADA.order(ACCOUNT, "../seller"), [])
    alone = drive(CONNECTOR, ACCOUNT, LAZADA.orders(ACCOUNT, None), last)
    assert dict(alone.requests[0].query)["update_after"] == "2026-06-01T12:00:00+00:00"
    one = held(drive(CONNECTOR, ACCOUNT, LAZADA.order(ACCOUNT, "7"), [items, ok(page[7])]))
    assert [(request.what, request.subject) for request in one.requests] == [("", ""), ("order", "7")]


def test_a_person_allows_it_for_one_country() -> None:
    url = LAZADA.authorize(ACCOUNT, GRANT)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["client_id"], asked["state"], asked["redirect_uri"]) == ("123456", "s1", "https://me.example/back")
    whole = {"access_token": "new", "refresh_token": "next", "expires_in": 604800, "country": "my", "code": "0"}
    redeemed = drive(CONNECTOR, ACCOUNT, LAZADA.redeem(ACCOUNT, GRANT, {"state": "s1", "code": "c1"}), answer(whole))
    held(redeemed, "/auth/token/create")
    assert dict(redeemed.result) == {
        "access_token": "new",
        "refresh_token": "next",
        "access_until": "2026-07-08T12:00:00+00:00",
    }
    there = {"app_key": "123456", "country": " TH"}
    fresh = replace(ACCOUNT, settings=there, credentials={**ACCOUNT.credentials, **redeemed.result})
    assert LAZADA.stale(ACCOUNT) and not LAZADA.stale(fresh)
    seller = ok({"seller_id": "100", "name": "Lamps"})
    done = held(drive(CONNECTOR, fresh, LAZADA.check(fresh), [seller, ok({"orders": []})]), "/seller/get")
    assert (done.result.external_id, done.result.label) == ("th-100", "Lamps")
    assert {urlsplit(one.url).hostname for one in done.requests} == {"api.lazada.co.th"}
    renewed = drive(CONNECTOR, fresh, LAZADA.renew(fresh), answer(whole))
    assert dict(renewed.requests[0].query)["refresh_token"] == "next"
    nobody = replace(ACCOUNT, credentials={})
    assert drive(CONNECTOR, nobody, LAZADA.renew(nobody), []).result == {}


def test_who_is_not_to_be_asked_is_told() -> None:
    abroad = replace(ACCOUNT, settings={"country": "cb"})
    seller = ok({"seller_id": "100"})
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, abroad, LAZADA.check(abroad), seller)
    assert caught.value.message and caught.value.message.id == "lazada.no_country"
    with pytest.raises(Refused) as refused:
        drive(CONNECTOR, ACCOUNT, LAZADA.check(ACCOUNT), ok({}))
    assert refused.value.message and refused.value.message.id == "lazada.no_seller"
    with pytest.raises(Broken):
        tokens(answer({"access_token": "a", "refresh_token": "b", "expires_in": 10**18}), NOW)
    with pytest.raises(Denied):
        drive(CONNECTOR, ACCOUNT, LAZADA.redeem(ACCOUNT, GRANT, {"state": "forged", "code": "c"}), [])


def test_the_address_for_notices_is_entered_by_hand() -> None:
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, ACCOUNT, LAZADA.subscribe(ACCOUNT, "https://me.example/hook", "s"), [])
    assert caught.value.message and caught.value.message.values["address"] == "https://me.example/hook"


def test_numbers_are_left_to_a_person() -> None:
    assert Can.PUSH not in LAZADA.meta.can
    told = task(channel("lazada"), ByHand.GIVE)
    assert told and told.id == "channel.by_hand.give"


def test_recorded_answers_are_those_of_the_tables() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        if recording.path.stem in {"orders_page", "order_states", "no_orders"}:
            found = spec.response("get", "/orders/get", 200, recording.content["body"])
            assert found == []
            checked += 1
    assert checked == 3
