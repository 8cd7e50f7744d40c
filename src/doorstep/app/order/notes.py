"""What people write down about an order, for one another."""

from typing import Final

from django.db import transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.core.message import Message
from doorstep.db.models import Note

LONGEST: Final = 2000


def of(ws: int, order_id: int) -> list[Note]:
    """The notes of an order, newest first."""
    return list(Note.objects.filter(ws=ws, order_id=order_id).order_by("-id"))


def add(ws: int, order_id: int, text: str, actor: str) -> None:
    """Write one down. Raises ValueError with a Message."""
    said = text.replace("\r\n", "\n").strip()
    if not said or len(said) > LONGEST:
        raise ValueError(Message(id="note.length", values={"most": LONGEST}))
    with transaction.atomic():
        Note.objects.create(ws=ws, order_id=order_id, by=actor, at=clock.now(), text=said)
        record(ws, actor, "note.add", f"order:{order_id}")


def remove(ws: int, order_id: int, note_id: int, actor: str) -> None:
    """Take one's own note away; another's stays."""
    with transaction.atomic():
        mine = Note.objects.filter(ws=ws, order_id=order_id, id=note_id, by=actor)
        if mine.delete()[0]:
            record(ws, actor, "note.remove", f"order:{order_id}")
