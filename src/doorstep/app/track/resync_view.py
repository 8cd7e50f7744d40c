"""The resyncs of stores as the board shows them: what can be asked for, how far one is, what came of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.db.models import Count, Q

from doorstep.app import clock
from doorstep.app.leases import free
from doorstep.app.track import resync_store
from doorstep.app.vendors import budget
from doorstep.core.message import Message
from doorstep.core.resync import BOARD_COOLDOWN, Range, Skip, Tally, left_out, tally, time_left
from doorstep.db.models import Budget, Connection, Resync, ResyncParcel, Schedule

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A store that can be asked about; ``waits`` real seconds, 0 = it may be asked about now."""

    id: int
    label: str
    waits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A resync of a store. ``rate`` parcels a minute and ``minutes`` left are None while there is no pace to go by;
    ``waits_for``: who it waits for; ``lines``: what came of it, or who is left out so far.
    """

    id: int
    store: str
    chosen: Range
    done: int
    total: int
    rate: int | None
    minutes: int | None
    stopping: bool
    waits_for: Message | None
    ended_at: datetime | None
    lines: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything about resyncs that the board shows."""

    shops: tuple[Shop, ...]
    jobs: tuple[Job, ...]

    @property
    def running(self) -> bool:
        """Whether it is worth looking again."""
        return any(one.ended_at is None for one in self.jobs)

    @property
    def waits(self) -> int:
        """Real seconds until any store may be asked about."""
        return min((one.waits for one in self.shops), default=0)


def board(ws: int) -> Board:
    """The stores of a workspace, and their resyncs under way or not older than the cool-down."""
    now = clock.now()
    stores = dict(Connection.objects.filter(ws=ws, kind="store").exclude(state="removed").values_list("id", "label"))
    rests = resync_store.next_allowed_at(ws)
    shops = [Shop(id=one, label=label, waits=_seconds(rests.get(one), now)) for one, label in stores.items()]
    recent = Q(ended_at=None) | Q(accepted_at__gt=now - BOARD_COOLDOWN)
    rows = Resync.objects.filter(recent, ws=ws, scope=resync_store.SCOPE, target_id__in=list(stores))
    newest = {row.target_id: row for row in rows.order_by("id")}
    return Board(shops=tuple(shops), jobs=tuple(_job(row, stores[store], now) for store, row in newest.items()))


def job(row: Resync) -> Job:
    """How far one is, without the name of its store."""
    return _job(row, "", clock.now())


def _job(row: Resync, store: str, now: datetime) -> Job:
    count = _states(row) if row.ended_at is None else {}
    done = row.total - count.get("waiting", 0) - count.get("asked", 0)
    elapsed = (row.ended_at or now) - row.accepted_at
    left = time_left(done, row.total, elapsed)
    skipped = {Skip(why): some for why, some in row.skipped.items()}
    return Job(
        id=row.id,
        store=store,
        chosen=Range(row.chosen),
        done=done,
        total=row.total,
        rate=round(done * _MINUTE / elapsed) if done and elapsed else None,
        minutes=ceil(left / _MINUTE) if left is not None else None,
        stopping=Skip.CANCELLED in skipped,
        waits_for=_waits_for(row.ws) if count.get("waiting") else None,
        ended_at=row.ended_at,
        lines=tally(Tally(**{**row.said, "skipped": skipped})) if row.said else left_out(skipped),
    )


def _states(row: Resync) -> dict[str, int]:
    """How many parcels are in each state."""
    rows = ResyncParcel.objects.filter(ws=row.ws, resync_id=row.id).values("state").annotate(n=Count("parcel_id"))
    return dict(rows.values_list("state", "n"))


def _waits_for(ws: int) -> Message | None:
    """The account that keeps the rest waiting, and why: it answers nothing, or has what is due to do first."""
    able, now, machine = resync_store.accounts(ws), clock.now(), clock.machine()
    down = Budget.objects.filter(ws=ws, connection_id__in=list(able), failures__gte=budget.TRIP).first()
    if down:
        return Message(id="resync.store.down", values={"account": able[down.connection_id].label})
    due = Schedule.objects.filter(free(machine), ws=ws, connection_id__in=list(able), next_at__lte=now)
    first = due.first()
    return Message(id="resync.store.busy", values={"account": able[first.connection_id].label}) if first else None


def _seconds(until: datetime | None, now: datetime) -> int:
    return ceil(clock.real_seconds(until - now)) if until else 0
