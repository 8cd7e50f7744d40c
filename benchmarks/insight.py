"""What insight costs: ``python -m benchmarks.insight [PARCELS] [sqlite|postgresql ...]`` (100,000; both).

A workspace of so many parcels of the last year, six in seven delivered, on 60 lanes: all figures made anew (they are
kept for ten minutes), and the page with figures that are kept. Floor of the first: the same rows fetched as they are,
without a thought; of the second: a constant view with the same middleware. The database's own work is in the elapsed
time, so that is what is told.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PARCELS, ROUNDS, AT_ONCE = 100_000, 5, 10_000
CARRIERS, ENDS = ("usps", "china_post", "dhl", "yanwen", "cainiao"), ("US", "DE", "PT", "FR", "GB", "BR")


def main() -> None:
    """Measure each database in a process of its own."""
    if sys.argv[1:2] == ["one"]:
        _measure(int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
        return
    said = sys.argv[1:]
    parcels = int(said.pop(0).replace(",", "")) if said and said[0][0].isdigit() else PARCELS
    for kind in said or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as home:
            told = [sys.executable, "-m", "benchmarks.insight", "one", str(parcels), kind, home]
            subprocess.run(told, cwd=ROOT, check=True)


def _measure(parcels: int, kind: str, home: Path) -> None:
    from benchmarks.report import report

    os.environ |= {"DOORSTEP_DATA": str(home), "DJANGO_SETTINGS_MODULE": "doorstep.settings", "DOORSTEP_LOG": "ERROR"}
    os.environ.pop("DATABASE_URL", None)
    if kind == "postgresql":
        from tests import postgres

        os.environ["DATABASE_URL"] = postgres.start()
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    from benchmarks import serving
    from doorstep.app import clock
    from doorstep.app.figures import insight, insight_rows
    from doorstep.app.figures.insight_rows import Asked
    from doorstep.db.models import Order

    serving.ORDERS = 1
    client, bare = Client(HTTP_HOST="127.0.0.1"), Client(HTTP_HOST="127.0.0.1")
    client.cookies["sessionid"] = serving._fill()["session"]
    ws, now, asked = Order.objects.get().ws, clock.now(), Asked(days=365)
    _grow(ws, parcels)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    todo = {
        "rows": lambda: insight_rows.fetched(ws, asked, now),
        "figures made": lambda: insight._made(ws, asked, now),
        "constant": lambda: bare.get("/import/template.csv"),
        "page, figures kept": lambda: client.get("/insight?days=365"),
    }
    assert client.get("/insight?days=365").status_code == 200
    times: dict[str, list[float]] = {name: [] for name in todo}
    for _ in range(ROUNDS):
        for name, do in todo.items():
            began = time.perf_counter()
            do()
            times[name].append((time.perf_counter() - began) * 1000)
    took = {name: statistics.median(some) for name, some in times.items()}
    for name, floor in (("figures made", "rows"), ("page, figures kept", "constant")):
        against = f"{floor} alone ({took[floor]:.0f} ms)"
        report(
            f"insight, {kind}, {parcels:,} parcels: {name}",
            took[name],
            "ms",
            ratio=took[name] / took[floor],
            against=against,
        )


def _grow(ws: int, parcels: int) -> None:
    from doorstep.app import clock
    from tests.app.insight_parcels import Sent, send

    roll, now = random.Random(7), clock.now()
    for begin in range(0, parcels, AT_ONCE):
        some = []
        for at in range(begin, min(begin + AT_ONCE, parcels)):
            ago, took = roll.uniform(0, 360), roll.lognormvariate(2.2, 0.4)
            lane = {"carrier": roll.choice(CARRIERS), "destination": roll.choice(ENDS), "supplier": 1 + at % 4}
            lane["origin"] = roll.choice(("CN", "PL"))
            some.append(Sent(ago=ago, took=took if took < ago and at % 7 else None, **lane))
        send(ws, now, some)


if __name__ == "__main__":
    main()
