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
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sandbox import aggregator, store, supplier
from sandbox.mailer import AUTHSERV_ID

RATE: Final = 7200  # a day in twelve seconds
EMAIL, PASSWORD = "demo@example.org", "demo-doorstep"
HOME: Final = Path(".demo")
FIRST_PORT: Final = 8800  # control, store, supplier, aggregator, marketplaces
BIN: Final = Path(sys.executable).parent


def main() -> int:
    """Run the demo until Ctrl-C. Exit code 1 with a sentence when it cannot start."""
    web, smtp = int(os.environ.get("PORT", "8000")), 8025
    busy = [port for port in (web, smtp, *range(FIRST_PORT, FIRST_PORT + 5)) if _taken(port)]
    if busy:
        sys.stderr.write(f"Port {busy[0]} is in use. Stop what listens there; PORT=8001 make demo moves the console.\n")
        return 1
    shutil.rmtree(HOME, ignore_errors=True)
    os.environ.update(_environment(web, smtp))
    _doorstep("migrate")
    _doorstep("user", "add", EMAIL, "--password", PASSWORD, "--workspace", "Demo shop")
    address = _doorstep("connect", "supplier", "mail")["address"]
    os.environ["DOORSTEP_CLOCK"] = f"{datetime.now(UTC).isoformat(timespec='milliseconds')}@{RATE}"
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        with _world(smtp, address):
            _connect()
            _tell(web)
            with _running([str(BIN / "doorstep"), "up"]) as up:
                return up.wait()
    except KeyboardInterrupt:
        return 0


def _environment(web: int, smtp: int) -> dict[str, str]:
    vendors = {"developers.cjdropshipping.com": FIRST_PORT + 2, "api.17track.net": FIRST_PORT + 3}
    return {
        "DOORSTEP_DEMO": "1",
        "DOORSTEP_LOG": "error",
        "DOORSTEP_DATA": str(HOME),
        "DOORSTEP_HOST_MAP": ",".join(f"{host}=127.0.0.1:{port}" for host, port in vendors.items()),
        "DOORSTEP_ALLOW_HOSTS": ",".join(f"127.0.0.1:{FIRST_PORT + n}" for n in range(1, 4)),
        "DOORSTEP_AUTHSERV_IDS": AUTHSERV_ID,
        "DOORSTEP_PORT": str(web),
        "DOORSTEP_SMTP_PORT": str(smtp),
        "DOORSTEP_PUBLIC_URL": f"http://127.0.0.1:{web}",
    }


def _connect() -> None:
    """What a merchant does in the console."""
    shop = f"base_url=http://127.0.0.1:{FIRST_PORT + 1}"
    _doorstep("connect", "store", "woocommerce", shop, f"consumer_key={store.KEY}", f"consumer_secret={store.SECRET}")
    _doorstep("connect", "supplier", "cjdropshipping", f"api_key={supplier.API_KEY}")
    carrier = _doorstep("connect", "carrier", "seventeen_track", f"api_key={aggregator.KEY}")
    _control("push-address", {"url": carrier["hook"]})


def _tell(web: int) -> None:
    lines = (
        "",
        f"  Console    http://127.0.0.1:{web}      log in with {EMAIL} and {PASSWORD}",
        f"  The world  http://127.0.0.1:{FIRST_PORT}/control/state   (a day lasts {86400 // RATE} seconds)",
        "  Orders arrive, numbers follow, parcels move. Open an order and its page link. Ctrl-C stops everything.",
        "",
    )
    sys.stdout.write("\n".join(lines) + "\n")
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


def _control(path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{FIRST_PORT}/control/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - the address is ours
        pass


@contextmanager
def _world(smtp: int, address: str) -> Iterator[None]:
    words = ["--port", str(FIRST_PORT), "--smtp", f"127.0.0.1:{smtp}", "--mail-to", address, "--quiet"]
    with _running([sys.executable, "-m", "sandbox", *words]) as world:
        for _ in range(200):
            if _taken(FIRST_PORT + 3) or world.poll() is not None:
                break
            time.sleep(0.05)
        yield


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
