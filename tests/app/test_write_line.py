"""On SQLite all writers of the process stand in one fair line; readers do not."""

import threading
import time

import pytest
from django.db import OperationalError, close_old_connections, connection, connections, transaction

from doorstep.db.models import Workspace
from doorstep.db.write import WRITE, Line

sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has no line")


def test_the_line_is_first_come_first_served_and_hooks_go_ahead():
    line, order = Line(), []

    def stand(name: str, first: bool) -> None:
        with line.held(first=first):
            order.append(name)

    line.acquire()
    threads = []
    for name, first in (("a", False), ("b", False), ("hook", True)):
        threads.append(threading.Thread(target=stand, args=(name, first)))
        threads[-1].start()
        deadline = time.monotonic() + 5
        while len(line._waiting) < len(threads) and time.monotonic() < deadline:
            time.sleep(0.001)
    line.release()
    for thread in threads:
        thread.join(5)
    assert order == ["hook", "a", "b"]


def test_who_waits_too_long_is_told_and_leaves_the_line():
    line = Line()
    line.acquire()
    with pytest.raises(OperationalError, match="database is locked"):
        line.acquire(timeout=0.01)
    line.release()
    line.acquire(timeout=0.01)


@sqlite
@pytest.mark.django_db(transaction=True)
def test_pragmas_are_those_of_a_durable_database():
    with connection.cursor() as cursor:
        said = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
        assert said == {"journal_mode": "wal", "synchronous": 2}
        assert cursor.execute("PRAGMA foreign_keys").fetchone()[0] == 1


@sqlite
@pytest.mark.django_db(transaction=True)
def test_a_reader_does_not_wait_for_a_writer_and_sees_the_state_before():
    seen = []

    def read() -> None:
        seen.append(Workspace.objects.count())
        connections.close_all()

    with transaction.atomic():
        Workspace.objects.create(name="new")
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(5)
    assert seen == [0]
    assert not WRITE._taken


@pytest.mark.django_db(transaction=True)
def test_read_modify_write_of_many_threads_loses_nothing():
    Workspace.objects.create(id=1, name="0")

    def count() -> None:
        for _ in range(25):
            with transaction.atomic():
                workspace = Workspace.objects.select_for_update().get(id=1)
                workspace.name = str(int(workspace.name) + 1)
                workspace.save()
        connections.close_all()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Workspace.objects.get().name == "100"


@sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", ["rolled back", "connection closed", "rollback failed", "nested"])
def test_every_ending_of_a_transaction_leaves_the_line(ending):
    def write_and_fail() -> None:
        with transaction.atomic():
            Workspace.objects.create(name="x")
            assert WRITE._taken
            if ending == "connection closed":
                connection.close()
            if ending == "nested":
                with transaction.atomic():
                    Workspace.objects.create(name="y")
            if ending == "rollback failed":
                connection.connection.close()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert not WRITE._taken
    close_old_connections()
    assert Workspace.objects.count() == 0


@sqlite
@pytest.mark.django_db(transaction=True)
def test_a_begin_that_fails_leaves_the_line(settings):
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        transaction.set_autocommit(False)
    assert not WRITE._taken
    connection.ensure_connection()
    connection.connection.execute("BEGIN")
    with pytest.raises(OperationalError), transaction.atomic():
        pass
    connection.connection.execute("ROLLBACK")
    assert not WRITE._taken
