"""Messages between a shopper and the merchant about an order. The shopper writes on the order's page and reads the
answer there; the merchant is mailed, and answers on the order's screen.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Final

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, loop
from doorstep.app.audit import record as audited
from doorstep.core.message import Message
from doorstep.db import tabs
from doorstep.db.models import Brand, Order, Outbox, ThreadMessage

SHOPPER: Final = "shopper"
LONGEST: Final = 4000  # characters
_AN_HOUR: Final = 5  # messages of one order's shopper
_USUAL_H: Final = 48  # to answer in, where the merchant says nothing else
_LOOKED_AT: Final = 400  # newest messages of a store that its record is made from
_COUNTED: Final = 20  # questions in a record
_ENOUGH: Final = 5


class Unsent(ValueError):
    """It is not taken; ``message`` says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.message = Message(id=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a merchant answers: of the last ``n`` questions so many, half of them within so many hours."""

    n: int
    answered: int
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What was said of an order, oldest first. ``due_at``: by when the question that waits should be answered, None =
    nothing waits; ``late``: that has passed. ``record`` None = too little is known.
    """

    said: tuple[ThreadMessage, ...]
    due_at: datetime | None
    late: bool
    record: Record | None


def thread(ws: int, store_id: int, order_id: int) -> Thread:
    """The thread of an order."""
    return replace(said(ws, order_id), record=record(ws, store_id))


def said(ws: int, order_id: int) -> Thread:
    """The thread of an order, without how the store answers."""
    rows = tuple(ThreadMessage.objects.filter(ws=ws, order_id=order_id).order_by("id"))
    waiting = _waiting(rows)
    due = waiting.answer_due_at if waiting else None
    return Thread(said=rows, due_at=due, late=due is not None and due < clock.now(), record=None)


def ask(ws: int, order_id: int, body: str) -> None:
    """The shopper writes. Raises Unsent when there is nothing in it, or when it is one of too many."""
    text, now = body.replace("\r\n", "\n").strip()[:LONGEST], clock.now()
    if not text:
        raise Unsent("page.contact.empty")
    with transaction.atomic():
        order = Order.objects.select_for_update().get(ws=ws, id=order_id)
        mine = ThreadMessage.objects.filter(ws=ws, order_id=order_id, by=SHOPPER, at__gt=now - timedelta(hours=1))
        if mine.filter(body=text).exists():  # sent twice
            return
        if mine.count() >= _AN_HOUR:
            raise Unsent("page.contact.too_many")
        due = now + timedelta(hours=_hours(ws, order.store_id))
        row = ThreadMessage.objects.create(
            ws=ws, store_id=order.store_id, order_id=order_id, by=SHOPPER, body=text, at=now, answer_due_at=due
        )
        _tell(row)
        tabs.sort_in(ws, [order_id])


def answer(ws: int, order_id: int, body: str, actor: str) -> bool:
    """The merchant writes; False where there is nothing in it."""
    text = body.replace("\r\n", "\n").strip()[:LONGEST]
    if not text:
        return False
    with transaction.atomic():
        order = Order.objects.get(ws=ws, id=order_id)
        ThreadMessage.objects.create(
            ws=ws, store_id=order.store_id, order_id=order_id, by=actor, body=text, at=clock.now()
        )
        audited(ws, actor, "message.answer", f"order:{order_id}")
        tabs.sort_in(ws, [order_id])
    return True


def waiting(ws: int) -> dict[int, datetime]:
    """Orders whose shopper waits for an answer, with when it is due; the most pressing first."""
    rows = ThreadMessage.objects.filter(ws=ws).order_by("order_id", "id")
    due = {
        order: one.answer_due_at
        for order, said in groupby(rows, lambda row: row.order_id)
        if (one := _waiting(tuple(said))) and one.answer_due_at
    }
    return dict(sorted(due.items(), key=lambda pair: pair[1]))


def record(ws: int, store_id: int) -> Record | None:
    """How the store answers, None = too few have asked. Questions whose answer is not due yet do not count."""
    rows = ThreadMessage.objects.filter(ws=ws, store_id=store_id).order_by("-id")[:_LOOKED_AT]
    by_order = sorted(rows, key=lambda row: (row.order_id, row.id))
    asked = [one for _, said in groupby(by_order, lambda row: row.order_id) for one in _questions(said)]
    counted = sorted(asked, key=lambda pair: pair[0].id)[-_COUNTED:]
    if len(counted) < _ENOUGH:
        return None
    took = [(reply.at - question.at) / timedelta(hours=1) for question, reply in counted if reply]
    return Record(n=len(counted), answered=len(took), hours=max(1, round(median(took))) if took else 0)


def _questions(said: Iterable[ThreadMessage]) -> Iterator[tuple[ThreadMessage, ThreadMessage | None]]:
    """A shopper's messages in a row are one question; with the answer to it, if there is one or it is overdue."""
    now, question = clock.now(), None
    for one in said:
        if one.by == SHOPPER:
            question = question or one
        elif question:
            yield question, one
            question = None
    if question and question.answer_due_at and question.answer_due_at < now:
        yield question, None


def _waiting(said: Sequence[ThreadMessage]) -> ThreadMessage | None:
    """The first of the shopper's messages that nobody has answered."""
    answered = max((at for at, one in enumerate(said) if one.by != SHOPPER), default=-1)
    return next(iter(said[answered + 1 :]), None)


def _hours(ws: int, store_id: int) -> int:
    said = Brand.objects.filter(ws=ws, store_id=store_id).values_list("answer_h", flat=True).first()
    return said or _USUAL_H


def _tell(row: ThreadMessage) -> None:
    """Have those mailed who handle orders (``app.notices``), where mail can be sent."""
    if settings.EMAIL_HOST:
        Outbox.objects.create(
            ws=row.ws,
            lane="notice",
            target_id=row.order_id,
            payload_ref=row.id,
            intent_key=f"message:{row.id}",
            due_at=clock.now(),
        )
        transaction.on_commit(lambda: loop.wake("outbox"))
