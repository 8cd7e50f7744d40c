"""What was mailed about an order, what waits and why, what nobody took. Kept by who reads it, shown in the console."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from doorstep.app import clock
from doorstep.app.readers import Reader
from doorstep.core.letter import Event
from doorstep.core.message import Message
from doorstep.db.models import Mailed, Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A mail about an order. ``state``: sent | refused | skipped | held | due | dead; ``until``: of one that waits."""

    event: str
    who: str
    to: str
    state: str
    reason: Mapping[str, Any] | None
    at: datetime
    until: datetime | None = None


def note(row: Outbox, event: Event, reader: Reader, state: str, reason: Message | None = None) -> None:
    """Keep what became of one mail to one reader."""
    Mailed.objects.create(
        ws=row.ws,
        order_id=row.target_id,
        parcel_id=row.payload_ref,
        outbox_id=row.id,
        event=event.value,
        who=reader.who,
        to=reader.address,
        language=reader.language,
        state=state,
        reason=asdict(reason) if reason else None,
        at=clock.now(),
    )


def had(row: Outbox) -> frozenset[str]:
    """The addresses that need nothing of this intent any more."""
    return frozenset(
        Mailed.objects.filter(ws=row.ws, order_id=row.target_id, outbox_id=row.id).values_list("to", flat=True)
    )


def last_at(ws: int, order_id: int) -> datetime | None:
    """When the last mail about an order went."""
    newest = Mailed.objects.filter(ws=ws, order_id=order_id, state="sent").aggregate(Max("at"))["at__max"]
    assert newest is None or isinstance(newest, datetime)
    return newest


def of_order(ws: int, order_id: int) -> list[Post]:
    """All of them: what is still to go first, then what went, the newest first."""
    waiting = Outbox.objects.filter(ws=ws, lane="mail", target_id=order_id, state__in=["due", "dead"]).order_by("id")
    posts = [_of_intent(row) for row in waiting if _event(row) and not _silent(row)]
    gone = Mailed.objects.filter(ws=ws, order_id=order_id).order_by("-id")
    return posts + [
        Post(event=one.event, who=one.who, to=one.to, state=one.state, reason=one.reason, at=one.at) for one in gone
    ]


def _event(row: Outbox) -> str:
    """What the mail of an intent is about, '' of one that is about nothing in the order."""
    milestone = row.intent_key.partition(":")[2]
    return milestone if milestone != "confirm" else ""


def _silent(row: Outbox) -> bool:
    """That details may be late is only meant, until it is known that they are."""
    return _event(row) == Event.DELAYED and row.state == "due" and row.error is None


def _of_intent(row: Outbox) -> Post:
    held = row.state == "due" and row.due_at > clock.now()
    state = "held" if held else row.state
    return Post(
        event=_event(row),
        who="",
        to="",
        state=state,
        reason=row.error,
        at=row.due_at,
        until=row.due_at if held else None,
    )
