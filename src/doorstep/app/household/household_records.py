"""A household takes along what is kept of it, or has it erased. Both are about the household only: orders of stores are
the stores' own, and stay with them.
"""

import io
import json
import zipfile
from dataclasses import asdict
from typing import Any, Final

from django.db import models, transaction

from doorstep.app import clock
from doorstep.app.household import grants, shop_accounts
from doorstep.app.inbox import answer_of
from doorstep.app.ledger import archive
from doorstep.app.ledger.retention import full
from doorstep.app.members import closing
from doorstep.db.models import (
    Feedback,
    Grant,
    GrantRead,
    HouseholdInvitation,
    Kept,
    Line,
    Membership,
    News,
    Number,
    Order,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Postbox,
    User,
    Workspace,
)
from doorstep.db.overwrite import overwriting

_HIDDEN: Final = frozenset({"ws", "said_hash", "headline_key", "picture", "secret_enc", "lease_token", "lease_until"})
_TABLES: Final[tuple[type[models.Model], ...]] = (
    *(Order, Line, Parcel, ParcelLine, Number, ParcelNumber),
    *(Kept, News, Postbox, Grant, GrantRead, HouseholdInvitation, Feedback),
)


def pack(workspace: Workspace) -> bytes:
    """A ZIP file: ``household.json``, the mails that were kept, and pictures sent with feedback."""
    ws, packed = workspace.id, io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        said = json.dumps(_described(workspace), indent=1, ensure_ascii=False, default=str)
        file.writestr("household.json", said)
        for row in full().filter(ws=ws).iterator():
            answer = answer_of(row)
            if answer.what == "mail":
                file.writestr(f"mails/{row.id}.eml", answer.body)
        for one in Feedback.objects.filter(ws=ws).exclude(picture_kind=""):
            file.writestr(f"feedback/{one.id}.{one.picture_kind.partition('/')[2]}", bytes(one.picture))
    return packed.getvalue()


def erase(ws: int, actor: str) -> None:
    """Erase a household with everything in it. Who lived there and belongs nowhere else any more is erased too."""
    with overwriting(), transaction.atomic():
        Workspace.objects.select_for_update().get(id=ws, kind="household")
        people = list(Membership.objects.filter(ws=ws).values_list("user_id", flat=True))
        for user_id in people:
            grants.end_of(ws, user_id, actor)
        for table in closing.tables():
            table._default_manager.filter(ws=ws).delete()
        Workspace.objects.filter(id=ws).delete()
        stay = {one for one in people if Membership.objects.filter(user_id=one).exists()}
        User.objects.filter(id__in=set(people) - stay).delete()


def _described(workspace: Workspace) -> dict[str, Any]:
    ws = workspace.id
    people = Membership.objects.filter(ws=ws).values("user_id")
    numbers = list(Number.objects.filter(ws=ws).values_list("id", flat=True))
    return {
        "as_of": clock.now(),
        "household": {"name": workspace.name, "tz": workspace.tz, "language": workspace.locale},
        "people": list(User.objects.filter(id__in=people).values_list("email", flat=True)),
        **{table._meta.model_name or "": _rows(table, ws) for table in _TABLES},
        "shop_accounts": list(shop_accounts.kept(ws).values("label", "base_url", "state", "connected_at")),
        "scans": [
            {"number_id": heard.number_id, "known_at": one.known_at, **asdict(one.said), "key": None}
            for heard in archive.scans(ws, numbers)
            for one in heard.events()
        ],
    }


def _rows(table: type[models.Model], ws: int) -> list[dict[str, Any]]:
    """The rows of a table as plain values."""
    names = [field.attname for field in table._meta.concrete_fields if field.attname not in _HIDDEN]
    return list(table._default_manager.filter(ws=ws).values(*names))
