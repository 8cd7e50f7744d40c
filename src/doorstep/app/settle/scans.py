"""What follows where nothing but scans is new. Which parcels there are, whose they are and what the stores get hangs on
none of them, as long as a parcel neither sets out nor arrives and reaches nothing that a shopper is mailed or a store
is told: so only the parcel's own facts are looked at, and when to ask next. A parcel of which more is new is left to
the whole settling.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from doorstep.app import clock
from doorstep.app.ledger.beginning import begun
from doorstep.app.ledger.changes import Cause
from doorstep.app.ledger.scans import Heard
from doorstep.app.ledger.sheet import Sheet
from doorstep.app.merge.source import Touched
from doorstep.app.settle.cluster import Cluster, Rules, by, load_numbers, load_parcels
from doorstep.app.settle.mails import MILESTONES
from doorstep.app.settle.states import FACTS, answer_of, said_of, write_estimate, write_state
from doorstep.app.settle.tells import telling
from doorstep.app.settle.watching import watch_numbers
from doorstep.app.settle.ways import write_times
from doorstep.core.matrix import may_matter
from doorstep.core.order import Role
from doorstep.core.parcels import HeldNumber
from doorstep.core.parcels import Parcel as Plan
from doorstep.core.status import Status
from doorstep.core.timeline import first_and_last, headline, own, placed
from doorstep.db import queries
from doorstep.db.load import load
from doorstep.db.models import Connection, Order, Parcel, ParcelNumber, Purchase, Watch
from doorstep.db.tabs import MOVING, sort_in

TIMES: Final = ("id", "ordered_at", "paid_at")  # of a purchase: since when its parcel can have been scanned


def settle_scans(
    told: Sequence[tuple[Cause, Touched]], scans: Mapping[int, set[Status]], heard: Mapping[int, list[Heard]]
) -> set[int]:
    """Bring the parcels of these numbers up to date; ``scans``: the statuses that are new, ``heard``: all that was told
    of the numbers. Returns those of which everything has to be looked at. Part of the caller's transaction.
    """
    left = {number for number, news in scans.items() if not news.isdisjoint(MILESTONES)}
    numbers = scans.keys() - left
    if not numbers:
        return left
    last = {number: place for place, (_, touched) in enumerate(told) for number in touched.scans}
    cluster, settled, moved = _gather(told[0][0].ws, numbers, heard), set[int](), set[int]()
    plans, cluster.plans = cluster.plans, []
    matter = telling(cluster)
    for parcel, plan in plans:
        ids = [one.id for one in cluster.numbers_of(plan)]
        news = set[Status]().union(*(scans.get(one, ()) for one in ids))
        if news & matter - {Status(parcel.status)}:  # what it is now, it was told already
            continue
        place, before = max(last[one] for one in ids if one in last), _on_board(parcel)
        if _renew(told[place][0], cluster, parcel, plan):
            cluster.plans.append((parcel, plan))
            settled.update(row.number_id for row in cluster.held[parcel.id])
            if _on_board(parcel) != before:
                moved.update(part.order_id for part in cluster.parts.get(parcel.id, ()))
    cluster.numbers = {id_: number for id_, number in cluster.numbers.items() if id_ in settled}
    watch_numbers(cluster)
    cluster.sheet.write()
    sort_in(cluster.ws, moved)
    return left | (numbers - settled)


def _on_board(parcel: Parcel) -> tuple[bool, bool, bool]:
    """What of a parcel decides on which tabs its orders are (``db.tabs``)."""
    return parcel.status in MOVING, bool(parcel.action_by), parcel.closed_at is None


def _gather(ws: int, numbers: Iterable[int], heard: Mapping[int, list[Heard]]) -> Cluster:
    """The parcels of these numbers as they are stored, without those whose numbers tell that there is more to them."""
    queries.alone_in(ws)
    cluster = Cluster(ws=ws, sheet=Sheet(ws), connections=Connection.objects.filter(ws=ws).in_bulk(), rules=Rules(ws))
    load_parcels(cluster, {row.parcel_id for row in load(ParcelNumber, ws, "number_id", set(numbers))})
    ids = {row.number_id for rows in cluster.held.values() for row in rows}
    load_numbers(cluster, ids, heard)
    cluster.watches = by(load(Watch, ws, "number_id", ids), lambda one: one.number_id)
    orders = {part.order_id for parts in cluster.parts.values() for part in parts}
    cluster.orders = {one.id: one for one in load(Order, ws, "id", orders, only=("id", "placed_at"))}
    bought = {one.purchase_id for one in cluster.parcels.values() if one.purchase_id}
    cluster.purchases = {one.id: one for one in load(Purchase, ws, "id", bought, only=TIMES)}
    cluster.plans = [(cluster.parcels[one], _plan(cluster, rows)) for one, rows in _simple(cluster)]
    return cluster


def _simple(cluster: Cluster) -> Iterable[tuple[int, list[ParcelNumber]]]:
    """Parcels in one box, none of whose numbers another parcel has or had."""
    holders = Counter(number for rows in cluster.held.values() for number in {row.number_id for row in rows})
    names = Counter(number.norm for number in cluster.numbers.values())
    for parcel_id, rows in sorted(cluster.held.items()):
        roles = [row.role for row in rows if row.until is None]
        alone = all(holders[row.number_id] == names[cluster.numbers[row.number_id].norm] == 1 for row in rows)
        if alone and roles.count(Role.LOCAL.value) < 2 and Role.PIECE.value not in roles:
            yield parcel_id, rows


def _plan(cluster: Cluster, rows: Iterable[ParcelNumber]) -> Plan:
    """The parcel's numbers as they are stored."""
    held = [
        HeldNumber(
            number=cluster.numbers[row.number_id].norm,
            role=Role(row.role),
            carrier="",
            since=row.since,
            until=row.until,
            said_by=(),
        )
        for row in rows
    ]
    held.sort(key=lambda one: (one.since, one.number))
    return Plan(groups=(), numbers=tuple(held), contents=(), replaced=())


def _renew(cause: Cause, cluster: Cluster, parcel: Parcel, plan: Plan) -> bool:
    """Bring one parcel up to date; False, and nothing done, when more hangs on what is new."""
    now, numbers = clock.now(), cluster.numbers_of(plan)
    orders = [cluster.orders[part.order_id] for part in cluster.parts.get(parcel.id, ())]
    since = begun(cluster.purchases.get(parcel.purchase_id or 0), orders, numbers)
    ways_back = {held.number for held in plan.numbers if held.role is Role.RETURN}
    told = [one.said for number in numbers if number.norm not in ways_back for one in cluster.events.get(number.id, ())]
    line = placed(own(told, since))
    first, last = first_and_last((one.event for one in line), now)
    state = headline(line, now, answer_of(cluster, plan))
    if first != parcel.first_scan_at or may_matter(Status(parcel.status), state.status):
        return False
    before = said_of(parcel)
    write_state(cause, cluster, parcel, state)
    write_times(parcel, line, first, last)
    write_estimate(cluster, parcel, plan)
    if said_of(parcel) != before:
        cluster.sheet.put(parcel, *FACTS)
    return True
