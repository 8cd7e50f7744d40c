"""Everything that recognition says has its English sentence, and the sentence its values."""

import tomllib
from pathlib import Path

import pytest

import doorstep
from doorstep.core.number import Hints, Kind, LookAlike, recognize
from doorstep.core.number.hint import Voice

ENGLISH = tomllib.loads((Path(doorstep.__file__).parent / "locale" / "en" / "number.toml").read_text(encoding="utf-8"))
SPOKEN = [
    *recognize("RR473124829CN", Hints(near="China Post")).best.evidence,
    *recognize("LP00123456789012").best.evidence,
    *recognize("ABC12345", Hints(carrier_text="Whistl")).best.evidence,
    recognize("RR473I24829CN").nearest.reason,
    recognize("RR473124289CN").nearest.reason,
    *[LookAlike(kind=kind).message for kind in Kind],
]


@pytest.mark.parametrize("message", SPOKEN, ids=lambda message: message.id)
def test_every_message_has_a_sentence(message):
    assert "{" not in ENGLISH[message.id].format(**message.values)


def test_every_sentence_is_said():
    said = {message.id for message in SPOKEN} | {f"number.hint.{voice}" for voice in Voice}
    assert set(ENGLISH) == said
