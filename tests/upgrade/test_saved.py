"""Databases of earlier releases are upgraded: a copy first, everything still there, and no way back by accident.

A release is saved by ``python -m tests.upgrade.save <version>``. Beside those that are there, one that this code has
just made is upgraded by a Doorstep that is one additive migration ahead.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from tests.house import House
from tests.postgres import start

HERE = Path(__file__).parent
RELEASES = sorted(HERE.glob("*.sqlite.zst"))
NEWER = {"DJANGO_SETTINGS_MODULE": "tests.upgrade.newer"}
TABLES = ("workspace", "order", "purchase", "parcel", "push", "outbox", "inbox", "change")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def just_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as this code saves it."""
    target = tmp_path_factory.mktemp("saved") / "present.sqlite.zst"
    house = House(target.parent)
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrade.save", str(target)],
        env=house.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=HERE.parents[1],
    )
    assert done.returncode == 0, done.stderr
    return target


def moved_in(saved: Path, folder: Path) -> House:
    """An installation that has this database."""
    house = House(folder / "house")
    house.folder.mkdir()
    plain = zstandard.ZstdDecompressor().stream_reader(saved.read_bytes()).read()
    (house.folder / "doorstep.sqlite3").write_bytes(plain)
    return house


def counts(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {name: opened.execute(f'SELECT count(*) FROM "doorstep_{name}"').fetchone()[0] for name in TABLES}  # noqa: S608
    assert all(found.values())
    return found


def answer(house: House, *words: str, code: int = 0, **more: str) -> dict[str, object]:
    done = house.run(*words, "--json", **more)
    assert done.returncode == code, done.stdout + done.stderr
    said: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.parametrize("saved", RELEASES, ids=lambda saved: saved.stem)
def test_a_database_of_an_earlier_release_is_upgraded(saved: Path, tmp_path: Path):
    house = moved_in(saved, tmp_path)
    before = counts(house.folder / "doorstep.sqlite3")
    answer(house, "migrate")
    assert counts(house.folder / "doorstep.sqlite3") == before


def test_a_newer_doorstep_upgrades_a_copy_first_and_an_older_one_refuses(just_made: Path, tmp_path: Path):
    house = moved_in(just_made, tmp_path)
    database = house.folder / "doorstep.sqlite3"
    before = counts(database)
    assert answer(house, "migrate") == {"applied": 0, "backup": ""}
    made = answer(house, "migrate", **NEWER)
    copy = Path(str(made["backup"]))
    assert made["applied"] == 1 and copy.parent == house.folder / "backups"
    assert counts(database) == counts(copy) == before
    refused = answer(house, "up", code=1)
    assert refused["error"] == "doctor.database_too_new"
    assert counts(database) == before
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    copy.replace(database)  # the way back that the refusal names
    assert answer(house, "migrate") == {"applied": 0, "backup": ""}


def test_no_copy_no_upgrade(just_made: Path, tmp_path: Path):
    house = moved_in(just_made, tmp_path)
    (house.folder / "backups").write_text("in the way")
    refused = answer(house, "migrate", code=1, **NEWER)
    assert refused["error"] == "upgrade.copy_failed"
    assert answer(house, "migrate") == {"applied": 0, "backup": ""}
    told = house.run("migrate", DOORSTEP_UPGRADE_COPY="0", **NEWER)
    assert told.returncode == 0 and "DOORSTEP_UPGRADE_COPY is 0" in told.stdout


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[House]:
    """An installation on PostgreSQL whose hot tables are in four parts."""
    import psycopg

    server, name = start(), "doorstep_upgrade"
    house = House(tmp_path / "shared")
    house.folder.mkdir()
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"DROP DATABASE IF EXISTS {name}")  # type: ignore[arg-type]
        link.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    house.env["DATABASE_URL"] = server.replace("/postgres?", f"/{name}?")
    answer(house, "user", "add", "alice@example.org", "--password", "a-lantern-at-the-door")
    answer(house, "partition", "--parts", "4")
    yield house
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.mark.postgres
def test_a_database_in_parts_is_copied_and_upgraded(shared: House):
    import psycopg

    made = answer(shared, "migrate", **NEWER)
    copy = Path(str(made["backup"]))
    assert made["applied"] == 1 and copy.suffix == ".tar" and copy.parent == shared.folder / "backups"
    with psycopg.connect(shared.env["DATABASE_URL"]) as link:
        found = link.execute(
            "SELECT count(*) FROM pg_attribute JOIN pg_inherits ON inhrelid = attrelid"
            " JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r' WHERE attname IN ('weight', 'seen_by')"
        ).fetchone()
        indexed = link.execute(
            "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%(weight)%' AND tablename LIKE 'doorstep_outbox_%'"
        ).fetchone()
    assert (found, indexed) == ((8,), (4,))
    refused = answer(shared, "up", code=1)
    assert refused["error"] == "doctor.database_too_new"
    answer(shared, "restore", str(copy), "--force")  # the way back
    listed = shared.run("user", "list", "--json")
    assert "alice@example.org" in listed.stdout, listed.stderr
