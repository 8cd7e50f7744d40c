"""The raw answers behind an order, and which of them tell of nothing else.

A dispute pack leaves the house: what names another buyer's order or number must not be in it. An answer that does is
listed with its hash, so that it can be asked for and proven later, and its bytes stay here.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import zstandard

from doorstep.app.inbox import answer_of
from doorstep.app.ledger import archive
from doorstep.connectors.contract import Facts, Trouble
from doorstep.connectors.registry import connector
from doorstep.core.number import normalize
from doorstep.core.order import Mail
from doorstep.db.models import Change, Claim, Connection, Inbox, Order, Purchase, PurchaseLine

MOST: Final = 400  # answers
MOST_BYTES: Final = 24 << 20
_ENDINGS: Final = {"mail": "eml", "file": "bin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came at ``at`` from ``source``. ``file`` '' = its bytes are not given; ``why``: shared | emptied | large |
    altered (its bytes are not those of its hash), '' where they are given.
    """

    id: int
    at: datetime
    source: str
    what: str
    sha256: str
    file: str
    why: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an answer may tell of: the order, its purchases and its numbers (``core.number.normalize``)."""

    order: Order
    purchases: frozenset[str]
    numbers: frozenset[str]

    def alone(self, facts: Facts) -> bool:
        """Whether nothing else is told, and all of it was understood."""
        told = facts.orders or facts.purchases or facts.tracks or facts.mails
        return bool(
            told
            and not facts.bad
            and all(one.ref == self.order.external_id for one in facts.orders)
            and all(one.ref in self.purchases for one in facts.purchases)
            and all(normalize(one.number) in self.numbers for one in facts.tracks)
            and all(self._mailed(mail) for mail in facts.mails)
        )

    def _mailed(self, mail: Mail) -> bool:
        said = {self.order.number, self.order.external_id} | self.purchases
        return set(mail.orders) <= said and all(normalize(one.text) in self.numbers for one in mail.numbers)


def answers(ws: int, order: Order, numbers: dict[int, str], parcels: Sequence[int]) -> list[Answer]:
    """All of them, first come first. ``numbers``: id to normalized text."""
    ids = sorted({*_causes(ws, order.id, parcels), *_claimed(ws, order.id), *_scanned(ws, numbers)})
    sources = Connection.objects.filter(ws=ws).in_bulk()
    about = About(order=order, purchases=_own_purchases(ws, order.id), numbers=frozenset(numbers.values()))
    left, found = MOST_BYTES, []
    for row in Inbox.objects.filter(ws=ws, id__in=ids).order_by("id")[:MOST]:
        one = _answer(row, sources.get(row.connection_id), about, left)
        left -= len(one.body)
        found.append(one)
    return found


def _answer(row: Inbox, source: Connection | None, about: About, left: int) -> Answer:
    what, sha256 = row.headers["what"], bytes(row.sha256).hex()
    body = zstandard.decompress(bytes(row.body_zstd)) if row.body_zstd else b""
    if not row.body_zstd:
        why = "emptied"
    elif hashlib.sha256(body).hexdigest() != sha256:
        why = "altered"
    elif len(body) > left:
        why = "large"
    else:
        why = "" if source and about.alone(_facts(row, source)) else "shared"
    ending = _ENDINGS.get(what, "json" if body.lstrip()[:1] in {b"{", b"["} else "txt")
    return Answer(
        id=row.id,
        at=row.received_at,
        source=source.label if source else "",
        what=what,
        sha256=sha256,
        file="" if why else f"answers/{row.id}.{ending}",
        why=why,
        body=b"" if why else body,
    )


def _facts(row: Inbox, source: Connection) -> Facts:
    """What its reader says of it; nothing where it cannot be read."""
    try:
        facts: Facts = connector(source.kind, source.connector).read(answer_of(row))
    except (Trouble, ValueError, KeyError):
        return Facts()
    return facts


def _causes(ws: int, order_id: int, parcels: Sequence[int]) -> Iterator[int]:
    for subject, ids in (("order", [order_id]), ("parcel", parcels)):
        rows = Change.objects.filter(ws=ws, subject=subject, subject_id__in=ids).values_list("cause", flat=True)
        causes = (one.partition(":") for one in rows)
        yield from (int(inbox_id) for kind, _, inbox_id in causes if kind == "inbox" and inbox_id.isdecimal())


def _claimed(ws: int, order_id: int) -> Iterator[int]:
    bought = PurchaseLine.objects.filter(ws=ws, order_id=order_id).values("purchase_id")
    own = Claim.objects.filter(ws=ws, order_id=order_id).values_list("inbox_id", flat=True)
    theirs = Claim.objects.filter(ws=ws, order_id=0, purchase_id__in=bought).values_list("inbox_id", flat=True)
    yield from own
    yield from theirs


def _scanned(ws: int, numbers: dict[int, str]) -> Iterator[int]:
    yield from (one.inbox_id for heard in archive.scans(ws, set(numbers)) for one in heard.events())


def _own_purchases(ws: int, order_id: int) -> frozenset[str]:
    """References of purchases that are for this order and no other."""
    mine = set(PurchaseLine.objects.filter(ws=ws, order_id=order_id).values_list("purchase_id", flat=True))
    lines = PurchaseLine.objects.filter(ws=ws, purchase_id__in=mine).exclude(order_id=order_id)
    own = mine - set(lines.values_list("purchase_id", flat=True))
    return frozenset(Purchase.objects.filter(ws=ws, id__in=own).values_list("external_id", flat=True))
