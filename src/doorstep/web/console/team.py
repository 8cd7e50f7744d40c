"""The team: who works here, who is invited, what each may do."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from doorstep.app.members import invitations, team
from doorstep.core.message import Message
from doorstep.core.roles import Action, Member
from doorstep.db.models import Door, Membership
from doorstep.web.console.answers import attempt, tell
from doorstep.web.gate import Caller, member


@require_safe
@member(Action.SEE)
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Everybody who works here; for owners the open invitations and what they can change."""
    owner = caller.may(Action.MEMBERS)
    context = {
        "here": "settings",
        "tab": "team",
        "people": team.colleagues(caller.ws),
        "roles": list(Member),
        "invited": invitations.waiting(caller.ws) if owner else [],
        "owner": owner,
        "me": caller.user.pk,
        "needed": caller.workspace.second_factor,
    }
    return render(request, "console/team.html", context)


@require_POST
@member(Action.MEMBERS)
def invite(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Send an invitation."""
    email, role = request.POST.get("email", "")[:254], request.POST.get("role", "")
    return _after(
        request,
        lambda: invitations.invite(caller.ws, email, role, caller.user.pk),
        Message(id="done.team.invite", values={"email": email}),
    )


@require_POST
@member(Action.MEMBERS)
def invitation(request: HttpRequest, caller: Caller, door_id: int) -> HttpResponse:
    """Send an invitation again, or take it back."""
    what = request.POST.get("do")
    act = {"resend": invitations.resend, "revoke": invitations.take_back}.get(what or "")
    if act is None:
        raise Http404
    done = {"resend": Message(id="done.team.resend"), "revoke": Message(id="done.team.revoke")}
    return _after(request, lambda: act(caller.ws, door_id, caller.user.pk), done[what or ""])


@require_POST
@member(Action.MEMBERS)
def act(request: HttpRequest, caller: Caller, user_id: int) -> HttpResponse:
    """Change a member's role, remove them, or hand the workspace over to them."""
    what, role = request.POST.get("do", ""), request.POST.get("role", "")
    acts: dict[str, tuple[Callable[[], None], Message]] = {
        "role": (lambda: team.change(caller.ws, user_id, role, caller.actor), Message(id="done.team.role")),
        "remove": (lambda: team.remove(caller.ws, user_id, caller.actor), Message(id="done.team.remove")),
        "owner": (lambda: team.hand_over(caller.ws, user_id, caller.user.pk), Message(id="done.team.owner")),
    }
    if what not in acts:
        raise Http404
    return _after(request, *acts[what])


@require_POST
@member(Action.MEMBERS)
def second_factor(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Say whether everybody needs a second factor."""
    needed = request.POST.get("needed") == "1"
    done = Message(id="done.team.second") if needed else Message(id="done.team.second_off")
    return _after(request, lambda: team.require_second(caller.ws, needed, caller.user.pk), done)


@require_POST
@member(Action.SEE)
def leave(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Go, for good."""
    if not attempt(request, lambda: team.remove(caller.ws, caller.user.pk, caller.actor)):
        return redirect("team")
    return redirect("today") if caller.others else redirect("account_login")


def _after(request: HttpRequest, what: Callable[[], object], done: Message) -> HttpResponse:
    try:
        if attempt(request, what):
            tell(request, done)
    except (Membership.DoesNotExist, Door.DoesNotExist):
        raise Http404 from None
    return redirect("team")
