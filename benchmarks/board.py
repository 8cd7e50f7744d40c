"""What the order board costs: ``python -m benchmarks.board [ORDERS ...]`` (300, 10,000 and 1,000,000).

A workspace of so many orders, each with a parcel and a number: the first page, a page by a tab, a search by the
beginning and by the end of a number, and the tabs alone, as processor time of one process; floor: a constant view with
the same middleware. The rows are written straight into the tables, in the shape that the ledger gives them.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
SIZES, ROUNDS, AT_ONCE = (300, 10_000, 1_000_000), 9, 20_000
FIRST_AIM, SEARCH_AIM = 50.0, 100.0
STATES = ("placed", "partly_shipped", "shipped", "shipped", "delivered", "delivered", "delivered", "delivered")


def main() -> None:
    """Measure each size in a database of its own."""
    if sys.argv[1:2] == ["one"]:
        _measure(int(sys.argv[2]), Path(sys.argv[3]))
        return
    import subprocess

    for size in [int(one.replace(",", "")) for one in sys.argv[1:]] or SIZES:
        with tempfile.TemporaryDirectory() as home:
            subprocess.run([sys.executable, "-m", "benchmarks.board", "one", str(size), home], cwd=ROOT, check=True)


def _measure(size: int, home: Path) -> None:
    from benchmarks.report import report

    os.environ |= {"DOORSTEP_DATA": str(home), "DJANGO_SETTINGS_MODULE": "doorstep.settings", "DOORSTEP_LOG": "ERROR"}
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from benchmarks import serving

    serving.ORDERS = 1
    session = serving._fill()["session"]
    number = _grow(size)
    from django.conf import settings
    from django.test import Client

    client, bare = Client(HTTP_HOST="127.0.0.1"), Client(HTTP_HOST="127.0.0.1")
    client.cookies["sessionid"] = session
    assert settings.ROOT_URLCONF == "doorstep.urls"
    asked: dict[str, Callable[[], Any]] = {
        "floor": lambda: bare.get("/import/template.csv"),
        "first page": lambda: client.get("/"),
        "a page of a tab": lambda: client.get("/", {"tab": "in_transit"}),
        "search, beginning of a number": lambda: client.get("/", {"q": number[:7]}),
        "search, end of a number": lambda: client.get("/", {"q": number[-6:]}),
        "tabs": lambda: client.get("/tabs"),
    }
    for name, ask in asked.items():
        assert ask().status_code in {200, 302}, name
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, ask in asked.items():
            before = time.process_time()
            ask()
            times[name].append((time.process_time() - before) * 1000)
    floor = statistics.median(times.pop("floor"))
    for name, spent in times.items():
        took, aim = statistics.median(spent), SEARCH_AIM if name.startswith("search") else FIRST_AIM
        against = f"a constant view ({floor:.1f} ms); aim {aim:g} ms"
        report(f"board of {size:,}: {name}", took, "CPU ms", ratio=took / floor, against=against)


def _grow(size: int) -> str:
    """Add orders until there are so many; returns one of their tracking numbers."""
    from doorstep.app.ledger.search import name_keys, number_end
    from doorstep.db import bulk
    from doorstep.db.models import Number, Order, Parcel, ParcelLine, ParcelNumber, Person

    first = Order.objects.get()
    base, number = first.id + 1000, ""
    turned = name_keys("Ines Aroso")
    for begin in range(0, size - 1, AT_ONCE):
        made: dict[type, list[Any]] = {one: [] for one in (Person, Order, Parcel, ParcelLine, Number, ParcelNumber)}
        for n in range(begin, min(begin + AT_ONCE, size - 1)):
            of, state = base + n, STATES[n % len(STATES)]
            number = f"CJPKL{7_200_000_000 + n * 7919 % 1_000_000_007}YQ"
            made[Person].append(
                Person(id=of, ws=first.ws, name="Ines Aroso", name_key=turned[0], name_turned=turned[1])
            )
            made[Order].append(
                Order(
                    id=of, ws=first.ws, store_id=first.store_id, external_id=str(5000 + n), number=f"#{5000 + n}",
                    number_end=number_end(str(5000 + n)), state=state, person_id=of, said_at=first.said_at,
                    placed_at=first.placed_at, heard_at=first.heard_at, numbered=n % 50 > 0, pushed=n % 3 > 0,
                    moving=state == "shipped", attention=n % 97 == 0,
                )
            )  # fmt: skip
            made[Parcel].append(
                Parcel(id=of, ws=first.ws, status="delivered" if state == "delivered" else "in_transit")
            )
            made[ParcelLine].append(ParcelLine(ws=first.ws, parcel_id=of, order_id=of, qty=1))
            made[Number].append(
                Number(id=of, ws=first.ws, text=number, norm=number, norm_reversed=number[::-1], carrier="cjpacket")
            )
            held = ParcelNumber(ws=first.ws, parcel_id=of, number_id=of, role="local", since=first.placed_at)
            made[ParcelNumber].append(held)
        for rows in made.values():
            bulk.insert(rows)
    return number


if __name__ == "__main__":
    main()
