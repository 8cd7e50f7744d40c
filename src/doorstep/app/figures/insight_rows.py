"""The parcels that figures about ways are made from: one statement, plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from doorstep.core.status import Status
from doorstep.db.models import Connection, Parcel

MOST: Final = 200_000  # newest parcels
ASTRAY: Final = frozenset(
    {Status.RETURNING.value, Status.RETURNED.value, Status.CANCELLED.value}
)  # their way is another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which parcels: of orders placed in the last ``days``; 0 and '' = all. ``country`` is the destination's."""

    days: int = 90
    store: int = 0
    supplier: int = 0
    carrier: str = ""
    country: str = ""


class Way(NamedTuple):
    """A parcel. Times are whole seconds since 1970, ``due`` whole days: they are many. ``handed`` None = nobody
    has it yet; ``ended``: when it was delivered (``delivered``), else closed, else now; ``due``: the last day that its
    carrier named.
    """

    carrier: str
    origin: str
    destination: str
    supplier: int
    status: str
    reason: str
    handed: int | None
    ended: int
    delivered: bool
    due: int | None


_WAYS: Final = """
    SELECT p.carrier, p.origin, p.destination, COALESCE(u.supplier_id, 0), p.status, p.reason, {handed}, {closed}, {due}
    FROM doorstep_parcel p LEFT JOIN doorstep_purchase u ON u.ws = p.ws AND u.id = p.purchase_id
    WHERE p.ws = %s AND p.id IN (
        SELECT l.parcel_id FROM doorstep_order o JOIN doorstep_parcelline l ON l.ws = o.ws AND l.order_id = o.id
        WHERE o.ws = %s AND o.placed_at >= %s{store}){rest}
    ORDER BY p.id DESC LIMIT %s"""
_SECONDS: Final = {
    "sqlite": "CAST(strftime('%%s', p.{0}) AS INTEGER)",
    "postgresql": "EXTRACT(EPOCH FROM p.{0})::bigint",
}
_DAYS: Final = {
    "sqlite": "CAST(strftime('%%s', p.{0}) AS INTEGER) / 86400",
    "postgresql": "p.{0} - DATE '1970-01-01'",
}


def ways(ws: int, asked: Asked, now: datetime) -> list[Way]:
    """The parcels of the newest orders, each once, at most ``MOST``, newest first."""
    at, done = int(now.timestamp()), Status.DELIVERED.value
    return [
        Way._make((*way, handed, closed or at, way[4] == done and closed is not None, due))  # [4] is its status
        for *way, handed, closed, due in fetched(ws, asked, now)
    ]


def fetched(ws: int, asked: Asked, now: datetime) -> list[Any]:
    """Their rows as the database gives them."""
    values: list[Any] = [ws, ws, connection.ops.adapt_datetimefield_value(now - timedelta(days=asked.days))]
    seconds, days = _SECONDS[connection.vendor], _DAYS[connection.vendor]
    rest = ""
    if asked.store:
        values.append(asked.store)
    for column, wanted in (
        ("u.supplier_id", asked.supplier),
        ("p.carrier", asked.carrier),
        ("p.destination", asked.country),
    ):
        if wanted:
            rest += f" AND {column} = %s"
            values.append(wanted)
    statement = _WAYS.format(
        handed=seconds.format("handed_at"),
        closed=seconds.format("closed_at"),
        due=days.format("eta_to"),
        store=" AND o.store_id = %s" if asked.store else "",
        rest=rest,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, MOST])
        return list(cursor.fetchall())


def connected(ws: int) -> dict[str, list[Connection]]:
    """Stores and suppliers to choose from."""
    live = Connection.objects.filter(ws=ws).exclude(state="removed").order_by("label")
    return {"stores": list(live.filter(kind="store")), "suppliers": list(live.filter(kind="supplier"))}


def met(ws: int) -> dict[str, list[str]]:
    """Carriers and countries that parcels have. Looks at all of them."""
    mine = Parcel.objects.filter(ws=ws).order_by()
    return {
        "carriers": sorted(mine.exclude(carrier="").values_list("carrier", flat=True).distinct()),
        "countries": sorted(mine.exclude(destination="").values_list("destination", flat=True).distinct()),
    }
