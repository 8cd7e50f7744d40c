"""A backup is taken while everything flows, and gives back what was there."""

import io
import json
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import zstandard
from django.conf import settings as configured
from django.db import connection, connections

from doorstep.app import audit
from doorstep.app.members import workspaces
from doorstep.app.operate import backup, restore
from tests.app.ledger import CJP, cj, ledger, scan, track17, woo
from tests.house import House

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def load(ws: int) -> Iterator[list[int]]:
    """Somebody keeps writing: one entry of the trail after the other."""
    stop, written = threading.Event(), [0]

    def work() -> None:
        while not stop.is_set():
            audit.record(ws, "user:1", "test.write", f"thing:{written[0]}")
            written[0] += 1
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Another installation: a folder of its own, and on PostgreSQL a database of its own."""
    house = House(tmp_path / "elsewhere", counted=True)
    house.folder.mkdir()
    if connection.vendor == "sqlite":
        yield house
        return
    name = "doorstep_elsewhere"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    here = configured.DATABASES["default"]
    house.env["DATABASE_URL"] = f"postgresql://{here['USER']}@/{name}?host={here['HOST']}"
    yield house
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def rows_of(file: Path) -> dict[str, list[bytes]]:
    """Everything a backup holds, table by table, in one order."""
    with tarfile.open(file) as tar:
        if connection.vendor == "sqlite":
            packed = tar.extractfile(backup.DATABASE)
            assert packed is not None
            plain = file.with_suffix(".sqlite3")
            plain.write_bytes(zstandard.ZstdDecompressor().stream_reader(packed).read())
            with closing(sqlite3.connect(plain)) as opened:
                names = [one for (one,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                every = {name: opened.execute(f'SELECT * FROM "{name}"') for name in names}  # noqa: S608 - our own
                return {name: sorted(repr(row).encode() for row in rows) for name, rows in every.items()}
        return {
            one.name: sorted(zstandard.ZstdDecompressor().stream_reader(found).read().splitlines())
            for one in tar.getmembers()
            if one.name.endswith(".zst") and (found := tar.extractfile(one))
        }


def lived(ws_of: str = "alice@example.org") -> int:
    one = ledger(email=ws_of)
    one.hears(one.woo(woo()), one.cj(cj()), one.track(track17(CJP, scan(4, "InTransit_PickedUp", "Accepted"))))
    return one.ws


def test_a_backup_under_load_is_restored_elsewhere(tmp_path, house):
    ws = lived()
    with load(ws) as written:
        while written[0] < 20:
            pass
        manifest = backup.take(tmp_path / "copy.tar", with_key=True)
    assert stat.S_IMODE((tmp_path / "copy.tar").stat().st_mode) == 0o600
    assert manifest == restore.look(tmp_path / "copy.tar")
    foreign = house.run("restore", str(tmp_path / "copy.tar"), "--json", DOORSTEP_SECRET="from elsewhere " * 4)
    assert (foreign.returncode, json.loads(foreign.stdout)["key"]) == (0, "environment"), foreign.stderr
    done = house.run("restore", str(tmp_path / "copy.tar"), "--json", "--force")
    assert (done.returncode, json.loads(done.stdout)["key"]) == (0, "restored"), done.stderr
    again = house.run("backup", str(tmp_path / "again.tar"), "--json")
    assert again.returncode == 0, again.stderr
    assert rows_of(tmp_path / "copy.tar") == rows_of(tmp_path / "again.tar")
    doctor = {one["id"]: one["grade"] for one in json.loads(house.run("doctor", "--json").stdout)}
    assert doctor["doctor.audit"] == doctor["doctor.credentials"] == "good"


def test_a_restored_database_goes_on(tmp_path, house):
    lived()
    backup.take(tmp_path / "copy.tar", with_key=False)
    done = house.run("restore", str(tmp_path / "copy.tar"), "--json")
    assert (done.returncode, json.loads(done.stdout)["key"]) == (0, "other"), done.stderr
    added = house.run(
        "user", "add", "bob@example.org", "--workspace", "Bob's", "--password", "long enough 42", "--json"
    )
    assert added.returncode == 0, added.stderr
    listed = json.loads(house.run("user", "list", "--json").stdout)
    assert [one["email"] for one in listed] == ["alice@example.org", "bob@example.org"]
    refused = house.run("restore", str(tmp_path / "copy.tar"))
    assert refused.returncode == 1 and "--force" in refused.stderr
    forced = house.run("restore", str(tmp_path / "copy.tar"), "--force")
    assert forced.returncode == 0, forced.stderr
    listed = json.loads(house.run("user", "list", "--json").stdout)
    assert [one["email"] for one in listed] == ["alice@example.org"]
    other = house.run("restore", str(tmp_path / "copy.tar"), "--force", "--json", DOORSTEP_SECRET="from elsewhere " * 4)
    assert (other.returncode, json.loads(other.stdout)["key"]) == (0, "other"), other.stderr
    if connection.vendor == "sqlite":
        aside, _ = sorted((house.folder / "backups").iterdir())
        with closing(sqlite3.connect(aside)) as opened:
            assert opened.execute("SELECT count(*) FROM doorstep_user").fetchone() == (2,)


def changed(file: Path, target: Path, part: tuple[str, bytes] = ("", b""), **values: object) -> Path:
    """The same backup with other words in its manifest, or with other bytes in a part."""
    with tarfile.open(file) as old, tarfile.open(target, "w") as new:
        for one in old.getmembers():
            raw = old.extractfile(one).read()  # type: ignore[union-attr]  # all are files
            if one.name == backup.MANIFEST:
                raw = json.dumps({**json.loads(raw), **values}).encode()
            raw = part[1] if one.name == part[0] else raw
            one.size = len(raw)
            new.addfile(one, io.BytesIO(raw))
    return target


def refusal(file: Path) -> str:
    with pytest.raises(backup.NotPossible) as caught:
        restore.restore(file, force=True)
    return caught.value.message.id


def test_what_cannot_be_restored_is_refused_and_changes_nothing(tmp_path):
    file, other = tmp_path / "copy.tar", tmp_path / "other.tar"
    workspaces.create("Shop", "alice@example.org", None)
    manifest = backup.take(file, with_key=False)
    newer = [*manifest.migrations, ("doorstep", "9999_from_the_future")]
    assert refusal(changed(file, other, migrations=newer)) == "backup.too_new"
    assert refusal(changed(file, other, format=2)) == "backup.too_new"
    assert refusal(changed(file, other, kind="another")) == "backup.other_kind"
    assert refusal(changed(file, other, part=(manifest.parts[0].name, b"other bytes"))) == "backup.damaged"
    assert refusal(changed(file, other, parts="none")) == "backup.unreadable"
    assert refusal(tmp_path / "none.tar") == "backup.unreadable"
    other.write_bytes(file.read_bytes()[:2000])
    assert refusal(other) == "backup.unreadable"
    with pytest.raises(backup.NotPossible) as caught:
        restore.restore(file, force=False)
    assert caught.value.message.id == "backup.not_empty"


def test_a_backup_never_goes_over_another_file(tmp_path):
    (tmp_path / "copy.tar").write_text("precious")
    with pytest.raises(backup.NotPossible) as caught:
        backup.take(tmp_path / "copy.tar", with_key=False)
    assert caught.value.message.id == "backup.exists" and (tmp_path / "copy.tar").read_text() == "precious"
    with pytest.raises(backup.NotPossible) as caught:
        backup.take(tmp_path / "no" / "copy.tar", with_key=False)
    assert caught.value.message.id == "backup.no_folder"
