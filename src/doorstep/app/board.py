"""The order board: tabs, search and pages of orders. Reading only, with a number of queries that does not grow."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Max, Q, QuerySet, Sum

from doorstep.app.progress import Stage, stage
from doorstep.core.order import OrderState
from doorstep.core.status import Status
from doorstep.db.models import (
    Change,
    Connection,
    Inbox,
    Line,
    Number,
    Order,
    Parcel,
    ParcelLine,
    ParcelNumber,
    Person,
    Push,
)

PAGE: Final = 50
MOVING: Final = (
    Status.PICKED_UP,
    Status.IN_TRANSIT,
    Status.CUSTOMS,
    Status.ARRIVED,
    Status.OUT_FOR_DELIVERY,
    Status.AVAILABLE_FOR_PICKUP,
    Status.ATTEMPT_FAILED,
)
OPEN: Final = (OrderState.PLACED, OrderState.PARTLY_SHIPPED)
WRONG: Final = ("refused", "unsure")
TABS: Final = ("all", "unfulfilled", "no_number", "held", "pushed", "in_transit", "attention", "delivered")
_SHORTEST_PART: Final = 4  # of a tracking number, so that a search by its end stays meaningful


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order on the board. ``status`` is the parcel's that most needs a look; '' = no parcel yet. ``store`` is named
    where there are several.
    """

    id: int
    number: str
    store: str
    buyer: str
    items: int
    placed_at: datetime
    state: str
    status: str
    reason: str
    numbers: tuple[tuple[str, str], ...]  # (text, carrier code), current ones
    parcels: int
    push: str
    attention: bool
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of rows. ``after`` is the key of the next page, '' on the last."""

    rows: tuple[Row, ...]
    after: str


def counts(ws: int, query: str = "") -> dict[str, int]:
    """How many orders each tab holds."""
    found = _search(Order.objects.filter(ws=ws), ws, query)
    return found.aggregate(**{tab: Count("id", filter=_where(ws, tab)) for tab in TABS})


def page(ws: int, tab: str = "all", query: str = "", after: str = "") -> Page:
    """A page of the board, newest order first. Raises ValueError for a tab or a key that cannot be."""
    if tab not in TABS:
        raise ValueError(f"no tab {tab!r}")
    found = _search(Order.objects.filter(_where(ws, tab), ws=ws), ws, query)
    if after:
        placed, order_id = _key(after)
        found = found.filter(Q(placed_at__lt=placed) | Q(placed_at=placed, id__lt=order_id))
    orders = list(found.order_by("-placed_at", "-id")[: PAGE + 1])
    more = len(orders) > PAGE
    orders = orders[:PAGE]
    last = f"{orders[-1].placed_at.isoformat()}~{orders[-1].id}" if more else ""
    return Page(rows=_rows(ws, orders), after=last)


def mark(ws: int) -> str:
    """A text that is different when anything on the board may be different."""
    change = Change.objects.filter(ws=ws).aggregate(last=Max("id"))["last"]
    push = Push.objects.filter(ws=ws).aggregate(last=Max("changed_at"))["last"]
    order = Order.objects.filter(ws=ws).aggregate(last=Max("id"))["last"]
    return f"{change or 0}.{order or 0}.{push.timestamp() if push else 0}"


def empty(ws: int) -> bool:
    """Whether this workspace has no order at all."""
    return not Order.objects.filter(ws=ws).exists()


def looks(ws: int) -> int:
    """How many inbox rows wait for a person."""
    return Inbox.objects.filter(ws=ws, state="needs_look").count()


def _key(after: str) -> tuple[datetime, int]:
    placed, _, order_id = after.partition("~")
    instant = datetime.fromisoformat(placed)
    if instant.tzinfo is None:
        raise ValueError("a page key needs an aware instant")
    return instant, int(order_id)


def _where(ws: int, tab: str) -> Q:
    """The orders of a tab, as conditions on the order."""
    live = Q(state__in=OPEN)
    conditions = {
        "all": Q(),
        "unfulfilled": live,
        "no_number": live & ~Q(id__in=_with_number(ws)),
        "held": Q(id__in=Push.objects.filter(ws=ws, state="held").values("order_id")),
        "pushed": Q(id__in=Push.objects.filter(ws=ws, state="accepted").values("order_id")),
        "in_transit": Q(id__in=_with_parcel(ws, Q(status__in=MOVING))),
        "attention": Q(id__in=_with_parcel(ws, ~Q(action_by="")))
        | Q(id__in=Push.objects.filter(ws=ws, state__in=WRONG).values("order_id")),
        "delivered": Q(state=OrderState.DELIVERED),
    }
    return conditions[tab] & Q(ws=ws)


def _with_parcel(ws: int, which: Q) -> QuerySet[ParcelLine, int]:
    parcels = Parcel.objects.filter(which, ws=ws, closed_at=None)
    return ParcelLine.objects.filter(ws=ws, parcel_id__in=parcels.values("id")).values_list("order_id", flat=True)


def _with_number(ws: int) -> QuerySet[ParcelLine, int]:
    numbered = ParcelNumber.objects.filter(ws=ws, until=None)
    return ParcelLine.objects.filter(ws=ws, parcel_id__in=numbered.values("parcel_id")).values_list(
        "order_id", flat=True
    )


def _search(orders: QuerySet[Order], ws: int, query: str) -> QuerySet[Order]:
    """By order number, buyer, or the beginning or end of a tracking number."""
    words = query.strip()
    if not words:
        return orders
    bare = words.lstrip("#")
    people = Person.objects.filter(Q(name__icontains=words) | Q(email__istartswith=words), ws=ws)
    found = Q(number__icontains=bare) | Q(external_id=bare) | Q(person_id__in=people.values("id"))
    norm = "".join(one for one in words.upper() if one.isalnum())
    if len(norm) >= _SHORTEST_PART:
        numbers = Number.objects.filter(Q(norm__startswith=norm) | Q(norm_reversed__startswith=norm[::-1]), ws=ws)
        held = ParcelNumber.objects.filter(ws=ws, number_id__in=numbers.values("id"))
        found |= Q(id__in=ParcelLine.objects.filter(ws=ws, parcel_id__in=held.values("parcel_id")).values("order_id"))
    return orders.filter(found)


def _rows(ws: int, orders: Sequence[Order]) -> tuple[Row, ...]:
    ids = [order.id for order in orders]
    items = dict(
        Line.objects.filter(ws=ws, order_id__in=ids, needs_shipping=True)
        .values("order_id")
        .annotate(n=Sum("qty") - Sum("qty_cancelled"))
        .values_list("order_id", "n")
    )
    stores = dict(Connection.objects.filter(ws=ws, kind="store").values_list("id", "label"))
    if len(stores) == 1:
        stores = {}
    people = dict(
        Person.objects.filter(ws=ws, id__in=[one.person_id for one in orders if one.person_id]).values_list(
            "id", "name"
        )
    )
    parcels = _parcels(ws, ids)
    numbers = _numbers(ws, {one.id for held in parcels.values() for one in held})
    pushes = _pushes(ws, ids)
    return tuple(
        _row(
            order,
            stores.get(order.store_id, ""),
            people.get(order.person_id or 0, ""),
            items.get(order.id, 0),
            [one for one in parcels[order.id] if numbers[one.id]],
            numbers,
            pushes[order.id],
        )
        for order in orders
    )


def _row(
    order: Order,
    store: str,
    buyer: str,
    items: int,
    parcels: Sequence[Parcel],
    numbers: Mapping[int, list[tuple[str, str]]],
    pushes: Sequence[Push],
) -> Row:
    shown = max(parcels, key=_urgency, default=None)
    states = [one.state for one in pushes]
    return Row(
        id=order.id,
        number=order.number,
        store=store,
        buyer=buyer,
        items=items,
        placed_at=order.placed_at,
        state=order.state,
        status=shown.status if shown else "",
        reason=shown.reason if shown else "",
        numbers=tuple(pair for one in parcels for pair in numbers[one.id]),
        parcels=len(parcels),
        push=worst(states),
        attention=any(one.action_by and not one.closed_at for one in parcels) or any(one in WRONG for one in states),
        stage=stage(order.state, [one.status for one in parcels], states),
    )


def worst(states: Iterable[str]) -> str:
    """The push state that most needs a look."""
    order = ("refused", "unsure", "held", "due", "sending", "accepted", "superseded", "withdrawn")
    return min(states, key=order.index, default="")


def _urgency(parcel: Parcel) -> tuple[bool, bool, float]:
    since = parcel.status_since.timestamp() if parcel.status_since else 0.0
    return bool(parcel.action_by), parcel.closed_at is None, since


def _parcels(ws: int, order_ids: Sequence[int]) -> Mapping[int, list[Parcel]]:
    pairs = list(
        ParcelLine.objects.filter(ws=ws, order_id__in=order_ids).values_list("order_id", "parcel_id").distinct()
    )
    found = {one.id: one for one in Parcel.objects.filter(ws=ws, id__in={parcel for _, parcel in pairs})}
    held: dict[int, list[Parcel]] = defaultdict(list)
    for order_id, parcel_id in sorted(pairs):
        held[order_id].append(found[parcel_id])
    return held


def _numbers(ws: int, parcel_ids: Iterable[int]) -> Mapping[int, list[tuple[str, str]]]:
    pairs = list(
        ParcelNumber.objects.filter(ws=ws, parcel_id__in=list(parcel_ids), until=None)
        .order_by("-since")
        .values_list("parcel_id", "number_id")
    )
    texts = {one.id: (one.text, one.carrier) for one in Number.objects.filter(ws=ws, id__in={one for _, one in pairs})}
    held: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for parcel_id, number_id in pairs:
        held[parcel_id].append(texts[number_id])
    return held


def _pushes(ws: int, order_ids: Sequence[int]) -> Mapping[int, list[Push]]:
    """The newest push of every parcel, by order."""
    newest: dict[tuple[int, int], Push] = {}
    for one in Push.objects.filter(ws=ws, order_id__in=order_ids).order_by("version", "id"):
        newest[one.order_id, one.parcel_id] = one
    held: dict[int, list[Push]] = defaultdict(list)
    for (order_id, _), one in newest.items():
        held[order_id].append(one)
    return held
