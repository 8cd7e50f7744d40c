"""The only source of now, and the key file."""

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from doorstep.app import clock
from doorstep.app.operate.keyfile import read_or_create


def test_without_a_setting_it_is_the_real_time():
    assert clock.parse("") is clock.REAL
    assert abs(clock.REAL.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_scaled_clock_agrees_at_its_start_and_runs_faster_since():
    started = datetime.now(UTC) - timedelta(seconds=10)
    fast = clock.parse(f"{started.isoformat()}@7200")
    assert timedelta(hours=19) < fast.now() - started < timedelta(hours=24)
    assert fast.real_seconds(timedelta(days=1)) == 12


@pytest.mark.parametrize(
    "text", ["2026-11-22T06:00:00Z", "yesterday@2", "2026-11-22T06:00:00@2", "2026-11-22T06:00:00Z@fast", "@",
             "2026-11-22T06:00:00Z@0", "2026-11-22T06:00:00Z@-1", "2026-11-22T06:00:00Z@nan"],
)  # fmt: skip
def test_what_is_wrong_with_a_clock_is_said(text):
    with pytest.raises(ValueError, match="DOORSTEP_CLOCK"):
        clock.parse(text)


def test_spans_and_machine_time():
    assert clock.real_seconds(timedelta(seconds=5)) == 5
    assert clock.real_seconds(timedelta(seconds=-5)) == 0
    assert abs(clock.machine() - datetime.now(UTC).timestamp()) < 1
    assert clock.monotonic() <= clock.monotonic()


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "data" / "key"
    (key,) = read_or_create(path)
    assert read_or_create(path) == (key,) and len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["key"]


def test_processes_that_start_at_once_get_the_same_key(tmp_path):
    script = "import sys; from pathlib import Path; from doorstep.app.operate.keyfile import read_or_create as r; "
    command = [sys.executable, "-c", script + "sys.stdout.write(*r(Path(sys.argv[1])))", str(tmp_path / "key")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    keys = {process.communicate(timeout=60)[0] for process in running}
    assert len(keys) == 1 and len(keys.pop()) == 64
    assert [one.name for one in tmp_path.iterdir()] == ["key"]
