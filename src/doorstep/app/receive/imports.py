"""Numbers that a person brings as a table: kept as it came, looked at, confirmed, and taken back if it was wrong.

The bytes are one inbox row; what was confirmed of them is one or more others, at most ``TOGETHER`` numbers of one store
in each. A replay reads what was confirmed, so that a better reader of tables gives no number to another order.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.db import transaction

from doorstep.app import clock, inbox
from doorstep.app.audit import record
from doorstep.app.inbox import Arrival, answer_of
from doorstep.app.ledger.retention import empty, full
from doorstep.app.merge.claims import readable
from doorstep.app.reading.understand import read_now
from doorstep.app.receive.import_rows import Due, judge
from doorstep.app.receive.manual import by_hand
from doorstep.connectors.contract import Refused, Trouble
from doorstep.connectors.suppliers.sheets import said
from doorstep.connectors.suppliers.sheets.rows import Problem, Table, understood
from doorstep.connectors.suppliers.sheets.said import Given, Piece
from doorstep.connectors.suppliers.sheets.table import MOST_BYTES, read_rows
from doorstep.core.message import Message
from doorstep.core.parcels import PERSON
from doorstep.db.models import Claim, Connection, Inbox, Number, Order, Push

TOGETHER: Final = 200  # numbers in one inbox row: read in one transaction
LISTED: Final = 20
BRINGERS: Final = ("sheet", "agent", "sheet_link", "fulfilled_by")  # suppliers whose numbers come as tables
TEMPLATE: Final = "order,tracking_number,carrier,sku,quantity,shipped\r\n"
State = Literal["open", "running", "done", "undone"]
Givable = Mapping[int, Sequence[Piece]] | None  # all that may be given numbers, by order id; None = everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One table that was brought. ``read`` of ``parts`` inbox rows are dealt with. ``left``: what the store still shows
    of what was taken back: (order, why).
    """

    id: int
    name: str
    by: str
    at: datetime
    state: State
    numbers: int = 0
    parts: int = 0
    read: int = 0
    left: tuple[tuple[Order, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a table would do. ``trouble``: why it cannot be read at all."""

    table: Table | None = None
    due: tuple[Due, ...] = ()
    problems: tuple[Problem, ...] = ()
    trouble: Message | None = None

    @property
    def new(self) -> list[Due]:
        """The rows that add a number."""
        return [one for one in self.due if one.state == "new"]


def sheets(ws: int) -> Connection:
    """The workspace's own connection for tables."""
    return by_hand(ws, "supplier", "sheet")


def account_of(ws: int, file_id: int) -> Connection:
    """Where a table was brought: by the workspace's people, or by a supplier. Raises Inbox.DoesNotExist and
    Connection.DoesNotExist.
    """
    row = Inbox.objects.get(ws=ws, id=file_id)
    return Connection.objects.get(ws=ws, id=row.connection_id, kind="supplier", connector__in=BRINGERS)


def bring(account: Connection, body: bytes, name: str, actor: str) -> int:
    """Keep a table as it came; nothing is done with it yet. Returns its id. Raises Refused for a too large one."""
    if len(body) > MOST_BYTES:
        raise Refused("too large", message=Message(id="sheet.too_large", values={"limit_mb": MOST_BYTES >> 20}))
    record(account.ws, actor, "numbers.bring", f"connection:{account.id}", after={"bytes": len(body)})
    key, context = f"file:{secrets.token_hex(16)}", {"name": name[:120], "by": actor}
    return read_now(_arrival(account, key, "file", context, body))


def look(account: Connection, file_id: int, chosen: Mapping[str, int], given: Givable = None) -> Look:
    """What would be done; changes nothing. ``chosen``: the columns that a person named. Raises Inbox.DoesNotExist."""
    try:
        table = understood(read_rows(answer_of(_file(account, file_id)).body), chosen)
    except Trouble as trouble:
        return Look(trouble=trouble.message)
    due, wrong = judge(account.ws, table.rows, given)
    problems = sorted([*table.problems, *wrong], key=lambda one: one.place)
    return Look(table=table, due=tuple(due), problems=tuple(problems))


def confirm(account: Connection, file_id: int, chosen: Mapping[str, int], actor: str, given: Givable = None) -> int:
    """Give the numbers of all good rows to their orders; returns how many. Pressed twice it is done once. Raises
    ValueError with a Message when there are none, and Inbox.DoesNotExist.
    """
    new = look(account, file_id, chosen, given).new
    if not new:
        raise ValueError(Message(id="import.nothing"))
    return give_rows(account, file_id, new, actor)


def give_rows(account: Connection, file_id: int, new: Sequence[Due], actor: str) -> int:
    """Give the numbers of these rows of a table to their orders; returns how many."""
    by_store: dict[int, list[Due]] = defaultdict(list)
    for due in new:
        by_store[due.order.store_id].append(due)
    told = {store_id: _together(some) for store_id, some in by_store.items()}
    _say(account, file_id, "rows", told, actor)
    return sum(map(len, told.values()))


def keep_given(account: Connection, given: Sequence[Given], actor: str) -> int:
    """Keep what a program brought, in the place of a table's bytes; nothing is done with it yet. Returns its id."""
    arrival = _arrival(account, f"file:{secrets.token_hex(16)}", "rows", {"by": actor}, said.written(given))
    record(account.ws, actor, "numbers.bring", f"connection:{account.id}", after={"numbers": len(given)})
    inbox.keep([arrival])
    return Inbox.objects.values_list("id", flat=True).get(
        ws=account.ws, connection_id=account.id, dedup_key=arrival.dedup_key
    )


def give(account: Connection, file_id: int, by_store: Mapping[int, Sequence[Given]], actor: str) -> None:
    """Have these numbers given to orders of each store, as what was confirmed of a table. The worker does it."""
    _keep_parts(account, file_id, "rows", by_store, actor)


def undo(account: Connection, file_id: int, actor: str) -> int:
    """Take back what a table gave, as a person takes back a number; what somebody has said again since stays. Returns
    how many. Raises ValueError with a Message when there is nothing to take back, and Inbox.DoesNotExist.
    """
    _file(account, file_id)
    taken: dict[int, list[Given]] = defaultdict(list)
    for part in _parts(account, file_id, "rows"):
        still = _still_said(part)
        for one in said.confirmed(answer_of(part).body):
            if (one.order, readable(one.number), one.role) in still:
                back = Given(order=one.order, number=one.number, role=one.role, removed=True)
                taken[_store(part)].append(back)
    if not taken:
        raise ValueError(Message(id="import.nothing_to_undo"))
    _say(account, file_id, "undo", taken, actor)
    return sum(map(len, taken.values()))


def discard(account: Connection, file_id: int, actor: str) -> None:
    """Forget a table's bytes; what was confirmed of it stays. Raises Inbox.DoesNotExist."""
    row = _file(account, file_id)
    empty(account.ws, [row.id])
    record(account.ws, actor, "numbers.discard", f"inbox:{row.id}")


def newest(account: Connection) -> list[Import]:
    """The tables that were brought last and whose bytes are still there, newest first."""
    rows = full().filter(ws=account.ws, connection_id=account.id, dedup_key__startswith="file:").order_by("-id")
    return [_import(account, row) for row in rows[:LISTED]]


def one(account: Connection, file_id: int) -> Import:
    """How far one table is. Raises Inbox.DoesNotExist."""
    return _import(account, _file(account, file_id))


def _import(account: Connection, row: Inbox) -> Import:
    parts, back = (_parts(account, row.id, how) for how in ("rows", "undo"))
    every, context = [*parts, *back], row.headers["context"]
    read = sum(part.state != "new" for part in every)
    state: State = "open" if not every else "running" if read < len(every) else "undone" if back else "done"
    return Import(
        id=row.id,
        name=context.get("name", ""),
        by=context.get("by", ""),
        at=row.received_at,
        state=state,
        numbers=sum(int(part.headers["context"].get("numbers", 0)) for part in back or parts),
        parts=len(every),
        read=read,
        left=tuple(_left(back)) if state == "undone" else (),
    )


def _left(back: Sequence[Inbox]) -> Iterator[tuple[Order, Mapping[str, Any]]]:
    """Orders whose store still shows a number that was taken back, with what a person has to know about it."""
    for part in back:
        given = said.confirmed(answer_of(part).body)
        orders = _orders_of(part, given)
        numbers = Number.objects.filter(ws=part.ws, norm__in={readable(one.number) for one in given}).values("id")
        shown = Push.objects.filter(ws=part.ws, order_id__in=orders, number_id__in=numbers, state="accepted")
        yield from ((orders[push.order_id], push.reason) for push in shown.order_by("id") if push.reason)


def _still_said(part: Inbox) -> set[tuple[str, str, str]]:
    """(order's ref, number, role) of what nobody has said again since this part of a table."""
    orders = _orders_of(part, said.confirmed(answer_of(part).body))
    mine = Claim.objects.filter(ws=part.ws, order_id__in=orders, source=PERSON, gone=False)
    rows = list(mine.filter(last_said=part.received_at).values_list("order_id", "number_id", "role"))
    norms = dict(Number.objects.filter(ws=part.ws, id__in=[row[1] for row in rows]).values_list("id", "norm"))
    return {(orders[order_id].external_id, norms[number_id], role) for order_id, number_id, role in rows}


def _orders_of(part: Inbox, given: Sequence[Given]) -> dict[int, Order]:
    refs = {one.order for one in given}
    return Order.objects.filter(ws=part.ws, store_id=_store(part), external_id__in=refs).in_bulk()


def _store(part: Inbox) -> int:
    return int(part.headers["context"]["store_id"])


def _together(due: Sequence[Due]) -> list[Given]:
    """Rows of one number on one order are one parcel."""
    found: dict[tuple[int, str], Given] = {}
    for one in due:
        given = Given(order=one.order.external_id, number=one.number, carrier=one.row.carrier, role=_role(one))
        mine = found.setdefault((one.order.id, readable(one.number)), given)
        mine.contents += one.pieces
    return list(found.values())


def _role(due: Due) -> Literal["platform", "local"]:
    return "platform" if due.role == "platform" else "local"


def _say(account: Connection, file_id: int, how: str, by_store: Mapping[int, Sequence[Given]], actor: str) -> None:
    """Keep what was confirmed. Little of it is read at once; much is left to the worker, part by part."""
    arrivals = _keep_parts(account, file_id, how, by_store, actor)
    if len(arrivals) == 1:
        read_now(arrivals[0])


def _keep_parts(
    account: Connection, file_id: int, how: str, by_store: Mapping[int, Sequence[Given]], actor: str
) -> list[Arrival]:
    arrivals: list[Arrival] = []
    for store_id, given in by_store.items():
        for at in range(0, len(given), TOGETHER):
            some = given[at : at + TOGETHER]
            context = {"store_id": str(store_id), "by": actor, "numbers": str(len(some))}
            key = f"{how}:{file_id}:{len(arrivals)}"
            arrivals.append(_arrival(account, key, "rows", context, said.written(some)))
    with transaction.atomic():
        numbers = sum(map(len, by_store.values()))
        if any(inbox.keep(arrivals)):
            record(account.ws, actor, f"numbers.{how}", f"inbox:{file_id}", after={"numbers": numbers})
    return arrivals


def _arrival(account: Connection, key: str, what: str, context: Mapping[str, str], body: bytes) -> Arrival:
    return Arrival(
        ws=account.ws,
        connection_id=account.id,
        dedup_key=key,
        received_at=clock.now(),
        what=what,
        context=context,
        body=body,
    )


def _file(account: Connection, file_id: int) -> Inbox:
    rows = full().filter(ws=account.ws, connection_id=account.id, dedup_key__startswith="file:")
    return rows.get(id=file_id)


def _parts(account: Connection, file_id: int, how: str) -> list[Inbox]:
    rows = Inbox.objects.filter(ws=account.ws, connection_id=account.id, dedup_key__startswith=f"{how}:{file_id}:")
    return list(rows.order_by("id"))
