"""Passkeys in the app: coming in with one, making and removing them. The ceremony is django-allauth's; a browser that
has none is told so on the page, and the mailed code is always there.
"""

import struct
from typing import cast

from allauth.account.models import Login
from allauth.core.internal import ratelimit
from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth, flows
from cryptography.exceptions import InvalidSignature
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from doorstep.app import clock
from doorstep.app.household import household_keys, households
from doorstep.core.message import Message
from doorstep.web.console.answers import tell
from doorstep.web.gate import BY_MAIL, Caller, resident
from doorstep.web.shopper.enter import PROVEN, anybody, inside, is_fresh


@require_http_methods(["GET", "POST"])
@anybody
def enter(request: HttpRequest) -> HttpResponse:
    """What the browser signs, then what it signed. Who has no household yet comes in with a code first."""
    if request.method == "GET":
        return JsonResponse({"request_options": auth.begin_authentication(user=None)})
    if not ratelimit.consume(request, app="allauth.mfa", action="webauthn_login"):
        return _back(request, "my.enter.too_many")
    form = LoginWebAuthnForm(data=request.POST)
    if not _fits(form):
        return _back(request, "my.key.wrong")
    authenticator = form.cleaned_data["credential"]
    if not households.of(authenticator.user.pk):
        return _back(request, "my.key.no_home")
    login = Login(user=authenticator.user, redirect_url=inside(request))
    answer = flows.perform_passwordless_login(request, authenticator, login)
    request.session.pop(BY_MAIL, None)
    request.session[PROVEN] = {"user": authenticator.user.pk, "at": clock.machine()}
    return cast(HttpResponse, answer)


@require_safe
@resident
def show(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The list, and how to make one: after they have shown that it is them, not long ago."""
    fresh, known = is_fresh(request), household_keys.keys(caller.user)
    room = fresh and len(known) < household_keys.MOST
    context = {
        "tab": "you",
        "keys": known,
        "fresh": fresh,
        "options": {"creation_options": auth.begin_registration(caller.user, passwordless=True)} if room else None,
        "most": household_keys.LONGEST_NAME,
    }
    return render(request, "shopper/keys.html", context)


@require_POST
@resident
def add(request: HttpRequest, caller: Caller) -> HttpResponse:
    """Keep the passkey that the browser made."""
    if not is_fresh(request):
        return _again()
    name = request.POST.get("name", "").strip()[: household_keys.LONGEST_NAME]
    values = {"name": name or caller.user.email, "credential": request.POST.get("credential", ""), "passwordless": "on"}
    form = AddWebAuthnForm(data=values, user=caller.user)
    if not _fits(form) or len(household_keys.keys(caller.user)) >= household_keys.MOST:
        tell(request, Message(id="my.key.wrong"), wrong=True)
    else:
        auth.WebAuthn.add(caller.user, form.cleaned_data["name"], form.cleaned_data["credential"])
        household_keys.tell(caller.user, "added")
        tell(request, Message(id="my.key.added"))
    return redirect("my_keys")


@require_POST
@resident
def remove(request: HttpRequest, caller: Caller, key_id: int) -> HttpResponse:
    """Take one away."""
    if not is_fresh(request):
        return _again()
    if not household_keys.remove(caller.user, key_id):
        raise Http404
    household_keys.tell(caller.user, "removed")
    tell(request, Message(id="my.key.removed"))
    return redirect("my_keys")


def _fits(form: Form) -> bool:
    """Whether what was sent is a passkey's answer. Of what is none, django-allauth lets some of fido2's errors pass."""
    try:
        return form.is_valid()
    except (InvalidSignature, LookupError, TypeError, ValueError, AttributeError, struct.error):
        return False


def _again() -> HttpResponse:
    return redirect(f"{reverse('my_enter')}?{urlencode({'next': reverse('my_keys')})}")


def _back(request: HttpRequest, why: str) -> HttpResponse:
    tell(request, Message(id=why), wrong=True)
    return redirect(f"{reverse('my_enter')}?{urlencode({'next': inside(request)})}")
