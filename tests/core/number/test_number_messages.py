"""Everything that recognition says has its English sentence, and the sentence its values."""

import tomllib
from pathlib import Path

import pytest

import doorstep
from doorstep.core.number import Hints, Kind, LookAlike, recognize
from doorstep.core.number.hint import Voice

ENGLISH = tomllib.loads((Path(doorstep.__file__).parent / "locale" / "en" / "number.toml").read_text(encoding="utf-8"))
SPOKEN = [
    *recognize("RR473124829CN", Hints(near="China Post", origin="CN")).best.evidence,
    *recognize("LP00123456789012").best.evidence,
    *recognize("ABC12345", Hints(carrier_text="Whistl")).best.evidence,
    *recognize("986578788856", Hints(carrier_text="FedEx")).best.evidence,
    recognize("RR473I24829CN").nearest.reason,
    recognize("RR473124289CN").nearest.reason,
    recognize("RR4731244829CN").nearest.reason,
    recognize("Z5R89390357567127").nearest.reason,
    recognize("1Z5R89390357567126").not_a.message,
    *[one.reason for one in recognize("1Z5R89390357567126").suggestions],
    LookAlike(kind=Kind.ORDER_ID, whose="amazon").message,
    *[LookAlike(kind=kind).message for kind in Kind if kind is not Kind.MISTYPED_NUMBER],
]


@pytest.mark.parametrize("message", SPOKEN, ids=lambda message: message.id)
def test_every_message_has_a_sentence(message):
    assert "{" not in ENGLISH[message.id].format(**message.values)


def test_every_sentence_is_said():
    said = {message.id for message in SPOKEN} | {f"number.hint.{voice}" for voice in Voice}
    assert set(ENGLISH) == said
