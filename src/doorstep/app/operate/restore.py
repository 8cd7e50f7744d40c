"""Puts a backup (``app.operate.backup``) back. Everything is checked before anything is changed."""

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec
import zstandard
from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from doorstep.app import clock, vault
from doorstep.app.operate import keyfile
from doorstep.app.operate.backup import (
    APPLIED,
    DATABASE,
    FORMAT,
    KEY,
    MANIFEST,
    Manifest,
    NotPossible,
    Part,
    fingerprint,
)
from doorstep.db.models import User, Workspace

BLOCK: Final = 1 << 18
PATIENCE: Final = "10s"  # for others to let go of the tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What came of it. ``aside``: where the database and the key that were here lie now. ``key``: restored |
    same (the key that is here opens it) | other (it does not) | environment (DOORSTEP_SECRET goes before the file).
    """

    manifest: Manifest
    aside: tuple[Path, ...]
    key: str


def restore(file: Path, *, force: bool) -> Restored:
    """Put the backup in the place of the database of this installation, which nobody else may be using. Raises
    NotPossible, and changes nothing then: when the file is damaged, was made by a newer Doorstep or from another kind
    of database, or when there are data here and ``force`` was not said.
    """
    with _opened(file) as (tar, manifest):
        _check_version(manifest)
        if manifest.kind != connection.vendor:
            raise NotPossible("backup.other_kind", kind=manifest.kind, here=connection.vendor)
        empty = _empty()
        if not empty and not force:
            raise NotPossible("backup.not_empty")
        aside = _into_sqlite(tar, empty=empty) if manifest.kind == "sqlite" else _into_postgres(tar, manifest)
        moved, key = _put_key(tar, manifest)
    return Restored(manifest=manifest, aside=aside + moved, key=key)


def look(file: Path) -> Manifest:
    """The manifest of a backup whose every part is as it was written. Raises NotPossible."""
    with _opened(file) as (_, manifest):
        return manifest


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    try:
        tar = tarfile.open(file)  # noqa: SIM115 - closed below
    except (OSError, tarfile.TarError) as problem:
        raise NotPossible("backup.unreadable", file=str(file), problem=str(problem)) from None
    with tar:
        yield tar, _checked(tar, file)


def _checked(tar: tarfile.TarFile, file: Path) -> Manifest:
    try:
        said = json.loads(_member(tar, MANIFEST).read())
        if said["format"] > FORMAT:
            raise NotPossible("backup.too_new", doorstep=said["doorstep"])
        manifest = msgspec.convert(said, Manifest)
        broken = [part.name for part in manifest.parts if _digest(_member(tar, part.name)) != part.sha256]
    except (KeyError, ValueError, tarfile.TarError, OSError) as problem:
        if isinstance(problem, NotPossible):
            raise
        raise NotPossible("backup.unreadable", file=str(file), problem="it is not a whole backup") from None
    if broken:
        raise NotPossible("backup.damaged", file=str(file), part=broken[0])
    return manifest


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _digest(file: IO[bytes]) -> str:
    with file:
        digest = hashlib.sha256()
        while block := file.read(BLOCK):
            digest.update(block)
        return digest.hexdigest()


def _check_version(manifest: Manifest) -> None:
    known = {app for app, _ in _known()}
    newer = [name for app, name in manifest.migrations if app in known and (app, name) not in _known()]
    if newer:
        raise NotPossible("backup.too_new", doorstep=manifest.doorstep)


def _known() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def _empty() -> bool:
    """Whether nobody has ever worked in the database that is here."""
    if Workspace._meta.db_table not in connection.introspection.table_names():
        return True
    return not Workspace.objects.exists() and not User.objects.exists()


def _into_sqlite(tar: tarfile.TarFile, *, empty: bool) -> tuple[Path, ...]:
    place = Path(connection.settings_dict["NAME"])
    draft = place.with_name(f".{place.name}.restored")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with _member(tar, DATABASE) as packed, draft.open("wb") as plain:
        zstandard.ZstdDecompressor().copy_stream(packed, plain)
    with closing(sqlite3.connect(draft)) as copy:
        (sound,) = copy.execute("PRAGMA integrity_check").fetchone()
    if sound != "ok":
        draft.unlink()
        raise NotPossible("backup.damaged", file=str(tar.name), part=DATABASE)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connections.close_all()
    aside = () if empty else (_aside(place),)
    for end in ("-wal", "-shm"):
        place.with_name(place.name + end).unlink(missing_ok=True)
    draft.replace(place)
    return aside


def _aside(path: Path) -> Path:
    """Move a file into ``backups/``; nothing is thrown away."""
    folder = Path(settings.DATA_DIR) / "backups"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    moved = folder / f"{clock.now():%Y%m%dT%H%M%S.%f}Z-before-restore-{path.name}"
    shutil.move(path, moved)
    return moved


def _into_postgres(tar: tarfile.TarFile, manifest: Manifest) -> tuple[Path, ...]:
    """In one transaction: what was here is gone only when everything of the backup is there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        models = apps.get_models(include_auto_created=True)
        ours = {model._meta.db_table for model in models} | {APPLIED}
        here = sorted(ours & set(connection.introspection.table_names(cursor)))
        if here:
            cursor.execute(f"DROP TABLE {', '.join(here)} CASCADE")
        executor = MigrationExecutor(connection)
        executor.migrate([one for one in _last(manifest) if one in executor.loader.graph.nodes])
        for part in manifest.parts:
            if part.columns:
                _load(tar, part)
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    return ()


def _last(manifest: Manifest) -> list[tuple[str, str]]:
    """Of each app the newest migration: those that no other applied one follows."""
    graph, applied = MigrationLoader(None).graph, set(manifest.migrations)
    return sorted(
        one
        for one in applied & set(graph.nodes)
        if not any(child.key in applied for child in graph.node_map[one].children)
    )


def _load(tar: tarfile.TarFile, part: Part) -> None:
    columns = ", ".join(f'"{one}"' for one in part.columns)
    copy = f'COPY "{part.table}" ({columns}) FROM STDIN'
    plain = zstandard.ZstdDecompressor().stream_reader(_member(tar, part.name))
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        while block := plain.read(BLOCK):
            rows.write(block)


def _put_key(tar: tarfile.TarFile, manifest: Manifest) -> tuple[tuple[Path, ...], str]:
    """Put the key of the backup in its place, if it is inside and another one than the one that is here."""
    if manifest.key in map(fingerprint, vault.secrets()):
        return (), "same"
    if not manifest.with_key:
        return (), "other"
    place = Path(settings.DATA_DIR) / "key"
    if not place.exists() or keyfile.read(place)[:1] != (str(settings.SECRET_KEY),):
        return (), "environment"
    aside = _aside(place)
    place.touch(mode=0o600)
    with _member(tar, KEY) as inside:
        place.write_bytes(inside.read())
    return (aside,), "restored"
