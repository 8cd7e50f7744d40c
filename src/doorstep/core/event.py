"""One scan, as one source said it. Append-only; nothing is ever corrected in place."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.core.status import Reason, Status


class InstantFrom(StrEnum):
    """How an event's instant was derived."""

    STATED = "stated"  # the source gave UTC, or an offset
    SOURCE_ZONE = "source_zone"  # the vendor documents one zone for all its times
    NONE = ""  # only local time is known


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingEvent:
    """A scan.

    ``local`` is the wall time as said (naive, seconds), ``offset`` the minutes east of UTC if the source gave them,
    ``instant`` the UTC instant only where it can be derived (``instant_from`` says how). ``raw_code`` and ``raw_text``
    are the vendor's own words and are never translated in place. ``position`` is the source's own order, 0 = first
    to happen. Identity is (source, the raw fields): see ``timeline.event_key``; our reading (``status``, ``reason``)
    is not part of it, so a better reader changes no identity.
    """

    source: str
    raw_text: str
    raw_code: str = ""
    status: Status
    reason: Reason | None = None
    local: datetime | None = None
    offset: int | None = None
    instant: datetime | None = None
    instant_from: InstantFrom = InstantFrom.NONE
    place: str = ""
    position: int = 0
