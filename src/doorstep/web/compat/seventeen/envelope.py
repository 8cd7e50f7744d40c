"""The envelope ``{code, data}``: each number of a request is accepted or rejected by itself, with HTTP 200. What is
wrong with the whole request stands in ``errors``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from doorstep.app.api.api_rate import Standing
from doorstep.app.say import say, text
from doorstep.core.message import Message
from doorstep.web.api.problem import declined_of
from doorstep.web.compat.call import Reply

KEY_REFUSED: Final = -18010002
INTERNAL: Final = -18010003
NOT_ALLOWED: Final = -18010005
VALUE_INVALID: Final = -18010011
FORMAT_INVALID: Final = -18010012
DATA_INVALID: Final = -18010013
TOO_MANY: Final = -18010014
NO_PUSH: Final = -18010204
NEW_INCORRECT: Final = -18019802
SAME_CARRIER: Final = -18019803
NO_NEW_CARRIER: Final = -18019804
OTHER_CARRIER: Final = -18019805
IS_STOPPED: Final = -18019806
NOTHING_TO_CHANGE: Final = -18019811
ALREADY_REGISTERED: Final = -18019901
NOT_REGISTERED: Final = -18019902
NOT_STOPPED: Final = -18019904
NOT_TRACKED: Final = -18019906
NO_NEWS: Final = -18019909
NO_SUCH_CARRIER: Final = -18019910
MOST: Final = 40  # numbers of a request

# (HTTP status, code) of what the API itself calls a problem.
_CODES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "no_key": (401, KEY_REFUSED),
        "no_scope": (401, NOT_ALLOWED),
        "refused": (200, NOT_ALLOWED),
        "not_found": (404, DATA_INVALID),
        "method": (404, DATA_INVALID),
        "unreadable": (200, FORMAT_INVALID),
        "invalid": (200, FORMAT_INVALID),
        "doubtful": (200, FORMAT_INVALID),
        "too_large": (200, TOO_MANY),
        "too_many": (429, INTERNAL),
        "busy": (503, INTERNAL),
    }
)


class Refusal(Exception):
    """A number, or a whole request, that is not done, by 17TRACK's own code."""

    def __init__(self, code: int, message: Message) -> None:
        super().__init__(message.id)
        self.code, self.message = code, message


def good(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was done."""
    return {"code": 0, "data": data}


def each(items: Sequence[Any], do: Callable[[Any], Mapping[str, Any]]) -> dict[str, Any]:
    """What becomes of each number."""
    accepted, rejected = [], []
    for item in items:
        try:
            accepted.append(do(item))
        except Exception as problem:
            _, code, message = _told(problem)
            rejected.append({"number": item.number, "error": {"code": code, "message": message}})
    return good({"accepted": accepted, "rejected": rejected})


def refused(problem: Exception, standing: Iterable[Standing]) -> Reply:
    """What is told of an exception that concerns the whole request."""
    status, code, message = _told(problem)
    wait = [str(one.reset_s) for one in standing if not one.allowed]
    body = {"code": code, "data": {"errors": [{"code": code, "message": message}]}}
    return Reply(status, body, {"Retry-After": wait[0]} if wait else {})


def _told(problem: Exception) -> tuple[int, int, str]:
    """HTTP status, code, sentence."""
    if isinstance(problem, Refusal):
        return 200, problem.code, say(problem.message)
    declined = declined_of(problem)
    status, code = _CODES.get(declined.name, (500, INTERNAL))
    wrong = "; ".join(f"{one.path}: {one.text}" for one in declined.errors)
    return status, code, wrong or (say(declined.message) if declined.message else text(f"api.detail.{declined.name}"))
