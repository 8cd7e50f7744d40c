"""Carriers that are simply asked: each question is as its vendor documents it, and what the vendors and their clients
have published as answers is read whole.
"""

from urllib.parse import parse_qs

import pytest

from doorstep.connectors import tokens, xml
from doorstep.connectors.carriers import sf_express
from doorstep.connectors.contract import Answer, Broken, Denied, Trouble
from doorstep.core.number import TrackingNumber, carrier
from doorstep.core.timeline import current, merge
from tests.connectors.asked_carriers import CASES, LOGINS, Case, Login
from tests.connectors.flow import NOW, answer, drive, fresh
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import answers, asked_as_documented, file, spec

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
    assert [track.answer for track in case.connector.read(done.answers[0]).tracks] == [case.heard]


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


def test_a_token_that_does_not_say_when_it_ends_is_taken_to_live_shortly() -> None:
    for token in ("plain", "h.e30.s", "h.%%.s", "h.eyJleHAiOjFlOTl9.s"):
        kept = tokens.kept(token, NOW)
        assert kept == {"access_token": token, "access_until": (NOW + 2 * tokens.MARGIN).isoformat()}


def test_a_signature_of_sf_is_that_of_its_own_example() -> None:
    message, secret = '{"language":"zh-CN","orderId":"QIAO-20200618-004"}', "fjcg5PGKaNpPSHFAZ4QsCOkV71R3zVci"
    assert sf_express.digest(message, "12312334453453", secret) == "IIKJtuLVzoFTu4kHI8M8vA=="


def test_sf_is_told_the_last_digits_of_a_phone() -> None:
    one = TrackingNumber(text="SF1330001234567", carrier="sf_express", keys={"phone": "+49 170 123-4567"})
    sf = CASES["sf_express"]
    done = drive(sf.connector, sf.account, sf.connector.track(sf.account, [one]), sf.unheard)
    assert '"checkPhoneNo":"4567"' in parse_qs(done.requests[0].body.decode())["msgData"][0]


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


in_xml = pytest.mark.parametrize("case", [pytest.param(one, id=n) for n, one in CASES.items() if one.told_in])
ENVELOPE = {"Envelope", "Header", "Body", "ResponseContext", "ResponseReference"}
OF_OTHER_SCHEMAS = {"name", "getTrackingDataResponse"}


def declared(path: str) -> set[str]:
    return {one.get("name", "") for one in xml.parsed(file(path).read_bytes()).iter("element")}


@in_xml
def test_what_is_told_and_asked_has_the_elements_of_the_schema(case: Case) -> None:
    delivered = next(one for one in of(case.connector) if one.path.stem == "delivered")
    told = {one.tag for one in xml.parsed(delivered.answer().body).iter()}
    assert told <= declared(case.told_in) | ENVELOPE | OF_OTHER_SCHEMAS
    if case.asked_in:
        written = parse_qs(case.body)["xml_in"][0] if case.body.startswith("xml_in=") else case.body
        asked = {one.tag for one in xml.parsed(written.encode()).iter()}
        assert asked <= declared(case.asked_in) | ENVELOPE


@pytest.mark.parametrize("case", [pytest.param(one, id=n) for n, one in CASES.items() if one.folder])
def test_published_answers_are_read_as_expected(case: Case) -> None:
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


@each
def test_it_answers_for_carriers_that_we_know(case: Case) -> None:
    assert case.connector.meta.carriers
    assert all(carrier(code).name for code in case.connector.meta.carriers)


def test_a_token_of_dpd_that_does_not_say_when_it_ends_is_used_for_two_hours() -> None:
    dpd, ours = LOGINS["dpd"].connector, LOGINS["dpd"].account
    done = drive(dpd, ours, dpd.renew(ours), answer("<return><authToken>t1</authToken></return>"))
    assert done.result == {"access_token": "t1", "access_until": "2026-07-01T14:00:00+00:00"}
