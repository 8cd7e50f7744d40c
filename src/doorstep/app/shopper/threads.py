"""Messages between a shopper and the merchant about an order. The shopper writes on the order's page or answers a mail,
and reads the answer there; the merchant is mailed, and answers on the order's screen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import clock, loop
from doorstep.app.audit import record as audited
from doorstep.core.message import Message
from doorstep.db import tabs
from doorstep.db.models import Brand, Order, Outbox, Talk, ThreadMessage

SHOPPER: Final = "shopper"
LONGEST: Final = 4000  # characters
_AN_HOUR: Final = 5  # messages of one order's shopper
_MAILS_AN_HOUR: Final = 20  # of one order that are taken
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
class ByMail:
    """Where a shopper's message came from, if by mail: the fields of ``ThreadMessage``."""

    sender: str
    proof: str
    mail_id: str
    inbox_id: int
    left_out: int


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
    """The shopper writes on the page. Raises Unsent when there is nothing in it, or when it is one of too many."""
    text = _plain(body)
    if not text:
        raise Unsent("page.contact.empty")
    with transaction.atomic():
        order = Order.objects.select_for_update().get(ws=ws, id=order_id)
        recent = _recent(ws, order_id)
        if recent.filter(body=text).exists():  # sent twice
            return
        if recent.count() >= _AN_HOUR:
            raise Unsent("page.contact.too_many")
        _asked(order, text, {})


def ask_by_mail(ws: int, order_id: int, body: str, mail: ByMail) -> bool:
    """The shopper wrote a mail; the same one is taken once. False when the order is gone, or it is one of too many: its
    bytes stay where they are. The caller's transaction.
    """
    order = Order.objects.select_for_update().filter(ws=ws, id=order_id).first()
    if order is None or ThreadMessage.objects.filter(ws=ws, inbox_id=mail.inbox_id).exists():
        return False
    if _recent(ws, order_id).filter(via="mail").count() >= _MAILS_AN_HOUR:
        return False
    _asked(order, _plain(body), {"via": "mail", **asdict(mail)})
    return True


def answer(ws: int, order_id: int, body: str, actor: str, facts: Sequence[Mapping[str, Any]] = ()) -> int | None:
    """The merchant writes; the message's id, None where there is nothing in it. ``facts`` is what was true of the
    order's parcels (``app.shopper.attached``), and stays true to what was said.
    """
    text, now = _plain(body), clock.now()
    if not text and not facts:
        return None
    with transaction.atomic():
        order = Order.objects.select_for_update().get(ws=ws, id=order_id)
        row = ThreadMessage.objects.create(
            ws=ws,
            store_id=order.store_id,
            order_id=order_id,
            by=actor,
            body=text,
            at=now,
            via="console",
            facts=[dict(one) for one in facts],
        )
        _note(order, now, due=None)
        audited(ws, actor, "message.answer", f"order:{order_id}", after={"facts": row.facts} if facts else None)
        tabs.sort_in(ws, [order_id])
    return row.id


def close(ws: int, order_id: int, actor: str) -> None:
    """Nothing more is to be said: what waits for an answer waits no longer. A new message opens it again."""
    with transaction.atomic():
        mine = ThreadMessage.objects.select_for_update().filter(ws=ws, order_id=order_id, by=SHOPPER)
        answered = ThreadMessage.objects.filter(ws=ws, order_id=order_id).exclude(by=SHOPPER).order_by("-id").first()
        mine.filter(id__gt=answered.id if answered else 0).update(answer_due_at=None)
        Talk.objects.filter(ws=ws, order_id=order_id).update(closed_at=clock.now(), due_at=None)
        audited(ws, actor, "message.close", f"order:{order_id}")
        tabs.sort_in(ws, [order_id])


def reopen(ws: int, order_id: int, actor: str) -> None:
    """Have it among the open ones again."""
    with transaction.atomic():
        Talk.objects.filter(ws=ws, order_id=order_id).update(closed_at=None)
        audited(ws, actor, "message.reopen", f"order:{order_id}")


def assign(ws: int, order_id: int, user_id: int, actor: str) -> None:
    """Have somebody see to it; 0 = nobody in particular."""
    with transaction.atomic():
        Talk.objects.filter(ws=ws, order_id=order_id).update(user_id=user_id)
        audited(ws, actor, "message.assign", f"order:{order_id}", after={"user": user_id})


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
    """The first of the shopper's messages that an answer is waited for and nobody has answered."""
    answered = max((at for at, one in enumerate(said) if one.by != SHOPPER), default=-1)
    return next((one for one in said[answered + 1 :] if one.answer_due_at), None)


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST]


def _recent(ws: int, order_id: int) -> QuerySet[ThreadMessage]:
    since = clock.now() - timedelta(hours=1)
    return ThreadMessage.objects.filter(ws=ws, order_id=order_id, by=SHOPPER, at__gt=since)


def _asked(order: Order, text: str, how: Mapping[str, Any]) -> None:
    """Keep a shopper's message, and have the team told. Part of the caller's transaction."""
    ws, now = order.ws, clock.now()
    due = now + timedelta(hours=_hours(ws, order.store_id))
    row = ThreadMessage.objects.create(
        ws=ws, store_id=order.store_id, order_id=order.id, by=SHOPPER, body=text, at=now, answer_due_at=due, **how
    )
    _note(order, now, due=due)
    _tell(row)
    tabs.sort_in(ws, [order.id])


def _note(order: Order, now: datetime, due: datetime | None) -> None:
    """Bring the row of the whole talk up to date: the first question that waits says when an answer is due."""
    talk, new = Talk.objects.get_or_create(
        ws=order.ws, order_id=order.id, defaults={"store_id": order.store_id, "last_at": now, "due_at": due}
    )
    if not new:
        waits = (talk.due_at or due) if due else None
        mine = Talk.objects.filter(ws=order.ws, order_id=order.id)
        mine.update(last_at=now, due_at=waits, closed_at=None if due else talk.closed_at)


def _hours(ws: int, store_id: int) -> int:
    said = Brand.objects.filter(ws=ws, store_id=store_id).values_list("answer_h", flat=True).first()
    return said or _USUAL_H


def _tell(row: ThreadMessage) -> None:
    """Have those mailed who handle orders (``app.members.notices``), where mail can be sent."""
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
