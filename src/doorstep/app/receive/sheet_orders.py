"""A shop that is a file: a person uploads its orders, looks what would be read, and downloads the numbers for it."""

import csv
import io
import secrets
from collections.abc import Iterator, Mapping
from typing import Final

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.inbox import Arrival
from doorstep.app.ledger import told
from doorstep.app.reading.understand import read_now
from doorstep.app.spread import harmless
from doorstep.connectors.contract import Answer, Facts, Refused
from doorstep.connectors.registry import connector
from doorstep.core.convert import Given
from doorstep.core.message import Message
from doorstep.core.order import Role
from doorstep.db.models import Connection, Line, Number, Order, ParcelLine, ParcelNumber

MAX_BYTES: Final = 10 << 20
COLUMNS: Final = ("order", "line", "sku", "quantity", "tracking_number", "carrier", "tracking_url", "since")


def look(ws: int, store_id: int, body: bytes) -> Facts:
    """What a file says; nothing is kept. ``bad`` names each row that cannot be read. Raises Trouble for a file that is
    no table of orders, and Connection.DoesNotExist.
    """
    store = _store(ws, store_id)
    if len(body) > MAX_BYTES:
        raise Refused("too large", message=Message(id="csv.too_large", values={"limit_mb": MAX_BYTES >> 20}))
    answer = Answer(what="orders", body=body, context=_context(store), received_at=clock.now())
    return connector("store", store.connector).read(answer)


def take(ws: int, store_id: int, body: bytes, actor: str) -> Facts:
    """Bring a file into the ledger: orders that were known are brought up to date, none is removed. As ``look``."""
    facts, store = look(ws, store_id, body), _store(ws, store_id)
    record(ws, actor, "orders.import", f"store:{store_id}", after={"orders": len(facts.orders), "bad": len(facts.bad)})
    arrival = Arrival(
        ws=ws,
        connection_id=store.id,
        dedup_key=f"file:{secrets.token_hex(16)}",  # the same file after another one says something new
        received_at=clock.now(),
        what="orders",
        context={**_context(store), "by": actor},
        body=body,
    )
    read_now(arrival)
    return facts


def numbers(ws: int, store_id: int) -> bytes:
    """The current numbers of a store's orders as CSV (UTF-8), one row for each line that a parcel holds. A parcel whose
    contents are not known has one row without a line. Raises Connection.DoesNotExist.
    """
    store = Connection.objects.get(ws=ws, id=store_id, kind="store")
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(COLUMNS)
    table.writerows([harmless(cell) for cell in row] for row in _rows(store))
    return written.getvalue().encode()


def _rows(store: Connection) -> Iterator[tuple[object, ...]]:
    orders = Order.objects.filter(ws=store.ws, store_id=store.id, cancelled_at=None).in_bulk()
    lines = Line.objects.filter(ws=store.ws, order_id__in=orders).in_bulk()
    held = ParcelLine.objects.filter(ws=store.ws, order_id__in=orders).order_by("order_id", "parcel_id", "line_id")
    known = _given(store, {one.parcel_id for one in held})
    for part in held:
        line = lines.get(part.line_id)
        for given, since in known.get(part.parcel_id, ()):
            contents = (line.external_id, line.sku, part.qty) if line else ("", "", "")
            yield (orders[part.order_id].number, *contents, given.number, given.named.field, given.url, since)


def _given(store: Connection, parcels: set[int]) -> Mapping[int, list[tuple[Given, str]]]:
    """By parcel: its current numbers as this store is told them, the courier's own where there is one."""
    rows = ParcelNumber.objects.filter(ws=store.ws, parcel_id__in=parcels, until=None).order_by("since", "number_id")
    by_parcel: dict[int, list[ParcelNumber]] = {}
    for row in rows:
        by_parcel.setdefault(row.parcel_id, []).append(row)
    texts = Number.objects.filter(ws=store.ws).in_bulk([row.number_id for row in rows])
    found: dict[int, list[tuple[Given, str]]] = {}
    for parcel, some in by_parcel.items():
        local = [row for row in some if row.role != Role.PLATFORM.value]
        said = [(told.told(store, texts[row.number_id], row.role, ""), row.since) for row in local or some]
        found[parcel] = [(one, since.isoformat()) for one, since in said if isinstance(one, Given)]
    return found


def _store(ws: int, store_id: int) -> Connection:
    return Connection.objects.exclude(state="removed").get(ws=ws, id=store_id, kind="store", connector="csv")


def _context(store: Connection) -> dict[str, str]:
    return {"zone": str(store.settings.get("zone", ""))}
