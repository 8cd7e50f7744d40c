"""AfterShip's flows, against a small server in memory; requests are held to the vendor's own schema."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # no stubs among the pinned packages
import pytest

from doorstep.connectors.carriers.aftership import BASE, AfterShip
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
    Trouble,
)
from doorstep.connectors.signing import hmac_base64
from doorstep.core.event import InstantFrom
from doorstep.core.number import TrackingNumber
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Status
from tests.connectors.flow import NOW, Driven, answer, drive

AFTERSHIP = AfterShip()
ACCOUNT = Account(credentials={"api_key": "k3y", "webhook_secret": "s3cret"}, now=NOW)
SHARED = Path(__file__).parents[2].parent / "shared"
SCHEMA = SHARED / "specs/aftership/aftership_tracking_2025-01_schemas.json"
ANSWERS = SHARED / "corpora/carrier_responses/aftership"
UPS = TrackingNumber(text="1Z999AA10123456784", carrier="ups")
POST = TrackingNumber(text="RB123456785CN", carrier="china_post", keys={"postcode": "10115"})


def valid(kind: str, value: Any) -> None:
    """Hold a request to the schema of the official SDK, where it is there."""
    if SCHEMA.is_file():
        definitions = json.loads(SCHEMA.read_text())
        jsonschema.validate(value, {"$ref": f"#/definitions/{kind}", **definitions})


class Server:
    """Keeps trackings by number; ``refuse`` answers every change with that code."""

    def __init__(self, known: Mapping[str, str] | None = None, refuse: int = 0) -> None:
        self.known, self.refuse = dict(known or {}), refuse

    def __call__(self, request: Request) -> Answer:
        assert request.headers["as-api-key"] == "k3y"
        path = request.url.removeprefix(f"{BASE}/")
        if request.method == "GET":
            return self._listed(path, dict(request.query))
        if self.refuse:
            return said(self.refuse)
        if request.method == "POST":
            return self._created(json.loads(request.body))
        if request.method == "PUT":
            valid("UpdateTrackingByIdRequest", json.loads(request.body))
        return answer({"meta": {"code": 200}, "data": {"id": path.rpartition("/")[2]}})

    def _listed(self, path: str, query: dict[str, str]) -> Answer:
        if path == "couriers":
            return answer(
                {"meta": {"code": 200}, "data": {"total": 2, "couriers": [{"slug": "ups"}, {"slug": "usps"}]}}
            )
        valid("GetTrackingsQuery", {**query, "limit": int(query.get("limit", "1"))})
        asked = query["tracking_numbers"].split(",")
        found = [
            {"id": f"id-{one}", "tracking_number": one, "slug": self.known[one]} for one in asked if one in self.known
        ]
        return answer({"meta": {"code": 200}, "data": {"pagination": {"has_next_page": False}, "trackings": found}})

    def _created(self, wish: dict[str, str]) -> Answer:
        valid("CreateTrackingRequest", wish)
        if wish["tracking_number"] in self.known:
            return said(4003)
        self.known[wish["tracking_number"]] = wish.get("slug", "detected")
        return answer(
            {"meta": {"code": 201}, "data": {"id": "new", "slug": self.known[wish["tracking_number"]]}}, status=201
        )


def said(code: int) -> Answer:
    return answer({"meta": {"code": code, "message": "no"}, "data": {}}, status=code if code < 600 else 400)


def verbs(done: Driven[Any]) -> list[str]:
    return [f"{one.method} {one.url.removeprefix(f'{BASE}/')}" for one in done.requests]


def test_connecting_counts_the_carriers_and_hides_the_key() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.check(ACCOUNT), Server())
    assert done.result.notes[0].values == {"count": 2}
    assert "k3y" not in done.result.external_id


def test_following_creates_and_what_exists_counts() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.follow(ACCOUNT, [UPS, POST]), Server({UPS.text: "ups"}))
    assert [(one.remote, one.carrier_key) for one in done.result] == [("registered", ""), ("registered", "detected")]
    assert json.loads(done.requests[1].body) == {"tracking_number": POST.text, "destination_postal_code": "10115"}
    assert all(one.changes for one in done.requests)


def test_a_number_that_is_not_taken_is_rejected_with_the_vendors_words() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.follow(ACCOUNT, [UPS]), Server(refuse=4005))
    assert [(one.remote, one.said) for one in done.result] == [("rejected", "4005 no")]


@pytest.mark.parametrize(("code", "kind"), [(401, Denied), (429, Busy), (500, Broken)])
def test_trouble_is_not_a_rejection(code: int, kind: type[Trouble]) -> None:
    with pytest.raises(kind):
        drive(AFTERSHIP, ACCOUNT, AFTERSHIP.follow(ACCOUNT, [UPS]), Server(refuse=code))


def test_unfollowing_deletes_what_there_is() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.unfollow(ACCOUNT, [UPS, POST]), Server({UPS.text: "ups"}))
    assert verbs(done) == ["GET trackings", f"DELETE trackings/id-{UPS.text}", "GET trackings"]
    assert {one.remote for one in done.result} == {"stopped"}


def test_what_was_deleted_meanwhile_is_stopped() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.unfollow(ACCOUNT, [UPS]), Server({UPS.text: "ups"}, refuse=4004))
    assert done.result[0].remote == "stopped"


def test_changing_the_carrier_of_a_followed_number_asks_again() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.recarrier(ACCOUNT, POST), Server({POST.text: "ups"}))
    assert json.loads(done.requests[1].body) == {"slug": "china-post"}
    assert verbs(done) == ["GET trackings", f"PUT trackings/id-{POST.text}", "GET trackings"]
    assert done.result.carrier_key == "china-post"


def test_changing_the_carrier_of_an_unknown_number_follows_it() -> None:
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.recarrier(ACCOUNT, POST), Server())
    assert verbs(done) == ["GET trackings", "POST trackings", "GET trackings"]
    assert done.result.carrier_key == "china-post"


def test_a_carrier_that_aftership_does_not_take_is_refused_in_words() -> None:
    with pytest.raises(Refused) as caught:
        drive(AFTERSHIP, ACCOUNT, AFTERSHIP.recarrier(ACCOUNT, POST), Server({POST.text: "ups"}, refuse=4012))
    assert caught.value.message
    assert caught.value.message.values["carrier"] == "china_post"


def test_tracking_follows_the_pages() -> None:
    page = {
        "meta": {"code": 200},
        "data": {"pagination": {"has_next_page": True, "next_cursor": "c2"}, "trackings": []},
    }
    last = {"meta": {"code": 200}, "data": {"pagination": {"has_next_page": False}, "trackings": []}}
    done = drive(AFTERSHIP, ACCOUNT, AFTERSHIP.track(ACCOUNT, [UPS, POST]), [answer(page), answer(last)])
    assert ("cursor", "c2") in done.requests[1].query
    assert done.requests[0].subject != done.requests[1].subject
    facts = AFTERSHIP.read(done.answers[1])
    assert [(one.number, one.answer) for one in facts.tracks] == [
        (UPS.text, TrackAnswer.REJECTED),
        (POST.text, TrackAnswer.REJECTED),
    ]
    with pytest.raises(Broken, match="no end"):
        drive(AFTERSHIP, ACCOUNT, AFTERSHIP.track(ACCOUNT, [UPS]), answer(page))


def test_the_webhook_address_is_entered_by_hand() -> None:
    with pytest.raises(Refused) as caught:
        drive(AFTERSHIP, ACCOUNT, AFTERSHIP.subscribe(ACCOUNT, "https://here.example/x", "s"), [])
    assert caught.value.message and caught.value.message.values["address"] == "https://here.example/x"


def test_a_signed_webhook_is_taken_and_its_repetition_is_known_by_its_id() -> None:
    body = b'{"event_id": "e-7", "msg": {"tracking_number": "1Z999AA10123456784"}}'
    headers = {"aftership-hmac-sha256": hmac_base64("s3cret", body)}
    received = AFTERSHIP.receive(ACCOUNT, Delivery(headers=headers, body=body, received_at=NOW))
    assert received.key == "e-7" and not received.knock
    assert received.answer and AFTERSHIP.read(received.answer).tracks[0].number == UPS.text


@pytest.mark.parametrize("credentials", [{"webhook_secret": "other"}, {}])
def test_a_webhook_that_is_not_signed_with_our_secret_is_refused(credentials: dict[str, str]) -> None:
    account = Account(credentials={"api_key": "k3y", **credentials}, now=NOW)
    delivery = Delivery(headers={"aftership-hmac-sha256": hmac_base64("", b"{}")}, body=b"{}", received_at=NOW)
    with pytest.raises(Denied):
        AFTERSHIP.receive(account, delivery)


def test_published_answers_are_read_whole() -> None:
    """Every answer about trackings in the corpora: no scan without a status, no instant without a stated offset."""
    if not ANSWERS.is_dir():
        pytest.skip(f"no corpus at {ANSWERS}")
    events = []
    for path in ANSWERS.rglob("*.json"):
        raw = path.read_bytes()
        if "meta" not in json.loads(raw):
            continue  # a request
        try:
            facts = AFTERSHIP.read(Answer(what="track", body=raw, received_at=NOW))
        except (Denied, Refused, Broken, NotFound):
            assert json.loads(raw)["meta"]["code"] >= 400
            continue
        assert not facts.bad and not facts.words
        events += [event for track in facts.tracks for event in track.events]
    assert len(events) > 60
    assert not [one for one in events if one.status is Status.UNKNOWN]
    assert all((one.instant is not None) == (one.offset is not None) for one in events)
    assert all(one.instant_from is InstantFrom.STATED for one in events if one.instant)
