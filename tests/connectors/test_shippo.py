"""Shippo: what is asked is held to the schemas of its SDK, and which webhooks are believed. The rest is recorded."""

import json
from dataclasses import replace

import pytest

from doorstep.connectors.carriers.shippo import BASE, CONNECTOR, Shippo
from doorstep.connectors.contract import Account, Delivery, Denied, Refused, Request
from doorstep.core.number import TrackingNumber
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import file, spec

SHIPPO = Shippo()
FILE = "shippo/shippo_tracking_3.9.0_schemas.json"
ACCOUNT = Account(credentials={"api_key": "k3y"}, now=NOW)
SIGNED = replace(ACCOUNT, credentials={"api_key": "k3y", "webhook_secret": "shippo_secret"})
UPS = TrackingNumber(text="1Z999AA10123456784", carrier="ups")
POST = TrackingNumber(text="LX123456785CN", carrier="china_post")
TRACK = answer({"carrier": "ups", "tracking_number": UPS.text, "messages": [], "tracking_history": []})


def verb(request: Request) -> str:
    return f"{request.method} {request.url.removeprefix(f'{BASE}/')}"


def test_connecting_costs_nothing_and_hides_the_token() -> None:
    done = drive(SHIPPO, ACCOUNT, SHIPPO.check(ACCOUNT), answer({"results": []}))
    assert verb(done.requests[0]) == "GET webhooks"
    assert "k3y" not in done.result.external_id


def test_a_number_is_registered_at_its_carrier_and_never_at_a_guess() -> None:
    done = drive(SHIPPO, ACCOUNT, SHIPPO.follow(ACCOUNT, [UPS, POST, replace(UPS, carrier="")]), TRACK)
    assert [one.remote for one in done.result] == ["registered", "rejected", "rejected"]
    (request,) = done.requests
    assert spec(FILE).definition("TracksRequest", json.loads(request.body)) == []
    assert drive(SHIPPO, ACCOUNT, SHIPPO.unfollow(ACCOUNT, [UPS]), []).result[0].remote == "stopped"


def test_a_number_that_shippo_declines_is_rejected_with_its_words() -> None:
    declined = answer({"messages": ["no"]}, status=400)
    done = drive(SHIPPO, ACCOUNT, SHIPPO.follow(ACCOUNT, [UPS]), declined)
    assert [(one.remote, one.said) for one in done.result] == [("rejected", "400 no")]
    with pytest.raises(Refused) as caught:
        drive(SHIPPO, ACCOUNT, SHIPPO.recarrier(ACCOUNT, UPS), declined)
    assert caught.value.message and caught.value.message.values == {"carrier": "UPS", "said": "400 no"}


def test_changing_the_carrier_registers_there_and_asks_again() -> None:
    done = drive(SHIPPO, ACCOUNT, SHIPPO.recarrier(ACCOUNT, UPS), TRACK)
    assert [verb(one) for one in done.requests] == ["POST tracks", f"GET tracks/ups/{UPS.text}"]
    assert done.result.carrier_key == "ups"


def test_only_numbers_of_its_list_are_asked_about() -> None:
    done = drive(SHIPPO, ACCOUNT, SHIPPO.track(ACCOUNT, [POST, UPS]), TRACK)
    assert [one.subject for one in done.requests] == [UPS.text]
    assert UPS.carrier in SHIPPO.meta.carriers and POST.carrier not in SHIPPO.meta.carriers


def test_webhooks_are_set_up_only_where_they_are_signed() -> None:
    with pytest.raises(Refused):
        drive(SHIPPO, ACCOUNT, SHIPPO.subscribe(ACCOUNT, "https://here.example/x", "s"), [])
    done = drive(SHIPPO, SIGNED, SHIPPO.subscribe(SIGNED, "https://here.example/x", "s"), answer({}))
    assert spec(FILE).definition("WebhookUpdateRequest", json.loads(done.requests[0].body)) == []


def test_a_webhook_signed_as_documented_is_taken_and_no_other() -> None:
    vectors = json.loads(file("derived/signature_vectors.json").read_text())
    found = vectors if isinstance(vectors, list) else next(one for one in vectors.values() if isinstance(one, list))
    (vector,) = [one for one in found if one["scheme"] == "shippo-webhook"]
    headers, body = {"shippo-auth-signature": vector["expected"]}, vector["body"].encode()
    assert SHIPPO.receive(SIGNED, Delivery(headers=headers, body=body, received_at=NOW)).answer
    for ours, said, sent in ((ACCOUNT, headers, body), (SIGNED, {}, body), (SIGNED, headers, body + b" ")):
        with pytest.raises(Denied):
            SHIPPO.receive(ours, Delivery(headers=said, body=sent, received_at=NOW))


def test_recordings_are_answers_of_the_schema() -> None:
    for recording in of(CONNECTOR):
        if recording.path.stem in {"delivered", "every_substatus", "last_status_alone", "nothing_yet"}:
            assert spec(FILE, strict=False).definition("Track", recording.content["body"]) == [], recording.path.stem
        if recording.path.stem == "push_returned":
            body = recording.content["body"]
            assert spec(FILE, strict=False).definition("WebhookPayloadTrack", body) == []
