"""Asking for fresh data now: one parcel, once per five minutes, whoever asks and from wherever; once a day when it is
done. Whole stores: ``app.track.resync_store``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import transaction

from doorstep.app import clock, loop
from doorstep.app.ledger import freshness, scans
from doorstep.core.message import Message
from doorstep.core.resync import CLOSED_COOLDOWN, PARCEL_COOLDOWN, may_resync, outcome, too_soon
from doorstep.core.status import Status, closed
from doorstep.db.models import Connection, Cooldown, Inbox, Parcel, ParcelNumber, Resync, Schedule, Watch

Place = Literal["console", "page", "api"]
PATIENCE_S: Final = 600.0  # a resync that got no answer for so many real seconds has failed
SCOPE: Final = "parcel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whether a resync was accepted, and when the next one is possible."""

    accepted: bool
    next_allowed_at: datetime
    resync_id: int = 0
    message: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a resync; ``message`` None = still under way."""

    next_allowed_at: datetime
    message: Message | None = None


def ask_parcel(ws: int, parcel_id: int, place: Place, actor: str) -> Asked:
    """Have the parcel's carriers asked now. The cool-down is set in the transaction that accepts."""
    now = clock.now()
    with transaction.atomic():
        parcel = Parcel.objects.select_for_update().get(ws=ws, id=parcel_id)
        cooldown = Cooldown.objects.filter(ws=ws, scope=SCOPE, target_id=parcel_id).first()
        rest = _rest(parcel.status)
        wait = may_resync(cooldown.next_allowed_at - rest if cooldown else None, now, rest)
        if wait is not None:
            return Asked(accepted=False, next_allowed_at=wait, message=too_soon(wait, rest))
        watches = _watches(ws, parcel_id)
        if not watches:
            return Asked(accepted=False, next_allowed_at=now, message=Message(id="resync.nobody_to_ask"))
        next_at = now + rest
        Cooldown.objects.update_or_create(
            ws=ws, scope=SCOPE, target_id=parcel_id, defaults={"next_allowed_at": next_at}
        )
        row = Resync.objects.create(
            ws=ws,
            scope=SCOPE,
            target_id=parcel_id,
            place=place,
            actor=actor,
            accepted_at=now,
            status_before=parcel.status,
        )
        for watch in watches:
            Schedule.objects.update_or_create(
                ws=ws, number_id=watch.number_id, connection_id=watch.connection_id, defaults={"next_at": now}
            )
    loop.wake("poll")
    return Asked(accepted=True, next_allowed_at=next_at, resync_id=row.id)


def result(ws: int, resync_id: int) -> Result:
    """What came of it so far, computed from what was asked and understood since. Raises Resync.DoesNotExist."""
    row = Resync.objects.get(ws=ws, id=resync_id)
    next_at = row.accepted_at + _rest(row.status_before)
    watches = _watches(ws, row.target_id)
    asked = [one for one in watches if one.asked_at and one.asked_at >= row.accepted_at]
    answered = [one for one in asked if one.answered_at and one.answered_at >= row.accepted_at]
    late = clock.real_seconds(clock.now() - row.accepted_at) > PATIENCE_S
    failed = [one for one in asked if one not in answered and one.failures]
    if not late and (len(answered) + len(failed) < len(watches) or _under_way(row, watches)):
        return Result(next_allowed_at=next_at)
    parcel = Parcel.objects.get(ws=ws, id=row.target_id)
    numbers = {one.number_id for one in watches}
    new = sum(heard.news_since(row.accepted_at) for heard in scans.of(ws, numbers).values())
    changed = parcel.status != row.status_before
    return Result(
        next_allowed_at=next_at,
        message=outcome(new_events=new, changed=changed, failed=not answered, next_at=next_at),
    )


def last(ws: int, parcel_id: int) -> Resync | None:
    """The newest resync of a parcel."""
    return Resync.objects.filter(ws=ws, scope=SCOPE, target_id=parcel_id).order_by("-id").first()


def next_allowed_at(ws: int, parcel_id: int) -> datetime | None:
    """When the next resync is possible; None = now."""
    row = Cooldown.objects.filter(ws=ws, scope=SCOPE, target_id=parcel_id).first()
    return row.next_allowed_at if row and row.next_allowed_at > clock.now() else None


def _rest(status: str) -> timedelta:
    """How long a parcel of that status is left alone after it was asked about."""
    return CLOSED_COOLDOWN if closed(Status(status)) else PARCEL_COOLDOWN


def _watches(ws: int, parcel_id: int) -> list[Watch]:
    """The current numbers of a parcel, as far as an account watches them."""
    live = ParcelNumber.objects.filter(ws=ws, parcel_id=parcel_id, until=None).values_list("number_id", flat=True)
    carriers = Connection.objects.filter(ws=ws, kind="carrier", state="active").values_list("id", flat=True)
    return freshness.known(ws, numbers=live, accounts=carriers)


def _under_way(row: Resync, watches: list[Watch]) -> bool:
    """Whether somebody is being asked, or an answer that came since still waits to be understood."""
    accounts, numbers = {one.connection_id for one in watches}, {one.number_id for one in watches}
    leased = Schedule.objects.filter(ws=row.ws, number_id__in=numbers, connection_id__in=accounts, lease_token__gt=0)
    if leased.exists():
        return True
    waiting = Inbox.objects.filter(ws=row.ws, connection_id__in=accounts, state="new")
    return waiting.filter(received_at__gte=row.accepted_at).exists()
