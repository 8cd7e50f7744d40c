"""A store's own domain: named, proven, taken away."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from doorstep.app.connections import domains
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Connection
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_POST
@member(Action.KEYS)
def act(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """Name a domain, look for its proof, or take it away."""
    if not Connection.objects.filter(ws=caller.ws, id=connection_id, kind="store").exists():
        raise Http404
    do, name = request.POST.get("do", ""), request.POST.get("name", "")
    steps = {
        "ask": lambda: domains.ask(caller.ws, connection_id, name, caller.actor),
        "check": lambda: domains.check(caller.ws, connection_id, caller.actor),
        "remove": lambda: domains.remove(caller.ws, connection_id, caller.actor),
    }
    if do not in steps:
        raise Http404
    if attempt(request, steps[do]):
        tell(request, Message(id=f"done.domain.{do}"))
    return redirect("brand", connection_id)
