"""Views of the board that somebody saved under a name, for everybody in the workspace."""

from typing import Final

from django.db import transaction

from doorstep.app.audit import record
from doorstep.app.overview.board import TABS
from doorstep.core.message import Message
from doorstep.db.load import fetch
from doorstep.db.models import SavedView, Workspace

MOST: Final = 50
LONGEST: Final = 60


def of(ws: int) -> list[SavedView]:
    """All of them, by name."""
    return fetch(SavedView, ws, "true ORDER BY name")


def save(view: SavedView, name: str, actor: str) -> None:
    """Keep a view; one of the same name is replaced. Raises ValueError with a Message."""
    view.name = " ".join(name.split())[:LONGEST]
    if not view.name:
        raise ValueError(Message(id="views.no_name"))
    if view.tab not in TABS:
        raise ValueError(Message(id="views.no_tab"))
    with transaction.atomic():
        Workspace.objects.select_for_update().get(id=view.ws)  # one after the other
        SavedView.objects.filter(ws=view.ws, name=view.name).delete()
        if SavedView.objects.filter(ws=view.ws).count() >= MOST:
            raise ValueError(Message(id="views.too_many", values={"count": MOST}))
        view.save(force_insert=True)
        record(view.ws, actor, "view.save", f"view:{view.id}")


def drop(ws: int, view_id: int, actor: str) -> None:
    """Forget one. Of another workspace, or forgotten already: nothing happens."""
    with transaction.atomic():
        count, _ = SavedView.objects.filter(ws=ws, id=view_id).delete()
        if count:
            record(ws, actor, "view.drop", f"view:{view_id}")
