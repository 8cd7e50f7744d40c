"""17TRACK's shape: Doorstep's own client of 17TRACK reads it, and every refusal has its code."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from doorstep.app.api import api_keys, api_rate
from doorstep.app.compat import seventeen_track
from doorstep.connectors.carriers.seventeen_track import SeventeenTrack
from doorstep.connectors.contract import Answer
from doorstep.core.status import Status
from doorstep.db.models import Aside, Number, Order, Parcel, Workspace
from tests.app.ledger import CJP, OTHER, USPS, Ledger, scan, track17
from tests.web.conftest import NUMBER


class Asking:
    """A program with a key."""

    def __init__(self, key: str) -> None:
        self.key, self.client = key, Client(raise_request_exception=False)

    def raw(self, verb: str, body: Any, method: str = "POST") -> HttpResponse:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"/track/v2.2/{verb}"
        return self.client.generic(method, path, sent, "application/json", HTTP_17TOKEN=self.key)  # type: ignore[no-any-return]

    def __call__(self, verb: str, *items: dict[str, Any]) -> tuple[list[Any], dict[str, int]]:
        """What was accepted, and the code of each number that was not."""
        answer = self.raw(verb, list(items))
        said = answer.json()  # type: ignore[attr-defined]
        assert (answer.status_code, said["code"]) == (200, 0), said
        assert all(one["error"]["message"] for one in said["data"]["rejected"])
        return said["data"]["accepted"], {one["number"]: one["error"]["code"] for one in said["data"]["rejected"]}

    def refused(self, verb: str, body: Any, method: str = "POST") -> tuple[int, int]:
        answer = self.raw(verb, body, method)
        said = answer.json()  # type: ignore[attr-defined]
        assert said["data"]["errors"] == [{"code": said["code"], "message": said["data"]["errors"][0]["message"]}]
        return answer.status_code, said["code"]


@pytest.fixture
def ask(key: str) -> Asking:
    return Asking(key)


def test_a_client_of_17track_reads_what_is_told(ask: Asking, shop: Ledger) -> None:
    answer = ask.raw("gettrackinfo", [{"number": NUMBER}])
    now = datetime.now(UTC)
    facts = SeventeenTrack().read(Answer(what="track", body=answer.content, received_at=now))
    (track,) = facts.tracks
    assert (track.number, track.carrier, track.carrier_key, facts.bad, facts.words) == (
        NUMBER,
        "china_post",
        "3011",
        (),
        (),
    )
    assert [one.status for one in track.events] == [Status.INFO_RECEIVED, Status.PICKED_UP, Status.OUT_FOR_DELIVERY]
    assert {one.offset for one in track.events} == {-240} and track.events[-1].place == "Porto"
    info = ask("gettrackinfo", {"number": NUMBER})[0][0]["track_info"]
    assert info["latest_status"]["sub_status"] == "OutForDelivery_Other"
    reached = {one["key_stage"] for one in info["milestone"] if one["time_iso"]}
    assert reached == {"InfoReceived", "PickedUp", "OutForDelivery"}
    assert info["time_metrics"]["days_of_transit"] >= 1 and info["misc_info"]["local_number"] is None


def test_what_nobody_knows_is_left_open(ask: Asking, shop: Ledger) -> None:
    ask("register", {"number": USPS, "carrier": 21051})
    shop.hears(shop.track(track17(USPS, scan(4.5, "Nobody_Knows", "Zzz"), ("2026-11-20", "", "Left the house"))))
    Parcel.objects.filter(ws=shop.ws).update(eta_from="2026-11-20", eta_to="2026-11-22")
    ((one,), _) = ask("gettrackinfo", {"number": USPS, "carrier": 21051})
    events = one["track_info"]["tracking"]["providers"][0]["events"]
    assert {(event["stage"], event["sub_status"]) for event in events if event["description"] == "Zzz"} == {
        (None, None)
    }
    day = next(event for event in events if event["description"] == "Left the house")
    assert (day["time_iso"], day["time_raw"]) == (None, {"date": "2026-11-20", "time": None, "timezone": None})
    assert one["track_info"]["time_metrics"]["estimated_delivery_date"]["to"] == "2026-11-22T23:59:59"


def test_a_number_is_registered_noted_and_taken_back(ask: Asking, shop: Ledger) -> None:
    taken, rejected = ask(
        "register",
        {"number": OTHER, "tag": "mine", "order_no": "A-7"},
        {"number": USPS, "carrier": 21051},
        {"number": NUMBER},
        {"number": "abc"},
        {"number": "+351900000001"},
        {"number": CJP, "carrier": 3},
    )
    assert [(one["number"], one["origin"], one["carrier"], one["tag"]) for one in taken] == [
        (OTHER, 1, 3011, "mine"),
        (USPS, 2, 21051, None),
    ]
    assert rejected == {NUMBER: -18019901, "abc": -18010012, "+351900000001": -18010012, CJP: -18019910}
    assert Order.objects.filter(ws=shop.ws, number="A-7").exists()
    listed = ask.raw("gettracklist", {"page_no": 1}).json()  # type: ignore[attr-defined]
    assert listed["page"] == {"data_total": 3, "page_total": 1, "page_no": 1, "page_size": 40}
    rows = {one["number"]: one for one in listed["data"]["accepted"]}
    assert (rows[OTHER]["tag"], rows[OTHER]["order_no"], rows[OTHER]["package_status"]) == ("mine", "A-7", "NotFound")
    assert (rows[NUMBER]["order_no"], rows[NUMBER]["tracking_status"]) == ("1001", "Tracking")
    assert ask(
        "changeinfo", {"number": OTHER, "items": {"remark": "r"}}, {"number": USPS, "items": {"email": "x"}}
    ) == (
        [{"number": OTHER, "carrier": 3011, "tag": "mine"}],
        {USPS: -18019811},
    )
    found = ask.raw("gettracklist", {"number": OTHER}).json()["data"]["accepted"]  # type: ignore[attr-defined]
    assert [(one["tag"], one["remark"]) for one in found] == [("mine", "r")]
    gone, kept = ask("deletetrack", {"number": OTHER}, {"number": NUMBER}, {"number": CJP})
    assert [one["number"] for one in gone] == [OTHER] and kept == {NUMBER: -18010005, CJP: -18019902}
    assert not Aside.objects.filter(ws=shop.ws, said__has_key="seventeen_track.tag").exists()
    assert ask("gettrackinfo", {"number": OTHER}, {"number": USPS})[1] == {OTHER: -18019902, USPS: -18019909}


def test_a_carrier_is_changed(ask: Asking, shop: Ledger) -> None:
    codes = [
        ({}, -18019804),
        ({"carrier_new": 3}, -18019802),
        ({"carrier_new": 3011}, -18019803),
        ({"carrier_old": 21051, "carrier_new": 100002}, -18019805),
        ({"carrier": 21051, "carrier_new": 100002}, -18019902),
    ]
    for said, code in codes:
        assert ask("changecarrier", {"number": NUMBER, **said}) == ([], {NUMBER: code})
    changed = ask("changecarrier", {"number": NUMBER, "carrier_old": 3011, "carrier_new": 3013})[0]
    assert changed == [{"number": NUMBER, "carrier": 3013}]
    assert seventeen_track.key(Number.objects.get(ws=shop.ws, norm=NUMBER).carrier) == 3013


def test_a_stopped_number_is_tracked_again(ask: Asking) -> None:
    assert ask("retrack", {"number": NUMBER})[1] == {NUMBER: -18019904}
    assert ask("stoptrack", {"number": NUMBER})[0] == [{"number": NUMBER, "carrier": 3011, "tag": None}]
    assert ask("stoptrack", {"number": NUMBER})[1] == {NUMBER: -18019906}
    assert ask("changecarrier", {"number": NUMBER, "carrier_new": 3013})[1] == {NUMBER: -18019806}
    (row,) = ask.raw("gettracklist", {}).json()["data"]["accepted"]  # type: ignore[attr-defined]
    assert (row["tracking_status"], row["stop_track_reason"]) == ("Stopped", "ByRequest")
    assert ask("retrack", {"number": NUMBER})[1] == {}


def test_a_whole_request_is_refused_by_its_code(ask: Asking, shop: Ledger, settings: Any) -> None:
    assert ask.refused("register", [{"number": USPS}] * 41) == (200, -18010014)
    assert ask.refused("register", b"{") == ask.refused("register", {"number": USPS}) == (200, -18010012)
    assert ask.refused("register", [{"number": 7}]) == (200, -18010012)
    assert ask.refused("gettracklist", {"page_no": 0}) == (200, -18010012)
    assert ask.refused("getrealtimetrackinfo", []) == ask.refused("register", [], "GET") == (404, -18010013)
    assert Asking("dsk_wrong").refused("getquota", []) == (401, -18010002)
    reader = Asking(api_keys.make(shop.ws, "reads", ["parcels:read"], 30, "user:1")[1])
    assert reader.refused("register", [{"number": USPS}]) == (401, -18010005)
    quota = ask.raw("getquota", []).json()["data"]  # type: ignore[attr-defined]
    assert (quota["quota_used"], quota["quota_total"] - quota["quota_remain"]) == (1, 1)
    settings.API_PER_MINUTE = 1
    api_rate.forget()
    ask.raw("getquota", [])
    busy = ask.raw("getquota", [])
    assert busy.status_code == 429 and int(busy.headers["Retry-After"]) > 0


def test_a_key_sees_nothing_of_another_workspace(ask: Asking, shop: Ledger, charlie: Client) -> None:
    theirs = Workspace.objects.exclude(id=shop.ws).get().id
    other = Asking(api_keys.make(theirs, "a program", api_keys.SCOPES, 30, "user:1")[1])
    for verb in ("gettrackinfo", "changecarrier", "stoptrack", "retrack", "deletetrack"):
        assert other(verb, {"number": NUMBER, "carrier_new": 3013}) == ([], {NUMBER: -18019902})
    assert other.raw("gettracklist", {}).json()["page"]["data_total"] == 0  # type: ignore[attr-defined]
    assert other("register", {"number": NUMBER, "tag": "theirs"})[0][0]["tag"] == "theirs"
    assert ask.raw("gettracklist", {}).json()["data"]["accepted"][0]["tag"] is None  # type: ignore[attr-defined]
