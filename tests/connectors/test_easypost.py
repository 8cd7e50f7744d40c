"""EasyPost's flows, against a small server in memory that answers as its recorded traffic does."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from doorstep.connectors.carriers.easypost import BASE, EasyPost
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Delivery,
    Denied,
    Refused,
    Request,
    Trouble,
)
from doorstep.core.event import InstantFrom
from doorstep.core.number import TrackingNumber
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Status
from tests.connectors.flow import NOW, Driven, answer, drive

EASYPOST = EasyPost()
ACCOUNT = Account(credentials={"api_key": "k3y", "webhook_secret": "s3cret"}, now=NOW)
SHARED = Path(__file__).parents[2].parent / "shared"
ANSWERS = SHARED / "corpora/carrier_responses/easypost"
CASSETTES = (SHARED / "specs/easypost_cassettes", ANSWERS)
VECTORS = SHARED / "specs/derived/signature_vectors.json"
UPS = TrackingNumber(text="1Z999AA10123456784", carrier="ups")
MAIL = TrackingNumber(text="RN123456785GB", carrier="royal_mail")


class Server:
    """Keeps trackers by number; ``refuse`` answers every change with that status."""

    def __init__(self, *known: str, refuse: int = 0) -> None:
        self.known, self.refuse = list(known), refuse

    def __call__(self, request: Request) -> Answer:
        assert request.headers["authorization"] == "Basic azN5Og=="
        path = request.url.removeprefix(f"{BASE}/")
        wish = json.loads(request.body or "{}")
        if path == "trackers/batch":
            return answer({"trackers": [tracker(one) for one in wish["tracking_codes"] if one in self.known]})
        if request.method == "GET":
            return answer({"trackers": [], "has_more": False})
        if self.refuse:
            return answer({"error": {"code": "NO", "message": "no", "errors": []}}, status=self.refuse)
        if path == "trackers":
            self.known.append(wish["tracker"]["tracking_code"])
            return answer(tracker(self.known[-1], wish["tracker"].get("carrier", "USPS")), status=201)
        return answer({"success": True})


def tracker(number: str, carrier: str = "USPS") -> dict[str, Any]:
    return {"id": f"trk_{number}", "tracking_code": number, "carrier": carrier, "tracking_details": []}


def verbs(done: Driven[Any]) -> list[str]:
    return [f"{one.method} {one.url.removeprefix(f'{BASE}/')}" for one in done.requests]


def test_connecting_costs_nothing_and_hides_the_key() -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.check(ACCOUNT), Server())
    assert verbs(done) == ["GET trackers"]
    assert "k3y" not in done.result.external_id


def test_following_creates_a_tracker_for_each_number() -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.follow(ACCOUNT, [UPS, MAIL]), Server())
    assert [(one.remote, one.carrier_key) for one in done.result] == [("registered", "USPS")] * 2
    assert json.loads(done.requests[0].body) == {"tracker": {"tracking_code": UPS.text}}
    assert all(one.changes for one in done.requests)


def test_a_number_that_is_not_taken_is_rejected_with_the_vendors_words() -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.follow(ACCOUNT, [UPS]), Server(refuse=422))
    assert [(one.remote, one.said) for one in done.result] == [("rejected", "NO no")]


@pytest.mark.parametrize(("code", "kind"), [(401, Denied), (429, Busy), (500, Broken)])
def test_trouble_is_not_a_rejection(code: int, kind: type[Trouble]) -> None:
    with pytest.raises(kind):
        drive(EASYPOST, ACCOUNT, EASYPOST.follow(ACCOUNT, [UPS]), Server(refuse=code))


def test_an_answer_without_a_tracker_is_broken() -> None:
    with pytest.raises(Broken):
        drive(EASYPOST, ACCOUNT, EASYPOST.follow(ACCOUNT, [UPS]), answer({"success": True}))


@pytest.mark.parametrize("refuse", [0, 404])
def test_unfollowing_deletes_what_there_is_still(refuse: int) -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.unfollow(ACCOUNT, [UPS, MAIL]), Server(UPS.text, refuse=refuse))
    assert verbs(done) == ["POST trackers/batch", f"DELETE trackers/trk_{UPS.text}"]
    assert {one.remote for one in done.result} == {"stopped"}


def test_changing_the_carrier_follows_the_number_there_and_asks_again() -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.recarrier(ACCOUNT, MAIL), Server(MAIL.text))
    assert json.loads(done.requests[0].body)["tracker"]["carrier"] == "RoyalMail"
    assert verbs(done) == ["POST trackers", "POST trackers/batch"]
    assert done.result.carrier_key == "RoyalMail"


def test_a_carrier_that_easypost_does_not_take_is_refused_in_words() -> None:
    with pytest.raises(Refused) as caught:
        drive(EASYPOST, ACCOUNT, EASYPOST.recarrier(ACCOUNT, MAIL), Server(refuse=422))
    assert caught.value.message and caught.value.message.values["carrier"] == "RoyalMail"


def test_a_carrier_that_easypost_does_not_list_is_never_guessed() -> None:
    post = TrackingNumber(text="LX123456785CN", carrier="china_post")
    with pytest.raises(Refused) as caught:
        drive(EASYPOST, ACCOUNT, EASYPOST.recarrier(ACCOUNT, post), Server())
    assert caught.value.message and caught.value.message.values["carrier"] == "China Post"


def test_tracking_tells_which_numbers_are_not_followed() -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.track(ACCOUNT, [UPS, MAIL]), Server(UPS.text))
    facts = EASYPOST.read(done.answers[0])
    answers = {one.number: one.answer for one in facts.tracks}
    assert answers == {UPS.text: TrackAnswer.NOTHING, MAIL.text: TrackAnswer.REJECTED}


def test_the_webhook_is_set_up_with_our_secret() -> None:
    done = drive(EASYPOST, ACCOUNT, EASYPOST.subscribe(ACCOUNT, "https://here.example/x", "s3cret"), Server())
    body = {"webhook": {"url": "https://here.example/x", "webhook_secret": "s3cret"}}
    assert json.loads(done.requests[0].body) == body
    assert done.result == {"webhook_secret": "s3cret"}


def test_a_webhook_signed_as_in_the_published_example_is_taken() -> None:
    if not VECTORS.is_file():
        pytest.skip(f"no signature vectors at {VECTORS}")
    vectors = json.loads(VECTORS.read_text())
    found = vectors if isinstance(vectors, list) else next(one for one in vectors.values() if isinstance(one, list))
    (vector,) = [one for one in found if one["scheme"] == "easypost-webhook"]
    account = Account(credentials={"api_key": "k3y", "webhook_secret": vector["secret"]}, now=NOW)
    body = vector["body"].encode()
    delivery = Delivery(headers={"x-hmac-signature": vector["expected"]}, body=body, received_at=NOW)
    received = EASYPOST.receive(account, delivery)
    assert received.key == "evt_1"
    assert received.answer and EASYPOST.read(received.answer).tracks[0].carrier == "fedex"


@pytest.mark.parametrize("credentials", [{"webhook_secret": "other"}, {}])
def test_a_webhook_that_is_not_signed_with_our_secret_is_refused(credentials: dict[str, str]) -> None:
    account = Account(credentials={"api_key": "k3y", **credentials}, now=NOW)
    delivery = Delivery(headers={"x-hmac-signature": "hmac-sha256-hex=00"}, body=b"{}", received_at=NOW)
    with pytest.raises(Denied):
        EASYPOST.receive(account, delivery)


def test_published_answers_are_read_whole() -> None:
    """No scan without a status, every instant as stated."""
    if not ANSWERS.is_dir():
        pytest.skip(f"no corpus at {ANSWERS}")
    events = []
    for path in ANSWERS.glob("*.json"):
        raw = path.read_bytes()
        facts = EASYPOST.read(Answer(what="track", body=raw, received_at=NOW))
        assert not facts.bad and not facts.words
        told = [event for track in facts.tracks for event in track.events]
        stated = {one["datetime"] for one in scans(json.loads(raw))}
        assert {f"{one.instant:%Y-%m-%dT%H:%M:%SZ}" for one in told} == stated
        events += told
    assert len(events) > 20
    assert not [one for one in events if one.status is Status.UNKNOWN]
    assert all(one.instant_from is InstantFrom.STATED and one.local is None for one in events)


def scans(said: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (said.get("result") or said)["tracking_details"]
    return found


def recorded_traffic() -> list[dict[str, Any]]:
    """What EasyPost's own SDK asked and was answered about trackers."""
    cassettes = [path for folder in CASSETTES for path in sorted(folder.glob("test_tracker_*.yaml"))]
    if not cassettes:
        pytest.skip(f"no recorded traffic at {CASSETTES[0]}")
    return [one for path in cassettes for one in yaml.safe_load(path.read_text())["interactions"]]


def test_recorded_traffic_is_read_whole() -> None:
    """Every tracker and scan of it, in order, at the instant that was stated, with the status that was stated."""
    seen = 0
    for exchange in recorded_traffic():
        reply = exchange["response"]
        raw = reply["body"]["string"].encode()
        given = Answer(what="track", status=reply["status"]["code"], body=raw, received_at=NOW)
        facts, said = EASYPOST.read(given), json.loads(raw)
        assert not facts.bad and not facts.words
        trackers = said.get("trackers", [said] if "tracking_code" in said else [])
        assert [one.number for one in facts.tracks] == [one["tracking_code"] for one in trackers]
        for track, tracker in zip(facts.tracks, trackers, strict=True):
            stated = [(one["datetime"], one["status"]) for one in tracker["tracking_details"]]
            told = [(f"{one.instant:%Y-%m-%dT%H:%M:%SZ}", one.raw_code.split("/")[0]) for one in track.events]
            assert told == stated
            assert track.carrier == "usps"
            assert Status.UNKNOWN not in {one.status for one in track.events}
            seen += len(told)
    assert seen >= 40


def test_trackers_are_created_as_in_recorded_traffic() -> None:
    ours = json.loads(drive(EASYPOST, ACCOUNT, EASYPOST.recarrier(ACCOUNT, MAIL), Server(MAIL.text)).requests[0].body)
    for exchange in recorded_traffic():
        if exchange["request"]["uri"].endswith("/v2/trackers") and exchange["request"]["body"]:
            theirs = json.loads(exchange["request"]["body"])
            assert set(theirs["tracker"]) <= set(ours["tracker"])
