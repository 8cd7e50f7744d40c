"""The values that other parts pass around once a text is taken for a tracking number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a tracking number is to its parcel."""

    PLATFORM = "platform"  # the supplier's own number (CJP...)
    LOCAL = "local"  # the courier's number
    PIECE = "piece"
    RETURN = "return"
    ALIAS = "alias"  # ours


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingNumber:
    """A number to ask a carrier about. ``text`` is normalized (upper case, no separators); ``carrier`` is our code, ''
    = unknown; ``keys`` are extra keys some carriers want (postcode, phone, country).
    """

    text: str
    carrier: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
