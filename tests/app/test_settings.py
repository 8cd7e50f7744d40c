"""Settings that hang on others."""

import runpy
from pathlib import Path
from typing import Any

import pytest

import doorstep

FILE = Path(doorstep.__file__).with_name("settings.py")


def read(monkeypatch: pytest.MonkeyPatch, **more: str) -> dict[str, Any]:
    """The settings of an environment."""
    for name, value in more.items():
        monkeypatch.setenv(f"DOORSTEP_{name}", value)
    return runpy.run_path(str(FILE))


def test_behind_https_cookies_are_bound_to_the_host_and_plain_http_is_over(monkeypatch):
    strict = read(monkeypatch, PUBLIC_URL="https://track.shop.example")
    assert strict["SESSION_COOKIE_SECURE"] and strict["CSRF_COOKIE_SECURE"]
    assert strict["SESSION_COOKIE_NAME"].startswith("__Host-") and strict["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert strict["SECURE_HSTS_SECONDS"] >= 31_536_000


def test_without_https_cookies_still_reach_the_browser(monkeypatch):
    plain = read(monkeypatch, PUBLIC_URL="http://127.0.0.1:8000")
    assert not plain["SESSION_COOKIE_SECURE"] and "SESSION_COOKIE_NAME" not in plain


def test_former_keys_stand_behind_the_one_of_today(monkeypatch):
    known = read(monkeypatch, SECRET="new  old older")
    assert str(known["SECRET_KEY"]) == "new" and tuple(known["FORMER_KEYS"]) == ("old", "older")


def test_what_would_falsify_a_real_shop_needs_the_demo(monkeypatch):
    with pytest.raises(SystemExit, match="DOORSTEP_CLOCK works only with DOORSTEP_DEMO=1"):
        read(monkeypatch, CLOCK="2026-11-22T00:00+00:00@2", DEMO="")
