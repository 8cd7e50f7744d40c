"""Having a whole store asked about, from the board: choosing, watching, stopping."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.track import resync_store, resync_view
from doorstep.core.resync import Range
from doorstep.core.roles import Action
from doorstep.db.models import Connection, Resync
from doorstep.web.console.answers import tell
from doorstep.web.gate import Caller, member

RANGES: Final = (Range.DAYS_30, Range.DAYS_60, Range.DAYS_7, Range.TODAY, Range.YESTERDAY)  # as merchants read them


def context(caller: Caller) -> dict[str, object]:
    """What the board needs to show resyncs."""
    return {
        "resyncs": resync_view.board(caller.ws),
        "ranges": RANGES,
        "may_resync": caller.may(Action.RESYNC),
    }


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """How far the resyncs are, asked for every few seconds while one runs."""
    return render(request, "console/board_resync.html", context(caller))


@require_POST
@member(Action.RESYNC)
def ask(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Have one store asked about, or all of them (``store`` empty)."""
    try:
        chosen = Range(request.POST.get("range", ""))
    except ValueError:
        raise Http404 from None
    for store_id in _stores(caller, request.POST.get("store", "")):
        asked = resync_store.ask_store(caller.ws, store_id, chosen, caller.actor)
        for message in asked.messages:
            tell(request, message, wrong=not asked.accepted)
    return redirect("board")


@require_POST
@member(Action.RESYNC)
def cancel(request: HttpRequest, caller: Caller, resync_id: int) -> HttpResponse:
    """Ask about no more parcels."""
    try:
        resync_store.cancel(caller.ws, resync_id, caller.actor)
    except Resync.DoesNotExist:
        raise Http404 from None
    return redirect("board")


def _stores(caller: Caller, named: str) -> list[int]:
    stores = Connection.objects.filter(ws=caller.ws, kind="store").exclude(state="removed").order_by("id")
    ids = list(stores.values_list("id", flat=True))
    if not named:
        return ids
    if named not in map(str, ids):
        raise Http404
    return [int(named)]
