"""Changing to another workspace that somebody belongs to."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from doorstep.core.roles import Action
from doorstep.web.gate import CHOSEN, Caller, member


@require_POST
@member(Action.SEE)
def to(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Go on in the other workspace, for this session."""
    wanted = request.POST.get("workspace", "")
    chosen = next((one.id for one in caller.others if str(one.id) == wanted), None)
    if chosen is None:
        raise Http404
    request.session[CHOSEN] = chosen
    return redirect("today")
