"""Coming into the app, and leaving it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.app import clock, tongues
from doorstep.app.household import household_entry, household_keys, households
from doorstep.app.household.household_entry import UnderWay
from doorstep.app.household.households import Refused
from doorstep.app.members import team
from doorstep.app.say import speaking, spoken
from doorstep.core.message import Message
from doorstep.db.models import User
from doorstep.web.gate import BY_MAIL

UNDER_WAY: Final = "my_entry"  # session key
PROVEN: Final = "my_proven"  # the same: who has shown that it is them, and when (machine seconds)
FRESH_S: Final = 900.0  # for so long they may change how they come in


def anybody(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that is shown to whoever comes, where the operator opened the app."""

    @wraps(view)
    def inner(request: HttpRequest, **named: Any) -> HttpResponse:
        if not households.open_here():
            raise Http404
        wish = request.GET.get("lang", "") or request.POST.get("lang", "")
        with speaking(tongues.choose((wish,), request.headers.get("Accept-Language", ""))):
            return view(request, **named)

    return inner


@require_http_methods(["GET", "HEAD", "POST"])
@anybody
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for the address, and mail a code to it."""
    email, wrong = request.POST.get("email", "")[:254], None
    if request.method == "POST":
        try:
            request.session[UNDER_WAY] = {
                **household_entry.send(email, request.META["REMOTE_ADDR"]),
                "next": inside(request),
                "tz": request.POST.get("tz", "")[:64],
            }
            return redirect(f"{reverse('my_code')}?lang={spoken()}")
        except Refused as problem:
            wrong = problem.message
    context = {"email": email, "wrong": wrong, "next": inside(request)}
    return render(request, "shopper/enter.html", context, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@anybody
def code(request: HttpRequest) -> HttpResponse:
    """Take the code, and let them in. Who has a second factor is asked for it too."""
    held = request.session.get(UNDER_WAY)
    if not held:
        return redirect("my_enter")
    wrong: Message | None = None
    if request.method == "POST":
        try:
            email = household_entry.check(
                cast(UnderWay, held), request.POST.get("code", "")[:40], request.META["REMOTE_ADDR"]
            )
            return _let_in(request, email, held)
        except Refused as problem:
            wrong = problem.message
    context = {"email": held["email"], "wrong": wrong}
    return render(request, "shopper/code.html", context, status=422 if wrong else 200)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out; the browser forgets what the app kept for reading offline."""
    logout(request)
    answer = redirect("my_enter" if households.open_here() else "board")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _let_in(request: HttpRequest, email: str, held: dict[str, Any]) -> HttpResponse:
    del request.session[UNDER_WAY]
    user = household_entry.proven(email)
    households.ensure(user, locale=spoken(), tz=held["tz"])
    only_a_shopper = household_keys.are_only_a_shoppers(user)
    if only_a_shopper or not team.has_second(user.pk):  # elsewhere a code alone shows too little
        request.session[PROVEN] = {"user": user.pk, "at": clock.machine()}
    if only_a_shopper:
        return _by_mail(request, user, held["next"])
    answer = perform_login(request, user, email_verification="none", redirect_url=held["next"], email=email)
    return cast(HttpResponse, answer)


def _by_mail(request: HttpRequest, user: User, target: str) -> HttpResponse:
    """A passkey is a shopper's other way in, and no second factor: who lost it comes in with a code. Such a session
    opens households only, whatever they may belong to later.
    """
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[BY_MAIL] = True
    return redirect(target)


def is_fresh(request: HttpRequest) -> bool:
    """Whether they have shown a moment ago, in this session, that it is them: by a second factor or a passkey, or by a
    mailed code where that is enough.
    """
    proven = request.session.get(PROVEN) or {}
    times = [one["at"] for one in get_authentication_records(request) if one["method"] == "mfa"]
    times += [proven["at"]] if proven.get("user") == request.user.pk else []
    return bool(times) and 0 <= clock.machine() - max(times) <= FRESH_S


def inside(request: HttpRequest) -> str:
    """Where they wanted to go, if that is in the app."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe and wanted.startswith("/my/") else reverse("my")
