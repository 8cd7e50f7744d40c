"""TrackingMore: how numbers get a carrier, and what of a webhook is believed. What its answers mean is recorded."""

import json
from dataclasses import replace
from typing import Any

import pytest

from doorstep.connectors.carriers.trackingmore import BASE, TrackingMore
from doorstep.connectors.contract import Account, Answer, Busy, Delivery, Denied, Refused, Request
from doorstep.core.number import TrackingNumber
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.vendor_specs import file

MORE = TrackingMore()
ACCOUNT = Account(credentials={"api_key": "k3y", "webhook_secret": "owner@example.com"}, now=NOW)
POST = TrackingNumber(text="LX123456785CN", carrier="china_post", keys={"postcode": "78701"})
UPS = TrackingNumber(text="1Z999AA10123456784")
COURIERS = [
    {"courier_code": "china-ems", "courier_name": "China EMS"},
    {"courier_code": "china-post", "courier_name": "China Post"},
    "an odd one",
]


def ok(data: object) -> Answer:
    return answer({"meta": {"code": 200, "message": "Success"}, "data": data})


def failed(code: int, status: int = 400) -> Answer:
    return answer({"meta": {"code": code, "message": "no"}, "data": []}, status=status)


def item(number: str, code: int = 0) -> dict[str, object]:
    return {"tracking_number": number, "courier_code": "x"} | (
        {"errorCode": code, "errorMessage": "no"} if code else {}
    )


def verbs(done: Driven[Any]) -> list[str]:
    return [f"{one.method} {one.url.removeprefix(f'{BASE}/')}" for one in done.requests]


def test_connecting_costs_nothing_and_hides_the_key() -> None:
    done = drive(MORE, ACCOUNT, MORE.check(ACCOUNT), ok(COURIERS))
    assert verbs(done) == ["GET couriers/all"]
    assert done.result.notes[0].values == {"count": 3}
    assert "k3y" not in done.result.external_id


def test_a_number_is_followed_at_our_carrier_else_at_the_likeliest() -> None:
    replies = [ok(COURIERS), ok(COURIERS), ok({"success": [item(POST.text)], "error": [item(UPS.text, 4101)]})]
    done = drive(MORE, ACCOUNT, MORE.follow(ACCOUNT, [POST, UPS]), replies)
    assert [one.remote for one in done.result] == ["registered", "registered"]
    first, second = json.loads(done.requests[-1].body)
    assert (first["courier_code"], first["tracking_postal_code"]) == ("china-post", "78701")
    assert (second["courier_code"], second["auto_correct"]) == ("china-ems", "1")


def test_a_number_that_is_nobodys_is_rejected_without_a_guess() -> None:
    done = drive(MORE, ACCOUNT, MORE.follow(ACCOUNT, [UPS]), [failed(4121)])
    assert [(one.remote, one.said) for one in done.result] == [("rejected", "no carrier detected")]


def test_numbers_beyond_the_plan_wait_until_tomorrow() -> None:
    mixed = ok({"success": [item(POST.text)], "error": [item(UPS.text, 4190)]})
    done = drive(MORE, ACCOUNT, MORE.follow(ACCOUNT, [POST, UPS]), [ok(COURIERS), ok(COURIERS), mixed])
    assert [one.retry_after for one in done.result] == [None, 86400]
    none = ok({"success": [], "error": [item(UPS.text, 4190)]})
    with pytest.raises(Busy):
        drive(MORE, ACCOUNT, MORE.follow(ACCOUNT, [UPS]), [ok(COURIERS), none])


def test_unfollowing_deletes_what_there_is_still() -> None:
    tracking = {"id": "t1", "tracking_number": UPS.text}
    done = drive(MORE, ACCOUNT, MORE.unfollow(ACCOUNT, [UPS, POST]), [ok([tracking]), failed(4102)])
    assert verbs(done)[1] == "DELETE trackings/delete/t1"
    assert {one.remote for one in done.result} == {"stopped"}
    assert drive(MORE, ACCOUNT, MORE.unfollow(ACCOUNT, [UPS]), [failed(4102)]).result[0].remote == "stopped"


@pytest.mark.parametrize("known", [True, False])
def test_changing_the_carrier_takes_trackingmores_own_code(known: bool) -> None:
    trackings = [{"id": "t1", "tracking_number": POST.text}] if known else []
    changed = ok({"id": "t1"}) if known else ok({"success": [item(POST.text)]})
    done = drive(MORE, ACCOUNT, MORE.recarrier(ACCOUNT, POST), [ok(COURIERS), ok(trackings), changed, ok(trackings)])
    assert done.result.carrier_key == "china-post"
    assert "china-post" in done.requests[2].body.decode()
    assert done.requests[-1].what == "track"


def test_a_carrier_that_trackingmore_does_not_list_is_never_guessed() -> None:
    with pytest.raises(Refused) as caught:
        drive(MORE, ACCOUNT, MORE.recarrier(ACCOUNT, replace(POST, carrier="royal_mail")), [ok(COURIERS)])
    assert caught.value.message and caught.value.message.values == {"carrier": "Royal Mail"}


def test_all_numbers_are_asked_about_at_once() -> None:
    done = drive(MORE, ACCOUNT, MORE.track(ACCOUNT, [POST, UPS]), ok([]))
    request: Request = done.requests[0]
    assert dict(request.query)["tracking_numbers"] == f"{POST.text},{UPS.text}"
    assert [one.answer for one in MORE.read(done.answers[0]).tracks] == ["rejected", "rejected"]


def test_a_webhook_signed_as_documented_is_a_knock() -> None:
    vectors = json.loads(file("derived/signature_vectors.json").read_text())
    found = vectors if isinstance(vectors, list) else next(one for one in vectors.values() if isinstance(one, list))
    (vector,) = [one for one in found if one["scheme"] == "trackingmore-webhook"]
    body = {"data": {}, "verifyInfo": {"timeStr": vector["timeStr"], "signature": vector["expected"]}}
    received = MORE.receive(ACCOUNT, Delivery(headers={}, body=json.dumps(body).encode(), received_at=NOW))
    assert received.knock
    headers = {"timestamp": vector["timeStr"], "signature": vector["expected"]}
    assert MORE.receive(ACCOUNT, Delivery(headers=headers, body=b"{}", received_at=NOW)).knock


@pytest.mark.parametrize("secret", ["other", ""])
def test_a_webhook_that_is_not_signed_with_our_secret_is_refused(secret: str) -> None:
    ours = replace(ACCOUNT, credentials={"api_key": "k3y", "webhook_secret": secret})
    body = b'{"verifyInfo": {"timeStr": "1700000000", "signature": "00"}}'
    with pytest.raises(Denied):
        MORE.receive(ours, Delivery(headers={}, body=body, received_at=NOW))
    with pytest.raises(Refused):
        drive(MORE, ours, MORE.subscribe(ours, "https://here.example/x", ""), [])
