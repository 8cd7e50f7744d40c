"""Inbox rows that wait for something not known yet."""

from doorstep.app import loop
from doorstep.db.models import Inbox, Waiting


def release(ws: int, *refs: str) -> int:
    """Have the rows that waited for one of ``refs`` read again; returns how many. Part of the caller's transaction."""
    waiting = Waiting.objects.filter(ws=ws, ref__in=refs)
    ids = list(waiting.values_list("inbox_id", flat=True))
    if not ids:
        return 0
    waiting.delete()
    count = Inbox.objects.filter(ws=ws, id__in=ids).exclude(state="new").update(state="new")
    loop.wake("inbox")
    return count
