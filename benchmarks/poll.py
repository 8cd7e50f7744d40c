"""How many numbers a second one worker asks about: ``python -m benchmarks.poll [NUMBERS] [postgres]``.

A vendor on the loopback (``benchmarks.vendor``: 20 ms latency, 2 kB answers with eight scans), one number a call,
everything durable. Two figures each with all answers changed and with one in ten changed: "asked" is claim, request,
comparison, storing and rescheduling; "ledger" goes on until every answer is merged and settled (events, status,
changes, what to push). Floor: the same requests by a bare aiohttp loop in the same run. CPU is this process's.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
PORT_FROM = 21_000
LATENCY_MS, AT_ONCE = 20, 200


def main() -> None:
    """Set the database up, then measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    postgres = "postgres" in sys.argv
    with tempfile.TemporaryDirectory() as home:
        port = _free_port()
        os.environ |= {
            "DOORSTEP_DATA": home,
            "DJANGO_SETTINGS_MODULE": "doorstep.settings",
            "DOORSTEP_DEMO": "1",
            "DOORSTEP_HOST_MAP": f"api.17track.net=127.0.0.1:{port}",
        }
        if postgres:
            from tests.postgres import start

            os.environ["DATABASE_URL"] = start()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        _quiet()
        _measure(count, port, "postgresql" if postgres else "sqlite")


def _measure(count: int, port: int, kind: str) -> None:
    from benchmarks.report import report

    account = _shop(count)
    for changed, name in ((1.0, "all changed"), (0.1, "90 % unchanged")):
        with _vendor(port, changed):
            bare = asyncio.run(_bare(port, count))
            for _ in range(2):  # the first round brings what is new to the ledger and fills the caches
                found = asyncio.run(_ours(account, count))
        against = "a bare aiohttp loop"
        for part, (rate, cpu) in found.items():
            report(f"polls, {name}, {part}, {kind}", rate, "numbers/s", ratio=rate / bare, against=against)
            report(f"polls, {name}, {part}, {kind}, CPU", cpu * 1e6, "µs/number")


async def _bare(port: int, count: int) -> float:
    """Requests a second without anything around them."""
    import aiohttp

    url, gate = f"http://127.0.0.1:{port}/track/v2.2/gettrackinfo", asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def one(number: str) -> None:
            async with gate, session.post(url, json=[{"number": number}]) as answer:
                await answer.json()

        started = time.perf_counter()
        await asyncio.gather(*(one(f"BARE{n}") for n in range(count)))
        return count / (time.perf_counter() - started)


async def _ours(account: Any, count: int) -> dict[str, tuple[float, float]]:
    """(rate, CPU seconds a number) of asking, and of asking and settling."""
    from doorstep.app import loop, poll, work
    from doorstep.app.loop import in_db
    from doorstep.app.understand import understand

    await in_db(_all_due)
    stop, started, cpu = asyncio.Event(), time.perf_counter(), time.process_time()
    working = asyncio.create_task(work._errands("poll", stop, poll.claim, poll.ask))
    while await in_db(_left):  # noqa: ASYNC110 - the database rings no bell for this
        await asyncio.sleep(0.01)
    asked = (count / (time.perf_counter() - started), (time.process_time() - cpu) / count)
    while await in_db(understand):
        pass
    settled = (count / (time.perf_counter() - started), (time.process_time() - cpu) / count)
    stop.set()
    await working
    await loop.end()
    return {"asked": asked, "ledger": settled}


def _all_due() -> None:
    from doorstep.app import clock
    from doorstep.db.models import Budget, Schedule

    Schedule.objects.update(next_at=clock.now(), lease_until=0.0, lease_token=0)
    Budget.objects.update(ready_at=0.0, filled_at=0.0)


def _left() -> int:
    from doorstep.app import clock
    from doorstep.db.models import Schedule

    return Schedule.objects.filter(next_at__lte=clock.now()).count()


def _shop(count: int) -> Any:
    """A workspace with so many orders, each with a parcel that is followed; understood through the front door."""
    from doorstep.app import vault
    from doorstep.app.inbox import keep
    from doorstep.app.understand import understand
    from doorstep.connectors.registry import connector
    from doorstep.db.models import Watch
    from tests.app import ledger as world

    one = world.ledger()
    rows = [one.woo(world.woo(1000 + n, shipped=(("t1", f"LX{n:08}5CN", "China Post"),))) for n in range(count)]
    for begin in range(0, count, 500):
        keep(rows[begin : begin + 500])
        while understand():
            pass
    Watch.objects.update(remote="registered")
    one.carrier.credentials_enc = vault.seal({"api_key": "loopback"})
    one.carrier.save()
    vendor = connector("carrier", "seventeen_track")
    type(vendor).meta = replace(vendor.meta, batch=1, polls_per_minute=6_000_000)  # type: ignore[misc]
    return one


@contextlib.contextmanager
def _vendor(port: int, changed: float) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.vendor", str(port), str(LATENCY_MS), str(changed)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    for port in range(PORT_FROM, PORT_FROM + 500):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise SystemExit("No port is free.")


def _quiet() -> None:
    """Log warnings only: a line per request is not what is measured here."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


if __name__ == "__main__":
    main()
