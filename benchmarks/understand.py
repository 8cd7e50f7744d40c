"""How many inbox rows a second become ledger and outbox: ``python -m benchmarks.understand``.

Rows: store orders, purchases with numbers, carrier answers, in the vendors' shapes, understood in batches, SQLite with
synchronous=FULL. Floor: only storing the same rows, one durable transaction each, in the same run. Rounds interleave.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROUNDS, ORDERS = 3, 60
sys.path.insert(0, str(Path(__file__).parents[1]))


def main() -> None:
    """Print rows per second with and without understanding, and the ratio."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DOORSTEP_DATA": home, "DJANGO_SETTINGS_MODULE": "doorstep.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        rates: dict[str, list[float]] = {"stored": [], "understood": []}
        for _ in range(ROUNDS):
            for name, found in _round().items():
                rates[name].append(found)
    stored, understood = (statistics.median(rates[name]) for name in ("stored", "understood"))
    print(f"stored: {stored:.0f} rows/s; understood: {understood:.0f} rows/s; ratio {understood / stored:.3f}")


def _round() -> dict[str, float]:
    from doorstep.app.inbox import keep
    from doorstep.app.understand import understand
    from tests.app import ledger as world

    one = world.ledger(email=f"{time.time_ns()}@example.org")
    rows = []
    for n in range(ORDERS):
        number = f"CJPKL{7160100000 + n}YQ"
        rows.append(one.woo(world.woo(1000 + n)))
        rows.append(one.cj(world.cj(f"26062{n:013}", str(1000 + n), number=number)))
        rows.append(one.track(world.track17(number, world.scan(4, "InTransit_PickedUp", "Accepted"))))
    started = time.perf_counter()
    for row in rows:
        keep([row])
    stored = time.perf_counter()
    while understand():
        pass
    done = time.perf_counter()
    return {"stored": len(rows) / (stored - started), "understood": len(rows) / (done - stored)}


if __name__ == "__main__":
    main()
