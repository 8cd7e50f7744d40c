"""The audit trail as a person reads it: filtered, page by page, as a file, and whether its chain is whole."""

import csv as sheets
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from doorstep.app.order.order_view import names
from doorstep.app.say import known, text
from doorstep.app.spread import harmless
from doorstep.db.models import Audit, Connection, Order

SIZE: Final = 100
_AT_ONCE: Final = 1000
_CONNECTED: Final = ("store", "supplier", "carrier", "payment")  # as the trail calls connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to look for; '' and None look for everything. ``about``: the number of an order, the name of a connection,
    or a subject as it is written in the trail (``store:123``). Days are whole days of the workspace.
    """

    who: str = ""
    verb: str = ""
    about: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. ``order_id`` 0 = it is about something else."""

    id: int
    at: datetime
    who: str
    said: str
    subject: str
    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Newest first; ``after`` leads to the next page, 0 = this is the last."""

    entries: tuple[Entry, ...]
    after: int


def page(ws: int, wanted: Filter, after: int = 0) -> Page:
    """One page of what fits."""
    rows = _rows(ws, wanted)
    found = list((rows.filter(id__lt=after) if after else rows)[: SIZE + 1])
    return Page(entries=_entries(ws, found[:SIZE]), after=found[SIZE - 1].id if len(found) > SIZE else 0)


def choices(ws: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who is in the trail and what they did: (as it is stored, as it is said)."""
    rows = Audit.objects.filter(ws=ws)
    actors = set(rows.values_list("actor", flat=True).distinct())
    known_as = names(ws, actors)
    who = sorted(((one, known_as.get(one, one)) for one in actors), key=lambda pair: pair[1])
    verbs = rows.values_list("verb", flat=True).distinct()
    return who, sorted(((one, _said(one)) for one in set(verbs)), key=lambda pair: pair[1])


def csv(ws: int, wanted: Filter) -> Iterator[bytes]:
    """What fits as a table, oldest first, with the hashes by which anybody can check the chain."""
    yield "\ufeff".encode() + _written([["id", "at", "actor", "who", "verb", "subject", "before", "after", "previous"]])
    rows = _rows(ws, wanted).order_by("id").iterator(chunk_size=_AT_ONCE)
    while some := list(islice(rows, _AT_ONCE)):
        known_as = names(ws, {one.actor for one in some})
        yield _written([_line(one, known_as.get(one.actor, one.actor)) for one in some])


def _rows(ws: int, wanted: Filter) -> QuerySet[Audit]:
    rows = Audit.objects.filter(ws=ws).order_by("-id")
    if wanted.who:
        rows = rows.filter(actor=wanted.who)
    if wanted.verb:
        rows = rows.filter(verb=wanted.verb)
    if wanted.about:
        rows = rows.filter(subject__in=_subjects(ws, wanted.about))
    if wanted.since:
        rows = rows.filter(at__gte=_midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        rows = rows.filter(at__lt=_midnight(wanted.until + timedelta(days=1)))
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())


def _subjects(ws: int, about: str) -> list[str]:
    bare = about.strip().lstrip("#")
    orders = Order.objects.filter(ws=ws, number__in=[bare, f"#{bare}"]).values_list("id", flat=True)
    accounts = Connection.objects.filter(ws=ws, label=about.strip()).values_list("id", flat=True)
    named = [f"{kind}:{one}" for one in accounts for kind in (*_CONNECTED, "connection")]
    return [about.strip(), *(f"order:{one}" for one in orders), *named]


def _entries(ws: int, rows: list[Audit]) -> tuple[Entry, ...]:
    known_as = names(ws, {one.actor for one in rows} | {_shared(one.subject) for one in rows})
    about = {one.subject: int(one.subject.removeprefix("order:")) for one in rows if _is_order(one.subject)}
    numbers = dict(Order.objects.filter(ws=ws, id__in=about.values()).values_list("id", "number"))
    return tuple(
        Entry(
            id=one.id,
            at=one.at,
            who=known_as.get(one.actor, one.actor),
            said=_said(one.verb),
            subject=numbers.get(about.get(one.subject, 0)) or known_as.get(_shared(one.subject), one.subject),
            order_id=about[one.subject] if about.get(one.subject, 0) in numbers else 0,
        )
        for one in rows
    )


def _shared(subject: str) -> str:
    """A subject as ``names`` may know it, '' if it cannot: a store or a carrier is a connection."""
    kind, _, ref = subject.partition(":")
    return f"{'connection' if kind in _CONNECTED else kind}:{ref}" if ref.isdecimal() else ""


def _is_order(subject: str) -> bool:
    kind, _, number = subject.partition(":")
    return kind == "order" and number.isdecimal()


def _said(verb: str) -> str:
    return text(f"audit.{verb}") if known(f"audit.{verb}") else verb


def _line(one: Audit, who: str) -> list[str]:
    hashes = [bytes(field).hex() for field in (one.before_hash, one.after_hash, one.prev_hash)]
    said = [one.actor, who, one.verb, one.subject]
    return [str(one.id), one.at.isoformat(), *map(harmless, said), *hashes]


def _written(lines: list[list[str]]) -> bytes:
    file = io.StringIO(newline="")
    sheets.writer(file).writerows(lines)
    return file.getvalue().encode()
