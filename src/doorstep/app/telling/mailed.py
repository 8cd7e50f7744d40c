"""What was mailed about an order, what waits and why, what nobody took. Kept by who reads it, shown in the console."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Value

from doorstep.app import clock
from doorstep.app.telling.readers import Reader
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
    """All of them: what is still to go first, then what went, the newest first. One query."""
    none = Value("")
    waiting = Outbox.objects.filter(ws=ws, lane="mail", target_id=order_id, state__in=["due", "dead"])
    open_ = waiting.values_list("id", "intent_key", "state", "error", "due_at", none, none)
    gone = Mailed.objects.filter(ws=ws, order_id=order_id)
    rows = open_.union(gone.values_list("id", "event", "state", "reason", "at", "who", "to"), all=True)
    posts = [(row[0], _post(*row[1:])) for row in rows]
    shown = [(number, one) for number, one in posts if one.event and not _silent(one)]
    return [one for _, one in sorted(shown, key=lambda pair: (pair[1].who != "", -pair[0]))]


def _post(key: str, state: str, reason: Mapping[str, Any] | None, at: datetime, who: str, to: str) -> Post:
    """Of an intent's key only what it is about; '' where that is nothing in the order."""
    event = key.rpartition(":")[2]
    held = not who and state == "due" and at > clock.now()
    state = "held" if held else state
    about = "" if event == "confirm" else event
    return Post(event=about, who=who, to=to, state=state, reason=reason, at=at, until=at if held else None)


def _silent(one: Post) -> bool:
    """That details may be late is only meant, until it is known that they are."""
    return one.event == Event.DELAYED and one.state in {"due", "held"} and one.reason is None
