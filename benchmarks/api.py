"""The API of one process in a big workspace: ``python -m benchmarks.api [PARCELS] [sqlite|postgresql]``.

A workspace of so many parcels (100,000), each with an order, a line and a number. Pressed at eight connections, in
turns: one order, the first page of parcels, the same page unchanged (ETag), numbers by their end and by their
beginning; floor: a constant Django view without middleware behind the same bridge. Then 10,000 new parcels in one call:
until its answer, and what the worker needs to bring them to the ledger; floor: the same body echoed by the bare server.
"""

import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.load import Pressed, pack, press

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROUNDS, SECONDS, CONNECTIONS, MANY, PATIENCE_S = 3, 3.0, 8, 10_000, 30.0
READS_AIM, BULK_AIM, PAGE_AIM_MS, SEARCH_AIM_MS, P99_AIM_MS = 1500.0, 5000.0, 50.0, 100.0, 60.0


def main() -> None:
    """Measure, or be one of the parts."""
    if sys.argv[1:2] == ["fill"]:
        print(json.dumps(_fill(int(sys.argv[2]))))
        return
    if sys.argv[1:2] == ["understand"]:
        print(json.dumps(_understand()))
        return
    words = [{"postgres": "postgresql"}.get(one, one) for one in sys.argv[1:]]
    parcels = next((int(one) for one in words if one.isdecimal()), 100_000)
    for kind in [one for one in words if not one.isdecimal()] or ["sqlite"]:
        with tempfile.TemporaryDirectory() as home:
            _measure(kind, Path(home), parcels)


def _measure(kind: str, home: Path, parcels: int) -> None:
    from benchmarks.report import report
    from benchmarks.serving import _environment, _running
    from tests.e2e.product import free_ports

    env = _environment(kind, home) | {"DOORSTEP_API_PER_MINUTE": "10000000"}
    made = _part(env, "fill", str(parcels))
    ports = dict(zip(("page", "constant", "echo"), free_ports(3), strict=True))
    with ExitStack() as stack:
        pids = {name: stack.enter_context(_running(name, port, env, home)) for name, port in ports.items()}
        files = _requests(home, made, ports["page"])
        found, micros = _pressed(files, ports, pids)
        floor, least = (statistics.median(one) for one in ([x.rate for x in found["constant"]], micros["constant"]))
        for name in [one for one in files if one != "constant"]:
            rate, cost = statistics.median(one.rate for one in found[name]), statistics.median(micros[name])
            report(f"{kind}: {name}", rate, "1/s", ratio=rate / floor, against=f"constant ({floor:,.0f}/s)")
            report(f"{kind}: {name}, of the process", cost, "CPU us", ratio=cost / least, against=f"{least:.0f} us")
            aim = {"order": P99_AIM_MS, "parcels": PAGE_AIM_MS}.get(name, SEARCH_AIM_MS)
            wait = statistics.median(one.p99 for one in found[name])
            report(
                f"{kind}: {name}, p99 at {CONNECTIONS} connections", wait, "ms", ratio=wait / aim, against=f"{aim:g} ms"
            )
            statuses = {status for one in found[name] for status in one.statuses}
            if statuses - {"200", "304"}:
                print(f"  not only 200: {statuses}")
        _bulk(kind, made, ports, report)
    done = _part(env, "understand")
    report(f"{kind}: new parcels brought to the ledger", done["parcels"] / done["seconds"], "1/s")


def _pressed(
    files: dict[str, Path], ports: dict[str, int], pids: dict[str, int]
) -> tuple[dict[str, list[Pressed]], dict[str, list[float]]]:
    """What came of pressing on everything in turns, and processor time of a request in microseconds."""
    from benchmarks.serving import _spent

    found: dict[str, list[Pressed]] = {name: [] for name in files}
    micros: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(ROUNDS):
        for name, file in files.items():
            whose = "constant" if name == "constant" else "page"
            before = _spent(pids[whose])
            one = press(ports[whose], CONNECTIONS, SECONDS, file)
            found[name].append(one)
            micros[name].append((_spent(pids[whose]) - before) / max(1.0, one.rate * SECONDS) * 1e6)
    return found, micros


def _bulk(kind: str, made: dict[str, Any], ports: dict[str, int], report: Any) -> None:
    """New parcels in one call; of three calls the middle one."""
    rates, floors = [], []
    for n in range(ROUNDS):
        rows = [
            {"number": f"YT{2_500_000_000_000_000 + n * MANY + at}", "reference": f"PO-{n}-{at}"} for at in range(MANY)
        ]
        body = json.dumps({"parcels": rows}).encode()
        floors.append(MANY / _sent(ports["echo"], made["key"], body)[0])
        spent, status, answer = _sent(ports["page"], made["key"], body)
        assert (status, answer["new"]) == (202, MANY), answer
        rates.append(MANY / spent)
    rate, floor = statistics.median(rates), statistics.median(floors)
    report(
        f"{kind}: new parcels answered, {MANY} a call",
        rate,
        "1/s",
        ratio=rate / floor,
        against=f"echo ({floor:,.0f}/s)",
    )
    report(f"{kind}: the same", rate, "1/s", ratio=rate / BULK_AIM, against=f"the aim of {BULK_AIM:,.0f}/s")


def _sent(port: int, key: str, body: bytes) -> tuple[float, int, Any]:
    """Seconds until the whole answer, its status and what it says."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    line.request("POST", "/api/v1/parcels/bulk", body, headers)
    answer = line.getresponse()
    said = answer.read()
    spent = time.perf_counter() - began
    line.close()
    return spent, answer.status, json.loads(said) if said.startswith(b"{") else None


def _requests(home: Path, made: dict[str, Any], port: int) -> dict[str, Path]:
    """Prepared requests by what they ask for."""
    draw = random.Random(7)
    key = f"Authorization: Bearer {made['key']}\r\n"
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", "/api/v1/parcels", headers={"Authorization": f"Bearer {made['key']}"})
    answer = line.getresponse()
    answer.read()
    tag = f"If-None-Match: {answer.headers['ETag']}\r\n"
    line.close()
    ends = [f"{draw.randrange(made['parcels']):06d}" for _ in range(300)]
    asked = {
        "order": [(f"/orders/{one}", key) for one in draw.sample(made["orders"], 300)],
        "parcels": [("/parcels", key)],
        "parcels unchanged": [("/parcels", key + tag)],
        "numbers by their end": [(f"/numbers?ends_with={one}", key) for one in ends],
        "numbers by their beginning": [(f"/numbers?starts_with=LX9{one}", key) for one in ends],
    }
    made_of = {name: [_get(f"/api/v1{path}", said) for path, said in some] for name, some in asked.items()}
    made_of["constant"] = [_get("/", "")]
    files = {name: home / f"{name.replace(' ', '-')}.requests" for name in made_of}
    for name, content in made_of.items():
        files[name].write_bytes(pack(content))
    return files


def _get(path: str, said: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}Connection: keep-alive\r\n\r\n".encode()


def _part(env: dict[str, str], *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.api", *words],
        env=env,
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _fill(count: int) -> dict[str, Any]:
    """A workspace of so many parcels, and a key to it."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from doorstep.app.api import api_keys
    from tests.app import ledger as world

    one, began = world.ledger(), time.perf_counter()
    first = _first(one)
    for rows, each in _each(connection.vendor).items():
        _multiply(rows, count - 1, each)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"  filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    _, key = api_keys.make(one.ws, "benchmark", api_keys.SCOPES, 0, "cli")
    draw = random.Random(7)
    return {"key": key, "orders": [first + draw.randrange(count) for _ in range(1000)], "parcels": count}


def _first(one: Any) -> int:
    """One order with its line, parcel and number, by which all others are made; returns the order's id."""
    from doorstep.db import bulk
    from doorstep.db.models import Line, Number, Order, Parcel, ParcelLine, ParcelNumber
    from tests.app.ledger import START

    base, text = {"ws": one.ws}, f"LX9{0:013d}"
    said = {"said_at": START, "heard_at": START, "placed_at": START, "external_id": "0", "number": "0"}
    order = Order(**base, store_id=one.store.id, **said)
    number = Number(**base, text=text, norm=text, norm_reversed=text[::-1])
    parcel = Parcel(**base, status="in_transit")
    line = Line(**base, order_id=order.id, external_id="0-1", sku="LAMP", qty=1, said_at=START)
    held = ParcelNumber(**base, parcel_id=parcel.id, number_id=number.id, role="local", since=START)
    of = ParcelLine(**base, parcel_id=parcel.id, order_id=order.id, qty=1)
    for row in (order, line, number, parcel, of, held):
        bulk.insert([row])
    return int(order.id)


def _each(vendor: str) -> dict[Any, dict[str, str]]:
    """By table what differs from row to row beside the ids, as SQL of its number ``n``."""
    from doorstep.db.models import Line, Number, Order, Parcel, ParcelLine, ParcelNumber

    text, turned = "printf('LX9%06d%07d', n % 1000000, n)", "turned(printf('LX9%06d%07d', n % 1000000, n))"
    number, earlier = "CAST(n AS text)", "datetime(placed_at, '-' || n || ' seconds')"
    if vendor == "postgresql":
        text = "'LX9' || lpad((n % 1000000)::text, 6, '0') || lpad(n::text, 7, '0')"
        turned, earlier = f"reverse({text})", "placed_at - n * interval '1 second'"
    return {
        Order: {"external_id": number, "number": number, "placed_at": earlier},
        Line: {"external_id": f"{number} || '-1'"},
        Number: {"text": text, "norm": text, "norm_reversed": turned},
        Parcel: {},
        ParcelLine: {},
        ParcelNumber: {},
    }


def _multiply(model: Any, count: int, each: dict[str, str]) -> None:
    """So many rows more like the only one, made by the database itself in one statement. Ids rise in step in all
    tables, so that the rows belong together.
    """
    from django.db import connection, models

    fields = [one.column for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    ids = {"id", "order_id", "parcel_id", "number_id"}
    said = ", ".join(each.get(name) or (f'"{name}" + n' if name in ids else f'"{name}"') for name in fields)
    names, table = ", ".join(f'"{name}"' for name in fields), f'"{model._meta.db_table}"'
    counted = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"  # noqa: S608 - ours
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            connection.connection.create_function("turned", 1, lambda text: text[::-1])
        cursor.execute(f"INSERT INTO {table} ({names}) {counted} SELECT {said} FROM s, {table}")  # noqa: S608 - ours


def _understand() -> dict[str, float]:
    """How long the worker's reading takes, for half a minute at most: an inbox row is the orders or the numbers of 200
    parcels, so a parcel is half a row's two-hundredth.
    """
    import django

    django.setup()
    from doorstep.app.reading.understand import understand
    from doorstep.app.receive.imports import TOGETHER

    read, began = 0, time.perf_counter()
    while time.perf_counter() - began < PATIENCE_S and (count := understand(1)):
        read += count
    return {"parcels": read * TOGETHER / 2, "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
    main()
