"""Webhooks through the API: made with a secret that is told once, narrowed, tried, paused, replayed, deleted."""

import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from doorstep.app import clock
from doorstep.app.ledger.changes import By, Noted, note
from doorstep.app.members import workspaces
from doorstep.app.operate import rotation
from doorstep.app.webhooks import endpoints, intents
from doorstep.app.webhooks.kinds import BY_LEDGER
from doorstep.app.webhooks.news import news, stores_of
from doorstep.app.webhooks.shapes import SHAPES
from doorstep.db.models import ApiAnswer, Change, Endpoint, Push, Sending
from tests.app.ledger import Ledger
from tests.web.api.contract import Program, program

PLACES = {"push": "pushes"}
HERE = "https://shop.example/told"


def made(me: Program, **wish: Any) -> dict[str, Any]:
    answer = me.post("/webhooks", {"url": HERE, **wish})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_secret_is_told_once_and_not_kept_in_the_clear_for_a_repetition(me: Program) -> None:
    first = me.post("/webhooks", {"url": HERE, "label": "Till"}, idempotency_key="a")
    again = me.post("/webhooks", {"url": HERE, "label": "Till"}, idempotency_key="a")
    told = first.json()
    assert again.content == first.content and again.headers["Idempotency-Replayed"] == "true"
    assert Endpoint.objects.count() == 1 and first.headers["Location"] == f"/api/v1/webhooks/{told['webhook']['id']}"
    Webhook(told["secret"])  # a receiver can read it
    kept = bytes(ApiAnswer.objects.get().body_zstd)
    assert told["secret"].encode() not in kept and kept.startswith(b"gAAAA")
    assert bytes(Endpoint.objects.get().secrets_enc).startswith(b"gAAAA")
    (shown,) = me.rows("/webhooks")
    assert shown == told["webhook"] and "secret" not in shown


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"url": "ftp://shop.example/"}, "webhook.no_url"),
        ({"url": "shop.example"}, "webhook.no_url"),
        ({"url": "https://[::1"}, "webhook.no_url"),
        ({"url": "http://shop.example/told"}, "webhook.no_tls"),
        ({"url": "https://me:hush@shop.example/"}, "webhook.url_password"),
        ({"url": "https://169.254.169.254/latest"}, "trouble.private_address"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "trouble.private_address"),
        ({"url": HERE, "types": ["parcel.gone"]}, "webhook.no_type"),
        ({"url": HERE, "types": ["endpoint.test"]}, "webhook.no_type"),
        ({"url": HERE, "store_ids": ["1"]}, "webhook.no_store"),
    ],
)
def test_what_cannot_be_told_is_refused_with_words(me: Program, wish: dict[str, Any], code: str) -> None:
    answer = me.post("/webhooks", wish)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert Endpoint.objects.count() == 0


def test_there_are_only_so_many(me: Program, shop: Ledger) -> None:
    now = clock.now()
    some = {"ws": shop.ws, "url": HERE, "made_at": now, "next_at": now, "state_since": now}
    Endpoint.objects.bulk_create([Endpoint(**some) for _ in range(20)])
    assert me.post("/webhooks", {"url": HERE}).json()["code"] == "webhook.too_many"


def test_what_it_is_told_can_be_changed_and_what_is_left_out_stays(me: Program, shop: Ledger) -> None:
    store = str(shop.store.id)
    wish = {"types": ["parcel.status"], "store_ids": [store], "statuses": ["delivered"], "label": "Till"}
    one = made(me, **wish)["webhook"]
    path = f"/webhooks/{one['id']}"
    assert me.ask("PATCH", path, {}).json() == one
    changed = me.ask("PATCH", path, {"url": f"{HERE}/2", "types": ["order.state"], "statuses": []}).json()
    assert changed == {**one, "url": f"{HERE}/2", "types": ["order.state"], "statuses": []}
    assert me.ask("PATCH", path, {"store_ids": ["7"]}).json()["code"] == "webhook.no_store"
    assert me.get(path).json() == changed


def test_pausing_resuming_replaying_rotating_deleting(me: Program, shop: Ledger) -> None:
    first = made(me)
    path = f"/webhooks/{first['webhook']['id']}"
    assert me.post(f"{path}/pause").json()["state"] == "paused"
    assert me.post(f"{path}/pause").status_code == 200
    assert intents.listeners(shop.ws) == ()
    assert me.post(f"{path}/resume").json()["state"] == "active"
    assert me.post(f"{path}/resume").status_code == 200
    future = (clock.now() + timedelta(days=1)).isoformat()
    assert me.post(f"{path}/replay", {"since": future}).json()["code"] == "webhook.replay_future"
    assert me.post(f"{path}/replay", {"since": (clock.now() - timedelta(days=9)).isoformat()}).status_code == 202
    turned = me.post(f"{path}/rotate").json()
    assert turned["secret"] != first["secret"] and turned["webhook"]["former_secret_until"]
    assert me.post(f"{path}/rotate").json()["code"] == "webhook.rotating"
    assert me.post(f"{path}/end_overlap").json()["former_secret_until"] is None
    assert me.post(f"{path}/rotate").status_code == 200
    assert me.ask("DELETE", path).status_code == 204
    assert me.get(path).status_code == me.post(f"{path}/test").status_code == 404
    assert (Endpoint.objects.count(), Sending.objects.count()) == (0, 0)


def test_a_test_event_says_what_became_of_it_and_a_name_that_leads_inside_is_refused_at_the_socket(me: Program) -> None:
    path = f"/webhooks/{made(me, url='https://localhost:9/')['webhook']['id']}"
    tried = me.post(f"{path}/test").json()
    assert (tried["type"], tried["status"], tried["trouble"]["code"]) == ("endpoint.test", 0, "trouble.private_address")
    assert me.rows(f"{path}/tries?failed=true") == [tried]


def test_a_key_without_the_scope_and_another_workspace_see_nothing(me: Program, shop: Ledger) -> None:
    path = f"/webhooks/{made(me)['webhook']['id']}"
    reader = program(shop.ws, "webhooks:read")
    assert reader.get(path).status_code == 200 and reader.post(f"{path}/rotate").status_code == 403
    other = program(workspaces.create("Charlie's shop", "charlie@example.org", None).id)
    for method, end in (("GET", ""), ("GET", "/tries"), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test")):
        assert other.ask(method, path + end).status_code == 404
    assert other.rows("/webhooks") == []


def test_what_is_told_is_what_the_api_shows(me: Program, shop: Ledger) -> None:
    told = [one for one in map(news, Change.objects.filter(ws=shop.ws, kind__in=BY_LEDGER)) if one]
    for one in told:
        body = json.loads(SHAPES["doorstep"].body(one) or b"")
        assert body["data"] == me.get(f"/{PLACES.get(one.object, one.object + 's')}/{one.subject_id}").json(), one.type
        assert (body["id"], body["type"], body["object"]) == (one.mark, one.type, one.object)
    assert {one.object for one in told} == {"order", "parcel", "number", "purchase", "push"}
    Push.objects.filter(ws=shop.ws).delete()
    gone = Change.objects.filter(ws=shop.ws, kind__startswith="push.", kind__in=BY_LEDGER).exclude(kind="push.dropped")
    assert gone and not any(map(news, gone))


def test_a_connection_that_is_denied_is_told_with_its_store(me: Program, shop: Ledger) -> None:
    note(By(shop.ws, "user:1"), Noted("connection", shop.store.id, "connection.denied", at="1"))
    change = Change.objects.get(ws=shop.ws, kind="connection.denied")
    told = news(change)
    assert told is not None and told.about.id == str(shop.store.id) and stores_of(change) == {shop.store.id}


def test_a_new_key_of_the_installation_seals_the_secrets_anew(me: Program) -> None:
    secret = made(me)["secret"]
    one = Endpoint.objects.get()
    before = bytes(one.secrets_enc)
    assert rotation._sign_again(one) and bytes(one.secrets_enc) != before
    assert endpoints.live_secrets(Endpoint.objects.get()) == [secret]
    one.secrets_enc = b"nonsense"
    assert not rotation._sign_again(one)
