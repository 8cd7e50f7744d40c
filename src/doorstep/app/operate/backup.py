"""Copies of everything that is kept, made while Doorstep runs.

A backup is one tar file: the SQLite database, or every table of PostgreSQL as COPY writes it, all as of one instant;
the key, if that was asked for; and ``manifest.json`` with the checksum of each, which is written last: a file without
it is not whole. Members are compressed with zstd.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import zstandard
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from doorstep.app import clock, vault
from doorstep.core.message import Message, Value

FORMAT: Final = 1  # of the tar file; raised when an older Doorstep could not read a new one
MANIFEST: Final = "manifest.json"
DATABASE: Final = "doorstep.sqlite3.zst"  # SQLite: the whole file
KEY: Final = "key"
APPLIED: Final = "django_migrations"  # made again by migrating; not a part


class NotPossible(ValueError):
    """What was asked for cannot be done; nothing was changed. ``message`` says why."""

    def __init__(self, key: str, **values: Value) -> None:
        super().__init__(key)
        self.message = Message(id=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A member of the tar file. ``columns``: of a table of PostgreSQL, in the order in which its rows give them."""

    name: str
    sha256: str
    size: int
    columns: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table whose rows it holds."""
        return Path(self.name).stem.removesuffix(".copy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds. ``kind``: sqlite | postgresql. ``migrations``: [app, name] of all that were applied.
    ``key``: fingerprint of the key that opens its credentials; ``with_key``: the key itself is inside.
    """

    format: int
    doorstep: str
    taken_at: str
    kind: str
    migrations: tuple[tuple[str, str], ...]
    key: str
    with_key: bool
    parts: tuple[Part, ...]


def take(target: Path, *, with_key: bool) -> Manifest:
    """Write a backup to ``target`` (mode 0600), which appears whole or not at all. Raises NotPossible when something
    is there already.
    """
    if target.exists():
        raise NotPossible("backup.exists", file=str(target))
    if not target.parent.is_dir():
        raise NotPossible("backup.no_folder", folder=str(target.parent))
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".doorstep-backup-") as name:
        folder = Path(name)  # mode 0700
        with _instant():
            migrations = tuple(sorted(MigrationRecorder(connection).applied_migrations()))
            parts = (_file(folder),) if connection.vendor == "sqlite" else tuple(_tables(folder))
        if with_key:
            (folder / KEY).write_text("\n".join(vault.secrets()), encoding="utf-8")
            parts += (_part(folder / KEY),)
        manifest = Manifest(
            format=FORMAT,
            doorstep=version("doorstep"),
            taken_at=clock.now().isoformat(timespec="seconds"),
            kind=connection.vendor,
            migrations=migrations,
            key=fingerprint(settings.SECRET_KEY),
            with_key=with_key,
            parts=parts,
        )
        _pack(folder, manifest).rename(target)
    return manifest


def fingerprint(secret: str) -> str:
    """Tells keys apart without telling them."""
    return hashlib.sha256(b"doorstep key:" + secret.encode()).hexdigest()[:16]


@contextlib.contextmanager
def _instant() -> Iterator[None]:
    """PostgreSQL: everything read is as of one instant. SQLite copies its file so anyway, and nobody waits for it."""
    if connection.vendor == "sqlite":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _file(folder: Path) -> Part:
    """SQLite's own online copy, in one step: writers go on beside it."""
    plain, packed = folder / "doorstep.sqlite3", folder / DATABASE
    connection.ensure_connection()
    source: sqlite3.Connection = connection.connection
    with closing(sqlite3.connect(plain)) as copy:
        source.backup(copy)
    with plain.open("rb") as read, packed.open("wb") as write:
        zstandard.ZstdCompressor().copy_stream(read, write)
    plain.unlink()
    return _part(packed)


def _tables(folder: Path) -> Iterator[Part]:
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - {APPLIED}):
            columns = tuple(one.name for one in connection.introspection.get_table_description(cursor, table))
            path = folder / f"{table}.copy.zst"
            named = ", ".join(f'"{one}"' for one in columns)
            copy = f'COPY (SELECT {named} FROM "{table}") TO STDOUT'  # noqa: S608 - names from the catalogue
            packer = zstandard.ZstdCompressor()
            with path.open("wb") as file, packer.stream_writer(file) as packed, cursor.copy(copy) as rows:
                for block in rows:
                    packed.write(block)
            yield _part(path, columns)


def _part(path: Path, columns: tuple[str, ...] = ()) -> Part:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(name=path.name, sha256=digest, size=path.stat().st_size, columns=columns)


def _pack(folder: Path, manifest: Manifest) -> Path:
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    whole = folder / "whole.tar"
    whole.touch(mode=0o600)
    with whole.open("r+b") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name in (*(part.name for part in manifest.parts), MANIFEST):
                tar.add(folder / name, arcname=name)
                (folder / name).unlink()
        file.flush()
        os.fsync(file.fileno())
    return whole
