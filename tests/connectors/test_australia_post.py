"""Australia Post: what is asked is as documented, what it answers is read whole, all articles of a consignment."""

import pytest

from doorstep.connectors.carriers.australia_post import AustraliaPost
from doorstep.connectors.contract import Account, Answer, Refused
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.vendor_specs import ANSWERS, answers, file

POST = AustraliaPost()
ACCOUNT = Account(settings={"api_key": "app", "account_number": "1234567"}, credentials={"password": "s3cret"}, now=NOW)
UNKNOWN = answer({"tracking_results": [{"tracking_id": "A1", "errors": [{"code": "ESB-10001"}]}]})


def test_all_numbers_are_asked_about_at_once() -> None:
    numbers = [TrackingNumber(text=text, carrier="australia_post") for text in ("A1", "A2")]
    (request,) = drive(POST, ACCOUNT, POST.track(ACCOUNT, numbers), UNKNOWN).requests
    assert (request.url, request.query) == (
        "https://digitalapi.auspost.com.au/shipping/v1/track",
        (("tracking_ids", "A1,A2"),),
    )
    assert request.headers["authorization"] == "Basic YXBwOnMzY3JldA=="
    assert request.headers["account-number"] == "1234567"


@pytest.mark.parametrize("canned", [UNKNOWN, answer({"errors": [{"code": "51101"}]}, status=400)])
def test_connecting_takes_it_that_the_sample_is_unknown(canned: Answer) -> None:
    assert drive(POST, ACCOUNT, POST.check(ACCOUNT), canned).result.label == "Australia Post 1234567"


# karrio takes the first item's status; where that is "Unknown", it says in transit, as the scans do.
STATUSES = ["in_transit", "delivered", "delivered"]


def test_published_answers_are_read_as_expected() -> None:
    samples = answers("karrio/australiapost", "[!Pi]*.json")
    assert {path.name for path in samples} == {
        "ErrorResponse.json",
        "TrackingErrorResponse.json",
        "TrackingResponse.json",
    }
    for path in [*samples, file("karrio_tracking_samples/australiapost__tracking_response.json")]:
        given = Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if path.name == "ErrorResponse.json":
            with pytest.raises(Refused, match="10 or less"):
                POST.read(given)
            continue
        facts = POST.read(given)
        assert not facts.bad and not facts.words, path.name
        found = [current(merge(track.events), NOW, track.answer).status for track in facts.tracks]
        if ANSWERS in path.parents:
            assert found == (["not_found"] if "Error" in path.name else STATUSES)
        assert all(event.offset in (600, 660) and event.instant for track in facts.tracks for event in track.events)
