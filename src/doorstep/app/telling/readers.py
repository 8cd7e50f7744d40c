"""Who gets the mails about an order: its buyer where Doorstep mails them, whoever asked for it, and the store's own.
Whoever stopped them gets none.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, doors, tongues, vault
from doorstep.app.ledger import policies
from doorstep.app.telling.letter_draft import Foot
from doorstep.app.telling.letter_rules import Rules
from doorstep.core.channel import channel
from doorstep.core.message import Message
from doorstep.core.policy import MailBy
from doorstep.db.models import Connection, Follower, OptOut, Order, Person, Workspace

BUYER: Final = "buyer"
FOLLOWER: Final = "follower"
EXTRA: Final = "extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who gets a mail. ``ref`` tells them apart; ``unwanted``: why they get none, None = they do."""

    who: str
    address: str
    language: str
    foot: Foot
    ref: str = ""
    unwanted: Message | None = None


def readers(order: Order, store: Connection, person: Person | None, kept: Rules) -> list[Reader]:
    """All of them, and those who would be but for what they or the channel said."""
    locale = Workspace.objects.get(id=order.ws).locale
    found: list[Reader] = []
    if mailed_by_us(store):
        if person is not None and person.email:
            found.append(_buyer(order, store, person, locale))
        found += [_extra(one, locale) for one in kept.extra]
    if kept.followers:
        asked = Follower.objects.filter(ws=order.ws, order_id=order.id, kind="mail", ended_at=None)
        found += [_follower(one, locale) for one in asked.exclude(confirmed_at=None).order_by("id")]
    first = {one.address.casefold(): one for one in reversed(found)}  # the buyer before a follower of the same address
    return [one for one in found if first[one.address.casefold()] is one]


def mailed_by_us(store: Connection) -> bool:
    """Whether Doorstep is who mails this store's shoppers."""
    return store.state != "removed" and policies.current(store.ws, store.id)[0].mail_by is MailBy.DOORSTEP


def stop(ws: int, store_id: int, order_id: int, address: str) -> None:
    """No mails any more to this address about an order, or, with order 0, from the store."""
    now = clock.now()
    with transaction.atomic():
        OptOut.objects.get_or_create(
            ws=ws, store_id=store_id, order_id=order_id, email_hash=_hashes(address)[0], defaults={"at": now}
        )
        mine = Follower.objects.filter(ws=ws, store_id=store_id, kind="mail", address__iexact=address, ended_at=None)
        (mine.filter(order_id=order_id) if order_id else mine).update(ended_at=now)


def start_again(ws: int, store_id: int, order_id: int, address: str) -> None:
    """They want them again."""
    hashes = _hashes(address)
    OptOut.objects.filter(ws=ws, store_id=store_id, order_id__in=[0, order_id], email_hash__in=hashes).delete()


def stopped(ws: int, store_id: int, order_id: int, address: str) -> bool:
    """Whether somebody wants no mails about this order."""
    mine = OptOut.objects.filter(ws=ws, store_id=store_id, order_id__in=[0, order_id])
    return mine.filter(email_hash__in=_hashes(address)).exists()


def forget_stops(ws: int, addresses: Collection[str]) -> None:
    """Forget that these addresses stopped anything: they are erased."""
    OptOut.objects.filter(ws=ws, email_hash__in=[one for text in addresses for one in _hashes(text)]).delete()


def leave_url(order: Order) -> str:
    """Where the buyer stops the mails about an order."""
    return f"{settings.PUBLIC_URL}/leave/{doors.token_of(doors.ensure(order.ws, 'leave', order.id))}"


def follow_url(follower: Follower) -> str:
    """Where somebody who asked for mails says yes, and stops them."""
    return f"{settings.PUBLIC_URL}/follow/{doors.token_of(doors.ensure(follower.ws, 'follow', follower.id))}"


def _buyer(order: Order, store: Connection, person: Person, locale: str) -> Reader:
    unwanted = None
    if not channel(store.connector).may_mail:
        unwanted = Message(id="letters.skipped.channel", values={"store": store.label})
    elif stopped(order.ws, order.store_id, order.id, person.email):
        unwanted = Message(id="letters.skipped.stopped")
    language = tongues.choose([person.locale], "", locale)
    foot = Foot(stop=f"{leave_url(order)}?lang={language}")
    return Reader(who=BUYER, address=person.email, language=language, foot=foot, unwanted=unwanted)


def _extra(address: str, locale: str) -> Reader:
    foot, language = Foot(why="letter.why.extra"), tongues.choose([locale], "")
    return Reader(who=EXTRA, address=address, language=language, foot=foot, ref=f".{_hashes(address)[0].hex()[:12]}")


def _follower(row: Follower, locale: str) -> Reader:
    language = tongues.choose([row.language], "", locale)
    foot = Foot(why="letter.why.follower", stop=f"{follow_url(row)}?lang={language}")
    return Reader(who=FOLLOWER, address=row.address, language=language, foot=foot, ref=f".{row.id}")


def _hashes(address: str) -> list[bytes]:
    """The address under the key of today, then under former ones: who stopped mails stays stopped when it changes."""
    text = f"opt-out:{address.strip().casefold()}".encode()
    return [hmac.digest(key.encode(), text, "sha256") for key in vault.secrets()]
