"""Logs say what happened and never a secret."""

import json
import subprocess
import sys

import pytest

from doorstep.app.log import BLANK, clean, redact


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Basic Y2tfYTpjc19i", "Authorization: Basic "),
        ("Bearer abcdef123456.x-y", "Bearer "),
        ("GET /orders?consumer_key=ck_12345678&per_page=5", "&per_page=5"),
        ("access_token=abc123 refused", " refused"),
        ("key ck_0123456789abcdef is wrong", " is wrong"),
        ("POST /hooks/AbCdEfGhIjKlMnOpQrStUv failed", "/hooks/"),
        ("Unprocessable Content: /s/AbCdEfGhIjKlMnOpQrStUv/bring", "/bring"),
        ("Not Found: /calendar/AbCdEfGhIjKlMnOpQrStUv.ics", ".ics"),
        ("the key dsk_AbCdEfGhIjKlMnOpQrStUv is refused", " is refused"),
    ],
)
def test_secrets_inside_of_texts_are_removed(text, kept):
    cleaned = clean(text)
    assert BLANK in cleaned and kept in cleaned
    for secret in ("Y2tf", "abcdef1", "12345678", "abc123", "0123456789", "AbCdEf"):
        assert secret not in cleaned


def test_harmless_texts_stay():
    assert clean("order 1001: number RX123456785CN is in transit") == "order 1001: number RX123456785CN is in transit"


def test_values_under_secret_names_are_removed_however_deep():
    event = {
        "event": "x",
        "password": "p",
        "headers": {"Cookie": "c", "Accept": "a"},
        "items": [{"token": "t"}],
        "n": 5,
    }
    assert redact(None, "info", event) == {
        "event": "x", "password": BLANK, "headers": {"Cookie": BLANK, "Accept": "a"},
        "n": 5, "items": [{"token": BLANK}],
    }  # fmt: skip


def test_both_kinds_of_loggers_write_json_lines_without_secrets():
    script = (
        "import logging; from doorstep.app import log; log.configure(json=True);"
        "log.logger('a').info('asked', api_key='hush', path='/x');"
        "logging.getLogger('b').warning('got %s', 'Bearer hushhush');"
        "logging.getLogger('c').info('more', extra={'token': 'hush'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["asked", f"got Bearer {BLANK}", "more"]
    assert "hush" not in done.stderr
    assert lines[0]["level"] == "info" and lines[0]["timestamp"].endswith("Z")
