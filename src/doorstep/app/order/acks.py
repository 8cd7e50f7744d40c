"""Answers to findings: "I told the buyer", "ask me again later", "this is no problem". A finding is computed anew each
time; an answer holds for exactly its evidence, so whatever is new is told again.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.core.diagnosis import Finding
from doorstep.core.message import Message
from doorstep.db.models import Ack

ANSWERS: Final = ("told", "later", "fine")
TOLD: Final = timedelta(days=3)  # so long a buyer who was told is left alone, if the finding itself names no day
LATER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A finding with its key and the answer that somebody gave to it; ``answer`` '' = none that still holds."""

    parcel_id: int  # 0 = the order itself
    finding: Finding
    key: str
    answer: str = ""
    by: str = ""
    at: datetime | None = None
    until: datetime | None = None


def key_of(finding: Finding) -> str:
    """What tells this finding from one with other evidence."""
    said = [finding.cause.value, *(asdict(one) for one in finding.evidence)]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def answered(ws: int, order_id: int, told: Collection[tuple[int, Finding]], now: datetime) -> tuple[Answered, ...]:
    """The findings about an order, with the answers that hold now."""
    return answered_all(ws, {order_id: told}, now)[order_id]


def answered_all(
    ws: int, told: Mapping[int, Collection[tuple[int, Finding]]], now: datetime
) -> dict[int, tuple[Answered, ...]]:
    """The same for several orders, by order."""
    parcels = {parcel for some in told.values() for parcel, _ in some if parcel}
    about = Q(subject="order", subject_id__in=told) | Q(subject="parcel", subject_id__in=parcels)
    rows = [one for one in Ack.objects.filter(about, ws=ws).order_by("id") if one.until is None or one.until > now]
    given = {(one.subject, one.subject_id, bytes(one.evidence_hash).hex()): one for one in rows}
    return {order: tuple(_answered(order, some, given)) for order, some in told.items()}


def _answered(
    order_id: int, told: Iterable[tuple[int, Finding]], given: Mapping[tuple[str, int, str], Ack]
) -> Iterable[Answered]:
    for parcel_id, finding in told:
        key = key_of(finding)
        ack = given.get((*_subject(order_id, parcel_id), key))
        if ack is None:
            yield Answered(parcel_id=parcel_id, finding=finding, key=key)
        else:
            yield Answered(
                parcel_id=parcel_id, finding=finding, key=key, answer=ack.answer, by=ack.by, at=ack.at, until=ack.until
            )


def answer(ws: int, order_id: int, one: Answered, said: str, actor: str) -> None:
    """Keep an answer; a newer one replaces it. Raises ValueError with a Message for an answer that there is not."""
    if said not in ANSWERS:
        raise ValueError(Message(id="ack.unknown"))
    subject, subject_id = _subject(order_id, one.parcel_id)
    now = clock.now()
    with transaction.atomic():
        Ack.objects.update_or_create(
            ws=ws,
            subject=subject,
            subject_id=subject_id,
            cause=one.finding.cause.value,
            evidence_hash=bytes.fromhex(one.key),
            defaults={"answer": said, "until": _until(one.finding, said, now), "by": actor, "at": now},
        )
        record(ws, actor, f"finding.{said}", f"{subject}:{subject_id}")


def take_back(ws: int, order_id: int, one: Answered, actor: str) -> None:
    """As if it had not been answered."""
    subject, subject_id = _subject(order_id, one.parcel_id)
    mine = Ack.objects.filter(ws=ws, subject=subject, subject_id=subject_id, evidence_hash=bytes.fromhex(one.key))
    with transaction.atomic():
        if mine.delete()[0]:
            record(ws, actor, "finding.open", f"{subject}:{subject_id}")


def _until(finding: Finding, said: str, now: datetime) -> datetime | None:
    """When the finding comes back by itself; None = with other evidence only."""
    if said == "fine":
        return None
    ahead = finding.next_at if finding.next_at and finding.next_at > now else None
    return ahead or now + (TOLD if said == "told" else LATER)


def _subject(order_id: int, parcel_id: int) -> tuple[str, int]:
    return ("parcel", parcel_id) if parcel_id else ("order", order_id)
