"""Where a token in the address is all the right there is, nobody has a session, and no form needs protection: such
pages are asked for straight away.
"""

import functools
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

# ``web.gate.visitor`` and ``supplier`` are before all of these.
PAGES: Final = ("/t/", "/leave/", "/follow/", "/quiet/", "/find/", "/s/")


class ByToken:
    """Middleware, before those that know visitors again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PAGES):
            return self.get_response(request)
        found = request.resolver_match = _ways().resolve(request.path_info)
        answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return answer


@functools.cache
def _ways() -> URLResolver:
    """The addresses of these pages alone: looking through all of them takes longer than answering."""
    every = get_resolver().url_patterns
    return URLResolver(RegexPattern(r"^/"), [one for one in every if f"/{one.pattern}".startswith(PAGES)])
