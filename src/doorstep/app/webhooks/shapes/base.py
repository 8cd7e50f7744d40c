"""What a shape is given, and what it has to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from doorstep.app.webhooks.kinds import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A change, and what it is about as the API shows it now. ``mark`` names the change for good (webhook-id). ``at``:
    when it became known. ``about`` is one of the API's records (``app.records``), for a test a mapping;
    ``subject_id`` is its row.
    """

    ws: int
    mark: str
    type: str
    at: datetime
    old: Any
    new: Any
    object: Object
    subject_id: int
    about: Any


class Shape(Protocol):
    """A way to tell. ``types``: the types (``kinds.TYPES``, and ``kinds.TEST``) it has words for."""

    @property
    def name(self) -> str: ...
    @property
    def types(self) -> frozenset[str]: ...

    def new_secret(self) -> str:
        """A secret to sign with, drawn at random, in the form that receivers of this shape expect."""
        ...

    def body(self, news: News) -> bytes | None:
        """The JSON to send, on a database thread; None = this change is not told in this shape."""
        ...

    def sign(self, mark: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
        """The headers of one request, beside Content-Type. ``secrets``: those that are live, the newest first."""
        ...
