"""How much of an account may be spent now: one bucket of calls per account, in the database, so that any number of
workers on any number of machines spend it together; and a circuit that leaves a vendor alone that only fails.

Calls are taken from the bucket by the batch, before they are made. It refills at the connector's own pace and holds no
more than ``BURST_S`` seconds of it, so the pace is never exceeded by more than one batch. A vendor that counts all
who ask from here together (``Meta.all_per_minute``) has one more bucket, of all accounts. Times are machine seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db import transaction

from doorstep.app import clock
from doorstep.app.leases import free
from doorstep.connectors.contract import Meta
from doorstep.db.models import Budget, Connection, Pool, Schedule

Row = TypeVar("Row", Budget, Pool)
BURST_S: Final = 10.0
TRIP: Final = 3  # turns in a row without a single answer: the circuit opens
FIRST_REST_S: Final = 30.0
LONGEST_REST_S: Final = 900.0
SHARE: Final = 0.25  # of the pace, for what is in no hurry


@dataclass(slots=True)
class Purse:
    """What may be asked of an account now: ``calls``, out of its own bucket and, where the vendor counts everybody who
    asks from here together, out of the bucket of all accounts. Both rows are locked.
    """

    calls: int
    buckets: Sequence[tuple[Budget | Pool, float, float]] = ()  # with what is in each, and what flows in a second

    def spend(self, count: int, machine: float) -> None:
        """Take so many calls out."""
        for row, tokens, rate in self.buckets:
            row.tokens, row.filled_at = tokens - count, machine
            if isinstance(row, Budget):
                row.ready_at = machine if row.tokens >= 1 else machine + (1 - row.tokens) / rate
                row.save(update_fields=["tokens", "filled_at", "ready_at"])
            else:
                row.save(update_fields=["tokens", "filled_at"])


def open_purse(account: Connection, meta: Meta, machine: float) -> Purse:
    """How many calls may be made now. An account that rests gets none; after its rest it gets one, to see whether the
    vendor is back. Part of the caller's transaction; the rows stay locked until its end.
    """
    row, new = Budget.objects.select_for_update().get_or_create(ws=account.ws, connection_id=account.id)
    if _ahead(row.ready_at, machine):
        return Purse(0)
    buckets: list[tuple[Budget | Pool, float, float]] = [_filled(row, new, meta.polls_per_minute, machine)]
    if meta.all_per_minute:
        pool, first = Pool.objects.select_for_update().get_or_create(connector=account.connector)
        buckets.append(_filled(pool, first, meta.all_per_minute, machine))
    calls = min(int(tokens) for _, tokens, _ in buckets)
    return Purse(calls if row.failures < TRIP else min(calls, 1), buckets)


def take(account: Connection, meta: Meta, wanted: int, machine: float) -> int:
    """Reserve as many of the ``wanted`` calls as may be made now; returns how many."""
    purse = open_purse(account, meta, machine)
    count = min(wanted, purse.calls)
    purse.spend(count, machine)
    return count


def _filled(row: Row, new: bool, per_minute: int, machine: float) -> tuple[Row, float, float]:
    """A bucket, what is in it at this second, and what flows in. A clock that was set back fills nothing."""
    rate = per_minute / 60
    full = max(1.0, rate * BURST_S)
    elapsed = max(0.0, machine - row.filled_at)
    return row, full if new else min(full, row.tokens + elapsed * rate), rate


def left(ws: int, connection_id: int, meta: Meta, machine: float) -> int | None:
    """How many calls may be made at once now, for whoever looks; None = the account rests."""
    row = Budget.objects.filter(ws=ws, connection_id=connection_id).first()
    if row is not None and _ahead(row.ready_at, machine):
        return None
    _, tokens, _ = _filled(row or Budget(), row is None, meta.polls_per_minute, machine)
    return int(tokens)


def _ahead(until: float, machine: float) -> bool:
    """Whether that second is still to come. What lies further ahead than the longest rest was written before the
    machine's clock was set back.
    """
    return machine < until <= machine + LONGEST_REST_S


@transaction.atomic
def spare(account: Connection, meta: Meta, wanted: int, machine: float) -> int:
    """Reserve calls for what is in no hurry (resyncs of whole stores): at most ``SHARE`` of the pace, and none while
    anything is due or the account rests. Returns how many; the calls themselves are taken as all others are. To be
    called outside a transaction: whoever polls locks places of the schedule first.
    """
    mine = Schedule.objects.filter(ws=account.ws, connection_id=account.id)
    waiting = mine.filter(free(machine), next_at__lte=clock.now())
    row, _ = Budget.objects.get_or_create(ws=account.ws, connection_id=account.id)
    rests = _ahead(row.ready_at, machine) or _ahead(row.spare_at, machine)
    if rests or row.failures >= TRIP or waiting.exists():
        return 0
    rate = SHARE * meta.polls_per_minute / 60
    count = min(wanted, max(1, int(rate * BURST_S)))
    unspent = Budget.objects.filter(ws=account.ws, connection_id=account.id, spare_at=row.spare_at)
    return count if unspent.update(spare_at=machine + count / rate) else 0


def hear(account: Connection, *, answered: bool, machine: float) -> bool:
    """How a turn ended. Every further failure lets the account rest twice as long; one answer closes the circuit. True
    when the circuit was opened or closed by it.
    """
    rows = Budget.objects.filter(ws=account.ws, connection_id=account.id)
    if answered:
        failing = rows.filter(failures__gte=TRIP).exists()
        rows.exclude(failures=0).update(failures=0, failing_since=None)
        return failing
    row = rows.select_for_update().first()
    if row is None:
        return False
    row.failures, row.failing_since = row.failures + 1, row.failing_since or clock.now()
    if row.failures >= TRIP:
        row.ready_at = machine + min(LONGEST_REST_S, FIRST_REST_S * 2 ** min(row.failures - TRIP, 10))
    row.save(update_fields=["failures", "failing_since", "ready_at"])
    return row.failures == TRIP
