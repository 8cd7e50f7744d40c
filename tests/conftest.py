"""What all tests share."""

import gc
import inspect
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
from django.db import connections
from django.db.models.signals import post_migrate
from hypothesis import HealthCheck, settings

# Properties are searched without a clock: on a busy machine a slow example proves nothing. A few examples each time, as
# each run draws others; `make long` draws twenty times as many.
settings.register_profile("patient", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("patient"), max_examples=1000)
settings.load_profile("long" if "DOORSTEP_LONG" in os.environ else "patient")

# Django, Doorstep and all tests stay until the end: looking for garbage among them took a tenth of the time.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    """What is there now is never garbage."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What touches no database has been tested on SQLite; on another one the same would be tested again."""
    if os.environ.get("DOORSTEP_TEST_DB") != "postgres":
        return
    untouched = [one for one in items if not _touches_a_database(one)]
    config.hook.pytest_deselected(items=untouched)
    items[:] = [one for one in items if _touches_a_database(one)]


def _touches_a_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    asked = {"db", "transactional_db", "live_server", "browser"} & names
    return bool(asked) or any(item.get_closest_marker(name) for name in ("django_db", "postgres"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite: a file, as in production (in memory it would be another database in every thread)."""
    if connections["default"].vendor == "sqlite":
        folder = tmp_path_factory.mktemp("database")
        connections["default"].settings_dict["TEST"]["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Threads that keep database connections end before the test database is dropped. Django makes rows of its own
    whenever a database was emptied, so after every test that commits; nothing here reads them, and on PostgreSQL they
    took a third of the time.
    """
    from django.contrib.contenttypes.management import create_contenttypes

    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    connections["default"].ops.sql_flush = _only_what_was_filled
    yield
    from doorstep.app import inbox, loop

    inbox.WRITER.stop()
    loop.BENCH.close()


def _only_what_was_filled(_style: Any, tables: Sequence[str], **_how: Any) -> list[str]:
    """What empties the database after a test that committed. PostgreSQL makes new files for each table that it
    truncates, so Django's way took thirty times as long.
    """
    default = connections["default"]
    names = {one: default.ops.quote_name(one) for one in tables}
    asked = (f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM {name})" for one, name in names.items())  # noqa: S608
    with default.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [f"DELETE FROM {names[one]}" for (one,) in cursor.fetchall()]  # noqa: S608 - names of our own tables


@pytest.fixture
async def ended_loop() -> AsyncIterator[None]:
    """Closes what a test opened on its loop (HTTP sessions)."""
    yield
    from doorstep.app import loop

    await loop.end()


@pytest.fixture(autouse=True)
def _tidy_loop(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("ended_loop")
