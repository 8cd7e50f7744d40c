"""Mailboxes at a mail provider that people of a household connected, looked into by ``app.household.postbox_rounds``.
None is kept before it was tried; its password lies sealed, is never shown, and is erased with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import addresses, clock, loop, tries, vault
from doorstep.app.audit import record
from doorstep.app.household import imap
from doorstep.app.household.households import Refused
from doorstep.connectors.mail.mime import domain
from doorstep.connectors.mail.providers import provider_of
from doorstep.db.models import Postbox, User
from doorstep.db.overwrite import overwriting

BELL: Final = "postboxes"
MOST: Final = 5  # of one household
_REFUSED: Final = frozenset({"my.postbox.wrong", "my.postbox.app_password", "my.postbox.no_passwords"})
TRY_S: Final = 30.0  # a try, while somebody waits for it
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
_IN_FOURS: Final = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}")  # as some providers show the passwords that they make


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a mailbox is, and what opens it."""

    address: str
    host: str
    port: int
    login: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A connected mailbox as people of its household see it. ``mine``: this person may change it. ``locked``: its
    password is refused.
    """

    box: Postbox
    by: str
    mine: bool
    locked: bool


def key_of(address: str, password: str, server: str = "", login: str = "") -> Key:
    """What was typed, looked at: the server is known for well-known providers, else ``imap.`` and the address's domain
    until somebody names it. Raises Refused.
    """
    address, server, login = address.strip().lower()[:254], server.strip().lower(), login.strip()[:254]
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("my.enter.no_address") from None
    provider = provider_of(domain(address))
    if provider and not provider.host and not server:
        raise Refused("my.postbox.closed", name=provider.name)
    if not _HOST.fullmatch(server or domain(address)):
        raise Refused("my.postbox.host", host=server[:60] or domain(address))
    named = server or (provider.host if provider else f"imap.{domain(address)}")
    host, _, port = named.partition(":")
    if int(port or imap.PORT) != imap.PORT and not addresses.allowed(host, int(port)):
        raise Refused("my.postbox.port", port=imap.PORT)
    password = password.replace(" ", "") if _IN_FOURS.fullmatch(password.strip()) else password
    if not 0 < len(password) <= 500 or not (password + login).isprintable():
        raise Refused("my.postbox.password")
    return Key(address=address, host=host, port=int(port or imap.PORT), login=login or address, password=password)


def connect(ws: int, user: User, key: Key) -> Postbox:
    """Try it, then keep it; a mailbox that is connected already has its password changed. Blocks for as long as the
    server takes, at most ``TRY_S``. Raises Refused, and Trouble with what went wrong.
    """
    if not tries.allow({"mail": f"postbox:{user.pk}"}):
        raise Refused("my.enter.too_many")
    if Postbox.objects.filter(ws=ws).exclude(address=key.address).count() >= MOST:
        raise Refused("my.postbox.most", most=MOST)
    with imap.Conversation(key.host, key.port, TRY_S) as talk:
        talk.enter(key.login, key.password)
        talk.look_into()
    actor, now = f"user:{user.pk}", clock.now()
    kept = {"user_id": user.pk, "state": "active", "next_at": now, "said": None, "failures": 0, "told_at": None}
    sealed = vault.seal({"login": key.login, "password": key.password})
    with transaction.atomic():
        box = Postbox.objects.select_for_update().filter(ws=ws, address=key.address).first()
        if box is None or box.host != key.host:  # another server numbers its mails in another way
            kept |= {"host": key.host, "port": key.port, "connected_at": now, "uid_validity": 0, "next_uid": 1}
        box, _ = Postbox.objects.update_or_create(
            ws=ws, address=key.address, defaults={**kept, "secret_enc": sealed, "lease_token": 0, "lease_until": 0.0}
        )
        record(ws, actor, "postbox.connect", f"postbox:{box.id}")
    loop.wake(BELL)
    return box


def shown(ws: int, user: User, *, owner: bool) -> tuple[Shown, ...]:
    """The connected mailboxes of a household, the oldest first."""
    boxes = list(Postbox.objects.filter(ws=ws).defer("secret_enc").order_by("id"))
    emails = dict(User.objects.filter(id__in=[one.user_id for one in boxes]).values_list("id", "email"))
    return tuple(
        Shown(
            box=one,
            by=emails.get(one.user_id, ""),
            mine=owner or one.user_id == user.pk,
            locked=one.state == "denied" or (one.said or {}).get("id") in _REFUSED,
        )
        for one in boxes
    )


def of(ws: int, box_id: int, user: User, *, owner: bool) -> Postbox | None:
    """A mailbox that this person may change: their own, and the household's owner every one."""
    rows = _of(ws, box_id) if owner else _of(ws, box_id).filter(user_id=user.pk)
    return rows.first()


def troubled(ws: int) -> Sequence[Postbox]:
    """Those that somebody has to look after."""
    return list(Postbox.objects.filter(ws=ws, state="denied").defer("secret_enc").order_by("id"))


def pause(box: Postbox, actor: str) -> None:
    """Look into it no more, until told otherwise."""
    with transaction.atomic():
        if _of(box.ws, box.id).filter(state="active").update(state="paused", lease_token=0, lease_until=0.0):
            record(box.ws, actor, "postbox.pause", f"postbox:{box.id}")


def resume(box: Postbox, actor: str) -> None:
    """Look into it again, from where it was left."""
    with transaction.atomic():
        if _of(box.ws, box.id).filter(state="paused").update(state="active", next_at=clock.now()):
            record(box.ws, actor, "postbox.resume", f"postbox:{box.id}")
    loop.wake(BELL)


def disconnect(box: Postbox, actor: str) -> None:
    """Erase it with its password. Whoever reads it now stores nothing any more; parcels that it brought stay."""
    with overwriting(), transaction.atomic():
        if _of(box.ws, box.id).delete()[0]:
            record(box.ws, actor, "postbox.disconnect", f"postbox:{box.id}")


def end_of(ws: int, user_id: int, actor: str) -> None:
    """Disconnect what somebody connected: they leave the household."""
    for box in Postbox.objects.filter(ws=ws, user_id=user_id):
        disconnect(box, actor)


def _of(ws: int, box_id: int) -> "QuerySet[Postbox]":
    return Postbox.objects.filter(ws=ws, id=box_id)
