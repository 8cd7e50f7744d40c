"""Against the public test numbers, where they lie beside the repository."""

import json
from pathlib import Path

import pytest

from doorstep.core.number import Confidence, carriers, normalize, recognize
from doorstep.core.number.directory import carrier_of_country

SHARED = Path(__file__).parents[4] / "shared"
NUMBERS = SHARED / "corpora" / "numbers"
KEYS = SHARED / "corpora" / "carriers" / "17track_apicarrier.all.json"
needs_shared = pytest.mark.skipif(not NUMBERS.exists(), reason="the shared corpora are not beside the repository")
OLDER_KEYS = {5061, 19261, 5044, 100055, 100059}  # in the list of 2024, no longer in that of 2025
OURS = {"dhl": {"dhl_express", "dhl_ecommerce"}, "speedee": {"spee_dee"}}


def told(number, courier):
    if courier == "s10":
        return {carrier_of_country(normalize(number)[-2:])}
    return OURS.get(courier, {courier})


def cases(valid):
    rows = json.loads((NUMBERS / "tracking_number_data_v2.0.0_test_numbers.json").read_text(encoding="utf-8"))
    return [(row["n"], row["fmt"], told(row["n"], row["courier"])) for row in rows if row["valid"] is valid]


@needs_shared
def test_every_valid_number_has_its_carrier_among_the_candidates():
    rows = cases(valid=True)
    assert len(rows) == 192
    missing = [row for row in rows if not row[2] & {found.carrier for found in recognize(row[0]).candidates}]
    assert missing == []


@needs_shared
def test_all_but_the_known_ambiguous_ones_rank_their_carrier_first():
    wrong = [row[0] for row in cases(valid=True) if recognize(row[0]).best.carrier not in row[2]]
    # FedEx with 12 digits is also Purolator, DHL Express with 11 also Old Dominion: nothing tells them apart.
    assert sorted(wrong) == ["287809468872", "320610804900", "78045768393"]


@needs_shared
def test_nothing_is_certain_and_wrong():
    for number, _, right in cases(valid=True):
        best = recognize(number).best
        assert best.confidence is not Confidence.CERTAIN or best.carrier in right


@needs_shared
def test_no_invalid_number_is_claimed_for_its_own_format():
    claimed = [
        (number, form)
        for number, form, right in cases(valid=False)
        if right & {found.carrier for found in recognize(number).candidates}
    ]
    # Invalid as letters and nine digits, and truly a valid number of the other, numeric format.
    assert claimed == [("331426749957", "Purolator (alpha + 9)")]


@needs_shared
def test_every_spelling_of_a_number_is_read_the_same():
    rows = json.loads((NUMBERS / "spacing_variants_1240.json").read_text(encoding="utf-8"))
    valid = [row for row in rows if row["valid"]]
    assert valid
    for row in valid:
        found = {candidate.carrier for candidate in recognize(row["n"]).candidates}
        assert told(row["n"], row["courier"]) & found, row


@needs_shared
def test_our_keys_of_17track_exist():
    known = {row["key"] for row in json.loads(KEYS.read_text(encoding="utf-8"))} | OLDER_KEYS
    assert [info.code for info in carriers() if not set(info.seventeen_track) <= known] == []
