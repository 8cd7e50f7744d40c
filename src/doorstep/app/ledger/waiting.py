"""Inbox rows that wait for something not known yet."""

from doorstep.app import loop
from doorstep.db.load import fetch
from doorstep.db.models import Inbox, Waiting


def release(ws: int, *refs: str) -> int:
    """Have the rows that waited for one of ``refs`` read again; returns how many. Part of the caller's transaction."""
    ids = [one.inbox_id for ref in refs for one in fetch(Waiting, ws, "ref = %s", ref)]
    if not ids:
        return 0
    Waiting.objects.filter(ws=ws, ref__in=refs).delete()
    count = Inbox.objects.filter(ws=ws, id__in=ids).exclude(state="new").update(state="new")
    loop.wake("inbox")
    return count
