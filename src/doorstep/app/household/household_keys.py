"""Passkeys of who lives in a household: another way in beside the mailed code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from doorstep.app.household.households import BUSINESS, mark_of
from doorstep.app.log import logger
from doorstep.app.say import text
from doorstep.app.telling import notify
from doorstep.db.ids import new_id
from doorstep.db.models import Membership, User, Workspace

MOST: Final = 10
LONGEST_NAME: Final = 60
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A passkey as its owner sees it. ``used_at`` None = not yet."""

    id: int
    name: str
    made_at: datetime
    used_at: datetime | None


def keys(user: User) -> tuple[Key, ...]:
    """The passkeys of somebody, the oldest first."""
    rows = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("id")
    return tuple(
        Key(id=one.pk, name=str(one.data.get("name", "")), made_at=one.created_at, used_at=one.last_used_at)
        for one in rows
    )


def remove(user: User, key_id: int) -> bool:
    """Take one away; False when there is none of that id. Recovery codes without anything to recover go too."""
    mine = Authenticator.objects.filter(user=user)
    with transaction.atomic():
        gone, _ = mine.filter(id=key_id, type=Authenticator.Type.WEBAUTHN).delete()
        if not mine.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            mine.delete()
    return bool(gone)


def are_only_a_shoppers(user: User) -> bool:
    """Whether somebody has passkeys for the app alone: no second factor of another kind, and no business they work in,
    where a passkey is what a password must be joined by.
    """
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    works = Workspace.objects.filter(kind=BUSINESS, id__in=Membership.objects.filter(user_id=user.pk).values("ws"))
    return kinds == {Authenticator.Type.WEBAUTHN} and not works.exists() and not user.has_usable_password()


def tell(user: User, what: str) -> None:
    """Mail them that a passkey was ``added`` or ``removed``: if it was not them, they should know."""
    url = f"{settings.PUBLIC_URL}/my/you/keys"
    subject, body = text(f"letter.key.{what}"), text(f"letter.key.{what}.body", url=url)
    try:
        notify.send(notify.Letter(to=(user.email,), subject=subject, body=body, mark=mark_of(new_id())))
    except (OSError, ValueError) as problem:  # what was changed is changed
        log.warning("mail.failed", problem=type(problem).__name__)
