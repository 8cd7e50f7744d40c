"""``python -m sandbox`` as a person starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox import aggregator
from sandbox.clock import Clock
from sandbox.serve import Ports, serve
from sandbox.world import World

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


@pytest.mark.parametrize(
    ("vendor", "path", "code"),
    [
        ("store", "/wp-json/wc/v3/webhooks", "woocommerce_rest_cannot_view"),
        ("supplier", "/api2.0/v1/authentication/getAccessToken", 1600100),
        ("aggregator", "/track/v2.2/register", -18010012),
    ],
)
async def test_broken_json_is_answered_in_the_vendors_words(town, vendor, path, code):
    url = f"http://127.0.0.1:{getattr(town.ports, vendor)}{path}"
    async with town.session.post(url, data=b'{"cut', headers={"17token": aggregator.KEY}) as answer:
        assert (await answer.json())["code"] == code


async def test_port_that_is_taken_is_named(town):
    world = World(clock=Clock(datetime.now(UTC), 1), seed=1, post=None)
    with pytest.raises(OSError, match=str(town.ports.control)):
        async with serve(world, Ports(control=town.ports.control), idle=True):
            raise AssertionError("it opened a port that is taken")
