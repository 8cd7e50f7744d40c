"""What an operation of the API is: a function, and where it is found."""

import inspect
import typing
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta as Limits

from doorstep.app.api.api_keys import Holder
from doorstep.app.records.page import ALL, Page

T = TypeVar("T")
Method = Literal["GET", "POST", "PATCH", "DELETE"]
Handle = TypeVar("Handle", bound=Callable[..., Any])
LONGEST_PAGE: Final = 200
USUAL_PAGE: Final = 50


class Shown(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be said behind the question mark of everything that is read."""

    fields: Annotated[str, Limits(max_length=1000, description="Only these fields of each row, between commas.")] = ""


class Listed(Shown, kw_only=True, forbid_unknown_fields=True):
    """And of a list."""

    limit: Annotated[int, Limits(ge=1, le=LONGEST_PAGE, description="At most so many rows.")] = USUAL_PAGE
    cursor: Annotated[str, Limits(max_length=1000, description="`next_cursor` of the page before.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Who asks, and which fields of an answer they want."""

    holder: Holder
    fields: Collection[str] = ALL

    @property
    def ws(self) -> int:
        """The workspace: the key's, never one that a request names."""
        return self.holder.ws

    @property
    def actor(self) -> str:
        """How the key is written in the audit trail."""
        return self.holder.actor


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """Something that was made, and where it is found from now on (below ``/api/v1``)."""

    value: T
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An operation. ``scope`` '' = any key will do; ``decoder`` reads its body, which may be
    of ``media``; ``sparse``: names of the fields that
    can be chosen. ``secret``: the answer holds one, and is kept sealed for a repetition. ``steady``: the same rows give
    the same answer, whatever the time.
    """

    method: Method
    path: str
    scope: str
    status: int
    handle: Callable[..., Any]
    query: type[msgspec.Struct] | None
    body: type | None
    decoder: "msgspec.json.Decoder[Any] | None"
    answer: Any
    media: tuple[str, ...]
    sparse: frozenset[str]
    secret: bool = False
    steady: bool = False

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.handle.__name__

    @property
    def names(self) -> tuple[str, ...]:
        """The ids in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def about(self) -> str:
        """What it does, in one or more sentences."""
        return inspect.cleandoc(self.handle.__doc__ or "")


ROUTES: Final[list[Route]] = []


def route(
    method: Method,
    path: str,
    scope: str = "",
    *,
    status: int = 200,
    media: tuple[str, ...] = ("application/json",),
    secret: bool = False,
    steady: bool = False,
) -> Callable[[Handle], Handle]:
    """Register an operation. Its arguments are ``ask``, ``query`` (what is behind the question mark), ``body``, and the
    ids of the path; their types are what the API takes.
    """

    def register(handle: Handle) -> Handle:
        hints = typing.get_type_hints(handle, include_extras=True)
        answer = unwrapped(hints.get("return"))
        query = hints.get("query")
        one = Route(
            method=method,
            path=path,
            scope=scope,
            status=status,
            handle=handle,
            query=query,
            body=hints.get("body"),
            decoder=msgspec.json.Decoder(hints["body"]) if "body" in hints else None,
            answer=answer,
            media=media if "body" in hints else (),
            sparse=_fields(answer) if query and issubclass(query, Shown) else frozenset(),
            secret=secret,
            steady=steady,
        )
        ROUTES.append(one)
        return handle

    return register


def unwrapped(hint: Any) -> Any:
    """The type of what is sent, of an operation's declared result."""
    if typing.get_origin(hint) is Made:
        return typing.get_args(hint)[0]
    return None if hint is type(None) else hint


def row_of(answer: Any) -> Any:
    """The type of a row, where an answer is a page of them; else the answer's own."""
    return typing.get_args(answer)[0] if typing.get_origin(answer) is Page else answer


def _fields(answer: Any) -> frozenset[str]:
    row = row_of(answer)
    return frozenset(one.name for one in fields(row)) if is_dataclass(row) else frozenset()
