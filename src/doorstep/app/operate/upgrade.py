"""Brings the database to the version of the code: a copy first, then the migrations. An older code is refused."""

import contextlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from doorstep.app import clock
from doorstep.app.operate import backup
from doorstep.core.message import Message, Value
from doorstep.db import queries

LABEL = "doorstep"


class CannotUpgrade(Exception):
    """The database was left as it was; ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


class TooNew(CannotUpgrade):
    """The database was migrated by a newer Doorstep."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("doctor.database_too_new", newest=names[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the database still lacks (``missing``), and what it has that this code does not know (``unknown``)."""

    fresh: bool
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def standing() -> Standing:
    """Compare the migrations of all apps with those applied; ``unknown`` looks at Doorstep's own only."""
    loader = MigrationLoader(connection)
    applied, known = set(loader.applied_migrations), set(loader.disk_migrations)
    installed = {key for key in loader.graph.nodes if key[0] in loader.migrated_apps}
    return Standing(
        fresh=not applied,
        missing=tuple(sorted(f"{app}.{name}" for app, name in installed - applied)),
        unknown=tuple(sorted(name for app, name in applied - known if app == LABEL)),
    )


def upgrade() -> tuple[int, Path | None]:
    """Apply what is missing; returns how many migrations that were and where the copy from before lies: None for a
    fresh database, and where DOORSTEP_UPGRADE_COPY is 0. Of several processes on one PostgreSQL one does it, the others
    wait. Raises CannotUpgrade, and changes nothing then.
    """
    with queries.one_at_a_time(LABEL):
        return _upgrade()


def _upgrade() -> tuple[int, Path | None]:
    now = standing()
    if now.unknown:
        raise TooNew(list(now.unknown))
    if not now.missing:
        return 0, None
    copy = None if now.fresh or not settings.UPGRADE_COPY else back_up()
    call_command("migrate", interactive=False, verbosity=0)
    return len(now.missing), copy


def told(count: int, copy: str) -> Message | None:
    """What a person should know of an upgrade of so many migrations; None = nothing."""
    if copy:
        return Message(id="upgrade.copied", values={"file": copy})
    return None if not count or settings.UPGRADE_COPY else Message(id="upgrade.not_copied")


def back_up() -> Path:
    """Copy the database, also while it is in use, into ``backups/`` in the data folder (mode 0600): SQLite's as the
    file that it is, PostgreSQL's as ``doorstep backup`` writes it. Raises CannotUpgrade when there is no room.
    """
    folder = Path(settings.DATA_DIR) / "backups"
    end = "sqlite3" if connection.vendor == "sqlite" else "tar"
    target = folder / f"doorstep-{clock.now():%Y%m%dT%H%M%S.%f}Z.{end}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if connection.vendor == "sqlite":
            _copy_file(target)
        else:
            backup.take(target, with_key=False)
    except (OSError, sqlite3.Error) as problem:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        raise CannotUpgrade("upgrade.copy_failed", folder=str(folder), problem=str(problem)) from None
    return target


def _copy_file(target: Path) -> None:
    target.touch(mode=0o600)
    connection.ensure_connection()
    source: sqlite3.Connection = connection.connection
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
