"""Orders with a parcel each, written straight into the tables in the shape that the ledger gives them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from doorstep.db import bulk
from doorstep.db.ids import new_id
from doorstep.db.models import Order, Parcel, ParcelLine, Purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A parcel handed over so many days ago that took so many (None = it is under way)."""

    ago: float
    took: float | None = None
    carrier: str = "usps"
    origin: str = "CN"
    destination: str = "US"
    supplier: int = 0
    status: str = ""
    reason: str = ""
    due: date | None = None
    store: int = 1


def send(ws: int, now: datetime, some: Iterable[Sent]) -> None:
    """Write them down."""
    made: dict[type, list[object]] = {one: [] for one in (Order, Purchase, Parcel, ParcelLine)}
    for one in some:
        pk, handed = new_id(), now - timedelta(days=one.ago)
        ended = handed + timedelta(days=one.took) if one.took is not None else None
        said = {"said_at": handed, "heard_at": handed}
        made[Order].append(
            Order(id=pk, ws=ws, store_id=one.store, external_id=str(pk), number=str(pk), placed_at=handed, **said)
        )
        if one.supplier:
            made[Purchase].append(Purchase(id=pk, ws=ws, supplier_id=one.supplier, external_id=str(pk), **said))
        parcel = Parcel(
            id=pk, ws=ws, purchase_id=pk if one.supplier else None, carrier=one.carrier, origin=one.origin,
            destination=one.destination, handed_at=handed, closed_at=ended, reason=one.reason, eta_to=one.due,
            status=one.status or ("delivered" if ended else "in_transit"),
        )  # fmt: skip
        made[Parcel].append(parcel)
        made[ParcelLine].append(ParcelLine(ws=ws, parcel_id=pk, order_id=pk, qty=1))
    for rows in made.values():
        bulk.insert(rows)
