"""Holds that end by themselves, and leases left behind by a process that died."""

from datetime import timedelta
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Least

from doorstep.app import clock
from doorstep.app.ledger.changes import By
from doorstep.app.log import logger
from doorstep.app.merge.source import Touched
from doorstep.app.process.parting import UNSURE, ended
from doorstep.app.settle import settle
from doorstep.db.models import Feed, Outbox, Push, Schedule

log = logger(__name__)
AGAIN: Final = timedelta(hours=1)


def release(limit: int = 50) -> int:
    """Decide again about pushes whose hold is over; returns how many orders. One that fails stops nobody."""
    over = Push.objects.filter(state="held", hold_until__lte=clock.now())
    orders = {(push.ws, push.order_id) for push in over.order_by("hold_until")[:limit]}
    for ws, order_id in sorted(orders):
        mine = over.filter(ws=ws, order_id=order_id)
        try:
            with transaction.atomic():
                settle(By(ws, "clock"), Touched(orders={order_id}))
                mine.update(hold_until=None)  # of a parcel that is no longer this order's: only a new fact changes it
        except OperationalError:
            raise  # a busy database says nothing about the order
        except Exception:
            log.exception("hold.failed", order_id=order_id)
            mine.update(hold_until=clock.now() + AGAIN)
    return len(orders)


def bury_the_dead() -> None:
    """At the start of the only process: nobody holds any lease. What was being sent rests until its request, which may
    have left a moment ago, must have ended; then it is looked at.
    """
    with transaction.atomic():
        Outbox.objects.filter(lease_until__gt=0, state="due").update(lease_until=0.0)
        rests = {"lease_until": Least(F("lease_until"), ended()), "state": UNSURE}
        Outbox.objects.filter(lease_until__gt=0).update(**rests)
        Schedule.objects.filter(lease_token__gt=0).update(lease_until=0.0, lease_token=0)
        Feed.objects.filter(lease_token__gt=0).update(lease_until=0.0, lease_token=0)
