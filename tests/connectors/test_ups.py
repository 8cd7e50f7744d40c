"""UPS: what is asked is held to its OpenAPI files, what it answers to its own code tables."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from doorstep.connectors.carriers import ups, ups_tracks
from doorstep.connectors.carriers.ups import CONNECTOR, Ups
from doorstep.connectors.contract import Account, Answer, Busy, Delivery, Denied, NotFound, Refused, Request, Trouble
from doorstep.connectors.values import Followed
from doorstep.core import cadence
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status
from tests.connectors.flow import NOW, Reply, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import answers, asked_as_documented, file, spec

UPS = Ups()
PARCEL = TrackingNumber(text="1Z999AA10123456784", carrier="ups")
ACCOUNT = Account(
    settings={"client_id": "app"},
    credentials={"client_secret": "s3cret", "access_token": "t0ken", "access_until": "2026-07-01T16:00:00+00:00"},
    now=NOW,
)
ALERTED = replace(ACCOUNT, credentials={**ACCOUNT.credentials, "hook_credential": "kn0ck"})
TOKEN = answer({"token_type": "Bearer", "access_token": "t1", "expires_in": "14399", "status": "approved"})
UNKNOWN = answer({"response": {"errors": [{"code": "404", "message": "no"}]}}, status=404)


def test_a_token_is_asked_for_as_documented_and_kept_until_it_ends() -> None:
    old = replace(ACCOUNT, credentials={"client_secret": "s3cret"})
    assert UPS.stale(old)
    asked: list[Request] = []

    def reply(request: Request) -> Answer:
        asked.append(request)
        return TOKEN

    kept = fresh(UPS, old, reply)
    assert kept.credentials["access_until"] == "2026-07-01T15:59:59+00:00"
    assert not UPS.stale(kept)
    assert UPS.stale(replace(kept, now=NOW.replace(hour=15, minute=55)))
    (request,) = asked
    assert request.headers["authorization"] == "Basic YXBwOnMzY3JldA=="
    fields = dict(pair.split("=") for pair in request.body.decode().split("&"))
    assert spec("ups/OAuthClientCredentials.yaml").request("post", "/security/v1/oauth/token", fields) == []


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (403, Denied), (429, Busy)])
def test_no_token_is_trouble_in_words(status: int, kind: type[Trouble]) -> None:
    refused = answer({"response": {"errors": [{"code": "10401", "message": "ClientId is Invalid"}]}}, status=status)
    with pytest.raises(kind, match="ClientId is Invalid"):
        drive(UPS, ACCOUNT, UPS.renew(ACCOUNT), refused)


def test_each_number_is_asked_about_as_documented() -> None:
    done = drive(UPS, ACCOUNT, UPS.track(ACCOUNT, [PARCEL, PARCEL]), UNKNOWN)
    assert len(done.requests) == 2
    schema = spec("ups/Tracking.yaml")
    for request in done.requests:
        asked_as_documented(schema, request, "/track/v1/details/{inquiryNumber}")
        assert request.headers["authorization"] == "Bearer t0ken"
        assert len(request.headers["transId"]) == 32
    (told,) = UPS.read(done.answers[0]).tracks
    assert told.answer == "not_found"


@pytest.mark.parametrize("reply", [UNKNOWN, answer({"response": {"errors": [{"code": "TV1002"}]}}, status=400)])
def test_connecting_takes_it_that_the_sample_is_unknown(reply: Reply) -> None:
    done = drive(UPS, ACCOUNT, UPS.check(ACCOUNT), reply)
    assert done.result.label == "UPS"
    assert "app" not in done.result.external_id


def test_numbers_are_subscribed_to_alerts_as_documented() -> None:
    many = [TrackingNumber(text=f"1Z999AA1{place:010}", carrier="ups") for place in range(101)]
    done = drive(UPS, ALERTED, UPS.follow(ALERTED, many), answer({"invalidTrackingNumbers": [many[0].text]}))
    assert [len(json.loads(one.body)["trackingNumberList"]) for one in done.requests] == [100, 1]
    schema, path = spec("ups/UPSTrackAlert.yaml"), "/subscription/{type}/package"
    for request in done.requests:
        asked_as_documented(schema, request, path)
        assert spec("ups/UPSTrackAlert.yaml", strict=False).request("post", path, json.loads(request.body)) == []
    assert [one.number for one in done.result if one.remote == "asked"] == [many[0].text]
    assert {one.remote for one in done.result[1:]} == {"registered"}
    assert {one.again_at for one in done.result} == {NOW + timedelta(days=1), NOW + timedelta(days=10)}


def test_a_subscription_is_renewed_before_ups_ends_it_however_rarely_a_number_is_asked_about() -> None:
    done = drive(UPS, ALERTED, UPS.follow(ALERTED, [PARCEL]), answer({"validTrackingNumbers": [PARCEL.text]}))
    longest, again = max(gap for _, gap in cadence.QUIET if gap), done.result[0].again_at
    assert again and again + longest < NOW + ups._LASTS


@pytest.mark.parametrize(
    ("status", "told", "again"), [(400, False, 24), (404, False, 24), (401, True, 24), (403, True, 24), (503, False, 1)]
)
def test_numbers_that_alerts_do_not_take_are_asked_about(status: int, told: bool, again: int) -> None:
    refused = answer({"response": {"errors": [{"code": "VSS300", "message": "no"}]}}, status=status)

    def reply(request: Request) -> Answer:
        return UNKNOWN if request.method == "GET" else refused  # an app that may track

    (one,) = drive(UPS, ALERTED, UPS.follow(ALERTED, [PARCEL]), reply).result
    assert (one.remote, one.said, one.again_at) == ("asked", f"{status} VSS300 no", NOW + timedelta(hours=again))
    assert (one.untold is not None) is told


def test_a_token_that_ended_is_not_taken_for_a_missing_product() -> None:
    with pytest.raises(Denied):
        drive(UPS, ALERTED, UPS.follow(ALERTED, [PARCEL]), answer("", status=401))


def test_without_a_credential_nothing_is_subscribed() -> None:
    assert drive(UPS, ACCOUNT, UPS.follow(ACCOUNT, [PARCEL]), []).result == (
        Followed(number=PARCEL.text, remote="asked"),
    )
    assert drive(UPS, ACCOUNT, UPS.unfollow(ACCOUNT, [PARCEL]), []).result[0].remote == "stopped"
    assert drive(UPS, ACCOUNT, UPS.recarrier(ACCOUNT, PARCEL), []).result.remote == "asked"
    with pytest.raises(Refused) as caught:
        drive(UPS, ACCOUNT, UPS.subscribe(ACCOUNT, "https://here.example/x", ""), [])
    assert caught.value.message and caught.value.message.values == {"address": "https://here.example/x"}


@pytest.mark.parametrize("headers", [{"credential": "kn0ck"}, {"authorization": "Bearer kn0ck"}])
def test_an_alert_with_our_credential_is_a_knock(headers: dict[str, str]) -> None:
    (alert,) = [one for one in of(CONNECTOR) if one.path.stem == "alert_delivered"]
    received = UPS.receive(ALERTED, Delivery(headers=headers, body=alert.answer().body, received_at=NOW))
    assert received.knock and received.key
    assert received.answer and UPS.read(received.answer).tracks[0].number == PARCEL.text


@pytest.mark.parametrize("account", [ACCOUNT, ALERTED])
@pytest.mark.parametrize("headers", [{"credential": "guess"}, {"credential": ""}, {}])
def test_an_alert_without_our_credential_is_refused(account: Account, headers: dict[str, str]) -> None:
    with pytest.raises(Denied):
        UPS.receive(account, Delivery(headers=headers, body=b"{}", received_at=NOW))


def test_every_code_of_the_vendors_tables_has_a_reading() -> None:
    tables = json.loads(file("ups/ups_tracking_code_tables.json").read_text())["Tracking-delivery-codes.html"]
    theirs = {one["heading"]: {row[0] for row in one["rows"]} for one in tables}
    assert theirs["Package Exceptions"] == set(ups_tracks._EXCEPTIONS)
    assert {code.rjust(3, "0") for code in theirs["Status/Description Codes"]} == set(ups_tracks._STATUSES)
    assert theirs["Movement Scans"] == set(ups_tracks._MOVES)
    assert theirs["Package Activity Types"] <= set(ups_tracks._TYPES)
    assert set(ups_tracks._HANDED) <= theirs["Delivery Codes"]


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec("ups/Tracking.yaml", strict=False)
    for recording in of(CONNECTOR):
        body, name = recording.content["body"], recording.path.stem
        if recording.content["what"] == "track" and isinstance(body, dict) and name != "odd_shapes":
            status = recording.content["status"]
            if status in {200, 400, 404}:
                assert schema.response("get", "/track/v1/details/{inquiryNumber}", status, body) == [], name


# What karrio's tests say of the same answers, and why we say something else.
DISAGREEMENTS = {"TrackingResponseJSON.json": ("on_hold", Status.CUSTOMS, "its text says that customs released it")}


def test_published_answers_are_read_as_expected() -> None:
    kinds = {"AuthError.json": Denied, "InvalidTrackingNumberResponseJSON.json": Refused}
    kinds["TrackingNumberNotFoundResponseJSON.json"] = NotFound
    for path in answers("karrio/ups", "[!P]*.json"):
        if path.name == "index.json":
            continue
        given = Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if path.name in kinds:
            with pytest.raises(kinds[path.name]):
                UPS.read(given)
            continue
        (track,) = UPS.read(given).tracks
        assert track.events[-1].status is DISAGREEMENTS[path.name][1]
        assert track.events[-1].local and track.events[-1].instant is None


def test_the_alerts_of_the_specification_are_read() -> None:
    operation = spec("ups/UPSTrackAlert.yaml").doc["webhooks"]["TrackingEvent"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    told = []
    for example in examples.values():
        state = example["value"]["activityStatus"]
        if isinstance(code := state.get("descriptionCode"), int):
            state = {**state, "descriptionCode": f"{code:03o}"}  # 021 is an octal number to YAML
        body = json.dumps({**example["value"], "activityStatus": state}).encode()
        facts = UPS.read(Answer(what="push", body=body, received_at=NOW))
        assert not facts.bad and not facts.words
        told += [event.status for track in facts.tracks for event in track.events]
    assert told[:2] == [Status.OUT_FOR_DELIVERY, Status.DELIVERED]
