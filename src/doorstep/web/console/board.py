"""The order board: what is asked for stands in the address, so that every view of it is a link."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.overview import board, bulk, columns, saved_views
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import SavedView
from doorstep.web.console import resync
from doorstep.web.console.answers import attempt, tell
from doorstep.web.console.cells import Table
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

REMEMBERED: Final = "columns"  # session key of the columns that somebody chose for good
RIGHT: Final = frozenset({"items", "placed"})  # columns of numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for. ``columns`` () = those that are remembered."""

    tab: str = "all"
    query: str = ""
    columns: tuple[str, ...] = ()
    after: str = ""

    @property
    def address(self) -> str:
        """The address of this view."""
        said = self.parameters
        return f"{reverse('board')}?{said}" if said else reverse("board")

    @property
    def parameters(self) -> str:
        """The same without the path; what is usual is left out."""
        said = {"tab": "" if self.tab == "all" else self.tab, "q": self.query, "cols": ",".join(self.columns)}
        return urlencode({name: value for name, value in {**said, "after": self.after}.items() if value})

    def on(self, tab: str) -> str:
        """The address of another tab of the same view."""
        return replace(self, tab=tab, after="").address


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Tabs, search, and a page of orders."""
    asked = _asked(request)
    found = board.find(caller.ws, asked.query)
    try:
        page = board.page(caller.ws, asked.tab, found, asked.after)
    except ValueError:  # an old or mistyped address
        return redirect("board")
    shown = columns.chosen(asked.columns or request.session.get(REMEMBERED, ()))
    work = resync.context(caller)
    context = (
        _tabs(caller, asked, found)
        | work
        | {
            "here": "board",
            "page": page,
            "body": Table(shown, stores=_several(work), picks=True).draw(page.rows),
            "columns": shown,
            "every_column": columns.COLUMNS[1:],
            "right": RIGHT,
            "first": replace(asked, after="").address if asked.after else "",
            "next": replace(asked, after=page.after).address if page.after else "",
            "export": replace(asked, columns=shown, after="").parameters,
            "too_many": found is not None and found.more,
            "views": saved_views.of(caller.ws),
            "verbs": [one for one in bulk.VERBS if caller.may(bulk.needs(one))],
            "undoable": bulk.last(caller.ws, caller.actor),
            "may_handle": caller.may(Action.HANDLE),
            "may_export": caller.may(Action.EXPORT),
            "first_run": not page.rows and asked == Asked() and board.empty(caller.ws),
        }
    )
    return render(request, "console/board.html", context)


@require_safe
@member(Action.SEE)
def tabs(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The tabs with their counts, asked for every few seconds; tells the rows when anything changed (htmx event)."""
    if request.GET.get("mark") == board.mark(caller.ws):
        return HttpResponse(status=204)
    asked = _asked(request)
    answer = render(request, "console/board_tabs.html", _tabs(caller, asked, board.find(caller.ws, asked.query)))
    answer.headers["HX-Trigger"] = "board-changed"
    return answer


@require_POST
@member(Action.SEE)
def choose_columns(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Remember which columns this person wants to see."""
    names = request.POST.getlist("column")
    request.session[REMEMBERED] = [] if request.POST.get("do") == "usual" else list(columns.chosen(names))
    return redirect(_asked(request, request.POST.get("back", "")).address)


@require_POST
@member(Action.HANDLE)
def save_view(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Keep the view under a name, for everybody in the workspace; or drop one."""
    asked = _asked(request, request.POST.get("back", ""))
    if dropped := request.POST.get("drop", ""):
        saved_views.drop(caller.ws, whole(dropped), caller.actor)
        return redirect(asked.address)
    shown = columns.chosen(asked.columns or request.session.get(REMEMBERED, ()))
    view = SavedView(ws=caller.ws, tab=asked.tab, query=asked.query, columns=list(shown))
    if attempt(request, lambda: saved_views.save(view, request.POST.get("name", ""), caller.actor)):
        tell(request, Message(id="views.saved", values={"name": view.name}))
    return redirect(replace(asked, columns=shown, after="").address)


def _asked(request: HttpRequest, said: str | None = None) -> Asked:
    """From the request's own parameters, or from those that a form gave back; unknown columns are left out."""
    given = request.GET if said is None else QueryDict(said)
    named = [one for one in given.get("cols", "").split(",") if one]
    return Asked(
        tab=given.get("tab", "") or "all",
        query=given.get("q", "").strip()[:200],
        columns=columns.chosen(named) if named else (),
        after=given.get("after", ""),
    )


def _several(work: dict[str, object]) -> bool:
    return len(getattr(work["resyncs"], "shops", ())) > 1


def _tabs(caller: Caller, asked: Asked, found: board.Found | None) -> dict[str, object]:
    counts = board.counts(caller.ws, found)
    return {
        "asked": asked,
        "tab": asked.tab,
        "query": asked.query,
        "counts": [
            (tab, count, f"{board.COUNTED}+" if count > board.COUNTED else str(count), asked.on(tab))
            for tab, count in counts.items()
            if tab not in board.VIEWS or tab == asked.tab
        ],
        "state": f"{asked.parameters}&mark={board.mark(caller.ws)}",
    }
