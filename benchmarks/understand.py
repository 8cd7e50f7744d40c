"""How many answers of carriers a second become ledger, changes and outbox: ``python -m benchmarks.understand``.

The numbers are known (an order, a purchase). ``eight``: each answer tells eight scans, all new. ``one``: the same
scans and one more, the usual case. ``mixed``: orders, purchases and first answers together. Bodies are in the vendors'
shapes, everything is durable (SQLite with synchronous=FULL), batches are as in the worker. Beside it: only storing the
same rows in the inbox, and the database's own ceiling, the answers' scans as rows by COPY (SQLite: executemany), a
transaction a hundred answers. Processor time is of our process, and on PostgreSQL of the server's too.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROUNDS, NUMBERS, AT_ONCE = 3, 400, 100
Scan = tuple[str, str, str]


def main() -> None:
    """Measure both databases, one after the other."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    from benchmarks.report import report

    for kind in ("sqlite", "postgresql"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.understand", kind],
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        for mode in ("eight", "one", "mixed"):
            rate, micros, stored = (found[f"{mode}_{what}"] for what in ("rate", "cpu", "stored"))
            report(f"{kind}: {mode}, understood", rate, "rows/s", ratio=rate / stored, against="only storing them")
            report(f"{kind}: {mode}, understood", micros, "CPU us")
        for mode in ("eight", "one"):
            rate, ceiling = found[f"{mode}_rate"], found[f"{mode}_ceiling"]
            report(
                f"{kind}: {mode}, beside the ceiling", ceiling, "rows/s", ratio=rate / ceiling, against="the ceiling"
            )


def measure(kind: str) -> dict[str, float]:
    """Medians over the rounds, in one database."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DOORSTEP_DATA": home, "DJANGO_SETTINGS_MODULE": "doorstep.settings", "DOORSTEP_LOG": "ERROR"}
        os.environ.pop("DATABASE_URL", None)
        if kind == "postgresql":
            from tests import postgres

            os.environ["DATABASE_URL"] = postgres.start()
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        rounds = [one_round(n) for n in range(ROUNDS)]
    return {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}


def one_round(turn: int) -> dict[str, float]:
    """All modes once, in a workspace of their own."""
    from benchmarks.bytes import scans
    from tests.app import ledger as world

    one = world.ledger(email=f"{turn}@example.org")
    numbers = [f"CJPKL{7160100000 + n}YQ" for n in range(NUMBERS)]
    eight = scans()
    nine = [*eight, world.scan(5.9, "InTransit_Other", "On its way again")]
    mixed = [row for n in range(NUMBERS, NUMBERS + AT_ONCE) for row in (*bought(one, n), track(one, n, eight[:1]))]
    found = timed("mixed", mixed)
    timed("known", [row for n in range(NUMBERS) for row in bought(one, n)])
    found |= timed("eight", [one.track(world.track17(number, *eight)) for number in numbers])
    found |= timed("one", [one.track(world.track17(number, *nine)) for number in numbers])
    return found | {"eight_ceiling": ceiling(eight), "one_ceiling": ceiling(nine[-1:])}


def bought(one: Any, n: int) -> list[Any]:
    """An order and its purchase, which gives the number."""
    from tests.app import ledger as world

    number = f"CJPKL{7160100000 + n}YQ"
    return [one.woo(world.woo(1000 + n)), one.cj(world.cj(f"26062{n:013}", str(1000 + n), number=number))]


def track(one: Any, n: int, scans: Sequence[Scan]) -> Any:
    from tests.app import ledger as world

    return one.track(world.track17(f"CJPKL{7160100000 + n}YQ", *scans))


def timed(mode: str, rows: Sequence[Any]) -> dict[str, float]:
    """Rows a second stored and understood, and the processor's microseconds for understanding one."""
    from benchmarks.bytes import costs
    from doorstep.app.inbox import keep
    from doorstep.app.reading.understand import understand

    def all_of_them() -> None:
        while understand():
            pass

    storing = seconds(lambda: [keep(rows[at : at + AT_ONCE]) for at in range(0, len(rows), AT_ONCE)])
    took = 0.0

    def work() -> None:
        nonlocal took
        took = seconds(all_of_them)

    micros = costs(work) / len(rows)
    return {f"{mode}_stored": len(rows) / storing, f"{mode}_rate": len(rows) / took, f"{mode}_cpu": micros}


def ceiling(scans: Sequence[Scan]) -> float:
    """Answers a second whose scans the database takes as rows, without looking at them."""
    from django.db import connection, transaction

    rows = [(1, n, place, *scan, "Porto") for n in range(NUMBERS) for place, scan in enumerate(scans)]
    batch = AT_ONCE * len(scans)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute(
            "CREATE TABLE bare (ws bigint, number bigint, place integer, at text, code text, said text, town text,"
            " PRIMARY KEY (ws, number, place))"
        )

    def work() -> None:
        for at in range(0, len(rows), batch):
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "sqlite":
                    cursor.executemany("INSERT INTO bare VALUES (%s, %s, %s, %s, %s, %s, %s)", rows[at : at + batch])
                    continue
                with cursor.copy("COPY bare FROM STDIN") as copy:
                    for row in rows[at : at + batch]:
                        copy.write_row(row)

    return NUMBERS / seconds(work)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
