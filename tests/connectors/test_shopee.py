"""Shopee: signatures, tokens, spans of time, numbers given where Shopee takes them, notices."""

import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Delivery, Denied, NotFound, Refused, Request, Shipment
from doorstep.connectors.stores.shopee import CONNECTOR, Shopee
from doorstep.connectors.stores.shopee_open.wire import sign, tokens
from doorstep.connectors.values import Grant
from doorstep.core.order import Content
from tests.connectors.flow import NOW, Driven, Reply, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import SPECS, problems, specification

SHOPEE = Shopee()
ACCOUNT = Account(
    settings={"partner_id": "2001887", "shop_id": "600000"},
    credentials={
        "partner_key": "hush-hush",
        "access_token": "four-hours",
        "refresh_token": "a-month",
        "hook_address": "https://me.example/hook",
    },
    now=NOW,
)
FILE = "derived/shopee_openapi.json"
ORDER = "26062800ABCDEF"
SHIPMENT = Shipment(order=ORDER, number="MYN123456789", key="k")
GRANT = Grant(state="s1", redirect="https://me.example/back", verifier="v")


class Shop:
    """One order of two packages, which answers as Shopee does and checks every signature."""

    def __init__(self, *, info: Any = None, packages: int = 1, status: str = "READY_TO_SHIP") -> None:
        self.info = {"non_integrated": ["tracking_no"]} if info is None else info
        self.packages = {f"OFG{place}": "" for place in range(1, packages + 1)}
        self.status = status
        self.shipped: list[Any] = []
        self.gone = False

    def __call__(self, request: Request) -> Answer:
        path, query = urlsplit(request.url).path, dict(request.query)
        token = (query["access_token"], query["shop_id"]) if "shop_id" in query else ("", "")
        assert query["sign"] == sign("hush-hush", "2001887", path, query["timestamp"], *token)
        if path.endswith("/get_order_detail"):
            return ok({"order_list": [] if self.gone else [self.order()]})
        if path.endswith("/get_mass_tracking_number"):
            asked = [one["package_number"] for one in json.loads(request.body)["package_list"]]
            told = [{"package_number": one, "tracking_number": self.packages[one]} for one in asked]
            return ok({"success_list": told, "fail_list": []})
        if path.endswith("/get_shipping_parameter"):
            return ok({"info_needed": self.info})
        assert path.endswith("/ship_order")
        body = json.loads(request.body)
        self.shipped.append(body)
        self.packages[body["package_number"]] = next(iter(body[one] for one in body if one in self.info))[
            "tracking_number"
        ]
        return ok({})

    def order(self) -> dict[str, Any]:
        items = [{"item_id": place, "model_id": 0, "model_quantity_purchased": 1} for place in (1, 2)]
        packages = [
            {"package_number": name, "logistics_status": "LOGISTICS_READY", "item_list": [self.item(place)]}
            for place, name in enumerate(self.packages, 1)
        ]
        whole = {"order_sn": ORDER, "order_status": self.status, "create_time": 1782637200}
        return {**whole, "item_list": items, "package_list": packages}

    def item(self, place: int) -> dict[str, Any]:
        return {"item_id": place, "model_id": 0, "model_quantity": 1}


def ok(response: Any) -> Answer:
    return answer({"request_id": "r", "error": "", "message": "", "response": response})


def push(shop: Any, **changed: Any) -> Driven[Any]:
    done = drive(CONNECTOR, ACCOUNT, SHOPEE.push(ACCOUNT, replace(SHIPMENT, **changed)), shop)
    return held(done)


def held(done: Driven[Any]) -> Driven[Any]:
    """Every request and every answer is as Shopee's tables have it."""
    assert problems(FILE, list(zip(done.requests, done.answers, strict=True))) == []
    return done


def test_published_formulas_are_met() -> None:
    vectors = (
        json.loads((SPECS / "derived/signature_vectors.json").read_text())
        if SPECS.exists()
        else pytest.skip("no ../shared")
    )
    (one,) = [one for one in vectors["vectors"] if one["scheme"] == "shopee-shop-request-sign"]
    made = sign(
        one["secret"], one["partner_id"], one["path"], str(one["timestamp"]), one["access_token"], one["shop_id"]
    )
    assert made == one["expected"]
    (notice,) = [one for one in vectors["vectors"] if one["scheme"] == "shopee-push"]
    mine = replace(ACCOUNT, credentials={"partner_key": notice["secret"], "hook_address": notice["url"]})
    heard = Delivery(headers={"authorization": notice["expected"]}, body=notice["body"].encode(), received_at=NOW)
    assert SHOPEE.receive(mine, heard).knock
    assert not SHOPEE.receive(replace(mine, settings={"shop_id": "7"}), heard).knock, "of another shop of the app"
    for wrong in (replace(heard, body=heard.body + b" "), replace(heard, headers={})):
        with pytest.raises(Denied):
            SHOPEE.receive(mine, wrong)
    with pytest.raises(Denied):
        SHOPEE.receive(replace(mine, credentials={"partner_key": notice["secret"]}), heard)


def test_a_number_is_given_once_where_shopee_takes_it() -> None:
    shop = Shop()
    assert push(shop).result.ref == "OFG1"
    assert shop.shipped == [
        {"order_sn": ORDER, "package_number": "OFG1", "non_integrated": {"tracking_number": SHIPMENT.number}}
    ]
    push(shop)
    assert len(shop.shipped) == 1, "a repetition adds nothing"
    shown = held(drive(CONNECTOR, ACCOUNT, SHOPEE.read_back(ACCOUNT, ORDER), shop)).result
    assert [(one.ref, one.number) for one in shown] == [("OFG1", SHIPMENT.number)]
    dropped = Shop(info={"dropoff": ["tracking_no"], "pickup": ["address_id"]})
    push(dropped)
    assert dropped.shipped[0]["dropoff"] == {"tracking_number": SHIPMENT.number}


def test_a_number_goes_to_the_package_that_holds_its_items() -> None:
    shop = Shop(packages=2)
    assert push(shop, contents=(Content(line="2-0", qty=1),)).result.ref == "OFG2"
    assert push(shop, number="MYN2").result.ref == "OFG1", "only one waits now"


@pytest.mark.parametrize(
    ("changed", "shop", "sentence"),
    [
        ({}, Shop(status="CANCELLED"), "stores.order_cancelled"),
        ({}, Shop(packages=2), "shopee.which_package"),
        ({}, Shop(packages=0), "stores.nothing_left"),
        ({}, Shop(info={"dropoff": ["branch_id", "tracking_no"]}), "shopee.ships_itself"),
        ({}, Shop(info={"pickup": ["address_id", "pickup_time_id"]}), "shopee.ships_itself"),
        ({"replaces": "OFG1", "former": "MYN1"}, Shop(), "shopee.no_change"),
        ({"order": "../shop"}, Shop(), "stores.not_found"),
    ],
)
def test_what_shopee_would_not_take_is_not_sent(changed: Any, shop: Shop, sentence: str) -> None:
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert shop.shipped == []


def test_an_order_that_is_gone_is_told() -> None:
    shop = Shop()
    shop.gone = True
    with pytest.raises(NotFound):
        push(shop)


def test_time_is_asked_in_spans_and_numbers_come_beside_the_orders() -> None:
    listed = ok({"more": True, "next_cursor": "20", "order_list": [{"order_sn": ORDER}]})
    last, shop = ok({"more": False, "next_cursor": "x", "order_list": [{"order_sn": ORDER}]}), Shop()
    replies: list[Reply] = [listed, shop, shop, shop, last, shop, shop, shop, ok({"order_list": []})]
    done = held(drive(CONNECTOR, ACCOUNT, SHOPEE.orders(ACCOUNT, NOW - timedelta(days=20)), replies))
    spans = [dict(one.query) for one in done.requests if "time_from" in dict(one.query)]
    assert [int(one["time_to"]) - int(one["time_from"]) for one in spans] == [15 * 86400, 15 * 86400, 5 * 86400]
    assert [one.get("cursor") for one in spans] == [None, "20", None]
    assert [(one.what, one.subject) for one in done.requests if one.what] == [
        ("orders", "20260611-0"),
        ("orders", "20260611-1"),
    ]
    one = held(drive(CONNECTOR, ACCOUNT, SHOPEE.order(ACCOUNT, ORDER), Shop()))
    assert [request.what for request in one.requests] == ["", "", "order"]
    short = drive(CONNECTOR, ACCOUNT, SHOPEE.orders(ACCOUNT, None), ok({}))
    assert len(short.requests) == 1


def test_a_person_allows_it_and_tokens_are_renewed() -> None:
    url = SHOPEE.authorize(ACCOUNT, GRANT)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["redirect"] == "https://me.example/back?state=s1"
    assert asked["sign"] == sign("hush-hush", "2001887", "/api/v2/shop/auth_partner", asked["timestamp"])
    said = answer({"access_token": "new", "refresh_token": "next", "expire_in": 14400, "error": "", "message": ""})
    back = {"state": "s1", "code": "c1", "shop_id": "600000"}
    done = drive(CONNECTOR, ACCOUNT, SHOPEE.redeem(ACCOUNT, GRANT, back), said)
    assert json.loads(done.requests[0].body) == {"code": "c1", "shop_id": 600000, "partner_id": 2001887}
    assert dict(done.result) == {
        "access_token": "new",
        "refresh_token": "next",
        "access_until": "2026-07-01T16:00:00+00:00",
        "shop_id": "600000",
    }
    fresh = replace(ACCOUNT, settings={"partner_id": "2001887"}, credentials={**ACCOUNT.credentials, **done.result})
    assert SHOPEE.stale(ACCOUNT) and not SHOPEE.stale(fresh)
    renewed = drive(CONNECTOR, fresh, SHOPEE.renew(fresh), said)
    assert json.loads(renewed.requests[0].body)["refresh_token"] == "next"
    checked = held(drive(CONNECTOR, fresh, SHOPEE.check(fresh), ok({"order_list": []}))).result
    assert (checked.external_id, checked.settings) == ("600000", {"shop_id": "600000"})
    nobody = replace(ACCOUNT, credentials={})
    assert drive(CONNECTOR, nobody, SHOPEE.renew(nobody), []).result == {}


@pytest.mark.parametrize("back", [{"state": "s2", "code": "c"}, {"state": "s1"}, {"state": "s1", "code": "c"}])
def test_a_way_back_that_is_forged_or_names_no_shop_is_refused(back: dict[str, str]) -> None:
    with pytest.raises((Denied, Refused)):
        drive(CONNECTOR, ACCOUNT, SHOPEE.redeem(ACCOUNT, GRANT, back), [])


def test_a_token_that_ends_beyond_all_time_is_no_token() -> None:
    with pytest.raises(Broken):
        tokens(answer({"access_token": "a", "refresh_token": "b", "expire_in": 10**18}), NOW)


def test_the_address_for_notices_is_set_for_the_app() -> None:
    done = held(drive(CONNECTOR, ACCOUNT, SHOPEE.subscribe(ACCOUNT, "https://me.example/hook", "s"), ok({})))
    assert done.result == {"hook_address": "https://me.example/hook"}
    body = b"[no JSON"
    signed = hmac.digest(b"hush-hush", b"https://me.example/hook|" + body, "sha256").hex()
    heard = Delivery(headers={"authorization": signed}, body=body, received_at=NOW)
    assert SHOPEE.receive(ACCOUNT, heard).knock, "whatever it says, it is Shopee's"


def test_recorded_answers_are_those_of_the_tables() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        if recording.path.stem in {"orders_page", "one_order", "order_states", "no_orders"}:
            body = recording.content["body"]
            found = spec.response("get", "/api/v2/order/get_order_detail", 200, body)
            assert [one for one in found if "pay_time" not in one] == []
            checked += 1
    assert checked == 4
