"""The only source of now.

``DOORSTEP_CLOCK=<start>@<rate>`` (demo only) scales the product's time: at the wall instant ``start`` both clocks
agree, from then on one real second is ``rate`` seconds. The sandbox reads the same variable, so both live in one time.
Time-outs, leases and rate budgets use ``monotonic``/``machine`` instead and are never scaled.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

FASTEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that runs ``rate`` times as fast since ``start`` (aware UTC)."""

    start: datetime
    rate: float

    def now(self) -> datetime:
        wall = datetime.now(UTC)
        return wall if self.rate == 1 else self.start + (wall - self.start) * self.rate

    def real_seconds(self, span: timedelta) -> float:
        """How long ``span`` of this clock lasts on the wall."""
        return span.total_seconds() / self.rate


REAL = Clock(start=datetime(2024, 1, 1, tzinfo=UTC), rate=1.0)


def parse(text: str) -> Clock:
    """``<ISO 8601 instant with offset>@<rate>``; empty = the real clock. Raises ValueError saying what is wrong."""
    if not text:
        return REAL
    start, _, rate = text.rpartition("@")
    try:
        instant, times = datetime.fromisoformat(start), float(rate)
    except ValueError:
        raise ValueError(f"DOORSTEP_CLOCK must be like 2026-11-22T06:00:00Z@7200, not {text!r}") from None
    if instant.tzinfo is None:
        raise ValueError(f"DOORSTEP_CLOCK: the start needs an offset: {start!r}")
    if not 0 < times <= FASTEST:
        raise ValueError(f"DOORSTEP_CLOCK: the rate must be above 0 and at most {FASTEST}, not {rate}")
    return Clock(start=instant.astimezone(UTC), rate=times)


try:
    _clock = parse(settings.CLOCK)
except ValueError as problem:
    raise SystemExit(str(problem)) from None


def now() -> datetime:
    """This instant by the product's clock, aware UTC."""
    return _clock.now()


def real_seconds(span: timedelta) -> float:
    """How many real seconds a span of product time lasts (never negative)."""
    return max(0.0, _clock.real_seconds(span))


def machine() -> float:
    """Seconds since 1970 of the machine: what leases are written in, so that processes of several machines agree."""
    return time.time()


def monotonic() -> float:
    """Seconds for time-outs within this process."""
    return time.monotonic()
