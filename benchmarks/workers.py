"""Several workers on one PostgreSQL: ``python -m benchmarks.workers [NUMBERS] [LONG]``.

1, 2 and 4 worker processes share an account's numbers, all answers changed, everything durable. The vendor counts what
it was asked: twice is double work. Told are the rate of all together, CPU of the workers and of the database's server a
number, and the server's share of both. Then the cost of a poll in a schedule of LONG numbers and in one ten times as
long: 100,000 and a million, or with ``4000 1000000`` a million and ten, which takes some 20 GB on disk while it lasts.
Whatever is not over after ``PATIENCE_S`` ends it.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import field
from benchmarks.poll import Cost, _polls, _run
from benchmarks.report import report

LONG, SAMPLE, ROUNDS = 100_000, 1_000, 3
PATIENCE_S = 600.0  # for the numbers of one measurement


def main() -> None:
    """A worker (``work PORT``), or the whole measurement."""
    if "work" in sys.argv:
        with field.house(int(sys.argv[2]), postgres=True, home=os.environ["DOORSTEP_DATA"]):
            _work()
        return
    given = list(map(int, sys.argv[1:]))
    count, long = (*given, *(4000, LONG)[len(given) :])
    port = field.free_port()
    with field.house(port, postgres=True):
        account = field.plant(count)
        for workers in (1, 2, 4):
            with field.vendor(port, 1.0):
                _tell(account, count, workers, port)
        _tell_scale(account, count, long, port)


def _tell(account: Any, count: int, workers: int, port: int) -> None:
    field.make_due(account, 0, count)
    server, began = field.server_seconds(), time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.workers", "work", str(port)]
    running = [subprocess.Popen(command, cwd=field.HOME, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    try:
        said = [json.loads(one.communicate(timeout=PATIENCE_S)[0].splitlines()[-1]) for one in running]
    finally:
        for one in running:
            one.kill()
    wall = max(one["ended"] for one in said) - min(one["began"] for one in said)
    server, cpu = field.server_seconds() - server, sum(one["cpu"] for one in said)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count") as answer:
        asked = json.load(answer)["numbers"]
    name = f"{workers} workers, all changed"
    report(f"{name}, stored", count / wall, "numbers/s")
    report(f"{name}, asked twice", asked - count, "numbers")
    report(f"{name}, workers' CPU", cpu / count * 1e6, "µs/number")
    report(f"{name}, server's CPU", server / count * 1e6, "µs/number", ratio=server / (server + cpu), against="all CPU")
    assert asked >= count, f"{count - asked} were not asked; {time.perf_counter() - began:.0f} s"


def _work() -> None:
    """Ask until nothing is due any more."""
    from doorstep.app import loop
    from doorstep.app.loop import in_db
    from doorstep.app.process import work
    from doorstep.app.track import poll

    async def all_due() -> None:
        stop = asyncio.Event()
        going = asyncio.create_task(work._errands("poll", stop, poll.claim, poll.ask))
        while await in_db(_due):  # noqa: ASYNC110 - the database rings no bell for this
            await asyncio.sleep(0.05)
        stop.set()
        await going
        await loop.end()

    began, cpu = time.time(), time.process_time()
    _run(all_due)  # type: ignore[arg-type]  # its cost is told by whoever started this
    print(json.dumps({"began": began, "ended": time.time(), "cpu": time.process_time() - cpu}))


def _due() -> bool:
    from doorstep.app import clock
    from doorstep.db.models import Schedule

    return Schedule.objects.filter(next_at__lte=clock.now()).exists()


def _tell_scale(account: Any, count: int, begun: int, port: int) -> None:
    """Polls of numbers all over a long schedule, then of one ten times as long."""
    gc.set_threshold(100_000, 50, 100)
    costs, longer = {}, begun * 10
    for length, begin in ((begun, count), (longer, begun)):
        planting = time.perf_counter()
        field.plant_more(account, begin, length)
        print(f"  {length:,} numbers planted after {time.perf_counter() - planting:.0f} s", flush=True)
        with field.vendor(port, 0.1):
            _run(lambda length=length: _polls(account, SAMPLE, length - SAMPLE, length))
            found = [
                _run(lambda length=length: _polls(account, SAMPLE, length - SAMPLE, length)) for _ in range(ROUNDS)
            ]
        costs[length] = Cost(*(sorted(column)[ROUNDS // 2] for column in zip(*found, strict=True)))
    short, long = costs[begun], costs[longer]
    both = (long.cpu + long.server) / (short.cpu + short.server)
    name = f"a poll, 90 % unchanged, {longer:,} numbers"
    report(f"{name}, CPU of both", (long.cpu + long.server) * 1e6, "µs", ratio=both, against=f"with {begun:,} numbers")
    report(
        f"{name}, server's CPU", long.server * 1e6, "µs", ratio=long.server / short.server, against=f"with {begun:,}"
    )


if __name__ == "__main__":
    main()
