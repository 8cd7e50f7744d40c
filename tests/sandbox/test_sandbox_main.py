"""``python -m sandbox`` as a person starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def started(*arguments: str, **environment: str):
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_world_says_where_it_is_and_stops_when_told(sign):
    world = started("--ports", "0,0,0,0", "--seed", "5", DOORSTEP_CLOCK="2026-11-22T00:00:00Z@1")
    assert world.stdout is not None
    line = world.stdout.readline()
    control = re.search(r"control=(\S+)", line)
    assert control, line
    with urllib.request.urlopen(f"{control[1]}/control/state", timeout=5) as answer:  # noqa: S310 - loopback
        state = json.load(answer)
    assert len(state["cases"]) == 12
    assert any(case["status"] == "completed" for case in state["cases"])
    began = time.monotonic()
    world.send_signal(sign)
    out, err = world.communicate(timeout=10)
    assert (world.returncode, out, err) == (0, "", "")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("arguments", "clock", "words"),
    [
        ((), "tomorrow@2", "DOORSTEP_CLOCK"),
        (("--ports", "1,2"), "", "--ports"),
        (("--smtp", "nowhere", "--mail-to", "a@b.example"), "", "--smtp"),
        (("--smtp", "127.0.0.1:25"), "", "--mail-to"),
    ],
)
def test_wrong_arguments_are_explained(arguments, clock, words):
    world = started(*arguments, DOORSTEP_CLOCK=clock)
    _, err = world.communicate(timeout=10)
    assert world.returncode == 2
    assert words in err.splitlines()[-1]


def test_sandbox_imports_nothing_of_the_product_nor_the_product_of_it():
    for folder, word in (("sandbox", "doorstep"), ("src", "sandbox")):
        for file in (ROOT / folder).rglob("*.py"):
            assert not re.search(rf"^\s*(from|import) {word}\b", file.read_text(encoding="utf-8"), re.MULTILINE), file
