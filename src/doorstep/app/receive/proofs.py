"""Proofs that could not be found when a mail arrived, because the name service did not answer: looked for again, while
the mail waits for a person. Until then it is not known who sent it, which is not the same as unproven.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from doorstep.app import clock, inbox, loop
from doorstep.app.log import logger
from doorstep.app.receive import mail_auth, smtp
from doorstep.connectors.mail.mime import headers_of
from doorstep.core.mailmatch import Proof, context_of
from doorstep.db.models import Inbox, Waiting

UNREACHABLE: Final = "mail.key_unreachable"
LOOK_S: Final = 30.0  # real seconds between two looks for mails whose proof is due
# How long after it arrived, or after the last try. Then a person's word is all that is left.
TRIES: Final = tuple(timedelta(minutes=one) for one in (5, 15, 60, 4 * 60, 12 * 60, 24 * 60, 48 * 60))
_MOST: Final = 200  # mails looked through for one that is due
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A mail whose proof is due."""

    ws: int
    inbox_id: int
    raw: bytes


def claim() -> Unproven | None:
    """One mail whose proof is due; it is due again later, whatever becomes of this try."""
    now = clock.now()
    with transaction.atomic():
        waiting = Inbox.objects.filter(state="needs_look", headers__context__why_not=UNREACHABLE)
        row = next((one for one in waiting.order_by("-id")[:_MOST] if _due(one) <= now), None)
        locked = Inbox.objects.select_for_update().filter(ws=row.ws, id=row.id, state="needs_look") if row else None
        row = locked.first() if locked else None
        if row is None or locked is None or _due(row) > now:
            return None
        context = row.headers["context"]
        tried = {"proof_tries": str(_tries(row) + 1), "proof_tried_at": now.isoformat()}
        locked.update(headers={**row.headers, "context": {**context, **tried}})
        return Unproven(ws=row.ws, inbox_id=row.id, raw=inbox.answer_of(row).body)


async def look_again(one: Unproven) -> None:
    """Check the signatures once more; a result, whichever it is, has the mail read again."""
    proof = await asyncio.to_thread(mail_auth.prove, one.raw)
    if proof.how or proof.why_not != UNREACHABLE:
        await loop.in_db(keep, one, proof)


def keep(one: Unproven, proof: Proof) -> None:
    """Put a proof beside the bytes of a mail that still waits, and have it read again."""
    address = mail_auth.from_address(headers_of(one.raw))
    mine = mail_auth.for_members(proof, address, smtp.member_addresses(one.ws))
    with transaction.atomic():
        rows = Inbox.objects.select_for_update().filter(ws=one.ws, id=one.inbox_id, state="needs_look")
        row = rows.first()
        if row is None:
            return
        before = {name: value for name, value in row.headers["context"].items() if name not in {"why_not", "how"}}
        rows.update(headers={**row.headers, "context": {**before, **context_of(mine)}}, state="new", error=None)
        Waiting.objects.filter(ws=one.ws, inbox_id=one.inbox_id).delete()  # what it waits for now, it will say
        transaction.on_commit(lambda: loop.wake(inbox.BELL))
    log.info("mail.proven_later", inbox_id=one.inbox_id, how=proof.how or proof.why_not)


def _due(row: Inbox) -> datetime:
    tries, context = _tries(row), row.headers["context"]
    if tries >= len(TRIES):
        return datetime.max.replace(tzinfo=row.received_at.tzinfo)
    last = context.get("proof_tried_at")
    return (datetime.fromisoformat(last) if last else row.received_at) + TRIES[tries]


def _tries(row: Inbox) -> int:
    return int(row.headers["context"].get("proof_tries", "0"))
