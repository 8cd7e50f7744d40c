"""Doing something to many orders: what would happen, doing it, undoing it. Also downloading what a view shows."""

from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.audit import record
from doorstep.app.overview import board, board_export, bulk, columns
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Bulk
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import fits


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What would happen to each of the picked orders. Changes nothing."""
    verb, ids = _verb(request.GET, caller), _ids(request.GET)
    if not ids:
        tell(request, Message(id="bulk.none_picked"), wrong=True)
        return redirect("board")
    plans: list[bulk.Planned] = []
    if not attempt(request, lambda: plans.extend(bulk.plan(caller.ws, verb, ids))):
        return redirect("board")
    does = sum(one.does for one in plans)
    context = {"here": "board", "verb": verb, "plans": plans, "does": does, "undoable": verb in bulk.UNDOES}
    return render(request, "console/bulk.html", context)


@require_POST
@member(Action.SEE)
def act(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Do it."""
    verb, ids = _verb(request.POST, caller), _ids(request.POST)

    def do() -> None:
        done, refused = bulk.carry_out(caller.ws, verb, ids, caller.actor)
        tell(request, Message(id=f"bulk.done.{verb}", values={"count": done}), wrong=not done)
        if refused:
            tell(request, Message(id="bulk.refused", values={"count": refused}), wrong=True)

    attempt(request, do)
    return redirect("board")


@require_POST
@member(Action.PUSH)
def undo(request: HttpRequest, caller: Caller, bulk_id: int) -> HttpResponse:
    """Do the opposite to the same orders."""
    try:
        count, under_way = bulk.undo(caller.ws, bulk_id, caller.actor)
    except Bulk.DoesNotExist:
        raise Http404 from None
    tell(request, Message(id="bulk.undone", values={"count": count}), wrong=not count)
    if under_way:
        tell(request, Message(id="bulk.under_way", values={"count": under_way}), wrong=True)
    return redirect("board")


@require_safe
@member(Action.EXPORT)
def export(request: HttpRequest, caller: Caller, kind: str) -> StreamingHttpResponse:
    """What a view shows, all pages of it, as a file; with ``order`` the picked orders only. The trail says who took
    it: that is all it changes.
    """
    tab, query = request.GET.get("tab") or "all", request.GET.get("q", "")
    if tab not in board.TABS or kind not in board_export.KINDS:
        raise Http404
    picked = _ids(request.GET)
    shown = columns.chosen(request.GET.get("cols", "").split(","))
    rows = board.of(caller.ws, picked) if picked else board_export.rows(caller.ws, tab, query)
    record(caller.ws, caller.actor, "orders.export", "board", after={"tab": tab, "kind": kind})
    made = board_export.csv(rows, shown) if kind == "csv" else [board_export.xlsx(rows, shown)]
    headers = {"Content-Disposition": f'attachment; filename="orders.{kind}"'}
    return StreamingHttpResponse(made, content_type=board_export.KINDS[kind], headers=headers)


def _verb(said: QueryDict, caller: Caller) -> str:
    """What is to be done. Raises Http404 for what nobody or not this person can do."""
    verb = said.get("do", "")
    if verb not in bulk.VERBS or not caller.may(bulk.needs(verb)):
        raise Http404
    return verb


def _ids(said: QueryDict) -> list[int]:
    return [int(one) for one in dict.fromkeys(said.getlist("order")) if fits(one)]
