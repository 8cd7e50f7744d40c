"""PostNord: what is asked is as documented, what it answers is read whole."""

from typing import Any

import pytest

from doorstep.connectors.carriers.postnord import CONNECTOR
from doorstep.connectors.contract import Account, Answer
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of

POST: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
ACCOUNT = Account(credentials={"api_key": "s3cret"}, now=NOW)
UNKNOWN = answer({"TrackingInformationResponse": {"shipments": []}})


def test_each_number_is_asked_about_as_documented() -> None:
    numbers = [TrackingNumber(text="00370729123456789014", carrier="post_nord")] * 2
    done = drive(POST, ACCOUNT, POST.track(ACCOUNT, numbers), UNKNOWN)
    assert len(done.requests) == 2
    assert done.requests[0].url.endswith("/rest/shipment/v5/trackandtrace/findByIdentifier.json")
    assert dict(done.requests[0].query) == {"apikey": "s3cret", "id": "00370729123456789014", "locale": "en"}
    assert POST.read(done.answers[0]).tracks[0].answer == "not_found"


@pytest.mark.parametrize("canned", [UNKNOWN, answer({}, status=400), answer({}, status=404)])
def test_connecting_takes_it_that_the_sample_is_unknown(canned: Answer) -> None:
    assert drive(POST, ACCOUNT, POST.check(ACCOUNT), canned).result.label == "PostNord"


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("delivered", "delivered"),
        ("at_the_service_point", "available_for_pickup"),
        ("refused", "attempt_failed"),
        ("several_items", "in_transit"),
    ],
)
def test_the_status_of_an_event_goes_before_a_text_that_says_delivered(case: str, status: str) -> None:
    (track,) = POST.read(next(one for one in of(CONNECTOR) if one.path.stem == case).answer()).tracks
    assert current(merge(track.events), NOW, track.answer).status == status
    assert all(event.instant is None for event in track.events), "PostNord gives no offset"
