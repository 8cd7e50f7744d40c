"""Webhooks: verified, stored, then answered."""

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from doorstep.app import clock, doors, inbox, loop, vault
from doorstep.app.doors import revoke
from doorstep.app.receive.knocks import knock
from doorstep.connectors import registry
from doorstep.connectors.contract import Answer, Broken
from doorstep.db.models import Connection, Feed, Inbox, Number, Schedule, Workspace
from doorstep.web.hooks import receive
from doorstep.web.hooks.receive import Hooks
from tests.app.acme import Acme
from tests.app.ledger import track17

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "hook-secret-of-the-shop"
ORDER = json.dumps({"id": 7, "status": "processing"}).encode()


def connect(connector: str = "woocommerce", kind: str = "store", **credentials: str) -> tuple[Connection, str]:
    """A connection and the path of its hook."""
    Workspace.objects.get_or_create(id=1, defaults={"name": "Shop"})
    one = Connection.objects.create(
        ws=1, kind=kind, connector=connector, external_id="x", label="x", base_url="https://shop.example",
        credentials_enc=vault.seal(credentials or {"hook_secret": SECRET}), connected_at=clock.now(),
    )  # fmt: skip
    return one, doors.hook_url(one).partition("/hooks/")[2]


def signed(body: bytes, delivery: str = "1") -> dict[str, str]:
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    return {
        "X-WC-Webhook-Signature": signature,
        "X-WC-Webhook-Topic": "order.updated",
        **({"X-WC-Webhook-Delivery-ID": delivery} if delivery else {}),
    }


async def deliver(
    hooks: Hooks,
    token: str,
    body: bytes,
    headers: dict[str, str] | None = None,
    method: str = "POST",
    query: str = "",
) -> tuple[int, dict[bytes, bytes]]:
    """One request through the ASGI application, as a server would make it."""
    sent: list[Any] = []
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    path = {"path": f"/hooks/{token}", "query_string": query.encode()}
    scope = {"type": "http", "method": method, "headers": raw, **path}
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
    events = iter([{"type": "http.request", "body": p, "more_body": n < len(pieces)} for n, p in enumerate(pieces, 1)])

    async def more() -> Any:
        return next(events, {"type": "http.disconnect"})

    async def send(event: Any) -> None:
        sent.append(event)

    await hooks(scope, more, send)
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.fixture
async def shop() -> tuple[Hooks, str]:
    _, token = await loop.in_db(connect)
    return Hooks(), token


async def count() -> int:
    return await loop.in_db(Inbox.objects.count)


async def test_a_signed_delivery_is_stored_before_it_is_answered(shop):
    hooks, token = shop
    status, _ = await deliver(hooks, token, ORDER, signed(ORDER))
    assert status == 200
    row = await loop.in_db(Inbox.objects.get)
    answer = inbox.answer_of(row)
    assert (answer.body, answer.what) == (ORDER, "order")
    assert SECRET not in json.dumps(row.headers) and "signature" not in json.dumps(row.headers)


async def test_a_replayed_delivery_is_accepted_and_stored_once(shop):
    hooks, token = shop
    results = [await deliver(hooks, token, ORDER, signed(ORDER)) for _ in range(3)]
    assert [status for status, _ in results] == [200] * 3 and await count() == 1
    await deliver(hooks, token, ORDER, signed(ORDER, delivery="2"))
    assert await count() == 2


async def test_without_a_delivery_id_only_the_last_body_counts_as_a_repetition(shop):
    hooks, token = shop
    other = ORDER.replace(b"7", b"8")
    for body in (ORDER, ORDER, other, ORDER):
        assert (await deliver(hooks, token, body, signed(body, delivery="")))[0] == 200
    assert await count() == 3
    same = [deliver(hooks, token, ORDER, signed(ORDER, delivery="")) for _ in range(5)]
    assert [status for status, _ in await asyncio.gather(*same)] == [200] * 5
    assert await count() == 3


@pytest.mark.parametrize("headers", [{}, signed(b"another body"), {"X-WC-Webhook-Signature": "ü"}])
async def test_an_unsigned_or_forged_delivery_is_refused_and_nothing_is_stored(shop, headers):
    hooks, token = shop
    assert (await deliver(hooks, token, ORDER, headers))[0] == 401
    assert await count() == 0


async def test_a_ping_is_accepted_and_teaches_nothing(shop):
    hooks, token = shop
    assert (await deliver(hooks, token, b"webhook_id=12"))[0] == 200
    assert await count() == 0


async def test_unknown_and_revoked_addresses_do_not_exist(shop, monkeypatch):
    hooks, token = shop
    assert (await deliver(hooks, "AbCdEfGhIjKlMnOpQrStUv", ORDER, signed(ORDER)))[0] == 404
    monkeypatch.setattr(receive, "FRESH_S", 0.0)
    connection = await loop.in_db(Connection.objects.get)
    await loop.in_db(revoke, 1, "hook", connection.id, "user:1")
    assert (await deliver(hooks, token, ORDER, signed(ORDER)))[0] == 404
    assert await count() == 0


async def test_only_post_delivers(shop):
    hooks, token = shop
    assert (await deliver(hooks, token, b"", method="GET"))[0] == 405
    assert (await deliver(hooks, token, b"", method="PUT"))[0] == 405
    assert (await deliver(hooks, "AbCdEfGhIjKlMnOpQrStUv", b"", method="GET"))[0] == 404


async def test_a_vendor_is_answered_before_it_calls(monkeypatch):
    monkeypatch.setitem(registry.connectors("supplier"), "acme", Acme())
    one, token = await loop.in_db(connect, "acme", "supplier")
    await loop.in_db(lambda: Connection.objects.filter(id=one.id).update(settings={"client_id": "app-1"}))
    hooks = Hooks()
    status, headers = await deliver(hooks, token, b"", method="GET", query="challenge=a%20b")
    assert (status, headers[b"content-type"], headers[b"x-content-type-options"]) == (
        200,
        b"application/json",
        b"nosniff",
    )
    assert (await deliver(hooks, token, b"", method="GET"))[0] == 400


async def test_that_a_vendor_calls_is_noted_once_an_hour(shop):
    hooks, token = shop
    assert (await deliver(hooks, token, b"webhook_id=12"))[0] == 200
    assert (await loop.in_db(Connection.objects.get)).pushed_at is None, "a ping tells nothing"
    for number in ("1", "2"):
        await deliver(hooks, token, ORDER, signed(ORDER, delivery=number))
    first = (await loop.in_db(Connection.objects.get)).pushed_at
    assert first is not None and hooks._known[token].pushed_at == first


async def test_a_carriers_knock_asks_about_what_it_names(monkeypatch):
    one, _ = await loop.in_db(connect, "seventeen_track", "carrier")
    now = clock.now()

    def begin() -> list[int]:
        numbers = [Number.objects.create(ws=1, text=text, norm=text, norm_reversed="") for text in ("LX1", "LX2")]
        later = now.replace(year=2100)
        for number in numbers:
            Schedule.objects.create(ws=1, number_id=number.id, connection_id=one.id, next_at=later)
        return [number.id for number in numbers]

    def due() -> list[int]:
        return list(Schedule.objects.filter(next_at__lt=now.replace(year=2099)).values_list("number_id", flat=True))

    first, _ = await loop.in_db(begin)
    said = Answer(what="track", body=json.dumps(track17("LX1")).encode(), received_at=now)
    for answer, wanted in ((None, []), (Answer(what="track", body=b"<", received_at=now), []), (said, [first])):
        await loop.in_db(knock, 1, one.id, answer)
        assert await loop.in_db(due) == wanted


async def test_too_large_a_delivery_is_refused(shop):
    hooks, token = shop
    body = b"x" * (receive.MAX_BODY + 1)
    assert (await deliver(hooks, token, body, signed(body)))[0] == 413
    assert await count() == 0


async def test_when_too_much_waits_the_sender_is_asked_to_come_again(shop, monkeypatch):
    hooks, token = shop
    monkeypatch.setattr(inbox.WRITER, "_most", 0)
    status, headers = await deliver(hooks, token, ORDER, signed(ORDER))
    assert status == 503 and headers[b"retry-after"] == b"5"


async def test_when_the_database_refuses_the_sender_is_asked_to_come_again(shop, monkeypatch):
    hooks, token = shop

    def broken(arrivals: Any) -> list[bool]:
        raise OSError("disk full")

    monkeypatch.setattr(inbox.WRITER, "_store", broken)
    assert (await deliver(hooks, token, ORDER, signed(ORDER)))[0] == 503
    monkeypatch.undo()
    assert (await deliver(hooks, token, ORDER, signed(ORDER)))[0] == 200


async def test_a_secret_saved_a_moment_ago_counts_at_once(shop):
    hooks, token = shop
    assert (await deliver(hooks, token, b"webhook_id=12"))[0] == 200  # remembers the account
    body, newer = ORDER, "newer-secret"

    def renew() -> None:
        Connection.objects.update(credentials_enc=vault.seal({"hook_secret": newer}))

    await loop.in_db(renew)
    signature = base64.b64encode(hmac.digest(newer.encode(), body, hashlib.sha256)).decode()
    headers = {"X-WC-Webhook-Signature": signature, "X-WC-Webhook-Delivery-ID": "9"}
    assert (await deliver(hooks, token, body, headers))[0] == 200


async def test_what_the_connector_cannot_read_is_a_bad_request(shop):
    hooks, token = shop

    class Puzzled:
        def receive(self, account: Any, delivery: Any) -> Any:
            raise Broken("not a delivery")

    await deliver(hooks, token, b"webhook_id=1")
    hooks._known[token].connector = Puzzled()  # type: ignore[assignment]
    assert (await deliver(hooks, token, b"{}"))[0] == 400


async def test_a_sender_that_hangs_up_is_not_answered(shop):
    hooks, token = shop
    sent: list[Any] = []

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)

    await hooks({"type": "http", "method": "POST", "path": f"/hooks/{token}", "headers": []}, gone, send)
    assert sent == [] and await count() == 0


async def test_a_door_revoked_between_two_looks_is_denied(shop):
    hooks, token = shop
    await deliver(hooks, token, b"webhook_id=1")
    connection = await loop.in_db(Connection.objects.get)
    await loop.in_db(revoke, 1, "hook", connection.id, "user:1")
    assert (await deliver(hooks, token, ORDER, {}))[0] == 401


async def test_a_knock_asks_at_once_and_believes_nothing(shop):
    hooks, token = shop

    class Knocking:
        def receive(self, account: Any, delivery: Any) -> Any:
            said = Answer(what="order", body=delivery.body, received_at=delivery.received_at)
            return receive.Received(answer=said, knock=True)

    connection = await loop.in_db(Connection.objects.get)
    later = clock.now().replace(year=2100)

    def feed() -> None:
        Feed.objects.create(ws=1, connection_id=connection.id, name="orders", next_at=later)

    await loop.in_db(feed)
    await deliver(hooks, token, b"webhook_id=1")
    hooks._known[token].connector = Knocking()  # type: ignore[assignment]
    assert (await deliver(hooks, token, b"{}"))[0] == 200
    assert (await loop.in_db(Feed.objects.get)).next_at < later and await count() == 0


async def test_many_doors_are_forgotten_again(monkeypatch):
    monkeypatch.setattr(receive, "MOST", 0)
    _, token = await loop.in_db(connect)
    hooks = Hooks()
    assert (await deliver(hooks, token, ORDER, signed(ORDER)))[0] == 200
    assert not hooks._known
