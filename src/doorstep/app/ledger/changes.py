"""What changed, written once: the key of a change is made from its content."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from doorstep.app import clock
from doorstep.app.webhooks import intents
from doorstep.core.change import Subject, change_key
from doorstep.db import bulk
from doorstep.db.ids import new_id
from doorstep.db.load import made
from doorstep.db.models import Change


class Cause(Protocol):
    """Who made something change (``app.merge.source.Source`` is one)."""

    @property
    def ws(self) -> int: ...
    @property
    def inbox_id(self) -> int: ...
    @property
    def actor(self) -> str: ...


@dataclass(frozen=True, slots=True)
class By:
    """A cause other than an inbox row: a person, or the clock."""

    ws: int
    actor: str
    inbox_id: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """Something is different now. ``at`` tells apart two changes of equal content (an event's key, a version)."""

    subject: Subject
    subject_id: int
    kind: str
    old: str = ""
    new: str = ""
    at: str = ""


def note(cause: Cause, change: Noted) -> None:
    """Write it down, unless it is written already. Part of the caller's transaction."""
    write(cause.ws, [as_row(cause, change)])


def write(ws: int, rows: Sequence[Change]) -> None:
    """Write changes down, those that are not written already, and have the workspace's endpoints told of them. Part of
    the caller's transaction.
    """
    bulk.insert(rows, ignore=True)
    intents.intend(ws, rows)


def as_row(cause: Cause, change: Noted) -> Change:
    """The row of a change; its key comes from its content."""
    values = {
        "ws": cause.ws,
        "id": new_id(),
        "subject": change.subject,
        "subject_id": change.subject_id,
        "key": change_key(change.subject, str(change.subject_id), change.kind, change.old, change.new, change.at),
        "kind": change.kind,
        "old": change.old or None,
        "new": change.new or None,
        "cause": f"inbox:{cause.inbox_id}" if cause.inbox_id else "",
        "actor": cause.actor,
        "known_at": clock.now(),
    }
    return made(Change, values)
