"""What is said where there is nothing, or a form is too old: to shoppers in the app in their own language."""

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.defaults import page_not_found

from doorstep.app import tongues
from doorstep.app.household import households
from doorstep.app.say import speaking
from doorstep.web.gate import at_home
from doorstep.web.headers import APP

_WORDS: Final = {404: "my.lost", 403: "my.stale"}


def missing(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """There is no such page, or it is somebody else's; both look alike."""
    return _in_app(request, 404) or page_not_found(request, exception)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old tab, or another site. In our own words."""
    return _in_app(request, 403) or render(request, "403.html", status=403)


def _in_app(request: HttpRequest, status: int) -> HttpResponse | None:
    if not request.path.startswith(APP) or not households.open_here():
        return None
    caller = at_home(request)
    if caller:
        request.caller = caller  # type: ignore[attr-defined]  # read by the templates' frame
    language = caller.workspace.locale if caller else tongues.choose((), request.headers.get("Accept-Language", ""))
    with speaking(language):
        return render(request, "shopper/lost.html", {"tab": "", "words": _WORDS[status]}, status=status)
