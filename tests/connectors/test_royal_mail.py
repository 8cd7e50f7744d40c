"""Royal Mail: what is asked is as documented, what it answers is read whole."""

from typing import Any

import pytest

from doorstep.connectors.carriers.royal_mail import CONNECTOR
from doorstep.connectors.contract import Account, Answer, Refused
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, SPECS, answers, file

ROYAL: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
ACCOUNT = Account(settings={"client_id": "app"}, credentials={"client_secret": "s3cret"}, now=NOW)
UNKNOWN = answer({"httpCode": "404", "errors": [{"errorCode": "E1142"}]}, status=404)


def test_each_number_is_asked_about_and_the_terms_are_accepted() -> None:
    numbers = [TrackingNumber(text="FQ087430672GB", carrier="royal_mail")] * 2
    done = drive(ROYAL, ACCOUNT, ROYAL.track(ACCOUNT, numbers), UNKNOWN)
    assert len(done.requests) == 2
    assert done.requests[0].url == "https://api.royalmail.net/mailpieces/v2/FQ087430672GB/events"
    assert done.requests[0].headers == {
        "x-ibm-client-id": "app",
        "x-ibm-client-secret": "s3cret",
        "x-accept-rmg-terms": "yes",
        "accept": "application/json",
    }
    assert ROYAL.read(done.answers[0]).tracks[0].answer == "not_found"


@pytest.mark.parametrize("status", [200, 400, 404])
def test_connecting_takes_it_that_the_sample_is_unknown(status: int) -> None:
    canned = answer(UNKNOWN.body, status=status)
    assert drive(ROYAL, ACCOUNT, ROYAL.check(ACCOUNT), canned).result.label == "Royal Mail"


def test_the_number_that_was_asked_about_is_told_not_the_one_behind_it() -> None:
    delivered = next(one for one in of(CONNECTOR) if one.path.stem == "delivered")
    assert [track.number for track in ROYAL.read(delivered.answer()).tracks] == ["FQ087430672GB"]


def test_published_answers_are_read_as_expected() -> None:
    """Where karrio names no status, the event does: what went the wrong way is on its way again."""
    samples = [file("karrio_tracking_samples/royalmail__tracking.json"), *answers("karrio/royalmail", "Track*.json")]
    for path in samples:
        name = str(path.relative_to(ANSWERS if ANSWERS in path.parents else SPECS))
        given = Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if "Error" in name:
            with pytest.raises(Refused, match="400 Bad Request; Failed header validation"):
                ROYAL.read(given)
            continue
        facts = ROYAL.read(given)
        assert not facts.bad and not facts.words, name
        (track,) = facts.tracks
        assert (track.number, str(track.eta_to)) == ("FQ087430672GB", "2017-02-20")
        assert current(merge(track.events), NOW, track.answer).status == "in_transit"
        assert [event.offset for event in track.events] == [60]
    assert len(samples) == 3
