"""Invitations into a workspace: a link by mail, for one address, once, for a week. Nobody else is shown the link: that
it was opened is what proves the address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import clock, doors, loop, tries
from doorstep.app.audit import record
from doorstep.app.members import workspaces
from doorstep.app.members.team import Refused
from doorstep.app.outbox import Leased
from doorstep.app.say import say
from doorstep.app.telling.notify import Letter, mark, post
from doorstep.core.message import Message
from doorstep.core.roles import Member
from doorstep.db.models import Door, Membership, Outbox, User, Workspace

KIND: Final = "invite"
LANE: Final = "invite"
GOOD_FOR: Final = timedelta(days=7)
MOST: Final = 50  # open at a time: nobody sends mails to strangers through us


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One that was neither accepted nor taken back. ``over``: its week has passed."""

    id: int
    email: str
    role: Member
    sent_at: datetime
    until: datetime
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a link leads to. ``known``: there is an account of that address already."""

    door_id: int
    workspace: Workspace
    email: str
    role: Member
    by: str
    known: bool


def waiting(ws: int) -> list[Invitation]:
    """The open invitations, newest first."""
    now = clock.now()
    return [
        Invitation(
            id=one.id,
            email=one.label,
            role=Member(one.scopes),
            sent_at=one.created_at,
            until=one.expires_at,
            over=one.expires_at <= now,
        )
        for one in _open(ws).order_by("-id")
        if one.expires_at
    ]


def invite(ws: int, email: str, role: str, user_id: int) -> None:
    """Invite an address, in the name of a member; an earlier invitation of it is void. Raises Refused."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("team.no_email") from None
    if role not in set(Member):
        raise Refused("team.no_role")
    with transaction.atomic():
        Workspace.objects.select_for_update().get(id=ws)
        mine = Membership.objects.filter(ws=ws).values("user_id")
        if User.objects.filter(id__in=mine, email=address).exists():
            raise Refused("team.member_already", email=address)
        _close(_open(ws).filter(label=address))
        if _open(ws).count() >= MOST:
            raise Refused("team.too_many", most=MOST)
        door = _send(ws, address, role, user_id)
        record(ws, f"user:{user_id}", "member.invite", f"invitation:{door.id}", after={"role": role})


def resend(ws: int, door_id: int, user_id: int) -> None:
    """Send it again, good for another week; the earlier link is void. Raises Door.DoesNotExist."""
    with transaction.atomic():
        old = _open(ws).select_for_update().get(id=door_id)
        _close(_open(ws).filter(id=door_id))
        door = _send(ws, old.label, old.scopes, user_id)
        record(ws, f"user:{user_id}", "member.invite", f"invitation:{door.id}", after={"role": old.scopes})


def take_back(ws: int, door_id: int, user_id: int) -> None:
    """The link opens nothing any more. Raises Door.DoesNotExist."""
    with transaction.atomic():
        _open(ws).select_for_update().get(id=door_id)
        _close(_open(ws).filter(id=door_id))
        record(ws, f"user:{user_id}", "member.uninvite", f"invitation:{door_id}")


def look(token: str) -> Offer | None:
    """What a link leads to; None for one that was used, taken back, or is over."""
    door = doors.find(KIND, token)
    if door is None:
        return None
    by = User.objects.filter(id=door.target_id).values_list("email", flat=True).first() or ""
    return Offer(
        door_id=door.id,
        workspace=Workspace.objects.get(id=door.ws),
        email=door.label,
        role=Member(door.scopes),
        by=by,
        known=User.objects.filter(email=door.label).exists(),
    )


def accept(offer: Offer, user: User | None, password: str = "") -> User:
    """Join: with the account of the address, or with a new one and its password. Raises Refused."""
    if user is not None and user.email.lower() != offer.email:
        raise Refused("team.other_address", email=offer.email)
    if user is None and offer.known:
        raise Refused("team.sign_in_first")
    if user is None:
        _check(password, offer.email)
    with transaction.atomic():
        if not _close(Door.objects.filter(ws=offer.workspace.id, id=offer.door_id, revoked_at=None)):
            raise Refused("team.used")
        return workspaces.join(offer.workspace.id, offer.email, password, offer.role)


async def send(leased: Leased) -> None:
    """Carry out one intent of the lane of invitations."""
    await post(leased, write)


def write(leased: Leased) -> Letter | None:
    """The mail; None when the invitation is not open any more."""
    door = _open(leased.row.ws).filter(id=leased.row.payload_ref, expires_at__gt=clock.now()).first()
    if door is None or door.expires_at is None:
        return None
    values = {
        "workspace": Workspace.objects.get(id=door.ws).name,
        "by": User.objects.filter(id=door.target_id).values_list("email", flat=True).first() or "",
        "url": f"{settings.PUBLIC_URL}/join/{doors.token_of(door)}",
        "until": door.expires_at.isoformat(),
    }
    return Letter(
        to=(door.label,),
        subject=say(Message(id="letter.invite.subject", values=values)),
        body=say(Message(id="letter.invite.body", values=values)),
        mark=mark(leased),
    )


def _send(ws: int, email: str, role: str, user_id: int) -> Door:
    if not tries.allow({"mail": f"invite:{email}"}):
        raise Refused("team.too_often", email=email)
    now = clock.now()
    door = Door(ws=ws, kind=KIND, target_id=user_id, label=email, scopes=role, created_at=now)
    door.expires_at, door.token_sha256 = now + GOOD_FOR, doors.hashed(doors.token_of(door))
    door.save(force_insert=True)
    Outbox.objects.create(
        ws=ws, lane=LANE, target_id=door.id, payload_ref=door.id, intent_key=f"invite:{door.id}", due_at=now
    )
    loop.wake("outbox")
    return door


def _open(ws: int) -> QuerySet[Door]:
    return Door.objects.filter(ws=ws, kind=KIND, revoked_at=None)


def _close(some: QuerySet[Door]) -> int:
    return some.update(revoked_at=clock.now())


def _check(password: str, email: str) -> None:
    try:
        validate_password(password, User(email=email))
    except ValidationError as problem:
        raise Refused("team.password", problem=" ".join(problem.messages)) from None
