"""ShipEngine: what is asked is held to its OpenAPI file, and what of a webhook is believed. The rest is recorded."""

import json
from dataclasses import replace

import pytest

from doorstep.connectors.carriers import shipengine_tracks
from doorstep.connectors.carriers.shipengine import CONNECTOR, ShipEngine
from doorstep.connectors.contract import Account, Answer, Broken, Delivery, Denied, Refused, Request
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import answers, asked_as_documented, spec

ENGINE = ShipEngine()
FILE = "shipengine/openapi.yaml"
ACCOUNT = Account(credentials={"api_key": "k3y", "webhook_secret": "s3cret"}, now=NOW)
UPS = TrackingNumber(text="1Z999AA10123456784", carrier="ups")
POST = TrackingNumber(text="LX123456785CN", carrier="china_post")
LOG = answer({"tracking_number": UPS.text, "status_code": "NY", "carrier_code": "ups", "events": []})
DONE = answer(b"", status=204)
NO = answer({"request_id": "1", "errors": [{"error_code": "invalid_field_value", "message": "no"}]}, status=400)


def sent(request: Request, path: str) -> None:
    asked_as_documented(spec(FILE), request, path)
    if request.body:
        assert spec(FILE).request(request.method.lower(), path, json.loads(request.body)) == []


def test_connecting_costs_nothing_and_hides_the_key() -> None:
    done = drive(ENGINE, ACCOUNT, ENGINE.check(ACCOUNT), answer([]))
    sent(done.requests[0], "/v1/environment/webhooks")
    assert "k3y" not in done.result.external_id


def test_a_number_is_started_and_stopped_at_its_carrier_and_never_at_a_guess() -> None:
    done = drive(ENGINE, ACCOUNT, ENGINE.follow(ACCOUNT, [UPS, POST]), DONE)
    assert [one.remote for one in done.result] == ["registered", "rejected"]
    (request,) = done.requests
    sent(request, "/v1/tracking/start")
    assert request.changes
    for reply in (DONE, NO):
        done = drive(ENGINE, ACCOUNT, ENGINE.unfollow(ACCOUNT, [UPS, POST]), reply)
        (request,) = done.requests
        sent(request, "/v1/tracking/stop")
        assert {one.remote for one in done.result} == {"stopped"}


def test_changing_the_carrier_starts_there_and_asks_again() -> None:
    done = drive(ENGINE, ACCOUNT, ENGINE.recarrier(ACCOUNT, UPS), [DONE, LOG])
    sent(done.requests[1], "/v1/tracking")
    assert done.result.carrier_key == "ups"
    for number, replies in ((POST, []), (UPS, [NO])):
        with pytest.raises(Refused) as caught:
            drive(ENGINE, ACCOUNT, ENGINE.recarrier(ACCOUNT, number), replies)
        assert caught.value.message and caught.value.message.id == "shipengine.no_such_carrier"


def test_only_numbers_of_its_list_are_asked_about() -> None:
    done = drive(ENGINE, ACCOUNT, ENGINE.track(ACCOUNT, [POST, UPS]), LOG)
    assert [one.subject for one in done.requests] == [UPS.text]
    assert UPS.carrier in ENGINE.meta.carriers and POST.carrier not in ENGINE.meta.carriers


def test_a_webhook_brings_our_secret_back_and_is_a_knock() -> None:
    done = drive(ENGINE, ACCOUNT, ENGINE.subscribe(ACCOUNT, "https://here.example/x", "s3cret"), answer({}))
    sent(done.requests[0], "/v1/environment/webhooks")
    (header,) = json.loads(done.requests[0].body)["headers"]
    assert done.result == {"webhook_secret": "s3cret"}
    headers = {header["key"]: header["value"]}
    assert ENGINE.receive(ACCOUNT, Delivery(headers=headers, body=b'{"data": {}}', received_at=NOW)).knock
    batch = b'{"resource_type": "API_BATCH", "data": {}}'
    assert ENGINE.receive(ACCOUNT, Delivery(headers=headers, body=batch, received_at=NOW)).answer is None
    for ours, said in ((ACCOUNT, {}), (replace(ACCOUNT, credentials={"api_key": "k3y"}), headers)):
        with pytest.raises(Denied):
            ENGINE.receive(ours, Delivery(headers=said, body=b"{}", received_at=NOW))


def test_every_code_of_the_specification_has_a_reading() -> None:
    schemas = spec(FILE).doc["components"]["schemas"]
    assert set(schemas["status_code"]["enum"]) == set(shipengine_tracks._STATUSES)
    assert set(schemas["status_detail_code"]["enum"]) == set(shipengine_tracks._DETAILS)


def test_recordings_are_answers_of_the_schema() -> None:
    """But for null, which stands where there is no time or no detail; the file does not have it."""
    schema = spec(FILE, strict=False)
    for recording in of(CONNECTOR):
        if recording.path.stem in {"delivered", "every_code", "nothing_yet"}:
            problems = schema.response("get", "/v1/tracking", 200, recording.content["body"])
            assert [one for one in problems if ": None " not in one] == [], recording.path.stem


# What karrio's tests say of the same answer, and why we say something else.
DISAGREEMENTS = {"TrackingResponse.json": ("in_transit", Status.DELIVERED, "its own status code is DE, and its text")}


def test_published_answers_are_read_as_expected() -> None:
    for path in answers("karrio/shipengine", "[!Pi]*.json"):
        given = Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if path.name == "ErrorResponse.json":
            with pytest.raises(Broken, match="Unable to track shipment"):
                ENGINE.read(given)
            continue
        (track,) = ENGINE.read(given).tracks
        assert track.carrier == "ups"
        assert [one.status for one in track.events] == [Status.OUT_FOR_DELIVERY, DISAGREEMENTS[path.name][1]]
        assert [f"{one.instant:%H:%M}" for one in track.events] == ["08:00", "10:30"]
