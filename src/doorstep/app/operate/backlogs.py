"""What waits: in the database, and in this process for the database. Read when somebody asks."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Count, Min
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from doorstep.app import clock, inbox, loop
from doorstep.app.measures import REGISTRY
from doorstep.db.models import Inbox, Outbox
from doorstep.db.write import WRITE

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def page() -> bytes:
    """Everything that is measured, as Prometheus reads it (``CONTENT_TYPE``). Uses the database."""
    return generate_latest(REGISTRY)


class Backlogs(Collector):
    """What waits: in the database, and in this process for the database."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing in advance: no question to the database when this is registered."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges of this moment."""
        yield from _inbox()
        yield from _outbox()
        queues = GaugeMetricFamily("doorstep_queue", "Waiting in this process for the database.", labels=["queue"])
        for name, length in (
            ("arrivals", inbox.WRITER.waiting),
            ("jobs", loop.BENCH.waiting),
            ("write", WRITE.waiting),
        ):
            queues.add_metric([name], length)
        yield queues


def _inbox() -> Iterator[GaugeMetricFamily]:
    count, age = unread()
    yield GaugeMetricFamily("doorstep_inbox_backlog", "Inbox rows not read yet.", count)
    yield GaugeMetricFamily("doorstep_inbox_oldest_seconds", "Age of the oldest of them, in real seconds.", age)


def _outbox() -> Iterator[GaugeMetricFamily]:
    rows = GaugeMetricFamily("doorstep_outbox", "Intents not carried out yet.", labels=["lane", "state"])
    late = GaugeMetricFamily(
        "doorstep_outbox_oldest_seconds", "Real seconds since the oldest of them was due.", labels=["lane", "state"]
    )
    for lane, state, count, due_at in undone():
        rows.add_metric([lane, state], count)
        late.add_metric([lane, state], real_age(due_at))
    yield rows
    yield late


def unread() -> tuple[int, float]:
    """How many inbox rows are not read yet, and the age of the oldest in real seconds."""
    found = Inbox.objects.filter(state="new").aggregate(n=Count("id"), oldest=Min("received_at"))
    return found["n"], real_age(found["oldest"])


def undone() -> list[tuple[str, str, int, datetime]]:
    """(lane, state, how many, due since) of what is still to be done."""
    waiting = Outbox.objects.filter(state__in=["due", "sending", "unsure"]).values_list("lane", "state")
    return list(waiting.annotate(Count("id"), Min("due_at")).order_by("lane", "state"))


def real_age(at: datetime | None) -> float:
    """Real seconds since an instant of the product's clock; 0 for None, and for what is yet to come."""
    return clock.real_seconds(clock.now() - at) if at else 0.0


REGISTRY.register(Backlogs())
