"""Home: what needs somebody today."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from doorstep.app import clock
from doorstep.app.overview import today
from doorstep.app.webhooks import endpoints
from doorstep.core.roles import Action
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Findings by cause, the flow of numbers, slow ways, carriers; on the first day its steps."""
    begun = today.begun(caller.ws)
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
    context = {
        "here": "today",
        "today": today.today(caller.ws, clock.now(), start),
        "begun": begun,
        "first_day": not all(begun.values()),
        "may_handle": caller.may(Action.HANDLE),
        "off": endpoints.off(caller.ws) if caller.may(Action.KEYS) else [],
    }
    return render(request, "console/today.html", context)
