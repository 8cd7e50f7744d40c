"""News of an order by mail, to whoever gets it. What is out of date is not sent; what should wait says why and until
when; with the news of a whole day a mail takes along what waits beside it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from doorstep.app import brands, clock, outbox
from doorstep.app.leases import free
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.app.say import speaking
from doorstep.app.telling import following, letter_draft, letter_rules, letters, mailed, notify
from doorstep.app.telling.letter_draft import Draft
from doorstep.app.telling.letter_rules import Rules
from doorstep.app.telling.notify import Letter
from doorstep.app.telling.readers import BUYER, Reader, readers
from doorstep.core.letter import Event, Hold, hold
from doorstep.core.message import Message
from doorstep.core.status import Status, closed
from doorstep.db.models import Connection, Order, Outbox, Parcel, Person

log = logger(__name__)
STALE_AFTER: Final = timedelta(days=3)  # news of a parcel that old helps nobody
_EARLY: Final = (Event.SHIPPED, Event.DELAYED)  # about no status: they are news until the parcel is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One intent, ready to be sent: to each reader their letter. ``along``: other intents that it tells too."""

    event: Event
    letters: tuple[tuple[Reader, Letter], ...]
    along: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one letter. ``problem`` None = it went; ``lasting``: no repetition will help."""

    reader: Reader
    problem: Message | None = None
    lasting: bool = False


async def carry_out(leased: Leased) -> None:
    """Carry out one intent of the mail lane."""
    if leased.row.intent_key.endswith(":confirm"):
        await notify.post(leased, following.write_question)
        return
    todo = await in_db(write, leased)
    if todo is None:
        await in_db(outbox.done, leased)
    elif isinstance(todo, Hold):
        await in_db(outbox.later, leased, "due", todo.reason, todo.until - clock.now())
    else:
        outcomes = [await _sent(reader, letter) for reader, letter in todo.letters]
        await in_db(_end, leased, todo, outcomes)


async def _sent(reader: Reader, letter: Letter) -> Outcome:
    try:
        await asyncio.to_thread(notify.send, letter)  # a slow mail server keeps no database thread
    except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors
        log.warning("mail.failed", problem=type(problem).__name__)
        lasting, reason = notify.fault(problem)
        return Outcome(reader=reader, problem=reason, lasting=lasting)
    return Outcome(reader=reader)


def _end(leased: Leased, done: Round, outcomes: Sequence[Outcome]) -> None:
    """Keep what became of it. What may work later is tried again, for those who have not got it; an address that takes
    no mail is told to a person if it is the buyer's, and forgotten if it only asked to be told.
    """
    open_ = [one.problem for one in outcomes if one.problem and not one.lasting]
    buyers = [one.problem for one in outcomes if one.problem and one.lasting and one.reader.who == BUYER]
    with transaction.atomic():
        if open_:
            mine = bool(outbox.later(leased, "due", open_[0]))
        else:
            mine = outbox.give_up(leased, buyers[0]) if buyers else outbox.done(leased)
        if not mine:
            return
        for one in outcomes:
            if one.problem is None:
                mailed.note(leased.row, done.event, one.reader, "sent")
            elif one.lasting and one.reader.who != BUYER:
                mailed.note(leased.row, done.event, one.reader, "refused", one.problem)
                following.forget(leased.row.ws, one.reader)
        Outbox.objects.filter(free(clock.machine()), ws=leased.row.ws, id__in=done.along, state="due").update(
            state="done", error=None
        )


def write(leased: Leased) -> Round | Hold | None:
    """The letters; what they wait for; None when they would be stale, are not wanted, or have nobody to go to."""
    row, event = leased.row, event_of(leased.row)
    order = Order.objects.filter(ws=row.ws, id=row.target_id, cancelled_at=None).first()
    if order is None or not is_news(row):
        return None
    store = Connection.objects.get(ws=row.ws, id=order.store_id)
    person = Person.objects.filter(ws=row.ws, id=order.person_id or 0).first()
    kept = letter_rules.rules(row.ws, store.id)
    if event in kept.off:
        return None
    had = mailed.had(row)
    everybody = [one for one in readers(order, store, person, kept) if one.address not in had]
    for one in everybody:
        if one.unwanted:
            mailed.note(row, event, one, "skipped", one.unwanted)
    wanting = [one for one in everybody if one.unwanted is None]
    if not wanting:
        return None
    zone = letter_rules.zone_of(row.ws, kept, person)
    wait = hold(kept.timing, clock.now(), zone, mailed.last_at(row.ws, order.id))
    return wait or _round(leased, order, kept, wanting, zone)


def _round(leased: Leased, order: Order, kept: Rules, to: Sequence[Reader], zone: ZoneInfo) -> Round:
    """A letter to each; all that waits goes into one where news go once a day."""
    row = leased.row
    beside = _beside(row, kept) if kept.timing.daily_at is not None else []
    event = Event.DIGEST if beside else event_of(row)
    made = []
    for one in to:
        with timezone.override(zone):
            made.append((one, _letter(leased, one, draft(order, row.payload_ref, event, one, [row, *beside]))))
    return Round(event=event, letters=tuple(made), along=tuple(one.id for one in beside))


def draft(order: Order, parcel_id: int, event: Event, reader: Reader, told: Sequence[Outbox] = ()) -> Draft:
    """The mail to one reader, in their language."""
    brand = brands.look(order.ws, order.store_id)
    with speaking(reader.language):
        news = "\n".join(dict.fromkeys(_news(order, one, brand) for one in told)) if event is Event.DIGEST else ""
        filled = letter_draft.values(order, parcel_id, brand, news)
        words = letters.words(order.ws, order.store_id, event, reader.language)
        return letter_draft.write(words, filled, order, brand, reader.language, reader.foot)


def _news(order: Order, row: Outbox, brand: brands.Look) -> str:
    """One line of a day's news: which parcel, and where it is now."""
    said = letter_draft.values(order, row.payload_ref, brand)
    return f"{said.get('number') or order.number}: {said.get('status', '')}"


def _letter(leased: Leased, reader: Reader, made: Draft) -> Letter:
    """With one-click unsubscribing (RFC 8058) where there is something to stop."""
    stop = reader.foot.stop
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if stop else {}
    mark = notify.mark(leased).replace("@", f"{reader.ref}@", 1)
    return Letter((reader.address,), made.subject, made.text, mark, headers, made.html)


def _beside(row: Outbox, kept: Rules) -> list[Outbox]:
    """What else waits to be told of the order, and still is news."""
    others = Outbox.objects.filter(free(clock.machine()), ws=row.ws, lane="mail", target_id=row.target_id, state="due")
    waiting = others.exclude(id=row.id).exclude(intent_key__endswith=":confirm").exclude(error=None).order_by("id")
    return [one for one in waiting if is_news(one) and event_of(one) not in kept.off]


def event_of(row: Outbox) -> Event:
    """What an intent is about."""
    return Event(row.intent_key.partition(":")[2])


def is_news(row: Outbox) -> bool:
    """Whether it is so, and has not been so for long."""
    event = event_of(row)
    if event not in _EARLY:
        return is_still(row.ws, row.payload_ref, event.value)
    parcel = Parcel.objects.filter(ws=row.ws, id=row.payload_ref).first()
    if parcel is None:
        return False
    return not closed(Status(parcel.status)) and (event is Event.SHIPPED or parcel.first_scan_at is None)


def is_still(ws: int, parcel_id: int, status: str) -> bool:
    """Whether a parcel has a status, and has not had it for long."""
    parcel = Parcel.objects.filter(ws=ws, id=parcel_id, status=status).first()
    since = parcel.status_since if parcel else None
    return parcel is not None and (since is None or clock.now() - since <= STALE_AFTER)
