"""USPS: what is asked is held to its OpenAPI file, what it answers is read whole."""

import json
from dataclasses import replace
from typing import Any

import pytest

from doorstep.connectors.carriers.usps import CONNECTOR
from doorstep.connectors.contract import Account, Answer, Broken, Busy, Denied, Refused, Request, Trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.order import Track
from doorstep.core.status import Status
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, answers, asked_as_documented, spec

USPS: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
PATH = "/tracking/{trackingNumber}"
PARCEL = TrackingNumber(text="9400111206206406260787", carrier="usps", keys={"postcode": "78701-1234"})
ACCOUNT = Account(
    settings={"client_id": "app"},
    credentials={"client_secret": "s3cret", "access_token": "t0ken", "access_until": "2026-07-01T20:00:00+00:00"},
    now=NOW,
)
UNKNOWN = answer({"error": {"code": "404", "message": "Not Found", "errors": []}}, status=404)


def test_a_token_is_asked_for_and_kept_until_it_ends() -> None:
    old = replace(ACCOUNT, credentials={"client_secret": "s3cret"})
    asked: list[Request] = []

    def reply(request: Request) -> Answer:
        asked.append(request)
        return answer({"access_token": "t1", "token_type": "Bearer", "expires_in": 28799, "scope": "tracking"})

    assert not USPS.stale(fresh(USPS, old, reply))
    (request,) = asked
    wish = {"client_id": "app", "client_secret": "s3cret", "grant_type": "client_credentials", "scope": "tracking"}
    assert json.loads(request.body) == wish


def test_a_wrong_key_is_told() -> None:
    with pytest.raises(Denied, match="invalid_client"):
        drive(USPS, ACCOUNT, USPS.renew(ACCOUNT), answer({"error": "invalid_client"}, status=401))


def test_each_number_is_asked_about_as_documented() -> None:
    done = drive(USPS, ACCOUNT, USPS.track(ACCOUNT, [PARCEL, replace(PARCEL, keys={"postcode": "SW1A"})]), UNKNOWN)
    for request in done.requests:
        asked_as_documented(spec("usps/usps_tracking_v3.yaml"), request, PATH)
        assert request.headers["authorization"] == "Bearer t0ken"
    assert [dict(one.query).get("destinationZIPCode") for one in done.requests] == ["78701", None]
    assert USPS.read(done.answers[0]).tracks[0].answer == "not_found"


@pytest.mark.parametrize("status", [400, 404])
def test_connecting_takes_it_that_the_sample_is_unknown(status: int) -> None:
    assert drive(USPS, ACCOUNT, USPS.check(ACCOUNT), answer({}, status=status)).result.label == "USPS"


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec("usps/usps_tracking_v3.yaml", strict=False)
    checked = 0
    for recording in of(CONNECTOR):
        body, status = recording.content["body"], recording.content["status"]
        if isinstance(body, dict) and status != 200 and "error" in body:
            assert schema.response("get", PATH, status, body) == [], recording.path.stem
            checked += 1
    assert checked >= 4


# What the sources' own tests expect. They map the names of things, we what a person can act on.
STATUSES = {
    "karrio/usps/TrackingResponse.json": [Status.DELIVERED],
    "active_shipping/xml/usps/tracking_response.xml": [Status.DELIVERED],
    "active_shipping/xml/usps/tracking_response_alt.xml": [Status.OUT_FOR_DELIVERY],
    "active_shipping/xml/usps/tracking_response_batch.xml": [
        Status.DELIVERED,
        Status.DELIVERED,
        Status.NOT_FOUND,
        Status.NOT_FOUND,
    ],
    "active_shipping/xml/usps/tracking_response_failure.xml": [Status.NOT_FOUND],
    "active_shipping/xml/usps/tracking_response_not_available.xml": [Status.NOT_FOUND],
}
TROUBLES: dict[str, type[Trouble]] = {
    "karrio/usps/AuthErrorResponse.json": Denied,
    "karrio/usps/ErrorResponse.json": Refused,
    "active_shipping/xml/usps/tracking_response_test_error.xml": Refused,
    "active_shipping/xml/usps/invalid_xml_tracking_response_error.xml": Refused,
    "active_shipping/xml/usps/tracking_request.xml": Broken,
    "active_shipping/xml/usps/tracking_request_batch.xml": Broken,
}


def headline(track: Track) -> Status:
    return current(merge(track.events), NOW, track.answer).status


def test_published_answers_are_read_as_expected() -> None:
    files = answers("karrio/usps", "[!Pi]*.json") + answers("active_shipping/xml/usps", "*.xml")
    assert {str(path.relative_to(ANSWERS)) for path in files} == {*STATUSES, *TROUBLES}
    for path in files:
        name, given = str(path.relative_to(ANSWERS)), Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if name in TROUBLES:
            with pytest.raises(TROUBLES[name]):
                USPS.read(given)
            continue
        facts = USPS.read(given)
        assert not facts.bad and not facts.words
        assert [headline(track) for track in facts.tracks] == STATUSES[name]


def test_the_clock_of_the_place_is_kept_beside_the_instant() -> None:
    (path,) = answers("karrio/usps", "TrackingResponse.json")
    (track,) = USPS.read(Answer(what="track", body=path.read_bytes(), received_at=NOW)).tracks
    for event in track.events:
        assert event.local and event.instant and event.offset == -300
        apart = (event.instant.replace(tzinfo=None) - event.local).total_seconds() / 60
        assert 300 <= apart < 301  # USPS gives the seconds in GMT only


def test_a_page_for_people_is_trouble() -> None:
    with pytest.raises(Busy):
        USPS.read(Answer(what="track", status=503, body=b"<html></html>", received_at=NOW))
