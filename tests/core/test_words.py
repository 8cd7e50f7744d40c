"""Reading a status out of a carrier's own words."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.core.status import Reason, Status
from doorstep.core.words import languages, read_words

# Labelled before the rules were written: language, status ("unknown": must not be read), reason ('' = any), text.
with Path(__file__).with_name("event_texts.tsv").open(encoding="utf-8", newline="") as file:
    TEXTS = list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: f"{row['language']}-{row['text'][:40]}")
def test_a_carriers_sentence_is_read(row):
    status, reason = read_words(row["text"])
    assert status == row["status"]
    assert not row["reason"] or reason == row["reason"]


def test_every_language_of_the_texts_has_phrases():
    assert {row["language"] for row in TEXTS} <= languages()


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: f"{row['language']}-{row['text'][:40]}")
def test_a_known_language_changes_no_right_reading(row):
    assert read_words(row["text"], row["language"])[0] == row["status"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Delivered", Status.DELIVERED),
        ("Not delivered", Status.ATTEMPT_FAILED),
        ("Your parcel could not be delivered today", Status.ATTEMPT_FAILED),
        ("Your parcel will be delivered today", Status.OUT_FOR_DELIVERY),
        ("Your parcel will be delivered", Status.UNKNOWN),
        ("Once delivered, you will get a photo", Status.UNKNOWN),
        ("The shipment has been delivered to the wrong location", Status.UNKNOWN),
        ("Delivered to agent", Status.UNKNOWN),
        ("Delivered to the local carrier", Status.IN_TRANSIT),
        ("Delivered to pickup point", Status.AVAILABLE_FOR_PICKUP),
        ("Delivered to neighbour", Status.DELIVERED),
        ("Delivered to the sender", Status.RETURNED),
        ("Being returned to sender", Status.RETURNING),
        ("In transit to destination country", Status.IN_TRANSIT),
        ("The package did not arrive at the destination", Status.UNKNOWN),
        ("Nothing was picked up", Status.UNKNOWN),
        ("The request for this package was cancelled", Status.UNKNOWN),
        ("Reschedule delivery confirmed", Status.UNKNOWN),
        ("OutForDelivery", Status.OUT_FOR_DELIVERY),
        ("OUT_FOR_DELIVERY", Status.OUT_FOR_DELIVERY),
        ("Delivered to UPS Access Point™", Status.AVAILABLE_FOR_PICKUP),
        ("ＤＥＬＩＶＥＲＥＤ", Status.DELIVERED),
        ("Jessica", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_what_denies_or_promises_is_no_delivery(text, status):
    assert read_words(text)[0] is status


def test_the_reason_is_read_too():
    assert read_words("Delivery attempted, customer not at home") == (Status.ATTEMPT_FAILED, Reason.NOBODY_HOME)


def test_an_unknown_language_is_no_language():
    assert read_words("Zugestellt", "xx") == (Status.DELIVERED, None)


@given(st.text(max_size=400) | st.lists(st.sampled_from([row["text"] for row in TEXTS]), max_size=3).map(" ".join))
def test_any_text_is_read_without_complaint(text):
    status, reason = read_words(text)
    assert status is not Status.UNKNOWN or reason is None


def test_a_long_text_is_read_by_its_beginning():
    assert read_words("Delivered " + "x " * 100_000)[0] is Status.DELIVERED
    assert read_words("x " * 100_000 + "delivered")[0] is Status.UNKNOWN
