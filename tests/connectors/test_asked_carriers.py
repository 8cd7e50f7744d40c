"""Carriers that are simply asked: each question is as its vendor documents it, and what the vendors and their clients
have published as answers is read whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from doorstep.connectors.carriers import amazon_shipping, asendia, hermes_de, seko, sendle
from doorstep.connectors.contract import Account, Answer, Broken, Denied, Refused, Trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import answers, asked_as_documented, spec

UNTIL = {"access_token": "t0ken", "access_until": "2026-07-01T20:00:00+00:00"}


@dataclass(frozen=True)
class Case:
    """One carrier. ``asks``: what its question looks like. ``published``: files of a folder of published answers and
    what they come to: a status for each number, or the Trouble; with the HTTP status that a file itself has lost.
    ``schema`` and ``path``: the operation in the vendor's OpenAPI file.
    """

    connector: Any
    account: Account
    number: str
    asks: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    query: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    published: Mapping[str, tuple[int, object]] = field(default_factory=dict)
    unheard: Answer = field(default_factory=lambda: answer({}, status=404))
    schema: str = ""
    path: str = ""


def account(settings: Mapping[str, str], **credentials: str) -> Account:
    return Account(settings=settings, credentials=credentials, now=NOW)


CASES = {
    "amazon_shipping": Case(
        connector=amazon_shipping.CONNECTOR,
        account=account({"region": "eu", "carrier_id": "AMZN_UK", "client_id": "app"}, **UNTIL),
        number="1578648261977",
        asks="GET https://sellingpartnerapi-eu.amazon.com/shipping/v2/tracking",
        query=(("trackingId", "1578648261977"), ("carrierId", "AMZN_UK")),
        headers={"x-amz-access-token": "t0ken"},
        folder="karrio/amazon_shipping",
        published={"TrackingResponseJSON.json": (200, ["delivered"]), "ErrorResponseJSON.json": (400, Refused)},
        schema="amazon_sp_api/shippingV2.json",
        path="/shipping/v2/tracking",
    ),
    "asendia": Case(
        connector=asendia.CONNECTOR,
        account=account({"username": "app", "customer_id": "C/1"}, password="s3cret", **UNTIL),
        number="ASE20260001234",
        asks="GET https://www.asendia-sync.com/api/customers/C%2F1/tracking/ASE20260001234",
        headers={"authorization": "Bearer t0ken"},
        folder="karrio/asendia",
        published={"TrackingResponse.json": (200, ["delivered"]), "ErrorResponse.json": (404, ["not_found"])},
    ),
    "hermes_de": Case(
        connector=hermes_de.CONNECTOR,
        account=account({"client_id": "app"}, **UNTIL),
        number="H1027930015412301011",
        asks="GET https://de-api.hermesworld.com/services/hsi/shipmentinfo",
        query=(("shipmentID", "H1027930015412301011"),),
        headers={"authorization": "Bearer t0ken", "accept-language": "EN"},
        folder="karrio/hermes",
        published={"TrackingResponse.json": (200, ["delivered"]), "TrackingErrorResponse.json": (200, ["not_found"])},
        unheard=answer({"shipmentinfo": [{"shipmentID": "H1027930015412301011", "result": {"code": "e001"}}]}),
        schema="hermes_de/openapi-shipment.yaml",
        path="/shipmentinfo",
    ),
    "seko": Case(
        connector=seko.CONNECTOR,
        account=account({}, access_key="s3cret"),
        number="999880931315",
        asks="POST https://api.omniparcel.com/labels/statusv2",
        headers={"access_key": "s3cret", "content-type": "application/json; charset=utf-8"},
        body='["999880931315"]',
        folder="karrio/seko",
        published={
            "TrackingResponse.json": (200, ["delivered"]),
            "TrackingResponse2.json": (200, ["info_received"] * 4 + ["not_found"]),  # the one asked about is no other
            "ErrorResponse.json": (400, Refused),
        },
        unheard=answer([]),
    ),
    "sendle": Case(
        connector=sendle.CONNECTOR,
        account=account({"sendle_id": "app"}, api_key="s3cret"),
        number="SRM4QQD",
        asks="GET https://api.sendle.com/api/tracking/SRM4QQD",
        headers={"authorization": "Basic YXBwOnMzY3JldA=="},
        folder="karrio/sendle",
        published={"TrackingResponse.json": (200, ["delivered"]), "ErrorResponse.json": (404, ["not_found"])},
    ),
}
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@each
def test_a_number_is_asked_about_as_documented(case: Case) -> None:
    one = TrackingNumber(text=case.number, carrier="")
    done = drive(case.connector, case.account, case.connector.track(case.account, [one]), case.unheard)
    (request,) = done.requests
    assert f"{request.method} {request.url}" == case.asks
    assert request.query == case.query
    assert case.headers.items() <= request.headers.items()
    assert request.body.decode() == case.body
    assert [track.answer for track in case.connector.read(done.answers[0]).tracks] == ["not_found"]


@dataclass(frozen=True)
class Login:
    """How one carrier lets in: the question, a good answer, and how it says no."""

    connector: Any
    account: Account
    asks: str
    body: str
    token: object
    no: Answer
    headers: Mapping[str, str] = field(default_factory=dict)
    until: str = "2026-07-01T13:00:00+00:00"


LOGINS = {
    "amazon_shipping": Login(
        connector=amazon_shipping.CONNECTOR,
        account=account({"client_id": "app"}, client_secret="s3cret", refresh_token="Atzr|1"),
        asks="POST https://api.amazon.com/auth/o2/token",
        body="grant_type=refresh_token&client_id=app&client_secret=s3cret&refresh_token=Atzr%7C1",
        token={"access_token": "Atza|1", "expires_in": 3600},
        no=answer({"error": "invalid_grant", "error_description": "The request has an invalid grant"}, status=400),
    ),
    "asendia": Login(
        connector=asendia.CONNECTOR,
        account=account({"username": "app"}, password="s3cret"),
        asks="POST https://www.asendia-sync.com/api/authenticate",
        body='{"username":"app","password":"s3cret"}',
        token={"id_token": "h.eyJleHAiOjE3ODI5MTA4MDB9.s"},
        no=answer({"title": "Unauthorized", "detail": "Bad credentials"}, status=401),
    ),
    "hermes_de": Login(
        connector=hermes_de.CONNECTOR,
        account=account({"client_id": "app", "username": "me"}, client_secret="s3cret", password="w0rd"),
        asks="POST https://authme.myhermes.de/authorization-facade/oauth2/access_token",
        body="grant_type=password&client_id=app&username=me&client_secret=s3cret&password=w0rd",
        token={"access_token": "t1", "expires_in": 3600},
        no=answer({"error": "invalid_grant", "error_description": "The user is not known"}, status=400),
    ),
}
each_login = pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)


@each_login
def test_a_token_is_asked_for_as_documented_and_kept_until_it_ends(login: Login) -> None:
    assert login.connector.stale(login.account)
    done = drive(login.connector, login.account, login.connector.renew(login.account), answer(login.token))
    (request,) = done.requests
    assert f"{request.method} {request.url}" == login.asks
    assert request.body.decode() == login.body
    assert login.headers.items() <= request.headers.items()
    assert not request.what, "neither a password nor a token is stored"
    assert done.result["access_until"] == login.until
    assert not login.connector.stale(fresh(login.connector, login.account, answer(login.token)))


@each_login
def test_an_account_that_is_not_known_is_told(login: Login) -> None:
    with pytest.raises(Denied) as caught:
        drive(login.connector, login.account, login.connector.renew(login.account), login.no)
    assert caught.value.message
    assert caught.value.message.values["carrier"] == login.connector.meta.label


@each_login
def test_a_token_that_is_none_is_an_answer_that_cannot_be_right(login: Login) -> None:
    with pytest.raises(Broken):
        drive(login.connector, login.account, login.connector.renew(login.account), answer(b"<html></html>"))


@each
def test_numbers_beyond_a_batch_are_asked_about_in_the_next_question(case: Case) -> None:
    batch = case.connector.meta.batch
    many = [TrackingNumber(text=f"{case.number[:-2]}{tail:02}", carrier="") for tail in range(batch + 1)]
    done = drive(case.connector, case.account, case.connector.track(case.account, many), case.unheard)
    assert [request.context["asked"].count(",") + 1 for request in done.requests] == [batch, 1]


@each
def test_connecting_takes_it_that_the_sample_is_unknown(case: Case) -> None:
    done = drive(case.connector, case.account, case.connector.check(case.account), case.unheard)
    assert done.result.label == case.connector.meta.label
    assert done.result.external_id not in {"", case.account.settings.get(case.connector.known_by)}
    assert not done.requests[0].what, "the sample's answer is nobody's parcel"


documented = pytest.mark.parametrize("case", [pytest.param(one, id=n) for n, one in CASES.items() if one.schema])
NOT_THEIRS = {"odd_shapes", "unknown_words", "not_an_answer", "maintenance_page", "too_fast"}


@documented
def test_a_question_has_only_what_the_operation_takes_and_all_it_wants(case: Case) -> None:
    one = TrackingNumber(text=case.number, carrier="")
    done = drive(case.connector, case.account, case.connector.track(case.account, [one]), case.unheard)
    asked_as_documented(spec(case.schema), done.requests[0], case.path)


@documented
def test_recordings_are_answers_of_the_schema(case: Case) -> None:
    schema, checked = spec(case.schema, strict=False), 0
    for recording in of(case.connector):
        if recording.path.stem not in NOT_THEIRS:
            content = recording.content
            assert schema.response("get", case.path, content["status"], content["body"]) == [], recording.path.stem
            checked += 1
    assert checked >= 4


@each
def test_published_answers_are_read_as_expected(case: Case) -> None:
    if not case.folder:
        pytest.skip("nothing is published that is not its schema")
    found = [path for path in answers(case.folder, "*.*") if not path.name.lower().startswith(("parsed", "index"))]
    assert {path.name for path in found} == set(case.published)
    for path in found:
        status, expected = case.published[path.name]
        told = Answer(
            what="track", status=status, body=path.read_bytes(), context={"asked": case.number}, received_at=NOW
        )
        if not isinstance(expected, list):
            with pytest.raises(Trouble) as caught:
                case.connector.read(told)
            assert type(caught.value) is expected, path.name
            continue
        facts = case.connector.read(told)
        assert not facts.bad, path.name
        assert [current(merge(track.events), NOW, track.answer).status for track in facts.tracks] == expected, path.name
