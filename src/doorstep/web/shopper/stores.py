"""The stores of this installation that a household accepted, or may accept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app import grants, household_entry
from doorstep.core.message import Message
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, resident


@require_safe
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Both lists, and what was read."""
    context = {
        "tab": "stores",
        "given": grants.given(caller.ws, caller.user.pk),
        "offers": grants.offers(caller.ws, caller.user),
        "proven": household_entry.has_proven(caller.user),
        "reads": grants.reads(caller.ws)[:20],
    }
    return render(request, "shopper/stores.html", context)


@require_POST
@resident
def accept(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Accept one store."""
    if attempt(request, lambda: grants.accept(caller.ws, caller.user, request.POST.get("store", ""))):
        tell(request, Message(id="my.stores.accepted"))
    return redirect("my_stores")


@require_POST
@resident
def revoke(request: HttpRequest, caller: Caller, grant_id: int) -> HttpResponse:
    """End a grant."""
    grants.revoke(caller.ws, grant_id, caller.actor)
    tell(request, Message(id="my.stores.revoked"))
    return redirect("my_stores")
