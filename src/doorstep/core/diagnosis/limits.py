"""How long is normal: by own history where there is enough of it, else by what is published.

The published figures: a reseller's FAQ (S66 to S70: five days until the shipping mail, ten until the first scan, 15
until something is wrong) for parcels that cross a border, a returns service's alert rules for those that do not, and a
seller's dashboard for losses.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from doorstep.core.lane import Lane
from doorstep.core.message import Message

SHIPPED_MAIL: Final = timedelta(days=5)  # S66: from the payment to the shipping mail
ANSWER: Final = timedelta(days=2)  # for an answer of the seller; most marketplaces give two days
MARGIN: Final = timedelta(days=10)  # S74 and others: a dispute takes its time before the protection ends
KEPT: Final = timedelta(days=7)  # carriers and pickup points keep a parcel at least about so long
CUSTOMS: Final = timedelta(days=7)
REFUND: Final = timedelta(days=20)  # until a refund is on the account, where the bank is slow
LOST: Final = timedelta(days=30)  # without a scan
ENOUGH: Final = 10  # parcels behind a lane before its figures count
SMALL: Final = frozenset({"jewellery", "sewing", "stickers"})  # S73: often never scanned
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long is normal for a parcel. ``first``: from its start to the first scan; ``check``: until the number must be
    doubted; ``stalled`` and ``lost``: without a scan on the way; ``whole``: from the first scan to the door, None = not
    known. ``measure`` says what that goes by.
    """

    first: timedelta
    check: timedelta
    stalled: timedelta
    lost: timedelta
    measure: Message
    whole: timedelta | None = None


ABROAD: Final = Limits(
    first=timedelta(days=10),
    check=timedelta(days=15),
    stalled=timedelta(days=15),
    lost=LOST,
    measure=Message(id="finding.by.usual"),
)
AT_HOME: Final = Limits(
    first=timedelta(days=6),  # four business days after the label
    check=timedelta(days=9),
    stalled=timedelta(days=5),  # three business days
    lost=LOST,
    measure=Message(id="finding.by.usual_at_home"),
)


def limits(origin: str, destination: str, lane: Lane | None) -> Limits:
    """The lane's own figures where it has enough parcels, each filled up by the published one."""
    usual = AT_HOME if origin and origin == destination else ABROAD
    if lane is None or lane.parcels < ENOUGH:
        return usual
    first = max(_DAY, lane.first_scan_p85) if lane.first_scan_p85 else usual.first
    stalled = max(_DAY, _silence(lane) or usual.stalled)
    return Limits(
        first=first,
        check=first * (usual.check / usual.first),
        stalled=stalled,
        lost=max(usual.lost, 2 * stalled),
        whole=lane.transit_p85,
        measure=Message(id="finding.by.lane", values={"count": lane.parcels}),
    )


def _silence(lane: Lane) -> timedelta | None:
    """The silence that hardly any parcel of the lane has had."""
    return lane.silence_p98 or (lane.silence_p85 * 1.5 if lane.silence_p85 else None)
