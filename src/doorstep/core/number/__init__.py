"""Tracking numbers: formats, check digits, recognition, look-alikes, extraction from text, and the carriers' table."""

from doorstep.core.number.directory import (
    CarrierInfo,
    all_carriers,
    carrier,
    carrier_by_key,
    carrier_named,
    carriers,
    key_of,
    tracking_link,
)
from doorstep.core.number.format import Confidence
from doorstep.core.number.hint import Hints
from doorstep.core.number.link import number_in_link
from doorstep.core.number.look_alike import Kind, LookAlike
from doorstep.core.number.nearest import Nearest, Slip
from doorstep.core.number.reading import recognize
from doorstep.core.number.recognition import Candidate, Recognition
from doorstep.core.number.running_text import Context, Found, extract
from doorstep.core.number.text import normalize
from doorstep.core.number.value import TrackingNumber
from doorstep.core.number.vendor_keys import carrier_at, codes_at, keys_at, slug_at

__all__ = [
    "Candidate",
    "CarrierInfo",
    "Confidence",
    "Context",
    "Found",
    "Hints",
    "Kind",
    "LookAlike",
    "Nearest",
    "Recognition",
    "Slip",
    "TrackingNumber",
    "all_carriers",
    "carrier",
    "carrier_at",
    "carrier_by_key",
    "carrier_named",
    "carriers",
    "codes_at",
    "extract",
    "key_of",
    "keys_at",
    "normalize",
    "number_in_link",
    "recognize",
    "slug_at",
    "tracking_link",
]
