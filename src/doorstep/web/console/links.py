"""The private links of a supplier, on its connection's screen."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from doorstep.app.connections import connection_view
from doorstep.app.receive import agents
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Door
from doorstep.web.console import imports
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member
from doorstep.web.typed import whole


def shown(caller: Caller, connection_id: int) -> dict[str, object]:
    """For the template of a supplier with links: those that are live, and what came through any of them."""
    return {
        "links": agents.links(caller.ws, connection_id),
        "link_days": agents.DAYS,
        **imports.tables(caller, connection_id),
    }


@require_POST
@member(Action.KEYS)
def act(request: HttpRequest, caller: Caller, connection_id: int) -> HttpResponse:
    """Make a link, or close one for good."""
    one = connection_view.connection(caller.ws, connection_id)
    if one is None or one.connector != "agent":
        raise Http404
    if request.POST.get("do") == "make":
        days, name = request.POST.get("days", ""), request.POST.get("name", "")
        end = int(days) if days.isdecimal() and len(days) < 5 else 0
        if attempt(request, lambda: agents.make(caller.ws, one.id, name, end, caller.actor)):
            tell(request, Message(id="done.link.make", values={"name": name.strip()[:60]}))
        return redirect("connection", one.id)
    link = request.POST.get("link", "")
    try:
        agents.revoke(caller.ws, one.id, whole(link), caller.actor)
    except Door.DoesNotExist:
        raise Http404 from None
    tell(request, Message(id="done.link.revoke"))
    return redirect("connection", one.id)
