"""Pages as they were drawn last. One is shown again while what it is made from is the same and the minute is: at once
where nothing at all was committed since, else after a look at its rows.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from doorstep.app import clock
from doorstep.app.doors import Entered
from doorstep.db.mark import mark
from doorstep.db.page_rows import page_rows
from doorstep.web.kept import Kept


class Keepable(HttpResponse):
    """A page that would be drawn alike for the rest of the minute, while no row changes."""


def shown_again(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Outside of the gate: a Keepable that this very request got is its answer again while nothing was committed, which
    a revoked link would be. In the same minute, so that its hour is written down already.
    """

    @wraps(view)
    def inner(request: HttpRequest, token: str) -> HttpResponseBase:
        now = mark()
        if now is None:
            return view(request, token=token)
        asked = f"{now.line} {request.get_full_path()} {request.headers.get('Accept-Language', '')}"
        key = f"{now.version} {_minute()}".encode()
        if known := LATELY.get(asked, key):
            return HttpResponse(known)
        answer = view(request, token=token)
        if isinstance(answer, Keepable):
            LATELY.put(asked, key, answer.content)
        return answer

    return inner


def key_of(door: Entered) -> bytes:
    """What the page behind this door is made from, and the minute: times are told in minutes, of the shop's zone."""
    made_of = f"{_minute()} {door.tz}\n{page_rows(door.ws, door.target_id)}"
    return hashlib.blake2b(made_of.encode(), digest_size=16).digest()


def _minute() -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M")


KEPT: Final = Kept()
LATELY: Final = Kept()
