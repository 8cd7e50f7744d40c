"""Carriers that are simply asked: each question is as its vendor documents it, and what the vendors and their clients
have published as answers is read whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from doorstep.connectors.carriers import sendle
from doorstep.connectors.contract import Account, Answer, Trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.vendor_specs import answers

UNTIL = {"access_token": "t0ken", "access_until": "2026-07-01T20:00:00+00:00"}


@dataclass(frozen=True)
class Case:
    """One carrier. ``asks``: what its question looks like. ``published``: files of a folder of published answers and
    what they come to: a status for each number, or the Trouble; with the HTTP status that a file itself has lost.
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


def account(settings: Mapping[str, str], **credentials: str) -> Account:
    return Account(settings=settings, credentials=credentials, now=NOW)


CASES = {
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
