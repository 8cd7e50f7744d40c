"""Canada Post: what is asked is as documented, what it answers is read whole, in either language."""

from typing import Any

import pytest

from doorstep.connectors import xml
from doorstep.connectors.carriers.canada_post import CONNECTOR
from doorstep.connectors.contract import Account, Answer, Denied, NotFound, Trouble
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.recordings import of
from tests.connectors.vendor_specs import ANSWERS, answers, file

POST: Any = CONNECTOR  # with the ways of its kind, which the annotation does not show
ACCOUNT = Account(settings={"username": "app"}, credentials={"password": "s3cret"}, now=NOW)
UNKNOWN = answer(
    "<messages><message><code>004</code><description>No Pin History</description></message></messages>", 404
)


def test_each_number_is_asked_about() -> None:
    numbers = [TrackingNumber(text="7023210039414604", carrier="canada_post")] * 2
    done = drive(POST, ACCOUNT, POST.track(ACCOUNT, numbers), UNKNOWN)
    assert len(done.requests) == 2
    assert done.requests[0].url.endswith("/vis/track/pin/7023210039414604/detail")
    assert done.requests[0].headers["accept"] == "application/vnd.cpc.track-v2+xml"
    assert done.requests[0].headers["authorization"] == "Basic YXBwOnMzY3JldA=="
    assert POST.read(done.answers[0]).tracks[0].answer == "not_found"


@pytest.mark.parametrize("status", [200, 404])
def test_connecting_takes_it_that_the_sample_is_unknown(status: int) -> None:
    assert drive(POST, ACCOUNT, POST.check(ACCOUNT), answer(UNKNOWN.body, status=status)).result.label == "Canada Post"


def test_recordings_have_the_elements_of_the_schema() -> None:
    declared = {
        one.get("name")
        for name in ("track", "messages")
        for one in xml.parsed(file(f"canada_post/{name}.xsd").read_bytes()).iter("element")
    }
    for recording in of(CONNECTOR):
        if recording.content["body"].startswith(("<?xml", "<messages")):
            found = {one.tag for one in xml.parsed(recording.answer().body).iter()}
            assert found <= declared, recording.path.stem


STATUSES = {
    # karrio: in transit; delivered in the middle of the sample, then found wrong and out for delivery again
    "karrio/canadapost/TrackingResponseXml.xml": "out_for_delivery",
    "active_shipping/xml/canadapost_pws/tracking_details_en.xml": "delivered",
    "active_shipping/xml/canadapost_pws/tracking_details_fr.xml": "delivered",
    "active_shipping/xml/canadapost_pws/dnc_tracking_details_en.xml": "delivered",
    "active_shipping/xml/canadapost_pws/tracking_details_en_undelivered.xml": "out_for_delivery",
    "active_shipping/xml/canadapost_pws/tracking_details_no_expected_delivery_date.xml": "info_received",
}
TROUBLES: dict[str, type[Trouble]] = {
    "karrio/canadapost/AuthError.xml": Denied,
    "karrio/canadapost/UnknownTrackingNumberResponse.xml": NotFound,
    "active_shipping/xml/canadapost_pws/tracking_details_en_error.xml": NotFound,
}


def test_published_answers_are_read_as_expected() -> None:
    files = answers("karrio/canadapost", "*.xml") + answers("active_shipping/xml/canadapost_pws", "*.xml")
    assert {str(path.relative_to(ANSWERS)) for path in files} == {*STATUSES, *TROUBLES}
    for path in files:
        name, given = str(path.relative_to(ANSWERS)), Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if name in TROUBLES:
            with pytest.raises(TROUBLES[name]):
                POST.read(given)
            continue
        facts = POST.read(given)
        assert not facts.bad and not facts.words, name
        (track,) = facts.tracks
        assert current(merge(track.events), NOW, track.answer).status == STATUSES[name], name
        assert all(event.offset == -300 and event.instant for event in track.events), name
