"""The audit log: who did what, when, to what; as a file; and whether anybody changed it afterwards."""

from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.app import audit
from doorstep.app.overview import trail
from doorstep.app.overview.trail import Filter
from doorstep.core.roles import Action
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole

_NAMES = ("who", "verb", "about", "since", "until")


@require_safe
@member(Action.POLICY)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A page of the log; with ``?check`` the whole chain is followed and the result said."""
    wanted, after = _filter(request), request.GET.get("after", "")
    found = trail.page(caller.ws, wanted, whole(after))
    who, verbs = trail.choices(caller.ws)
    said = {name: request.GET.get(name, "") for name in _NAMES if request.GET.get(name)}
    context = {
        "here": "settings",
        "tab": "audit",
        "found": found,
        "who": who,
        "verbs": verbs,
        "form": said,
        "said": urlencode(said),
        "checked": "check" in request.GET,
        "whole": audit.unbroken(caller.ws) if "check" in request.GET else False,
    }
    return render(request, "console/audit.html", context)


@require_safe
@member(Action.EXPORT)
def export(request: HttpRequest, caller: Caller) -> StreamingHttpResponse:
    """What the filter lets through, as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "private, no-store"}
    rows = trail.csv(caller.ws, _filter(request))
    return StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8", headers=headers)


def _filter(request: HttpRequest) -> Filter:
    said = {name: request.GET.get(name, "")[:100] for name in _NAMES}
    return Filter(
        who=said["who"], verb=said["verb"], about=said["about"], since=_day(said["since"]), until=_day(said["until"])
    )


def _day(text: str) -> date | None:
    """A day of a form; what is none filters nothing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
