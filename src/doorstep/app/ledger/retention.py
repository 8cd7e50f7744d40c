"""Raw bytes are kept for so many days (``KEEP_BODIES_DAYS``), then emptied, a few at a time. The row stays, with its
hash: what came is not taken twice, and its scans are read again from their stored words (``app.reading.reread``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import clock
from doorstep.db.models import Inbox, Waiting, Workspace

STEP: Final = 200  # rows looked at in one transaction
LOOK_S: Final = 600.0  # real seconds between two rounds
_ws = 0  # the workspace whose rows are being looked at
_done: dict[int, int] = {}  # of each workspace the last row that was looked at by this process


def step(limit: int = STEP) -> bool:
    """Empty the next old bodies; False when the round is over. Rows of a workspace are in the order in which they
    came, so the first young one ends its turn.
    """
    global _ws  # noqa: PLW0603 - this process's place in the round
    before = oldest_kept()
    rows = Inbox.objects.filter(ws=_ws, id__gt=_done.get(_ws, 0)).order_by("id")
    old = [row_id for row_id, at in rows.values_list("id", "received_at")[:limit] if at < before]
    if old:
        empty(_ws, old)
        _done[_ws] = old[-1]
    if len(old) == limit:
        return True
    _ws = Workspace.objects.filter(id__gt=_ws).order_by("id").values_list("id", flat=True).first() or 0
    return _ws != 0


def empty(ws: int, ids: Sequence[int]) -> int:
    """Empty these bodies, unless nobody has read them yet; returns how many. Nobody can look at such a mail any more,
    and what it waited for is not waited for. What a shop said ``beside`` its orders (buyers, in one that tells them
    apart) goes with the body.
    """
    with transaction.atomic():
        rows = full().filter(ws=ws, id__in=ids).exclude(state="new")
        rows.filter(state="needs_look").update(state="read", error=None)
        Waiting.objects.filter(ws=ws, inbox_id__in=ids).delete()
        for row in rows.filter(headers__context__has_key="beside").only("id", "headers"):
            context = {name: value for name, value in row.headers["context"].items() if name != "beside"}
            Inbox.objects.filter(ws=ws, id=row.id).update(headers={**row.headers, "context": context})
        return rows.update(body_zstd=b"")


def full() -> QuerySet[Inbox]:
    """Inbox rows that still have their bytes."""
    return Inbox.objects.exclude(body_zstd=b"")


def oldest_kept() -> datetime:
    """What was received before this is to be emptied."""
    return clock.now() - timedelta(days=settings.KEEP_BODIES_DAYS)


def overdue() -> int:
    """How many bodies are older than they should be."""
    return full().filter(received_at__lt=oldest_kept()).exclude(state="new").count()
