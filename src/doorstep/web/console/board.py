"""The order board."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from doorstep.app import board
from doorstep.core.roles import Action
from doorstep.web.console import resync
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Tabs, search, and a page of orders."""
    query, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    tab = request.GET.get("tab", "all")
    try:
        page = board.page(caller.ws, tab, query, after)
    except ValueError:  # an old or mistyped address
        return redirect("board")
    context = (
        _tabs(caller, tab, query)
        | resync.context(caller)
        | {
            "here": "board",
            "page": page,
            "after": after,
            "first_run": not page.rows and tab == "all" and board.empty(caller.ws),
        }
    )
    return render(request, "console/board.html", context)


@require_safe
@member(Action.SEE)
def tabs(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The tabs with their counts, asked for every few seconds; tells the rows when anything changed (htmx event)."""
    tab, query = request.GET.get("tab", "all"), request.GET.get("q", "")
    if request.GET.get("mark") == board.mark(caller.ws):
        return HttpResponse(status=204)
    answer = render(request, "console/board_tabs.html", _tabs(caller, tab, query))
    answer.headers["HX-Trigger"] = "board-changed"
    return answer


def _tabs(caller: Caller, tab: str, query: str) -> dict[str, object]:
    state = urlencode({"tab": tab, "q": query, "mark": board.mark(caller.ws)})
    return {"tab": tab, "query": query, "counts": board.counts(caller.ws, query), "state": state}
