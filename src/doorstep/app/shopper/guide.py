"""Delivered, says the carrier, but not received (S15): what to do, and by when. The dates count from when the shopper
said so, else from the delivery; they do not move from one day to the next.
"""

from datetime import datetime, timedelta
from typing import Final

from doorstep.core.message import Message
from doorstep.core.status import Status

DAY: Final = timedelta(days=1)
# When a parcel may be said to be here, and when to be missing: before the carrier calls it delivered it is on its way.
_MAY_BE_HERE: Final = frozenset(Status) - {
    Status.PENDING,
    Status.NOT_FOUND,
    Status.INFO_RECEIVED,
    Status.CANCELLED,
    Status.RETURNED,
}
_MAY_BE_MISSED: Final = frozenset({Status.DELIVERED, Status.EXPIRED})


def answers(status: Status, mark: str) -> tuple[str, ...]:
    """What the shopper may say of a parcel now; what is said already is not offered again."""
    here = ("received", "damaged") if status in _MAY_BE_HERE else ()
    missed = ("missing",) if status in _MAY_BE_MISSED else ()
    return tuple(one for one in ("received", "missing", "damaged") if one in {*here, *missed} - {mark})


def steps(delivered_at: datetime | None, said_at: datetime | None, now: datetime) -> tuple[Message, ...]:
    """The steps, in order. What may still come by itself is only waited for shortly after the delivery."""
    begin = said_at or delivered_at or now
    early = (delivered_at or now) + DAY
    return (
        Message(id="page.guide.look"),
        Message(id="page.guide.place"),
        *([_by("early", early)] if early > now else []),
        Message(id="page.guide.tell"),
        _by("carrier", begin + 2 * DAY),
        _by("again", begin + 4 * DAY),
        _by("claim", begin + 14 * DAY),
    )


def _by(step: str, at: datetime) -> Message:
    return Message(id=f"page.guide.{step}", values={"at": at.isoformat()})
