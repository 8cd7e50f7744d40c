"""A request in 17TRACK's shape, from its path to its envelope."""

from typing import Final

from django.http import HttpRequest

from doorstep.app.api.api_rate import Standing
from doorstep.core.message import Message
from doorstep.web.api.problem import Declined
from doorstep.web.compat.call import Reply, let_in, sent
from doorstep.web.compat.seventeen import envelope
from doorstep.web.compat.seventeen.numbers import OPERATIONS

ROOT: Final = "/track/v2.2/"
KEY: Final = "17token"


def answer(request: HttpRequest) -> Reply:
    """What is done, or why it is not."""
    standing: list[Standing] = []
    try:
        return Reply(200, _done(request, standing))
    except Exception as problem:
        return envelope.refused(problem, standing)


def _done(request: HttpRequest, standing: list[Standing]) -> dict[str, object]:
    found = OPERATIONS.get(request.path.removeprefix(ROOT).lower())
    if found is None or request.method != "POST":
        raise Declined("method", Message(id="compat.no_verb"))
    holder = let_in(request.headers.get(KEY, ""), KEY, found.scope, standing)
    return dict(found.handle(holder, sent(request)))
