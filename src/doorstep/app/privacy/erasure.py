"""Erases a shopper: what names them goes, what happened to the goods stays.

Names and addresses live in ``Person`` and in raw bodies only; both are emptied. A carrier may have put a name into the
words of a scan ("signed by ..."), a shop into an address that it linked to: there the name alone is taken out.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import models, transaction

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.ledger import archive, retention, scans
from doorstep.app.privacy import export
from doorstep.app.privacy.traces import SHORTEST_WORD, NotPossible, Traces, find, plain
from doorstep.app.reading.understand import understand
from doorstep.app.telling import following
from doorstep.db import queries
from doorstep.db.models import Aside, Claim, Inbox, Line, Note, Outbox, Person, Photo, Push, ThreadMessage, View, Watch
from doorstep.db.overwrite import overwriting

GONE: Final = "…"
KEPT: Final = frozenset({"id", "ws", "erased_at", "country", "email_hash"})  # of a person; a country names nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How much was emptied or mended: persons (one an order), raw bodies, rows with a name in their words."""

    people: int
    bodies: int
    words: int


def erase(ws: int, email: str, actor: str) -> Erased:
    """Erase whoever has this address, in one transaction, with an entry in the trail that names nobody. Orders,
    parcels, scans and changes stay. Raises NotPossible.
    """
    while Inbox.objects.filter(ws=ws, state="new").exists() and understand():
        pass
    with overwriting(), transaction.atomic():
        queries.alone_in(ws)
        found = find(ws, email)
        archive.bring_back(ws, [one.id for one in found.numbers])
        erased = Erased(people=_people(found), bodies=_bodies(found), words=_words(found) + _said(found))
        counts = {"people": erased.people, "bodies": erased.bodies, "words": erased.words}
        subject = ",".join(f"person:{one.id}" for one in found.people) or "inbox"
        export.throw_away(ws)
        record(ws, actor, "person.erase", subject, after=counts)
    return erased


def _people(found: Traces) -> int:
    texts = {one.attname: "" for one in Person._meta.concrete_fields if one.attname not in KEPT}
    mine = Person.objects.filter(ws=found.ws, id__in=[one.id for one in found.people])
    return mine.update(**texts, email_hash=b"", erased_at=clock.now())


def _bodies(found: Traces) -> int:
    """Their bytes, and what their headers and context say of the sender."""
    rows = Inbox.objects.filter(ws=found.ws, id__in=found.inbox)
    if rows.filter(state="new").exists():
        raise NotPossible("erase.being_read")
    for row in rows:
        bare = {"what": row.headers["what"], "status": row.headers["status"], "headers": {}, "context": {}}
        Inbox.objects.filter(ws=row.ws, id=row.id).update(headers=bare, dedup_key=_key(row, found), error=None)
    return retention.empty(found.ws, found.inbox)


def _key(row: Inbox, found: Traces) -> str:
    """What tells the row apart; a hash of it where it names the person (a mail's id may)."""
    if not any(text in plain(row.dedup_key) for text in found.said):
        return row.dedup_key
    return f"erased:{hashlib.sha256(row.dedup_key.encode()).hexdigest()}"


def _words(found: Traces) -> int:
    """Take names out of the words of others: of scans, links, vendors' answers, and of personal items."""
    names, ws = _names(found), found.ws
    orders, numbers = [one.id for one in found.orders], [one.id for one in found.numbers]
    parcels = [one.id for one in found.parcels]
    pushes = Push.objects.filter(ws=ws, order_id__in=orders)
    lanes = Outbox.objects.filter(ws=ws, payload_ref__in=[*parcels, *pushes.values_list("id", flat=True)])
    return sum((
        _mend_scans(ws, numbers, names),
        _mend(Watch.objects.filter(ws=ws, number_id__in=numbers), ("said",), names),
        _mend(Claim.objects.filter(ws=ws, order_id__in=orders), ("url", "carrier_said"), names),
        _mend(Line.objects.filter(ws=ws, order_id__in=orders), ("title",), names),
        _mend(pushes, ("reason",), names),
        _mend(Note.objects.filter(ws=ws, order_id__in=orders), ("text",), names),
        _mend(lanes, ("error",), names),
    ))  # fmt: skip


def _said(found: Traces) -> int:
    """What the shopper wrote and photographed, and what was answered; what programs wrote beside the numbers. That
    somebody wrote, and when, stays.
    """
    orders = [one.id for one in found.orders]
    mine: dict[str, Any] = {"ws": found.ws, "order_id__in": orders}
    gone, _ = Photo.objects.filter(**mine).delete()
    View.objects.filter(**mine).delete()
    Aside.objects.filter(ws=found.ws, number_id__in=[one.id for one in found.numbers]).delete()
    gone += following.erase(found.ws, orders, found.email)
    return gone + ThreadMessage.objects.filter(**mine).exclude(body="").update(body="", sender="", mail_id="", facts=[])


def _names(found: Traces) -> re.Pattern[str]:
    """The address, the phone, the name and each word of it, whole words only."""
    texts = {found.email} | {text for one in found.people for text in (one.email, one.phone, one.name)}
    texts |= {word for one in found.people for word in one.name.split() if len(word) >= SHORTEST_WORD}
    longest_first = sorted(filter(None, (one.strip() for one in texts)), key=len, reverse=True)
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _mend_scans(ws: int, numbers: Sequence[int], names: re.Pattern[str]) -> int:
    heard = scans.of(ws, numbers).values()
    mended = {one: count for one in heard if (count := one.mend(lambda text: names.sub(GONE, text)))}
    scans.store(ws, mended)
    return sum(mended.values())


def _mend(rows: models.QuerySet[Any], fields: Sequence[str], names: re.Pattern[str]) -> int:
    mended = 0
    for row in rows.iterator():
        new = {field: _without(getattr(row, field), names) for field in fields}
        if any(value != getattr(row, field) for field, value in new.items()):
            type(row)._default_manager.filter(pk=row.pk).update(**new)
            mended += 1
    return mended


def _without(said: Any, names: re.Pattern[str]) -> Any:
    """A text, or what JSON holds, without the names."""
    if isinstance(said, str):
        return names.sub(GONE, said)
    return said if said is None else json.loads(names.sub(GONE, json.dumps(said, ensure_ascii=False)))
