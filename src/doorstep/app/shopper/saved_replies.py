"""Words that a team answers shoppers with again and again."""

from typing import Final

from django.db import transaction

from doorstep.app.audit import record
from doorstep.app.shopper.threads import LONGEST
from doorstep.core.message import Message
from doorstep.db.models import SavedReply

MOST: Final = 100
LONGEST_NAME: Final = 60


def of(ws: int) -> list[SavedReply]:
    """All of them, by name."""
    return list(SavedReply.objects.filter(ws=ws).order_by("name"))


def filled(one: SavedReply, order: str, store: str) -> str:
    """Its text for one order. Anything else between brackets stays as it was written."""
    return one.body.replace("{order}", order).replace("{store}", store)


def save(ws: int, name: str, body: str, actor: str) -> None:
    """Keep one; of the same name it is the new text. Raises ValueError with a Message."""
    name, body = " ".join(name.split())[:LONGEST_NAME], body.replace("\r\n", "\n").strip()[:LONGEST]
    if not name or not body:
        raise ValueError(Message(id="replies.empty"))
    with transaction.atomic():
        known = SavedReply.objects.filter(ws=ws)
        if not known.filter(name=name).exists() and known.count() >= MOST:
            raise ValueError(Message(id="replies.too_many", values={"most": MOST}))
        SavedReply.objects.update_or_create(ws=ws, name=name, defaults={"body": body})
        record(ws, actor, "reply.save", f"workspace:{ws}", after={"name": name})


def remove(ws: int, reply_id: int, actor: str) -> None:
    """Forget one. Raises SavedReply.DoesNotExist."""
    with transaction.atomic():
        SavedReply.objects.get(ws=ws, id=reply_id).delete()
        record(ws, actor, "reply.remove", f"workspace:{ws}")
