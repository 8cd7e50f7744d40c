"""What a process counts of its own work, in the form that Prometheus reads (``backlogs.page``). No tenant's data is in
it: connectors are named, workspaces are not.
"""

import functools
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics

REGISTRY: Final = CollectorRegistry()
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each, which nobody reads
_POLLS: Final = Counter(
    "doorstep_polls", "Numbers that a carrier was asked about.", ("connector", "outcome"), registry=REGISTRY
)
_HTTP: Final = Histogram(
    "doorstep_http_seconds", "Requests to vendors.", ("connector",), buckets=SECONDS, registry=REGISTRY
)
_HOOKS: Final = Counter("doorstep_hooks", "Deliveries of webhooks.", ("outcome",), registry=REGISTRY)
_ROWS: Final = Counter("doorstep_understand_rows", "Inbox rows that were dealt with.", registry=REGISTRY)
_SPENT: Final = Counter("doorstep_understand_seconds", "Seconds that took.", registry=REGISTRY)

ProcessCollector(registry=REGISTRY)


def polled(connector: str, *, asked: int, answered: int, failed: int) -> None:
    """A carrier account's turn is over: so many numbers were asked about, were answered, failed."""
    for outcome, count in (("asked", asked), ("answered", answered), ("failed", failed)):
        _POLLS.labels(connector, outcome).inc(count)


def exchanged(connector: str, seconds: float) -> None:
    """A request to a vendor has ended, however it ended."""
    _http(connector).observe(seconds)


@functools.cache
def _http(connector: str) -> Histogram:
    return _HTTP.labels(connector)


def hooked(outcome: str) -> None:
    """A webhook was ``accepted`` (stored, known or a knock), ``refused``, ``shed`` (too much at once) or ``failed``."""
    _HOOKS.labels(outcome).inc()


def understood(rows: int, seconds: float) -> None:
    """Rows of the inbox were dealt with."""
    _ROWS.inc(rows)
    _SPENT.inc(seconds)
