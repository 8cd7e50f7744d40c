"""What an operation of this shape is, and where it is found below the version."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from doorstep.app.api.api_keys import Holder

Handle = Callable[["Asked"], Any]
H = TypeVar("H", bound=Handle)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: who asks, what stands in the path (0 = nothing) and behind the question mark, and what was sent."""

    holder: Holder
    id: int = 0
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ws(self) -> int:
        """The workspace: the key's."""
        return self.holder.ws


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation. ``takes``: the parameters that it understands."""

    method: str
    path: str
    scope: str
    handle: Handle
    status: int
    takes: frozenset[str]

    @property
    def about(self) -> str:
        """What it does."""
        return inspect.cleandoc(self.handle.__doc__ or "")


OPERATIONS: Final[list[Operation]] = []


def operation(
    method: str, path: str, scope: str, *, status: int = 200, takes: tuple[str, ...] = ()
) -> Callable[[H], H]:
    """Register an operation; ``{id}`` in the path stands for a tracking."""

    def register(handle: H) -> H:
        one = Operation(method=method, path=path, scope=scope, handle=handle, status=status, takes=frozenset(takes))
        OPERATIONS.append(one)
        return handle

    return register
