"""17TRACK's flows, against a small server in memory that answers as the documentation says.

17TRACK publishes no schema. ``BODIES`` is written by hand from the documentation of v2.2.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # no stubs among the pinned packages
import pytest

from doorstep.connectors.carriers.seventeen_track import BASE, SeventeenTrack
from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Delivery,
    Denied,
    Facts,
    Followed,
    Refused,
    Request,
)
from doorstep.core.number import TrackingNumber
from doorstep.core.order import TrackAnswer
from doorstep.core.status import Status
from doorstep.core.timeline import current
from tests.connectors.flow import NOW, Driven, answer, drive

SEVENTEEN = SeventeenTrack()
ACCOUNT = Account(credentials={"api_key": "k3y"}, now=NOW)
EXAMPLES = Path(__file__).parents[3] / "shared/corpora/carrier_responses/17track"
VECTORS = Path(__file__).parents[3] / "shared/specs/derived/signature_vectors.json"
USPS = TrackingNumber(text="9261290100130739674442", carrier="usps")
POST = TrackingNumber(text="RB123456785CN")

NUMBER = {"type": "string", "minLength": 5, "maxLength": 50}
KEY = {"type": "integer", "minimum": 1}


def _items(**properties: Any) -> dict[str, Any]:
    item = {"type": "object", "properties": {"number": NUMBER, **properties}, "required": ["number"]}
    return {"type": "array", "minItems": 1, "maxItems": 40, "items": {**item, "additionalProperties": False}}


BODIES = {
    "register": _items(carrier=KEY, auto_detection={"type": "boolean"}, param={"type": "string"}),
    "gettrackinfo": _items(carrier=KEY),
    "stoptrack": _items(carrier=KEY),
    "retrack": _items(carrier=KEY),
    "changecarrier": _items(carrier_old=KEY, carrier_new=KEY),
    "getquota": {"type": "array", "maxItems": 0},
}


class Server:
    """Answers each verb with its verdicts: 0 accepts the number, anything else rejects it. The last one stays."""

    def __init__(self, **verdicts: Sequence[int]) -> None:
        self.verdicts = {verb: list(codes) for verb, codes in verdicts.items()}

    def __call__(self, request: Request) -> Answer:
        verb, items = verb_of(request), json.loads(request.body)
        jsonschema.validate(items, BODIES[verb])
        assert request.headers["17token"] == "k3y"
        if verb == "getquota":
            return answer({"code": 0, "data": {"quota_total": 200, "quota_used": 30, "quota_remain": 170}})
        data: dict[str, list[Any]] = {"accepted": [], "rejected": []}
        for item in items:
            code = self._verdict(verb)
            refused = {"number": item["number"], "error": {"code": code, "message": "no"}}
            data["rejected" if code else "accepted"].append(refused if code else {**item, "carrier": 21051})
        return answer({"code": 0, "data": data})

    def _verdict(self, verb: str) -> int:
        codes = self.verdicts.get(verb, [0])
        return codes.pop(0) if len(codes) > 1 else codes[0]


def verb_of(request: Request) -> str:
    return request.url.removeprefix(f"{BASE}/")


def follow(*codes: int, numbers: Sequence[TrackingNumber] = (USPS,)) -> Driven[tuple[Followed, ...]]:
    return drive(SEVENTEEN, ACCOUNT, SEVENTEEN.follow(ACCOUNT, numbers), Server(register=codes))


def recarrier(number: TrackingNumber = USPS, **verdicts: Sequence[int]) -> Driven[Followed]:
    return drive(SEVENTEEN, ACCOUNT, SEVENTEEN.recarrier(ACCOUNT, number), Server(**verdicts))


def test_connecting_tells_what_is_left_of_the_plan() -> None:
    done = drive(SEVENTEEN, ACCOUNT, SEVENTEEN.check(ACCOUNT), Server())
    assert done.result.notes[0].values == {"left": 170, "total": 200}
    assert "k3y" not in done.result.external_id


def test_known_carrier_is_registered_by_its_key_and_an_unknown_one_is_detected() -> None:
    postal = TrackingNumber(text="00340434161094000000", carrier="dhl_paket_of_nobody", keys={"postcode": "10115"})
    done = follow(0, numbers=(USPS, POST, postal))
    assert json.loads(done.requests[0].body) == [
        {"number": USPS.text, "carrier": 21051},
        {"number": POST.text, "auto_detection": True},
        {"number": postal.text, "auto_detection": True, "param": "10115"},
    ]
    assert done.requests[0].changes
    assert {one.remote for one in done.result} == {"registered"}
    assert done.result[0].carrier_key == "21051"


def test_number_that_is_registered_already_counts_as_registered_and_is_woken() -> None:
    done = follow(0, -18019901, numbers=(USPS, POST))
    assert [one.remote for one in done.result] == ["registered", "registered"]
    assert [verb_of(one) for one in done.requests] == ["register", "retrack"]
    assert json.loads(done.requests[1].body) == [{"number": POST.text}]


@pytest.mark.parametrize("code", [-18019903, -18010012, -18019911])
def test_number_that_is_not_taken_is_rejected_with_the_vendors_words(code: int) -> None:
    assert follow(code).result == (Followed(number=USPS.text, remote="rejected", said="no"),)


def test_quota_that_ends_within_a_batch_says_when_to_go_on() -> None:
    taken, left = follow(0, -18019908, numbers=(USPS, POST)).result
    assert taken.remote == "registered"
    assert (left.remote, left.retry_after) == ("rejected", 12 * 3600)


def test_quota_that_is_used_up_is_busy() -> None:
    with pytest.raises(Busy) as caught:
        follow(-18019907, -18019907, numbers=(USPS, POST))
    assert caught.value.retry_after == 12 * 3600


@pytest.mark.parametrize(
    ("code", "remote"), [(0, "stopped"), (-18019906, "stopped"), (-18019902, "stopped"), (-1, "rejected")]
)
def test_stopping_what_is_not_followed_is_no_failure(code: int, remote: str) -> None:
    done = drive(SEVENTEEN, ACCOUNT, SEVENTEEN.unfollow(ACCOUNT, [USPS]), Server(stoptrack=[code]))
    assert [one.remote for one in done.result] == [remote]


def test_changing_the_carrier_asks_again() -> None:
    done = recarrier()
    assert [verb_of(one) for one in done.requests] == ["changecarrier", "gettrackinfo"]
    assert json.loads(done.requests[0].body) == [{"number": USPS.text, "carrier_new": 21051}]
    assert done.result == Followed(number=USPS.text, remote="registered", carrier_key="21051")


def test_same_carrier_is_simply_asked_again() -> None:
    assert recarrier(changecarrier=[-18019803]).result.remote == "registered"


def test_stopped_number_is_tracked_again_before_its_carrier_changes() -> None:
    done = recarrier(changecarrier=[-18019806, 0])
    assert [verb_of(one) for one in done.requests] == ["changecarrier", "retrack", "changecarrier", "gettrackinfo"]


def test_unregistered_number_is_registered_with_the_carrier() -> None:
    done = recarrier(changecarrier=[-18019902])
    assert [verb_of(one) for one in done.requests] == ["changecarrier", "register"]
    assert done.result.remote == "registered"


@pytest.mark.parametrize(("code", "kind"), [(-18019808, Busy), (-18019807, Refused), (-18019801, Refused)])
def test_carrier_that_cannot_be_changed_now_says_so(code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        recarrier(changecarrier=[code])


def test_carrier_without_a_key_cannot_be_chosen() -> None:
    with pytest.raises(Refused) as caught:
        recarrier(replace(USPS, carrier="nobody"))
    assert caught.value.message
    assert caught.value.message.values == {"carrier": "nobody"}


def test_answer_that_leaves_the_number_out_is_broken() -> None:
    with pytest.raises(Broken):
        drive(SEVENTEEN, ACCOUNT, SEVENTEEN.recarrier(ACCOUNT, USPS), answer({"code": 0, "data": {}}))


def test_asking_names_the_numbers_only() -> None:
    done = drive(SEVENTEEN, ACCOUNT, SEVENTEEN.track(ACCOUNT, [USPS, POST]), Server())
    assert json.loads(done.requests[0].body) == [{"number": USPS.text}, {"number": POST.text}]
    assert done.requests[0].what == "track"
    assert len(SEVENTEEN.read(done.answers[0]).tracks) == 2


def test_internal_error_over_there_is_busy() -> None:
    with pytest.raises(Busy):
        drive(SEVENTEEN, ACCOUNT, SEVENTEEN.track(ACCOUNT, [USPS]), answer({"code": -18010003, "data": None}))


def test_good_envelope_of_a_failing_server_is_broken() -> None:
    with pytest.raises(Broken):
        drive(SEVENTEEN, ACCOUNT, SEVENTEEN.track(ACCOUNT, [USPS]), answer({"code": 0, "data": {}}, status=502))


def test_webhook_address_is_entered_by_hand() -> None:
    with pytest.raises(Refused) as caught:
        drive(SEVENTEEN, ACCOUNT, SEVENTEEN.subscribe(ACCOUNT, "https://doorstep.example/hooks/x", ""), [])
    assert caught.value.message
    assert caught.value.message.values == {"address": "https://doorstep.example/hooks/x"}


def push(body: bytes, key: str = "k3y") -> Delivery:
    sign = hashlib.sha256(body + f"/{key}".encode()).hexdigest()
    return Delivery(headers={"sign": sign}, body=body, received_at=NOW)


def test_signed_push_is_taken() -> None:
    body = json.dumps({"event": "TRACKING_STOPPED", "data": {"number": USPS.text, "carrier": 21051}}).encode()
    received = SEVENTEEN.receive(ACCOUNT, push(body))
    assert received.answer
    assert not received.knock, "the signature covers the body"
    assert SEVENTEEN.read(received.answer).tracks[0].answer is TrackAnswer.REJECTED


def test_push_of_a_stopped_number_may_leave_its_news_empty() -> None:
    body = {"event": "TRACKING_STOPPED", "data": {"number": USPS.text, "carrier": 21051, "track_info": None}}
    assert read(body, "push").tracks[0].said == "TRACKING_STOPPED"


def test_push_that_is_not_signed_with_the_key_is_denied() -> None:
    for delivery in (push(b"{}", "other"), Delivery(headers={}, body=b"{}", received_at=NOW)):
        with pytest.raises(Denied):
            SEVENTEEN.receive(ACCOUNT, delivery)


def test_signature_fits_the_documented_formula() -> None:
    if not VECTORS.exists():
        pytest.skip("../shared is absent: no signature vectors")
    vectors = json.loads(VECTORS.read_text())["vectors"]
    one = next(vector for vector in vectors if vector["scheme"] == "17track-v2-webhook")
    account = Account(credentials={"api_key": one["secret"]}, now=NOW)
    delivery = Delivery(headers={"sign": one["expected"]}, body=one["body"].encode(), received_at=NOW)
    assert SEVENTEEN.receive(account, delivery).answer


def read(body: Any, what: str = "track") -> Facts:
    return SEVENTEEN.read(replace(answer(body), what=what))


def read_event(**event: Any) -> Facts:
    info = {"tracking": {"providers": [{"events": [event]}]}}
    return read({"code": 0, "data": {"accepted": [{"number": "LX123456785NL", "track_info": info}]}})


@pytest.mark.parametrize(
    ("said", "local", "offset", "instant"),
    [
        ({"time_iso": "2026-06-30T14:12:00-07:00"}, "2026-06-30T14:12:00", -420, "2026-06-30T21:12:00+00:00"),
        ({"time_iso": "2026-06-30T14:12:00"}, "2026-06-30T14:12:00", None, None),
        ({"time_utc": "2026-06-30T21:12:00Z"}, None, None, "2026-06-30T21:12:00+00:00"),
        ({"time_utc": "2026-06-30T21:12:00"}, None, None, "2026-06-30T21:12:00+00:00"),
        ({"time_raw": {"date": "2026-06-30", "time": "14:12:00"}}, "2026-06-30T14:12:00", None, None),
        ({"time_raw": {"date": "2026-06-30", "time": None}}, "2026-06-30T00:00:00", None, None),
        ({}, None, None, None),
    ],
)
def test_time_is_kept_as_said_and_an_instant_only_where_it_follows(
    said: dict[str, Any], local: str | None, offset: int | None, instant: str | None
) -> None:
    event = read_event(**said).tracks[0].events[0]
    assert (event.local.isoformat() if event.local else None) == local
    assert event.offset == offset
    assert (event.instant.isoformat() if event.instant else None) == instant


def test_place_is_a_city_at_most() -> None:
    places = {
        "Packstation 112, Hauptstr. 5, 10115 Berlin, Berlin": "Berlin",
        "FRESNO, CA 93701": "FRESNO",
        "": "",
    }
    assert {said: read_event(location=said).tracks[0].events[0].place for said in places} == places
    state = read_event(location="Main Street 1", address={"country": "US", "state": "CA", "city": None})
    assert state.tracks[0].events[0].place == "CA, US"


def test_estimate_that_cannot_be_read_is_none() -> None:
    metrics = {"estimated_delivery_date": {"from": "next week", "to": "2026-07-02"}}
    item = {"number": "LX123456785NL", "track_info": {"time_metrics": metrics}}
    track = read({"code": 0, "data": {"accepted": [item]}}).tracks[0]
    assert track.eta_from is None
    assert str(track.eta_to) == "2026-07-02"


def test_own_number_is_not_its_last_mile() -> None:
    item = {"number": "LX123456785NL", "track_info": {"misc_info": {"local_number": "LX123456785NL"}}}
    assert read({"code": 0, "data": {"accepted": [item]}}).tracks[0].last_mile is None


def test_number_whose_news_cannot_be_read_is_counted_and_the_others_are_kept() -> None:
    items = [{"number": "LX123456785NL", "track_info": {"tracking": 7}}, {"number": "RB123456785CN", "track_info": {}}]
    facts = read({"code": 0, "data": {"accepted": items}})
    assert [one.number for one in facts.tracks] == ["RB123456785CN"]
    assert facts.bad[0].startswith("LX123456785NL")


def test_old_shape_with_a_bad_time_is_counted() -> None:
    item = {"number": "LX123456785NL", "track": {"z1": [{"a": "long ago", "z": "Arrived"}]}}
    assert read({"code": 0, "data": {"accepted": [item]}}).bad == (
        "LX123456785NL: Invalid isoformat string: 'long ago'",
    )


def test_published_examples_become_timelines() -> None:
    if not EXAMPLES.exists():
        pytest.skip("../shared is absent: no published examples")
    folder = EXAMPLES / "api-evangelist/examples"
    polled = json.loads((folder / "get-track-info.json").read_text())["response"]["body"]
    pushed = json.loads((folder / "webhook-push-payload.json").read_text())["payload"]
    on_its_way, arrived = read(polled), read(pushed, "push")
    assert not on_its_way.bad + arrived.bad
    assert [len(one.tracks[0].events) for one in (on_its_way, arrived)] == [4, 2]
    assert current(on_its_way.tracks[0].events, NOW).status is Status.OUT_FOR_DELIVERY
    assert current(arrived.tracks[0].events, NOW).status is Status.DELIVERED


@pytest.mark.parametrize("name", ["packages_response", "packages_response_with_unknown_state"])
def test_list_of_the_web_site_becomes_timelines(name: str) -> None:
    path = EXAMPLES / "pyseventeentrack" / f"{name}.json"
    if not path.exists():
        pytest.skip("../shared is absent: no published examples")
    body = json.loads(path.read_text())
    facts = read(body)
    assert not facts.bad
    assert len(facts.tracks) == len(body["Json"])
    events = [event for track in facts.tracks for event in track.events]
    assert len(events) == sum(bool(one["FLastEvent"]) for one in body["Json"])
    assert all(event.local and event.raw_text for event in events)
