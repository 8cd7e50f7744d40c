"""Who works in a workspace. A workspace never loses its last owner; who is removed is out with the next request."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from doorstep.app import clock, doors
from doorstep.app.audit import record
from doorstep.core.message import Message, Value
from doorstep.core.roles import Member
from doorstep.db.models import Door, Membership, User, Workspace

SECOND = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are none


class Refused(ValueError):
    """What was asked for cannot be done; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A member as the team sees one. ``second``: signs in with a second factor; ``seen_at``: signed in last."""

    user_id: int
    email: str
    role: Member
    second: bool
    seen_at: datetime | None


def colleagues(ws: int) -> list[Colleague]:
    """All members, in the order in which they joined."""
    rows = list(Membership.objects.filter(ws=ws).order_by("id"))
    people = User.objects.in_bulk([one.user_id for one in rows])
    strong = set(Authenticator.objects.filter(user_id__in=people, type__in=SECOND).values_list("user_id", flat=True))
    return [
        Colleague(
            user_id=one.user_id,
            email=people[one.user_id].email,
            role=Member(one.role),
            second=one.user_id in strong,
            seen_at=people[one.user_id].last_login,
        )
        for one in rows
        if one.user_id in people
    ]


def has_second(user_id: int) -> bool:
    """Whether somebody signs in with a second factor."""
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=SECOND).exists())


def change(ws: int, user_id: int, role: str, actor: str) -> None:
    """Give a member another role. Raises Refused, Membership.DoesNotExist."""
    if role not in set(Member):
        raise Refused("team.no_role")
    with transaction.atomic():
        row = _locked(ws, user_id)
        if row.role == role:
            return
        _keeps_an_owner(row)
        before, row.role = row.role, role
        row.save(update_fields=["role"])
        record(ws, actor, "member.role", f"user:{user_id}", {"role": before}, {"role": role})


def remove(ws: int, user_id: int, actor: str) -> None:
    """Take a member out, or let one leave; whom they invited is invited no more. Raises Refused,
    Membership.DoesNotExist.
    """
    with transaction.atomic():
        row = _locked(ws, user_id)
        _keeps_an_owner(row)
        row.delete()
        doors.revoke(ws, "ical", user_id, actor)
        Door.objects.filter(ws=ws, kind="invite", target_id=user_id, revoked_at=None).update(revoked_at=clock.now())
        record(ws, actor, "member.remove", f"user:{user_id}", before={"role": row.role})
    if not Membership.objects.filter(user_id=user_id).exists():
        for one in UserSession.objects.filter(user_id=user_id):
            one.end()


def hand_over(ws: int, user_id: int, owner: int) -> None:
    """Make another member an owner, and ``owner`` a manager. Raises Refused, Membership.DoesNotExist."""
    if user_id == owner:
        raise Refused("team.self")
    with transaction.atomic():
        change(ws, user_id, Member.OWNER, f"user:{owner}")
        change(ws, owner, Member.MANAGER, f"user:{owner}")


def require_second(ws: int, needed: bool, owner: int) -> None:
    """Say whether everybody needs a second factor. Raises Refused when who asks for it has none."""
    if needed and not has_second(owner):
        raise Refused("team.second.first")
    with transaction.atomic():
        if Workspace.objects.filter(id=ws, second_factor=not needed).update(second_factor=needed):
            record(ws, f"user:{owner}", "workspace.second_factor", f"workspace:{ws}", after={"needed": needed})


def forget_factors(user_id: int) -> int:
    """Forget apps, passkeys and recovery codes of somebody who has lost them; the trail of each of their workspaces
    says so. Returns how many there were.
    """
    with transaction.atomic():
        count, _ = Authenticator.objects.filter(user_id=user_id).delete()
        for ws in Membership.objects.filter(user_id=user_id).values_list("ws", flat=True):
            record(ws, "cli", "member.forget_factors", f"user:{user_id}")
    return int(count)


def _locked(ws: int, user_id: int) -> Membership:
    """The membership; whoever changes members of a workspace waits here for others who do."""
    Workspace.objects.select_for_update().get(id=ws)
    return Membership.objects.get(ws=ws, user_id=user_id)


def _keeps_an_owner(row: Membership) -> None:
    others = Membership.objects.filter(ws=row.ws, role=Member.OWNER).exclude(user_id=row.user_id)
    if row.role == Member.OWNER and not others.exists():
        raise Refused("team.last_owner")
