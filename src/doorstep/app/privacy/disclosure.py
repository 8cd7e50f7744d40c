"""Everything that is kept about a shopper, as one ZIP file for them: ``person.json`` and the raw orders and mails."""

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Q

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.inbox import answer_of
from doorstep.app.ledger import archive
from doorstep.app.privacy.traces import Traces, find
from doorstep.db.models import (
    Change,
    Claim,
    Follower,
    Inbox,
    Line,
    Mailed,
    ParcelLine,
    Photo,
    Push,
    ThreadMessage,
    View,
)

# Bytes that tell of one order only. A page of orders tells of other people too: it is listed, not given.
ONE_ORDER: Final = {"order": "json", "mail": "eml", "reply": "eml"}


def disclose(ws: int, email: str, actor: str) -> bytes:
    """The ZIP file about whoever has this address, with an entry in the trail. Raises NotPossible."""
    with transaction.atomic():
        found = find(ws, email)
        subject = ",".join(f"person:{one.id}" for one in found.people)
        record(ws, actor, "person.export", subject, after={"orders": len(found.orders)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("person.json", json.dumps(_described(found), indent=1, ensure_ascii=False, default=str))
        for photo in Photo.objects.filter(ws=ws, order_id__in=[one.id for one in found.orders]):
            file.writestr(f"photos/{photo.id}.{photo.kind.partition('/')[2]}", photo.body)
        for row in Inbox.objects.filter(ws=ws, id__in=found.inbox):
            answer = answer_of(row)
            if answer.what in ONE_ORDER:
                file.writestr(f"raw/{row.id}.{ONE_ORDER[answer.what]}", answer.body)
    return packed.getvalue()


def _described(found: Traces) -> dict[str, Any]:
    ws, orders, numbers = found.ws, [one.id for one in found.orders], [one.id for one in found.numbers]
    parcels = [one.id for one in found.parcels]
    about = Q(subject="order", subject_id__in=orders) | Q(subject="parcel", subject_id__in=parcels)
    inbox = Inbox.objects.filter(ws=ws, id__in=found.inbox).order_by("id")
    return {
        "email": found.email,
        "as_of": clock.now(),
        "person": _rows(found.people, "email_hash"),
        "orders": _rows(found.orders, "said_hash"),
        "lines": _rows(Line.objects.filter(ws=ws, order_id__in=orders)),
        "parcels": _rows(found.parcels, "headline_key"),
        "contents": _rows(ParcelLine.objects.filter(ws=ws, order_id__in=orders)),
        "numbers": _rows(found.numbers),
        "said_by": _rows(Claim.objects.filter(ws=ws, order_id__in=orders)),
        "scans": [
            {"number_id": heard.number_id, "known_at": one.known_at, **asdict(one.said), "key": None}
            for heard in archive.scans(ws, numbers)
            for one in heard.events()
        ],
        "given_to_store": _rows(Push.objects.filter(ws=ws, order_id__in=orders)),
        "messages": _rows(ThreadMessage.objects.filter(ws=ws, order_id__in=orders).order_by("id")),
        "page_opened": _rows(View.objects.filter(ws=ws, order_id__in=orders).order_by("order_id", "at")),
        "mails": _rows(Mailed.objects.filter(ws=ws, order_id__in=orders).order_by("id")),
        "asked_to_be_told": _rows(Follower.objects.filter(ws=ws, order_id__in=orders).order_by("id"), "keys"),
        "photos": _rows(Photo.objects.filter(ws=ws, order_id__in=orders).order_by("id"), "body"),
        "changes": _rows(Change.objects.filter(about, ws=ws), "key"),
        "received": [
            {"id": row.id, "what": row.headers["what"], "at": row.received_at, "sha256": bytes(row.sha256).hex()}
            for row in inbox
        ],
    }


def _rows(rows: Iterable[models.Model], *hidden: str) -> list[dict[str, Any]]:
    """Rows as plain values, without workspace and hashes: they say nothing about the person."""
    return [
        {
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if field.attname not in {"ws", *hidden}
        }
        for row in rows
    ]
