"""Keys in the console and on the command line, and the page that tells of the API."""

import json
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from doorstep.app.api import api_keys
from doorstep.cli import app
from doorstep.db.models import Door
from doorstep.web.api import openapi
from tests.app.ledger import Ledger
from tests.web.api.contract import Program


def test_a_key_is_made_shown_once_and_revoked(shop: Ledger, alice: Client) -> None:
    form = {"label": "Till", "days": "30", "scope": ["orders:read", "parcels:write"]}
    made = alice.post("/keys/make", form)
    text = made.content.decode()
    secret = text.split('readonly value="')[1].split('"')[0]
    assert secret.startswith("dsk_") and made.headers["Cache-Control"] == "private, no-store"
    assert Program(secret).get("/orders").status_code == 200
    page = alice.get("/keys").content.decode()
    (key,) = api_keys.keys(shop.ws)
    assert secret not in page and f"…{key.hint}" in page and "orders:read, parcels:write" in page
    assert "alice@example.org" in page and "last used" in page
    gone = alice.post(f"/keys/{key.id}/revoke", follow=True).content.decode()
    assert "There is no key yet" in gone and Program(secret).get("/orders").status_code == 401
    assert alice.post(f"/keys/{key.id}/revoke").status_code == 404


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"label": "Till", "days": "30"}, "at least one thing"),
        ({"label": " ", "days": "30", "scope": "orders:read"}, "what the key is for"),
        ({"label": "Till", "days": "31", "scope": "orders:read"}, "how long"),
        ({"label": "Till", "days": "x", "scope": "orders:read"}, "how long"),
    ],
)
def test_a_key_is_not_made_of_half_a_form(shop: Ledger, alice: Client, form: dict[str, str], why: str) -> None:
    assert why in alice.post("/keys/make", form, follow=True).content.decode()
    assert not Door.objects.filter(kind="api").exists()


def test_only_who_may_make_doors_makes_keys(shop: Ledger, alice: Client, bob: Client, charlie: Client) -> None:
    key, _ = api_keys.make(shop.ws, "Till", ["orders:read"], 30, "user:1")
    assert bob.get("/keys").status_code == bob.post("/keys/make", {}).status_code == 403
    assert "Keys of the API" in alice.get("/connections").content.decode()
    assert "/keys" not in bob.get("/connections").content.decode()
    assert "Till" not in charlie.get("/keys").content.decode()
    assert charlie.post(f"/keys/{key}/revoke").status_code == 404 and len(api_keys.keys(shop.ws)) == 1


def run(*words: str) -> Any:
    """What the command says as JSON."""
    done = CliRunner().invoke(app, [*words, "--json"])
    return json.loads(done.stdout.splitlines()[-1])


def test_a_key_is_made_on_the_command_line(shop: Ledger) -> None:
    made = run("key", "make", "Till", "--scope", "orders:read", "--scope", "pushes:read")
    assert Program(made["key"]).get("/orders").status_code == 200
    (listed,) = run("key", "list")
    assert (listed["id"], listed["scopes"]) == (made["id"], "orders:read pushes:read")
    assert run("key", "revoke", made["id"]) == {"revoked": made["id"]}
    assert run("key", "revoke", made["id"])["error"] == "api.key.unknown"
    assert run("key", "make", "Till", "--scope", "all")["error"] == "api.key.no_scope"
    assert run("key", "list", "--workspace", "nobody's")["error"] == "connect.no_workspace"


def test_the_page_tells_of_every_operation_and_runs_no_script(db: None) -> None:
    answer = Client().get("/api/v1/")
    text = answer.content.decode()
    assert "<script" not in text and "style=" not in text and "http://" not in text.replace("http://127.0.0.1:8000", "")
    for one in openapi.operations():
        assert f'id="{one.name}"' in text, one.name
    for name in openapi.as_dict()["components"]["schemas"]:
        assert name.startswith("Page_") or f'id="shape-{name}"' in text, name
    assert 'id="not_found"' in text
