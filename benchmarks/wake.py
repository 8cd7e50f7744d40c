"""How soon one process goes on after another has changed something, on PostgreSQL: ``python -m benchmarks.wake``.

First a bell alone: rung in one process, heard in another, half of the way there and back; floor: a bare NOTIFY between
two connections, in the same run. Then the real thing, idle otherwise: a person types a number in `web`, and `worker`
begins to give it to the store; measured by what Doorstep itself writes down, from the change to the beginning.
"""

import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from sandbox.numbers import impb

if TYPE_CHECKING:
    from tests.e2e.parts import Parts
    from tests.e2e.product import Console

ROUNDS, BELLS, TYPED = 5, 200, 10
AIM_MS = 50.0


def main() -> None:
    """Print medians and ratios."""
    from benchmarks.report import report
    from tests.e2e.product import new_database

    database = new_database()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DATABASE_URL": database, "DOORSTEP_DATA": home, "DJANGO_SETTINGS_MODULE": "doorstep.settings"}
        rounds = asyncio.run(_bells(database))
    bell, bare = (statistics.median(one[n] for one in rounds) * 1000 for n in (0, 1))
    report("a bell in another process", bell, "ms", ratio=bell / bare, against="a bare NOTIFY")
    with tempfile.TemporaryDirectory() as home:
        waits = _typed(Path(home))
    median, worst = statistics.median(waits), max(waits)
    report("a push begins after its change, median", median, "ms", ratio=median / AIM_MS, against="the aim of 50 ms")
    report(
        f"a push begins after its change, worst of {len(waits)}", worst, "ms", ratio=worst / AIM_MS, against="the aim"
    )


async def _bells(database: str) -> list[tuple[float, float]]:
    """By round: seconds of a bell and of a bare notification, one way."""
    import django

    django.setup()
    from doorstep.app import loop
    from doorstep.app.process import wire

    echo = subprocess.Popen([sys.executable, "-m", "benchmarks.wake", "echo"], stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert echo.stdout is not None
    try:
        await asyncio.to_thread(echo.stdout.readline)
        wire.WIRE.start()
        wire.WIRE.connected(10)
        while await loop.wait("back", 0.5):
            pass
        found = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            for _ in range(BELLS):
                wire.WIRE.tell("there")
                assert await loop.wait("back", 10)
            bell = (time.perf_counter() - began) / BELLS / 2
            found.append((bell, await asyncio.to_thread(_bare, database)))
        return found
    finally:
        wire.WIRE.stop()
        echo.kill()
        echo.wait()


def _bare(database: str) -> float:
    """Seconds of a notification between two connections, one way, by two threads that only wait for each other."""

    def answer() -> None:
        with psycopg.connect(database, autocommit=True) as ear, psycopg.connect(database, autocommit=True) as mouth:
            ear.execute("LISTEN there")
            ready.set()
            with closing(ear.notifies(timeout=30)) as heard:
                for _ in zip(range(BELLS), heard, strict=False):
                    mouth.execute("NOTIFY back")

    ready = threading.Event()
    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    ready.wait(10)
    with psycopg.connect(database, autocommit=True) as ear, psycopg.connect(database, autocommit=True) as mouth:
        ear.execute("LISTEN back")
        with closing(ear.notifies(timeout=30)) as heard:
            began = time.perf_counter()
            for _ in range(BELLS):
                mouth.execute("NOTIFY there")
                assert next(heard, None)
            spent = time.perf_counter() - began
    thread.join(10)
    return spent / BELLS / 2


async def _echo() -> None:
    """The other process: answers a bell with a bell."""
    import django

    django.setup()
    from doorstep.app import loop
    from doorstep.app.process import wire

    await loop.wait("there", 0)
    wire.WIRE.start()
    wire.WIRE.connected(10)
    print("ready", flush=True)
    while True:
        if await loop.wait("there", 3600):
            wire.WIRE.tell("back")


def _typed(home: Path) -> list[float]:
    """Milliseconds between change and beginning, for numbers typed one after the other."""
    from tests.e2e.parts import parts
    from tests.e2e.product import Console

    dice = random.Random(1)
    with parts(home, rate=1) as some:
        console = Console(some.here.product)
        for _ in range(TYPED):
            _type(some, console, impb(dice))
        rows = some.query(
            "SELECT due.known_at, began.known_at FROM doorstep_change due JOIN doorstep_change began"
            " ON (began.subject_id, began.new) = (due.subject_id, due.new)"
            " WHERE due.kind = 'push.due' AND began.kind = 'push.sending'"
        )
    return [(began - due).total_seconds() * 1000 for due, began in rows]


def _type(some: "Parts", console: "Console", number: str) -> None:
    """One order, one number, and wait until the shop has it."""
    from tests.e2e.product import wait_until

    order = some.here.world.place(journey="smooth", route="api")["order"]
    path = wait_until("the order", lambda: console.order(order), *some.running, every=0.05)
    console.post(f"{path}/numbers", text=number, confirmed="1")
    wait_until("its push", lambda: some.here.world.pushes().get(order), *some.running, every=0.05)


if __name__ == "__main__":
    if sys.argv[1:] == ["echo"]:
        asyncio.run(_echo())
    else:
        main()
