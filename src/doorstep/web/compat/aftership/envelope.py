"""The envelope ``{meta, data}``, and what is refused in it: an HTTP status, AfterShip's own code, and its type."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from doorstep.app import clock
from doorstep.app.api.api_rate import Standing
from doorstep.app.say import say, text
from doorstep.core.message import Message
from doorstep.web.api.problem import Declined, declined_of
from doorstep.web.compat.call import Reply

EXISTS: Final = 4003
NOT_THERE: Final = 4004
NUMBER_INVALID: Final = 4005
NUMBER_NEEDED: Final = 4007
VALUE_INVALID: Final = 4008
VALUE_NEEDED: Final = 4009
SLUG_INVALID: Final = 4010
NO_RETRACK: Final = 4013
# (HTTP status, code) of what the API itself calls a problem.
_CODES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "unreadable": (400, 4001),
        "no_key": (401, 401),
        "no_scope": (403, 403),
        "refused": (403, 403),
        "not_found": (404, NOT_THERE),
        "method": (404, 404),
        "too_large": (400, 400),
        "invalid": (400, VALUE_INVALID),
        "doubtful": (400, NUMBER_INVALID),
        "too_many": (429, 429),
        "busy": (503, 503),
    }
)
_TYPES: Final = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}


class Refusal(Exception):
    """A request that is not done, by AfterShip's own code (HTTP 400, or 404 for what is not there). ``data``: what is
    there already.
    """

    def __init__(self, code: int, message: Message, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(message.id)
        self.code, self.message, self.data = code, message, data


def good(data: Any, status: int, standing: Standing) -> Reply:
    """What was done."""
    return Reply(status, {"meta": {"code": status}, "data": data}, rate(standing))


def refused(problem: Exception, standing: list[Standing]) -> Reply:
    """What is told of an exception."""
    limits = rate(standing[-1]) if standing else {}
    if isinstance(problem, Refusal):
        status = 404 if problem.code == NOT_THERE else 400
        return Reply(status, _told(status, problem.code, say(problem.message), problem.data), limits)
    declined = declined_of(problem)
    status, code = _CODES.get(declined.name, (500, 500))
    return Reply(status, _told(status, code, _words(declined), None), {**limits, **declined.headers})


def rate(standing: Standing) -> dict[str, str]:
    """The headers that say how much may still be asked. ``reset`` is an instant, in seconds since 1970."""
    return {
        "x-ratelimit-limit": str(standing.limit),
        "x-ratelimit-remaining": str(standing.left),
        "x-ratelimit-reset": str(int(clock.machine()) + standing.reset_s),
    }


def _told(status: int, code: int, message: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    kind = _TYPES.get(status, "InternalError")
    return {"meta": {"code": code, "type": kind, "message": message}, "data": data or {}}


def _words(declined: Declined) -> str:
    """The sentence, and which part is wrong where that is known."""
    wrong = "; ".join(f"{one.path}: {one.text}" for one in declined.errors)
    if wrong:
        return wrong
    return say(declined.message) if declined.message else text(f"api.detail.{declined.name}")
