"""Mails that wait for a person, with the reason."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.connections import connection_view
from doorstep.app.receive import mailbox
from doorstep.core.message import Message
from doorstep.core.roles import Action
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, newest first."""
    context = {
        "here": "look",
        "looks": mailbox.look_list(caller.ws),
        "silent": mailbox.silent_list(caller.ws),
        "orders": connection_view.open_orders(caller.ws),
        "address": connection_view.mail_address(caller.ws),
        "may_handle": caller.may(Action.HANDLE),
    }
    return render(request, "console/look.html", context)


@require_POST
@member(Action.HANDLE)
def decide(request: HttpRequest, caller: Caller, inbox_id: int) -> HttpResponse:
    """Give a mail to an order, or dismiss it."""

    def accept() -> None:
        order_id = connection_view.order_by_number(caller.ws, request.POST.get("order", ""))
        if order_id is None:
            raise ValueError(Message(id="mail.no_such_order"))
        mailbox.accept(caller.ws, inbox_id, order_id, caller.actor)

    def dismiss() -> None:
        mailbox.dismiss(caller.ws, inbox_id, caller.actor)

    dismissed = request.POST.get("do") == "dismiss"
    if attempt(request, dismiss if dismissed else accept):
        tell(request, Message(id="done.mail_dismissed" if dismissed else "done.mail_accepted"))
    return redirect("look")


@require_POST
@member(Action.HANDLE)
def upload(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Take saved mails (.eml)."""
    for file in request.FILES.getlist("mails"):
        taken: list[bool] = []

        def take(raw: bytes = file.read(), taken: list[bool] = taken) -> None:
            taken.append(mailbox.upload(caller.ws, raw, caller.actor))

        if attempt(request, take):
            key = "done.mail_taken" if taken[0] else "done.mail_known"
            tell(request, Message(id=key, values={"name": (file.name or "")[:80]}))
    return redirect("look")
