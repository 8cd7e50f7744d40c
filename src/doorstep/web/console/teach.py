"""A mail opened: mark its number, see what that would find elsewhere, remember it. And the list of what was taught."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.receive import teach
from doorstep.app.receive.mailbox import Declined
from doorstep.connectors.mail.taught import What
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.HANDLE)
def show(request: HttpRequest, caller: Caller, inbox_id: int) -> HttpResponse:
    """The mail as text with what can be marked; a mark in the address is tried on the sender's mails, not kept."""
    try:
        mail = teach.opened(caller.ws, inbox_id)
    except Declined:
        raise Http404 from None
    marked, what = _marked(request.GET.get("marked", ""), request.GET.get("other", "")), request.GET.get("what", "")
    tried: list[teach.Preview] = []
    if marked:
        attempt(request, lambda: tried.append(teach.preview(caller.ws, inbox_id, marked, what)))
    context = {
        "here": "look",
        "mail": mail,
        "marked": marked,
        "what": what or What.TRACKING.value,
        "whats": list(What),
        "preview": tried[0] if tried else None,
    }
    return render(request, "console/teach.html", context)


@require_POST
@member(Action.HANDLE)
def keep(request: HttpRequest, caller: Caller, inbox_id: int) -> HttpResponse:
    """Remember what a mark teaches."""
    marked, what = request.POST.get("marked", ""), request.POST.get("what", "")
    again: list[int] = []
    if attempt(request, lambda: again.append(teach.teach(caller.ws, inbox_id, marked, what, caller.actor))):
        tell(request, Message(id="done.taught", values={"count": again[0]}))
        return redirect("taught")
    return redirect("look")


@require_safe
@member(Action.SEE)
def show_all(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What was taught, by sender."""
    context = {"here": "look", "rules": teach.rules(caller.ws), "may_handle": caller.may(Action.HANDLE)}
    return render(request, "console/taught.html", context)


@require_POST
@member(Action.HANDLE)
def forget(request: HttpRequest, caller: Caller, rule_id: int) -> HttpResponse:
    """Take back what was taught."""
    if attempt(request, lambda: teach.revoke(caller.ws, rule_id, caller.actor)):
        tell(request, Message(id="done.forgotten"))
    return redirect("taught")


def _marked(chosen: str, other: str) -> str:
    """What was typed counts before what was chosen."""
    return (other.strip() or chosen.strip())[:200]
