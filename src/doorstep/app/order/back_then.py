"""What was known of an order at another time, and so what its shopper could see: made from what is only ever added, the
changes and the time at which each scan was first said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from doorstep.app.ledger import archive
from doorstep.app.order.scan_view import Scan, Told, timeline
from doorstep.core.event import TrackingEvent
from doorstep.core.number import carrier
from doorstep.core.status import Status
from doorstep.core.timeline import headline, placed
from doorstep.db.models import Change, Connection, Number, Order, ParcelLine, ParcelNumber

HISTORY: Final = 2000  # changes of one order; no order has so many


@dataclass(frozen=True, slots=True, kw_only=True)
class ThenParcel:
    """A parcel as it was known: its numbers then as (text, carrier's name), its status since when, its scans."""

    id: int
    numbers: tuple[tuple[str, str], ...]
    status: str
    since: datetime | None
    scans: tuple[Scan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """An order as it was known. ``known``: whether Doorstep had heard of it at all."""

    known: bool
    state: str
    parcels: tuple[ThenParcel, ...]


def seen(ws: int, order: Order, at: datetime) -> Then:
    """The order at that instant. A scan that its source took back counts as long as the source was last heard saying
    it.
    """
    own = list(Change.objects.filter(ws=ws, subject="order", subject_id=order.id, known_at__lte=at).order_by("id"))
    ids = sorted(set(ParcelLine.objects.filter(ws=ws, order_id=order.id).values_list("parcel_id", flat=True)))
    about = Change.objects.filter(ws=ws, subject="parcel", subject_id__in=ids, known_at__lte=at).order_by("id")
    changes = list(about[:HISTORY])
    states = [one.new for one in own if one.kind == "order.state"]
    parcels = (_parcel(ws, one, [change for change in changes if change.subject_id == one], at) for one in ids)
    return Then(
        known=any(one.kind == "order.placed" for one in own),
        state=str(states[-1]) if states else "placed",
        parcels=tuple(one for one in parcels if one.numbers),
    )


def _parcel(ws: int, parcel_id: int, changes: Sequence[Change], at: datetime) -> ThenParcel:
    replaced = {one.old for one in changes if one.kind == "parcel.number_replaced"}
    norms = dict.fromkeys(str(one.new) for one in changes if one.kind == "parcel.number" and one.new not in replaced)
    held = set(ParcelNumber.objects.filter(ws=ws, parcel_id=parcel_id).values_list("number_id", flat=True))
    rows = {one.id: one for one in Number.objects.filter(ws=ws, id__in=held)}
    turns = [one for one in changes if one.kind == "parcel.status"]
    said: dict[int, list[TrackingEvent]] = {one: [] for one in rows}
    for heard in archive.scans(ws, set(rows)):
        gone = {id(one) for one in heard.gone}
        for event in heard.events():
            told = event.said.told or event.known_at
            if event.known_at <= at and (id(event) not in gone or told >= at):
                said[heard.number_id].append(event.said)
    shown = [one for one in rows.values() if one.norm in norms]
    return ThenParcel(
        id=parcel_id,
        numbers=tuple((one.text, carrier(one.carrier).name if one.carrier else "") for one in shown),
        status=str(turns[-1].new) if turns else Status.PENDING.value,
        since=turns[-1].known_at if turns else None,
        scans=tuple(one for one in timeline(_told(ws, rows, said, at)).scans if not (one.again or one.ahead)),
    )


def _told(ws: int, rows: dict[int, Number], said: dict[int, list[TrackingEvent]], at: datetime) -> Told:
    """Everything its timeline is made from; the headline is that of then, so that what was told twice is told once."""
    line = placed(event for some in said.values() for event in some)
    names = {str(pk): label for pk, label in Connection.objects.filter(ws=ws).values_list("id", "label")}
    return Told(
        roles=dict.fromkeys(rows, ""),
        texts={one.id: one.text for one in rows.values()},
        said=said,
        lost={},
        headline=headline(line, at, None).headline_key,
        not_before=None,
        names=names,
    )
