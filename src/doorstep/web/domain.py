"""The gate of the stores' own domains, before everything else: under such a name there are this store's pages, what
they are drawn with, and nothing more. A name that nobody proved is refused by Django (ALLOWED_HOSTS).
"""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.request import split_domain_port, validate_host
from django.views.decorators.http import require_safe
from yarl import URL

from doorstep.app.connections import domains

DRAWN_WITH: Final = ("/static/", "/look/brand/")
_PAGES: Final = ("/t/", "/find/")


class OwnDomain:
    """Middleware. A request under a store's domain goes on as one to the public address, if the page is the store's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host, _ = split_domain_port(request.META.get("HTTP_HOST", ""))
        public = URL(settings.PUBLIC_URL)
        own = [one for one in settings.ALLOWED_HOSTS if one != "*"]
        if not host or host == public.host or validate_host(host, own):
            return self.get_response(request)
        store = domains.opened(host)
        if store is None:
            return self.get_response(request)  # Django refuses it, unless the operator lets every name in
        if not request.path.startswith(DRAWN_WITH) and not (
            request.path.startswith(_PAGES) and domains.shows(*store, request.path)
        ):
            return HttpResponseNotFound("There is nothing here.", content_type="text/plain; charset=utf-8")
        request.META["HTTP_HOST"] = public.authority
        return self.get_response(request)


@require_safe
def known(request: HttpRequest) -> HttpResponse:
    """For a proxy that gets certificates on demand: 200 for a name that is proven, 404 for any other."""
    if domains.opened(request.GET.get("domain", "")[:253]):
        return HttpResponse("ok", content_type="text/plain")
    return HttpResponseNotFound("unknown", content_type="text/plain")
