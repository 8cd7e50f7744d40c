"""Looks into connected mailboxes again and again. Of every new mail sender and subject are looked at, of those that may
be about a shipping the rest; what is about one goes to the household's inbox, with the proof of who sent it. Of every
other mail nothing is kept.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, inbox, loop, vault
from doorstep.app.household.households import open_here
from doorstep.app.household.imap import MOST_MAIL, Conversation, Head
from doorstep.app.leases import free, new_token
from doorstep.app.log import logger
from doorstep.app.loop import in_db
from doorstep.app.outbox import Leased
from doorstep.app.receive import mail_auth, mailbox, smtp
from doorstep.app.say import say, speaking
from doorstep.app.telling.notify import Letter, mark, post
from doorstep.app.vendors.accounts import message_of
from doorstep.connectors.contract import Denied, Trouble
from doorstep.connectors.mail.providers import provider_at
from doorstep.connectors.mail.read import read
from doorstep.connectors.mail.shipping import about_shipping, worth_reading
from doorstep.core.cadence import retry_after
from doorstep.core.mailmatch import Proof
from doorstep.core.message import Message
from doorstep.db.models import Outbox, Postbox, User, Workspace

log = logger(__name__)
LANE: Final = "postbox"
EVERY: Final = timedelta(minutes=10)
REACH: Final = timedelta(days=30)  # how far back a mailbox is read when it was connected
LATE: Final = timedelta(days=1)  # after so long without an answer its owner is told
DENIED: Final = 2  # refusals in a row after which the password counts as refused: servers err once
LOOK_S: Final = 120.0  # real seconds that one look into a mailbox may take
LEASE_S: Final = 300.0  # longer than a look, and than the proof of one mail; renewed with each of them
MOST_HEADS: Final = 500  # of one look; the others are next
MOST_READ: Final = 60  # mails fetched in one look
MOST_BYTES: Final = 12 << 20
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="postbox")  # as many as the worker has under way


@dataclass(frozen=True, slots=True)
class Turn:
    """One mailbox whose turn it is, leased to us."""

    box: Postbox


@dataclass(slots=True)
class Found:
    """What a look has brought so far. ``next_uid``: every mail below it was looked at. ``more``: there are others."""

    validity: int
    next_uid: int
    mails: list[bytes] = field(default_factory=list)
    more: bool = False
    read: int = 0
    size: int = 0

    def full(self, head: Head) -> bool:
        """Whether one more mail would be too much for this look."""
        return self.read >= MOST_READ or self.size + head.size > MOST_BYTES


def claim() -> Turn | None:
    """Lease the mailbox that is due longest; None when none is, or the app is closed."""
    if not open_here():
        return None
    with transaction.atomic():
        now, machine = clock.now(), clock.machine()
        due = Postbox.objects.filter(free(machine), state="active", next_at__lte=now).order_by("next_at")
        box = due.select_for_update(skip_locked=True).first()
        if box is None:
            return None
        box.lease_token, box.lease_until = new_token(), machine + LEASE_S
        box.save(update_fields=["lease_token", "lease_until"])
        return Turn(box)


async def look(turn: Turn) -> None:
    """Look into a mailbox, keep what is about shipping, and say when it is next. What was read before something went
    wrong is kept too.
    """
    box, failed = turn.box, None
    found = Found(box.uid_validity, box.next_uid)
    talk = Conversation(box.host, box.port, LOOK_S)
    try:
        await asyncio.get_running_loop().run_in_executor(_threads, _walk, talk, box, found)
    except Trouble as trouble:
        failed = trouble
    except vault.WrongKey as problem:
        failed = Denied(message=problem.message)
    finally:
        talk.hang_up()  # a process that stops waits for no server
    says = provider.says if (provider := provider_at(box.host)) else ""
    for raw in found.mails:
        proof = await _proof(raw, says)
        if not await in_db(_prolong, turn):
            return
        await inbox.arrive(await in_db(_arrival, box, raw, proof))
    await in_db(finish, turn, found, failed)


def finish(turn: Turn, found: Found, failed: Trouble | None) -> bool:
    """Write down what came of it and when it is next; False (and nothing written) when the lease was lost."""
    now, values = clock.now(), dict[str, Any](lease_token=0, lease_until=0.0)
    values |= {"uid_validity": found.validity, "next_uid": found.next_uid}
    with transaction.atomic():
        rows = Postbox.objects.select_for_update().filter(pk=turn.box.pk, lease_token=turn.box.lease_token)
        box = rows.first()
        if box is None:
            return False
        if failed is None:
            values |= {"read_at": now, "said": None, "failures": 0, "told_at": None}
            values["next_at"] = now if found.more else now + EVERY
        else:
            values |= _failed(box, failed)
        rows.update(**values)
        return True


def hand_back(turn: Turn) -> int:
    """A mailbox that was not looked through to the end."""
    return Postbox.objects.filter(pk=turn.box.pk, lease_token=turn.box.lease_token).update(
        lease_token=0, lease_until=0.0
    )


async def tell(leased: Leased) -> None:
    """Carry out one intent of the lane."""
    await post(leased, write)


def write(leased: Leased) -> Letter | None:
    """The mail that a mailbox is not read any more, to whoever connected it; None when it is read again, or gone."""
    row = leased.row
    box = Postbox.objects.filter(ws=row.ws, id=row.target_id).exclude(told_at=None).exclude(state="paused").first()
    user = User.objects.filter(id=box.user_id, is_active=True).first() if box else None
    if box is None or user is None:
        return None
    with speaking(Workspace.objects.get(id=row.ws).locale):
        url = f"{settings.PUBLIC_URL}/my/mailboxes"
        values = {"address": box.address, "said": say(box.said), "url": url}
        subject = say(Message(id="letter.postbox.subject", values=values))
        return Letter(
            to=(user.email,),
            subject=subject,
            body=say(Message(id="letter.postbox.body", values=values)),
            mark=mark(leased),
        )


def _walk(talk: Conversation, box: Postbox, found: Found) -> None:
    """One look, in a thread. Raises Trouble, vault.WrongKey."""
    key = vault.unseal(box.secret_enc)
    with talk:
        talk.enter(key["login"], key["password"])
        validity = talk.look_into()
        if validity != found.validity:  # its UIDs name other mails now (RFC 3501): from the beginning
            found.validity, found.next_uid = validity, 1
        uids = talk.since(found.next_uid, (box.connected_at - REACH).date())
        some = uids[:MOST_HEADS]
        for head in talk.heads(some):
            if head.size <= MOST_MAIL and worth_reading(head.domain, head.subject):
                if found.full(head):
                    found.more = True
                    return
                _take(talk, head, found)
            found.next_uid = head.uid + 1
        found.next_uid, found.more = (some[-1] + 1 if some else found.next_uid), len(uids) > len(some)


def _take(talk: Conversation, head: Head, found: Found) -> None:
    """Fetch a mail, and keep it if it is about shipping."""
    raw = talk.mail(head.uid)
    found.read, found.size = found.read + 1, found.size + len(raw)
    if raw and about_shipping(read(raw)):
        found.mails.append(raw)


async def _proof(raw: bytes, says: str) -> Proof:
    """Who was proven to have sent a mail; a name service that is silent is asked again later
    (``app.receive.proofs``).
    """
    checked = asyncio.get_running_loop().run_in_executor(_threads, partial(mail_auth.prove, raw, receiver=says))
    try:
        return await asyncio.wait_for(checked, smtp.CHECK_S)
    except TimeoutError:
        return Proof(why_not="mail.key_unreachable")


def _arrival(box: Postbox, raw: bytes, proof: Proof) -> inbox.Arrival:
    """A mail as it arrives at the household: where mails that are forwarded to it arrive."""
    return smtp.arrival(raw, proof, box.ws, mailbox.box_of(box.ws).id)


def _prolong(turn: Turn) -> bool:
    mine = Postbox.objects.filter(pk=turn.box.pk, lease_token=turn.box.lease_token)
    return mine.update(lease_until=clock.machine() + LEASE_S) == 1


def _failed(box: Postbox, failed: Trouble) -> dict[str, Any]:
    """What is written down of a failure. Somebody is told once that it is not read any more: refused for good, or not
    reached for a day.
    """
    now, said = clock.now(), asdict(message_of(failed))
    refused = isinstance(failed, Denied)
    again = box.said is not None and box.said.get("id") == said["id"]
    denied = refused and (box.failures + 1 >= DENIED and again)
    values: dict[str, Any] = {"said": said, "failures": box.failures + 1}
    values["next_at"] = now + retry_after(box.failures + 1)
    log.warning("postbox.failed", postbox_id=box.id, problem=said["id"])
    if denied:
        values["state"] = "denied"
    if (denied or now - (box.read_at or box.connected_at) > LATE) and box.told_at is None:
        values["told_at"] = now
        _have_told(box, now.isoformat())
    return values


def _have_told(box: Postbox, key: str) -> None:
    if settings.EMAIL_HOST:
        intent = Outbox(ws=box.ws, lane=LANE, target_id=box.id, payload_ref=box.id, intent_key=key, due_at=clock.now())
        Outbox.objects.bulk_create([intent], ignore_conflicts=True)
        loop.wake("outbox")
