"""A shopper's mail to the address of their order becomes a message of its thread. Whoever holds the address may write;
whether it is the buyer is told beside the message. What programs send by themselves (RFC 3834) is no message.
"""

from typing import Final

from django.conf import settings

from doorstep.app import clock, photos
from doorstep.app.inbox import Arrival, answer_of
from doorstep.app.log import logger
from doorstep.app.say import text
from doorstep.app.shopper import threads
from doorstep.app.shopper.answer_mail import OURS
from doorstep.app.tongues import LANGUAGES
from doorstep.connectors.mail.mime import header, headers_of
from doorstep.connectors.mail.reply import Reply, automatic, read_reply
from doorstep.core.mailmatch import Proof, context_of, proof_of
from doorstep.db.models import Inbox, Order, Person

log = logger(__name__)
WHAT: Final = "reply"  # of the inbox rows


def arrival(raw: bytes, proof: Proof, ws: int, order_id: int, identity: str, bounce: bool) -> Arrival | None:
    """The mail as it is kept until it is read; None when its order is gone. The same mail with another proof is another
    arrival: a forgery sent ahead must not hide the true one.
    """
    store = Order.objects.filter(ws=ws, id=order_id).values_list("store_id", flat=True).first()
    if store is None:
        return None
    return Arrival(
        ws=ws,
        connection_id=store,
        dedup_key=f"reply:{order_id}:{identity}:{proof.how}:{proof.domain}",
        received_at=clock.now(),
        what=WHAT,
        headers={"content-type": "message/rfc822"},
        context=context_of(proof) | {"order_id": str(order_id)} | ({"bounce": "1"} if bounce else {}),
        body=raw,
    )


def take(row: Inbox) -> None:
    """Make a message of it, once. Part of the caller's transaction."""
    answer = answer_of(row)
    order = Order.objects.filter(ws=row.ws, id=int(answer.context["order_id"])).first()
    if order is None or answer.context.get("bounce") or automatic(answer.body) or _ours(answer.body):
        return
    reply = read_reply(answer.body, _marks())
    if not reply.text and not reply.pictures:
        return
    taken = threads.ask_by_mail(
        row.ws,
        order.id,
        reply.text or f"📷 × {len(reply.pictures)}",
        threads.ByMail(
            sender=reply.sender,
            proof=_whose(order, reply, proof_of(answer.context)),
            mail_id=reply.message_id[:300],
            inbox_id=row.id,
            left_out=reply.left_out,
        ),
    )
    if taken:
        _keep_pictures(order, reply)
    else:
        log.warning("reply.not_taken", inbox_id=row.id)


def _whose(order: Order, reply: Reply, proof: Proof) -> str:
    """``buyer``: the order's own address, and proven; ``unproven``: anybody can write that address in a mail."""
    person = Person.objects.filter(ws=order.ws, id=order.person_id or 0).first()
    if person is None or not person.email or reply.sender != person.email.strip().lower():
        return "other"
    return "buyer" if proof.how else "unproven"


def _keep_pictures(order: Order, reply: Reply) -> None:
    """By the rules of photos from the page; what is none is left out."""
    for one in reply.pictures:
        try:
            photos.keep(order.ws, order.id, photos.OF_A_MAIL, one)
        except photos.Unwanted as problem:
            log.info("reply.picture_left_out", why=problem.message.id)


def _ours(raw: bytes) -> bool:
    """Whether it is one of our own mails, sent on to its own Reply-To."""
    return bool(header(headers_of(raw), OURS.lower())) or settings.DEFAULT_FROM_EMAIL in header(headers_of(raw), "from")


def _marks() -> tuple[str, ...]:
    return tuple(text("letter.answer.mark", one) for one in LANGUAGES)
