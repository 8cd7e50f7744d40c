"""Webhooks in the console: made, shown once, tried, paused, replayed, given a new secret, deleted."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from doorstep.app import clock
from doorstep.app.webhooks import endpoints, history
from doorstep.app.webhooks.endpoints import Wish
from doorstep.app.webhooks.post import Outcome
from doorstep.core.message import Message
from doorstep.db.models import Audit, Endpoint
from tests.app.ledger import Ledger
from tests.web.conftest import login

INSIDE = "https://localhost:9/told"  # refused when a socket would be opened


@pytest.fixture
def endpoint(shop: Ledger) -> Endpoint:
    made, _ = endpoints.make(shop.ws, Wish(url=INSIDE, label="Till", types=["parcel.status"]), "user:1")
    return Endpoint.objects.get(id=made)


def do(client: Client, endpoint: Endpoint, what: str, **form: object) -> str:
    return client.post(f"/webhooks/{endpoint.id}/do", {"do": what, **form}, follow=True).content.decode()


def test_an_endpoint_is_made_and_its_secret_shown_once(shop: Ledger, alice: Client) -> None:
    form = {"url": "https://shop.example/told", "label": "Till", "type": ["order.placed"], "store": str(shop.store.id)}
    made = alice.post("/webhooks/make", {**form, "status": "delivered"})
    secret = made.content.decode().split('readonly value="')[1].split('"')[0]
    assert secret.startswith("whsec_") and made.headers["Cache-Control"] == "private, no-store"
    one = Endpoint.objects.get(ws=shop.ws)
    assert (one.types, one.store_ids, one.statuses) == (["order.placed"], [str(shop.store.id)], ["delivered"])
    listed, alone = alice.get("/webhooks").content.decode(), alice.get(f"/webhooks/{one.id}").content.decode()
    assert "Till" in listed and "Listening" in listed and secret not in listed + alone
    assert 'value="order.placed" checked' in alone and 'value="delivered" checked' in alone
    assert "Webhooks" in alice.get("/connections").content.decode()


def test_what_cannot_be_told_is_refused_with_words(shop: Ledger, alice: Client) -> None:
    refused = alice.post("/webhooks/make", {"url": "http://shop.example/"}, follow=True).content.decode()
    assert "without encryption" in refused and not Endpoint.objects.exists()


def test_it_is_changed_paused_switched_on_and_told_again(shop: Ledger, alice: Client, endpoint: Endpoint) -> None:
    assert "Saved" in do(alice, endpoint, "save", url="https://shop.example/2", label="")
    paused = do(alice, endpoint, "pause")
    assert "It is paused" in paused and "Switch on" in paused
    assert "It is switched on" in do(alice, endpoint, "resume")
    since = timezone.localtime(clock.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert "being told again" in do(alice, endpoint, "replay", since=since)
    assert "Choose a day and a time" in do(alice, endpoint, "replay", since="soon")
    assert "a moment that has passed" in do(alice, endpoint, "replay", since="2999-01-01T00:00")
    one = Endpoint.objects.get(id=endpoint.id)
    assert (one.url, one.label, one.types, one.reread_all) == ("https://shop.example/2", "", [], True)


def test_a_new_secret_signs_beside_the_former_one_until_that_is_ended(alice: Client, endpoint: Endpoint) -> None:
    turned = do(alice, endpoint, "rotate")
    assert "whsec_" in turned and "The former secret signs until" in turned
    assert "still signs beside" in do(alice, endpoint, "rotate")
    assert "Only the new secret" in do(alice, endpoint, "end_overlap")


def test_a_test_event_is_in_the_log_and_the_log_can_be_narrowed(alice: Client, endpoint: Endpoint) -> None:
    assert "did not get there" in do(alice, endpoint, "test")
    for status, trouble in (
        (200, None),
        (500, None),
        (0, Message(id="webhook.late", values={"host": "x", "seconds": 10})),
    ):
        history.remember(endpoint, "msg_1", "parcel.status", Outcome(status=status, ms=12, body=b"ok", trouble=trouble))
    page = alice.get(f"/webhooks/{endpoint.id}").content.decode()
    failures = alice.get(f"/webhooks/{endpoint.id}?log=failed").content.decode()
    assert "tone-good" in page.split('id="log"')[1] and "tone-good" not in failures.split('id="log"')[1]
    assert "endpoint.test" in page and "did not answer within 10 seconds" in failures and "private network" in page


def test_a_long_log_goes_on_behind_a_link(alice: Client, endpoint: Endpoint) -> None:
    for number in range(21):
        history.remember(endpoint, f"msg_{number:02}", "order.placed", Outcome(status=200, ms=1))
    first = alice.get(f"/webhooks/{endpoint.id}").content.decode()
    behind = first.split('href="?after=')[1].split("#")[0]
    assert "msg_20" in first and "msg_00" not in first
    assert "msg_00" in alice.get(f"/webhooks/{endpoint.id}?after={behind}").content.decode()
    assert alice.get(f"/webhooks/{endpoint.id}?after=x").status_code == 404


def test_it_is_deleted_for_good(shop: Ledger, alice: Client, endpoint: Endpoint) -> None:
    assert "The endpoint is deleted" in do(alice, endpoint, "delete")
    assert alice.get(f"/webhooks/{endpoint.id}").status_code == 404
    assert alice.post(f"/webhooks/{endpoint.id}/do", {"do": "pause"}).status_code == 404
    verbs = Audit.objects.filter(ws=shop.ws, verb__startswith="webhook.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["webhook.make", "webhook.delete"]


def test_one_that_was_switched_off_is_on_the_screen_of_today(shop: Ledger, alice: Client, endpoint: Endpoint) -> None:
    assert "told nothing any more" not in alice.get("/today").content.decode()
    endpoints.switch_off(endpoint, Message(id="webhook.off.failing", values={"days": 3}))
    today = alice.get("/today").content.decode()
    assert "told nothing any more" in today and f"/webhooks/{endpoint.id}" in today
    assert "It took nothing for 3 days" in alice.get(f"/webhooks/{endpoint.id}").content.decode()
    assert "told nothing any more" not in login("bob@example.org").get("/today").content.decode()


def test_others_see_and_do_nothing(bob: Client, charlie: Client, endpoint: Endpoint) -> None:
    path = f"/webhooks/{endpoint.id}"
    assert bob.get("/webhooks").status_code == bob.post(f"{path}/do", {"do": "delete"}).status_code == 403
    assert charlie.get(path).status_code == charlie.post(f"{path}/do", {"do": "delete"}).status_code == 404
    assert charlie.post(f"{path}/do", {"do": "test"}).status_code == 404
    assert "Till" not in charlie.get("/webhooks").content.decode()
    assert charlie.post(f"{path}/do", {"do": "x"}).status_code == 404 and Endpoint.objects.count() == 1
