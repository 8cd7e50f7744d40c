"""The database follows the code, with a copy first, and never goes back."""

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from doorstep.app.operate import restore, upgrade
from doorstep.app.say import say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def applied():
    """Puts the record of applied migrations back as it was."""
    recorder = MigrationRecorder(connection)
    before = set(recorder.applied_migrations())
    yield recorder
    for app, name in set(recorder.applied_migrations()) - before:
        recorder.record_unapplied(app, name)


def test_a_database_of_this_version_is_left_alone():
    assert upgrade.standing() == upgrade.Standing(fresh=False, missing=(), unknown=())
    assert upgrade.upgrade() == (0, None)


def test_a_database_newer_than_the_code_is_refused(applied):
    applied.record_applied("doorstep", "9999_from_the_future")
    with pytest.raises(upgrade.TooNew) as caught:
        upgrade.upgrade()
    assert caught.value.message.values == {"newest": "9999_from_the_future"}


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL is copied as `doorstep backup` does it")
def test_a_copy_holds_what_is_in_the_write_ahead_log_too(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO doorstep_workspace (id, kind, name, tz, locale, country, second_factor, closing_by)"
            " VALUES (1, '', 'x', '', '', '', FALSE, '')"
        )
    copy = upgrade.back_up()
    assert copy.parent == tmp_path / "backups" and stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("SELECT name FROM doorstep_workspace").fetchall() == [("x",)]
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert datetime.now(UTC).strftime("%Y%m%d") in copy.name


def test_what_is_missing_is_applied_after_a_copy_and_without_one_where_none_is_wanted(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    lacking = upgrade.Standing(fresh=False, missing=("doorstep.0002_next",), unknown=())
    monkeypatch.setattr(upgrade, "standing", lambda: lacking)  # nothing is really missing: migrating changes nothing
    count, copy = upgrade.upgrade()
    assert count == 1 and copy is not None and list((tmp_path / "backups").iterdir()) == [copy]
    if connection.vendor == "postgresql":
        assert restore.look(copy).kind == "postgresql"
    assert str(copy) in say(upgrade.told(count, str(copy)))
    settings.UPGRADE_COPY = False
    assert upgrade.upgrade() == (1, None)
    assert "DOORSTEP_UPGRADE_COPY is 0" in say(upgrade.told(1, ""))
    settings.UPGRADE_COPY = True
    assert upgrade.told(0, "") is None


def test_without_room_for_the_copy_nothing_is_changed(settings, tmp_path):
    (tmp_path / "backups").write_text("in the way")
    settings.DATA_DIR = tmp_path
    with pytest.raises(upgrade.CannotUpgrade) as caught:
        upgrade.back_up()
    assert caught.value.message.id == "upgrade.copy_failed"
