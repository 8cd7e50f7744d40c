"""How much of an account may be spent now: one bucket of calls per account, in the database, so that any number of
workers on any number of machines spend it together; and a circuit that leaves a vendor alone that only fails.

Calls are taken from the bucket by the batch, before they are made. It refills at the connector's own pace and holds no
more than ``BURST_S`` seconds of it, so the pace is never exceeded by more than one batch. Times are machine seconds.
"""

from typing import Final

from django.db import transaction
from django.db.models import Q

from doorstep.app import clock
from doorstep.app.leases import free
from doorstep.connectors.contract import Meta
from doorstep.db.models import Budget, Connection, Schedule

BURST_S: Final = 10.0
TRIP: Final = 3  # turns in a row without a single answer: the circuit opens
FIRST_REST_S: Final = 30.0
LONGEST_REST_S: Final = 900.0
SHARE: Final = 0.25  # of the pace, for what is in no hurry


def take(account: Connection, meta: Meta, wanted: int, machine: float) -> int:
    """Reserve as many of the ``wanted`` calls as may be made now; returns how many. An account that rests gets none;
    after its rest it gets one, to see whether the vendor is back. Part of the caller's transaction; the row stays
    locked until its end.
    """
    row, new = Budget.objects.select_for_update().get_or_create(ws=account.ws, connection_id=account.id)
    if _ahead(row.ready_at, machine):
        return 0
    rate = meta.polls_per_minute / 60
    full = max(1.0, rate * BURST_S)
    elapsed = max(0.0, machine - row.filled_at)  # a clock that was set back fills nothing
    tokens = full if new else min(full, row.tokens + elapsed * rate)
    count = min(wanted if row.failures < TRIP else 1, int(tokens))
    row.tokens, row.filled_at = tokens - count, machine
    row.ready_at = machine if row.tokens >= 1 else machine + (1 - row.tokens) / rate
    row.save(update_fields=["tokens", "filled_at", "ready_at"])
    return count


def resting(machine: float) -> Q:
    """The accounts that may not be asked at this machine second."""
    return Q(ready_at__gt=machine, ready_at__lte=machine + LONGEST_REST_S)


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


def hear(account: Connection, *, answered: bool, machine: float) -> None:
    """How a turn ended. Every further failure lets the account rest twice as long; one answer closes the circuit."""
    rows = Budget.objects.filter(ws=account.ws, connection_id=account.id)
    if answered:
        rows.exclude(failures=0).update(failures=0, failing_since=None)
        return
    row = rows.select_for_update().first()
    if row is None:
        return
    row.failures, row.failing_since = row.failures + 1, row.failing_since or clock.now()
    if row.failures >= TRIP:
        row.ready_at = machine + min(LONGEST_REST_S, FIRST_REST_S * 2 ** min(row.failures - TRIP, 10))
    row.save(update_fields=["failures", "failing_since", "ready_at"])
