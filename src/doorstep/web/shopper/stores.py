"""The stores of this installation that a household accepted, or may accept, and shops where its people sign in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.household import grants, household_entry, shop_accounts
from doorstep.app.household.households import Refused
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Trouble
from doorstep.core.message import Message
from doorstep.core.roles import Action
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
        "accounts": shop_accounts.signed_in(caller.ws, caller.user, owner=caller.may(Action.CLOSE)),
        "shops": shop_accounts.shops(),
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


@require_POST
@resident
def sign_in(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What signing in at a shop means, and the way to its page: a form may lead nowhere else than here."""
    try:
        brand, page = shop_accounts.begin(caller.ws, caller.user, request.POST.get("store", ""))
    except (Refused, Trouble, TimeoutError) as problem:
        tell(request, _why(problem), wrong=True)
        return redirect("my_stores")
    return render(request, "shopper/sign_in.html", {"tab": "stores", "brand": brand, "page": page})


@require_safe
@resident
def signed_in(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Where a shopper comes back to from a shop's page (OAuth sends them with GET). What they bring is good once, and
    only for the person who was sent there.
    """
    try:
        account = shop_accounts.finish(caller.ws, caller.user, request.GET.dict())
    except (Refused, Trouble, TimeoutError) as problem:
        tell(request, _why(problem), wrong=True)
    else:
        tell(request, Message(id="my.accounts.done", values={"name": account.label}))
    return redirect("my_stores")


@require_POST
@resident
def sign_out(request: HttpRequest, caller: Caller, account_id: int) -> HttpResponse:
    """End it."""
    shop_accounts.sign_out(caller.ws, account_id, caller.user, caller.actor, owner=caller.may(Action.CLOSE))
    tell(request, Message(id="my.accounts.left"))
    return redirect("my_stores")


def _why(problem: Exception) -> Message:
    if isinstance(problem, Refused):
        return problem.message
    return message_of(problem) if isinstance(problem, Trouble) else Message(id="my.accounts.slow")
