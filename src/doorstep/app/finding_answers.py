"""Answers to findings: somebody saw one and deals with it. Findings are computed, so an answer names one by its cause
and its evidence: with other evidence it is another finding, and nobody has answered that.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.core.diagnosis import Finding
from doorstep.db.models import Ack, ParcelLine

_Key = tuple[str, int, str, bytes]


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers about one order and its parcels."""

    order_id: int
    given: Mapping[_Key, datetime]

    def at(self, parcel_id: int, finding: Finding) -> datetime | None:
        """When a finding was answered, None = not yet. ``parcel_id`` 0 = it is about the order."""
        return self.given.get(_key(self.order_id, parcel_id, finding))


def answers(ws: int, order_id: int) -> Answers:
    """All answers about an order."""
    parcels = ParcelLine.objects.filter(ws=ws, order_id=order_id).values("parcel_id")
    rows = [
        *Ack.objects.filter(ws=ws, subject="order", subject_id=order_id),
        *Ack.objects.filter(ws=ws, subject="parcel", subject_id__in=parcels),
    ]
    return Answers(
        order_id, {(one.subject, one.subject_id, one.cause, bytes(one.evidence_hash)): one.at for one in rows}
    )


def answer(ws: int, order_id: int, parcel_id: int, finding: Finding, actor: str) -> None:
    """Somebody deals with it. Said twice, the first time counts."""
    subject, subject_id, cause, evidence = _key(order_id, parcel_id, finding)
    with transaction.atomic():
        _, new = Ack.objects.get_or_create(
            ws=ws,
            subject=subject,
            subject_id=subject_id,
            cause=cause,
            evidence_hash=evidence,
            defaults={"by": actor, "at": clock.now()},
        )
        if new:
            record(ws, actor, "finding.answer", f"order:{order_id}", after={"cause": cause, "parcel": parcel_id})


def _key(order_id: int, parcel_id: int, finding: Finding) -> _Key:
    told = json.dumps([[one.id, dict(one.values)] for one in finding.evidence], sort_keys=True, default=str)
    subject = ("parcel", parcel_id) if parcel_id else ("order", order_id)
    return *subject, finding.cause.value, hashlib.sha256(told.encode()).digest()
