"""Holds that end by themselves, and leases left behind by a process that died."""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from doorstep.app import clock
from doorstep.app.changes import By
from doorstep.app.deliver import GRACE_S
from doorstep.app.merge.source import Touched
from doorstep.app.settle import settle
from doorstep.db.models import Feed, Outbox, Push, Schedule


def release(limit: int = 50) -> int:
    """Decide again about pushes whose hold is over; returns how many orders."""
    over = Push.objects.filter(state="held", hold_until__lte=clock.now()).order_by("hold_until")[:limit]
    orders = {(push.ws, push.order_id) for push in over}
    for ws, order_id in sorted(orders):
        with transaction.atomic():
            settle(By(ws, "clock"), Touched(orders={order_id}))
    return len(orders)


def bury_the_dead() -> None:
    """At the start of the only process: nobody holds any lease. What was being sent rests until its request, which may
    have left a moment ago, must have ended; then it is looked at.
    """
    ended = clock.machine() + settings.HTTP_TIMEOUT_S + GRACE_S
    with transaction.atomic():
        Outbox.objects.filter(lease_until__gt=0, state="due").update(lease_until=0.0)
        Outbox.objects.filter(lease_until__gt=0).update(lease_until=Least(F("lease_until"), ended))
        Schedule.objects.filter(lease_token__gt=0).update(lease_until=0.0, lease_token=0)
        Feed.objects.filter(lease_token__gt=0).update(lease_until=0.0, lease_token=0)
