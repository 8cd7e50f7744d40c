"""What a workspace's own parcels tell about the ways they take: learned once a day from the ledger, kept in memory."""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from doorstep.app.ledger import scans
from doorstep.core.eta import learn
from doorstep.core.history import History
from doorstep.core.lane import Lane, Passage, Route
from doorstep.core.rhythm import ENOUGH, Rhythms, learn_rhythms
from doorstep.core.status import Status
from doorstep.db.models import Parcel, ParcelNumber

PARCELS: Final = 1500  # the last so many are learned from
SCANNED: Final = 400  # of them, the last so many tell when a carrier tells news
WORKSPACES: Final = 200  # kept in memory
AGAIN: Final = timedelta(days=1)
_NEWS: Final = frozenset(
    {Status.OUT_FOR_DELIVERY, Status.DELIVERED, Status.ATTEMPT_FAILED, Status.AVAILABLE_FOR_PICKUP}
)
_ASTRAY: Final = (Status.RETURNING.value, Status.RETURNED.value, Status.CANCELLED.value)  # their way is another one
_UNKNOWN: Final = Rhythms()


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned at ``at``."""

    at: datetime
    history: History
    rhythms: dict[tuple[str, str], Rhythms]  # by carrier and destination
    _lanes: dict[Route, Lane] = field(default_factory=dict)

    def lane(self, route: Route) -> Lane:
        """What the history says of a route."""
        found = self._lanes.get(route)
        if found is None:
            found = self._lanes[route] = self.history.lane(route)
        return found

    def rhythm(self, route: Route) -> Rhythms:
        """When its carrier tells news there."""
        return self.rhythms.get((route.carrier, route.destination), _UNKNOWN)


_kept: OrderedDict[int, Learned] = OrderedDict()


def learned(ws: int, now: datetime) -> Learned:
    """What the workspace's parcels told until today; learned anew once a day, when somebody asks for it."""
    found = _kept.get(ws)
    if found is None or abs(now - found.at) >= AGAIN:
        found = _kept[ws] = _learn(ws, now)
        _kept.move_to_end(ws)
        while len(_kept) > WORKSPACES:
            _kept.popitem(last=False)
    return found


class Travelling(Protocol):
    """A parcel, as far as its way goes."""

    @property
    def carrier(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def destination(self) -> str: ...


def route_of(parcel: Travelling) -> Route:
    """The way a parcel takes, as far as it is known."""
    return Route(carrier=parcel.carrier, origin=parcel.origin, destination=parcel.destination)


def passage_of(parcel: Parcel) -> Passage:
    """A parcel as history knows it."""
    delivered = parcel.closed_at if parcel.status == Status.DELIVERED.value else None
    return Passage(
        route=route_of(parcel),
        handed_over=parcel.handed_at,
        delivered=delivered,
        first_scan=parcel.first_scan_at,
        arrived=parcel.arrived_at,
        out=parcel.out_at,
        silence=timedelta(hours=parcel.silence_h) if parcel.silence_h is not None else None,
    )


def _learn(ws: int, now: datetime) -> Learned:
    moved = Parcel.objects.filter(ws=ws).exclude(handed_at=None, carrier="")
    rows = list(moved.exclude(status__in=_ASTRAY).order_by("-id")[:PARCELS])
    return Learned(now, learn(map(passage_of, rows), now), _rhythms(ws, rows))


def _rhythms(ws: int, rows: Sequence[Parcel]) -> dict[tuple[str, str], Rhythms]:
    """When news was found, by carrier and destination."""
    done = {one.id: (one.carrier, one.destination) for one in rows if one.closed_at}
    if len(done) < ENOUGH:
        return {}
    recent = dict(list(done.items())[:SCANNED])
    held = ParcelNumber.objects.filter(ws=ws, parcel_id__in=recent).values_list("number_id", "parcel_id")
    where = {number: recent[parcel] for number, parcel in held}
    found: dict[tuple[str, str], list[tuple[Status, datetime, datetime]]] = defaultdict(list)
    for heard in scans.of(ws, where).values():
        for one in heard.events():
            if one.said.instant and one.said.status in _NEWS:
                found[where[heard.number_id]].append((one.said.status, one.said.instant, one.known_at))
    return {place: learn_rhythms(news) for place, news in found.items()}
