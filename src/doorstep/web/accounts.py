"""Accounts: nobody signs up by themselves; ``doorstep user add`` makes the first owner, invitations everybody else."""

import io
from typing import Any

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from doorstep.app import vault
from doorstep.app.log import logger
from doorstep.db.models import User
from doorstep.web.headers import APP

WINDOW_S = 300  # the longest window that django-allauth counts logins in
_SEALED = "secret"
log = logger(__name__)


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type information
    """The adapter that django-allauth asks."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account here sees a merchant's orders."""
        return False

    def add_message(self, request: HttpRequest, *args: Any, **named: Any) -> None:
        """Shown on the next screen; the app of shoppers speaks for itself, in their language."""
        if not request.path.startswith(APP):
            super().add_message(request, *args, **named)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try to sign in; one too many is answered as such, whether or not there is such an account."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise ImmediateHttpResponse(too_many(request)) from None

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell somebody that their account was changed. The address is the account's name: allauth's own table of
        addresses is empty for who was invited.
        """
        try:
            super().send_notification_mail(template_prefix, user, context, email or user.email)
        except OSError as problem:  # smtplib's errors are OSErrors; what was changed is changed
            log.warning("mail.failed", problem=type(problem).__name__)


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no type information
    """What django-allauth asks about codes and passkeys."""

    def build_totp_svg(self, url: str) -> str:
        """The code that an authenticator app reads."""
        drawn = io.BytesIO()
        segno.make(url, error="m").save(drawn, kind="svg", scale=4, border=3, light="#fff", svgclass=None)
        return drawn.getvalue().decode()

    def get_totp_issuer(self) -> str:
        """The name that the app shows."""
        return "Doorstep"

    def encrypt(self, text: str) -> str:
        """Sealed, as credentials are: a stolen copy of the database makes no codes."""
        return vault.seal({_SEALED: text}).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again. Raises vault.WrongKey."""
        return vault.unseal(encrypted_text.encode())[_SEALED]


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Too many tries of one kind, from one address, or at one account."""
    answer = render(request, "429.html", status=429)
    answer.headers["Retry-After"] = str(WINDOW_S)
    return answer


def no_such_page(request: HttpRequest) -> HttpResponse:
    """For pages of django-allauth that are not offered here."""
    raise Http404
