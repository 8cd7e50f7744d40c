"""A lane: the way from one country to another by one carrier, and what own history says of it.

Rules take a ``Lane`` instead of one number for everybody: what is late on the way across town is early on the way
around the world. Made by ``eta.History.lane``; None where there is no history yet, and then published defaults hold.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Between which countries (ISO 3166-1 alpha-2), by whom (our carrier code) and by which service. '' = not known."""

    carrier: str = ""
    service: str = ""
    origin: str = ""
    destination: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One parcel's way, as far as it is known: what lanes are learned from. Times aware, None = not known.

    ``delivered`` None = still under way, or lost. ``first_scan``: the first scan after the label; ``arrived``: the
    first scan in the area of destination; ``out``: when it last went out for delivery. ``silence``: the longest time
    between two scans.
    """

    route: Route
    handed_over: datetime | None = None
    delivered: datetime | None = None
    ordered: datetime | None = None
    first_scan: datetime | None = None
    arrived: datetime | None = None
    out: datetime | None = None
    silence: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What own history says of a route. ``parcels``: how many stand behind it, 0 = none, and then all else is None.

    ``first_scan_p85``: of 100 parcels 85 have their first scan within so long after they were handed over.
    ``transit_p05``, ``transit_p50`` and ``transit_p85``: 5 %, half and 85 % are delivered within so long after that.
    ``silence_p85`` and ``silence_p98``: 85 % and 98 % never had a longer time without a scan on their way.
    """

    parcels: int = 0
    first_scan_p85: timedelta | None = None
    transit_p05: timedelta | None = None
    transit_p50: timedelta | None = None
    transit_p85: timedelta | None = None
    silence_p85: timedelta | None = None
    silence_p98: timedelta | None = None
