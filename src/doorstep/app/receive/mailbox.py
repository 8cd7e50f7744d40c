"""A workspace's mailbox: its forwarding address, uploaded mails, and what a person has to look at.

What a person decides about a mail is kept beside its bytes (the context of its inbox row), so that reading it again
gives the same result: ``order_id`` and ``order`` (it belongs to that one), ``dismissed`` (take nothing), ``by`` (who).
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, doors, inbox, loop
from doorstep.app.audit import record
from doorstep.app.ledger.retention import full
from doorstep.app.ledger.senders import mail_of
from doorstep.app.merge.at_home import TAKEN
from doorstep.app.receive import smtp
from doorstep.core.mailmatch import MEMBER, Proof
from doorstep.core.message import Message, Value
from doorstep.core.order import Mail, SaidNumber
from doorstep.db.models import Claim, Connection, Inbox, Order, Waiting

MOST = 50  # mails on the list of those that need a look
SILENT = 8  # on the list of those without a number


class Declined(ValueError):
    """Something a person asked for that cannot be done; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A mail that waits for a person. ``link`` confirms a forwarding; '' for every other reason."""

    inbox_id: int
    received_at: datetime
    reason: Message
    mail: Mail
    link: str = ""

    @property
    def numbers(self) -> tuple[SaidNumber, ...]:
        """What a person may give to an order."""
        return self.mail.numbers or self.mail.unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A mail that was read and in which no number was found."""

    inbox_id: int
    received_at: datetime
    mail: Mail


def ensure_mailbox(ws: int) -> Connection:
    """The workspace's mailbox with its live door, made when missing."""
    with transaction.atomic():
        connection = box_of(ws)
        doors.ensure(ws, "mail", connection.id)
    return connection


def box_of(ws: int) -> Connection:
    """What all mails of a workspace came from, made when missing; nobody can write to it before it has a door."""
    connection, _ = Connection.objects.get_or_create(
        ws=ws,
        kind="supplier",
        connector="mail",
        external_id="mail",
        defaults={"label": "E-mail", "connected_at": clock.now()},
    )
    return connection


def address(ws: int) -> str:
    """Where mails of this workspace are to be forwarded."""
    door = doors.ensure(ws, "mail", ensure_mailbox(ws).id)
    return f"{doors.token_of(door)}@{settings.MAIL_DOMAIN}"


def upload(ws: int, raw: bytes, actor: str) -> bool:
    """Take a mail that a member brings; True if it is new. Their word stands for its sender. Raises Declined."""
    if len(raw) > smtp.MAX_BYTES:
        raise Declined("mail.upload_too_large", limit_mb=smtp.MAX_BYTES >> 20)
    raw = raw.lstrip()
    if not re.match(rb"(?:[\x21-\x39\x3b-\x7e]+:|From )", raw):  # RFC 5322 field name, or mbox's first line
        raise Declined("mail.upload_no_mail")
    box = ensure_mailbox(ws)
    arrival = smtp.arrival(raw, Proof(how=MEMBER, why_not=""), ws, box.id, by=actor)
    with transaction.atomic():
        (new,) = inbox.keep([arrival])
        # The same mail may wait already because nobody proved it; the member's word settles that.
        same = Inbox.objects.filter(ws=ws, connection_id=box.id, dedup_key__startswith=f"{smtp.identity(raw)}:")
        same.filter(state="needs_look").exclude(dedup_key=arrival.dedup_key).update(state="read", error=None)
        record(ws, actor, "mail.upload", f"connection:{box.id}", after={"mail": arrival.dedup_key})
    return new


def look_list(ws: int) -> list[Look]:
    """The mails that need a look, newest first, with the reason; at most ``MOST``."""
    return list(_looks(ws))


def waiting(ws: int) -> int:
    """How many mails need a look."""
    return Inbox.objects.filter(ws=ws, state="needs_look", connection_id__in=boxes(ws)).count()


def silent_list(ws: int) -> list[Silent]:
    """The newest mails in which no number was found, at most ``SILENT``."""
    claimed = Claim.objects.filter(ws=ws).values("inbox_id")
    rows = full().filter(ws=ws, state="read", connection_id__in=boxes(ws)).exclude(id__in=claimed)
    read_ones = ((row, mail_of(row)) for row in rows.order_by("-id")[: SILENT + 4])
    found = (Silent(inbox_id=row.id, received_at=row.received_at, mail=mail) for row, mail in read_ones)
    return list(itertools.islice((one for one in found if not one.mail.numbers), SILENT))


def accept(ws: int, inbox_id: int, order_id: int, actor: str) -> None:
    """A person says that this mail belongs to that order: it is read again with that knowledge. Raises Declined."""
    order = Order.objects.filter(ws=ws, id=order_id).first()
    if order is None:
        raise Declined("mail.no_such_order")
    _decide(ws, inbox_id, actor, {"order_id": str(order.id), "order": order.external_id})


def take(ws: int, inbox_id: int, actor: str) -> None:
    """Somebody of a household says that this mail is theirs: its parcel is followed. Raises Declined."""
    _decide(ws, inbox_id, actor, {TAKEN: "1"})


def dismiss(ws: int, inbox_id: int, actor: str) -> None:
    """A person says that nothing is to be taken from this mail. Raises Declined."""
    _decide(ws, inbox_id, actor, {"dismissed": "1"})


def _looks(ws: int) -> Iterator[Look]:
    rows = Inbox.objects.filter(ws=ws, state="needs_look", connection_id__in=boxes(ws)).order_by("-id")[:MOST]
    for row in rows:
        mail = mail_of(row)
        said = row.error or {"id": "mail.no_order"}
        reason = Message(id=said["id"], values=said.get("values") or {})
        link = mail.link if reason.id == "mail.confirm_forwarding" else ""
        yield Look(inbox_id=row.id, received_at=row.received_at, reason=reason, mail=mail, link=link)


def _decide(ws: int, inbox_id: int, actor: str, decision: dict[str, str]) -> None:
    """Keep a person's word beside the mail; unless it is dismissed, have it read again."""
    with transaction.atomic():
        rows = Inbox.objects.select_for_update().filter(ws=ws, id=inbox_id, connection_id__in=boxes(ws))
        row = rows.filter(state="needs_look").first()
        if row is None:
            raise Declined("mail.decided_already")
        headers = {**row.headers, "context": {**row.headers["context"], **decision, "by": actor}}
        rows.update(headers=headers, state="read" if "dismissed" in decision else "new", error=None)
        Waiting.objects.filter(ws=ws, inbox_id=inbox_id).delete()
        verb = "mail.dismiss" if "dismissed" in decision else "mail.accept"
        record(ws, actor, verb, f"inbox:{inbox_id}", after=decision)
        transaction.on_commit(lambda: loop.wake(inbox.BELL))


def boxes(ws: int) -> list[int]:
    boxes = Connection.objects.filter(ws=ws, kind="supplier", connector="mail")
    return list(boxes.values_list("id", flat=True))
