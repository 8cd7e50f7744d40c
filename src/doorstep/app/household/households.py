"""Households: workspaces of shoppers. Whoever proves an e-mail address where the operator opened the app has one;
others may be asked in, and say yes or no themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from doorstep.app import clock, tries
from doorstep.app.audit import record
from doorstep.app.connections import lending
from doorstep.app.say import say
from doorstep.app.telling import notify
from doorstep.core.message import Message, Value
from doorstep.core.roles import Member
from doorstep.db.ids import new_id
from doorstep.db.models import HouseholdInvitation, Membership, User, Workspace
from doorstep.db.overwrite import overwriting

KIND: Final = "household"
BUSINESS: Final = "business"
GOOD_FOR: Final = timedelta(days=14)  # an invitation
MOST: Final = 10  # people in a household, the invited ones counted
LONGEST_NAME: Final = 60


class Refused(ValueError):
    """It is not done; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody who lives in a household."""

    user_id: int
    email: str
    owner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An invitation into a household, as the one who was asked sees it."""

    id: int
    household: str
    by: str
    until: datetime


def open_here() -> bool:
    """Whether the operator lets shoppers in (``DOORSTEP_SHOPPER_APP``)."""
    return bool(settings.SHOPPER_APP)


def of(user_id: int) -> list[tuple[Workspace, Member]]:
    """The households that somebody lives in, with what they are there; the oldest first."""
    held = Membership.objects.filter(user_id=user_id).order_by("id")
    roles = {one.ws: Member(one.role) for one in held}
    known = Workspace.objects.filter(kind=KIND).in_bulk(list(roles))
    return [(known[ws], role) for ws, role in roles.items() if ws in known]


def ensure(user: User, *, locale: str, tz: str) -> Workspace:
    """The household of somebody who came in, made when there is none. ``tz`` is the browser's word: what is no IANA
    zone counts as UTC.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two windows at once make one household
        mine = of(user.pk)
        if mine:
            return mine[0][0]
        workspace = Workspace.objects.create(kind=KIND, name="", locale=locale, tz=zone(tz))
        Membership.objects.create(ws=workspace.id, user_id=user.pk, role=Member.OWNER.value)
        record(workspace.id, f"user:{user.pk}", "household.make", f"user:{user.pk}")
        lending.give(workspace.id)
    return workspace


def zone(text: str) -> str:
    """An IANA zone as somebody named it, else UTC."""
    return text if text in available_timezones() else "UTC"


def change(ws: int, *, name: str, tz: str, locale: str, actor: str) -> None:
    """What a household is called, where it is and what it reads."""
    with transaction.atomic():
        values = {"name": name.strip()[:LONGEST_NAME], "tz": zone(tz), "locale": locale}
        Workspace.objects.filter(id=ws, kind=KIND).update(**values)
        record(ws, actor, "household.change", f"workspace:{ws}")


def residents(ws: int) -> tuple[Resident, ...]:
    """Everybody in a household, whoever came first first."""
    held = list(Membership.objects.filter(ws=ws).order_by("id"))
    emails = dict(User.objects.filter(id__in=[one.user_id for one in held]).values_list("id", "email"))
    return tuple(
        Resident(user_id=one.user_id, email=emails.get(one.user_id, ""), owner=one.role == Member.OWNER.value)
        for one in held
    )


def invited(ws: int) -> Sequence[HouseholdInvitation]:
    """Who was asked in and has not answered."""
    return list(HouseholdInvitation.objects.filter(ws=ws, until__gt=clock.now()).order_by("id"))


def invite(workspace: Workspace, email: str, by: User) -> None:
    """Ask somebody in, by mail. The mail holds no secret: who proves the address may answer. Raises Refused."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("my.enter.no_address") from None
    ws, now = workspace.id, clock.now()
    if email in {one.email for one in residents(ws)}:
        raise Refused("my.share.here", email=email)
    if len(residents(ws)) + len(invited(ws)) >= MOST:
        raise Refused("my.share.full", most=MOST)
    if not tries.allow({"mail": f"invite:{by.pk}"}):
        raise Refused("my.enter.too_many")
    with transaction.atomic():
        HouseholdInvitation.objects.update_or_create(
            ws=ws, email=email, defaults={"by": by.pk, "at": now, "until": now + GOOD_FOR}
        )
        record(ws, f"user:{by.pk}", "household.invite", f"workspace:{ws}")
    values = {"by": by.email, "url": f"{settings.PUBLIC_URL}/my/enter", "until": (now + GOOD_FOR).isoformat()}
    _send(email, "letter.household", values)


def asked(user: User) -> tuple[Asked, ...]:
    """The invitations that wait for somebody's answer. Only for whoever has proven their address."""
    rows = list(HouseholdInvitation.objects.filter(email=user.email.lower(), until__gt=clock.now()).order_by("id"))
    emails = dict(User.objects.filter(id__in=[one.by for one in rows]).values_list("id", "email"))
    names = dict(Workspace.objects.filter(id__in=[one.ws for one in rows], kind=KIND).values_list("id", "name"))
    return tuple(
        Asked(id=one.id, household=names[one.ws], by=emails.get(one.by, ""), until=one.until)
        for one in rows
        if one.ws in names
    )


def answer(user: User, invitation_id: int, *, yes: bool) -> int:
    """Say yes or no to an invitation; returns the household's id. Raises Refused when it is not there any more."""
    with transaction.atomic():
        mine = HouseholdInvitation.objects.select_for_update().filter(email=user.email.lower(), id=invitation_id)
        row = mine.filter(until__gt=clock.now()).first()
        if row is None:
            raise Refused("my.share.gone")
        row.delete()
        if yes:
            Membership.objects.get_or_create(ws=row.ws, user_id=user.pk, defaults={"role": Member.AGENT.value})
            record(row.ws, f"user:{user.pk}", "member.join", f"user:{user.pk}", after={"role": Member.AGENT.value})
    return row.ws


def uninvite(ws: int, invitation_id: int, actor: str) -> None:
    """Take an invitation back."""
    with transaction.atomic():
        HouseholdInvitation.objects.filter(ws=ws, id=invitation_id).delete()
        record(ws, actor, "household.uninvite", f"workspace:{ws}")


def remove(ws: int, user_id: int, actor: str) -> None:
    """Somebody leaves a household, or is asked to; the owner stays. What they accepted there ends with it."""
    from doorstep.app.household import grants, household_news, postboxes, shop_accounts  # noqa: PLC0415 - they need to know who lives here

    with overwriting(), transaction.atomic():
        rows = Membership.objects.filter(ws=ws, user_id=user_id).exclude(role=Member.OWNER.value)
        if rows.exists():
            rows.delete()
            grants.end_of(ws, user_id, actor)
            postboxes.end_of(ws, user_id, actor)
            shop_accounts.end_of(ws, user_id, actor)
            household_news.forget(ws, [user_id])
            record(ws, actor, "member.remove", f"user:{user_id}")


def _send(email: str, key: str, values: Mapping[str, Value]) -> None:
    """Raises Refused where the mail cannot be handed over."""
    subject = say(Message(id=f"{key}.subject", values=values))
    body = say(Message(id=f"{key}.body", values=values))
    try:
        notify.send(notify.Letter(to=(email,), subject=subject, body=body, mark=mark_of(new_id())))
    except (OSError, ValueError):
        raise Refused("my.enter.not_sent") from None


def mark_of(number: int) -> str:
    """A Message-ID."""
    return f"<doorstep.my.{number}@{settings.MAIL_DOMAIN}>"
