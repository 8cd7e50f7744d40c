"""An installation in a folder of its own, run by the real command: for tests that start, stop and kill it."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

COMMAND = [sys.executable, "-W", "ignore", "-m", "doorstep.cli"]


def free_port(start: int) -> int:
    for port in range(start, start + 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


class House:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.smtp = folder, free_port(18_600), free_port(18_700)
        self.running: list[subprocess.Popen[str]] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
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
