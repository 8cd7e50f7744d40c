"""TikTok Shop: signatures, tokens, its own examples, giving and changing numbers, notices."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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
from doorstep.connectors.stores.tiktok.wire import sign, tokens
from doorstep.connectors.stores.tiktok_shop import CONNECTOR, EVENTS, TikTokShop
from doorstep.connectors.values import Grant
from doorstep.core.order import Content
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.recordings import of
from tests.sandbox.vendors import SPECS, problems, specification

TIKTOK = TikTokShop()
ACCOUNT = Account(
    settings={"app_key": "key-1", "service_id": "717", "shop_cipher": "GCP_1"},
    credentials={"app_secret": "hush-hush", "access_token": "TTP_token", "refresh_token": "TTP_refresh"},
    now=NOW,
)
FILE = "derived/tiktok_shop_openapi.json"
SHIPMENT = Shipment(order="576", number="RM123456785GB", key="k", carrier="royal_mail", carrier_name="Royal Mail")
GRANT = Grant(state="s1", redirect="https://me.example/back", verifier="v")


class Shop:
    """One order of two units, which answers as TikTok does."""

    def __init__(self, **order: Any) -> None:
        self.lines: list[dict[str, Any]] = [{"id": "1"}, {"id": "2"}]
        self.changed = order
        self.calls: list[tuple[str, Any]] = []
        self.warning = ""

    def __call__(self, request: Request) -> Answer:
        path, query = urlsplit(request.url).path, dict(request.query)
        signed = sign("hush-hush", path, query, request.body)
        assert (query["sign"], query["timestamp"]) == (signed, str(int(NOW.timestamp())))
        if path.endswith("/shipping_providers"):
            offered = [{"id": "6617", "name": "Royal Mail"}, {"id": "6618", "name": "EVRi"}]
            return self.ok({"shipping_providers": offered})
        if request.changes:
            body = json.loads(request.body)
            self.calls.append((path, body))
            refs = body.get("order_line_item_ids")
            for line in self.lines:
                if refs is None or line["id"] in refs:
                    line |= {"package_id": f"115{len(self.calls) if refs else 1}"}
                    line |= {"tracking_number": body["tracking_number"], "package_status": "PROCESSING"}
            return self.ok({"package_id": f"115{len(self.calls)}", "warning": {"message": self.warning}})
        shape = {"id": "576", "status": "AWAITING_SHIPMENT", "create_time": 1782637200, "delivery_option_id": "709"}
        return self.ok({"orders": [{**shape, "shipping_type": "SELLER", "line_items": self.lines, **self.changed}]})

    @staticmethod
    def ok(data: Any) -> Answer:
        return answer({"code": 0, "message": "Success", "request_id": "r", "data": data})


def push(shop: Any, **changed: Any) -> Driven[Any]:
    return drive(CONNECTOR, ACCOUNT, TIKTOK.push(ACCOUNT, replace(SHIPMENT, **changed)), shop)


def test_signatures_are_those_of_the_vectors() -> None:
    path = SPECS / "derived/signature_vectors.json"
    if not path.exists():
        pytest.skip("../shared is absent: no signature vectors")
    vectors = [one for one in json.loads(path.read_text())["vectors"] if one["scheme"].startswith("tiktok-shop")]
    for one in vectors:
        if one["scheme"] == "tiktok-shop-webhook":
            account = replace(ACCOUNT, settings={"app_key": one["app_key"]}, credentials={"app_secret": one["secret"]})
            sent = Delivery(headers={"authorization": one["expected"]}, body=one["body"].encode(), received_at=NOW)
            assert TIKTOK.receive(account, sent).knock
            for forged in (replace(sent, body=b"{}"), replace(sent, headers={})):
                with pytest.raises(Denied):
                    TIKTOK.receive(account, forged)
            with pytest.raises(Denied):
                TIKTOK.receive(replace(account, credentials={}), sent)
        else:
            secret = one.get("secret") or one["app_secret"]
            assert sign(secret, one["path"], one["query"], (one["body"] or "").encode()) == one["expected"]
    assert len(vectors) == 3


def test_a_number_is_given_once_line_by_line() -> None:
    shop = Shop()
    first = push(shop, contents=(Content(line="1", qty=1),))
    assert first.result.ref == "1151"
    assert push(shop).result.ref == "1151", "a repetition adds nothing"
    shop.warning = "match more than one provider"
    second = push(shop, number="H00AA1", carrier_name="Evri")
    assert [one.values["said"] for one in second.result.notes] == ["match more than one provider"]
    assert [body["order_line_item_ids"] for _, body in shop.calls] == [["1"], ["2"]]
    assert [body["shipping_provider_id"] for _, body in shop.calls] == ["6617", "6618"]
    shown = drive(CONNECTOR, ACCOUNT, TIKTOK.read_back(ACCOUNT, "576"), shop).result
    assert [(one.ref, one.number, len(one.contents)) for one in shown] == [
        ("1151", SHIPMENT.number, 1),
        ("1152", "H00AA1", 1),
    ]
    edited = push(shop, number="RM123456794GB", replaces="1151")
    assert edited.result.ref == "1151"
    assert shop.calls[-1] == (
        "/fulfillment/202309/packages/1151/shipping_info/update",
        {"tracking_number": "RM123456794GB", "shipping_provider_id": "6617"},
    )
    said = [pair for one in (first, second, edited) for pair in zip(one.requests, one.answers, strict=True)]
    assert problems(FILE, said) == []


@pytest.mark.parametrize(
    ("changed", "order", "sentence"),
    [
        ({"carrier_name": "No Such Post"}, {}, "tiktok_shop.no_carrier"),
        ({}, {"shipping_type": "TIKTOK"}, "tiktok_shop.ships_itself"),
        ({}, {"status": "CANCELLED"}, "stores.order_cancelled"),
        ({}, {"line_items": [{"id": "1", "display_status": "CANCELLED"}]}, "stores.nothing_left"),
        ({"replaces": "99"}, {}, "stores.replaced_gone"),
        ({"order": "../x"}, {}, "stores.not_found"),
        ({}, {"delivery_option_id": None}, "stores.not_found"),
    ],
)
def test_what_tiktok_would_not_take_is_not_sent(changed: dict[str, Any], order: dict[str, Any], sentence: str) -> None:
    shop = Shop(**order)
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert shop.calls == []


def test_an_order_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        push(Shop.ok({"orders": []}))


def test_a_code_becomes_tokens_and_they_are_renewed() -> None:
    asked = dict(parse_qsl(urlsplit(TIKTOK.authorize(ACCOUNT, GRANT)).query))
    assert asked == {"service_id": "717", "state": "s1"}
    ends = datetime(2026, 7, 8, 12, 0, tzinfo=UTC)
    made = {"access_token": "TTP_a", "access_token_expire_in": int(ends.timestamp()), "refresh_token": "TTP_r"}
    flow = TIKTOK.redeem(ACCOUNT, GRANT, {"state": "s1", "code": "c"})
    done = drive(CONNECTOR, ACCOUNT, flow, [Shop.ok(made)])
    assert done.result == {"access_token": "TTP_a", "refresh_token": "TTP_r", "access_until": ends.isoformat()}
    assert TIKTOK.stale(ACCOUNT), "nothing says how long this token lasts"
    account = replace(ACCOUNT, credentials={**ACCOUNT.credentials, **done.result})
    assert not TIKTOK.stale(account)
    assert TIKTOK.stale(replace(account, now=ends - timedelta(minutes=1)))
    seconds = {**made, "access_token_expire_in": 604800}
    renewed = drive(CONNECTOR, account, TIKTOK.renew(account), [Shop.ok(seconds)])
    assert renewed.result["access_until"] == ends.isoformat()
    assert dict(renewed.requests[0].query)["refresh_token"] == "TTP_r"
    over = answer({"code": 36004004, "message": "refresh token is invalid", "data": None})
    with pytest.raises(Denied) as caught:
        drive(CONNECTOR, account, TIKTOK.renew(account), [over])
    assert caught.value.message and caught.value.message.id == "grants.over"
    stranger = replace(ACCOUNT, credentials={})
    assert drive(CONNECTOR, stranger, TIKTOK.renew(stranger), []).result == {}
    with pytest.raises(Broken):
        tokens(Shop.ok({**made, "access_token_expire_in": 10**30}), NOW)


def test_the_first_of_several_shops_is_connected_and_the_others_are_told() -> None:
    shops = [{"id": "1", "name": "Lantern", "cipher": "GCP_2", "region": "GB"}, {"id": "2", "name": "Thread"}]
    done = drive(CONNECTOR, ACCOUNT, TIKTOK.check(ACCOUNT), [Shop.ok({"shops": shops})])
    assert (done.result.external_id, done.result.label) == ("1", "Lantern")
    assert done.result.settings == {"shop_cipher": "GCP_2", "region": "GB"}
    assert [one.values["others"] for one in done.result.notes] == ["Thread"]
    assert "shop_cipher" not in dict(done.requests[0].query)
    one = drive(CONNECTOR, ACCOUNT, TIKTOK.check(ACCOUNT), [Shop.ok({"shops": shops[:1]})])
    assert one.result.notes == ()
    with pytest.raises(Refused):
        drive(CONNECTOR, ACCOUNT, TIKTOK.check(ACCOUNT), [Shop.ok({})])
    said = list(zip(done.requests, done.answers, strict=True))
    assert problems(FILE, said) == []


def test_pages_follow_the_token() -> None:
    row = {"id": "1"}
    pages = [Shop.ok({"next_page_token": "n1", "orders": [row]}), Shop.ok({"next_page_token": "n2", "orders": []})]
    done = drive(CONNECTOR, ACCOUNT, TIKTOK.orders(ACCOUNT, NOW), pages)
    assert [dict(one.query).get("page_token") for one in done.requests] == [None, "n1"]
    assert json.loads(done.requests[0].body) == {"update_time_ge": int(NOW.timestamp())}
    whole = drive(CONNECTOR, ACCOUNT, TIKTOK.orders(ACCOUNT, None), [Shop.ok({})])
    single = drive(CONNECTOR, ACCOUNT, TIKTOK.order(ACCOUNT, "576"), [Shop.ok({"orders": []})])
    said = [pair for one in (done, whole, single) for pair in zip(one.requests, one.answers, strict=True)]
    assert problems(FILE, said) == []


def test_notices_are_asked_for_by_kind() -> None:
    done = drive(CONNECTOR, ACCOUNT, TIKTOK.subscribe(ACCOUNT, "https://me.example/hooks/x", "s"), Shop.ok({}))
    assert [json.loads(one.body)["event_type"] for one in done.requests] == list(EVENTS)
    assert problems(FILE, list(zip(done.requests, done.answers, strict=True))) == []


def test_tiktoks_own_examples_are_read_whole() -> None:
    paths = specification(FILE, strict=False).doc["paths"]
    examples = {
        "orders": paths["/order/202309/orders/search"]["post"]["x-example-response_body"],
        "order": paths["/order/202507/orders"]["get"]["x-example-response_body"],
    }
    for what, body in examples.items():
        facts = TIKTOK.read(Answer(what=what, body=json.dumps(body).encode(), received_at=NOW))
        mine = [one for one in body["data"]["orders"] if one["fulfillment_type"] != "FULFILLMENT_BY_TIKTOK"]
        assert [one.ref for one in facts.orders] == [one["id"] for one in mine]
        assert facts.bad == ()


def test_every_error_that_tiktok_says_will_pass_is_waited_for() -> None:
    paths = specification(FILE, strict=False).doc["paths"]
    listed = paths["/fulfillment/202309/orders/{order_id}/packages"]["post"]["x-errors"]
    kinds: dict[type, int] = {}
    for one in listed:
        with pytest.raises((Busy, Refused)) as caught:
            drive(
                CONNECTOR,
                ACCOUNT,
                TIKTOK.order(ACCOUNT, "1"),
                [answer({"code": int(one["code"]), "message": one["msg"], "data": None})],
            )
        passes = "try again" in one["msg"] or "timeout" in one["msg"].lower()
        assert isinstance(caught.value, Busy) or not passes, one
        kinds[type(caught.value)] = kinds.get(type(caught.value), 0) + 1
    assert min(kinds.values()) > 5


def test_recorded_orders_are_orders_of_the_schema() -> None:
    spec, checked = specification(FILE, strict=False), 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        if body["data"] and recording.path.stem != "odd_shapes":
            told = json.loads(json.dumps(body))
            for one in told["data"]["orders"]:
                for name in [name for name, value in one.items() if value is None]:
                    del one[name]
            assert spec.response("GET", "/order/202507/orders", 200, told) == []
            checked += 1
    assert checked == 4
