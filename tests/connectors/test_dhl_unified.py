"""DHL Shipment Tracking: what is asked is held to its OpenAPI file, what it answers is read whole."""

from dataclasses import replace
from typing import Any

import pytest

from doorstep.connectors.carriers import dhl_unified_tracks
from doorstep.connectors.carriers.dhl_codes import PARCEL_DE
from doorstep.connectors.carriers.dhl_unified import CONNECTOR
from doorstep.connectors.contract import Account, Answer, NotFound
from doorstep.core.number import TrackingNumber, carrier
from doorstep.core.status import Status
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import answers, asked_as_documented, file, spec

DHL: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
ACCOUNT = Account(credentials={"api_key": "k3y"}, now=NOW)
PARCEL = TrackingNumber(text="00340434161094042557", carrier="dhl_parcel_de", keys={"postcode": "10115"})
SPECIAL = {"odd_shapes", "headline_only"}  # DHL's own sample has one reference where its schema wants a list
UNKNOWN = answer({"title": "No result found", "status": 404}, status=404)


def test_each_number_is_asked_about_as_documented() -> None:
    numbers = [PARCEL, replace(PARCEL, carrier="dhl_ecommerce", keys={})]
    done = drive(DHL, ACCOUNT, DHL.track(ACCOUNT, numbers), UNKNOWN)
    for request in done.requests:
        asked_as_documented(spec("dhl/dhl_unified_tracking_1.3.1.json"), request, "/shipments")
        assert request.headers["dhl-api-key"] == "k3y"
    known, unsure = (dict(one.query) for one in done.requests)
    assert (known["service"], known["recipientPostalCode"]) == ("parcel-de", "10115")
    assert "service" not in unsure and "recipientPostalCode" not in unsure
    assert DHL.read(done.answers[0]).tracks[0].answer == "not_found"


def test_connecting_takes_it_that_the_sample_is_unknown() -> None:
    assert drive(DHL, ACCOUNT, DHL.check(ACCOUNT), UNKNOWN).result.label == "DHL"


def test_every_company_of_dhl_is_a_carrier_that_we_know() -> None:
    assert all(carrier(code).name for code in DHL.meta.carriers)
    services = spec("dhl/dhl_unified_tracking_1.3.1.json").doc["components"]["schemas"]
    named = services["supermodelIoLogisticsTrackingShipment"]["properties"]["service"]["enum"]
    assert set(named) - set(dhl_unified_tracks.SERVICES) == {"dsc"}  # a warehouse service, and no carrier


def test_every_code_of_the_german_parcel_service_has_a_reading() -> None:
    rows = file("dhl/mydhl_status_codes.csv").read_text(encoding="cp1252").splitlines()
    codes = {row.split(";")[1] for row in rows if row.startswith("parcel-de;")}
    assert codes == set(PARCEL_DE)


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec("dhl/dhl_unified_tracking_1.3.1.json", strict=False)
    for recording in of(CONNECTOR):
        body, status = recording.content["body"], recording.content["status"]
        if isinstance(body, dict) and status in {200, 404} and recording.path.stem not in SPECIAL:
            told = schema.response("get", "/shipments", status, body)
            assert [one for one in told if "is not one of" not in one] == [], recording.path.stem


def test_published_answers_are_read() -> None:
    for path in answers("karrio/dhl_universal", "T*.json"):
        given = Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if "Error" in path.name:
            with pytest.raises(NotFound):
                DHL.read(given)
            continue
        facts = DHL.read(given)
        assert not facts.bad and not facts.words
        ((event,),) = (track.events for track in facts.tracks)
        # karrio: delivered, by the free word beside; the sure one says pre-transit
        assert event.status is Status.INFO_RECEIVED
        assert event.local and event.offset is None and event.instant is None
