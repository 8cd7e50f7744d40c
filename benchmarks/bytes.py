"""What a parcel with eight scans takes, on disk and of the processor: ``python -m benchmarks.bytes [PARCELS]``.

Each parcel comes the whole road: an order of a shop, a purchase at a supplier, an answer of a carrier with eight scans.
Bytes are the growth of tables and their indexes from a small to a large ledger, after VACUUM, divided by the parcels
between; raw bodies, which go after a time, are apart. The peer of the bytes is the least that the eight scans alone
are as text (JSON without names); processor time counts our process, and on PostgreSQL the server's processes too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
FIRST, PARCELS, AT_ONCE = 300, 2000, 100
PARCEL = ("parcel", "parcelline", "parcelnumber", "number", "claim", "watch", "schedule", "scans")
BOUGHT = ("order", "line", "person", "purchase", "purchaseline", "change", "push", "outbox", "channelstate", "waiting")
STEPS = (
    ("InfoReceived", "Shipping label created"),
    ("InTransit_PickedUp", "Accepted at the post office"),
    ("InTransit_Departure", "Left the facility"),
    ("InTransit_Other", "Arrived at the sorting centre"),
    ("InTransit_CustomsProcessing", "Held by customs for inspection"),
    ("InTransit_CustomsReleased", "Released by customs"),
    ("InTransit_Arrival", "Arrived in the country of destination"),
    ("OutForDelivery_Other", "Out for delivery, courier 17"),
)


def main() -> None:
    """Measure both databases, one after the other."""
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
        return
    from benchmarks.report import report

    parcels = int(sys.argv[1]) if len(sys.argv) > 1 else PARCELS
    for kind, aim in (("sqlite", 1000), ("postgresql", 2000)):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.bytes", kind, str(parcels)],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
        size = found["bytes"]
        parcel, bought = (sum(size.get(name, 0) for name in names) for names in (PARCEL, BOUGHT))
        report(f"{kind}: parcel, 8 scans", parcel, "bytes", ratio=parcel / aim, against=f"the aim of {aim} bytes")
        scans_now = size["scans"]
        report(f"{kind}: its 8 scans", scans_now, "bytes", ratio=scans_now / found["text"], against="their text")
        report(f"{kind}: its order, purchase, changes", bought, "bytes")
        report(f"{kind}: its 3 raw answers", size["inbox"], "bytes")
        rest = found["emptied"]
        report(
            f"{kind}: the same, emptied", rest, "bytes", ratio=rest / size["inbox"], against="them with their bodies"
        )
        report(f"{kind}: archived scans", found["archived"], "bytes", ratio=found["archived"] / scans_now,
               against="scans in use")  # fmt: skip
        for name, micros in found["cpu"].items():
            report(f"{kind}: {name}", micros, "CPU us")
        print("  by table: " + ", ".join(f"{name} {count:.0f}" for name, count in sorted(size.items()) if count >= 1))


def measure(kind: str, parcels: int) -> None:
    """Fill one database and print what was measured as JSON."""
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
        from tests.app import ledger as world

        one = world.ledger()
        fill(one, 0, FIRST)
        before = sizes()
        cpu = {"a new parcel understood (3 answers)": costs(lambda: fill(one, FIRST, parcels)) / parcels}
        after = sizes()
        cpu["a known parcel's next scan understood"] = costs(lambda: news(one, 0, FIRST)) / FIRST
        size = {name: (after[name] - before.get(name, 0)) / parcels for name in after}
        found = {"bytes": size, "cpu": cpu, "text": text(), "archived": archived(one.ws)}
        print(json.dumps({**found, "emptied": emptied(one.ws) * 3}))


def fill(one: Any, begin: int, count: int) -> None:
    """So many parcels, a hundred at once."""
    from doorstep.app.inbox import keep
    from doorstep.app.reading.understand import understand
    from tests.app import ledger as world

    for first in range(begin, begin + count, AT_ONCE):
        rows = []
        for n in range(first, min(first + AT_ONCE, begin + count)):
            number = f"CJPKL{7160100000 + n}YQ"
            rows += [one.woo(world.woo(1000 + n)), one.cj(world.cj(f"26062{n:013}", str(1000 + n), number=number))]
            rows.append(one.track(world.track17(number, *scans())))
        keep(rows)
        while understand():
            pass


def news(one: Any, begin: int, count: int) -> None:
    """One more scan of so many parcels, a hundred at once."""
    from doorstep.app.inbox import keep
    from doorstep.app.reading.understand import understand
    from tests.app import ledger as world

    said = [*scans(), world.scan(5.9, "InTransit_Other", "On its way again")]
    for first in range(begin, begin + count, AT_ONCE):
        some = range(first, min(first + AT_ONCE, begin + count))
        keep([one.track(world.track17(f"CJPKL{7160100000 + n}YQ", *said)) for n in some])
        while understand():
            pass


def scans() -> list[tuple[str, str, str]]:
    from tests.app.ledger import scan

    return [scan(3.2 + place / 3, sub, said) for place, (sub, said) in enumerate(STEPS)]


def text() -> int:
    """The scans as the least text that still says everything."""
    return len(json.dumps([[*one, "Porto"] for one in scans()], separators=(",", ":")))


def costs(work: Callable[[], object]) -> float:
    """Processor time of our process and of the database server, in microseconds."""
    before = time.process_time() + server()
    work()
    return (time.process_time() + server() - before) * 1e6


def server() -> float:
    """Processor seconds of all of PostgreSQL's processes so far; 0 on SQLite, which works in ours."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    postmaster = stat(Path(f"/proc/{pid}"))[1]
    ticks = sum(int(one[11]) + int(one[12]) for one in map(stat, Path("/proc").glob("[0-9]*")) if one[1] == postmaster)
    return ticks / os.sysconf("SC_CLK_TCK")


def stat(folder: Path) -> Sequence[str]:
    """The fields of ``/proc/<pid>/stat`` after the name: state, parent ..."""
    try:
        return (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:  # it has just ended
        return ["", "", *"0" * 20]


def sizes() -> dict[str, int]:
    """Bytes of each table of the ledger with its indexes, after VACUUM."""
    from django.apps import apps
    from django.db import connection

    tables = {model._meta.db_table: model.__name__.lower() for model in apps.get_app_config("doorstep").get_models()}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute(
                "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
            )
            found = dict(cursor.fetchall())
        else:
            cursor.execute("VACUUM (FULL, ANALYZE)")
            found = {}
            for table in tables:
                cursor.execute("SELECT pg_total_relation_size(%s)", [table])
                (found[table],) = cursor.fetchone()
    return {name: int(found.get(table, 0)) for table, name in tables.items()}


def archived(ws: int) -> float:
    """Bytes of a parcel's scans once they are packed, the row around them included."""
    from doorstep.app import clock
    from doorstep.app.ledger import archive
    from doorstep.db.models import Archived, Parcel, Schedule

    Schedule.objects.all().delete()  # closed parcels are not asked about
    empty = sizes()["archived"]
    Parcel.objects.filter(ws=ws).update(closed_at=clock.now() - timedelta(days=400))
    while archive.pack(ws, clock.now() - timedelta(days=365)):
        pass
    return (sizes()["archived"] - empty) / max(1, Archived.objects.count())


def emptied(ws: int) -> float:
    """Bytes of a raw answer's row once its body has been emptied."""
    from doorstep.app.ledger import retention
    from doorstep.db.models import Inbox

    retention.empty(ws, list(Inbox.objects.filter(ws=ws).values_list("id", flat=True)))
    return sizes()["inbox"] / Inbox.objects.count()


if __name__ == "__main__":
    main()
