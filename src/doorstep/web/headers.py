"""Headers on every answer. No inline script or style runs anywhere; what a shopper sees is not indexed or referred."""

from collections.abc import Callable, Iterable
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

from doorstep.web.domain import DRAWN_WITH

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Addresses that hold a shopper's or a supplier's token: whoever sees the address sees the order. Not an invitation: a
# browser that may name no referrer says of its form that it comes from nowhere, and the form is refused.
SHOPPER: Final = ("/t/", "/leave/", "/follow/", "/quiet/", "/find/", "/s/", "/calendar/")
APP: Final = "/my/"  # what shoppers see who came in
PROGRAMS: Final = ("/api/v1/", "/tracking/", "/track/")  # they refuse what cannot be read in their own words
ALWAYS: Final = {  # where an answer says nothing else
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


class SecurityHeaders:
    """Middleware, around all others: what is answered before a view is asked gets them too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _nonsense(request) or self.get_response(request)
        if request.path.startswith(SHOPPER):
            response.headers["Referrer-Policy"] = "no-referrer"
        if not request.path.startswith(DRAWN_WITH):  # merchants' sites and mails show these
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        return response


def framed_by(response: HttpResponse, origins: Iterable[str]) -> HttpResponse:
    """Let pages of these origins, and no others, show it in a frame."""
    response.headers["Content-Security-Policy"] = POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}"
    )
    response.xframe_options_exempt = True  # for Django's clickjacking middleware
    return response


def _nonsense(request: HttpRequest) -> HttpResponse | None:
    """A NUL character is in nothing that a person types, and no text column takes one."""
    if request.path.startswith(PROGRAMS):
        return None
    form = request.content_type == "application/x-www-form-urlencoded"
    if "%00" in request.META.get("QUERY_STRING", "") or (form and b"%00" in request.body):
        return HttpResponseBadRequest("This address or form holds characters that cannot be read.")
    return None
