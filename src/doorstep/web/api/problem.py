"""Problems as RFC 9457 says: one shape for everything that goes wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import msgspec
from django.core.exceptions import ObjectDoesNotExist
from django.db import OperationalError

from doorstep.app.api import api_answers
from doorstep.app.log import logger
from doorstep.app.push.pushes import NotPossible
from doorstep.app.receive.manual import Doubtful
from doorstep.app.records.page import Unreadable
from doorstep.app.say import say, text
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Trouble
from doorstep.core.message import Message

MEDIA: Final = "application/problem+json"
# What can be wrong, and the status that says so. The sentences are ``api.problem.<name>`` and ``api.detail.<name>``.
STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "unreadable": 400,
        "no_key": 401,
        "no_scope": 403,
        "not_found": 404,
        "method": 405,
        "not_now": 409,
        "under_way": 409,
        "too_large": 413,
        "media": 415,
        "invalid": 422,
        "refused": 422,
        "doubtful": 422,
        "key_reused": 422,
        "too_many": 429,
        "broken": 500,
        "busy": 503,
    }
)
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where: ``path`` leads to it, ``$`` is the whole."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request was not done (RFC 9457). ``type`` leads to what is known about it; ``code`` names the exact reason
    for programs. ``errors`` are the parts that are wrong, where there are any.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault]


class Declined(Exception):
    """A request that is not done. ``name`` is one of STATUS; ``message`` says more than the usual sentence."""

    def __init__(
        self,
        name: str,
        message: Message | None = None,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(name)
        self.name, self.message, self.errors, self.headers = name, message, errors, headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.name]

    def body(self) -> bytes:
        """The problem as JSON."""
        problem = Problem(
            type=f"/api/v1/#{self.name}",
            title=text(f"api.problem.{self.name}"),
            status=self.status,
            detail=say(self.message) if self.message else text(f"api.detail.{self.name}"),
            code=self.message.id if self.message else self.name,
            errors=list(self.errors),
        )
        return msgspec.json.encode(problem)


def invalid(problem: msgspec.ValidationError) -> Declined:
    """What msgspec found wrong, with its place."""
    why, _, place = str(problem).partition(" - at ")
    return Declined("invalid", errors=[Fault(place.strip("`") or "$", why)])


def declined_of(problem: Exception) -> Declined:
    """What a program is told of an exception; what nobody foresaw is written to the log and told to nobody."""
    for kind, told in _KINDS:
        if isinstance(problem, kind):
            return told(problem)
    if isinstance(problem, ValueError) and problem.args and isinstance(problem.args[0], Message):
        return Declined("refused", problem.args[0])
    log.error("api.failed", exc_info=problem)
    return Declined("broken")


_SOON: Final = {"Retry-After": "1"}
_KINDS: Final[tuple[tuple[type[Exception], Callable[[Any], Declined]], ...]] = (
    (Declined, lambda problem: problem),
    (ObjectDoesNotExist, lambda _: Declined("not_found")),
    (Unreadable, lambda _: Declined("invalid", errors=[Fault("$.cursor", text("api.cursor"))])),
    (Doubtful, lambda problem: Declined("doubtful", problem.message)),
    (NotPossible, lambda problem: Declined("not_now", problem.message)),
    (api_answers.Differs, lambda _: Declined("key_reused")),
    (api_answers.UnderWay, lambda _: Declined("under_way", headers=_SOON)),
    (Trouble, lambda problem: Declined("refused", message_of(problem))),
    (OperationalError, lambda _: Declined("busy", headers=_SOON)),
)
