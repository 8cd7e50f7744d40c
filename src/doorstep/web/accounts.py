"""Accounts: nobody signs up by themselves; ``doorstep user add`` makes the first owner."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import Http404, HttpRequest, HttpResponse


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no type information
    """The adapter that django-allauth asks."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an account here sees a merchant's orders."""
        return False


def no_such_page(request: HttpRequest) -> HttpResponse:
    """For pages of django-allauth that are not offered here."""
    raise Http404
