"""CJdropshipping's flows, against a small server in memory that answers as the documentation says.

CJ publishes no schema. Requests are held to one written by hand from the documentation, where it is at hand.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any

import pytest

from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Checked,
    Delivery,
    Denied,
    NotFound,
    Refused,
    Request,
)
from doorstep.connectors.suppliers.cjdropshipping import BASE, NUMBERS, PAGE, CJDropshipping
from doorstep.core.order import PurchaseState, Role
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.vendor_schema import SPECS, described

CJ = CJDropshipping()
FRESH = Account(credentials={"api_key": "k3y"}, now=NOW)
OPEN_ID = "2000000000000017"
GOOD = {
    "api_key": "k3y",
    "access_token": "old",
    "access_token_expires_at": (NOW + timedelta(days=9)).isoformat(),
    "refresh_token": "again",
    "refresh_token_expires_at": (NOW + timedelta(days=90)).isoformat(),
    "open_id": OPEN_ID,
}
KNOWN = Account(credentials=GOOD, now=NOW)


class Server:
    """Tokens, orders newest first, local numbers, one webhook setting. ``taken``: access tokens that are good."""

    def __init__(self, *orders: dict[str, Any], taken: tuple[str, ...] = ("old",), refresh: bool = True) -> None:
        self.orders = list(orders)
        self.local: dict[str, str] = {}
        self.taken = set(taken)
        self.refresh = refresh
        self.hooks: dict[str, Any] = {}

    def __call__(self, request: Request) -> Answer:
        path = request.url.removeprefix(BASE)
        if path.startswith("/authentication/"):
            return self.authenticate(path.rpartition("/")[2], json.loads(request.body))
        if request.headers.get("CJ-Access-Token") not in self.taken:
            return refusal(1600001, "Invalid API key or access token", status=401)
        query = dict(request.query)
        if path == "/shopping/order/list":
            page, size = int(query["pageNum"]), int(query["pageSize"])
            return good({"total": len(self.orders), "list": self.orders[(page - 1) * size : page * size]})
        if path == "/shopping/order/getOrderDetail":
            found = [one for one in self.orders if one["orderId"] == query["orderId"]]
            return good({**found[0], "productList": GOODS}) if found else refusal(1603100, "order not found")
        if path == "/logistic/trackInfo":
            asked = [value for _, value in request.query]
            return good([{"trackingNumber": one, "lastTrackNumber": self.local.get(one)} for one in asked])
        self.hooks = json.loads(request.body or b"{}")
        return good({"setting": {"qpsLimit": 2, "quotaLimits": []}} if path == "/setting/get" else True)

    def authenticate(self, verb: str, body: Mapping[str, str]) -> Answer:
        if verb == "refreshAccessToken" and not self.refresh:
            return refusal(1600003, "Refresh token is invalid")
        if verb == "getAccessToken" and body["apiKey"] != "k3y":
            return refusal(1601000, "user not found")
        self.taken = {f"{verb} token"}
        return good(
            {
                "openId": int(OPEN_ID) if verb == "getAccessToken" else None,
                "accessToken": f"{verb} token",
                "accessTokenExpiryDate": "2026-07-16T20:00:00+08:00",
                "refreshToken": "again",
                "refreshTokenExpiryDate": "2026-12-28 20:00:00",
            }
        )


GOODS = [{"vid": "V-100", "quantity": 1}]


def good(data: Any) -> Answer:
    return answer({"code": 200, "result": True, "message": "Success", "data": data})


def refusal(code: int, message: str, status: int = 200) -> Answer:
    return answer({"code": code, "result": False, "message": message, "data": None}, status=status)


def order(number: int, **more: Any) -> dict[str, Any]:
    placed = NOW - timedelta(days=number)
    one = {"orderId": f"o{number}", "orderNum": str(number), "orderStatus": "SHIPPED", "productList": GOODS}
    return {**one, "createDate": f"{placed:%Y-%m-%d %H:%M:%S}", **more}


def paths(requests: list[Request]) -> list[str]:
    return [request.url.removeprefix(BASE).rpartition("/")[2] for request in requests]


def schema(name: str, body: Any) -> list[str]:
    """What the hand-written schema has against ``body``."""
    errors: list[str] = described("derived/cj_schemas.json", strict=True).definition(name, body)
    return errors


def test_connecting_keeps_the_tokens_and_hides_the_open_id() -> None:
    server = Server()
    account = fresh(CJ, FRESH, server)
    assert account.credentials["open_id"] == OPEN_ID
    assert account.credentials["access_token_expires_at"] == "2026-07-16T12:00:00+00:00"
    done = drive(CJ, account, CJ.check(account), server)
    assert paths(done.requests) == ["list", "get"]
    assert [dict(one.values) for one in done.result.notes] == [{"calls": 2}]
    assert OPEN_ID not in done.result.external_id


def test_the_same_account_has_the_same_id_whatever_its_key() -> None:
    again = Account(credentials={**GOOD, "api_key": "other"}, now=NOW)
    results: list[Checked] = [drive(CJ, one, CJ.check(one), Server()).result for one in (KNOWN, again)]
    assert results[0].external_id == results[1].external_id


def test_wrong_key_is_denied() -> None:
    wrong = Account(credentials={"api_key": "nope"}, now=NOW)
    with pytest.raises(Denied):
        fresh(CJ, wrong, Server())
    with pytest.raises(Denied):
        fresh(CJ, FRESH, refusal(1600005, "APIkey is wrong"))


def test_good_token_is_used_as_it_is() -> None:
    assert not CJ.stale(KNOWN)
    assert paths(drive(CJ, KNOWN, CJ.purchases(KNOWN, NOW), Server(order(1))).requests) == ["list"]


def test_token_that_ends_soon_is_refreshed() -> None:
    late = replace(KNOWN, now=NOW + timedelta(days=8, hours=1))
    assert CJ.stale(late)
    done = drive(CJ, late, CJ.renew(late), Server())
    assert paths(done.requests) == ["refreshAccessToken"]
    assert done.result["access_token"] == "refreshAccessToken token"
    assert done.result["open_id"] == OPEN_ID, "a renewal that leaves it out does not lose it"


def test_revoked_refresh_token_falls_back_to_the_key() -> None:
    done = drive(CJ, KNOWN, CJ.renew(KNOWN), Server(refresh=False))
    assert paths(done.requests) == ["refreshAccessToken", "getAccessToken"]
    assert done.result["access_token"] == "getAccessToken token"


def test_revoked_token_is_denied() -> None:
    with pytest.raises(Denied):
        drive(CJ, KNOWN, CJ.purchases(KNOWN, NOW), Server(order(1), taken=()))


def test_a_new_token_is_asked_for_once_in_five_minutes() -> None:
    asked = {"api_key": "k3y", "access_token_asked_at": (NOW - timedelta(minutes=1)).isoformat()}
    soon = Account(credentials=asked, now=NOW)
    with pytest.raises(Busy) as caught:
        fresh(CJ, soon, [])
    assert caught.value.retry_after == 240
    with pytest.raises(Busy) as caught:
        fresh(CJ, FRESH, refusal(1600200, "Too Many Requests", status=429))
    assert caught.value.retry_after == 300


def test_token_answer_without_a_usable_date_is_broken() -> None:
    token = {"accessToken": "a", "accessTokenExpiryDate": "soon", "refreshToken": "r", "refreshTokenExpiryDate": "soon"}
    for data in (token, None):
        with pytest.raises(Broken):
            fresh(CJ, FRESH, good(data))


def test_pages_are_read_until_they_are_too_old_to_change() -> None:
    server = Server(*(order(day) for day in range(3 * PAGE)))
    done = drive(CJ, KNOWN, CJ.purchases(KNOWN, NOW), server)
    assert [dict(one.query)["pageNum"] for one in done.requests] == ["1", "2"]
    assert [one.subject for one in done.requests] == ["page 1", "page 2"]


def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.connectors.suppliers.cjdropshipping.PAGES", 3)
    same = good({"list": [order(1)] * PAGE})
    assert len(drive(CJ, KNOWN, CJ.purchases(KNOWN, None), same).requests) == 3


def test_all_pages_are_read_when_the_list_rises_or_no_start_is_given() -> None:
    rising = Server(*reversed([order(day) for day in range(2 * PAGE)]))
    assert len(drive(CJ, KNOWN, CJ.purchases(KNOWN, NOW), rising).requests) == 3
    falling = Server(*(order(day) for day in range(2 * PAGE)))
    assert len(drive(CJ, KNOWN, CJ.purchases(KNOWN, None), falling).requests) == 3


def test_orders_without_goods_in_the_list_are_asked_for_one_by_one() -> None:
    done = drive(CJ, KNOWN, CJ.purchases(KNOWN, NOW), Server(order(1), order(2, productList=None)))
    assert paths(done.requests) == ["list", "getOrderDetail"]
    assert done.requests[1].query == (("orderId", "o2"),)
    read = [purchase for one in done.answers for purchase in CJ.read(one).purchases]
    assert [one.ref for one in read] == ["o1", "o2"]


def test_local_numbers_are_asked_for_while_only_the_platforms_is_known() -> None:
    open_ones = [order(day, trackNumber=f"CJPKL71601021{day:02d}YQ") for day in range(NUMBERS + 1)]
    done_ones = [order(50, trackNumber="CJPKL7160102150YQ", orderStatus="DELIVERED"), order(51, trackNumber="1Z1")]
    server = Server(*open_ones, *done_ones)
    server.local["CJPKL7160102100YQ"] = "9261290100130739674442"
    done = drive(CJ, KNOWN, CJ.purchases(KNOWN, NOW), server)
    assert paths(done.requests) == ["list", "trackInfo", "trackInfo"]
    assert [len(one.query) for one in done.requests[1:]] == [NUMBERS, 1]
    track = CJ.read(done.answers[1]).tracks[0]
    assert track.last_mile and (track.last_mile.text, track.last_mile.role) == ("9261290100130739674442", Role.LOCAL)


def test_one_order_is_asked_for_with_its_local_number() -> None:
    server = Server(order(1, trackNumber="CJPKL7160102171YQ"))
    done = drive(CJ, KNOWN, CJ.purchase(KNOWN, "o1"), server)
    assert paths(done.requests) == ["getOrderDetail", "trackInfo"]
    assert CJ.read(done.answers[0]).purchases[0].state is PurchaseState.DISPATCHED
    with pytest.raises(NotFound):
        drive(CJ, KNOWN, CJ.purchase(KNOWN, "o9"), server)


def test_numbers_that_the_logistics_do_not_know_end_no_poll() -> None:
    server = Server(order(1, trackNumber="CJPKL7160102171YQ"))
    done = drive(
        CJ,
        KNOWN,
        CJ.purchases(KNOWN, NOW),
        lambda request: refusal(1605000, "logistics not found") if "trackInfo" in request.url else server(request),
    )
    assert [one.answer for one in CJ.read(done.answers[1]).tracks] == ["nothing"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1600000, Busy), (1600201, Busy), (1600100, Refused), (1602001, NotFound), (1600003, Denied), (9, Refused)],
)
def test_error_codes_become_the_trouble_they_are(code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(CJ, KNOWN, CJ.purchase(KNOWN, "o1"), refusal(code, "no"))


def test_error_in_an_envelope_of_a_broken_server_is_broken() -> None:
    with pytest.raises(Broken):
        drive(CJ, KNOWN, CJ.purchase(KNOWN, "o1"), refusal(9, "no", status=500))


def test_every_request_body_fits_the_hand_written_schema() -> None:
    server = Server(refresh=False)
    hooks = drive(CJ, KNOWN, CJ.subscribe(KNOWN, "https://doorstep.example/hooks/x", "unused"), server)
    requests = [*hooks.requests, *drive(CJ, KNOWN, CJ.renew(KNOWN), server).requests]
    sent = {path: json.loads(one.body) for path, one in zip(paths(requests), requests, strict=True)}
    assert schema("WebhookSetRequest", sent["set"]) == []
    assert schema("RefreshAccessTokenRequest", sent["refreshAccessToken"]) == []
    assert schema("GetAccessTokenRequest", sent["getAccessToken"]) == []


def test_good_recordings_fit_the_hand_written_schema() -> None:
    shapes = {
        "orders_page": "OrderListResponse",
        "one_order": "OrderDetailResponse",
        "local_number": "TrackInfoResponse",
    }
    shapes |= {"webhook_order": "WebhookOrder", "webhook_logistic": "WebhookLogistic"}
    shapes |= {"webhook_order_split": "WebhookOrderSplit"}
    for case, shape in shapes.items():
        recorded = json.loads((Path(__file__).parent / "suppliers/cjdropshipping" / f"{case}.json").read_text())
        assert schema(shape, recorded["body"]) == [], case


def test_subscribing_asks_for_orders_and_logistics_only() -> None:
    server = Server()
    done = drive(CJ, KNOWN, CJ.subscribe(KNOWN, "https://doorstep.example/hooks/x", "unused"), server)
    assert [topic for topic, one in server.hooks.items() if one["type"] == "ENABLE"] == ["order", "logistics"]
    assert done.requests[0].changes
    assert done.result == {}


def test_address_that_cj_does_not_take_says_what_to_do() -> None:
    with pytest.raises(Refused) as caught:
        drive(CJ, KNOWN, CJ.subscribe(KNOWN, "http://x", ""), refusal(1607001, "Invalid callback URL"))
    assert caught.value.message
    assert caught.value.message.id == "cjdropshipping.hook_refused"


def webhook(body: bytes, sign: str | None = None) -> Delivery:
    signed = b64encode(digest(OPEN_ID.encode(), body, sha256)).decode()
    return Delivery(headers={"sign": signed if sign is None else sign}, body=body, received_at=NOW)


def test_signed_webhook_is_taken_and_loses_the_open_id() -> None:
    body = (
        b'{"messageId":"m-1","type":"ORDER","openId":2000000000000017,'
        b'"params":{"cjOrderId":210823100016290555,"orderItems":[]}}'
    )
    received = CJ.receive(KNOWN, webhook(body))
    assert received.key == "m-1"
    assert received.answer and received.answer.what == "push"
    assert OPEN_ID.encode() not in received.answer.body
    assert b"210823100016290555" in received.answer.body


@pytest.mark.parametrize(
    "said",
    [
        {"type": "ORDERSPLIT", "params": {"originalOrderId": "1"}},
        {"type": "ORDER", "params": {"cjOrderId": 1}},
        {"type": "ORDER", "params": {"cjOrderId": 1, "orderItems": None}},
        {"type": "ORDER"},
    ],
)
def test_message_that_leaves_out_what_the_list_tells_is_a_knock(said: dict[str, Any]) -> None:
    received = CJ.receive(KNOWN, webhook(json.dumps({"messageId": "m-2", **said}).encode()))
    assert (received.knock, received.answer, received.key) == (True, None, "m-2")


def test_points_that_are_used_up_say_so_and_are_waited_for() -> None:
    points = {"usedToday": 50_000, "remaining": 0, "total": 50_000}
    used_up = answer({"code": 429, "message": "Insufficient points", "pointsInfo": points}, status=429)
    with pytest.raises(Busy) as caught:
        drive(CJ, KNOWN, CJ.subscribe(KNOWN, "https://doorstep.example/hooks/x", ""), used_up)
    assert caught.value.retry_after == 60
    assert caught.value.message
    assert caught.value.message.values == {"used": 50_000, "total": 50_000}


def test_signature_fits_the_documented_formula() -> None:
    if not (SPECS / "derived").exists():
        pytest.skip("../shared is absent: no signature vectors")
    vectors = json.loads((SPECS / "derived" / "signature_vectors.json").read_text())["vectors"]
    one = next(vector for vector in vectors if vector["scheme"] == "cj-webhook")
    account = Account(credentials={"open_id": one["secret"]}, now=NOW)
    assert CJ.receive(account, webhook(one["body"].encode(), one["expected"])).key == "m-1"


@pytest.mark.parametrize("sign", ["", "bm8=", "ä"])
def test_webhook_that_is_not_signed_by_the_account_is_denied(sign: str) -> None:
    with pytest.raises(Denied):
        CJ.receive(KNOWN, webhook(b"{}", sign))
    with pytest.raises(Denied):
        CJ.receive(FRESH, webhook(b"{}", b64encode(digest(b"", b"{}", sha256)).decode()))


def test_signed_garbage_is_broken() -> None:
    with pytest.raises(Broken):
        CJ.receive(KNOWN, webhook(b"[1]"))


def push(**message: Any) -> Answer:
    return replace(answer({"messageId": "m", "messageType": "UPDATE", **message}), what="push")


def test_message_of_another_topic_tells_nothing() -> None:
    assert not CJ.read(push(type="STOCK", params={})).purchases


def test_logistics_message_without_a_number_is_counted_as_bad() -> None:
    assert CJ.read(push(type="LOGISTIC", params={"orderId": 1})).bad


def test_order_message_keeps_the_stores_number_beside_its_old_name() -> None:
    params = {"cjOrderId": 7, "orderStatus": "SHIPPED", "orderNumber": "1001", "orderNum": None, "orderItems": GOODS}
    for told in (params, dict(reversed(params.items()))):
        assert CJ.read(push(type="ORDER", params=told)).purchases[0].lines[0].order == "1001"


def test_time_outside_of_all_time_is_counted_as_bad() -> None:
    page = good({"list": [order(1, createDate="0001-01-01T00:00:00+14:00"), order(2)]})
    facts = CJ.read(replace(page, what="purchases"))
    assert [one.ref for one in facts.purchases] == ["o2"]
    assert len(facts.bad) == 1


def test_events_are_read_oldest_first_whichever_way_they_come() -> None:
    told = [{"status": 5, "eventTime": "2026-06-22 06:00:00"}, {"status": 12, "eventTime": "2026-06-30 06:00:00"}]
    for events in (told, told[::-1], [*told, "odd"]):
        params = {"trackingNumber": "CJPKL7160102171YQ", "logisticsTrackEvents": json.dumps(events)}
        read = CJ.read(push(type="LOGISTIC", params=params)).tracks[0].events
        assert [one.raw_code for one in read] == ["5", "12"]
