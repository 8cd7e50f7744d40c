"""GLS: what is asked is held to its OpenAPI files, what it answers is read whole."""

from dataclasses import replace
from typing import Any

import pytest

from doorstep.connectors.carriers.gls import CONNECTOR
from doorstep.connectors.contract import Account, Answer, Denied
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, answers, asked_as_documented, file, spec

GLS: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
PATH = "/tracking/simple/trackids/{unitnos}"
ACCOUNT = Account(
    settings={"client_id": "app"},
    credentials={"client_secret": "s3cret", "access_token": "t0ken", "access_until": "2026-07-01T20:00:00+00:00"},
    now=NOW,
)
UNKNOWN = answer({"title": "Not Found"}, status=404)


def test_a_token_is_asked_for_as_documented_and_kept_until_it_ends() -> None:
    old = replace(ACCOUNT, credentials={"client_secret": "s3cret"})
    token = answer({"access_token": "t1", "token_type": "Bearer", "expires_in": 14399})
    assert not GLS.stale(fresh(GLS, old, token))
    (request,) = drive(GLS, old, GLS.renew(old), token).requests
    form = dict(pair.split("=") for pair in request.body.decode().split("&"))
    assert "/token" in spec("gls/authentification-service-v2.yaml").doc["paths"]
    assert form == {"grant_type": "client_credentials"}
    assert request.headers["authorization"] == "Basic YXBwOnMzY3JldA=="


def test_a_wrong_key_is_told() -> None:
    refusal = {"errors": [{"message": "Invalid client identifier", "type": "400"}]}
    schema = spec("gls/authentification-service-v2.yaml", strict=False)
    assert schema.response("post", "/token", 400, refusal) == []
    with pytest.raises(Denied, match="Invalid client identifier"):
        drive(GLS, ACCOUNT, GLS.renew(ACCOUNT), answer(refusal, status=400))


def test_all_numbers_are_asked_about_at_once_as_documented() -> None:
    numbers = [TrackingNumber(text=text, carrier="gls") for text in ("50871234567", "ZAB12345")]
    done = drive(GLS, ACCOUNT, GLS.track(ACCOUNT, numbers), UNKNOWN)
    (request,) = done.requests
    asked_as_documented(spec("gls/ecitrackandtrace.yaml"), request, PATH)
    assert request.url.endswith("/track-and-trace-v1/tracking/simple/trackids/50871234567,ZAB12345")
    assert [track.answer for track in GLS.read(done.answers[0]).tracks] == ["not_found", "not_found"]


@pytest.mark.parametrize("status", [400, 404])
def test_connecting_takes_it_that_the_sample_is_unknown(status: int) -> None:
    assert drive(GLS, ACCOUNT, GLS.check(ACCOUNT), answer({}, status=status)).result.label == "GLS"


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec("gls/ecitrackandtrace.yaml", strict=False)
    checked = 0
    for recording in of(CONNECTOR):
        body, status, case = recording.content["body"], recording.content["status"], recording.path.stem
        if isinstance(body, dict) and case not in {"odd_shapes", "unknown_words", "nothing_in_it"}:
            assert schema.response("get", PATH, status, body) == [], case
            checked += 1
    assert checked >= 8


def test_published_answers_are_read_as_expected() -> None:
    samples = answers("karrio/gls", "[!Pi]*.json")
    for path in [*samples, file("karrio_tracking_samples/gls__tracking_response.json")]:
        facts = GLS.read(Answer(what="track", body=path.read_bytes(), received_at=NOW))
        assert not facts.bad and not facts.words, path.name
        found = [current(merge(track.events), NOW, track.answer).status for track in facts.tracks]
        if ANSWERS in path.parents:
            assert found == (["not_found"] if "Error" in path.name else ["in_transit"]), path.name
        assert all(event.offset == 120 and event.instant for track in facts.tracks for event in track.events)
    assert len(samples) == 2
