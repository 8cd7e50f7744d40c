"""The merchant's answer as a mail to the shopper, in the shopper's language. Its Reply-To is an address of this very
order (a ``thread`` door): what the shopper answers there is the next message (``app.shopper.reply_mail``).
"""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils import timezone

from doorstep.app import brands, clock, doors, loop, tongues
from doorstep.app.ledger import told
from doorstep.app.ledger.policies import current
from doorstep.app.outbox import Leased
from doorstep.app.say import say, speaking, text
from doorstep.app.shopper import attached, threads
from doorstep.app.telling import notify
from doorstep.app.telling.notify import Letter, mark
from doorstep.core.message import Message
from doorstep.core.policy import MailBy
from doorstep.db.models import Connection, Order, Outbox, Person, ThreadMessage, Workspace

LANE: Final = "reply"
OURS: Final = "X-Doorstep"  # a mail that comes back with this header went round in a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the answer of an order goes: ``to`` an address, or why it is not mailed (``why_not``, a sentence's key)."""

    to: str = ""
    why_not: str = ""


def way(order: Order) -> Way:
    """Whether the shopper of an order may be written to: by the store's own rules and the channel's."""
    store = Connection.objects.get(ws=order.ws, id=order.store_id)
    person = Person.objects.filter(ws=order.ws, id=order.person_id or 0).first()
    policy, _ = current(order.ws, store.id)
    if not settings.EMAIL_HOST:
        return Way(why_not="thread.mail.no_server")
    if not told.there(store).may_mail:
        return Way(why_not="thread.mail.channel")
    if policy.mail_by is not MailBy.DOORSTEP or store.state == "removed":
        return Way(why_not="thread.mail.rules")
    if person is None or not person.email:
        return Way(why_not="thread.mail.no_address")
    return Way(to=person.email)


def intend(ws: int, order_id: int, message_id: int) -> None:
    """Have an answer mailed, if it may be. Part of the caller's transaction, if there is one."""
    if way(Order.objects.get(ws=ws, id=order_id)).to:
        key = {"ws": ws, "lane": LANE, "target_id": order_id, "intent_key": f"answer:{message_id}"}
        Outbox.objects.get_or_create(**key, defaults={"payload_ref": message_id, "due_at": clock.now()})
        loop.wake("outbox")


def address(ws: int, order_id: int) -> str:
    """Where the shopper of an order can write to; '' where no mail from outside reaches this instance."""
    if settings.MAIL_DOMAIN.endswith("localhost") and not settings.DEMO:
        return ""
    return f"{doors.token_of(doors.ensure(ws, 'thread', order_id))}@{settings.MAIL_DOMAIN}"


async def post(leased: Leased) -> None:
    """Carry out one intent of the lane."""
    await notify.post(leased, write)


def write(leased: Leased) -> Letter | None:
    """The mail, or None when the answer was erased, or may not be mailed any more."""
    ws = leased.row.ws
    order = Order.objects.filter(ws=ws, id=leased.row.target_id).first()
    row = ThreadMessage.objects.filter(ws=ws, id=leased.row.payload_ref).first()
    to = way(order).to if order else ""
    if order is None or row is None or not to or not (row.body or row.facts):
        return None
    person = Person.objects.get(ws=ws, id=order.person_id or 0)
    home = Workspace.objects.get(id=ws)
    with speaking(tongues.choose((person.locale,), "", home.locale)), timezone.override(home.tz):
        return _letter(leased, order, row, to)


def _letter(leased: Leased, order: Order, row: ThreadMessage, to: str) -> Letter:
    back = address(row.ws, order.id)
    look = brands.look(row.ws, order.store_id)
    values = {"store": look.name, "order": order.number}
    facts = "".join(f"- {one}\n" for one in attached.said(row.facts))
    parts = (
        text("letter.answer.mark") if back else "",
        row.body,
        facts.rstrip(),
        text("letter.answer.how" if back else "letter.answer.page", url=doors.page_url(row.ws, order.id), **values),
    )
    asked = ThreadMessage.objects.filter(ws=row.ws, order_id=order.id, by=threads.SHOPPER, id__lt=row.id)
    last = asked.exclude(mail_id="").order_by("-id").values_list("mail_id", flat=True).first()
    headers = {"Auto-Submitted": "no", OURS: "answer"}  # a person wrote it (RFC 3834, 5)
    headers |= {"Reply-To": back} if back else {}
    headers |= {"In-Reply-To": last, "References": last} if last else {}
    return Letter(
        to=(to,),
        subject=say(Message(id="letter.answer.subject", values=values)),
        body="\n\n".join(filter(None, parts)) + "\n",
        mark=mark(leased),
        headers=headers,
    )
