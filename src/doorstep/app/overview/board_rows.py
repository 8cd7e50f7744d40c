"""The orders of one page of the board as rows: everything about them in a few statements, however many there are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from doorstep.app.order.progress import Stage, stage
from doorstep.db.load import fetch, load
from doorstep.db.models import Connection, Line, Number, Order, Parcel, ParcelLine, ParcelNumber, Person, Push


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order on the board. ``status`` is the parcel's that most needs a look; '' = no parcel yet. ``numbers``:
    (text, carrier code), current ones. ``shared``: another order has one of them too. ``expected``: the last day that
    is named for any of its parcels.
    """

    id: int
    number: str
    store: str
    buyer: str
    items: int
    placed_at: datetime
    ship_by: datetime | None
    state: str
    status: str
    reason: str
    numbers: tuple[tuple[str, str], ...]
    shared: bool
    parcels: int
    last_event_at: datetime | None
    expected: date | None
    push: str
    attention: bool
    stage: Stage


@dataclass(slots=True)
class _Read:
    """Everything known about a set of orders, read once."""

    stores: Mapping[int, str]
    buyers: Mapping[int, str]
    items: Mapping[int, int] = field(default_factory=dict)
    parcels: Mapping[int, list[Parcel]] = field(default_factory=dict)
    numbers: Mapping[int, list[tuple[str, str]]] = field(default_factory=dict)  # by parcel
    shared: Collection[int] = ()  # parcels that serve several orders
    pushes: Mapping[int, list[Push]] = field(default_factory=dict)


def rows(ws: int, orders: Sequence[Order]) -> tuple[Row, ...]:
    """A row for each order, in the same order."""
    if not orders:
        return ()
    ids = [one.id for one in orders]
    buyers = load(Person, ws, "id", {one.person_id for one in orders if one.person_id}, only=("id", "name"))
    known = _Read(
        stores={one.id: one.label for one in fetch(Connection, ws, "kind = 'store'", only=("id", "label"))},
        buyers={one.id: one.name for one in buyers},
        items=_items(ws, ids),
        pushes=_pushes(ws, ids),
    )
    known.parcels, known.shared = _parcels(ws, ids)
    known.numbers = _numbers(ws, {one.id for held in known.parcels.values() for one in held})
    return tuple(_row(order, known) for order in orders)


def worst(states: Iterable[str]) -> str:
    """The push state that most needs a look."""
    order = ("refused", "unsure", "held", "due", "sending", "accepted", "superseded", "withdrawn")
    return min(states, key=order.index, default="")


def _row(order: Order, known: _Read) -> Row:
    parcels = [one for one in known.parcels.get(order.id, ()) if known.numbers.get(one.id)]
    shown = max(parcels, key=_urgency, default=None)
    states = [one.state for one in known.pushes.get(order.id, ())]
    return Row(
        id=order.id,
        number=order.number,
        store=known.stores.get(order.store_id, ""),
        buyer=known.buyers.get(order.person_id or 0, ""),
        items=known.items.get(order.id, 0),
        placed_at=order.placed_at,
        ship_by=order.ship_by,
        state=order.state,
        status=shown.status if shown else "",
        reason=shown.reason if shown else "",
        numbers=tuple(pair for one in parcels for pair in known.numbers[one.id]),
        shared=any(one.id in known.shared for one in parcels),
        parcels=len(parcels),
        last_event_at=max((one.last_event_at for one in parcels if one.last_event_at), default=None),
        expected=max((one.eta_to for one in parcels if one.eta_to), default=None),
        push=worst(states),
        attention=order.attention,
        stage=stage(order.state, [one.status for one in parcels], states),
    )


def _urgency(parcel: Parcel) -> tuple[bool, bool, float]:
    since = parcel.status_since.timestamp() if parcel.status_since else 0.0
    return bool(parcel.action_by), parcel.closed_at is None, since


def _items(ws: int, order_ids: Sequence[int]) -> Mapping[int, int]:
    """Pieces to be shipped, by order."""
    items: dict[int, int] = defaultdict(int)
    for line in load(Line, ws, "order_id", order_ids, only=("order_id", "qty", "qty_cancelled", "needs_shipping")):
        items[line.order_id] += line.qty - line.qty_cancelled if line.needs_shipping else 0
    return items


def _parcels(ws: int, order_ids: Sequence[int]) -> tuple[Mapping[int, list[Parcel]], Collection[int]]:
    """Parcels by order, and those that serve other orders too."""
    mine = {(one.order_id, one.parcel_id) for one in load(ParcelLine, ws, "order_id", order_ids)}
    ids = {parcel for _, parcel in mine}
    orders = defaultdict(set)
    for part in load(ParcelLine, ws, "parcel_id", ids, only=("parcel_id", "order_id")):
        orders[part.parcel_id].add(part.order_id)
    facts = ("id", "status", "reason", "action_by", "status_since", "closed_at", "last_event_at", "eta_to")
    found = {one.id: one for one in load(Parcel, ws, "id", ids, only=facts)}
    held: dict[int, list[Parcel]] = defaultdict(list)
    for order_id, parcel_id in sorted(mine):
        held[order_id].append(found[parcel_id])
    return held, {one for one, some in orders.items() if len(some) > 1}


def _numbers(ws: int, parcel_ids: Collection[int]) -> Mapping[int, list[tuple[str, str]]]:
    """Current numbers by parcel, the newest first."""
    facts = ("parcel_id", "number_id", "since", "until")
    held = [one for one in load(ParcelNumber, ws, "parcel_id", parcel_ids, only=facts) if one.until is None]
    texts = load(Number, ws, "id", {one.number_id for one in held}, only=("id", "text", "carrier"))
    named = {one.id: (one.text, one.carrier) for one in texts}
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for one in sorted(held, key=lambda one: (one.since, one.number_id), reverse=True):
        found[one.parcel_id].append(named[one.number_id])
    return found


def _pushes(ws: int, order_ids: Sequence[int]) -> Mapping[int, list[Push]]:
    """The newest push of every parcel, by order."""
    facts = ("id", "order_id", "parcel_id", "version", "state")
    newest: dict[tuple[int, int], Push] = {}
    for one in sorted(load(Push, ws, "order_id", order_ids, only=facts), key=lambda one: (one.version, one.id)):
        newest[one.order_id, one.parcel_id] = one
    held: dict[int, list[Push]] = defaultdict(list)
    for (order_id, _), one in newest.items():
        held[order_id].append(one)
    return held
