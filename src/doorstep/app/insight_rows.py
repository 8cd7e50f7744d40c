"""The parcels that figures about ways are made from: one statement, plain values."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from doorstep.core.status import Status
from doorstep.db.models import Connection, Parcel

MOST: Final = 200_000  # newest parcels
ASTRAY: Final = frozenset({Status.RETURNING, Status.RETURNED, Status.CANCELLED})  # their way is another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which parcels: of orders placed in the last ``days``; 0 and '' = all. ``country`` is the destination's."""

    days: int = 90
    store: int = 0
    supplier: int = 0
    carrier: str = ""
    country: str = ""


class Way(NamedTuple):
    """A parcel. ``handed`` None = nobody has it yet; ``ended``: delivered, or what it was last seen at (``delivered``
    tells which); ``due``: the last day its carrier promised.
    """

    carrier: str
    origin: str
    destination: str
    supplier: int
    status: str
    reason: str
    handed: datetime | None
    ended: datetime
    delivered: bool
    due: date | None

    @property
    def astray(self) -> bool:
        """Whether it is on another way than the one to its buyer."""
        return self.status in ASTRAY

    @property
    def days(self) -> float:
        """How long it took, or has taken so far; 0 where it was handed over later than it ended."""
        return max(0.0, (self.ended - self.handed) / timedelta(days=1)) if self.handed else 0.0

    def kept(self, today: date) -> bool | None:
        """Whether it came by the day that its carrier named last; None = none was named, or it has not come yet."""
        if self.due is None or self.astray:
            return None
        if self.delivered:
            return self.ended.date() <= self.due
        return False if self.due < today else None


_WAYS: Final = """
    SELECT p.carrier, p.origin, p.destination, COALESCE(u.supplier_id, 0), p.status, p.reason, p.handed_at, p.closed_at,
        p.eta_to
    FROM doorstep_parcel p LEFT JOIN doorstep_purchase u ON u.ws = p.ws AND u.id = p.purchase_id
    WHERE p.ws = %s AND p.id IN (
        SELECT l.parcel_id FROM doorstep_order o JOIN doorstep_parcelline l ON l.ws = o.ws AND l.order_id = o.id
        WHERE o.ws = %s AND o.placed_at >= %s{store}){rest}
    ORDER BY p.id DESC LIMIT %s"""


def ways(ws: int, asked: Asked, now: datetime) -> list[Way]:
    """The parcels of the newest orders, each once, at most ``MOST``, newest first."""
    since = connection.ops.adapt_datetimefield_value(now - timedelta(days=asked.days))
    values: list[Any] = [ws, ws, since]
    if asked.store:
        values.append(asked.store)
    rest = ""
    for column, wanted in (
        ("u.supplier_id", asked.supplier),
        ("p.carrier", asked.carrier),
        ("p.destination", asked.country),
    ):
        if wanted:
            rest += f" AND {column} = %s"
            values.append(wanted)
    statement = _WAYS.format(store=" AND o.store_id = %s" if asked.store else "", rest=rest)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, MOST])
        return list(_read(cursor.fetchall(), now))


def _read(rows: list[Any], now: datetime) -> Iterator[Way]:
    for carrier, origin, destination, supplier, status, reason, handed, closed, due in rows:
        ended = _instant(closed) or now
        delivered = status == Status.DELIVERED and closed is not None
        way = (carrier, origin, destination, supplier, status, reason)
        yield Way(*way, _instant(handed), ended, delivered, due)


def _instant(value: datetime | None) -> datetime | None:
    """SQLite keeps instants as naive UTC."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def choices(ws: int) -> dict[str, list[Any]]:
    """What can be chosen from: stores and suppliers that are connected, carriers and countries that parcels have."""
    live = Connection.objects.filter(ws=ws).exclude(state="removed").order_by("label")
    mine = Parcel.objects.filter(ws=ws).order_by()
    return {
        "stores": list(live.filter(kind="store")),
        "suppliers": list(live.filter(kind="supplier")),
        "carriers": sorted(mine.exclude(carrier="").values_list("carrier", flat=True).distinct()),
        "countries": sorted(mine.exclude(destination="").values_list("destination", flat=True).distinct()),
    }
