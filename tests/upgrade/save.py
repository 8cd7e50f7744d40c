"""Saves a small database for the tests of later releases: ``python -m tests.upgrade.save 1.0`` writes
``tests/upgrade/1.0.sqlite.zst``. Done once with every release, by its code; what it holds is made by the tests' ledger.
"""

import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import django
import zstandard

HERE = Path(__file__).parent


def fill() -> None:
    """A small life: an order, its purchase, a number, scans, a push that is due, and the audit trail."""
    from doorstep.app import audit
    from tests.app.ledger import CJP, cj, ledger, scan, track17, woo

    one = ledger(email="alice@example.org")
    one.hears(one.woo(woo()), one.cj(cj()), one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"))))
    audit.record(one.ws, "user:1", "order.note", "order:1")


def save(target: Path) -> Path:
    """Write the database that the environment names, which is made first, to ``target``."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    fill()
    plain = Path(settings.DATA_DIR) / "saved.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(plain)) as copy:
        connection.connection.backup(copy)
    target.write_bytes(zstandard.compress(plain.read_bytes(), 19))
    return target


def main() -> None:
    """See above."""
    version = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(DOORSTEP_DATA=folder, DJANGO_SETTINGS_MODULE="doorstep.settings")
        os.environ.pop("DATABASE_URL", None)
        django.setup()
        made = save(HERE / f"{version}.sqlite.zst" if "/" not in version else Path(version))
    sys.stdout.write(f"{made}: {made.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
