"""What was given up: numbers that no store took, mails that nobody took. A person has it tried again, or leaves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from doorstep.app import clock, loop
from doorstep.app.audit import record
from doorstep.app.outbox import TRIES
from doorstep.app.push import pushes
from doorstep.app.say import say
from doorstep.core.message import Message
from doorstep.db.models import Connection, Number, Order, Outbox, Push

SHOWN: Final = 200
_PUSHES: Final = ("push", "tell")  # lanes of intents about a number in a store
_MAILS: Final = ("mail", "reply")  # lanes of mails to a buyer about an order
_OPEN: Final = ("refused", "unsure")  # states of a push that still wants something


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """One intent that nobody tries any more. ``kind``: withdraw, or its lane (``app.process.work``); ``what``: the
    number, or the mail's subject; ``order_id`` 0 and ``order`` '' where it is about a connection. ``worn_out``: it was
    tried often and failed for the time being, else it was declined. ``reason`` is a Message as JSON.
    """

    id: int
    kind: str
    order_id: int
    order: str
    where: str
    what: str
    reason: Mapping[str, Any] | None
    since: datetime
    tries: int
    worn_out: bool


def given_up(ws: int) -> list[Lost]:
    """The newest of them, the latest first."""
    rows = list(_dead(ws).order_by("-due_at", "-id")[:SHOWN])
    held = Push.objects.filter(ws=ws).in_bulk([row.payload_ref for row in rows if row.lane in _PUSHES])
    mailed = {row.target_id for row in rows if row.lane in _MAILS}
    orders = Order.objects.filter(ws=ws).in_bulk({push.order_id for push in held.values()} | mailed)
    labels = dict(Connection.objects.filter(ws=ws).values_list("id", "label"))
    numbers = Number.objects.filter(ws=ws).in_bulk({push.number_id for push in held.values()})
    return [_lost(row, held.get(row.payload_ref), orders, labels, numbers) for row in rows]


def count(ws: int) -> int:
    """How many wait for a person."""
    return _dead(ws).count()


def try_again(ws: int, outbox_id: int, actor: str) -> None:
    """Have one tried again, from the beginning. Raises Outbox.DoesNotExist."""
    with transaction.atomic():
        row = _dead(ws).select_for_update().get(id=outbox_id)
        push = Push.objects.filter(ws=ws, id=row.payload_ref, state__in=_OPEN).first() if row.lane == "push" else None
        if push and not row.intent_key.endswith(":withdraw"):
            pushes.try_again(ws, push.id, actor)
            return
        Outbox.objects.filter(ws=ws, id=row.id).update(state="due", due_at=clock.now(), tries=0, error=None)
        record(ws, actor, "outbox.again", f"outbox:{outbox_id}")
        loop.wake("outbox")


def try_all_again(ws: int, actor: str) -> int:
    """Have all of them tried again; returns how many."""
    ids = list(_dead(ws).order_by("id").values_list("id", flat=True))
    for outbox_id in ids:
        try_again(ws, outbox_id, actor)
    return len(ids)


def leave(ws: int, outbox_id: int, actor: str) -> None:
    """Leave it as it is; it is not listed any more. Raises Outbox.DoesNotExist."""
    with transaction.atomic():
        row = _dead(ws).select_for_update().get(id=outbox_id)
        Outbox.objects.filter(ws=ws, id=row.id).update(state="left")
        record(ws, actor, "outbox.leave", f"outbox:{outbox_id}")


def _dead(ws: int) -> QuerySet[Outbox]:
    """Without pushes that somebody has seen to meanwhile: a newer number went out, the old one was taken back."""
    still = Push.objects.filter(ws=ws, state__in=_OPEN).values("id")
    wanted = ~Q(lane="push") | Q(intent_key__endswith=":withdraw") | Q(payload_ref__in=still)
    return Outbox.objects.filter(wanted, ws=ws, state="dead")


def _lost(
    row: Outbox,
    push: Push | None,
    orders: Mapping[int, Order],
    labels: Mapping[int, str],
    numbers: Mapping[int, Number],
) -> Lost:
    order = orders.get(push.order_id if push else row.target_id)
    number = numbers.get(push.number_id) if push else None
    where = labels.get(order.store_id if order else row.target_id, "")
    return Lost(
        id=row.id,
        kind="withdraw" if row.intent_key.endswith(":withdraw") else row.lane,
        order_id=order.id if order else 0,
        order=order.number if order else "",
        where=where,
        what=number.text if number else _subject(row, order, where),
        reason=row.error,
        since=row.due_at,
        tries=row.tries,
        worn_out=row.tries >= TRIES,
    )


def _subject(row: Outbox, order: Order | None, store: str) -> str:
    """What the buyer would have read above the mail; '' of what is no mail to a buyer."""
    if row.lane not in _MAILS or order is None:
        return ""
    milestone = "answer" if row.lane == "reply" else row.intent_key.partition(":")[2]
    return say(Message(id=f"letter.{milestone}.subject", values={"store": store, "order": order.number}))
