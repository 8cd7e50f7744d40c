"""Whatever core can say has a sentence, and every sentence is said by something."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doorstep.core.diagnosis import Cause, Confidence, Who
from doorstep.core.order import OrderState
from doorstep.core.resync import CLOSED_COOLDOWN, Range, outcome, too_soon
from doorstep.core.status import Reason, Responsible, Status
from tests.core.sentences import area, sentence

NOW = datetime(2026, 3, 30, tzinfo=UTC)
CORE = Path(__file__).resolve().parents[2] / "src/doorstep/core"
# Said by the application, which finds these two out.
SUSPICIONS = {"hold.is_order_number", "hold.not_a_tracking_number"}


def mentioned(module, pattern):
    return set(re.findall(pattern, (CORE / f"{module}.py").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("name", "prefix", "members"),
    [
        ("status", "status", Status),
        ("status", "status.explained", Status),
        ("status", "status.reason", Reason),
        ("status", "status.who", Responsible),
        ("order", "order", OrderState),
        ("order", "order.explained", OrderState),
        ("resync", "resync.range", Range),
        ("finding", "finding", Cause),
        ("finding", "finding.confidence", Confidence),
        ("finding", "finding.who", Who),
        ("finding", "finding.do.reason", Reason),
    ],
)
def test_every_member_of_a_closed_list_has_a_sentence_and_no_other(name, prefix, members):
    depth = prefix.count(".") + 1
    said = {key for key in area(name) if key.startswith(f"{prefix}.") and key.count(".") == depth}
    expected = {f"{prefix}.{member}" for member in members}
    assert expected <= said
    assert prefix in {"resync", "order"} or said == expected


def test_every_hold_has_a_sentence_and_every_sentence_a_hold():
    ids = mentioned("policy", r'"(hold\.[a-z_.]+)"')
    waits = {"hold.not_dispatched", "hold.not_scanned", "hold.not_paid"}  # with and without an end
    assert waits < ids
    assert set(area("hold")) == ids | {f"{one}_open" for one in waits} | SUSPICIONS


def test_every_finding_has_its_sentences_and_no_other():
    sources = [path.read_text(encoding="utf-8") for path in (CORE / "diagnosis").glob("*.py")]
    ids = {f"finding.{name}" for text in sources for name in re.findall(r'"((?:do|saw)\.[a-z_]+)"', text)}
    said = {key.partition("#")[0] for key in area("finding")}
    by_reason = {"finding.do.reason"}  # and a reason
    assert {key for key in said if re.fullmatch(r"finding\.(do|saw)\.[a-z_]+", key)} == ids - by_reason


def test_every_answer_to_a_resync_can_be_said():
    answers = [outcome(new_events=n, changed=n > 1, failed=n > 2, next_at=NOW) for n in range(4)]
    said = {one.id: sentence(one) for one in [*answers, too_soon(NOW), too_soon(NOW, CLOSED_COOLDOWN)]}
    assert set(said) == {key for key in area("resync") if key.count(".") == 1}


@pytest.mark.parametrize("name", ["hold", "finding", "status", "order", "resync"])
def test_a_sentence_ends_as_one_and_has_no_stray_blank(name):
    for key, text in area(name).items():
        assert text == " ".join(text.split()), key
        whole = key.startswith(("hold.", "finding.saw.", "finding.do.", "finding.by."))
        assert whole <= text.endswith((".", "{said}")), key
