"""Tables of numbers that were brought."""

from dataclasses import dataclass
from typing import Literal

from doorstep.app.receive import imports
from doorstep.app.receive.imports import Import as Brought
from doorstep.app.receive.imports import Look
from doorstep.app.records.page import Instant, Page, Said
from doorstep.app.say import say
from doorstep.core.message import Message
from doorstep.db.models import Inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A table that was brought. ``state``: open (nobody confirmed it), running, done, undone. ``read`` of ``parts`` are
    in the ledger.
    """

    id: str
    name: str
    brought_at: Instant
    state: Literal["open", "running", "done", "undone"]
    numbers: int
    parts: int
    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """What a row does: ``new`` adds a number, ``known`` is there already, ``refused`` does nothing, and ``problem``
    says why. ``row`` counts from 1, as in the file.
    """

    row: int
    state: Literal["new", "known", "refused"]
    order_id: str | None
    number: str
    carrier: str
    problem: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """An import with what its rows would do; they are left out once it was confirmed. ``trouble``: why it cannot be
    read at all.
    """

    table: Import
    rows: list[ImportRow]
    trouble: Said | None


def newest(ws: int) -> Page[Import]:
    """Those brought last; older ones are forgotten with their bytes."""
    return Page(data=[told(one) for one in imports.newest(imports.sheets(ws))], next_cursor=None)


def looked_at(ws: int, file_id: int) -> LookedAt | None:
    """One import, or None when this workspace has no such one."""
    try:
        account = imports.account_of(ws, file_id)
        brought = imports.one(account, file_id)
    except Inbox.DoesNotExist:
        return None
    if brought.state != "open":
        return LookedAt(table=told(brought), rows=[], trouble=None)
    look = imports.look(account, file_id, {})
    return LookedAt(table=told(brought), rows=_rows(look), trouble=_said(look.trouble) if look.trouble else None)


def told(one: Brought) -> Import:
    """An import as programs are shown it."""
    return Import(
        id=str(one.id),
        name=one.name,
        brought_at=one.at,
        state=one.state,
        numbers=one.numbers,
        parts=one.parts,
        read=one.read,
    )


def _rows(look: Look) -> list[ImportRow]:
    good = [
        ImportRow(
            row=due.row.place,
            state=due.state,
            order_id=str(due.order.id),
            number=due.number,
            carrier=due.carrier,
            problem=_said(due.note) if due.note else None,
        )
        for due in look.due
    ]
    bad = [
        ImportRow(row=one.place, state="refused", order_id=None, number="", carrier="", problem=_said(one.message))
        for one in look.problems
    ]
    return sorted([*good, *bad], key=lambda one: one.row)


def _said(message: Message) -> Said:
    return Said(code=message.id, text=say(message))
