"""Keys of the API: made, shown once, revoked."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.api import api_keys
from doorstep.app.api.api_keys import DAYS, GROUPS, LONGEST_LABEL, ONLY_READ
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Door
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.KEYS)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The keys, and the form for another one."""
    return _screen(request, caller)


@require_POST
@member(Action.KEYS)
def make(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Make a key. The answer is the only one that shows it, so it is no redirect and is kept by no browser."""
    days, made = request.POST.get("days", ""), list[tuple[int, str]]()

    def add() -> None:
        end = int(days) if days.isdecimal() and len(days) < 5 else -1
        label, scopes = request.POST.get("label", ""), request.POST.getlist("scope")
        made.append(api_keys.make(caller.ws, label, scopes, end, caller.actor))

    if not attempt(request, add):
        return redirect("keys")
    answer = _screen(request, caller, *made[0])
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@member(Action.KEYS)
def revoke(request: HttpRequest, caller: Caller, key_id: int) -> HttpResponse:
    """Close a key for good."""
    try:
        api_keys.revoke(caller.ws, key_id, caller.actor)
    except Door.DoesNotExist:
        raise Http404 from None
    tell(request, Message(id="done.key.revoke"))
    return redirect("keys")


def _screen(request: HttpRequest, caller: Caller, made: int = 0, secret: str = "") -> HttpResponse:
    groups = [(group, group not in ONLY_READ) for group in GROUPS]
    context = {
        "here": "settings",
        "tab": "keys",
        "keys": api_keys.keys(caller.ws),
        "groups": groups,
        "days": DAYS,
        "longest": LONGEST_LABEL,
        "made": made,
        "secret": secret,
    }
    return render(request, "console/keys.html", context)
