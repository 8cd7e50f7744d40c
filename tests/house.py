"""An installation in a folder of its own, run by the real command: for tests that start, stop and kill it."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

PORTS = range(16_000, 18_000)  # below those that the system hands out by itself
COMMAND = [sys.executable, "-W", "ignore", "-m", "doorstep.cli"]


def free_port() -> int:
    """A port that nobody listens on. Drawn: tests beside this one would find the same first free one."""
    for _ in range(200):
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


class House:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path, *, counted: bool = False) -> None:
        """``counted``: coverage is measured in its processes too, which makes each start twice as slow."""
        self.folder, self.port, self.smtp = folder, free_port(), free_port()
        self.running: list[subprocess.Popen[str]] = []
        apart = ("DOORSTEP_",) if counted else ("DOORSTEP_", "COVERAGE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
        kept.pop("DATABASE_URL", None)
        self.env = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "doorstep.settings",
            "DOORSTEP_DATA": str(folder),
            "DOORSTEP_PORT": str(self.port),
            "DOORSTEP_SMTP_PORT": str(self.smtp),
        }

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = {**self.env, **more}
        return subprocess.run([*COMMAND, *words], env=env, capture_output=True, text=True, timeout=100, check=False)

    def up(self) -> subprocess.Popen[str]:
        """Start, and wait until it says that it is up."""
        process = subprocess.Popen(
            [*COMMAND, "up"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.running.append(process)
        assert process.stdout is not None
        assert f"http://127.0.0.1:{self.port}" in process.stdout.readline()
        return process

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.wait(10)
            assert process.stdout is not None
            process.stdout.close()
