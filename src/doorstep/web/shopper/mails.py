"""A household's own forwarding address, and the mails that somebody has to look at."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.connections import connection_view
from doorstep.app.receive import mailbox
from doorstep.core.message import Message
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, resident


@require_safe
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The address, once there is one, and the list."""
    address = connection_view.mail_address(caller.ws)
    context = {"tab": "mails", "address": address, "looks": mailbox.look_list(caller.ws)}
    return render(request, "shopper/mails.html", context)


@require_POST
@resident
def make(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Make the address."""
    mailbox.address(caller.ws)
    return redirect("my_mails")


@require_POST
@resident
def decide(request: HttpRequest, caller: Caller, inbox_id: int) -> HttpResponse:
    """Follow what a mail is about, or take nothing of it."""
    take = request.POST.get("do") == "take"

    def decided() -> None:
        (mailbox.take if take else mailbox.dismiss)(caller.ws, inbox_id, caller.actor)

    if attempt(request, decided):
        tell(request, Message(id="my.mails.taken" if take else "my.mails.dismissed"))
    return redirect("my_mails")
