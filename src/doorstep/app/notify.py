"""Mails to shoppers. A mail may repeat after a crash, with the same Message-ID; one that is out of date is not sent."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from doorstep.app import clock, doors, outbox
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.app.policies import current
from doorstep.app.say import say
from doorstep.core.message import Message
from doorstep.core.policy import MailBy
from doorstep.core.status import Status, closed
from doorstep.db.models import Connection, Order, Parcel, Person

log = logger(__name__)
STALE_AFTER: Final = timedelta(days=3)  # news of a parcel that old helps nobody


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to send. ``mark`` is its Message-ID: the same on every repetition. ``headers``: more of them, or
    others than usual.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    mark: str
    headers: Mapping[str, str] = field(default_factory=dict)


async def notify(leased: Leased) -> None:
    """Carry out one intent of the mail lane."""
    await post(leased, write)


async def post(leased: Leased, compose: Callable[[Leased], Letter | None]) -> None:
    """Send what ``compose`` writes (on a database thread); nothing is written where nothing is to be sent any more."""
    letter = await in_db(compose, leased)
    if letter is None:
        await in_db(outbox.done, leased)
        return
    try:
        await asyncio.to_thread(send, letter)  # a slow mail server keeps no database thread
    except ValueError as problem:  # an address or a subject that no mail can have
        reason = Message(id="mail.not_sent", values={"problem": str(problem)[:200]})
        await in_db(outbox.give_up, leased, reason)
    except OSError as problem:  # smtplib's errors are OSErrors
        log.warning("mail.failed", problem=type(problem).__name__)
        reason = Message(id="mail.not_sent", values={"problem": str(problem)[:200]})
        await in_db(outbox.later, leased, "due", reason)
    else:
        await in_db(outbox.done, leased)


def write(leased: Leased) -> Letter | None:
    """The mail, or None when it would be stale, is not ours to send any more, or has nobody to go to."""
    row = leased.row
    milestone = row.intent_key.partition(":")[2]
    order = Order.objects.filter(ws=row.ws, id=row.target_id).first()
    parcel = Parcel.objects.filter(ws=row.ws, id=row.payload_ref).first()
    person = Person.objects.filter(ws=row.ws, id=order.person_id or 0).first() if order else None
    if order is None or parcel is None or person is None or not person.email:
        return None
    store = Connection.objects.get(ws=row.ws, id=order.store_id)
    if order.cancelled_at or not _ours(store) or _stale(parcel, milestone):
        return None
    url = doors.page_url(row.ws, order.id)
    values = {"store": store.label, "order": order.number, "url": url}
    return Letter(
        to=(person.email,),
        subject=say(Message(id=f"letter.{milestone}.subject", values=values)),
        body=say(Message(id=f"letter.{milestone}.body", values=values)),
        mark=mark(leased),
    )


def mark(leased: Leased) -> str:
    """The Message-ID of an intent's mail."""
    return f"<doorstep.{leased.row.ws}.{leased.row.id}@{settings.MAIL_DOMAIN}>"


def _ours(store: Connection) -> bool:
    policy, _ = current(store.ws, store.id)
    return store.state != "removed" and policy.mail_by is MailBy.DOORSTEP


def _stale(parcel: Parcel, milestone: str) -> bool:
    """Whether it is not so any more, or has been so for long."""
    status, since = Status(parcel.status), parcel.status_since
    if milestone == "shipped":
        return closed(status)
    return status.value != milestone or (since is not None and clock.now() - since > STALE_AFTER)


def send(letter: Letter) -> None:
    """Hand one mail to the configured server. Raises OSError."""
    headers = {"Message-ID": letter.mark, "Auto-Submitted": "auto-generated", **letter.headers}
    EmailMessage(letter.subject, letter.body, to=letter.to, headers=headers).send()
