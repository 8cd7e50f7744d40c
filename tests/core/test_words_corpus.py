"""What carriers write, measured: our reading of the words against the status that the source gives beside them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from doorstep.core.status import Status
from doorstep.core.status_maps import System, from_system
from doorstep.core.words import read_words

ANSWERS = Path(__file__).parents[2].parent / "shared/corpora/carrier_responses"
if not ANSWERS.is_dir():
    pytest.skip(f"no corpus of carrier answers at {ANSWERS}", allow_module_level=True)

# The sources tell a parcel that moves less finely than we do: any of these agrees with any other.
MOVING = {Status.PICKED_UP, Status.IN_TRANSIT, Status.CUSTOMS, Status.ARRIVED}
# Where the source's label is no label of the scan, and why.
NO_LABELS = {
    "australiapost": "gives every scan the status of the parcel",
    "dhl_universal": "gives every scan the status of the parcel",
    "hay_post": "made-up text",
    "locate2u": "made-up text",
}
# Read otherwise than the source says, and why we stay with it.
DISPUTED = {
    (
        "aftership",
        "In transit - Tendered to authorized agent for final delivery",
    ): "handed on; nobody is at the door yet",
    ("dhl_parcel_de", "The shipment has been loaded onto the delivery vehicle"): "the source has no finer word for it",
    ("landmark", "Attempted delivery"): "the source calls a failed attempt a delay",
    ("mydhl", "Shipment picked up"): "the source calls what was picked up not handed over",
    ("parcelone", "Shipment picked up"): "the source calls what was picked up not handed over",
    ("teleship", "Out for delivery"): "the source has no finer word for it",
    ("ups", "Your package was released by the customs agency."): "the source calls a release a hold",
}
# Nothing is said where the words alone do not tell.
SILENT = {
    ("boxknight", "GEOCODED"),
    ("fedex", "FedEx redirected your package to a nearby FedEx location"),
    ("landmark", "Processed"),
    ("landmark", "Shipment Fulfilled"),
    ("landmark", "Shipment Processed"),
    ("zoom2u", "Dropped Off"),
}
HERMES = Path(__file__).parents[2].parent / "shared/specs/hermes_de/hermes_germany_eventcodes.csv"


@dataclass(frozen=True)
class Said:
    source: str
    text: str
    status: Status


def said() -> set[Said]:
    """Every text that the corpora show beside a status, once for each source."""
    found = {
        Said(path.parent.name, " ".join(one["description"].split()), from_system(System.KARRIO, one["status"]).status)
        for path in ANSWERS.glob("karrio/*/P*.json")
        for one in objects(json.loads(path.read_bytes()))
        if {"description", "status", "date"} <= one.keys() and one["description"] and one["status"]
    }
    for path in ANSWERS.glob("aftership/**/*.json"):
        for one in objects(json.loads(path.read_bytes())):
            if "checkpoint_time" in one and one.get("message"):
                tag = from_system(System.AFTERSHIP, one["tag"], one.get("subtag") or "")
                found.add(Said("aftership", one["message"], tag.status))
    for path in ANSWERS.glob("easypost/*.json"):
        for one in objects(json.loads(path.read_bytes())):
            if "datetime" in one and one.get("message"):
                told = from_system(System.EASYPOST, one["status"], one.get("status_detail") or "")
                found.add(Said("easypost", one["message"], told.status))
    return {one for one in found if one.status is not Status.UNKNOWN}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(one)
    if isinstance(value, str) and value[:1] == "{":  # an answer inside an answer
        yield from objects(json.loads(value))


def agrees(ours: Status, theirs: Status) -> bool:
    return ours is theirs or {ours, theirs} <= MOVING


def test_what_is_read_is_what_the_source_says_but_for_the_texts_named():
    """The raw agreement is lower by the disputed ones: each is a label that the text itself contradicts."""
    labelled = [one for one in said() if one.source not in NO_LABELS]
    spoken = {one for one in labelled if read_words(one.text)[0] is not Status.UNKNOWN}
    against = {(one.source, one.text) for one in spoken if not agrees(read_words(one.text)[0], one.status)}
    assert against == set(DISPUTED)
    assert {(one.source, one.text) for one in labelled if one not in spoken} == SILENT
    assert len(spoken) > 130


def test_only_hermes_delivered_codes_are_read_as_delivered():
    """Hermes' own list of events, in German and English: 35.. are the deliveries."""
    with HERMES.open(encoding="latin-1") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    texts = {(row["2x2 Code"], row[column]) for row in rows for column in ("textLang DE", "textLang EN") if row[column]}
    delivered = {code for code, text in texts if read_words(text)[0] is Status.DELIVERED}
    assert delivered == {"3500", "3510", "3511", "3520", "3530"}
