"""What was given up: the list, trying again, leaving it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.push import given_up
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.db.models import Outbox
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, latest first."""
    context = {"here": "given_up", "lost": given_up.given_up(caller.ws), "may_push": caller.may(Action.PUSH)}
    return render(request, "console/given_up.html", context)


@require_POST
@member(Action.PUSH)
def act(request: HttpRequest, caller: Caller, outbox_id: int) -> HttpResponse:
    """Have one tried again, or leave it."""
    leaving = request.POST.get("do") == "leave"
    do = given_up.leave if leaving else given_up.try_again
    try:
        if attempt(request, lambda: do(caller.ws, outbox_id, caller.actor)):
            tell(request, Message(id="given_up.left" if leaving else "given_up.again"))
    except Outbox.DoesNotExist:
        raise Http404 from None
    return redirect("given_up")


@require_POST
@member(Action.PUSH)
def all_again(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Have all of them tried again."""

    def again() -> None:
        count = given_up.try_all_again(caller.ws, caller.actor)
        tell(request, Message(id="given_up.all_again", values={"count": count}))

    attempt(request, again)
    return redirect("given_up")
