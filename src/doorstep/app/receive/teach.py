"""A person teaches Doorstep how a sender writes: they mark a text in a mail and say what it is.

The rule holds for that sender's domain only; which mails it is believed for is decided in ``senders``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import zstandard
from django.db import transaction

from doorstep.app import clock, inbox, loop
from doorstep.app.audit import record
from doorstep.app.ledger.retention import full
from doorstep.app.ledger.senders import mail_of
from doorstep.app.receive.mailbox import Declined, boxes
from doorstep.connectors.mail import taught
from doorstep.connectors.mail.mime import Letter, domain
from doorstep.connectors.mail.read import markable
from doorstep.connectors.mail.taught import Mark, Rule, What
from doorstep.db.models import Inbox, TaughtRule, Waiting

EARLIER: Final = 20  # mails of the sender in which a rule is tried
SHOWN: Final = 20_000  # characters
SEARCHED: Final = 200  # mails looked through for them
MOST_RULES: Final = 50  # of one sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A mail opened for marking. ``text`` is plain text. ``taken`` are the numbers read in it now."""

    inbox_id: int
    received_at: datetime
    domain: str
    subject: str
    text: str
    marks: tuple[Mark, ...]
    taken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a rule finds in one earlier mail."""

    inbox_id: int
    received_at: datetime
    subject: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A rule that a mark would teach, and what it finds in the mails of that sender, the newest first."""

    rule: Rule
    domain: str
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A rule that counts."""

    id: int
    domain: str
    rule: Rule
    by: str
    taught_at: datetime


def opened(ws: int, inbox_id: int) -> Opened:
    """A mail of this workspace for marking. Raises Declined."""
    row = _row(ws, inbox_id)
    raw = inbox.answer_of(row).body
    text, letter = markable(raw)
    return Opened(
        inbox_id=row.id,
        received_at=row.received_at,
        domain=domain(letter.sender),
        subject=letter.subject,
        text=_shown(text.partition("\n")[2]),
        marks=taught.marks(text, letter.links),
        taken=tuple(one.text for one in mail_of(row).numbers),
    )


def _shown(text: str) -> str:
    """Plain text for the screen: no control characters, no towers of empty lines."""
    printable = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text[:SHOWN])
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", printable).strip()


def preview(ws: int, inbox_id: int, marked: str, what: str) -> Preview:
    """What a mark would teach, tried on the mails that are here. Nothing is kept. Raises Declined."""
    rule, name = _derived(ws, inbox_id, marked, what)
    return Preview(rule=rule, domain=name, tried=tuple(_tried(ws, name, rule)))


def teach(ws: int, inbox_id: int, marked: str, what: str, actor: str) -> int:
    """Keep what a mark teaches, and read the sender's waiting mails again; returns how many. Raises Declined."""
    rule, name = _derived(ws, inbox_id, marked, what)
    with transaction.atomic():
        live = TaughtRule.objects.select_for_update().filter(ws=ws, domain=name, revoked_at=None)
        data = taught.as_data(rule)
        if live.count() >= MOST_RULES:
            raise Declined("teach.too_many", domain=name, most=MOST_RULES)
        if all(one.rule != data for one in live):
            row = TaughtRule.objects.create(
                ws=ws, domain=name, rule=data, inbox_id=inbox_id, by=actor, taught_at=clock.now()
            )
            record(ws, actor, "mail.teach", f"taught:{row.id}", after=data)
        return _again(ws, name)


def revoke(ws: int, rule_id: int, actor: str) -> None:
    """What was taught counts no longer; what came of it stays. Raises Declined."""
    with transaction.atomic():
        row = TaughtRule.objects.select_for_update().filter(ws=ws, id=rule_id, revoked_at=None).first()
        if row is None:
            raise Declined("teach.gone")
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        record(ws, actor, "mail.unteach", f"taught:{row.id}", before=row.rule)
        _again(ws, row.domain)


def rules(ws: int) -> list[Taught]:
    """Everything that counts, by sender."""
    rows = TaughtRule.objects.filter(ws=ws, revoked_at=None).order_by("domain", "id")
    return [
        Taught(id=row.id, domain=row.domain, rule=taught.from_data(row.rule), by=row.by, taught_at=row.taught_at)
        for row in rows
    ]


def _derived(ws: int, inbox_id: int, marked: str, what: str) -> tuple[Rule, str]:
    text, letter = markable(inbox.answer_of(_row(ws, inbox_id)).body)
    name = domain(letter.sender)
    if not name:
        raise Declined("teach.no_sender")
    if what not in set(What):
        raise Declined("teach.what")
    rule = taught.derive(text, letter.links, marked, What(what))
    if rule is None:
        raise Declined("teach.not_there", text=marked.strip()[:60])
    return rule, name


def _tried(ws: int, name: str, rule: Rule) -> Iterator[Tried]:
    for row, text, letter in _mails_of(ws, name):
        found = taught.found(rule, text, letter.links)
        yield Tried(inbox_id=row.id, received_at=row.received_at, subject=letter.subject, found=found)


def _mails_of(ws: int, name: str) -> Iterator[tuple[Inbox, str, Letter]]:
    """The newest mails of a sender, with their text."""
    seen = 0
    for row in full().filter(ws=ws, connection_id__in=boxes(ws)).order_by("-id")[:SEARCHED]:
        raw = zstandard.decompress(bytes(row.body_zstd))
        if name.encode() not in raw.lower():
            continue
        text, letter = markable(raw)
        if domain(letter.sender) == name:
            yield row, text, letter
            seen += 1
        if seen >= EARLIER:
            return


def _again(ws: int, name: str) -> int:
    """Have the waiting mails of a sender read again; part of the caller's transaction."""
    waiting = [row.id for row, _, _ in _mails_of(ws, name) if row.state == "needs_look"]
    count = Inbox.objects.filter(ws=ws, id__in=waiting, state="needs_look").update(state="new", error=None)
    Waiting.objects.filter(ws=ws, inbox_id__in=waiting).delete()
    if count:
        transaction.on_commit(lambda: loop.wake(inbox.BELL))
    return count


def _row(ws: int, inbox_id: int) -> Inbox:
    row = full().filter(ws=ws, id=inbox_id, connection_id__in=boxes(ws)).first()
    if row is None:
        raise Declined("teach.no_mail")
    return row
