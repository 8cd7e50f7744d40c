"""Ship24: what is asked is held to its OpenAPI file, whose own samples are read whole. The rest is recorded."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from doorstep.connectors.carriers.ship24 import CONNECTOR, Ship24
from doorstep.connectors.contract import Account, Answer, Delivery, Denied, Refused, Request
from doorstep.core.number import TrackingNumber
from doorstep.core.status import Status
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import asked_as_documented, spec

SHIP24 = Ship24()
FILE = "ship24/ship24-tracking-api.yaml"
ACCOUNT = Account(credentials={"api_key": "k3y", "webhook_secret": "s3cret"}, now=NOW)
POST = TrackingNumber(text="LX123456785CN", carrier="china_post", keys={"postcode": "78701", "country": "US"})
UPS = TrackingNumber(text="1Z999AA10123456784")
SEARCH, ONE, BULK = (
    f"/public/v1/trackers{rest}" for rest in ("/search/{trackingNumber}/results", "/{trackerId}", "/bulk")
)
TRACKER = {"trackerId": "t1", "trackingNumber": POST.text}
COURIERS = answer({"data": {"couriers": [{"courierCode": "cn-post", "courierName": "China Post"}, {}]}})
NOBODY = answer({"errors": [{"code": "tracker_not_found", "message": "no"}], "data": None}, status=404)


def made(*items: tuple[str, str]) -> Answer:
    errors = [{"code": "validation_error", "message": "too short"}]
    rows = [{"itemStatus": state, "inputData": {"trackingNumber": text}, "errors": errors} for text, state in items]
    return answer({"status": "partial", "data": rows}, status=207)


def sent(request: Request, path: str) -> None:
    asked_as_documented(spec(FILE), request, path)
    if request.body:
        assert spec(FILE).request(request.method.lower(), path, json.loads(request.body)) == []


def test_connecting_costs_nothing_and_hides_the_key() -> None:
    done = drive(SHIP24, ACCOUNT, SHIP24.check(ACCOUNT), COURIERS)
    sent(done.requests[0], "/public/v1/couriers")
    assert done.result.notes[0].values == {"count": 2}
    assert "k3y" not in done.result.external_id


def test_numbers_are_followed_at_once_and_each_has_its_own_answer() -> None:
    items = made((POST.text, "created"), (UPS.text, "existing"), ("12", "error"))
    done = drive(SHIP24, ACCOUNT, SHIP24.follow(ACCOUNT, [POST, UPS]), items)
    sent(done.requests[0], BULK)
    assert [one.remote for one in done.result] == ["registered", "registered", "rejected"]
    assert done.result[2].said == "validation_error too short"
    first, second = json.loads(done.requests[0].body)
    assert (first["destinationPostCode"], first["destinationCountryCode"]) == ("78701", "US")
    assert second == {"trackingNumber": UPS.text}


def test_unfollowing_unsubscribes_what_follows_the_number() -> None:
    found = answer({"data": {"trackings": [{"tracker": TRACKER}, "odd"]}})
    done = drive(SHIP24, ACCOUNT, SHIP24.unfollow(ACCOUNT, [POST, UPS]), [found, answer({"data": {}}), NOBODY])
    for request, path in zip(done.requests, (SEARCH, ONE, SEARCH), strict=True):
        sent(request, path)
    assert json.loads(done.requests[1].body) == {"isSubscribed": False}
    assert {one.remote for one in done.result} == {"stopped"}


@pytest.mark.parametrize("known", [True, False])
def test_changing_the_carrier_takes_ship24s_own_code(known: bool) -> None:
    found = answer({"data": {"trackings": [{"tracker": TRACKER}] if known else []}})
    changed = answer({"data": {}}) if known else made((POST.text, "created"))
    done = drive(SHIP24, ACCOUNT, SHIP24.recarrier(ACCOUNT, POST), [COURIERS, found, changed, found])
    sent(done.requests[2], ONE if known else BULK)
    assert done.result.carrier_key == "cn-post"
    assert done.requests[-1].what == "track"


def test_a_carrier_that_ship24_does_not_list_is_never_guessed() -> None:
    with pytest.raises(Refused) as caught:
        drive(SHIP24, ACCOUNT, SHIP24.recarrier(ACCOUNT, replace(POST, carrier="royal_mail")), [COURIERS])
    assert caught.value.message and caught.value.message.values == {"carrier": "Royal Mail"}
    with pytest.raises(Refused):
        drive(SHIP24, ACCOUNT, SHIP24.subscribe(ACCOUNT, "https://here.example/x", ""), [])


def test_each_number_is_asked_about_and_one_that_is_not_followed_is_told() -> None:
    done = drive(SHIP24, ACCOUNT, SHIP24.track(ACCOUNT, [POST, UPS]), NOBODY)
    for request in done.requests:
        sent(request, SEARCH)
    assert [SHIP24.read(one).tracks[0].answer for one in done.answers] == ["rejected", "rejected"]


def test_a_webhook_with_our_secret_is_a_knock_and_no_other_is_heard() -> None:
    (push,) = [one for one in of(CONNECTOR) if one.path.stem == "push_out_for_delivery"]
    body = push.answer().body
    received = SHIP24.receive(ACCOUNT, Delivery(headers={"authorization": "Bearer s3cret"}, body=body, received_at=NOW))
    assert received.knock
    assert received.key == "356a7f93-3ce5-4b49-b560-156537283df9"
    for headers, ours in (({"authorization": "Bearer guess"}, ACCOUNT), ({}, replace(ACCOUNT, credentials={}))):
        with pytest.raises(Denied):
            SHIP24.receive(ours, Delivery(headers=headers, body=body, received_at=NOW))


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec(FILE, strict=False)
    for name in ("delivered", "every_code", "nothing_yet"):
        (recording,) = [one for one in of(CONNECTOR) if one.path.stem == name]
        assert schema.response("get", SEARCH, 200, recording.content["body"]) == [], name


def samples(node: Any) -> Iterator[dict[str, Any]]:
    """Every example of the file that has trackings of trackers, as we ask for them."""
    if isinstance(node, dict) and isinstance(found := node.get("trackings"), list):
        yield from [node] if all("tracker" in one for one in found) else []
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from samples(inner)


def test_the_samples_of_the_specification_are_read_whole() -> None:
    found = list(samples(spec(FILE).doc))
    assert found
    for sample in found:
        facts = SHIP24.read(Answer(what="push", body=json.dumps(sample).encode(), received_at=NOW))
        assert not facts.bad and not facts.words
        assert facts.tracks[0].events[-1].status is Status.DELIVERED
        assert not [event for track in facts.tracks for event in track.events if event.status is Status.UNKNOWN]
