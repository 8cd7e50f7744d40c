"""What is true of each parcel and order now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from doorstep.app import clock
from doorstep.app.ledger.beginning import begun
from doorstep.app.ledger.changes import Cause, Noted
from doorstep.app.settle.cluster import Cluster
from doorstep.app.settle.parcels import core_lines
from doorstep.app.settle.ways import WAY, write_times, write_way
from doorstep.core.event import TrackingEvent
from doorstep.core.matrix import Moving, order_state
from doorstep.core.number import Confidence, Hints, recognize
from doorstep.core.order import Role, TrackAnswer
from doorstep.core.parcels import PERSON, HeldNumber
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.pieces import boxes, together
from doorstep.core.status import Status, closed
from doorstep.core.timeline import Current, Placed, current, first_and_last, headline, placed
from doorstep.core.timeline import own as own_scans
from doorstep.db.models import Number, Order, Parcel

# What is computed of a parcel here.
FACTS: Final = (
    "status",
    "reason",
    "responsible",
    "action_by",
    "status_since",
    "first_scan_at",
    "last_event_at",
    "headline_key",
    "eta_from",
    "eta_to",
    "closed_at",
    "mark",
    *WAY,
)


def renew(cause: Cause, cluster: Cluster) -> None:
    """Carriers of numbers, status of parcels, state of orders."""
    for _, plan in cluster.plans:
        for held in plan.numbers:
            _name_carrier(cause, cluster, held)
    for parcel, plan in cluster.plans:
        _renew_parcel(cause, cluster, parcel, plan)
    for order in cluster.orders.values():
        _renew_order(cause, cluster, order)


def _name_carrier(cause: Cause, cluster: Cluster, held: HeldNumber) -> None:
    """A person's or a source's word, else what the carrier account found, else what the number itself proves."""
    number = cluster.number(held.number)
    found = next((one.carrier for one in cluster.watches.get(number.id, ()) if one.carrier), "")
    carrier, by = number.carrier_said or held.carrier or found, "source"
    if number.carrier_said or (PERSON in held.said_by and held.carrier):
        by = "person"
    if not carrier:
        carrier, by = _proven(number), "recognized"
    if carrier != number.carrier:
        cluster.sheet.note(cause, Noted("number", number.id, "number.carrier", old=number.carrier, new=carrier))
        number.carrier, number.carrier_by = carrier, by if carrier else ""
        cluster.sheet.put(number, "carrier", "carrier_by")
        if by == "person":
            _reload(cluster, number)


def _reload(cluster: Cluster, number: Number) -> None:
    """A person knows the carrier better: tell the accounts that follow the number, and ask again (S17)."""
    told = [one for one in cluster.watches.get(number.id, ()) if one.remote != "none"]
    for watch in told:
        watch.remote = "recarrier"
        cluster.sheet.put(watch, "remote")
    for place in cluster.schedule.get(number.id, ()) if told else ():
        place.next_at = clock.now()
        cluster.sheet.put(place, "next_at")


def _proven(number: Number) -> str:
    best = recognize(number.norm, Hints()).best
    return best.carrier if best and best.confidence is not Confidence.POSSIBLE else ""


def events_of(cluster: Cluster, plan: Plan) -> dict[str, list[TrackingEvent]]:
    """The scans of each number that leads to the buyer, as values."""
    ways_back = {held.number for held in plan.numbers if held.role is Role.RETURN}
    numbers = [one for one in cluster.numbers_of(plan) if one.norm not in ways_back]
    return {number.norm: [one.said for one in cluster.events.get(number.id, ())] for number in numbers}


def bought_at(cluster: Cluster, plan: Plan) -> datetime | None:
    """Nothing of this parcel can have been scanned before this (less two days, for clocks and zones)."""
    return begun(cluster.purchase_of(plan), cluster.orders_of(plan), cluster.numbers_of(plan))


def _renew_parcel(cause: Cause, cluster: Cluster, parcel: Parcel, plan: Plan) -> None:
    now, since = clock.now(), bought_at(cluster, plan)
    own = {number: own_scans(said, since) for number, said in events_of(cluster, plan).items()}
    line = placed(event for said in own.values() for event in said)
    state = _state(plan, own, line, now, answer_of(cluster, plan))
    first, last = first_and_last((one.event for one in line), now)
    before = said_of(parcel)
    write_way(cluster, parcel, plan, first)
    write_state(cause, cluster, parcel, state)
    write_times(parcel, line, first, last)
    write_estimate(cluster, parcel, plan)
    write_mark(cause, cluster, parcel, plan)
    if said_of(parcel) != before:
        cluster.sheet.put(parcel, *FACTS)


def write_state(cause: Cause, cluster: Cluster, parcel: Parcel, state: Current) -> None:
    """Bring the status up to date, and note the change. The caller saves the parcel."""
    if state.status.value != parcel.status or bytes(parcel.headline_key) != state.headline_key:
        kind = "parcel.status" if state.status.value != parcel.status else "parcel.scan"
        change = Noted("parcel", parcel.id, kind, parcel.status, state.status.value, state.headline_key.hex())
        cluster.sheet.note(cause, change)
    _put(parcel, state)


def write_estimate(cluster: Cluster, parcel: Parcel, plan: Plan) -> None:
    """The delivery window that the newest answer names. The caller saves the parcel."""
    watches = [watch for number in cluster.numbers_of(plan) for watch in cluster.watches.get(number.id, ())]
    newest = max((one for one in watches if one.changed_at), key=lambda one: one.changed_at or 0, default=None)
    parcel.eta_from, parcel.eta_to = (newest.eta_from, newest.eta_to) if newest else (None, None)


def write_mark(cause: Cause, cluster: Cluster, parcel: Parcel, plan: Plan) -> None:
    """The recipient's newest word about any number of the parcel. The caller saves the parcel."""
    marked = [one for one in cluster.numbers_of(plan) if one.marked_at]
    newest = max(marked, key=lambda one: (one.marked_at, one.id), default=None)
    mark = newest.mark if newest else ""
    if newest and newest.marked_at and mark != parcel.mark:
        at = newest.marked_at.isoformat()
        kind = "parcel.mark" if mark else "parcel.unmark"
        cluster.sheet.note(cause, Noted("parcel", parcel.id, kind, old=parcel.mark, new=mark, at=at))
    parcel.mark = mark


def said_of(parcel: Parcel) -> tuple[object, ...]:
    """What is computed of a parcel; a change of it is written."""
    return tuple(getattr(parcel, name) for name in FACTS)


def _state(
    plan: Plan,
    own: Mapping[str, Sequence[TrackingEvent]],
    line: Sequence[Placed],
    now: datetime,
    answer: TrackAnswer | None,
) -> Current:
    """Of one box, or of all boxes together. ``line``: all of ``own``, placed."""
    apart = boxes(plan.numbers)
    if not apart:
        return headline(line, now, answer)

    def said_of(numbers: Collection[str]) -> list[TrackingEvent]:
        return [event for number in numbers for event in own.get(number, ())]

    whole = said_of(own.keys() - frozenset[str]().union(*apart))
    return together(current(whole, now, answer), [current(said_of(one), now, answer) for one in apart])


def _put(parcel: Parcel, state: Current) -> None:
    parcel.status, parcel.reason = state.status.value, state.reason.value if state.reason else ""
    parcel.responsible = state.responsible.value if state.responsible else ""
    parcel.action_by = state.action_by.value if state.action_by else ""
    parcel.status_since, parcel.headline_key = state.since, state.headline_key
    if not closed(state.status):
        parcel.closed_at = None
    elif parcel.closed_at is None:
        parcel.closed_at = state.since or clock.now()


def answer_of(cluster: Cluster, plan: Plan) -> TrackAnswer | None:
    """What the carriers answered last about the numbers that count now."""
    live = [cluster.number(held.number).id for held in plan.numbers if held.until is None]
    watches = [watch for id_ in live for watch in cluster.watches.get(id_, ())]
    said = {one.answer for one in watches if cluster.connections[one.connection_id].kind == "carrier"}
    for answer in (TrackAnswer.EVENTS, TrackAnswer.NOTHING, TrackAnswer.NOT_FOUND, TrackAnswer.REJECTED):
        if answer.value in said:
            return answer
    return None


def _renew_order(cause: Cause, cluster: Cluster, order: Order) -> None:
    state = order_state(
        str(order.id),
        core_lines(cluster)[str(order.id)],
        [_moving(parcel, plan) for parcel, plan in cluster.plans],
        awaiting_payment=order.awaiting_payment,
        cancelled=order.cancelled_at is not None,
    )
    if state.value != order.state:
        change = Noted("order", order.id, "order.state", old=order.state, new=state.value, at=str(order.version))
        cluster.sheet.note(cause, change)
        order.state = state.value
        order.version += 1
        cluster.sheet.put(order, "state", "version")


def _moving(parcel: Parcel, plan: Plan) -> Moving:
    numbered = any(held.until is None for held in plan.numbers)
    return Moving(contents=plan.contents, status=Status(parcel.status), numbered=numbered)
