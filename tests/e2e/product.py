"""A real Doorstep and a living world as processes: what end-to-end, chaos and browser tests start.

with town(tmp_path) as here:
    here.connect_shop()
    here.product.start()
    case = here.world.place(journey="smooth", route="api")
    wait_until("the push", lambda: here.world.pushes(), here.product)
"""

import functools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from sandbox import aggregator, store, supplier
from sandbox.mailer import AUTHSERV_ID
from tests import postgres

T = TypeVar("T")
ROOT: Final = Path(__file__).resolve().parents[2]
BIN: Final = Path(sys.executable).parent
EMAIL, PASSWORD = "owner@e2e.example", "a-lantern-at-the-door"
CARRIER: Final = ("connect", "carrier", "seventeen_track", f"api_key={aggregator.KEY}")
RATE: Final = 7200  # a day in twelve seconds, as in the demo
_KEPT: Final = tempfile.TemporaryDirectory(prefix="doorstep-installed-")  # by name; removed when this process ends
_addresses: Final[dict[str, str]] = {}
WORKER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS: Final = (range(20_000, 32_768))[WORKER % 4 :: 4]  # two workers never try the same one


class Program:
    """A command in a process group of its own, its output in a file; it may be started again after it has ended."""

    def __init__(
        self, words: Sequence[str | Path], env: Mapping[str, str], log: Path, ready: str, place: Path = ROOT
    ) -> None:
        self.words, self.env, self.log, self.folder, self._ready = words, dict(env), log, place, ready
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0  # where the output of the running one begins

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it, and wait for nothing."""
        with self.log.open("ab") as out:
            self._began = out.tell()
            self._process = subprocess.Popen(
                self.words, env=self.env, cwd=self.folder, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def ready(self) -> bool:
        """Whether it lives and has written the line that says it is ready."""
        if not self.alive:
            return False
        with self.log.open("rb") as log:
            log.seek(self._began)
            return self._ready.encode() in log.read()

    def start(self, seconds: float = 90) -> None:
        """Start it, and wait until it is ready."""
        self.launch()
        wait_until("its start", lambda: self.ready, self, seconds=seconds, every=0.05)

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end, and wait until it has; what does not obey is killed. Returns its exit code."""
        if self._process is None:
            return 0
        if self.alive:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()
        return self._process.returncode

    def kill(self) -> None:
        """``kill -9`` for it and everything it has started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def tail(self, lines: int = 40) -> str:
        """The last words of its output."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return f"--- {self.log.name} ---\n" + "\n".join(text.splitlines()[-lines:])


class Product(Program):
    """Doorstep with a data directory of its own. ``url`` is where its pages are, once it has started."""

    def __init__(self, home: Path, world: "World", *, database: str = "", allow: Sequence[str] = ()) -> None:
        web, self.smtp = free_ports(2)
        self.url = f"http://127.0.0.1:{web}"
        own = {
            "DOORSTEP_DEMO": "1",
            "DOORSTEP_DATA": str(home / "data"),
            "DOORSTEP_HOST_MAP": world.host_map,
            "DOORSTEP_ALLOW_HOSTS": ",".join((*world.hosts, *allow)),
            "DOORSTEP_AUTHSERV_IDS": AUTHSERV_ID,
            "DOORSTEP_PORT": str(web),
            "DOORSTEP_SMTP_PORT": str(self.smtp),
            "DOORSTEP_PUBLIC_URL": self.url,
        }
        env = environment() | own | ({"DATABASE_URL": database} if database else {})
        (home / "data").mkdir(parents=True)
        super().__init__([BIN / "doorstep", "up", "--json"], env, home / "up.log", ready='{"url": ')

    def install(self, name: str) -> str:
        """What a new owner does first; returns the forwarding address of the mailbox. On SQLite it is done once for
        each name: the next ones get a copy of the files, in a tenth of the time.
        """
        if "DATABASE_URL" in self.env:
            return self._install(name)
        kept = Path(_KEPT.name) / name
        if kept.exists():
            shutil.copytree(kept, self.env["DOORSTEP_DATA"], dirs_exist_ok=True)
        else:
            _addresses[name] = self._install(name)
            shutil.copytree(self.env["DOORSTEP_DATA"], kept)
        return _addresses[name]

    def _install(self, name: str) -> str:
        owner = ("user", "add", EMAIL, "--password", PASSWORD, "--workspace", name)
        return str(self.commands(owner, ("connect", "supplier", "mail"))[-1]["address"])

    def command(self, *words: str) -> dict[str, Any]:
        """The answer of a command. On SQLite those that write need the product stopped."""
        return self._answers([BIN / "doorstep", *words, "--json"])[-1]

    def commands(self, *several: Sequence[str]) -> list[dict[str, Any]]:
        """The answers of several commands, one after another in one process."""
        answers = self._answers([sys.executable, "-m", "tests.e2e.several", json.dumps(several)])
        assert len(answers) == len(several), answers
        return answers

    def _answers(self, words: Sequence[str | Path]) -> list[dict[str, Any]]:
        done = subprocess.run(words, env=self.env, cwd=ROOT, check=False, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{' '.join(map(str, words))}:\n{done.stdout}{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def errors(self) -> list[str]:
        """What it has logged as an error."""
        return [line for line in self.log.read_text(encoding="utf-8").splitlines() if '"level": "error"' in line]

    def clock(self, rate: float = RATE) -> str:
        """From now on its time runs so fast; returns DOORSTEP_CLOCK for the world to run in the same."""
        self.env["DOORSTEP_CLOCK"] = f"{datetime.now(UTC).isoformat(timespec='milliseconds')}@{rate}"
        return self.env["DOORSTEP_CLOCK"]


class World(Program):
    """The sandbox without orders of its own; ``place`` makes them."""

    def __init__(self, home: Path, *, seed: int = 1) -> None:
        self.ports = free_ports(4)  # control, store, supplier, aggregator
        words = ["--ports", ",".join(map(str, self.ports)), "--seed", str(seed), "--idle"]
        super().__init__(
            [sys.executable, "-m", "sandbox", *words], environment(), home / "world.log", ready="sandbox control="
        )

    @property
    def shop(self) -> str:
        """The address of the WooCommerce shop."""
        return f"http://127.0.0.1:{self.ports[1]}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What the product must be allowed to call."""
        return tuple(f"127.0.0.1:{port}" for port in self.ports[1:])

    @property
    def host_map(self) -> str:
        """Which vendors are found here."""
        vendors = {"developers.cjdropshipping.com": self.hosts[1], "api.17track.net": self.hosts[2]}
        return ",".join(f"{host}={place}" for host, place in vendors.items())

    def control(self, path: str, body: Mapping[str, Any] | None = None, method: str = "") -> dict[str, Any]:
        """A call to the control door: with ``body`` a POST, otherwise a GET."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[0]}/control/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method or None,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            said: dict[str, Any] = json.load(answer)
        return said

    def place(self, **wanted: Any) -> dict[str, Any]:
        """A buyer orders (journey, route, authentic, layout, days_ago); returns the script of what will happen."""
        return self.control("orders", wanted)

    def pushes(self) -> dict[str, list[tuple[str, int]]]:
        """By order: the numbers that the shop was given, and how often."""
        given: dict[str, list[tuple[str, int]]] = {}
        for row in self.control("pushes")["fulfillments"]:
            given.setdefault(row["order"], []).append((row["number"], row["posts"]))
        return given


class Visitor:
    """Somebody with a browser and no account. Pages are returned as they come; HTTPError is raised for 4xx and 5xx."""

    def __init__(self, product: Product) -> None:
        self._url, self._cookies = product.url, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def get(self, path: str) -> str:
        """A page."""
        return self._text(urllib.request.Request(self._url + path))  # noqa: S310 - loopback

    def post(self, path: str, **form: str) -> str:
        """Press a button; returns the page that follows."""
        token = next((one.value or "" for one in self._cookies if one.name == "csrftoken"), "")
        data = urlencode({**form, "csrfmiddlewaretoken": token}).encode()
        return self._text(urllib.request.Request(self._url + path, data=data, headers={"Referer": self._url + path}))  # noqa: S310 - loopback

    def resync(self, page: str) -> str:
        """Have the carrier of the first parcel on a shopper's page asked; returns the page that follows."""
        found = re.search(r'name="parcel" value="(\d+)"', self.get(page))
        assert found, f"nothing to ask about on {page}"
        return self.post(f"{page}/resync", parcel=found[1])

    def _text(self, request: urllib.request.Request) -> str:
        with self._opener.open(request, timeout=30) as answer:
            text: str = answer.read().decode()
        return text


class Console(Visitor):
    """The owner, logged in."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self.get("/accounts/login/")
        self.post("/accounts/login/", login=EMAIL, password=PASSWORD)

    def order(self, number: str) -> str:
        """The path of an order's screen, found by its number; '' while Doorstep does not know it."""
        found = re.search(r'href="(/orders/\d+)"', self.get(f"/?q={quote(number)}"))
        return found[1] if found else ""

    def page(self, order: str) -> str:
        """The shopper's path of an order (``/t/...``), made if there is none."""
        screen = self.post(f"{order}/page", do="make")
        found = re.search(r'"http://[^/"]+(/t/[\w-]+)"', screen)
        assert found, f"no page link on {order}"
        return found[1]


class Town:
    """A product and a world that belong together. Nothing runs and nobody is connected yet."""

    def __init__(
        self, home: Path, *, database: str = "", allow: Sequence[str] = (), seed: int = 1, name: str = "E2E"
    ) -> None:
        self.world = World(home, seed=seed)
        self.product = Product(home, self.world, database=database, allow=allow)
        self.address = self.product.install(name)
        self.world.words = [
            *self.world.words,
            "--smtp",
            f"127.0.0.1:{self.product.smtp}",
            "--mail-to",
            self.address,
            "--member",
            EMAIL,
        ]

    def open(self, rate: float = RATE) -> None:
        """Time begins and the world starts; the product can be connected to it now."""
        self.world.env["DOORSTEP_CLOCK"] = self.product.clock(rate)
        self.world.start()

    def connect_shop(self) -> None:
        """Connect the shop, its supplier and the tracking service, as a merchant would."""
        keys = (f"consumer_key={store.KEY}", f"consumer_secret={store.SECRET}")
        shop = ("connect", "store", "woocommerce", f"base_url={self.world.shop}", *keys)
        source = ("connect", "supplier", "cjdropshipping", f"api_key={supplier.API_KEY}")
        self._be_called(self.product.commands(shop, source, CARRIER)[-1])

    def connect_carrier(self) -> None:
        """Connect the tracking service both ways: we ask it, and it calls us."""
        self._be_called(self.product.command(*CARRIER))

    def _be_called(self, made: Mapping[str, Any]) -> None:
        self.world.control("push-address", {"url": made["hook"]})

    def close(self) -> None:
        """Stop both."""
        self.product.stop()
        self.world.stop()


@contextmanager
def town(
    home: Path,
    *,
    rate: float = RATE,
    database: str = "",
    allow: Sequence[str] = (),
    seed: int = 1,
    name: str = "E2E",
) -> Iterator[Town]:
    """A town whose world runs; everything is stopped at the end."""
    here = Town(home, database=database, allow=allow, seed=seed, name=name)
    try:
        here.open(rate)
        yield here
    finally:
        here.close()


def wait_until(
    what: str, look: Callable[[], T | None], *programs: Program, seconds: float = 60, every: float = 0.25
) -> T:
    """The first true thing that ``look`` finds. Fails with ``what`` and the last words of the programs when it takes
    longer than ``seconds``, or at once when one of them has died. An OSError of ``look`` (nobody there) is no answer.
    """
    end, problem = time.monotonic() + seconds, ""
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except OSError as error:
            problem = f" (last: {error!r})"
        if any(not one.alive for one in programs):
            problem += " (a process has ended)"
            break
        time.sleep(every)
    last = "\n".join(one.tail() for one in programs)
    raise AssertionError(f"waited {seconds:g} s for {what}{problem}\n{last}")


def free_ports(count: int) -> tuple[int, ...]:
    """So many different ports that nobody listens on."""
    held: list[socket.socket] = []
    try:
        for _ in range(200):
            one = socket.socket()
            held.append(one)
            with suppress(OSError):
                one.bind(("127.0.0.1", secrets.choice(PORTS)))
            ports = [found.getsockname()[1] for found in held]
            if sum(port > 0 for port in ports) == count:
                return tuple(port for port in ports if port)
    finally:
        for one in held:
            one.close()
    raise AssertionError("no free ports")


def environment() -> dict[str, str]:
    """This process's environment without any installation's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOORSTEP_", "DJANGO_"))}
    kept.pop("DATABASE_URL", None)
    return kept


def new_database() -> str:
    """The address of an empty PostgreSQL database."""
    import psycopg

    server = _server()
    name = f"doorstep_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")  # a name of our own making
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@functools.cache
def _server() -> str:
    return os.environ.get("DATABASE_URL") or postgres.start()
