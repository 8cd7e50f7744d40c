"""What core wants to say: a message id and values. The sentence is made from ``locale/<language>/*.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell a person.

    ``id`` is a dotted key of the message catalog (``hold.not_dispatched``); ``values`` fill its placeholders. Dates and
    instants are given as ISO 8601 text, so that a Message can be stored and compared.
    """

    id: str
    values: Mapping[str, Value] = field(default_factory=dict)
