"""``doorstep up`` and ``doorstep migrate`` as real processes on SQLite: start, serve, stop, refuse."""

import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.house import House, free_port


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated database, to copy from."""
    house = House(tmp_path_factory.mktemp("house"))
    done = house.run("migrate", "--json")
    assert done.returncode == 0, done.stderr
    return house.folder


@pytest.fixture
def house(migrated: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copytree(migrated, tmp_path / "house")
    house = House(tmp_path / "house", counted=True)
    yield house
    house.close()


def test_it_serves_pages_hooks_and_mail_and_stops_cleanly(house):
    process = house.up()
    assert house.get("/accounts/login/") == 200
    assert house.get("/hooks/x") == 404
    with socket.create_connection(("127.0.0.1", house.smtp), timeout=10) as mail:
        assert mail.recv(100).startswith(b"220 ")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    with closing(sqlite3.connect(house.folder / "doorstep.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_second_one_on_the_same_data_is_refused_but_not_after_a_kill(house):
    first = house.up()
    for command in ("up", "migrate"):
        refused = house.run(command, DOORSTEP_PORT=str(free_port()), DOORSTEP_SMTP_PORT=str(free_port()))
        assert refused.returncode == 1 and f"process {first.pid}" in refused.stderr
    first.kill()
    first.wait(10)
    house.up()


def test_a_setting_that_is_no_number_is_named(house):
    for name, said in (("DOORSTEP_PORT", "99999"), ("DOORSTEP_SMTP_PORT", "mail"), ("DOORSTEP_HTTP_TIMEOUT", "-1")):
        refused = house.run("doctor", **{name: said})
        assert refused.returncode == 1 and name in refused.stderr and "Traceback" not in refused.stderr


def test_taken_ports_are_named(house):
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.port))
        other.listen()
        refused = house.run("up", "--json")
        assert refused.returncode == 1 and '"doctor.port_taken"' in refused.stdout and str(house.port) in refused.stdout
    with socket.socket() as other:
        other.bind(("127.0.0.1", house.smtp))
        other.listen()
        refused = house.run("up", "--json")
        assert refused.returncode == 1 and '"doctor.smtp_port_taken"' in refused.stdout


def test_a_second_interrupt_exits_at_once(house):
    process = house.up()
    with socket.create_connection(("127.0.0.1", house.port)) as slow:  # an upload that keeps it waiting
        slow.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_missing_migrations_are_applied_after_a_copy(house):
    path = house.folder / "doorstep.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        database.execute("DROP TABLE django_session")
        database.commit()
    house.up()
    (copy,) = (house.folder / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    assert "doorstep_order" in tables and "django_session" not in tables


def test_a_database_newer_than_the_code_is_refused(house):
    with closing(sqlite3.connect(house.folder / "doorstep.sqlite3")) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('doorstep', '9999_next', '2030-01-01')"
        )
        database.commit()
    refused = house.run("up")
    assert refused.returncode == 1 and "9999_next" in refused.stderr
