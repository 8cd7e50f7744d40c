"""Karrio: what is asked is held to its OpenAPI file; what it makes of its carriers' answers is read, clocks kept."""

import json

import pytest

from doorstep.connectors.carriers.karrio_server import CONNECTOR, KarrioServer
from doorstep.connectors.contract import Account, Answer, Refused
from doorstep.core.number import TrackingNumber
from doorstep.core.status_maps import System, from_system
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, answers, asked_as_documented, spec

KARRIO = KarrioServer()
SCHEMA = "karrio/karrio_openapi.yml"
ACCOUNT = Account(base_url="https://karrio.example/", credentials={"api_key": "key_1"}, now=NOW)
DPD = TrackingNumber(text="0522/123", carrier="dpd")
TRACKER = answer({"tracking_number": "0522/123", "carrier_name": "dpd", "events": []})
NOT_CONNECTED = answer({"messages": [{"message": "No connection for the carrier", "code": "424"}]}, status=424)
UNKNOWN = answer({"errors": [{"message": "No Tracker matches the given query.", "code": "not_found"}]}, status=404)


def test_a_number_is_asked_about_as_documented() -> None:
    done = drive(KARRIO, ACCOUNT, KARRIO.track(ACCOUNT, [DPD, DPD]), UNKNOWN)
    assert len(done.requests) == 2
    asked_as_documented(spec(SCHEMA), done.requests[0], "/v1/trackers/{identifier}")
    assert done.requests[0].url == "https://karrio.example/v1/trackers/0522%2F123"
    assert done.requests[0].headers["authorization"] == "Token key_1"
    assert KARRIO.read(done.answers[0]).tracks[0].answer == "not_found"


def test_connecting_lists_the_trackers_of_nobodys_number() -> None:
    done = drive(KARRIO, ACCOUNT, KARRIO.check(ACCOUNT), answer({"results": []}))
    asked_as_documented(spec(SCHEMA), done.requests[0], "/v1/trackers")
    assert done.result.label == "Karrio"


def test_a_number_is_registered_at_the_first_account_of_its_carrier_that_is_connected_there() -> None:
    done = drive(KARRIO, ACCOUNT, KARRIO.follow(ACCOUNT, [DPD]), [NOT_CONNECTED, TRACKER])
    bodies = [json.loads(request.body) for request in done.requests]
    assert [body["carrier_name"] for body in bodies] == ["dpd", "dpd_meta"]
    assert all(spec(SCHEMA).request("post", "/v1/trackers", body) == [] for body in bodies)
    assert all(request.changes for request in done.requests)
    assert (done.result[0].remote, done.result[0].carrier_key) == ("registered", "dpd_meta")


def test_a_number_of_a_carrier_that_karrio_does_not_have_is_rejected() -> None:
    done = drive(KARRIO, ACCOUNT, KARRIO.follow(ACCOUNT, [TrackingNumber(text="X1", carrier="yanwen")]), TRACKER)
    assert not done.requests
    assert done.result[0].remote == "rejected"


def test_what_is_not_on_the_list_any_more_is_as_good_as_taken_off() -> None:
    done = drive(KARRIO, ACCOUNT, KARRIO.unfollow(ACCOUNT, [DPD, DPD]), [TRACKER, UNKNOWN])
    assert [request.method for request in done.requests] == ["DELETE", "DELETE"]
    assert [one.remote for one in done.result] == ["stopped", "stopped"]


def test_another_carrier_is_a_new_registration_and_a_question() -> None:
    done = drive(KARRIO, ACCOUNT, KARRIO.recarrier(ACCOUNT, DPD), [UNKNOWN, TRACKER, TRACKER])
    assert [request.method for request in done.requests] == ["DELETE", "POST", "GET"]
    assert done.result.remote == "registered"


def test_a_carrier_that_is_not_connected_there_is_told() -> None:
    with pytest.raises(Refused) as caught:
        drive(KARRIO, ACCOUNT, KARRIO.recarrier(ACCOUNT, DPD), [TRACKER, NOT_CONNECTED, NOT_CONNECTED])
    assert caught.value.message
    assert caught.value.message.values["said"] == "424 No connection for the carrier"


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec(SCHEMA, strict=False)
    for recording in of(CONNECTOR):
        if recording.path.stem in {"delivered", "an_offset_is_stated"}:
            assert schema.response("get", "/v1/trackers/{identifier}", 200, recording.content["body"]) == []


OTHERWISE = {
    # a client's default for whatever it does not know is in transit: our reading is of the last scan that says more
    "australiapost/ParsedTrackingResponse.json": "not_found",
    "canadapost/ParsedTrackingResponse.json": "out_for_delivery",
    "dhl_express/ParsedTrackingResponse.json": "picked_up",
    "dhl_universal/ParsedTrackingResponse.json": "delivered",
    "easyship/ParsedTrackingResponse.json": "not_found",
    "gls/ParsedTrackingResponse.json": "picked_up",
    "purolator/PARSED_TRACKING_RESPONSE.json": "pending",
    "shipengine/ParsedErrorResponse.json": "not_found",
    "shipengine/ParsedTrackingResponse.json": "delivered",
    "geodis/ParsedTrackingResponse.json": "pending",  # it takes the planned day for the delivery
}
NO_DATES = {"boxknight", "easyship"}  # a placeholder for a date; an hour for one


def test_what_becomes_of_the_answers_of_its_carriers_is_read() -> None:
    read, unlike = 0, set[str]()
    for path in (one for one in answers("karrio", "*/*.json") if one.name.lower().startswith("parsed")):
        name = str(path.relative_to(ANSWERS / "karrio"))
        for told in json.loads(path.read_text())[0]:
            facts = KARRIO.read(Answer(what="track", body=json.dumps(told).encode(), received_at=NOW))
            (track,) = facts.tracks
            assert bool(facts.bad) == (path.parent.name in NO_DATES), name
            status = current(merge(track.events), NOW, track.answer).status
            if told.get("status"):
                theirs = from_system(System.KARRIO, told["status"]).status
                assert status in {theirs, OTHERWISE.get(name)}, name
                unlike |= {name} if status != theirs else set()
            stated = [event.instant for event in track.events if event.instant]
            assert len(stated) == (len(track.events) if path.parent.name == "hermes" else 0), name
            read += 1
    assert read > 50
    assert unlike == set(OTHERWISE)
