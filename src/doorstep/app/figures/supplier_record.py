"""How the suppliers of a store did (N27): what the advice about its rules is computed from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from doorstep.core.advice import SCAN_WITHIN, Record
from doorstep.core.order import Role
from doorstep.db.models import Connection, NumberLink, Order, Parcel, ParcelNumber, Purchase, PurchaseLine

WINDOW: Final = timedelta(days=90)
MOST: Final = 2000  # newest purchases


@dataclass(frozen=True, slots=True)
class _Seen:
    """One parcel of a purchase: when its first number was known (None = it was there when the store was connected, so
    nobody knows), its first scan, whether its number was replaced.
    """

    purchase: Purchase
    since: datetime | None
    scan: datetime | None
    replaced: bool


def records(
    ws: int, store_id: int, now: datetime, window: timedelta = WINDOW
) -> tuple[Record, list[tuple[str, Record]]]:
    """Of all suppliers of a store (0 = of all stores) together, and of each by name, the one with most parcels first.
    ``window``: of the orders that were placed so long ago at most.
    """
    purchases = _purchases(ws, store_id, now - window)
    seen = _seen(ws, purchases)
    names = dict(Connection.objects.filter(ws=ws, kind="supplier").values_list("id", "label"))
    each = []
    for supplier in {one.supplier_id for one in purchases}:
        mine = [one for one in purchases if one.supplier_id == supplier]
        theirs = [one for one in seen if one.purchase.supplier_id == supplier]
        each.append((names.get(supplier, ""), _record(mine, theirs, now)))
    each.sort(key=lambda pair: (-pair[1].parcels, -pair[1].purchases, pair[0]))
    return _record(purchases, seen, now), each


def _purchases(ws: int, store_id: int, since: datetime) -> list[Purchase]:
    orders = Order.objects.filter(ws=ws, placed_at__gte=since)
    mine = orders.filter(store_id=store_id) if store_id else orders
    ids = PurchaseLine.objects.filter(ws=ws, order_id__in=mine.values("id")).values("purchase_id")
    return list(Purchase.objects.filter(ws=ws, id__in=ids).order_by("-id")[:MOST])


def _seen(ws: int, purchases: Sequence[Purchase]) -> list[_Seen]:
    by_id = {one.id: one for one in purchases}
    parcels = {one.id: one for one in Parcel.objects.filter(ws=ws, purchase_id__in=by_id)}
    numbers = defaultdict(list)
    roles = [Role.RETURN.value, Role.ALIAS.value]
    for row in ParcelNumber.objects.filter(ws=ws, parcel_id__in=parcels).exclude(role__in=roles):
        numbers[row.parcel_id].append(row)
    lines = PurchaseLine.objects.filter(ws=ws, purchase_id__in=by_id).values("order_id")
    early = Order.objects.filter(ws=ws, id__in=lines, before_connection=True).values("id")
    untimed = set(PurchaseLine.objects.filter(ws=ws, order_id__in=early).values_list("purchase_id", flat=True))
    held = [row.number_id for rows in numbers.values() for row in rows]
    links = NumberLink.objects.filter(ws=ws, kind="replaced_by", from_id__in=held)
    replaced = set(links.values_list("from_id", flat=True))
    return [
        _Seen(
            by_id[parcels[id_].purchase_id or 0],
            None if parcels[id_].purchase_id in untimed else min(row.since for row in rows),
            parcels[id_].first_scan_at,
            any(row.number_id in replaced for row in rows),
        )
        for id_, rows in numbers.items()
    ]


def _record(purchases: Sequence[Purchase], seen: Sequence[_Seen], now: datetime) -> Record:
    old = [(one.since, one) for one in seen if one.since and one.since <= now - SCAN_WITHIN]
    sent = [(one.purchase.dispatched_at, one) for one in seen if one.purchase.dispatched_at]
    sent = [(at, one) for at, one in sent if at <= now - SCAN_WITHIN]
    return Record(
        parcels=len(old),
        scanned=sum(_within(since, one.scan) for since, one in old),
        never=sum(one.scan is None for _, one in old),
        replaced=sum(one.replaced for _, one in old),
        dispatches=len(sent),
        unproven=sum(not _within(at, one.scan) for at, one in sent),
        bought=len(purchases),
        purchases=sum(one.stock != "unknown" for one in purchases),
        private=sum(one.stock == "private" for one in purchases),
        led=sum(bool(one.paid_at and one.dispatched_at) for one in purchases),
        numbered=sum(bool(one.purchase.paid_at and one.since) for one in seen),
        timed=sum(bool(one.since and one.scan) for one in seen),
        number_h=_median_h((one.purchase.paid_at, one.since) for one in seen),
        dispatch_h=_median_h((one.paid_at, one.dispatched_at) for one in purchases),
        scan_h=_median_h((one.since, one.scan) for one in seen),
    )


def _within(start: datetime, scan: datetime | None) -> bool:
    """A scan before the number was known to us is in time, too."""
    return scan is not None and scan - start <= SCAN_WITHIN


def _median_h(spans: Iterable[tuple[datetime | None, datetime | None]]) -> float | None:
    hours = [max(0.0, (end - start).total_seconds() / 3600) for start, end in spans if start and end]
    return round(median(hours), 1) if hours else None
