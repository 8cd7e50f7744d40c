"""Everything that is here about a shopper, found by the e-mail address."""

import contextlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from doorstep.app.inbox import answer_of
from doorstep.app.ledger import scans
from doorstep.app.ledger.retention import full
from doorstep.app.merge.orders import email_hash
from doorstep.connectors.contract import Trouble
from doorstep.connectors.mail.read import markable
from doorstep.connectors.suppliers.sheets.table import read_rows
from doorstep.core.message import Message, Value
from doorstep.db.models import Claim, Inbox, Number, Order, Parcel, ParcelLine, ParcelNumber, Person

SHORTEST_PHONE: Final = 7  # digits; less is found in everything
SHORTEST_WORD: Final = 3  # letters of a name


class NotPossible(ValueError):
    """What was asked for cannot be done; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What is about one e-mail address in one workspace. ``numbers``: of parcels that carry nothing of anybody else;
    ``inbox``: rows whose bytes name the person or one of these numbers.
    """

    ws: int
    email: str
    people: tuple[Person, ...]
    orders: tuple[Order, ...]
    parcels: tuple[Parcel, ...]
    numbers: tuple[Number, ...]
    inbox: tuple[int, ...]

    @property
    def said(self) -> frozenset[str]:
        """What names the person: address, phone and whole names, plain."""
        texts = {self.email, *(one.email for one in self.people)}
        texts |= {one.phone for one in self.people if len(re.sub(r"\D", "", one.phone)) >= SHORTEST_PHONE}
        texts |= {one.name for one in self.people if " " in one.name.strip()}
        return frozenset(plain(one) for one in texts if one.strip())


def find(ws: int, email: str) -> Traces:
    """Look through everything; slow where many bodies are kept. Raises NotPossible when nothing is found."""
    people = tuple(Person.objects.filter(ws=ws, email_hash=email_hash(email)).exclude(email_hash=b""))
    orders = tuple(Order.objects.filter(ws=ws, person_id__in=[one.id for one in people]).order_by("placed_at"))
    parcels = tuple(_parcels(ws, {one.id for one in orders}))
    ids = ParcelNumber.objects.filter(ws=ws, parcel_id__in=[one.id for one in parcels]).values_list("number_id")
    numbers = tuple(Number.objects.filter(ws=ws, id__in=ids).order_by("id"))
    known = Traces(ws=ws, email=email, people=people, orders=orders, parcels=parcels, numbers=numbers, inbox=())
    rows = tuple(sorted({*_named(known), *_told(known)}))
    if not people and not rows:
        raise NotPossible("erase.nobody", email=email)
    return Traces(ws=ws, email=email, people=people, orders=orders, parcels=parcels, numbers=numbers, inbox=rows)


def plain(text: str) -> str:
    """A text as it is compared: however it was written."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _parcels(ws: int, orders: set[int]) -> Iterator[Parcel]:
    """Parcels that serve these orders and no other."""
    mine = ParcelLine.objects.filter(ws=ws, order_id__in=orders).values_list("parcel_id", flat=True)
    shared = ParcelLine.objects.filter(ws=ws, parcel_id__in=mine).exclude(order_id__in=orders).values("parcel_id")
    yield from Parcel.objects.filter(ws=ws, id__in=mine).exclude(id__in=shared).order_by("id")


def _named(known: Traces) -> Iterator[int]:
    """Rows whose bytes hold one of the person's texts or numbers."""
    texts = known.said | {plain(one.norm) for one in known.numbers}
    for row in full().filter(ws=known.ws).order_by("id").iterator(chunk_size=200):
        held = text_of(row)
        if any(text in held for text in texts):
            yield row.id


def _told(known: Traces) -> Iterator[int]:
    """Rows from which their claims and scans were taken, whatever their bytes look like."""
    orders, numbers = [one.id for one in known.orders], [one.id for one in known.numbers]
    claims = Claim.objects.filter(Q(order_id__in=orders) | Q(number_id__in=numbers), ws=known.ws)
    scanned = {one.inbox_id for heard in scans.of(known.ws, numbers).values() for one in heard.events()}
    told = {*claims.values_list("inbox_id", flat=True), *scanned}
    yield from full().filter(ws=known.ws, id__in=told).values_list("id", flat=True)


def text_of(row: Inbox) -> str:
    """All that a body says, plain: as it is, without JSON's escapes, and without a mail's encodings."""
    answer = answer_of(row)
    texts = [answer.body.decode("utf-8", "replace")]
    if answer.what in {"mail", "reply"}:
        texts.append(markable(answer.body)[0])
    elif answer.what == "file":
        with contextlib.suppress(Trouble):  # no table: it cannot be read by anybody
            texts += (" ".join(cells) for _, cells in read_rows(answer.body))
    else:
        with contextlib.suppress(ValueError):  # not JSON: what it says is said already
            texts.append(json.dumps(json.loads(answer.body), ensure_ascii=False))
    return plain("\n".join((*texts, json.dumps(row.headers, ensure_ascii=False))))
