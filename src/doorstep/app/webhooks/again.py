"""Going through the ledger once more: for what was missed while an endpoint was paused, and for a replay."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from doorstep.app import clock, outbox
from doorstep.app.webhooks import intents
from doorstep.db.models import Change, Endpoint, Sending

PAGE: Final = 500  # changes of one step
KEPT: Final = timedelta(days=30)  # what happened longer ago is told by a replay only
MARGIN: Final = timedelta(minutes=1)  # ids and instants of several machines may differ by so much
SETTLED_S: Final = (
    20.0  # real seconds: by then every process knows who listens (``intents.FRESH_S``), and has committed
)


def catch_up(one: Endpoint, since: datetime) -> None:
    """Have it told what it was not told since an instant, a little later. The caller saves it."""
    _reread(one, max(since, clock.now() - KEPT), outbox.wait_real(SETTLED_S), told_too=False)


def replay(one: Endpoint, since: datetime) -> None:
    """Have it told everything since an instant, whether it was told or not, as soon as may be. The caller saves it."""
    _reread(one, since, clock.now(), told_too=True)


def _reread(one: Endpoint, since: datetime, at: datetime, *, told_too: bool) -> None:
    """What was asked for before and is not done yet is done with it."""
    one.reread_from = min(since, one.reread_from or since)
    one.reread_at = max(at, one.reread_at or at)
    one.reread_all = one.reread_all or told_too
    one.reread_after = one.reread_until = 0


def step(ws: int, endpoint_id: int, token: int) -> bool:
    """Look at the next changes; False when there is nothing to look at (any more), or the lease was lost."""
    with transaction.atomic():
        one = Endpoint.objects.select_for_update().filter(ws=ws, id=endpoint_id, lease_token=token).first()
        if one is None or one.reread_from is None or not one.reread_at or one.reread_at > clock.now():
            return False
        if not one.reread_until:
            one.reread_after, one.reread_until = _span(one, one.reread_from)
        some = Change.objects.filter(ws=ws, id__gt=one.reread_after, id__lte=one.reread_until).order_by("id")
        changes = list(some[:PAGE])
        _tell(one, [change for change in changes if change.known_at >= one.reread_from])
        if len(changes) == PAGE:
            one.reread_after = changes[-1].id
        else:
            one.reread_from = one.reread_at = None
            one.reread_after = one.reread_until = 0
            one.reread_all = False
        one.save(update_fields=["reread_from", "reread_at", "reread_after", "reread_until", "reread_all"])
        return True


def _span(one: Endpoint, since: datetime) -> tuple[int, int]:
    """The last change before an instant, and the last of all. From the newest backwards: what is wanted is recent."""
    every = Change.objects.filter(ws=one.ws).order_by("-id").values_list("id", flat=True)
    return every.filter(known_at__lt=since - MARGIN).first() or 0, every.first() or 0


def _tell(one: Endpoint, changes: Sequence[Change]) -> None:
    listener = intents.listener(one)
    wanted = [change for change in changes if listener.wants(change)]
    if one.reread_all:
        told = Sending.objects.filter(ws=one.ws, endpoint_id=one.id, change_id__in=[change.id for change in wanted])
        told.exclude(state="due").update(state="due", due_at=clock.now(), tries=0)
    intents.write(one.ws, [(one.id, change) for change in wanted])
