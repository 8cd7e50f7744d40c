"""The world's time, which may run faster than ours.

``DOORSTEP_CLOCK`` is ``<start>@<rate>``: an ISO 8601 instant with its offset, and how many simulated seconds pass in a
real one. The start is both the real instant at which the demo began and the simulated time at that instant, so every
process that reads the variable computes the same time without talking to the others:

    simulated = start + (real - start) * rate

``2026-11-22T06:00:00Z@7200`` makes a day pass in 12 seconds. Without the variable the world runs in real time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

VARIABLE = "DOORSTEP_CLOCK"


class Clock:
    """Simulated UTC time. Follows the wall clock as every other reader of the variable does."""

    def __init__(self, start: datetime, rate: float) -> None:
        if start.tzinfo is None:
            raise ValueError(f"{VARIABLE}: the start needs an offset, for example 2026-11-22T06:00:00Z")
        if not 0 < rate <= 1_000_000:
            raise ValueError(f"{VARIABLE}: the rate must be above 0 and at most 1000000, not {rate}")
        self.start = start.astimezone(UTC)
        self.rate = rate
        self._jumped = timedelta(0)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Clock":
        """The clock the variable describes; real time without it. Raises ValueError saying what is wrong with it."""
        text = environment.get(VARIABLE, "")
        if not text:
            return cls(datetime.now(UTC), 1.0)
        start, _, rate = text.rpartition("@")
        try:
            return cls(datetime.fromisoformat(start), float(rate))
        except ValueError as problem:
            raise ValueError(f"{VARIABLE}={text!r} is not <start ISO>@<rate>: {problem}") from None

    def now(self) -> datetime:
        """The simulated instant, aware UTC."""
        return self.start + (datetime.now(UTC) - self.start) * self.rate + self._jumped

    def jump(self, by: timedelta) -> None:
        """Moves this process's time forward. The product's clock does not follow."""
        if by < timedelta(0):
            raise ValueError("time moves forward only")
        self._jumped += by

    def real_seconds(self, span: timedelta) -> float:
        """How long a simulated span takes in real seconds."""
        return span.total_seconds() / self.rate
