"""Where requests in the shape of another system come in: by the paths that its own clients ask for."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec
from django.http import HttpRequest, HttpResponse

from doorstep.web.compat.aftership import answering as aftership
from doorstep.web.compat.call import Reply
from doorstep.web.compat.seventeen import answering as seventeen

SHAPES: Final[Mapping[str, Callable[[HttpRequest], Reply]]] = MappingProxyType(
    {aftership.ROOT: aftership.answer, seventeen.ROOT: seventeen.answer}
)
_ALWAYS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


class Compat:
    """The middleware, beside that of the API and before all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for root, answer in SHAPES.items():
            if request.path.startswith(root):
                return _sent(answer(request))
        return self.get_response(request)


def _sent(reply: Reply) -> HttpResponse:
    body = msgspec.json.encode(reply.value)
    response = HttpResponse(body, status=reply.status, content_type="application/json; charset=utf-8")
    response.headers["Content-Length"] = str(len(body))
    for name, value in (_ALWAYS | dict(reply.headers)).items():
        response.headers[name] = value
    return response
