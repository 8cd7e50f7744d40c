"""``make demo``: a fresh Doorstep in ``.demo`` beside a living world, both in one fast time. Ctrl-C stops everything.

Only the command line and the control door are used: what happens here is what a person would do by hand.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sandbox import aggregator, store, supplier
from sandbox.mailer import AUTHSERV_ID

RATE: Final = 7200  # a day in twelve seconds
EMAIL, PASSWORD = "demo@example.org", "demo-doorstep"
HOME: Final = Path(".demo")
FIRST_PORT: Final = 8800  # control, store, supplier, aggregator, vendors
# Beside the WooCommerce shop. The other marketplaces ask a person first, on pages that this world does not have.
LATER: Final = ("shopify", "amazon", "paypal")
CHANNELS: Final = "woocommerce,shopify,amazon"
BIN: Final = Path(sys.executable).parent


def main() -> int:
    """Run the demo until Ctrl-C. Exit code 1 with a sentence when it cannot start."""
    web, smtp = int(os.environ.get("PORT", "8000")), 8025
    busy = [port for port in (web, smtp, *range(FIRST_PORT, FIRST_PORT + 5)) if _taken(port)]
    if busy:
        way = "PORT=8001 make demo puts the console elsewhere." if busy[0] == web else "Stop what listens there."
        sys.stderr.write(f"Port {busy[0]} is in use. {way}\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        return _demo(web, smtp)
    except KeyboardInterrupt:
        _tell("\nStopped. The next make demo begins anew.")
        return 0


def _demo(web: int, smtp: int) -> int:
    _tell("Making a fresh Doorstep in .demo; what an earlier demo left there goes ...")
    shutil.rmtree(HOME, ignore_errors=True)
    os.environ.update(_environment(web, smtp))
    _doorstep("migrate")
    _doorstep("user", "add", EMAIL, "--password", PASSWORD, "--workspace", "Demo shop")
    address = _doorstep("connect", "supplier", "mail")["address"]
    os.environ["DOORSTEP_CLOCK"] = f"{datetime.now(UTC).isoformat(timespec='milliseconds')}@{RATE}"
    _tell("Starting the world: shops, a supplier, carriers, a sender of mails ...")
    with _world(smtp, address):
        vendors = _control("vendors")["vendors"]
        os.environ["DOORSTEP_HOST_MAP"] = _host_map(vendors)
        _tell("Connecting the first shop, its supplier and a carrier ...")
        _connect()
        with _running([str(BIN / "doorstep"), "up"]) as up:
            _wait_for(web, up)
            if up.poll() is None:
                _say(web)
                _connect_later(up, vendors)
            return up.wait()


def _environment(web: int, smtp: int) -> dict[str, str]:
    return {
        "DOORSTEP_DEMO": "1",
        "DOORSTEP_LOG": "error",
        "DOORSTEP_DATA": str(HOME),
        "DOORSTEP_ALLOW_HOSTS": ",".join(f"127.0.0.1:{FIRST_PORT + n}" for n in range(1, 5)),
        "DOORSTEP_AUTHSERV_IDS": AUTHSERV_ID,
        "DOORSTEP_PORT": str(web),
        "DOORSTEP_SMTP_PORT": str(smtp),
        "DOORSTEP_PUBLIC_URL": f"http://127.0.0.1:{web}",
    }


def _connect() -> None:
    """What a merchant does in the console first."""
    shop = f"base_url=http://127.0.0.1:{FIRST_PORT + 1}"
    _doorstep("connect", "store", "woocommerce", shop, f"consumer_key={store.KEY}", f"consumer_secret={store.SECRET}")
    _doorstep("connect", "supplier", "cjdropshipping", f"api_key={supplier.API_KEY}")
    carrier = _doorstep("connect", "carrier", "seventeen_track", f"api_key={aggregator.KEY}")
    _control("push-address", {"url": carrier["hook"]})


def _connect_later(up: subprocess.Popen[bytes], vendors: dict[str, Any]) -> None:
    """The other channels, while the console is open already."""
    for name in LATER:
        if up.poll() is None:
            keys = vendors[name]["keys"].items()
            with suppress(SystemExit):  # the demo goes on without it; why has been said
                _doorstep("connect", vendors[name]["kind"], name, *(f"{field}={text}" for field, text in keys))


def _host_map(vendors: dict[str, Any]) -> str:
    places = {"developers.cjdropshipping.com": FIRST_PORT + 2, "api.17track.net": FIRST_PORT + 3}
    places |= {host: FIRST_PORT + 4 for one in vendors.values() for host in one["hosts"]}
    return ",".join(f"{host}=127.0.0.1:{port}" for host, port in places.items())


def _say(web: int) -> None:
    lines = (
        "",
        f"  Console    http://127.0.0.1:{web}      log in with {EMAIL} and {PASSWORD}",
        f"  The world  http://127.0.0.1:{FIRST_PORT}/control/state   (a day lasts {86400 // RATE} seconds)",
        "  Orders come from WooCommerce, soon from Shopify and Amazon too; numbers follow, parcels move.",
        "  Open an order and its page link. Ctrl-C stops everything.",
        "",
    )
    _tell("\n".join(lines))


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _doorstep(*words: str) -> dict[str, Any]:
    """Run one command; its answer."""
    command = [str(BIN / "doorstep"), *words, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    if done.returncode:
        sys.stderr.write(f"doorstep {' '.join(words[:3])} failed:\n{done.stdout}{done.stderr}\n")
        raise SystemExit(1)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _control(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """A call to the control door: with ``body`` a POST."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{FIRST_PORT}/control/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the address is ours
        said: dict[str, Any] = json.load(answer)
    return said


@contextmanager
def _world(smtp: int, address: str) -> Iterator[None]:
    words = ["--port", str(FIRST_PORT), "--smtp", f"127.0.0.1:{smtp}", "--mail-to", address]
    words += ["--channels", CHANNELS, "--quiet"]
    with _running([sys.executable, "-m", "sandbox", *words]) as world:
        _wait_for(FIRST_PORT + 4, world)
        yield


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until it is open, at most a minute; not for a process that has ended."""
    for _ in range(1200):
        if _taken(port) or process.poll() is not None:
            return
        time.sleep(0.05)


@contextmanager
def _running(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own group (Ctrl-C reaches us only); stopped when the block ends."""
    process = subprocess.Popen(words, start_new_session=True)  # noqa: S603 - our own commands
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    raise SystemExit(main())
