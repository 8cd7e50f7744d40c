"""How well carrier accounts answer: sums by the hour, written once a turn, and what they tell a person.

A turn's batches are one or a few calls each; what counts is whether what was asked for came back. ``Pulse`` gathers in
memory, ``note`` adds it to the hour's row in the transaction that ends the turn.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Max, Sum, Value
from django.db.models.functions import Greatest

from doorstep.app import clock
from doorstep.app.ledger import freshness, meanings
from doorstep.app.vendors import budget
from doorstep.connectors.contract import Denied, Facts, Trouble
from doorstep.db.models import Budget, Connection, Health

DAY: Final = timedelta(days=1)
BEFORE: Final = timedelta(days=7)  # what today is compared with
KEPT: Final = timedelta(days=35)
ENOUGH: Final = 20  # scans, before a share of them says anything
DRIFT: Final = 0.05  # so much more in unknown words than before: the vendor speaks differently now
_HOUR: Final = timedelta(hours=1)
_GATHERED: Final = ("failed", "numbers", "events", "unreadable", "seconds")
_SUMS: Final = (*_GATHERED, "unknown")


@dataclass(slots=True)
class Pulse:
    """How one batch went. ``words``: how often each was said that no connector knows."""

    failed: int = 0
    numbers: int = 0
    events: int = 0
    unreadable: int = 0
    seconds: float = 0.0
    words: Counter[str] = field(default_factory=Counter)

    def heard(self, facts: Facts) -> None:
        """An answer came, and this is what could be read of it."""
        self.events += sum(len(track.events) for track in facts.tracks)
        self.words.update(one.text for one in facts.words)
        self.unreadable += len(facts.bad)

    def ended(self, numbers: int, seconds: float, trouble: Trouble | None) -> None:
        """The batch is over. That a key was refused is the account's fault: the service answered."""
        self.numbers, self.seconds = numbers, seconds
        self.failed = int(trouble is not None and not isinstance(trouble, Denied))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """An account over the last day. Shares are 0 to 1, None where too little was asked to tell. ``drifting``: it says
    noticeably more that nobody understands than in the week before. ``rests``: left alone until then.
    """

    calls: int
    numbers: int
    success: float | None
    seconds: float | None  # of a call, on average
    slowest: float | None
    unknown: float | None
    unreadable: int
    drifting: bool
    answered_at: datetime | None
    failing_since: datetime | None
    rests: bool


def note(account: Connection, pulses: Sequence[Pulse], now: datetime) -> None:
    """Add a turn to its hour. Part of the caller's transaction. With the first turn of an hour old hours go. A word
    that a person has explained is not unknown any more.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    mine = Health.objects.filter(ws=account.ws, connection_id=account.id)
    sums = {name: F(name) + sum(getattr(one, name) for one in pulses) for name in _GATHERED}
    words = sum((one.words for one in pulses), Counter[str]())
    known = meanings.explained(account.ws, account.connector) if words else frozenset()
    sums["unknown"] = F("unknown") + sum(words[one] for one in words if one[: meanings.LONGEST] not in known)
    slowest = Greatest(F("slowest"), Value(max(one.seconds for one in pulses)))
    values = {**sums, "calls": F("calls") + len(pulses), "slowest": slowest}
    if not mine.filter(hour=hour).update(**values):
        mine.filter(hour__lt=now - KEPT).delete()
        first = Health(ws=account.ws, connection_id=account.id, hour=hour)
        Health.objects.bulk_create([first], ignore_conflicts=True)  # another worker may be as quick
        mine.filter(hour=hour).update(**values)


def vitals(ws: int, connection_id: int) -> Vitals:
    """How an account does."""
    now = clock.now()
    rows = Health.objects.filter(ws=ws, connection_id=connection_id)
    today = rows.filter(hour__gt=now - DAY - _HOUR)
    sums = today.aggregate(**{name: Sum(name, default=0) for name in ("calls", *_SUMS)}, slowest=Max("slowest"))
    before = rows.filter(hour__lte=now - DAY - _HOUR, hour__gt=now - DAY - BEFORE).aggregate(
        events=Sum("events", default=0), unknown=Sum("unknown", default=0)
    )
    unknown, usual = _share(sums["unknown"], sums["events"]), _share(before["unknown"], before["events"])
    state = Budget.objects.filter(ws=ws, connection_id=connection_id).first()
    calls = sums["calls"]
    return Vitals(
        calls=calls,
        numbers=sums["numbers"],
        success=1 - sums["failed"] / calls if calls else None,
        seconds=sums["seconds"] / calls if calls else None,
        slowest=sums["slowest"],
        unknown=unknown,
        unreadable=sums["unreadable"],
        drifting=unknown is not None and unknown - (usual or 0.0) > DRIFT,
        answered_at=freshness.answered_at(ws, connection_id),
        failing_since=state.failing_since if state else None,
        rests=bool(state and state.failures >= budget.TRIP),
    )


def down_since(ws: int, connection_id: int) -> datetime | None:
    """Since when an account answers nothing at all, turn after turn; None = it answers."""
    rows = Budget.objects.filter(ws=ws, connection_id=connection_id, failures__gte=budget.TRIP)
    return rows.values_list("failing_since", flat=True).first()


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole >= ENOUGH else None
