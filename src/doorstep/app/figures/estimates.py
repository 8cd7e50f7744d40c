"""When a parcel will be there, for the eye: the carrier's own word where it gave one, else what own history says."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from doorstep.app.figures.lanes import Learned, passage_of
from doorstep.core.eta import estimate
from doorstep.core.history import Rung
from doorstep.core.status import Status
from doorstep.db.models import Parcel

# Here nobody can say when: it waits for a person, or is on its way back.
_OPEN: Final = frozenset(
    {
        Status.PICKED_UP,
        Status.IN_TRANSIT,
        Status.CUSTOMS,
        Status.ARRIVED,
        Status.OUT_FOR_DELIVERY,
        Status.ATTEMPT_FAILED,
        Status.INFO_RECEIVED,
        Status.NOT_FOUND,
        Status.PENDING,
        Status.EXPIRED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """``start`` to ``end``. ``sure``: ``said`` = by the carrier; else how sure own history is (``core.eta.Sure``), of
    which ``parcels`` stand behind it.
    """

    start: date
    end: date
    sure: str
    parcels: int = 0


def window(parcel: Parcel, learned: Learned, now: datetime) -> Window | None:
    """None where nobody can say, and where what was said has passed. Days are those of the carrier's own word, else
    of UTC.
    """
    if parcel.closed_at or Status(parcel.status) not in _OPEN:
        return None
    if parcel.eta_to and parcel.eta_to >= now.date():
        return Window(start=max(parcel.eta_from or parcel.eta_to, now.date()), end=parcel.eta_to, sure="said")
    found = estimate(passage_of(parcel), learned.history, now)
    if found is None or found.rung is Rung.PUBLISHED:
        return None
    return Window(start=found.p50.date(), end=found.p85.date(), sure=found.sure.value, parcels=found.parcels)
