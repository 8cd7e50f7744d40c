"""Closing a workspace: everything of it goes, after a time in which its owners can take it back."""

from datetime import timedelta
from typing import Final

from django.apps import apps
from django.db import models, transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.log import logger
from doorstep.app.members.team import Refused
from doorstep.db.models import Membership, User, Workspace
from doorstep.db.overwrite import overwriting

GRACE: Final = timedelta(days=14)
LOOK_S: Final = 600.0  # real seconds between two looks
_LAST: Final = ("audit", "membership")  # until nothing else is left somebody can still see what is happening
log = logger(__name__)


def close(ws: int, typed: str, actor: str) -> None:
    """Have a workspace erased when the grace is over. Its name has to be typed. Raises Refused."""
    with transaction.atomic():
        workspace = Workspace.objects.select_for_update().get(id=ws)
        if typed.strip() != workspace.name:
            raise Refused("data.close.typed", name=workspace.name)
        if workspace.closing_at is None:
            workspace.closing_at, workspace.closing_by = clock.now() + GRACE, actor
            workspace.save(update_fields=["closing_at", "closing_by"])
            record(ws, actor, "workspace.close", f"workspace:{ws}")


def keep(ws: int, actor: str) -> None:
    """Take it back."""
    with transaction.atomic():
        if Workspace.objects.filter(id=ws, closing_at__isnull=False).update(closing_at=None, closing_by=""):
            record(ws, actor, "workspace.keep", f"workspace:{ws}")


def step() -> bool:
    """Erase a workspace whose grace is over; False when there is none. Broken off, it goes on where it was."""
    over = Workspace.objects.filter(closing_at__lte=clock.now()).order_by("closing_at").first()
    if over is None:
        return False
    erase(over.id)
    log.info("workspace.erased", ws=over.id)
    return True


def erase(ws: int) -> None:
    """Every row of a workspace, then itself; people who belong nowhere else lose their accounts."""
    for model in tables():
        with overwriting(), transaction.atomic():
            if Workspace.objects.select_for_update().filter(id=ws, closing_at__lte=clock.now()).exists():
                _drop(model, ws)
    with transaction.atomic():
        Workspace.objects.filter(id=ws, closing_at__lte=clock.now()).delete()


def tables() -> list[type[models.Model]]:
    """Every table that holds rows of workspaces, in the order in which they are emptied."""
    found = apps.get_app_config("doorstep").get_models()
    held = [one for one in found if any(field.name == "ws" for field in one._meta.fields)]
    return sorted(held, key=lambda one: (one._meta.model_name in _LAST, str(one._meta.model_name)))


def _drop(model: type[models.Model], ws: int) -> None:
    rows = model._default_manager.filter(ws=ws)
    if model is Membership:
        elsewhere = Membership.objects.exclude(ws=ws).values("user_id")
        gone = list(rows.exclude(user_id__in=elsewhere).values_list("user_id", flat=True))
        User.objects.filter(id__in=gone).delete()
    rows.delete()
