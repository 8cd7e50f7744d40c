"""Workspaces and who belongs to them."""

from django.db import IntegrityError, transaction

from doorstep.app.audit import record
from doorstep.app.connections import lending
from doorstep.core.roles import Member
from doorstep.db.models import Membership, User, Workspace


def create(name: str, owner_email: str, password: str | None, tz: str = "UTC") -> Workspace:
    """A workspace with its owner; the user is made when the address is new."""
    with transaction.atomic():
        workspace = Workspace.objects.create(name=name, tz=tz)
        join(workspace.id, owner_email, password, Member.OWNER)
        lending.give(workspace.id)
    return workspace


def join(ws: int, email: str, password: str | None, role: Member) -> User:
    """Add somebody to a workspace, or change their role. An existing user keeps their password."""
    with transaction.atomic():
        user = user_of(email, password)
        Membership.objects.update_or_create(ws=ws, user_id=user.pk, defaults={"role": role.value})
        record(ws, f"user:{user.pk}", "member.join", f"user:{user.pk}", after={"role": role.value})
    return user


def user_of(email: str, password: str | None = None) -> User:
    """Who has this address; made when it is new, and made once where two come at the same moment. An existing user
    keeps their password.
    """
    known = User.objects.filter(email=email.lower())
    if user := known.first():
        return user
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password)
    except IntegrityError:  # somebody was quicker
        return known.get()
