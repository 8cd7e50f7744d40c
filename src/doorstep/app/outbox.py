"""The outbox: claiming what is due, with a lease that every later write checks."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.leases import free, new_token
from doorstep.core.cadence import spread
from doorstep.core.message import Message
from doorstep.db.models import Outbox

LEASE_S: Final = 180.0  # several requests, each shorter than its own time-out; no request may outlive its lease
TRIES: Final = 12
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Leased:
    """An intent that we carry out. ``interrupted``: somebody began before us and never said how it ended. ``row.tries``
    counts what the other side failed to take; that we died meanwhile is not its fault.
    """

    row: Outbox
    token: int
    interrupted: bool


def claim(lanes: Collection[str] = ()) -> Leased | None:
    """Lease the intent that is due longest; None when none is. Intents of one target and parcel keep their order. Of
    ``lanes`` only, where they are named: a newer worker may know lanes that this one does not.
    """
    with transaction.atomic():
        machine = clock.machine()
        due = Outbox.objects.filter(free(machine), state__in=["due", "sending", "unsure"], due_at__lte=clock.now())
        if lanes:
            due = due.filter(lane__in=lanes)
        row = due.select_for_update(skip_locked=True).order_by("due_at", "id").first()
        if row is None:
            return None
        token = new_token()
        leased = Leased(row, token, interrupted=row.state in {"sending", "unsure"})
        Outbox.objects.filter(ws=row.ws, id=row.id).update(lease_token=token, lease_until=machine + LEASE_S)
        return leased


def mark(leased: Leased, state: str, **values: Any) -> bool:
    """Write under the lease; False (and nothing written) when it was lost."""
    mine = Outbox.objects.filter(ws=leased.row.ws, id=leased.row.id, lease_token=leased.token)
    return mine.update(state=state, **values) == 1


def done(leased: Leased) -> bool:
    """Carried out; nobody looks at it again."""
    return mark(leased, "done", lease_token=0, lease_until=0.0, error=None)


def later(leased: Leased, state: str, reason: Message, wait: timedelta | None = None) -> str:
    """Try again after ``wait``, which somebody else named and which therefore counts as no try, or after a back-off
    that doubles and is spread; after too many tries a person must ask. Returns the state it has now, '' when the lease
    was lost.
    """
    if wait is not None:
        return _again(leased, state, reason, wait, leased.row.tries)
    tries = leased.row.tries + 1
    if tries >= TRIES and state == "due":
        return _again(leased, "dead", reason, timedelta(0), tries)
    wait = spread(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries - 1, 12)), leased.row.id + tries)
    return _again(leased, state, reason, wait, tries)


def again(leased: Leased, reason: Message) -> str:
    """Try again at once, unless that was tried too often; returns as ``later``."""
    tries = leased.row.tries
    return _again(leased, "dead" if tries >= TRIES else "due", reason, timedelta(0), tries)


def _again(leased: Leased, state: str, reason: Message, wait: timedelta, tries: int) -> str:
    values = {"due_at": clock.now() + wait, "tries": tries, "error": asdict(reason)}
    mine = mark(leased, state, lease_token=0, lease_until=clock.machine() + 1.0, **values)
    return state if mine else ""


def give_up(leased: Leased, reason: Message) -> bool:
    """No repetition will help. ``due_at`` says from now on since when nothing is done any more."""
    return mark(leased, "dead", due_at=clock.now(), lease_token=0, lease_until=0.0, error=asdict(reason))


def wait_real(seconds: float) -> datetime:
    """The instant of the product's clock that comes in so many real seconds."""
    rate = 1 / max(clock.real_seconds(timedelta(seconds=1)), 1e-9)
    return clock.now() + timedelta(seconds=seconds * rate)
