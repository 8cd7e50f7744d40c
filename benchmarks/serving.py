"""Deliveries and pages a second of one process: ``python -m benchmarks.serving [sqlite|postgresql]``.

Deliveries: signed order webhooks of 2 kB, every one new, accepted when they are stored durably, at 64 connections;
floor: a bare ASGI application on the same server that reads the body and answers. Pages at 32 connections: shoppers'
pages of 300 orders with a parcel of eight scans, mostly drawn anew; twenty of them, looked at again and again; and the
board; floor: a constant Django view behind the same bridge. All servers are pressed in turns.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.load import Pressed, get, pack, post, press

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROUNDS, SECONDS, CONNECTIONS, VISITORS = 3, 4.0, 64, 32
ORDERS, DELIVERIES = 300, 40_000
HOOKS_AIM, ECHO_AIM, PAGES_AIM, P99_AIM = 4000.0, 0.2, 1500.0, 60.0


def main() -> None:
    """Measure both databases, or the one that is named."""
    if sys.argv[1:2] == ["serve"]:
        _serve(sys.argv[2], int(sys.argv[3]))
        return
    for kind in sys.argv[1:] or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as home:
            _measure(kind, Path(home))


def _measure(kind: str, home: Path) -> None:
    from benchmarks.report import report
    from tests.e2e.product import free_ports

    env = _environment(kind, home)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving", "serve", "fill", "0"], env=env, cwd=ROOT, check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    made = json.loads(done.stdout.splitlines()[-1])
    files = _requests(home, made)
    ports = dict(zip(("deliveries", "echo", "page", "constant"), free_ports(4), strict=True))
    found: dict[str, list[Pressed]] = {name: [] for name in files}
    micros: dict[str, list[float]] = {name: [] for name in files}
    whose = {name: "page" if name in {"board", "again"} else name for name in files}
    with ExitStack() as stack:
        pids = {name: stack.enter_context(_running(name, port, env, home)) for name, port in ports.items()}
        ports["board"] = ports["again"] = ports["page"]
        for _ in range(ROUNDS):
            for name, file in files.items():
                before = _spent(pids[whose[name]])
                at_once = CONNECTIONS if name in {"deliveries", "echo"} else VISITORS
                one = press(ports[name], at_once, SECONDS, file)
                found[name].append(one)
                micros[name].append((_spent(pids[whose[name]]) - before) / max(1.0, one.rate * SECONDS) * 1e6)
        memory = {name: _resident(pid) for name, pid in pids.items()}
    compared = {"deliveries": "echo", "page": "constant", "again": "constant", "board": "constant"}
    for name, against in compared.items():
        rate, floor = (statistics.median(one.rate for one in found[which]) for which in (name, against))
        report(f"{kind}: {name} a second", rate, "1/s", ratio=rate / floor, against=f"{against} ({floor:,.0f}/s)")
        cost, least = (statistics.median(micros[which]) for which in (name, against))
        report(
            f"{kind}: {name}, of the process", cost, "CPU us", ratio=cost / least, against=f"{against} ({least:.0f})"
        )
        for share in ("p50", "p99"):
            wait = statistics.median(getattr(one, share) for one in found[name])
            report(f"{kind}: {name} {share}", wait, "ms", ratio=wait / P99_AIM, against=f"{P99_AIM:g} ms")
        statuses = {status for one in found[name] for status in one.statuses}
        if statuses != {"200"}:
            print(f"  not only 200: {[one.statuses for one in found[name]]}")
    report(f"{kind}: memory of the hooks process", memory["deliveries"], "MB")


def _environment(kind: str, home: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env |= {"DOORSTEP_DATA": str(home), "DJANGO_SETTINGS_MODULE": "doorstep.settings", "DOORSTEP_LOG": "ERROR"}
    if kind == "postgresql":
        from tests import postgres

        env["DATABASE_URL"] = postgres.start()
    return env


def _requests(home: Path, made: dict[str, Any]) -> dict[str, Path]:
    """Prepared requests by what they press on."""
    from doorstep.connectors.signing import hmac_base64

    def delivery(n: int) -> bytes:
        body = json.dumps(
            {**made["order"], "id": 10_000_000 + n, "number": str(n), "customer_note": "x" * 700}
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": "order.updated",
            "X-WC-Webhook-Delivery-ID": f"d{n}",
            "X-WC-Webhook-Source": "https://shop.example/",
            "X-WC-Webhook-Signature": hmac_base64(made["secret"], body),
        }
        return post(made["hook"], headers, body)

    deliveries = pack(delivery(n) for n in range(DELIVERIES))
    made_of = {
        "deliveries": deliveries,
        "echo": deliveries,
        "page": pack(get(path) for path in made["pages"]),
        "again": pack(get(path) for path in made["pages"][:20]),
        "board": pack([get("/", f"sessionid={made['session']}")]),
        "constant": pack([get("/")]),
    }
    files = {name: home / f"{name}.requests" for name in made_of}
    for name, content in made_of.items():
        files[name].write_bytes(content)
    return files


@contextmanager
def _running(name: str, port: int, env: dict[str, str], home: Path) -> Iterator[int]:
    words = [sys.executable, "-m", "benchmarks.serving", "serve", name, str(port)]
    data = env | {"DOORSTEP_PORT": str(port)}
    with (home / f"{name}.log").open("ab") as out:
        process = subprocess.Popen(words, env=data, cwd=ROOT, stdout=subprocess.PIPE, stderr=out)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"ready"), (home / f"{name}.log").read_text()
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _resident(pid: int) -> float:
    """Resident memory in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _spent(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _serve(name: str, port: int) -> None:
    """One of the processes: our hooks or pages on their own, a bare echo, a constant view; or fill the database."""
    import django
    from django.conf import settings

    django.setup()
    if name == "constant":
        settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    if name == "fill":
        print(json.dumps(_fill()))
        return
    from django.core.wsgi import get_wsgi_application

    from doorstep.app.process import serve
    from doorstep.app.process.bridge import Bridge

    here = serve.Place(url="", public_url="")
    if name in {"echo", "constant"}:
        serve._root = lambda _: _echo if name == "echo" else Bridge(get_wsgi_application())  # type: ignore[assignment]
    parts: serve.Parts = frozenset({"hooks"}) if name in {"deliveries", "echo"} else frozenset({"pages"})
    with serve._listen("127.0.0.1", port) as listener:
        serve.end(serve._run(parts, listener, serve._nothing, here, lambda _: print("ready", flush=True)))


async def _echo(_scope: object, receive: Any, send: Any) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def _constant(_request: object) -> Any:
    from django.http import HttpResponse

    return HttpResponse(b"ok", headers={"Content-Length": "2"})


def __getattr__(name: str) -> Any:
    """The constant view's addresses, made when Django asks for them."""
    if name == "urlpatterns":
        from django.urls import path

        return [path("", _constant)]
    raise AttributeError(name)


def _fill() -> dict[str, Any]:
    """Orders with a parcel of eight scans; returns where their pages are, and the way in for hooks and the owner."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from benchmarks.bytes import fill
    from doorstep.app import doors, vault
    from doorstep.db.models import Order, User
    from tests.app import ledger as world

    one = world.ledger()
    fill(one, 0, ORDERS)
    pages = [doors.page_url(one.ws, order.id) for order in Order.objects.filter(ws=one.ws)]
    one.store.credentials_enc = vault.seal({"consumer_key": "k", "consumer_secret": "s", "hook_secret": "secret"})
    one.store.save()
    user = User.objects.first()
    assert user is not None
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = (
        str(user.pk),
        "allauth.account.auth_backends.AuthenticationBackend",
    )
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {
        "pages": ["/t/" + page.rpartition("/t/")[2] for page in pages],
        "order": world.woo(1),
        "hook": "/hooks/" + doors.hook_url(one.store).rpartition("/hooks/")[2],
        "secret": "secret",
        "session": session.session_key,
    }


if __name__ == "__main__":
    main()
