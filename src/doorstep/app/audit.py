"""The audit trail: who did what, as a hash chain per workspace. It points at things and copies nothing personal."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from doorstep.app import clock
from doorstep.db.ids import new_id
from doorstep.db.models import Audit, Workspace


def record(
    ws: int,
    actor: str,
    verb: str,
    subject: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append one entry. ``before`` and ``after`` are kept as hashes only."""
    with transaction.atomic():
        Workspace.objects.select_for_update().filter(id=ws).first()  # one chain, one writer
        last = Audit.objects.filter(ws=ws).order_by("-id").first()
        entry = Audit(
            id=max(
                new_id(), last.id + 1 if last else 0
            ),  # the order of the chain, whatever another machine's clock says
            ws=ws,
            actor=actor,
            verb=verb,
            subject=subject,
            before_hash=_hash(before),
            after_hash=_hash(after),
            prev_hash=link(last) if last else b"",
            at=clock.now(),
        )
        entry.save(force_insert=True)


def link(entry: Audit) -> bytes:
    """The hash by which the next entry refers to this one."""
    parts = [bytes(entry.prev_hash), bytes(entry.before_hash), bytes(entry.after_hash)]
    text = f"{entry.id}|{entry.actor}|{entry.verb}|{entry.subject}|{entry.at.isoformat()}"
    return hashlib.sha256(b"".join(parts) + text.encode()).digest()


def unbroken(ws: int) -> bool:
    """Whether every entry still refers to the one before it."""
    before = b""
    for entry in Audit.objects.filter(ws=ws).order_by("id").iterator():
        if bytes(entry.prev_hash) != before:
            return False
        before = link(entry)
    return True


def _hash(value: Mapping[str, Any] | None) -> bytes:
    return b"" if value is None else hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).digest()
