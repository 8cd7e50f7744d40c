"""DHL Paket: what is asked has the attributes of DHL's schema, what it answers is read whole."""

import csv
from dataclasses import replace

import pytest

from doorstep.connectors import xml
from doorstep.connectors.carriers import dhl_parcel_de_tracks
from doorstep.connectors.carriers.dhl_parcel_de import DhlParcelDe
from doorstep.connectors.contract import Account, Answer, NotFound, Refused, Request
from doorstep.core.number import TrackingNumber
from doorstep.core.timeline import current, merge
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.vendor_specs import answers, file

DHL = DhlParcelDe()
ACCOUNT = Account(
    settings={"api_key": "app", "user": 'zt"1&2'}, credentials={"api_secret": "s3cret", "password": "<p4ss>"}, now=NOW
)
ONE = TrackingNumber(text="00340434161094015902", carrier="dhl_parcel_de")
NOTHING = answer('<data name="piece-shipment-list" code="100" error="No data found"/>')


def attributes(request: Request) -> dict[str, str]:
    return xml.parsed(dict(request.query)["xml"].encode()).attrib


def test_numbers_are_asked_about_as_the_schema_has_it() -> None:
    known = replace(ONE, text="00340434161094022115", keys={"postcode": "53113"})
    done = drive(DHL, ACCOUNT, DHL.track(ACCOUNT, [ONE, known, replace(ONE, text="x")]), NOTHING)
    many, alone = map(attributes, done.requests)
    assert many["piece-code"] == "00340434161094015902;x" and "zip-code" not in many
    assert (alone["piece-code"], alone["zip-code"]) == (known.text, "53113")
    assert (many["appname"], many["password"]) == ('zt"1&2', "<p4ss>")
    assert {one.headers["authorization"] for one in done.requests} == {"Basic YXBwOnMzY3JldA=="}
    assert [one.answer for one in DHL.read(done.answers[1]).tracks] == ["not_found"]
    schema = xml.parsed(file("dhl/dhl_parcel_de_tracking_request.xsd").read_bytes())
    declared = {one.get("name"): one.get("use") == "required" for one in schema.iter("attribute")}
    kinds = {one.get("value") for one in schema.iter("enumeration")}
    for sent in (many, alone):
        assert set(sent) <= set(declared)
        assert {name for name, needed in declared.items() if needed} <= set(sent)
        assert {sent["request"], sent["language-code"]} <= kinds


def test_only_numbers_with_a_postcode_are_asked_about_alone() -> None:
    known = replace(ONE, keys={"postcode": "53113"})
    assert len(drive(DHL, ACCOUNT, DHL.track(ACCOUNT, [known]), NOTHING).requests) == 1


@pytest.mark.parametrize("reply", [NOTHING, answer('<data name="x" code="7" error="invalid request"/>')])
def test_connecting_takes_it_that_the_sample_is_unknown(reply: Answer) -> None:
    assert drive(DHL, ACCOUNT, DHL.check(ACCOUNT), reply).result.label == "DHL Paket"


def test_every_event_of_the_vendors_table_has_a_reading() -> None:
    table = file("dhl/parcel_de_ice_event_ric_combinations_July_2024.csv").read_text(encoding="cp1252")
    rows = list(csv.DictReader(table.splitlines(), delimiter=";"))
    assert {row["ice_event_code"] for row in rows} == set(dhl_parcel_de_tracks._EVENTS)
    assert set(dhl_parcel_de_tracks._REASONS) <= {row["ice_ric_code"] for row in rows}


def test_published_answers_are_read_as_expected() -> None:
    for path in answers("karrio/dhl_parcel_de", "*.xml"):
        given = Answer(what="track", body=path.read_bytes(), received_at=NOW)
        if "Error" in path.name:
            with pytest.raises(NotFound):
                DHL.read(given)
            continue
        facts = DHL.read(given)
        assert not facts.bad and not facts.words
        (track,) = facts.tracks
        assert current(merge(track.events), NOW, track.answer).status == "delivered"
        assert all(event.local and event.instant is None for event in track.events)


def test_what_is_declined_is_not_mistaken_for_a_number() -> None:
    with pytest.raises(Refused):
        DHL.read(answer('<data name="piece-shipment-list" code="7" error="invalid request"/>'))
