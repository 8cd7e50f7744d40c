"""What AfterShip's clients do not try themselves: whose data is shown, every refusal, and the shape of every answer."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from doorstep.app import clock
from doorstep.app.api import api_keys, api_rate
from doorstep.app.compat import aftership
from doorstep.app.receive import manual
from doorstep.core.status import Reason, Status
from doorstep.db.models import Aside, Order, Parcel, ParcelNumber, Workspace
from doorstep.web.compat.aftership import envelope
from tests.app.ledger import OTHER, START, USPS, Ledger, scan, track17
from tests.connectors.vendor_schema import described
from tests.web.conftest import NUMBER

ROOT, HOUR = "/tracking/2025-01", timedelta(hours=1)
SCHEMA = "aftership/aftership_tracking_2025-01_schemas.json"


class Asking:
    """A program with a key."""

    def __init__(self, key: str) -> None:
        self.key, self.client = key, Client(raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        named = {f"HTTP_{name.upper()}": value for name, value in {"as_api_key": self.key, **headers}.items()}
        root = "" if path.startswith("/tracking/") else ROOT
        answer = self.client.generic(method, root + path, raw, "application/json", **named)
        meta = answer.json()["meta"]  # type: ignore[attr-defined]
        assert ("type" in meta and meta["message"]) if answer.status_code >= 300 else meta["code"] == answer.status_code
        return answer  # type: ignore[no-any-return]

    def data(self, method: str, path: str, body: Any = None) -> Any:
        answer = self(method, path, body)
        assert answer.status_code < 300, answer.content
        return answer.json()["data"]  # type: ignore[attr-defined]

    def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, int]:
        answer = self(method, path, body, **headers)
        return answer.status_code, answer.json()["meta"]["code"]  # type: ignore[attr-defined]


@pytest.fixture
def ask(key: str) -> Asking:
    return Asking(key)


def numbers(data: dict[str, Any]) -> list[str]:
    return [one["tracking_number"] for one in data["trackings"]]


def test_answers_have_the_shape_that_aftership_describes(ask: Asking, shop: Ledger) -> None:
    described(SCHEMA)  # skips where it is not at hand
    one = ask.data("POST", "/trackings", {"tracking_number": USPS, "shipment_tags": ["a"], "custom_fields": {"a": "b"}})
    path = f"/trackings/{one['id']}"
    day = (str((START + timedelta(days=4)).date()), "InTransit_Other", "Sorted")
    way = (day, scan(4.5, "Nobody_Knows", "Zzz"), scan(5, "DeliveryFailure_NoBody", "Not home"))
    shop.hears(shop.track(track17(USPS, *way)))
    Parcel.objects.filter(ws=shop.ws).update(eta_from="2026-11-20", eta_to="2026-11-22")
    told = {
        "CreateTrackingResponse": one,
        "Tracking": ask.data("GET", path),
        "UpdateTrackingByIdResponse": ask.data("PUT", path, {"note": "n"}),
        "TrackingResponseGetMultipleV1": ask.data("GET", "/trackings?fields=tag,checkpoints"),
        "MarkTrackingCompletedByIdResponse": ask.data("POST", f"{path}/mark-as-completed", {"reason": "LOST"}),
        "CourierResponseV1": ask.data("GET", "/couriers?slug=usps,fedex&active=true"),
    }
    for name, data in told.items():
        whole = {"meta": {"code": 200}, "data": data} if name.endswith("V1") else data
        assert wrong(name, whole) == []
    attempt = told["Tracking"]
    assert (attempt["subtag"], attempt["failed_delivery_attempts"]) == ("AttemptFail_002", 1)
    assert [point["tag"] for point in attempt["checkpoints"]] == ["InTransit", None, "AttemptFail"]
    assert attempt["checkpoints"][0]["checkpoint_time"] == day[0]
    assert attempt["latest_estimated_delivery"]["datetime_max"] == "2026-11-22"


def wrong(name: str, value: Any) -> list[str]:
    """What the schema has against a value. What is not known is null here: their clients take it as left out."""
    return list(described(SCHEMA).definition(name, _said(value)))


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _said(one) for name, one in value.items() if one is not None}
    return [_said(one) for one in value] if isinstance(value, list) else value


def test_a_key_sees_nothing_of_another_workspace(ask: Asking, shop: Ledger, charlie: Client) -> None:
    mine = ask.data("GET", "/trackings")
    theirs = Workspace.objects.exclude(id=shop.ws).get().id
    other = Asking(api_keys.make(theirs, "a program", api_keys.SCOPES, 30, "user:1")[1])
    path = f"/trackings/{mine['trackings'][0]['id']}"
    assert numbers(mine) == [NUMBER] and numbers(other.data("GET", "/trackings")) == []
    for method, rest, body in (
        ("GET", "", None),
        ("PUT", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/retrack", None),
        ("POST", "/mark-as-completed", {"reason": "LOST"}),
    ):
        assert other.code(method, path + rest, body) == (404, envelope.NOT_THERE)
    made = other.data("POST", "/trackings", {"tracking_number": NUMBER, "title": "theirs"})
    assert made["id"] != mine["trackings"][0]["id"] and not Aside.objects.filter(ws=shop.ws).exists()
    assert ask.data("GET", path)["title"] == NUMBER


def test_a_list_is_narrowed(ask: Asking, shop: Ledger) -> None:
    ask.data("POST", "/trackings", {"tracking_number": USPS})
    now = clock.now()
    for query, found in (
        ("tag=Pending", [USPS]),
        ("tag=OutForDelivery,Pending", [USPS, NUMBER]),
        ("slug=china-post", [NUMBER]),
        ("keyword=lx 1234", [NUMBER]),
        ("tracking_numbers=,", []),
        (f"created_at_min={(now - HOUR).isoformat()}", [USPS]),
        (f"created_at_max={(now - HOUR).isoformat()}", [NUMBER]),
        (f"updated_at_min={(now - HOUR).isoformat()}", [USPS]),
        (f"updated_at_max={(now - HOUR).isoformat()}", [NUMBER]),
        ("updated_at_min=2099-01-01T00:00:00Z", []),
    ):
        assert numbers(ask.data("GET", f"/trackings?{query}")) == found, query
    assert set(ask.data("GET", "/trackings?fields=tag&limit=1")["trackings"][0]) == {
        "id",
        "tracking_number",
        "slug",
        "tag",
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", 4008),
        ("limit=201", 4008),
        ("limit=x", 4008),
        ("created_at_min=yesterday", 4008),
        ("created_at_min=2026-01-01T00:00:00", 4008),
        ("slug=nobody-at-all", 4010),
        ("transit_time=3", 4008),
        ("cursor=nonsense", 4008),
        ("limit=1&limit=2", 4001),
        ("keyword=%00", 4001),
        ("&".join(f"a{n}=1" for n in range(60)), 4001),
    ],
)
def test_what_a_list_cannot_do_is_refused(ask: Asking, query: str, code: int) -> None:
    assert ask.code("GET", f"/trackings?{query}") == (400, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 4007),
        ({"tracking_number": "  "}, 4007),
        ({"tracking_number": "1" * 101}, 4005),
        ({"tracking_number": "+351 900 000 001"}, 4005),
        ({"tracking_number": USPS, "slug": 7}, 4008),
        ({"tracking_number": USPS, "slug": "nobody-at-all"}, 4010),
        (b"{", 4001),
        (b'{"tracking_number": "\\u0000"}', 4001),
    ],
)
def test_what_is_no_tracking_is_refused(ask: Asking, body: Any, code: int) -> None:
    assert ask.code("POST", "/trackings", body) == (400, code)
    assert not Order.objects.filter(number__startswith="H-").exists()


def test_a_shops_number_stays_on_its_order(ask: Asking, shop: Ledger) -> None:
    (one,) = ask.data("GET", "/trackings")["trackings"]
    assert ask.code("DELETE", f"/trackings/{one['id']}") == (403, 403)
    assert ask.code("POST", "/trackings", {"tracking_number": NUMBER}) == (400, envelope.EXISTS)
    assert ParcelNumber.objects.filter(ws=shop.ws, until=None, number_id=int(one["id"])).exists()


def test_a_deleted_number_can_be_followed_again(ask: Asking, shop: Ledger) -> None:
    said = {"tracking_number": USPS, "slug": "fedex", "title": "first", "order_number": "A-7"}
    first = ask.data("POST", "/trackings", said)
    assert first["order_number"] == "A-7" and Order.objects.filter(ws=shop.ws, number="A-7").count() == 1
    ask.data("DELETE", f"/trackings/{first['id']}")
    again = ask.data("POST", "/trackings", {"tracking_number": USPS, "slug": "usps,ups"})
    assert (again["title"], again["slug"], again["active"]) == (USPS, "usps", True)
    assert ask.data("PUT", f"/trackings/{again['id']}", {"slug": "fedex"})["slug"] == "fedex"
    ask.data("DELETE", f"/trackings/{again['id']}")
    assert ask.data("POST", "/trackings", {**said, "slug": "usps"})["slug"] == "usps", "what was said last counts"
    assert numbers(ask.data("GET", "/trackings")) == [USPS, NUMBER]


def test_a_completed_tracking_goes_on_when_it_is_tracked_again(ask: Asking, shop: Ledger) -> None:
    (one,) = ask.data("GET", "/trackings")["trackings"]
    path = f"/trackings/{one['id']}"
    assert ask.code("POST", f"{path}/mark-as-completed") == (400, envelope.VALUE_NEEDED)
    assert ask.code("POST", f"{path}/mark-as-completed", {"reason": "EATEN"}) == (400, envelope.VALUE_INVALID)
    done = ask.data("POST", f"{path}/mark-as-completed", {"reason": "RETURNED_TO_SENDER"})
    assert (done["subtag"], done["active"]) == ("Exception_011", False)
    assert Parcel.objects.get(ws=shop.ws, status=Status.OUT_FOR_DELIVERY).mark == "", "nobody was asked but a program"
    assert ask.data("POST", f"{path}/retrack")["tag"] == "OutForDelivery"
    assert ask.code("POST", f"{path}/retrack") == (400, envelope.NO_RETRACK), "asked a moment ago"


def test_what_is_not_there_is_said_so(ask: Asking) -> None:
    for method, path in (
        ("GET", "/tracking/2023-10/trackings"),
        ("GET", "/courier-connections"),
        ("PATCH", "/trackings"),
        ("GET", "/trackings/1/notes"),
        ("POST", "/couriers/detected/x"),
    ):
        assert ask.code(method, path) == (404, 404)
    for number_id in ("1", "abc", "9" * 30):
        assert ask.code("GET", f"/trackings/{number_id}") == (404, envelope.NOT_THERE)
    assert ask.code("POST", "/couriers/detect", {}) == (400, envelope.NUMBER_NEEDED)
    assert (
        ask.data("POST", "/couriers/detect", {"tracking_number": "1Z999AA10123456784", "slug": ["usps"]})["total"] == 0
    )


def test_keys_may_do_what_they_may(shop: Ledger, ask: Asking, settings: Any) -> None:
    reader = Asking(api_keys.make(shop.ws, "reads", ["parcels:read"], 30, "user:1")[1])
    assert numbers(reader.data("GET", "/trackings")) == [NUMBER]
    assert reader.code("POST", "/trackings", {"tracking_number": USPS}) == (403, 403)
    assert Asking("dsk_wrong").code("GET", "/trackings") == (401, 401)
    assert ask.code("GET", "/trackings", as_signature_rsa_sha256="x") == (401, 401)
    assert ask.code("GET", "/trackings", as_signature_hmac_sha256="x") == (401, 401)
    assert ask.code("POST", "/trackings", b"x" * ((1 << 20) + 1)) == (400, 400)
    settings.API_PER_MINUTE = 1
    api_rate.forget()
    for _ in range(2):
        answer = ask("GET", "/couriers?slug=usps")
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert answer.headers["x-ratelimit-remaining"] == "0" and int(answer.headers["x-ratelimit-reset"]) > 1_700_000_000


def test_what_a_program_keeps_has_an_end(ask: Asking, shop: Ledger) -> None:
    one = ask.data("POST", "/trackings", {"tracking_number": OTHER})
    path = f"/trackings/{one['id']}"
    assert ask.code("PUT", path, {"note": "x" * 9000}) == (403, 403)
    for _ in range(2):
        assert ask.data("PUT", path, {"note": "kept"})["note"] == "kept"
    assert ask.data("PUT", path, {})["note"] == "kept"
    manual.remove_number(shop.ws, Order.objects.get(ws=shop.ws, number__startswith="H-").id, int(one["id"]), "user:1")
    assert ask.code("GET", path) == (404, envelope.NOT_THERE)


def test_every_standing_has_a_tag_of_theirs() -> None:
    tags = "Pending InfoReceived InTransit OutForDelivery AttemptFail Delivered AvailableForPickup Exception Expired"
    assert len(aftership.states_tagged(tags.split())) == len(Status) * (len(Reason) + 1)
