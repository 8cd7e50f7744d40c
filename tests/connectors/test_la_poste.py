"""La Poste: what is asked is as documented, what it answers is read whole, of one number or of several."""

from typing import Any

import pytest

from doorstep.connectors.carriers.la_poste import CONNECTOR
from doorstep.connectors.contract import Account, Answer
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of

POSTE: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
ACCOUNT = Account(credentials={"api_key": "s3cret"}, now=NOW)
UNKNOWN = answer({"returnCode": 404, "idShip": "8R12345678901"}, status=404)


def test_all_numbers_are_asked_about_at_once() -> None:
    numbers = [TrackingNumber(text=text, carrier="colissimo") for text in ("8R12345678901", "8R1234567890/")]
    (request,) = drive(
        POSTE, ACCOUNT, POSTE.track(ACCOUNT, numbers), answer([{"returnCode": 404, "idShip": "A"}])
    ).requests
    assert request.url == "https://api.laposte.fr/suivi/v2/idships/8R12345678901,8R1234567890%2F"
    assert request.query == (("lang", "en_GB"),)
    assert request.headers == {"x-okapi-key": "s3cret", "accept": "application/json"}


@pytest.mark.parametrize("canned", [UNKNOWN, answer({"code": "BAD_REQUEST"}, status=400), answer("", status=404)])
def test_connecting_takes_it_that_the_sample_is_unknown(canned: Answer) -> None:
    assert drive(POSTE, ACCOUNT, POSTE.check(ACCOUNT), canned).result.label == "La Poste"


@pytest.mark.parametrize(
    ("case", "carrier", "status"),
    [
        ("delivered", "colissimo", "delivered"),
        ("abroad_with_a_partner", "la_poste", "customs"),
        ("not_delivered_and_sent_back", "chronopost", "returned"),
    ],
)
def test_the_holder_tells_the_carrier_and_the_newest_scan_the_status(case: str, carrier: str, status: str) -> None:
    (track,) = POSTE.read(next(one for one in of(CONNECTOR) if one.path.stem == case).answer()).tracks
    assert (track.carrier, current(merge(track.events), NOW, track.answer).status) == (carrier, status)
    assert (track.last_mile is not None) == (case == "abroad_with_a_partner")
