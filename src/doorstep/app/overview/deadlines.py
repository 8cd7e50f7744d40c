"""The dates of all open orders (N6): what must not be missed, soonest first, and the calendar feed of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from doorstep.app import clock, doors
from doorstep.app.audit import record
from doorstep.app.ledger import told
from doorstep.app.overview import ical
from doorstep.app.say import text
from doorstep.core.deadline import Bought, Deadline, What, of_parcel, of_purchase, of_sale
from doorstep.core.diagnosis import marketplace
from doorstep.core.order import OrderState, PurchaseState
from doorstep.core.status import Status
from doorstep.db.models import (
    Connection,
    Door,
    Membership,
    Order,
    Parcel,
    ParcelLine,
    Purchase,
    PurchaseLine,
    Workspace,
)

MISSED: Final = timedelta(days=14)  # so long a missed date stays on the list
AHEAD: Final = timedelta(days=180)
MOST: Final = 2000  # newest orders, purchases and parcels that are looked at
SENT: Final = (OrderState.PLACED.value, OrderState.PARTLY_SHIPPED.value)
ENDED: Final = (OrderState.DELIVERED.value, OrderState.CANCELLED.value)
LEFT: Final = frozenset({PurchaseState.DISPATCHED.value, PurchaseState.DELIVERED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One date of one order. ``whose``: the store or supplier that it goes by. ``uid``: the same for the same date."""

    deadline: Deadline
    order_id: int
    order: str
    whose: str
    uid: str

    @property
    def what(self) -> What:
        return self.deadline.what

    @property
    def at(self) -> datetime:
        return self.deadline.at


def upcoming(ws: int, now: datetime, only: Collection[What] = (), connection: int = 0) -> list[Due]:
    """The dates from two weeks ago on, the soonest first. ``only``: these kinds, empty = all; ``connection``: of that
    store or supplier, 0 = of all.
    """
    names = {one.id: one for one in Connection.objects.filter(ws=ws)}
    every = (*_sales(ws, names, connection), *_purchases(ws, names, connection), *_parcels(ws, names, connection))
    within = (one for one in every if now - MISSED <= one.at <= now + AHEAD)
    return sorted((one for one in within if not only or one.what in only), key=lambda one: (one.at, one.uid))


def _sales(ws: int, names: Mapping[int, Connection], connection: int) -> Iterator[Due]:
    open_ = Order.objects.filter(ws=ws, state__in=SENT, cancelled_at=None, ship_by__isnull=False)
    if connection:
        open_ = open_.filter(store_id=connection)
    for order in open_.order_by("-id")[:MOST]:
        store = names.get(order.store_id)
        term = told.there(store).cancel_after_d if store else None
        for one in of_sale(order.ship_by, term):
            yield _due(one, order, store, f"order-{order.id}")


def _purchases(ws: int, names: Mapping[int, Connection], connection: int) -> Iterator[Due]:
    live = Purchase.objects.filter(ws=ws).exclude(state=PurchaseState.CANCELLED)
    if connection:
        live = live.filter(supplier_id=connection)
    rows = {one.id: one for one in live.order_by("-id")[:MOST]}
    lines = PurchaseLine.objects.filter(ws=ws, purchase_id__in=rows).exclude(order_id=0)
    pairs = sorted(set(lines.values_list("purchase_id", "order_id")))
    orders = Order.objects.filter(ws=ws, id__in={order for _, order in pairs}).exclude(state__in=ENDED).in_bulk()
    for purchase_id, order_id in pairs:
        if order_id not in orders:
            continue
        purchase, supplier = rows[purchase_id], names.get(rows[purchase_id].supplier_id)
        left = purchase.dispatched_at or (purchase.said_at if purchase.state in LEFT else None)
        bought = Bought(
            paid_at=purchase.paid_at,
            ships_out_by=purchase.ships_out_by,
            dispatched_at=left,
            protection_ends_at=purchase.protection_ends_at,
        )
        for one in of_purchase(bought, marketplace(_shop(supplier))):
            yield _due(one, orders[order_id], supplier, f"purchase-{purchase_id}-{order_id}")


def _parcels(ws: int, names: Mapping[int, Connection], connection: int) -> Iterator[Due]:
    waiting = (Status.AVAILABLE_FOR_PICKUP.value, Status.ATTEMPT_FAILED.value)
    rows = Parcel.objects.filter(ws=ws, status__in=waiting, closed_at=None).order_by("-id")[:MOST]
    parcels = {one.id: one for one in rows}
    orders: dict[int, set[int]] = defaultdict(set)
    parts = ParcelLine.objects.filter(ws=ws, parcel_id__in=parcels)
    for held, of_order in parts.values_list("parcel_id", "order_id"):
        orders[of_order].add(held)
    mine = Order.objects.filter(ws=ws, id__in=orders)
    for order in mine.filter(store_id=connection) if connection else mine:
        for parcel_id in sorted(orders[order.id]):
            parcel = parcels[parcel_id]
            for one in of_parcel(Status(parcel.status), parcel.status_since):
                yield _due(one, order, names.get(order.store_id), f"parcel-{parcel_id}-{order.id}")


def _due(one: Deadline, order: Order, whose: Connection | None, key: str) -> Due:
    uid = f"{one.what}-{key}@doorstep"
    return Due(deadline=one, order_id=order.id, order=order.number, whose=whose.label if whose else "", uid=uid)


def _shop(supplier: Connection | None) -> str:
    """The marketplace's code: of a buy account, the shop where one buys."""
    return str(supplier.settings.get("merchant") or supplier.connector) if supplier else ""


# --- the feed ---


def feed_door(ws: int, user_id: int) -> Door | None:
    """The live door of a person's calendar, None = there is none."""
    return Door.objects.filter(ws=ws, kind="ical", target_id=user_id, revoked_at=None).first()


def feed_url(door: Door) -> str:
    """The calendar's address: secret, it opens without a login."""
    return f"{settings.PUBLIC_URL}/calendar/{doors.token_of(door)}.ics"


def open_feed(ws: int, user_id: int, actor: str) -> Door:
    """The live door of a person's calendar, made when there is none."""
    with transaction.atomic():
        door = feed_door(ws, user_id)
        if door is None:
            door = doors.make(ws, "ical", user_id)
            record(ws, actor, "ical_door.make", f"user:{user_id}")
    return door


def feed(token: str) -> bytes | None:
    """The calendar behind a token, None for one that is not live or of somebody who is no member any more. It names
    order numbers, stores and suppliers, and nothing of a buyer.
    """
    door = doors.find("ical", token)
    if door is None or not Membership.objects.filter(ws=door.ws, user_id=door.target_id).exists():
        return None
    now = clock.now()
    events = (_event(one) for one in upcoming(door.ws, now))
    return ical.calendar(Workspace.objects.get(id=door.ws).name, events, now)


def _event(one: Due) -> ical.Event:
    return ical.Event(
        uid=one.uid,
        at=one.at,
        summary=text(f"deadline.{one.what}.of", order=one.order),
        description=text("deadline.whose", whose=one.whose) if one.whose else "",
        url=f"{settings.PUBLIC_URL}/orders/{one.order_id}",
        category=text(f"deadline.{one.what}"),
    )
