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
ROUNDS, SECONDS, CONNECTIONS, CHUNK, MANY, PATIENCE_S = 3, 3.0, 8, 5000, 10_000, 30.0
READS_AIM, BULK_AIM, PAGE_AIM_MS, SEARCH_AIM_MS, P99_AIM_MS = 1500.0, 5000.0, 50.0, 100.0, 60.0


def main() -> None:
    """Measure, or be one of the parts."""
    if sys.argv[1:2] == ["fill"]:
        print(json.dumps(_fill(int(sys.argv[2]))))
        return
    if sys.argv[1:2] == ["understand"]:
        print(json.dumps(_understand()))
        return
    words = sys.argv[1:]
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

    call_command("migrate", verbosity=0)
    from doorstep.app import api_keys
    from tests.app import ledger as world

    one = world.ledger()
    orders = [id_ for at in range(0, count, CHUNK) for id_ in _chunk(one, at, min(CHUNK, count - at))]
    _, key = api_keys.make(one.ws, "benchmark", api_keys.SCOPES, 0, "cli")
    return {"key": key, "orders": random.Random(7).sample(orders, 1000), "parcels": count}


def _chunk(one: Any, first: int, count: int) -> list[int]:
    """So many orders with their parcels; returns the orders' ids."""
    from datetime import timedelta

    from django.db import transaction

    from doorstep.db import bulk
    from doorstep.db.models import Line, Number, Order, Parcel, ParcelLine, ParcelNumber
    from tests.app.ledger import START

    made: dict[Any, list[Any]] = {kind: [] for kind in (Order, Line, Number, Parcel, ParcelLine, ParcelNumber)}
    for n in range(first, first + count):
        at, text = START - timedelta(seconds=n), f"LX9{n % 1_000_000:06d}{n:07d}"
        base = {"ws": one.ws}
        order = Order(
            **base, store_id=one.store.id, external_id=str(n), number=str(n), placed_at=at, said_at=at, heard_at=at
        )
        number = Number(**base, text=text, norm=text, norm_reversed=text[::-1])
        parcel = Parcel(**base, status="in_transit")
        made[Order].append(order)
        made[Line].append(Line(**base, order_id=order.id, external_id=f"{n}-1", sku="LAMP", qty=1, said_at=at))
        made[Number].append(number)
        made[Parcel].append(parcel)
        made[ParcelLine].append(ParcelLine(**base, parcel_id=parcel.id, order_id=order.id, qty=1))
        made[ParcelNumber].append(
            ParcelNumber(**base, parcel_id=parcel.id, number_id=number.id, role="local", since=at)
        )
    with transaction.atomic():
        for rows in made.values():
            bulk.insert(rows)
    return [order.id for order in made[Order]]


def _understand() -> dict[str, float]:
    """How long the worker's reading takes, for half a minute at most: an inbox row is the orders or the numbers of 200
    parcels, so a parcel is half a row's two-hundredth.
    """
    import django

    django.setup()
    from doorstep.app.imports import TOGETHER
    from doorstep.app.understand import understand

    read, began = 0, time.perf_counter()
    while time.perf_counter() - began < PATIENCE_S and (count := understand(1)):
        read += count
    return {"parcels": read * TOGETHER / 2, "seconds": time.perf_counter() - began}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.settings")
    main()
