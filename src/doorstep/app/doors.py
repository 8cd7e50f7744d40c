"""Doors: unguessable ways into a workspace. A token is 128 bits made from the key and the door's id, so a link can be
shown again without being stored; the database holds only its SHA-256. A revoked door never opens again: a new door
has a new id and therefore a new token.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from doorstep.app import clock, vault
from doorstep.app.audit import record
from doorstep.db import queries
from doorstep.db.models import Connection, Door, Order

Kind = Literal[
    "page", "leave", "follow", "hook", "mail", "lookup", "agent", "ical", "invite", "thread", "domain", "news"
]


def token_of(door: Door) -> str:
    """The secret of a door: 22 URL-safe characters, 26 lower-case ones where mail comes in (local parts ignore case). A
    door that was made under a former key keeps the token it was given then.
    """
    made = (_token(door, key) for key in vault.secrets())
    known = bytes(door.token_sha256)
    return next((token for token in made if hashed(token) == known), "") or _token(door, str(settings.SECRET_KEY))


def _token(door: Door, key: str) -> str:
    raw = hmac.digest(key.encode(), f"door:{door.kind}:{door.id}".encode(), "sha256")[:16]
    if door.kind in {"mail", "thread"}:
        return base64.b32encode(raw).decode().rstrip("=").lower()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Entered:
    """Where a live door leads: ``target_id`` as ``Door`` says, ``tz`` the IANA zone of the workspace, ``locale`` its
    language; ``wish`` that of the buyer whose page it is, '' = not known.
    """

    ws: int
    target_id: int
    tz: str
    locale: str
    wish: str


def enter(kind: Kind, token: str) -> Entered | None:
    """Where the live door leads that this token opens, or None."""
    found = queries.enter(kind, hashed(token), clock.now())
    return Entered(*found) if found else None


def ensure(ws: int, kind: Kind, target_id: int) -> Door:
    """The live door to a target, made when there is none."""
    with transaction.atomic():
        live = Door.objects.filter(ws=ws, kind=kind, target_id=target_id, revoked_at=None)
        door = live.exclude(expires_at__lte=clock.now()).first()
        if door is None:
            door = make(ws, kind, target_id)
    return door


def make(ws: int, kind: Kind, target_id: int, *, label: str = "", expires_at: datetime | None = None) -> Door:
    """One more door to a target."""
    door = Door(ws=ws, kind=kind, target_id=target_id, label=label, created_at=clock.now(), expires_at=expires_at)
    door.token_sha256 = hashed(token_of(door))
    door.save(force_insert=True)
    return door


def find(kind: Kind, token: str) -> Door | None:
    """The live door that this token opens, or None."""
    live = Door.objects.filter(kind=kind, token_sha256=hashed(token), revoked_at=None)
    return live.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now())).first()


def page_url(ws: int, order_id: int) -> str:
    """The shopper's address of an order."""
    store = Order.objects.filter(ws=ws, id=order_id).values("store_id")
    return f"{_base(ws, store)}/t/{token_of(ensure(ws, 'page', order_id))}"


def hook_url(connection: Connection) -> str:
    """Where this connection's vendor delivers its webhooks."""
    return f"{settings.PUBLIC_URL}/hooks/{token_of(ensure(connection.ws, 'hook', connection.id))}"


def lookup_url(ws: int, store_id: int) -> str:
    """Where a store's shoppers find their orders by number."""
    return f"{_base(ws, [store_id])}/find/{token_of(ensure(ws, 'lookup', store_id))}"


def _base(ws: int, store: Any) -> str:
    """Under which address the pages of a store are: its own proven domain (``app.connections.domains``), else the
    instance's.
    """
    own = Door.objects.filter(ws=ws, kind="domain", target_id__in=store, revoked_at=None, hint="")
    host = own.values_list("label", flat=True).first()
    return f"https://{host}" if host else str(settings.PUBLIC_URL)


def revoke(ws: int, kind: Kind, target_id: int, actor: str) -> int:
    """Close all live doors to a target; returns how many there were."""
    with transaction.atomic():
        closed = Door.objects.filter(ws=ws, kind=kind, target_id=target_id, revoked_at=None).update(
            revoked_at=clock.now()
        )
        record(ws, actor, f"{kind}_door.revoke", f"{kind}:{target_id}")
    return closed


def hashed(token: str) -> bytes:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
