"""DHL Express: what is asked is held to MyDHL API's OpenAPI file, what it answers is read whole."""

from typing import Any

import pytest

from doorstep.connectors.carriers.dhl_codes import EXPRESS
from doorstep.connectors.carriers.dhl_express import CONNECTOR
from doorstep.connectors.contract import Account, Answer, Broken, NotFound, Refused, Trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, answers, asked_as_documented, file, spec

DHL: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
PATH = "/shipments/{shipmentTrackingNumber}/tracking"
FILE = "dhl/dpdhl-express-api-3.1.1_swagger.yaml"
ACCOUNT = Account(settings={"username": "app"}, credentials={"password": "s3cret"}, now=NOW)
UNKNOWN = answer({"status": "404", "title": "No data found"}, status=404)


def test_each_number_is_asked_about_as_documented() -> None:
    numbers = [TrackingNumber(text="1234567890", carrier="dhl_express")]
    done = drive(DHL, ACCOUNT, DHL.track(ACCOUNT, numbers), UNKNOWN)
    (request,) = done.requests
    asked_as_documented(spec(FILE), request, PATH)
    assert request.headers["authorization"] == "Basic YXBwOnMzY3JldA=="
    assert dict(request.query)["requestGMTOffsetPerEvent"] == "true"
    assert DHL.read(done.answers[0]).tracks[0].answer == "not_found"


@pytest.mark.parametrize("status", [400, 404])
def test_connecting_takes_it_that_the_sample_is_unknown(status: int) -> None:
    assert drive(DHL, ACCOUNT, DHL.check(ACCOUNT), answer({}, status=status)).result.label == "DHL Express"


def test_every_checkpoint_of_the_vendors_list_has_a_reading() -> None:
    rows = file("dhl/mydhl_status_codes.csv").read_text(encoding="cp1252").splitlines()
    assert {row.split(";")[1] for row in rows if row.startswith("express;")} <= set(EXPRESS)


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec(FILE, strict=False)
    for recording in of(CONNECTOR):
        body, status = recording.content["body"], recording.content["status"]
        if isinstance(body, dict) and "shipments" in body and "odd" not in recording.path.stem:
            assert schema.response("get", PATH, status, body) == [], recording.path.stem


def test_the_examples_of_the_specification_are_read() -> None:
    said = spec(FILE).doc["paths"][PATH]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    events = 0
    for one in said.values():
        facts = DHL.read(answer(one["value"]))
        assert not facts.bad
        events += sum(len(track.events) for track in facts.tracks)
    assert events > 5


STATUSES = {
    "karrio/mydhl/TrackingResponse.json": ["delivered"],
    "karrio/dhl_express/TrackingResponseXML.xml": ["delivered", "picked_up", "picked_up"],
    "karrio/dhl_express/IntransitTrackingResponseXML.xml": ["picked_up"],
    "karrio/dhl_express/TrackingSingleNotFound.xml": ["not_found"],
}
TROUBLES: dict[str, type[Trouble]] = {
    "karrio/mydhl/ErrorResponse.json": NotFound,
    "karrio/mydhl/ProofOfDeliveryResponse.json": Broken,
    "karrio/dhl_express/AuthError.xml": Refused,
}


def test_published_answers_are_read_as_expected() -> None:
    for path in answers("karrio/mydhl", "[!Pi]*.json") + answers("karrio/dhl_express", "*.xml"):
        name, given = str(path.relative_to(ANSWERS)), Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if name in TROUBLES:
            with pytest.raises(TROUBLES[name]):
                DHL.read(given)
            continue
        facts = DHL.read(given)
        assert not facts.bad and not facts.words, name
        told = [current(merge(track.events), NOW, track.answer).status.value for track in facts.tracks]
        assert told == STATUSES[name], name


def test_wall_times_stay_as_said_and_become_instants_only_with_an_offset() -> None:
    tracks = {one.path.stem: DHL.read(one.answer()).tracks for one in of(CONNECTOR) if "delivered" in one.path.stem}
    (track,) = tracks["delivered"]
    assert [event.offset for event in track.events[:3]] == [480, 480, 120]
    assert track.events[-1].status is Status.DELIVERED
    for path in answers("karrio/mydhl", "TrackingResponse.json"):
        (track,) = DHL.read(Answer(what="track", body=path.read_bytes(), received_at=NOW)).tracks
        assert [event.status for event in track.events] == [Status.PICKED_UP, Status.DELIVERED]
        assert all(event.local and event.instant is None for event in track.events)
