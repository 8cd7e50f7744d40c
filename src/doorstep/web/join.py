"""The page that an invitation leads to. The link is the right; the account has to be that of the invited address."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from doorstep.app.members import invitations, team
from doorstep.app.members.invitations import Offer
from doorstep.app.say import say, text
from doorstep.core.message import Message
from doorstep.db.models import User
from doorstep.web.gate import CHOSEN


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites, to what, and the button. Pressing it with a new address asks for a password first."""
    offer = invitations.look(token)
    if offer is None:
        return render(request, "account/invitation_gone.html", status=404)
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST":
        try:
            invitations.accept(offer, user, request.POST.get("password", ""))
        except team.Refused as refused:
            return _form(request, offer, user, refused.message)
        return _welcome(request, offer, user)
    return _form(request, offer, user, None)


def _form(request: HttpRequest, offer: Offer, user: User | None, wrong: Message | None) -> HttpResponse:
    login = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    stranger = user is not None and user.email.lower() != offer.email
    context = {"offer": offer, "member": user, "stranger": stranger, "login": login, "wrong": wrong}
    return render(request, "account/invitation.html", context, status=422 if wrong else 200)


def _welcome(request: HttpRequest, offer: Offer, user: User | None) -> HttpResponse:
    """On to the workspace, or to the sign-in: a new password is typed once more, and a second factor is asked for."""
    if user is None:
        messages.success(request, text("join.ready", workspace=offer.workspace.name))
        return redirect("account_login")
    request.session[CHOSEN] = offer.workspace.id
    messages.success(request, say(Message(id="done.team.joined", values={"workspace": offer.workspace.name})))
    return redirect("today")
