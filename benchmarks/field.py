"""What several scripts share: a carrier account with any number of parcels to ask about, the loopback vendor, a
database of their own, and what the server of PostgreSQL has spent.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[1]
PORT_FROM = 21_000
LATENCY_MS = 20
TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def house(port: int, *, postgres: bool, home: str = "") -> Iterator[None]:
    """A fresh database, migrated, with the vendor's name leading to ``port``. DATABASE_URL goes before the wheel.
    ``home``: where another process keeps its key.
    """
    with contextlib.nullcontext(home) if home else tempfile.TemporaryDirectory() as data:
        os.environ |= {
            "DOORSTEP_DATA": data,
            "DJANGO_SETTINGS_MODULE": "doorstep.settings",
            "DOORSTEP_DEMO": "1",
            "DOORSTEP_LOG": "WARNING",
            "DOORSTEP_HOST_MAP": f"api.17track.net=127.0.0.1:{port}",
        }
        if postgres and "DATABASE_URL" not in os.environ:
            from tests.postgres import start

            os.environ["DATABASE_URL"] = start()
        import django

        django.setup()
        from django.core.management import call_command

        from doorstep.app import log

        call_command("migrate", verbosity=0)
        log.configure(json=True)
        quick()
        yield


def quick() -> None:
    """One number a call, and no pace but our own."""
    from doorstep.connectors.registry import connector

    vendor = connector("carrier", "seventeen_track")
    type(vendor).meta = replace(vendor.meta, batch=1, polls_per_minute=60_000_000)  # type: ignore[misc]


def plant(count: int) -> Any:
    """A carrier account with so many parcels on their way, written straight into the tables; returns its connection."""
    from doorstep.app import vault
    from tests.app import ledger as world

    account = world.ledger().carrier
    account.credentials_enc = vault.seal({"api_key": "loopback"})
    account.save()
    plant_more(account, 0, count)
    return account


def plant_more(account: Any, after: int, last: int) -> None:
    """Numbers from ``after`` to ``last``; nobody is asked about them before tomorrow."""
    from doorstep.app import clock
    from doorstep.db.models import Number, Parcel, ParcelNumber, Schedule, Watch

    ws, now, span = account.ws, clock.now(), (after + 1, last)
    ago = now - timedelta(days=2)
    norm = "'LX' || (10000000 + n) || '5CN'"
    _spread(Number(ws=ws, carrier="china_post"), span, id="n", text=norm, norm=norm, norm_reversed="'NC5' || n")
    _spread(Parcel(ws=ws, status="in_transit", status_since=ago, last_event_at=ago, handed_at=ago), span, id="n")
    _spread(ParcelNumber(ws=ws, role="platform", since=ago), span, parcel_id="n", number_id="n")
    mine = {"ws": ws, "connection_id": account.id}
    _spread(Watch(**mine, remote="registered"), span, number_id="n")
    _spread(Schedule(**mine, next_at=now + timedelta(days=1)), span, number_id="n")
    settle_down()


def settle_down() -> None:
    """Statistics as a database has them that has been running for a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _spread(row: Any, span: tuple[int, int], **said: str) -> None:
    """The same row again and again, some columns by an expression in ``n``."""
    from django.db import connection, models

    fields = [one for one in row._meta.concrete_fields if not isinstance(one, models.AutoField) or one.column in said]
    columns = ", ".join(f'"{one.column}"' for one in fields)
    values = ", ".join(said.get(one.column, "%s") for one in fields)
    given = [one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields if one.column not in said]
    series = {
        "postgresql": "generate_series({}, {}) AS n",
        "sqlite": "(WITH RECURSIVE up(n) AS (SELECT {} UNION ALL SELECT n + 1 FROM up WHERE n < {}) SELECT n FROM up)",
    }
    numbers = series[connection.vendor].format(*span)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {row._meta.db_table} ({columns}) SELECT {values} FROM {numbers}", given)  # noqa: S608


def make_due(account: Any, after: int, last: int) -> None:
    """Let the numbers from ``after`` to ``last`` be asked about now; all others rest."""
    from doorstep.app import clock
    from doorstep.db.models import Budget, Schedule

    mine = Schedule.objects.filter(ws=account.ws, connection_id=account.id)
    mine.filter(number_id__gt=after, number_id__lte=last).update(next_at=clock.now(), lease_until=0.0, lease_token=0)
    Budget.objects.update(ready_at=0.0, filled_at=0.0)


@contextlib.contextmanager
def vendor(port: int, changed: float) -> Iterator[None]:
    """The loopback vendor in a process of its own; so many of its answers say something new."""
    command = [sys.executable, "-m", "benchmarks.vendor", str(port), str(LATENCY_MS), str(changed)]
    process = subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port for the vendor."""
    for port in range(PORT_FROM, PORT_FROM + 500):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise SystemExit("No port is free.")


def server_seconds() -> float:
    """CPU seconds of all processes of our PostgreSQL so far; 0 where it is not on this machine, or SQLite."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    stats = {int(one.name): _stat(one / "stat") for one in Path("/proc").iterdir() if one.name.isdigit()}
    if backend not in stats or not stats[backend]:
        return 0.0
    postmaster = int(stats[backend][1])
    mine = [one for pid, one in stats.items() if one and (pid == postmaster or int(one[1]) == postmaster)]
    return sum(int(one[11]) + int(one[12]) for one in mine) / TICKS + _ended(stats[postmaster])


def _stat(path: Path) -> list[str]:
    """The fields after a process's name; [] when it is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ended(stat: list[str]) -> float:
    """What its children that have ended had spent."""
    return (int(stat[13]) + int(stat[14])) / TICKS
