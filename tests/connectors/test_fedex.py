"""FedEx: what is asked is held to its OpenAPI files, what it answers is read whole."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from doorstep.connectors.carriers import fedex_tracks
from doorstep.connectors.carriers.fedex import CONNECTOR
from doorstep.connectors.contract import Account, Answer, Broken, Denied, Refused, Request, Trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, answers, asked_as_documented, file, spec

FEDEX: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
PATH = "/track/v1/trackingnumbers"
MANY = [TrackingNumber(text=f"1234567890{place:02}", carrier="fedex") for place in range(30)]
ACCOUNT = Account(
    settings={"client_id": "app"},
    credentials={"client_secret": "s3cret", "access_token": "t0ken", "access_until": "2026-07-01T13:00:00+00:00"},
    now=NOW,
)
EMPTY = answer({"output": {"completeTrackResults": []}})


def test_a_token_is_asked_for_as_documented_and_kept_until_it_ends() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> Answer:
        asked.append(request)
        return answer({"access_token": "t1", "token_type": "bearer", "expires_in": 3599, "scope": "CXS"})

    assert not FEDEX.stale(fresh(FEDEX, replace(ACCOUNT, credentials={"client_secret": "s3cret"}), reply))
    (request,) = asked
    fields = dict(parse_qsl(request.body.decode()))
    assert fields["client_secret"] == "s3cret"
    assert spec("fedex/fedex_authorization_v1.json").request("post", "/oauth/token", fields) == []


def test_a_wrong_key_is_told() -> None:
    body = {"errors": [{"code": "NOT.AUTHORIZED.ERROR", "message": "The given client credentials were not valid."}]}
    with pytest.raises(Denied, match="not valid"):
        drive(FEDEX, ACCOUNT, FEDEX.renew(ACCOUNT), answer(body, status=401))


def test_thirty_numbers_are_asked_about_at_once_as_documented() -> None:
    (request,) = drive(FEDEX, ACCOUNT, FEDEX.track(ACCOUNT, MANY), EMPTY).requests
    asked_as_documented(spec("fedex/fedex_track_v1.json"), request, PATH)
    assert spec("fedex/fedex_track_v1.json").request("post", PATH, json.loads(request.body)) == []
    assert len(json.loads(request.body)["trackingInfo"]) == FEDEX.meta.batch == 30
    assert request.headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("status", [200, 400, 404])
def test_connecting_takes_it_that_the_sample_is_unknown(status: int) -> None:
    error = answer({"errors": [{"code": "TRACKING.TRACKINGNUMBER.INVALID", "message": "no"}]}, status=status)
    assert drive(FEDEX, ACCOUNT, FEDEX.check(ACCOUNT), error).result.label == "FedEx"


def test_every_status_code_of_the_vendor_that_a_scan_may_have_has_a_reading() -> None:
    codes = json.loads(file("derived/fedex_status_codes.json").read_text())["codes"]
    parties = {code for code, one in codes.items() if one["group"] == "Possession"}  # who has it, and no event
    assert set(codes) - set(fedex_tracks._EVENTS) <= parties


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec("fedex/fedex_track_v1.json", strict=False)
    for recording in of(CONNECTOR):
        body, status = recording.content["body"], recording.content["status"]
        if isinstance(body, dict) and "odd" not in recording.path.stem and (status != 200 or "output" in body):
            told = [one for one in schema.response("post", PATH, status, body) if "is not one of" not in one]
            assert told == [], recording.path.stem


# What the sources' own tests expect; a word after the status says why we say something else.
STATUSES: dict[str, list[str]] = {
    "karrio/fedex/DuplicateTrackingResponse.json": ["delivered"],
    "karrio/fedex/InconsistentDateTimeResponse.json": ["delivered"],
    "karrio/fedex/TrackingResponse.json": ["picked_up", "not_found"],
    "karrio/fedex/ProofOfDeliveryResponse.json": [],
    "active_shipping/xml/fedex/tracking_response_delivered_with_signature.xml": ["delivered"],
    "active_shipping/xml/fedex/tracking_response_delivered_at_door.xml": ["delivered"],
    "active_shipping/xml/fedex/tracking_response_delivered_at_facility.xml": ["delivered"],
    "active_shipping/xml/fedex/tracking_response_with_blank_state.xml": ["delivered"],
    "active_shipping/xml/fedex/tracking_response_in_transit.xml": ["in_transit"],
    # they: exception, by its code; its text says that FedEx tried
    "active_shipping/xml/fedex/tracking_response_shipment_exception.xml": ["attempt_failed"],
    # they: an error, because three parcels had this number; none of them has scans
    "active_shipping/xml/fedex/tracking_response_multiple_results.xml": ["not_found"] * 3,
    "active_shipping/xml/fedex/tracking_response_not_found.xml": ["not_found"],
    "active_shipping/xml/fedex/tracking_response_invalid_tracking_number.xml": ["pending"],
    "active_shipping/xml/fedex/tracking_response_empty_status_detail.xml": ["not_found"],
    "active_shipping/xml/fedex/tracking_response_missing_status_code.xml": ["not_found"],
    "active_shipping/xml/fedex/tracking_response_failure_code_9045.xml": [],
    "active_shipping/xml/fedex/tracking_response_failure_code_9080.xml": [],
}
FAILED = frozenset({"9045", "9080"})
TROUBLES: dict[str, type[Trouble]] = {
    "karrio/fedex/ErrorResponse.json": Refused,
    "karrio/fedex/ProofOfDeliveryResponse.json": Broken,
    "active_shipping/xml/fedex/tracking_response_bad_tracking_number.xml": Refused,
    "active_shipping/xml/fedex/tracking_response_unable_to_process.xml": Refused,
    "active_shipping/xml/fedex/tracking_request.xml": Broken,
}


def test_published_answers_are_read_as_expected() -> None:
    files = answers("karrio/fedex", "[!Pi]*.json") + answers("active_shipping/xml/fedex", "*.xml")
    for path in files:
        name, given = str(path.relative_to(ANSWERS)), Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if name in TROUBLES:
            with pytest.raises(TROUBLES[name]):
                FEDEX.read(given)
            continue
        facts = FEDEX.read(given)
        assert not facts.words, name
        assert bool(facts.bad) == any(code in name for code in FAILED), facts.bad
        told = [current(merge(track.events), NOW, track.answer).status.value for track in facts.tracks]
        assert told == STATUSES[name], name


def test_instants_are_as_stated_and_a_bare_midnight_is_a_day() -> None:
    (path,) = answers("karrio/fedex", "InconsistentDateTimeResponse.json")
    (track,) = FEDEX.read(Answer(what="track", body=path.read_bytes(), received_at=NOW)).tracks
    assert [event.status for event in track.events if event.day_only] == [Status.PICKED_UP]
    assert all(event.instant and event.offset is not None for event in track.events if not event.day_only)


def test_the_example_of_the_specification_is_read() -> None:
    (path,) = answers("fedex_openapi", "*.json")
    operation = json.loads(path.read_text())["paths"][PATH]["post"]
    for body in examples(operation["responses"]["200"]):
        facts = FEDEX.read(Answer(what="track", body=json.dumps(body).encode(), received_at=NOW))
        assert facts.tracks


def examples(response: object) -> list[object]:
    """Every example body in a response of the specification."""
    if not isinstance(response, dict):
        return []
    if "output" in response and "schema" not in response:
        return [response]
    return [body for name, one in response.items() if name != "schema" for body in examples(one)]
