"""Who gets in, what a key may do, how much, and what is said to those who may not."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from doorstep.app import clock
from doorstep.app.api import api_keys, api_rate
from doorstep.app.api.api_keys import SCOPES
from doorstep.app.members import workspaces
from doorstep.app.webhooks import endpoints
from doorstep.app.webhooks.endpoints import Wish
from doorstep.db.models import ApiUse, Audit, Door, Number, Order, Parcel, Purchase, Push, Resync
from doorstep.web.api import openapi, orders
from tests.app.ledger import OTHER, USPS, Ledger
from tests.web.api.contract import ROOT, Program, program
from tests.web.conftest import NUMBER

INSIDE = "https://localhost:9/"  # refused when a socket would be opened
BODIES: dict[str, Any] = {
    "add_number_to_order": {"text": USPS},
    "answer_finding": {"key": "x", "answer": "fine"},
    "change_carrier": {"carrier": "usps"},
    "follow_number": {"text": USPS},
    "match_purchase": {"order_id": None},
    "add_parcels": {"parcels": [{"number": OTHER}]},
    "resync_store_orders": {"store_id": "1"},
    "bring_table": {"text": "order,tracking_number\n1,2\n"},
    "make_webhook": {"url": INSIDE},
    "change_webhook": {"label": "Till"},
    "replay_webhook": {"since": "2026-01-01T00:00:00Z"},
}


def of_alice(shop: Ledger) -> dict[str, int]:
    """Something of alice's for every id in a path."""
    return {
        "order_id": shop.order(1001).id,
        "parcel_id": Parcel.objects.filter(ws=shop.ws).earliest("id").id,
        "number_id": Number.objects.filter(ws=shop.ws).latest("id").id,
        "purchase_id": Purchase.objects.filter(ws=shop.ws).earliest("id").id,
        "push_id": Push.objects.filter(ws=shop.ws).earliest("id").id,
        "connection_id": shop.store.id,
        "resync_id": Resync.objects.create(
            ws=shop.ws, scope="parcel", target_id=1, place="page", actor="shopper", accepted_at=clock.now()
        ).id,
        "import_id": 1,
        "webhook_id": endpoints.make(shop.ws, Wish(url=INSIDE), "user:1")[0],
    }


def asked(shop: Ledger, me: Program) -> list[tuple[str, str, Any]]:
    """Every operation asked about alice's things: (its scope, its name, the answer)."""
    ids, found = of_alice(shop), []
    for one in openapi.operations():
        path = one.path.format(**ids)
        query = {"recognize_number": "?text=x", "list_events": f"?order_id={ids['order_id']}"}.get(one.name, "")
        body = BODIES.get(one.name) if one.body else None
        found.append((one.scope, one.name, me.ask(one.method, path + query, body)))
    return found


def test_charlies_key_reaches_nothing_of_alice(shop: Ledger) -> None:
    other = workspaces.create("Charlie's shop", "charlie@example.org", "correct horse battery")
    charlie = program(other.id)
    before = [list(model.objects.filter(ws=shop.ws).order_by("id").values()) for model in (Order, Parcel, Push)]
    for _, name, answer in asked(shop, charlie):
        text = answer.content.decode()
        if "{" in next(one.path for one in openapi.operations() if one.name == name):
            assert answer.status_code == 404, name
        else:
            assert NUMBER not in text and str(shop.order(1001).id) not in text, name
    assert before == [list(model.objects.filter(ws=shop.ws).order_by("id").values()) for model in (Order, Parcel, Push)]


def test_a_key_does_only_what_its_scopes_say(shop: Ledger) -> None:
    for scope in SCOPES:
        api_rate.forget()
        for needed, name, answer in asked(shop, program(shop.ws, scope)):
            if needed in {"", scope}:
                assert answer.status_code != 403, (scope, name)
            else:
                assert answer.status_code == 403 and needed in answer.json()["detail"], (scope, name)


def test_every_scope_opens_something(db: None) -> None:
    assert {one.scope for one in openapi.operations()} - {""} == set(SCOPES)


@pytest.mark.parametrize("secret", ["", "dsk_", "dsk_" + "x" * 43, "nonsense", "dsk_é"])
def test_nobody_gets_in_without_a_key(shop: Ledger, secret: str) -> None:
    for _, name, answer in asked(shop, Program(secret)):
        assert answer.status_code == 401, name
        assert answer.headers["WWW-Authenticate"].startswith("Bearer") and "Set-Cookie" not in answer.headers


def test_a_login_is_no_key(shop: Ledger, alice: Client) -> None:
    assert alice.get(f"{ROOT}/orders").status_code == 401


def test_a_shoppers_link_is_no_key(shop: Ledger, page: str) -> None:
    assert Program(page.rpartition("/")[2]).get("/orders").status_code == 401


def test_a_key_ends_when_it_is_revoked_or_its_time_is_over(shop: Ledger) -> None:
    made, secret = api_keys.make(shop.ws, "two", ["orders:read"], 30, "user:1")
    me = Program(secret)
    assert me.get("/orders").status_code == 200
    Door.objects.filter(id=made).update(expires_at=clock.now() - timedelta(seconds=1))
    assert me.get("/orders").status_code == 401
    Door.objects.filter(id=made).update(expires_at=None)
    api_keys.revoke(shop.ws, made, "user:1")
    assert me.get("/orders").status_code == 401
    with pytest.raises(Door.DoesNotExist):
        api_keys.revoke(shop.ws, made, "user:1")
    assert [one.verb for one in Audit.objects.filter(ws=shop.ws, subject=f"key:{made}").order_by("id")] == [
        "api_key.make",
        "api_key.revoke",
    ]


def test_only_a_hash_of_a_key_is_kept(shop: Ledger) -> None:
    made, secret = api_keys.make(shop.ws, "  the   till ", ["orders:read"], 0, "cli")
    row = Door.objects.filter(id=made).values().get()
    assert secret not in str(row) and row["label"] == "the till" and row["expires_at"] is None
    (key,) = api_keys.keys(shop.ws)
    assert (key.hint, key.by, key.used_at) == (secret[-4:], "", None)
    Program(secret).get("/orders")
    assert api_keys.keys(shop.ws)[0].used_at


@pytest.mark.parametrize(
    ("label", "scopes", "days"),
    [("", ["orders:read"], 30), ("x", [], 30), ("x", ["orders:all"], 30), ("x", ["orders:read"], 7)],
)
def test_a_key_is_made_of_things_that_exist(shop: Ledger, label: str, scopes: list[str], days: int) -> None:
    with pytest.raises(ValueError, match=r"api\.key\."):
        api_keys.make(shop.ws, label, scopes, days, "user:1")


# --- how much ---


def test_a_key_may_ask_so_much_a_minute_and_a_restart_forgives_nothing(
    me: Program, shop: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "API_PER_MINUTE", 40)
    monkeypatch.setattr(clock, "machine", lambda: 6_000_010.0)
    first = me.get("/recognize?text=x")
    assert first.headers["RateLimit-Policy"] == '"key";q=40;w=60' and first.headers["RateLimit"] == '"key";r=39;t=50'
    assert [me.get("/recognize?text=x").status_code for _ in range(29)] == [200] * 29
    api_rate.forget()  # another process
    answers = [me.get("/recognize?text=x") for _ in range(12)]
    assert [one.status_code for one in answers] == [200] * 10 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "50" and answers[-1].headers["RateLimit"] == '"key";r=0;t=50'
    api_rate.forget()
    assert me.get("/recognize?text=x").status_code == 429
    assert program(shop.ws).get("/recognize?text=x").status_code == 200  # each key for itself
    monkeypatch.setattr(clock, "machine", lambda: 6_000_061.0)
    assert me.get("/recognize?text=x").status_code == 200
    assert ApiUse.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_threads_take_no_more_together_than_one_may(shop: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "API_PER_MINUTE", 60)
    monkeypatch.setattr(clock, "machine", lambda: 6_000_010.0)
    made, _ = api_keys.make(shop.ws, "x", ["orders:read"], 30, "user:1")
    allowed: list[bool] = []

    def many() -> None:
        from django.db import connection

        allowed.extend(api_rate.spend(shop.ws, made).allowed for _ in range(30))
        connection.close()

    threads = [threading.Thread(target=many) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert (len(allowed), sum(allowed)) == (120, 60)


# --- problems ---


def test_what_is_not_there_or_not_so_is_said_as_a_problem(me: Program) -> None:
    for path in ("/nothing", "/orders/", "/orders/x", "/orders/1/2/3", "//orders", "/orders/٣"):
        assert me.get(path).status_code == 404, path
    for method, path in (("POST", "/orders"), ("DELETE", "/parcels"), ("PUT", "/orders/1"), ("OPTIONS", "/orders")):
        answer = me.ask(method, path)
        assert answer.status_code == 405 and "GET, HEAD" in answer.headers["Allow"], path


def test_what_cannot_be_read_is_said_with_its_place(me: Program) -> None:
    for body in ("{", '{"text": "a\\u0000b"}', b'{"text": "\xff"}', "[" * 100_000):
        answer = me.post("/numbers", body)
        assert answer.status_code in {400, 422}, body
    for body, place in (
        ({"text": 5}, "$.text"),
        ({"text": "x", "colour": 1}, "$"),
        ([], "$"),
        ({"text": ""}, "$.text"),
    ):
        answer = me.post("/numbers", body)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, place)
    for query in ("limit=0", "limit=x", "limit=201", "colour=1", "state=lost", "store_id=x", "placed_from=2026-01-01"):
        assert me.get(f"/orders?{query}").status_code == 422, query
    for query in ("limit=1&limit=2", "number=%00", "&".join(f"a{at}=1" for at in range(51))):
        assert me.get(f"/orders?{query}").status_code == 400, query
    assert (
        me.get("/orders?placed_from=2026-01-01T00:00:00Z&placed_before=2026-01-01T00:00:00%2B02:00").status_code == 200
    )


def test_a_body_of_another_kind_or_too_large_is_refused(me: Program) -> None:
    assert me.post("/numbers", "text=x", content_type="application/x-www-form-urlencoded").status_code == 415
    assert me.post("/imports", "x" * ((8 << 20) + 1)).status_code == 413


def test_trouble_of_ours_is_told_without_its_insides(
    me: Program, shop: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(orders, "some_orders", fails)
    problem: Exception = RuntimeError("a secret inside")
    answer = me.get("/orders")
    assert answer.status_code == 500 and b"secret" not in answer.content
    problem = OperationalError("database is locked")
    busy = me.get("/orders")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")


def test_answers_are_for_nobody_else_and_run_nothing(me: Program) -> None:
    for answer in (me.get("/orders"), me.get("/nothing")):
        assert answer.headers["Cache-Control"] == "private, no-cache" and answer.headers["Vary"] == "Authorization"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert not answer.cookies
