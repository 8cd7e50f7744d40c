"""AliExpress's flows, against a small gateway in memory that checks every signature; requests are held to the portal's
own description of its methods, where it is at hand.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, Grant, NotFound, Refused, Request
from doorstep.connectors.suppliers.ae.gateway import REST, SYNC, signature
from doorstep.connectors.suppliers.aliexpress import CALLS, CONNECTOR, PAGE, REACH, YOUNG, AliExpress
from doorstep.core.order import PurchaseState, Role
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_schema import SPECS, described

ALI = AliExpress()
FRESH = Account(settings={"app_key": "500001"}, credentials={"app_secret": "helloworld"}, now=NOW)
TOKENS = {
    "access_token": "at-1",
    "access_until": (NOW + timedelta(days=20)).isoformat(),
    "refresh_token": "rt-1",
    "refresh_until": (NOW + timedelta(days=50)).isoformat(),
    "user_id": "6072000001",
}
KNOWN = replace(FRESH, credentials={**FRESH.credentials, **TOKENS})
GRANT = Grant(state="st4te", redirect="https://doorstep.example/granted", verifier="v")
LIST, ORDER = "aliexpress.ds.commissionorder.listbyindex", "aliexpress.trade.ds.order.get"
TRACKING = "aliexpress.ds.order.tracking.get"


class Gateway:
    """Orders by id, each as (paid at, number, open still); ``rows``: what every list says instead. Refuses a wrong
    signature and another session.
    """

    def __init__(
        self, orders: Mapping[str, tuple[datetime, str, bool]] | None = None, rows: list[Any] | None = None
    ) -> None:
        self.orders, self.rows = dict(orders or {}), rows
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: Request) -> Answer:
        query = dict(request.query)
        sign, path = query.pop("sign"), request.url.removeprefix(REST) if request.url.startswith(REST) else ""
        base = path + "".join(f"{name}{query[name]}" for name in sorted(query))
        if sign != digest(b"helloworld", base.encode(), sha256).hex().upper():
            return failed("IncompleteSignature")
        self.asked.append(query)
        if path:
            return answer(self.token(path, query))
        if query["session"] != "at-1":
            return failed("IllegalAccessToken")
        said = {LIST: self.listing, ORDER: self.order, TRACKING: self.tracking}[query["method"]](query)
        return answer({f"{query['method'].replace('.', '_')}_response": said})

    def token(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        stamps = {"expire_time": 1785000000000, "refresh_token_valid_time": 1788000000000}
        if path == "/auth/token/create":
            assert query["code"] == "c0de"
            return {"code": "0", "access_token": "at-1", "refresh_token": "rt-1", "user_id": "6072000001", **stamps}
        assert (path, query["refresh_token"]) == ("/auth/token/refresh", "rt-1")
        return {"code": "0", "access_token": "at-2", "expires_in": 86400}

    def listing(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Rows of an order whose payment lies in the span, read as it was written: US Pacific summer time."""
        start, end = (datetime.fromisoformat(query[name] + "-07:00") for name in ("start_time", "end_time"))
        wanted = query["status"] == "Payment Completed"
        rows = self.rows or [
            {"order_id": int(ref), "parent_order_number": 0, "finished_time": f"{NOW - timedelta(days=3):%F %T}"}
            for ref, (paid, _, going) in self.orders.items()
            if start <= paid < end and going is wanted
        ]
        return {"result": {"current_record_count": len(rows[:PAGE]), "orders": {"order": rows[:PAGE]}}}

    def order(self, query: Mapping[str, str]) -> dict[str, Any]:
        ref = str(json.loads(query["single_order_query"])["order_id"])
        if ref not in self.orders:
            return {"result": {"order_status": ""}}
        _, number, going = self.orders[ref]
        return {
            "result": {
                "order_status": "WAIT_BUYER_ACCEPT_GOODS" if going else "FUND_PROCESSING",
                "child_order_list": {"aeop_child_order_info": {"product_id": 1, "product_count": 1}},
                "logistics_info_list": {"aeop_order_logistics_info": {"logistics_no": number}} if number else {},
            }
        }

    def tracking(self, query: Mapping[str, str]) -> dict[str, Any]:
        parcel = {"mail_no": "62727952231", "detail_node_list": {"detail_node": []}}
        assert query["language"] == "en_US"
        return {"result": {"ret": True, "data": {"tracking_detail_line_list": {"tracking_detail": [parcel]}}}}

    def methods(self) -> list[str]:
        return [one["method"] for one in self.asked]


def failed(code: str, message: str = "no") -> Answer:
    return answer({"error_response": {"type": "ISV", "code": code, "msg": message}})


def contract() -> Any:
    return described("derived/aliexpress_top_openapi.json")


def test_signatures_are_the_portals_own() -> None:
    path = SPECS / "derived/signature_vectors.json"
    if not path.exists():
        pytest.skip("../shared is absent: no signature vectors")
    vectors = json.loads(path.read_text())["vectors"]
    mine = [one for one in vectors if "iop" in one["scheme"] or one["scheme"] == "aliexpress-sync-sign"]
    assert len(mine) == 2
    for one in mine:
        assert signature(one["secret"], one["params"], one.get("path", "")) == one["expected"]


def test_a_person_is_sent_to_aliexpress_and_comes_back_with_a_code() -> None:
    parts = urlsplit(ALI.authorize(FRESH, GRANT))
    assert (parts.hostname, parts.path) == ("api-sg.aliexpress.com", "/oauth/authorize")
    told = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert (told["client_id"], told["state"], told["redirect_uri"]) == ("500001", "st4te", GRANT.redirect)
    back = {"code": "c0de", "state": "st4te"}
    done = drive(ALI, FRESH, ALI.redeem(FRESH, GRANT, back), Gateway())
    assert done.requests[0].url == f"{REST}/auth/token/create"
    assert done.result["access_until"] == "2026-07-25T17:20:00+00:00"
    granted = replace(FRESH, credentials={**FRESH.credentials, **done.result})
    assert drive(ALI, granted, ALI.check(granted), Gateway()).result.external_id == "6072000001"


@pytest.mark.parametrize("back", [{}, {"code": "c0de", "state": "other"}, {"error": "denied", "state": "st4te"}])
def test_a_no_or_a_forged_way_back_is_denied(back: dict[str, str]) -> None:
    with pytest.raises(Denied):
        drive(ALI, FRESH, ALI.redeem(FRESH, GRANT, back), [])


def test_code_that_is_too_old_is_denied() -> None:
    flat = answer({"type": "ISV", "code": "InvalidCode", "message": "Invalid authorization code", "request_id": "1"})
    with pytest.raises(Denied) as caught:
        drive(ALI, FRESH, ALI.redeem(FRESH, GRANT, {"code": "old", "state": "st4te"}), flat)
    assert caught.value.message
    assert caught.value.message.id == "aliexpress.code_refused"


def test_without_permission_the_account_is_not_connected() -> None:
    with pytest.raises(Denied):
        drive(ALI, FRESH, ALI.check(FRESH), Gateway())
    nameless = replace(KNOWN, credentials={**KNOWN.credentials, "user_id": ""})
    with pytest.raises(Denied):
        drive(ALI, nameless, ALI.check(nameless), Gateway())


def test_tokens_are_renewed_before_they_end_and_the_old_refresh_token_stays() -> None:
    assert not ALI.stale(KNOWN)
    assert not ALI.stale(FRESH), "there is nothing to renew"
    late = replace(KNOWN, now=NOW + timedelta(days=20))
    assert ALI.stale(late)
    told = drive(ALI, late, ALI.renew(late), Gateway()).result
    assert told == {"access_token": "at-2", "access_until": (late.now + timedelta(days=1)).isoformat()}
    with pytest.raises(Denied):
        drive(ALI, late, ALI.renew(replace(KNOWN, now=NOW + timedelta(days=50))), [])


@pytest.mark.parametrize("said", [{"code": "0"}, {"access_token": "a"}, {"access_token": "a", "expires_in": "soon"}])
def test_token_answer_without_token_or_end_is_broken(said: dict[str, str]) -> None:
    with pytest.raises(Broken):
        drive(ALI, KNOWN, ALI.renew(KNOWN), answer(said))


def paid(days: float, number: str = "RB123456785CN", *, going: bool = True) -> tuple[datetime, str, bool]:
    return NOW - timedelta(days=days), number, going


def read(gateway: Gateway, since: datetime | None) -> list[str]:
    """The orders that a poll read whole."""
    done = drive(ALI, KNOWN, ALI.purchases(KNOWN, since), gateway)
    return sorted(one.subject for one in done.requests if one.what == "purchase")


def test_a_poll_reads_young_open_orders_and_once_a_day_all() -> None:
    orders = {"1": paid(1), "2": paid(YOUNG.days + 3), "3": paid(REACH.days + 3), "4": paid(5, going=False)}
    assert read(Gateway(orders), NOW - timedelta(minutes=25)) == ["1"]
    assert read(Gateway(orders), NOW - timedelta(days=3)) == ["1", "2", "4"]
    assert read(Gateway(orders), None) == ["1", "2", "4"]


def test_an_order_is_read_once_however_many_of_its_products_are_listed() -> None:
    rows = [
        {"order_id": 1, "parent_order_number": "1"},
        {"order_id": 12, "parent_order_number": 1},
        {"order_id": []},
        {},
    ]
    assert read(Gateway({"1": paid(1)}, rows), NOW) == ["1"]


def test_a_full_list_is_asked_again_in_halves() -> None:
    many = {str(number): paid(number / 30, "", going=True) for number in range(1, 71)}
    gateway = Gateway(many)
    flow = ALI.purchases(KNOWN, NOW)
    asked = 0
    try:
        step = next(flow)
        while asked < 400:
            asked += 1
            step = flow.send(replace(gateway(step), what=step.what, context=step.context))
    except StopIteration:
        pass
    assert gateway.methods().count(ORDER) == 70
    assert 4 <= gateway.methods().count(LIST) < CALLS


def test_a_list_that_is_always_full_ends() -> None:
    gateway = Gateway({"1": paid(1)}, [{"order_id": 1}] * PAGE)
    flow, asked = ALI.purchases(KNOWN, NOW), 0
    step = next(flow)
    while step.what == "" and asked <= 2 * CALLS:
        step, asked = flow.send(gateway(step)), asked + 1
    assert asked == 2 * CALLS
    flow.close()


def test_empty_lists_are_empty_and_others_say_why() -> None:
    for code in ("405", 200):
        said = {"aliexpress_ds_commissionorder_listbyindex_response": {"rsp_code": code, "rsp_msg": "empty"}}
        assert drive(ALI, KNOWN, ALI.purchases(KNOWN, NOW), answer(said)).requests[-1].what == ""
    refusal = {"aliexpress_ds_commissionorder_listbyindex_response": {"rsp_code": "402", "rsp_msg": "bad time"}}
    with pytest.raises(Refused):
        drive(ALI, KNOWN, ALI.purchases(KNOWN, NOW), answer(refusal))


def test_an_order_is_read_with_its_scans_and_the_couriers_number() -> None:
    done = drive(ALI, KNOWN, ALI.purchase(KNOWN, "7"), Gateway({"7": paid(9, "LP00123456789012")}))
    assert [one.what for one in done.requests] == ["purchase", "tracking"]
    (bought,) = ALI.read(done.answers[0]).purchases
    assert (bought.state, bought.numbers[0].role) == (PurchaseState.DISPATCHED, Role.PLATFORM)
    (track,) = ALI.read(done.answers[1]).tracks
    assert track.number == "LP00123456789012"
    assert track.last_mile
    assert (track.last_mile.text, track.last_mile.role) == ("62727952231", Role.LOCAL)


def test_scans_are_asked_for_only_while_there_is_news_to_come() -> None:
    for order in (paid(2, ""), paid(9, going=False)):
        gateway = Gateway({"7": order})
        drive(ALI, KNOWN, ALI.purchase(KNOWN, "7"), gateway)
        assert gateway.methods() == [ORDER]


def test_an_order_that_is_not_ours_spoils_no_poll() -> None:
    gateway = Gateway({"1": paid(1), "2": paid(2)})
    theirs = answer({"error_response": {"code": 15, "sub_code": "isv.invalid-authorization", "msg": "no"}})

    odd = answer({"aliexpress_trade_ds_order_get_response": {"result": {"order_status": "FINISH", "gmt_create": 7}}})
    for said in (theirs, odd, answer({"error_response": {"code": 41, "msg": "Invalid arguments"}})):

        def refuses(request: Request, said: Answer = said) -> Answer:
            return said if request.subject == "1" else gateway(request)

        done = drive(ALI, KNOWN, ALI.purchases(KNOWN, NOW), refuses)
        assert [one.subject for one in done.requests if one.what] == ["1", "2", "2"]
    for ref in ("9", "CJ9"):
        with pytest.raises(NotFound):
            drive(ALI, KNOWN, ALI.purchase(KNOWN, ref), gateway)


def test_a_wrong_secret_is_denied_and_the_rate_is_kept() -> None:
    wrong = replace(KNOWN, credentials={**KNOWN.credentials, "app_secret": "goodbye"})
    with pytest.raises(Denied):
        drive(ALI, wrong, ALI.check(wrong), Gateway())
    with pytest.raises(Busy) as caught:
        drive(ALI, KNOWN, ALI.check(KNOWN), failed("ApiCallLimit", "this ban will last 12 seconds"))
    assert caught.value.retry_after == 12


def test_requests_have_the_parameters_that_the_portal_describes() -> None:
    spec = contract()
    gateway = Gateway({"7": paid(1)})
    drive(ALI, KNOWN, ALI.purchases(KNOWN, NOW), gateway)
    system = {"app_key", "session", "timestamp", "sign_method", "method", "format", "v"}
    described = [one for one in gateway.asked if one["method"] != TRACKING]
    assert {one["method"] for one in described} == {LIST, ORDER}
    for one in described:
        known = {name: needed for (_, name), needed in spec.params("post", f"/sync#{one['method']}").items()}
        assert set(one) - system <= set(known)
        assert {name for name, needed in known.items() if needed} <= set(one)
    stamp = datetime.fromtimestamp(int(gateway.asked[0]["timestamp"]) / 1000, UTC)
    assert stamp == NOW
    assert all(one["app_key"] == "500001" for one in gateway.asked)


def unwrapped(value: Any) -> Any:
    """Lists without the object that this gateway puts around them."""
    if not isinstance(value, dict):
        return value
    lists = {"aeop_child_order_info", "aeop_order_logistics_info"}
    if set(value) & lists:
        (only,) = value.values()
        return only if isinstance(only, list) else [only]
    return {name: [] if name.endswith("_list") and inner == {} else unwrapped(inner) for name, inner in value.items()}


def test_recorded_orders_have_the_shape_that_the_portal_describes() -> None:
    spec, checked = contract(), 0
    for recording in of(CONNECTOR):
        body = recording.content["body"]
        told = body.get(f"{ORDER.replace('.', '_')}_response") if isinstance(body, dict) else None
        if told and "odd" not in json.dumps(told):
            assert spec.response("post", f"/sync#{ORDER}", 200, unwrapped(told)) == [], recording.path.stem
            checked += 1
    assert checked >= 6


def test_a_strange_what_is_broken() -> None:
    with pytest.raises(Broken):
        ALI.read(answer({}))
    assert SYNC.startswith("https://")
