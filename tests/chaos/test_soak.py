"""For minutes on end everything flows, through `up` on SQLite and through the parts on PostgreSQL side by side: memory
stays flat, nothing piles up, and afterwards nothing burns.

DOORSTEP_SOAK_MINUTES says how long; without it there is no soak. It prints what it measured.
"""

import json
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos import records
from tests.chaos.records import Records
from tests.chaos.sender import Sender
from tests.chaos.server import Server
from tests.chaos.storm import SEED, examine, say
from tests.e2e.parts import Parts
from tests.e2e.product import Program, Town, town

MINUTES = float(os.environ.get("DOORSTEP_SOAK_MINUTES", "0"))
EVERY_S = 5.0  # between two looks, and between two orders
IDLE_S = 60.0
PAUSE_S = 0.4  # between two webhooks, and two mails
MOST_GROWTH = 0.10  # of the memory, from the middle of the soak to its end
MOST_IDLE_CPU = 0.01
MOST_WAITING = 50  # rows: what arrives within seconds
TICKS = os.sysconf("SC_CLK_TCK")
BACKLOG = """SELECT (SELECT count(*) FROM doorstep_inbox WHERE state = 'new')
    + (SELECT count(*) FROM doorstep_outbox WHERE state IN ('sending', 'unsure'))"""
pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not MINUTES, reason="DOORSTEP_SOAK_MINUTES says for how long"),
    pytest.mark.timeout(1200 + 90 * MINUTES),
]


@dataclass
class Soaked:
    """A Doorstep under load, and what was seen of it: megabytes by process, rows waiting."""

    name: str
    here: Town
    records: Records
    programs: dict[str, Program]
    memory: dict[str, list[float]] = field(default_factory=dict)
    backlog: list[int] = field(default_factory=list)
    sender: Sender | None = None

    def begin(self) -> None:
        """Start it and its load."""
        before = examine(self.here)
        for one in self.programs.values():
            one.env.update(self.here.product.env)
            one.start()
        where = (before["hook"], before["secret"], self.here.product.smtp, self.here.address)
        self.sender = Sender(*where, seed=SEED, pause=PAUSE_S)
        self.sender.start()

    def look(self, number: int) -> None:
        """One more order, and one more measurement."""
        self.here.world.place(journey="smooth", route=("api", "mail")[number % 2], authentic=True)
        for name, one in self.programs.items():
            self.memory.setdefault(name, []).append(megabytes(one.pid))
        self.backlog.append(int(self.records.query(BACKLOG)[0][0]))

    def end(self) -> dict[str, int]:
        """Stop the load and the processes; returns what went through."""
        assert self.sender
        self.sender.stop()
        assert [one.stop() for one in self.programs.values()] == [0] * len(self.programs)
        counts = {"webhooks": len(set(self.sender.webhooks)), "mails": len(set(self.sender.mails))}
        for what in ("inbox", "order", "change", "push"):
            ((count,),) = self.records.query(f'SELECT count(*) FROM "doorstep_{what}"')  # noqa: S608 - our own tables
            counts[what] = count
        return counts

    def judge(self) -> list[str]:
        """What is wrong: from the middle to the end memory grows, or what waits."""
        wrong = []
        for name, seen in self.memory.items():
            half = seen[len(seen) // 2 :]
            first, last = _ends(half)
            say(f"{name}: {first:.0f} MB in the middle, {last:.0f} at the end, {slope(half):+.1f} MB an hour")
            if last > first * (1 + MOST_GROWTH):
                wrong.append(f"{name} grows")
        first, last = _ends(self.backlog[len(self.backlog) // 2 :])
        say(f"{self.name}: {first:g} rows wait in the middle, {last:g} at the end; most {max(self.backlog)}")
        return wrong + (["a backlog piles up"] if last > 2 * first + MOST_WAITING else [])

    def idle(self) -> dict[str, tuple[float, float]]:
        """Started again in real time, once what was left to do is done: share of a core and megabytes, by process."""
        self.here.product.env.pop("DOORSTEP_CLOCK")
        for one in self.programs.values():
            one.env = dict(self.here.product.env)
            one.start()
        time.sleep(2 * IDLE_S)
        before = {name: cpu_seconds(one.pid) for name, one in self.programs.items()}
        time.sleep(IDLE_S)
        return {
            name: ((cpu_seconds(one.pid) - before[name]) / IDLE_S, megabytes(one.pid))
            for name, one in self.programs.items()
        }


def megabytes(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def slope(values: Sequence[float]) -> float:
    """Megabytes an hour, by least squares over looks that are ``EVERY_S`` apart."""
    return statistics.linear_regression([at * EVERY_S / 3600 for at in range(len(values))], values).slope


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The medians of the first and of the last quarter."""
    quarter = max(1, len(values) // 4)
    return statistics.median(values[:quarter]), statistics.median(values[-quarter:])


@contextmanager
def soaked(home: Path) -> Iterator[list[Soaked]]:
    with ExitStack() as stack:
        (home / "pg").mkdir()
        server = Server(home / "pg")
        stack.callback(server.close)
        alone = stack.enter_context(town(home / "up", seed=SEED))
        shared = stack.enter_context(town(home / "parts", seed=SEED + 1, database=server.url))
        some = Parts(shared, home, server.url, 2)
        stack.callback(some.close)
        for here in (alone, shared):
            here.connect_shop()
        file = records.File(home / "up" / "data" / "doorstep.sqlite3")
        parts = {"web": some.web, "hooks": some.hooks, "worker 1": some.workers[0], "worker 2": some.workers[1]}
        yield [
            Soaked("up on SQLite", alone, file, {"up": alone.product}),
            Soaked("parts on PostgreSQL", shared, records.Shared(server.url), parts),
        ]


def test_memory_is_flat_nothing_piles_up_and_nothing_burns(tmp_path: Path):
    with soaked(tmp_path) as both:
        for one in both:
            one.begin()
        began, number = time.monotonic(), 0
        while time.monotonic() < began + 60 * MINUTES:
            for one in both:
                one.look(number)
            number += 1
            if number % 24 == 0:
                say(", ".join(f"{one.name}: {latest(one)}" for one in both))
            time.sleep(max(0.0, began + number * EVERY_S - time.monotonic()))
        say(json.dumps({one.name: one.end() for one in both}))
        told = [line for one in both for line in one.judge()]
        for one in both:
            for name, (share, memory) in one.idle().items():
                say(f"{name} idle: {share:.2%} of a core, {memory:.0f} MB")
                if share >= MOST_IDLE_CPU:
                    told.append(f"{name} burns")
        assert told == []


def latest(one: Soaked) -> str:
    memory = ", ".join(f"{name} {seen[-1]:.0f} MB" for name, seen in one.memory.items())
    return f"{memory}, {one.backlog[-1]} waiting"
