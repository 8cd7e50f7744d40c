"""Keys of the API: doors that programs come through. A key is drawn at random, shown once, and kept as its SHA-256
only; what it may do is said when it is made, and nothing is allowed that was not said.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.core.message import Message
from doorstep.db import queries
from doorstep.db.models import ApiUse, Door, User

KIND: Final = "api"
PREFIX: Final = "dsk_"  # lets scanners of leaked secrets know one
INSIDE: Final = "doorstep.holder"  # in a WSGI environment; what comes in over HTTP can only write names of HTTP there
GROUPS: Final = (
    *("orders", "purchases", "parcels", "pushes", "findings", "resyncs", "connections", "imports"),
    "webhooks",
)
ONLY_READ: Final = frozenset({"connections", "orders"})  # what is connected or bought is said by others
SCOPES: Final = tuple(
    f"{group}:{what}" for group in GROUPS for what in ("read", "write") if what == "read" or group not in ONLY_READ
)
DAYS: Final = (30, 90, 365, 0)  # that a key is good for; 0 = until it is revoked
LONGEST_LABEL: Final = 60
_SHOWN: Final = 4  # letters of the key's end


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A live key as a person sees it. ``by``: who made it, '' = a command. ``used_at`` to the minute."""

    id: int
    label: str
    scopes: tuple[str, ...]
    hint: str
    by: str
    made_at: datetime
    until: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows a key: ``door_id`` is the key's, 0 = a command on this machine; ``tz`` the zone of the workspace."""

    door_id: int
    ws: int
    tz: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How a key is written in the audit trail."""
        return f"key:{self.door_id}" if self.door_id else "cli"


def make(ws: int, label: str, scopes: Collection[str], days: int, actor: str) -> tuple[int, str]:
    """A new key: its id, and the secret, which nobody can be shown again. Raises ValueError with a Message."""
    name = " ".join(label.split())[:LONGEST_LABEL]
    if not name:
        raise ValueError(Message(id="api.key.no_label"))
    if not scopes or set(scopes) - set(SCOPES):
        raise ValueError(Message(id="api.key.no_scope"))
    if days not in DAYS:
        raise ValueError(Message(id="api.key.no_end"))
    now, secret = clock.now(), PREFIX + secrets.token_urlsafe(32)
    chosen = [one for one in SCOPES if one in set(scopes)]
    with transaction.atomic():
        door = Door.objects.create(
            ws=ws,
            kind=KIND,
            token_sha256=_hash(secret),
            target_id=int(actor.partition(":")[2] or 0) if actor.startswith("user:") else 0,
            label=name,
            scopes=" ".join(chosen),
            hint=secret[-_SHOWN:],
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
        record(ws, actor, "api_key.make", f"key:{door.id}", after={"scopes": chosen, "days": days})
    return door.id, secret


def revoke(ws: int, key_id: int, actor: str) -> None:
    """Close a key for good, from the next request on. Raises Door.DoesNotExist."""
    with transaction.atomic():
        door = Door.objects.select_for_update().get(ws=ws, kind=KIND, id=key_id, revoked_at=None)
        door.revoked_at = clock.now()
        door.save(update_fields=["revoked_at"])
        record(ws, actor, "api_key.revoke", f"key:{key_id}")


def keys(ws: int) -> list[Key]:
    """The keys that are not revoked, newest first; expired ones too, so that a person sees why one is refused."""
    doors = list(Door.objects.filter(ws=ws, kind=KIND, revoked_at=None).order_by("-id"))
    people = dict(User.objects.filter(id__in={one.target_id for one in doors}).values_list("id", "email"))
    used = dict(ApiUse.objects.filter(ws=ws).values_list("door_id", "last_at"))
    return [
        Key(
            id=one.id,
            label=one.label,
            scopes=tuple(one.scopes.split()),
            hint=one.hint,
            by=people.get(one.target_id, ""),
            made_at=one.created_at,
            until=one.expires_at,
            used_at=used.get(one.id),
        )
        for one in doors
    ]


def enter(secret: str) -> Holder | None:
    """Who shows this key; None for one that is not live. One statement."""
    found = queries.enter_key(_hash(secret), clock.now()) if secret.startswith(PREFIX) else None
    if found is None:
        return None
    door_id, ws, tz, scopes = found
    return Holder(door_id, ws, tz, frozenset(scopes.split()))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
