"""What a text is."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta as Limits

from doorstep.core.number import Confidence, Hints, carrier, recognize, tracking_link
from doorstep.web.api.kinds import Short
from doorstep.web.api.route import Ask, route


class RecognizeQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The text, and what is said about its carrier."""

    text: Annotated[str, Limits(min_length=1, max_length=400)]
    carrier: Short = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of a text. ``number`` is what to ask that carrier about; ``format`` is empty where only the words
    around it say so.
    """

    carrier: str
    carrier_name: str
    number: str
    confidence: Confidence
    format: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """What a text may be, the likeliest first. ``not_a``: what else it may be, where that is as likely; null = nothing
    speaks for it.
    """

    text: str
    number: str
    readings: list[Reading]
    not_a: str | None


@route("GET", "/recognize")
def recognize_number(ask: Ask, query: RecognizeQuery) -> Recognized:
    """Whose tracking number a text is: candidates with how sure each is, never a guess. Any key will do."""
    found = recognize(query.text, Hints(carrier_text=query.carrier))
    return Recognized(
        text=found.text,
        number=found.number,
        readings=[
            Reading(
                carrier=one.carrier,
                carrier_name=carrier(one.carrier).name,
                number=one.number,
                confidence=one.confidence,
                format=one.format,
                link=tracking_link(one.carrier, one.number),
            )
            for one in found.candidates
        ],
        not_a=found.not_a.kind.value if found.not_a else None,
    )
