"""PayPal: what is sent is held to its OpenAPI file; what it makes of each number, and what it never gets to see."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Busy, Denied, Payment, Refused, Request, Trouble
from doorstep.connectors.payments.paypal import CONNECTOR, PayPal
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import file, spec

PAYPAL = PayPal()
FILE, BATCH = "paypal/shipping_shipment_tracking_v1.json", "/v1/shipping/trackers-batch"
ACCOUNT = Account(
    settings={"client_id": "app"},
    credentials={"client_secret": "s3cret", "access_token": "t0ken", "access_until": "2026-07-01T16:00:00+00:00"},
    now=NOW,
)
SCOPE = "https://uri.paypal.com/services/shipping/trackers/readwrite"
# The file's description of "carrier" names OTHER, its enumeration has forgotten it.
UNLISTED = ["trackers/1/carrier: 'OTHER'", "trackers/2/carrier: 'OTHER'"]
PAID = Payment(
    transaction="8MC585209K746392H",
    number="1Z999AA10123456784",
    key="1",
    carrier="ups",
    carrier_name="UPS",
    shipped_at=datetime(2026, 6, 30, 22, 30, tzinfo=timezone(timedelta(hours=-5))),
    notify=True,
)


def token(**more: str) -> Answer:
    return answer({"token_type": "Bearer", "access_token": "t1", "expires_in": 32400, **more})


def trackers(request: Request) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(request.body)["trackers"]
    return found


def everything_taken(request: Request) -> Answer:
    names = ("transaction_id", "tracking_number")
    return answer({"tracker_identifiers": [{name: one[name] for name in names} for one in trackers(request)]})


def test_a_number_is_given_as_documented() -> None:
    unlisted = replace(PAID, key="2", carrier="ninja_van", carrier_name="", shipped_at=None)
    named = replace(PAID, key="3", carrier="", carrier_name="Mrs Smith's Van " * 5)
    done = drive(PAYPAL, ACCOUNT, PAYPAL.give(ACCOUNT, [PAID, unlisted, named]), everything_taken)
    assert [one.state for one in done.result] == ["synced"] * 3
    (request,) = done.requests
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.changes
    first, second, third = trackers(request)
    assert (first["carrier"], first["shipment_date"], first["status"]) == ("UPS", "2026-07-01", "SHIPPED")
    assert (second["carrier"], second["carrier_name_other"]) == ("OTHER", "Ninja Van")
    assert (third["carrier"], len(third["carrier_name_other"])) == ("OTHER", 64)
    problems = spec(FILE).request("post", BATCH, json.loads(request.body))
    assert [one.partition(" is not one of ")[0] for one in problems] == UNLISTED


@pytest.mark.parametrize(
    ("wrong", "state"),
    [
        ({"transaction": ""}, "no_transaction"),
        ({"transaction": "PAY-1 2"}, "no_transaction"),
        ({"number": "https://t.example/1Z999AA10123456784"}, "invalid_number"),
        ({"number": "me@shop.example"}, "invalid_number"),
        ({"number": "ЛХ123"}, "invalid_number"),
        ({"number": "1" * 65}, "invalid_number"),
        ({"carrier": "", "carrier_name": ""}, "unknown_carrier"),
    ],
)
def test_what_paypal_would_decline_is_told_without_asking(wrong: dict[str, str], state: str) -> None:
    unfit = replace(PAID, key="2", **wrong)  # type: ignore[arg-type]  # the fields changed here are all texts
    done = drive(PAYPAL, ACCOUNT, PAYPAL.give(ACCOUNT, [unfit, PAID]), everything_taken)
    assert [(one.key, one.state) for one in done.result] == [("2", state), ("1", "synced")]
    assert len(trackers(done.requests[0])) == 1
    assert not drive(PAYPAL, ACCOUNT, PAYPAL.give(ACCOUNT, [unfit]), []).requests


def test_a_call_declined_as_a_whole_declines_only_what_is_wrong() -> None:
    wrong = replace(PAID, key="2", number="LX000000000CN")

    def reply(request: Request) -> Answer:
        if "LX000000000CN" not in request.body.decode():
            return everything_taken(request)
        return answer({"name": "INVALID_REQUEST", "message": "No.", "debug_id": "1"}, status=400)

    done = drive(PAYPAL, ACCOUNT, PAYPAL.give(ACCOUNT, [PAID, wrong, replace(PAID, key="3")]), reply)
    assert [(one.key, one.state) for one in done.result] == [("1", "synced"), ("2", "refused"), ("3", "synced")]
    assert [len(trackers(one)) for one in done.requests] == [3, 1, 1, 1]
    assert done.result[1].said == "INVALID_REQUEST No."


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (403, Denied), (429, Busy), (503, Busy)])
def test_trouble_is_no_answer_about_a_number(status: int, kind: type[Trouble]) -> None:
    with pytest.raises(kind):
        drive(PAYPAL, ACCOUNT, PAYPAL.give(ACCOUNT, [PAID]), answer({"name": "X"}, status=status))


def test_the_token_is_renewed_before_it_ends() -> None:
    old = replace(ACCOUNT, credentials={"client_secret": "s3cret"})
    assert PAYPAL.stale(old)
    kept = fresh(PAYPAL, old, token())
    assert not PAYPAL.stale(kept)
    assert PAYPAL.stale(replace(kept, now=NOW + timedelta(hours=8, minutes=56)))


def test_connecting_asks_whether_the_app_may_write_tracking() -> None:
    done = drive(PAYPAL, ACCOUNT, PAYPAL.check(ACCOUNT), token(scope=f"openid {SCOPE}"))
    assert done.result.credentials["access_token"] == "t1"
    assert "app" not in done.result.external_id
    assert done.requests[0].headers["authorization"] == "Basic YXBwOnMzY3JldA=="
    assert drive(PAYPAL, ACCOUNT, PAYPAL.check(ACCOUNT), token()).result.label == "PayPal"
    with pytest.raises(Denied) as caught:
        drive(PAYPAL, ACCOUNT, PAYPAL.check(ACCOUNT), token(scope="openid"))
    assert caught.value.message and caught.value.message.id == "paypal.no_scope"


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (400, Refused)])
def test_wrong_credentials_are_told_in_paypals_words(status: int, kind: type[Trouble]) -> None:
    refused = answer({"error": "invalid_client", "error_description": "Client Authentication failed"}, status=status)
    with pytest.raises(kind, match="Client Authentication failed"):
        drive(PAYPAL, ACCOUNT, PAYPAL.renew(ACCOUNT), refused)


def test_recordings_are_answers_of_the_schema() -> None:
    schema = spec(FILE, strict=False)
    for recording in of(CONNECTOR):
        body, status, name = recording.content["body"], recording.content["status"], recording.path.stem
        if name in {"odd_shapes", "maintenance_page", "bad_token"}:
            continue
        problems = schema.response("post", BATCH, 200, body) if status == 200 else schema.definition("error", body)
        assert problems == [], name


def test_the_carrier_list_is_paypals() -> None:
    listed = json.loads(file("paypal/tracker_carrier_enum.json").read_text())
    fit = [replace(PAID, carrier_name=name, shipped_at=NOW.astimezone(UTC)) for name in listed[:: len(listed) // 19]]
    done = drive(PAYPAL, ACCOUNT, PAYPAL.give(ACCOUNT, fit), everything_taken)
    assert [one["carrier"] for one in trackers(done.requests[0])] == [one.carrier_name for one in fit]
