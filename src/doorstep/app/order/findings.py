"""The findings about an order: its facts as ``core.diagnosis`` wants them. Reading only; findings are never stored.

The merchant and the shopper look at the same parcels from two sides. Where a supplier ships, the merchant is the buyer
and each purchase is a diagnosis of its own; the shopper bought from the shop and knows nothing of purchases.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from doorstep.app.figures import lanes
from doorstep.app.ledger import freshness
from doorstep.app.order.parcel_view import Held, Seen
from doorstep.app.vendors import health
from doorstep.core.diagnosis import (
    NOWHERE,
    Cause,
    Finding,
    Mark,
    OrderFacts,
    ParcelFacts,
    Trouble,
    diagnose,
    marketplace,
)
from doorstep.core.lane import Lane, Route
from doorstep.core.order import OrderState, PurchaseState, Role, TrackAnswer
from doorstep.core.status import Reason, Status
from doorstep.db.models import Claim, Connection, Feed, Line, Order, Purchase, Watch

Told = tuple[tuple[int, Finding], ...]
_ANSWERS: Final = frozenset(one.value for one in TrackAnswer)
_TROUBLES: Final = frozenset(one.value for one in Trouble if one)
_WELL: Final = frozenset({Cause.ALL_WELL, Cause.ARRIVED, Cause.NOTHING_TO_SHIP, Cause.ORDER_CANCELLED})
_INSIDE: Final = frozenset(
    {
        Cause.WRONG_CARRIER_SUSPECTED,
        Cause.NUMBER_REPLACED,
        Cause.WATCH_ENDED,
        Cause.ACCESS_DENIED,
        Cause.SOURCE_TROUBLE,
    }
)
_OUTAGE: Final = 3  # numbers that must fail before the service, and not one number, is said to be down


def of_order(
    order: Order,
    lines: Sequence[Line],
    purchases: Sequence[Purchase],
    parcels: Sequence[Seen],
    now: datetime,
    connections: Iterable[Connection] | None = None,
) -> Told:
    """(parcel id, finding) for the merchant, 0 for what is about the order itself; the surest of a side first. Nothing
    but one line that all is well where nothing else is to be said. ``connections``: all of the workspace, where they
    were read already.
    """
    known = Known(order, lines, purchases, parcels, now)
    if connections is not None:
        known.connectors = {one.id: one.connector for one in connections}
    return _told(known)


def of_orders(ws: int, every: Mapping[int, "Known"]) -> dict[int, Told]:
    """The same for several orders of one workspace, by the same keys: what they share is asked for once, so that there
    are no more queries for many orders than for one, but for those about accounts that answer nothing.
    """
    connectors = dict(Connection.objects.filter(ws=ws).values_list("id", "connector"))
    feeds = tuple(Feed.objects.filter(ws=ws))
    confirmed = _confirmed(ws, {one for known in every.values() for one in known.current}, feeds)
    down = _down(ws, {one for known in every.values() for one in known.failing})
    for known in every.values():
        known.connectors, known.feeds, known.confirmed, known.down = connectors, feeds, confirmed, down
    return {key: _told(known) for key, known in every.items()}


def _told(known: "Known") -> Told:
    sides = list(_purchased(known)) if known.purchases and not known.order.cancelled_at else [_sold(known)]
    return _unique(said for side in sides for said in side.told())


def of_page(
    order: Order, lines: Sequence[Line], parcels: Sequence[Seen], now: datetime
) -> Mapping[int, tuple[Finding, ...]]:
    """What the shopper is told on the shop's own page, by parcel id, 0 = about the order. What is between the shop and
    its suppliers, its tracking accounts or a marketplace stays out, and what the page says anyway.
    """
    side = replace(_sold(Known(order, lines, (), parcels, now)), connection=0)
    told = [(parcel, one) for parcel, one in side.told() if one.cause not in (_INSIDE if parcel else _WELL)]
    return {parcel: tuple(one for about, one in told if about == parcel) for parcel, _ in told}


class Known:
    """What the ledger knows of an order beside its rows, each asked for once and only when it is needed."""

    def __init__(
        self,
        order: Order,
        lines: Sequence[Line],
        purchases: Sequence[Purchase],
        parcels: Sequence[Seen],
        now: datetime,
    ) -> None:
        self.now = now
        self.order, self.lines, self.purchases = order, lines, purchases
        self.live = tuple(one for one in parcels if one.current)
        self.classes = frozenset(line.item_class for line in lines if line.item_class)
        self.ids = frozenset({order.number, order.external_id, *(one.external_id for one in purchases)})

    @property
    def unsent(self) -> int | None:
        """Pieces that are in no parcel with a number; None where it is not known what is in one."""
        if any(not item.line_id for parcel in self.live for item in parcel.items):
            return None
        wanted = sum(line.qty - line.qty_cancelled for line in self.lines if line.needs_shipping)
        return max(0, wanted - sum(item.qty for parcel in self.live for item in parcel.items))

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        return tuple(Feed.objects.filter(ws=self.order.ws))

    @cached_property
    def connectors(self) -> Mapping[int, str]:
        """The connector of every connection."""
        return dict(Connection.objects.filter(ws=self.order.ws).values_list("id", "connector"))

    def silent_since(self, connection: int) -> datetime | None:
        """Since when a store or supplier answers nothing, None = it answers."""
        failing = [one for one in self.feeds if one.connection_id == connection and one.answer not in {"", "ok"}]
        return min((one.answered_at for one in failing if one.answered_at), default=None)

    @property
    def current(self) -> set[int]:
        """The ids of the numbers that count now."""
        return {one.id for parcel in self.live for one in parcel.current}

    @property
    def failing(self) -> set[int]:
        """Of them, those for which asking failed last."""
        return {one.id for parcel in self.live if parcel.fresh.answer in _TROUBLES for one in parcel.current}

    @cached_property
    def confirmed(self) -> Mapping[int, datetime]:
        """When a source last said each current number."""
        return _confirmed(self.order.ws, self.current, self.feeds)

    def lane(self, way: Route) -> Lane:
        """What own history says of a way."""
        return lanes.learned(self.order.ws, self.now).lane(way)

    @cached_property
    def down(self) -> Mapping[int, datetime]:
        """Since when a carrier account answers for no number at all, by the id of a number that it fails for."""
        return _down(self.order.ws, self.failing)


def _confirmed(ws: int, numbers: Collection[int], feeds: Iterable[Feed]) -> Mapping[int, datetime]:
    """When a source last said each of these numbers; an answer that says nothing new says it again."""
    answered = {one.connection_id: one.answered_at for one in feeds if one.answer == "ok"}
    confirmed: dict[int, datetime] = {}
    for row in Claim.objects.filter(ws=ws, number_id__in=numbers, gone=False):
        again = answered.get(int(row.source)) if row.source.isdigit() else None
        at = max(row.last_said, again or row.last_said)
        confirmed[row.number_id] = max(confirmed.get(row.number_id, at), at)
    return confirmed


def _down(ws: int, numbers: Collection[int]) -> Mapping[int, datetime]:
    """Since when the account that a number is asked of answers for no number at all, by the number's id."""
    failing = Watch.objects.filter(ws=ws, number_id__in=numbers, answer__in=_TROUBLES)
    pairs = list(failing.values_list("number_id", "connection_id"))
    outages = {one: _outage(ws, one) for one in {connection for _, connection in pairs}}
    return {number: since for number, connection in pairs if (since := outages[connection])}


def _outage(ws: int, connection: int) -> datetime | None:
    """Since when an account answers nothing: its last answer, None where too few numbers were asked since then to
    tell and its turns do not all fail either.
    """
    if since := health.down_since(ws, connection):
        return since
    last = freshness.answered_at(ws, connection)
    account = Watch.objects.filter(ws=ws, connection_id=connection)
    failed = account.filter(answer__in=_TROUBLES, asked_at__gt=last).count() if last else 0
    return last if failed >= _OUTAGE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One diagnosis: what was bought, its parcels, and where; ``connection`` 0 = nowhere that promises anything."""

    known: Known
    facts: OrderFacts
    parcels: tuple[Seen, ...]
    connection: int

    def told(self) -> Told:
        """What is to be said of it."""
        parcels = [_parcel(one, self.known) for one in self.parcels]
        where = marketplace(self.known.connectors.get(self.connection, "")) if self.connection else NOWHERE
        return tuple((int(one.parcel or 0), one) for one in diagnose(self.facts, parcels, self.known.now, where))


def _sold(known: Known) -> Side:
    """The order as the shop sold it."""
    order = known.order
    facts = OrderFacts(
        placed_at=order.placed_at,
        state=OrderState(order.state),
        ids=known.ids,
        needs_shipping=not known.lines or any(line.needs_shipping for line in known.lines),
        unsent=known.unsent,
        item_classes=known.classes,
        paid_at=order.paid_at,
        ships_out_by=order.ship_by,
        dispatched_at=order.mail_dispatched_at,
        cancelled_at=order.cancelled_at,
        store_silent_since=known.silent_since(order.store_id),
    )
    return Side(known=known, facts=facts, parcels=known.live, connection=order.store_id)


def _purchased(known: Known) -> Iterator[Side]:
    """Each purchase of the order; what no purchase stands behind is the shop's own."""
    waiting = False
    for purchase in known.purchases:
        mine = tuple(one for one in known.live if one.purchase_id == purchase.id)
        waiting |= not mine
        if mine or not known.live or known.unsent:
            yield Side(known=known, facts=_bought(known, purchase), parcels=mine, connection=purchase.supplier_id)
    ids = {one.id for one in known.purchases}
    rest = tuple(one for one in known.live if one.purchase_id not in ids)
    side = _sold(known)
    if rest:
        yield replace(side, facts=replace(side.facts, unsent=0), parcels=rest)
    if known.live and known.unsent and not waiting:  # nobody was asked to send it
        yield replace(side, facts=replace(side.facts, state=OrderState.PLACED, dispatched_at=None), parcels=())


def _bought(known: Known, purchase: Purchase) -> OrderFacts:
    """A purchase, as the merchant bought it. Once it has a parcel nothing of it is left: who splits makes several."""
    order, state = known.order, PurchaseState(purchase.state)
    return OrderFacts(
        placed_at=purchase.ordered_at or order.placed_at,
        state=_STATES.get(state, OrderState.PLACED),
        ids=known.ids,
        supplied=True,
        needs_shipping=not known.lines or any(line.needs_shipping for line in known.lines),
        item_classes=known.classes,
        paid_at=purchase.paid_at or order.paid_at,
        ships_out_by=purchase.ships_out_by,
        dispatched_at=purchase.dispatched_at,
        protection_ends_at=purchase.protection_ends_at,
        store_silent_since=known.silent_since(purchase.supplier_id),
    )


# A supplier's "delivered" is its own word: whether a parcel arrived, its carrier tells.
_STATES: Final[Mapping[PurchaseState, OrderState]] = {
    PurchaseState.UNPAID: OrderState.AWAITING_PAYMENT,
    PurchaseState.DISPATCHED: OrderState.SHIPPED,
    PurchaseState.DELIVERED: OrderState.SHIPPED,
    PurchaseState.CANCELLED: OrderState.CANCELLED,
}


def _parcel(parcel: Seen, known: Known) -> ParcelFacts:
    number, fresh, way = _leading(parcel), parcel.fresh, parcel.way
    failing = fresh.answer in _TROUBLES
    tries = [one for one in parcel.scans if one.status == Status.ATTEMPT_FAILED and not (one.again or one.stranger)]
    return ParcelFacts(
        ref=str(parcel.id),
        number=number.text,
        carrier=number.carrier,
        number_since=number.since,
        number_confirmed_at=known.confirmed.get(number.id),
        replaced_number=next((one.text for one in parcel.past if one.replaced_by == number.text), ""),
        origin=way.origin,
        destination=way.destination,
        lane=known.lane(way),
        status=Status(parcel.status),
        reason=Reason(parcel.reason) if parcel.reason else None,
        status_since=parcel.since,
        first_scan_at=parcel.first_scan_at,
        last_event_at=parcel.last_event_at,
        attempts=len(tries) or None,
        answer=TrackAnswer(fresh.answer) if fresh.answer in _ANSWERS else None,
        mark=Mark(parcel.mark),
        failing_since=(fresh.answered_at or number.since) if failing else None,
        trouble=Trouble(fresh.answer) if failing else Trouble.NONE,
        said=fresh.said if failing else "",
        asks_next=fresh.next_at,
        down_since=known.down.get(number.id) if failing else None,
    )


def _leading(parcel: Seen) -> Held:
    """The number a diagnosis is about: the courier's, else whichever there is."""
    return next((one for one in parcel.current if one.role == Role.LOCAL), parcel.current[0])


def _unique(told: Iterable[tuple[int, Finding]]) -> Told:
    """What several sides say alike is said once, and that all is well only if nothing else is said."""
    said: list[tuple[int, Finding]] = []
    for one in told:
        if one not in said:
            said.append(one)
    return tuple(one for one in said if one[1].cause not in _WELL) or tuple(said[:1])
