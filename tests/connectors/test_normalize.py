"""Saved answers, read as the product would read them."""

import json
from datetime import UTC, datetime

import pytest

from doorstep.connectors.contract import Broken
from doorstep.connectors.normalize import NoSuchCarrier, normalize
from doorstep.core.status import Reason, Status
from tests.connectors.recordings import HERE

RECORDED = HERE / "carriers/seventeen_track"
KEYS = {"status", "local", "offset", "instant", "instant_from", "place", "raw_code", "raw_text"}


def body(case: str) -> bytes:
    return json.dumps(json.loads((RECORDED / f"{case}.json").read_text())["body"]).encode()


def test_a_delivered_parcel_is_told_whole() -> None:
    (parcel,) = normalize("seventeen_track", body("delivered"))
    plain = json.loads(json.dumps(parcel.plain()))
    assert (plain["number"], plain["status"], plain["reason"]) == (parcel.track.number, "delivered", None)
    assert plain["events"][-1]["status"] == "delivered"
    assert all(one.keys() >= KEYS for one in plain["events"])
    stated = [one for one in plain["events"] if one["instant"]]
    assert stated and all(one["instant_from"] == "stated" and one["instant"].endswith("+00:00") for one in stated)


def test_a_webhook_is_an_answer_too() -> None:
    (parcel,) = normalize("seventeen_track", body("push_updated"))
    assert parcel.events


def test_one_object_for_each_parcel() -> None:
    numbers = [one.track.number for one in normalize("seventeen_track", body("no_news_and_not_registered"))]
    assert len(numbers) == len(set(numbers)) > 1


def test_a_scan_from_tomorrow_does_not_drive_the_headline_of_today() -> None:
    before = datetime(2000, 1, 1, tzinfo=UTC)
    (parcel,) = normalize("seventeen_track", body("delivered"), before)
    assert parcel.status is Status.PENDING
    assert parcel.events


def test_a_number_without_scans_has_no_times() -> None:
    (parcel, *_) = normalize("seventeen_track", body("not_found"))
    assert parcel.status is Status.NOT_FOUND
    assert parcel.reason in {None, Reason.INVALID_NUMBER}
    assert parcel.plain()["events"] == []


def test_unknown_words_and_unreadable_items_are_told() -> None:
    (strange,) = normalize("seventeen_track", body("unknown_words"))
    assert "InTransit_TransportArrived" in strange.plain()["unknown_words"]
    (broken,) = normalize("seventeen_track", body("one_event_is_broken"))
    assert broken.plain()["unreadable"]


def test_what_is_no_answer_says_where_it_does_not_fit() -> None:
    with pytest.raises(Broken, match="code"):
        normalize("seventeen_track", b"{}")


def test_an_unknown_carrier_lists_the_known_ones() -> None:
    with pytest.raises(NoSuchCarrier, match="seventeen_track") as caught:
        normalize("nobody", b"{}")
    assert caught.value.message.values["name"] == "nobody"
