"""How many numbers a second one worker asks about: ``python -m benchmarks.poll [NUMBERS] [sqlite|postgres]``.

A vendor on the loopback (``benchmarks.vendor``: 20 ms latency, 2 kB answers with eight scans), one number a call,
everything durable, all answers changed and one in ten. "stored" is claim, request, comparison, raw answers stored and
the next question set; "ledger" goes on until every answer is merged and settled (events, status, changes, what to
push). Beside them in the same run: the same requests by a bare aiohttp loop, the database's own ceiling (the same scans
by COPY or executemany; the statements of a turn without anything around them), and the same job at the pace that Karrio
publishes (batches of ten, three seconds apart). Rounds are interleaved, medians told. CPU is of the worker's process;
"server" that of PostgreSQL's. With the usual 3,000 numbers it takes some three minutes for each database on a quiet
machine; a turn that is not over after ``PATIENCE_S`` a number ends it.
"""

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import field
from benchmarks.report import report

AT_ONCE, ROUNDS, SHOP = 200, 3, 400
PATIENCE_S = 0.5  # a number; and a minute for each turn
KARRIO = (10, 3.0)  # numbers a batch, seconds between two: its published background tracking


class Cost(NamedTuple):
    """Of one number: seconds, CPU seconds of this process and of the database's server."""

    wall: float
    cpu: float
    server: float


def main() -> None:
    """Each database in a process of its own, unless one is named."""
    named = [one for one in sys.argv[1:] if one in {"sqlite", "postgres"}]
    count = next((one for one in sys.argv[1:] if one.isdigit()), "3000")
    if not named:
        for one in ("sqlite", "postgres"):
            subprocess.run([sys.executable, "-m", "benchmarks.poll", count, one], cwd=field.HOME, check=True)
        return
    port = field.free_port()
    with field.house(port, postgres="postgres" in named):
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)  # as the worker has it
        _measure(int(count), port, named[0])


def _measure(count: int, port: int, kind: str) -> None:
    account = field.plant(count)
    for changed, name in ((1.0, "all changed"), (0.1, "90 % unchanged")):
        bare, ours = list[Cost](), list[Cost]()
        with field.vendor(port, changed):
            _run(lambda: _polls(account, count))  # what is new is known now, and the caches are full
            for _ in range(ROUNDS):
                bare.append(_run(lambda: _bare(port, count)))
                ours.append(_run(lambda: _polls(account, count)))
        _tell(f"polls, {name}, stored, {kind}", ours, bare)
    _tell_ceiling(account, count, kind)
    with field.vendor(port, 1.0):
        _tell_ledger(port, kind)
        if kind == "sqlite":
            _tell_pacing(port)


def _tell(name: str, ours: list[Cost], bare: list[Cost]) -> None:
    mine, other = _median(ours), _median(bare)
    report(name, 1 / mine.wall, "numbers/s", ratio=other.wall / mine.wall, against="a bare aiohttp loop, rate")
    report(
        f"{name}, CPU",
        mine.cpu * 1e6,
        "µs/number",
        ratio=other.cpu / mine.cpu,
        against="the CPU a bare loop spends (1 = as little)",
    )
    if mine.server:
        report(f"{name}, server CPU", mine.server * 1e6, "µs/number")


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


def _run(work: Callable[[], Awaitable[Cost]]) -> Cost:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())  # type: ignore[arg-type]  # a coroutine


async def _bare(port: int, count: int) -> Cost:
    """The requests without anything around them; the answers are decoded."""
    import aiohttp

    url, gate = f"http://127.0.0.1:{port}/track/v2.2/gettrackinfo", asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def one(number: str) -> None:
            async with gate, session.post(url, json=[{"number": number}]) as answer:
                await answer.json()

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one(f"BARE{n}") for n in range(count)))
        return Cost((time.perf_counter() - began) / count, (time.process_time() - cpu) / count, 0.0)


async def _polls(account: Any, count: int, after: int = 0, last: int = 0) -> Cost:
    """So many numbers of the account are due, all from ``after`` to ``last`` (0 = as many as are asked about)."""
    from doorstep.app import loop
    from doorstep.app.loop import in_db
    from doorstep.app.process import work
    from doorstep.app.track import poll

    await in_db(field.make_due, account, after, last or after + count)
    stop, left = asyncio.Event(), count

    async def ask(turn: poll.Turn) -> None:
        nonlocal left
        await poll.ask(turn)
        left -= sum(len(batch.places) for batch in turn.batches)
        if left <= 0:
            stop.set()

    server = await in_db(field.server_seconds)
    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.timeout(60 + PATIENCE_S * count):
        await work._errands("poll", stop, poll.claim, ask)
    wall, spent = time.perf_counter() - began, time.process_time() - cpu
    server = await in_db(field.server_seconds) - server
    await loop.end()
    return Cost(wall / count, spent / count, server / count)


def _tell_ceiling(account: Any, count: int, kind: str) -> None:
    """What the database itself can do with the same rows."""
    statements = statistics.median(_statements(account, count) for _ in range(ROUNDS))
    report(f"polls, the statements of a turn alone, {kind}", count / statements, "numbers/s")
    scans = statistics.median(_copied(count) for _ in range(ROUNDS))
    how = "executemany" if kind == "sqlite" else "COPY"
    report(f"polls, their scans alone by {how}, {kind}", count / scans, "numbers/s")


def _statements(account: Any, count: int) -> float:
    """Seconds that leasing and giving back takes, nothing said anew."""
    from datetime import timedelta

    from django.db import transaction

    from doorstep.app import clock
    from doorstep.db import places

    field.make_due(account, 0, count)
    desk, now, began = places.Desk(account.ws, account.id), clock.now(), time.perf_counter()
    while True:
        machine = clock.machine()
        with transaction.atomic():
            rows = places.due(desk, now, places.Span(machine, machine + 300), 256)
            if not rows:
                return time.perf_counter() - began
            places.lease(desk, [row.number_id for row in rows], 7, machine + 120)
        back = [places.Back(row.number_id, now + timedelta(hours=6), same=True) for row in rows]
        places.give_back(desk, 7, back, claimed=now, now=now, until=machine)


def _copied(count: int) -> float:
    """Seconds that the scans of so many answers take by the quickest way in, in portions of a turn, each durable."""
    from django.db import connection

    from benchmarks.vendor import TEXTS

    columns = ("number_id", "at", "said", "place")
    rows = [(n, at, f"{text}, run 1", "Porto, Portugal") for n in range(count) for at, text in enumerate(TEXTS)]
    step = 256 * len(TEXTS)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_scans")
        cursor.execute("CREATE TABLE bench_scans (number_id bigint, at bigint, said text, place text)")
        began = time.perf_counter()
        for begin in range(0, len(rows), step):
            some = rows[begin : begin + step]
            if connection.vendor == "postgresql":
                with cursor.cursor.copy(f"COPY bench_scans ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)
            else:
                cursor.execute("BEGIN")
                cursor.executemany("INSERT INTO bench_scans VALUES (%s, %s, %s, %s)", some)
                cursor.execute("COMMIT")
        return time.perf_counter() - began


def _tell_ledger(port: int, kind: str) -> None:
    """The whole road for a shop whose orders came in through the front door."""
    from doorstep.app.reading.understand import understand

    account, first, last = _shop(SHOP)
    rates, costs, bare = list[float](), list[float](), list[Cost]()
    for turn in range(ROUNDS + 1):
        bare.append(_run(lambda: _bare(port, SHOP)))
        cost = _run(lambda: _polls(account, SHOP, first - 1, last))
        began, cpu = time.perf_counter(), time.process_time()
        while understand():
            pass
        if turn:  # the first round brings all scans anew
            rates.append(cost.wall + (time.perf_counter() - began) / SHOP)
            costs.append(cost.cpu + (time.process_time() - cpu) / SHOP)
    wall = statistics.median(rates)
    name, ratio = f"polls, all changed, ledger, {kind}", _median(bare).wall / wall
    report(name, 1 / wall, "numbers/s", ratio=ratio, against="a bare aiohttp loop, rate")
    report(f"{name}, CPU", statistics.median(costs) * 1e6, "µs/number")


def _shop(count: int) -> tuple[Any, int, int]:
    """A carrier account of a workspace with so many orders, each with a parcel that is followed; its first and its last
    number.
    """
    from doorstep.app import vault
    from doorstep.app.inbox import keep
    from doorstep.app.reading.understand import understand
    from doorstep.db.models import Watch
    from tests.app import ledger as world

    one = world.ledger(email="shop@bench.example")
    rows = [one.woo(world.woo(1000 + n, shipped=(("t1", f"LX{n:08}5CN", "China Post"),))) for n in range(count)]
    for begin in range(0, count, 200):
        keep(rows[begin : begin + 200])
        while understand():
            pass
    Watch.objects.filter(ws=one.ws).update(remote="registered")
    one.carrier.credentials_enc = vault.seal({"api_key": "loopback"})
    one.carrier.save()
    numbers = sorted(Watch.objects.filter(ws=one.ws).values_list("number_id", flat=True))
    return one.carrier, numbers[0], numbers[-1]


def _tell_pacing(port: int) -> None:
    """The same job as others publish it: their pace decides, whatever the machine."""
    size, pause = KARRIO

    async def paced() -> Cost:
        began = time.perf_counter()
        for _ in range(3):
            await _bare(port, size)
            await asyncio.sleep(pause)
        return Cost((time.perf_counter() - began) / (3 * size), 0.0, 0.0)

    report("polls, at the pace Karrio publishes", 1 / _run(paced).wall, "numbers/s")


if __name__ == "__main__":
    main()
