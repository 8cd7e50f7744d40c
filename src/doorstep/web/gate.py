"""The only way from a request to a tenant's data: a member of a workspace, or the holder of a shopper's link.

A view behind a gate never sees a workspace id that came from the address or a form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from doorstep.app import doors, tongues
from doorstep.app.doors import Entered
from doorstep.app.household import households
from doorstep.app.members import team
from doorstep.app.overview import frame
from doorstep.app.receive import agents
from doorstep.app.say import speaking
from doorstep.app.tries import TooMany
from doorstep.core import roles
from doorstep.core.roles import Action
from doorstep.db.models import Membership, User, Workspace

View = Callable[..., HttpResponseBase]  # takes the request, who asks, and what the address names
CHOSEN: Final = "workspace"  # session key of somebody who belongs to several
HOME: Final = "household"  # the same, of households
BY_MAIL: Final = "by_mail"  # the same: they came by a mailed code although they have a passkey


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and in which workspace."""

    workspace: Workspace
    user: User
    role: roles.Member
    others: tuple[Workspace, ...] = ()  # where else they are a member

    @property
    def ws(self) -> int:
        """The workspace id."""
        return self.workspace.id

    @property
    def actor(self) -> str:
        """How this person is written in the audit trail."""
        return f"user:{self.user.pk}"

    @property
    def waiting(self) -> frame.Waiting:
        """What the frame shows on every screen: mails to look at, what was given up, connections that are refused."""
        return frame.waiting(self.ws)

    def may(self, action: Action) -> bool:
        """Whether their role allows it."""
        return roles.may(self.role, action)


def member(action: Action) -> Callable[[View], View]:
    """Let in members whose role allows ``action``; send everybody else to the login, or refuse them."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, **named: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            found = None if request.session.get(BY_MAIL) else _membership(request, request.user)
            if found is None and _household(request, request.user):
                return redirect("my")
            if found is None or not found.may(action):
                raise PermissionDenied
            if found.workspace.second_factor and not team.has_second(request.user.pk):
                return redirect(f"{reverse('mfa_index')}?needed")
            request.caller = found  # type: ignore[attr-defined]  # read by the templates' frame
            with timezone.override(ZoneInfo(found.workspace.tz)):
                return view(request, found, **named)

        return inner

    return wrap


def resident(view: View) -> View:
    """Let in who lives in a household, where the operator opened the app; elsewhere there is no such page."""

    @wraps(view)
    def inner(request: HttpRequest, **named: Any) -> HttpResponseBase:
        if not households.open_here():
            raise Http404
        found = at_home(request)
        if found is None:
            return redirect_to_login(request.get_full_path(), reverse("my_enter"))
        request.caller = found  # type: ignore[attr-defined]  # read by the templates' frame
        with speaking(found.workspace.locale), timezone.override(ZoneInfo(found.workspace.tz)):
            return view(request, found, **named)

    return inner


def at_home(request: HttpRequest) -> Caller | None:
    """Who asks, if they live in a household."""
    return _household(request, request.user) if isinstance(request.user, User) else None


def visitor(kind: Literal["page", "lookup", "leave", "follow", "news"]) -> Callable[[View], View]:
    """Let in whoever holds a live token. No cookie is read or set here, so there is nothing a forged request could use:
    the token in the address is all the right there is.
    """

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def inner(request: HttpRequest, token: str, **named: Any) -> HttpResponseBase:
            door = doors.enter(kind, token)
            with speaking(_language(request, door)):
                if door is None:
                    return render(request, "page/gone.html", {"kind": kind}, status=404)
                with timezone.override(ZoneInfo(door.tz)):
                    return view(request, door, **named)

        return inner

    return wrap


def supplier(view: View) -> View:
    """Let in whoever holds a live link of a supplier. As with a visitor, the token is all the right there is."""

    @csrf_exempt
    @wraps(view)
    def inner(request: HttpRequest, token: str, **named: Any) -> HttpResponseBase:
        try:
            holder = agents.enter(token)
        except TooMany as busy:
            answer = render(request, "agent/gone.html", {"busy": True}, status=429)
            answer.headers["Retry-After"] = str(busy.wait_s)
            return answer
        if holder is None:
            return render(request, "agent/gone.html", status=404)
        with timezone.override(ZoneInfo(holder.tz)):
            return view(request, holder, **named)

    return inner


def _language(request: HttpRequest, door: Entered | None) -> str:
    """What a shopper reads: ``?lang=``, else the buyer's language, else the browser's, else the shop's."""
    wishes = (request.GET.get("lang", ""), door.wish if door else "")
    return tongues.choose(wishes, request.headers.get("Accept-Language", ""), door.locale if door else "")


def _membership(request: HttpRequest, user: User) -> Caller | None:
    """The membership chosen in this session, else the oldest."""
    held = list(Membership.objects.filter(user_id=user.pk).order_by("id"))
    known = Workspace.objects.filter(kind=households.BUSINESS).in_bulk([one.ws for one in held]) if held else {}
    held = [one for one in held if one.ws in known]
    if not held:
        return None
    chosen = next((one for one in held if one.ws == request.session.get(CHOSEN)), held[0])
    others = tuple(known[one.ws] for one in held if one.ws != chosen.ws)
    return Caller(workspace=known[chosen.ws], user=user, role=roles.Member(chosen.role), others=others)


def _household(request: HttpRequest, user: User) -> Caller | None:
    """The household chosen in this session, else the oldest that they live in."""
    mine = households.of(user.pk) if households.open_here() else []
    if not mine:
        return None
    chosen = next((one for one in mine if one[0].id == request.session.get(HOME)), mine[0])
    others = tuple(workspace for workspace, _ in mine if workspace.id != chosen[0].id)
    return Caller(workspace=chosen[0], user=user, role=chosen[1], others=others)
