"""What carrier accounts know of numbers, and how fresh that is: an answer that says nothing new is noted in the
schedule alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max

from doorstep.db.models import Schedule, Watch


def known(ws: int, *, numbers: Iterable[int], accounts: Iterable[int] | None = None) -> list[Watch]:
    """What these accounts (None = all) know of these numbers, with when they were asked and answered last; not those
    that are not asked because another one is.
    """
    mine: dict[str, Any] = {"ws": ws, "number_id__in": list(numbers)}
    if accounts is not None:
        mine["connection_id__in"] = list(accounts)
    rows = list(Watch.objects.filter(**mine, elsewhere=False))
    refresh(rows, Schedule.objects.filter(**mine).exclude(same_at=None))
    return rows


def refresh(rows: Iterable[Watch], places: Iterable[Schedule]) -> None:
    """Bring watches up to date by the schedule; nothing is written."""
    same = {(one.number_id, one.connection_id): one.same_at for one in places if one.same_at}
    for row in rows:
        at = same.get((row.number_id, row.connection_id))
        if at:
            row.asked_at, row.answered_at = max(row.asked_at or at, at), max(row.answered_at or at, at)


def answered_at(ws: int, account: int) -> datetime | None:
    """When an account answered last about any number."""
    told = Watch.objects.filter(ws=ws, connection_id=account).aggregate(last=Max("answered_at"))["last"]
    same = Schedule.objects.filter(ws=ws, connection_id=account).aggregate(last=Max("same_at"))["last"]
    return max((at for at in (told, same) if at), default=None)


def newest(ws: int, account: int) -> Watch | None:
    """What an account knows of the number it was asked about last."""
    mine = {"ws": ws, "connection_id": account}
    told = Watch.objects.filter(**mine).order_by("-asked_at").first()
    place = Schedule.objects.filter(**mine).exclude(same_at=None).order_by("-same_at").first()
    if place and place.same_at and (told is None or told.asked_at is None or told.asked_at < place.same_at):
        told = Watch.objects.filter(**mine, number_id=place.number_id).first()
        refresh([told] if told else [], [place])
    return told
