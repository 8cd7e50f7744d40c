"""What a text was recognized as, as plain data with sentences."""

from typing import Any

from doorstep.app.say import say
from doorstep.core.number import Recognition, carrier, tracking_link


def described(recognition: Recognition) -> dict[str, Any]:
    """A recognition as plain data with sentences."""
    candidates = [
        {
            "carrier": one.carrier,
            "name": carrier(one.carrier).name if one.carrier else "",
            "number": one.number,
            "confidence": one.confidence.name.lower(),
            "why": " ".join(say(why) for why in one.evidence),
            "link": tracking_link(one.carrier, one.number) if one.carrier else "",
        }
        for one in recognition.candidates
    ]
    other, meant = recognition.not_a, recognition.nearest
    return {
        "number": recognition.number,
        "candidates": candidates,
        "not_a": say(other.message) if other else "",
        "meant": say(meant.reason) if meant else "",
    }
