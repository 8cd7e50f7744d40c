"""What a text was recognized as, as plain data with sentences: the lines of ``doorstep recognize --json``."""

from functools import lru_cache
from typing import Any

from doorstep.app.say import say
from doorstep.core.message import Message, Value
from doorstep.core.number import Candidate, Recognition, carrier, tracking_link


def described(text: str, recognition: Recognition) -> dict[str, Any]:
    """``text`` is what was given; ``kind`` what it most probably is, ``also`` what it may be as well; ``marketplace``
    whose order number it looks like. Candidates and suggestions come best first.
    """
    kind, *also = recognition.kinds
    other = recognition.not_a
    return {
        "text": text,
        "number": recognition.number,
        "kind": kind,
        "also": also,
        "marketplace": other.whose if other and other.kind == "order_id" else "",
        "candidates": [_candidate(one) for one in recognition.candidates],
        "not_a": _said(other.message) if other else "",
        "suggestions": [
            {"number": one.number, "carrier": one.carrier, "slip": one.slip.value, "reason": _said(one.reason)}
            for one in recognition.suggestions
        ],
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    service = one.service
    return {
        "carrier": one.carrier,
        "name": carrier(one.carrier).name,
        "number": one.number,
        "format": one.format,
        "role": one.role.value,
        "confidence": one.confidence.value,
        "evidence": [_said(why) for why in one.evidence],
        "service": service.name if service else "",
        "link": tracking_link(one.carrier, one.number),
    }


def _said(message: Message) -> str:
    return _sentence(message.id, tuple(message.values.items()))


@lru_cache(maxsize=4096)
def _sentence(key: str, values: tuple[tuple[str, Value], ...]) -> str:
    """A stream of numbers says the same few things again and again."""
    return say(Message(id=key, values=dict(values)))
