"""Bad input from outside, end to end: each is told in clear words, nothing is lost, and it works again afterwards."""

import asyncio
import hashlib
import hmac
import json
import smtplib
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from doorstep.app import clock, doors, inbox, say, vault
from doorstep.app.connections import connect
from doorstep.app.loop import in_db
from doorstep.app.reading.understand import understand
from doorstep.app.receive import feeds, mailbox
from doorstep.app.receive.smtp import Receiver
from doorstep.connectors.contract import Trouble
from doorstep.db.models import Change, Connection, Feed, Inbox, Order, Schedule, Word
from doorstep.web.hooks.receive import Hooks
from sandbox import supplier
from sandbox.faults import Fault
from tests.app.town import Town, living

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = b"From: ship@supplier.example\r\nMessage-ID: <1@supplier.example>\r\nSubject: Hello\r\n\r\nGood morning.\r\n"


@pytest.fixture
async def town(settings, monkeypatch) -> AsyncIterator[Town]:
    async with living(settings, monkeypatch) as town:
        yield town


async def refusal(town: Town, name: str, **form: str) -> str:
    """What a person is told who cannot connect."""
    with pytest.raises(Trouble) as caught:
        await town.connect(name, **form)
    assert await in_db(Connection.objects.count) == 0
    assert caught.value.message is not None
    return say.say(caught.value.message)


async def orders(town: Town) -> list[str]:
    return await in_db(lambda: sorted(Order.objects.filter(ws=town.ws).values_list("number", flat=True)))


async def feed(name: str = "orders") -> Feed:
    return await in_db(lambda: Feed.objects.get(name=name))


async def reloaded(connection: Connection) -> Connection:
    await in_db(connection.refresh_from_db)
    return connection


async def numbered(town: Town) -> int:
    return await in_db(lambda: Inbox.objects.filter(ws=town.ws).count())


# when connecting


WRONG = {
    "woocommerce": ({"consumer_key": "ck_wrong"}, "WooCommerce refused the key: Consumer key is invalid."),
    "cjdropshipping": ({"api_key": "CJ1@api@wrong"}, "CJdropshipping does not accept this API key. Copy it again"),
    "seventeen_track": ({"api_key": "wrong"}, "17TRACK does not accept this API key. Copy it again"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_credentials_are_named_and_nothing_is_saved(town, name):
    form, words = WRONG[name]
    assert (await refusal(town, name, **form)).startswith(words)
    assert (await town.connect(name)).state == "active"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.BUSY, "The shop is busy or asks for slower requests."),
        (Fault.DOWN, "The shop answered with an error: HTTP 500."),
        (Fault.HTML, "No WooCommerce API answers at this address."),
        (Fault.GARBAGE, "The shop answered something that is not its API's answer."),
        (Fault.LOST, "127.0.0.1 hung up before it had answered."),
        (Fault.SLOW, "127.0.0.1 did not answer within 0.3 seconds."),
    ],
)
async def test_a_shop_in_trouble_is_described_when_connecting(town, settings, fault, words):
    settings.HTTP_TIMEOUT_S = 0.3
    town.trouble("store", fault, seconds=0.6)
    assert (await refusal(town, "woocommerce")).startswith(words)
    assert (await town.connect("woocommerce")).state == "active"


async def test_a_shop_that_is_not_there_is_described_when_connecting(town):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        there = f"127.0.0.1:{nobody.getsockname()[1]}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django_settings, "ALLOW_HOSTS", there)
        assert (await refusal(town, "woocommerce", base_url=f"http://{there}")).startswith(
            "127.0.0.1 cannot be reached"
        )


# later


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault.BUSY, "busy", "The shop is busy or asks for slower requests."),
        (Fault.DOWN, "broken", "The shop answered with an error: HTTP 500."),
        (Fault.HTML, "broken", "The shop answered with a web page"),
        (Fault.GARBAGE, "broken", "The shop answered something that is not its API's answer."),
        (Fault.LOST, "busy", "127.0.0.1 hung up before it had answered."),
        (Fault.SLOW, "busy", "127.0.0.1 did not answer within 0.3 seconds."),
    ],
)
async def test_a_shop_in_trouble_loses_nothing_and_is_asked_again(town, settings, fault, kind, words):
    settings.HTTP_TIMEOUT_S = 0.3
    shop = await town.connect("woocommerce")
    first = town.place(journey="smooth", route="manual").order.number
    await town.read()
    second = town.place(journey="smooth", route="manual").order.number
    town.trouble("store", fault, seconds=0.6)
    await town.read()
    said = await feed()
    assert (said.answer, said.failures) == (kind, 1)
    assert say.say(said.said).startswith(words)
    assert said.next_at > clock.now()  # not at once again
    assert (await orders(town), (await reloaded(shop)).state) == ([first], "active")
    kept = await in_db(lambda: Inbox.objects.filter(state="bad").count())
    assert kept == (fault in {Fault.HTML, Fault.GARBAGE})  # what claims to be an answer is kept for a better reader
    await town.read()
    assert await orders(town) == [first, second]
    said = await feed()
    assert (said.answer, said.said, said.failures) == ("ok", None, 0)


async def test_a_shop_that_names_a_time_is_left_alone_so_long(town, monkeypatch):
    await town.connect("woocommerce")
    monkeypatch.setattr(feeds, "retry_after", lambda failures: timedelta(0))
    town.trouble("store", Fault.BUSY)
    await town.read()
    assert timedelta(seconds=1) < (await feed()).next_at - clock.now() <= timedelta(seconds=2)


@pytest.mark.parametrize(
    ("name", "vendor", "words"),
    [
        ("woocommerce", "store", "WooCommerce refused the key"),
        ("cjdropshipping", "supplier", "CJdropshipping does not accept this API key."),
        ("seventeen_track", "aggregator", "17TRACK does not accept this API key."),
    ],
)
async def test_revoked_credentials_stop_the_connection_are_told_once_and_resume(town, name, vendor, words):
    shop = await town.connect("woocommerce")
    one = shop if name == "woocommerce" else await town.connect(name)
    if name == "cjdropshipping":
        await in_db(age, one)
    before = town.place(journey="smooth", route="store")
    town.world.store.type_in(before.order, before.shipment.number, "usps", clock.now())
    town.trouble(vendor, Fault.DENIED, calls=1000)
    for _ in range(3):
        await town.read()
    one = await reloaded(one)
    assert one.state == "denied" and say.say(one.state_reason).startswith(words)
    assert await in_db(lambda: Change.objects.filter(kind="connection.denied", subject_id=one.id).count()) == 1
    asked = 1000 - town.world.faults.left()[vendor]
    await town.read()
    assert 1000 - town.world.faults.left()[vendor] == asked  # nobody is asked any more
    town.world.faults.clear()
    town.world.clock.jump(timedelta(minutes=6))  # CJ gives a new token once in five minutes
    assert (await town.connect(name)).id == one.id
    assert await in_db(lambda: Schedule.objects.filter(connection_id=one.id, next_at__gt=clock.now()).count()) == 0
    await town.read()
    assert ((await reloaded(one)).state, (await reloaded(one)).state_reason) == ("active", None)
    assert await orders(town) == [before.order.number]
    if vendor == "aggregator":
        assert town.world.aggregator.followed
    else:
        assert (await in_db(lambda: Feed.objects.get(connection_id=one.id))).answer == "ok"


async def test_an_expired_token_is_renewed_and_committed_before_the_next_request(town):
    one = await town.connect("cjdropshipping")
    old, version = await in_db(age, one), one.cred_version
    town.trouble("supplier", Fault.LOST, method="GET", calls=5)  # the process could die here as well
    await town.read()
    assert (await feed("purchases")).answer == "busy"
    renewed = vault.unseal((await reloaded(one)).credentials_enc)
    assert renewed["access_token"] != old and renewed["api_key"] == supplier.API_KEY
    assert (one.state, one.cred_version) == ("active", version + 1)
    town.world.faults.clear()
    await town.read()
    assert (await feed("purchases")).answer == "ok"
    assert (await reloaded(one)).cred_version == version + 1  # once was enough


def age(one: Connection) -> str:
    """Let the access token expire, which is given for 15 days; returns it."""
    known = vault.unseal(one.credentials_enc)
    known["access_token_asked_at"] = (clock.now() - timedelta(days=15)).isoformat()
    known["access_token_expires_at"] = clock.now().isoformat()
    one.credentials_enc = vault.seal(known)
    one.save(update_fields=["credentials_enc"])
    return known["access_token"]


async def test_an_unknown_status_word_is_kept_and_counted(town):
    await town.connect("woocommerce")
    cases = [town.place(journey="smooth", route="manual") for _ in range(2)]
    for case in cases:
        case.order.status = "packed-by-elves"
    await town.read()
    assert await orders(town) == sorted(case.order.number for case in cases)
    word = await in_db(Word.objects.get)
    assert (word.connector, word.sample, word.n) == ("woocommerce", "packed-by-elves", 2)
    assert await in_db(lambda: Inbox.objects.exclude(state="read").count()) == 0


# webhooks


async def post(hooks: Hooks, token: str, body: bytes, **headers: str) -> tuple[int, str]:
    """One delivery through the ASGI application; (status, text)."""
    sent: list[Any] = []
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: Any) -> None:
        sent.append(event)

    await hooks({"type": "http", "method": "POST", "path": f"/hooks/{token}", "headers": raw}, receive, send)
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent[1:]).decode()


async def test_forged_webhooks_are_refused_and_a_replayed_one_counts_once(town):
    shop = await town.connect("woocommerce")
    await connect.subscribe(shop)
    token = (await in_db(doors.hook_url, shop)).rpartition("/")[2]
    secret = vault.unseal((await reloaded(shop)).credentials_enc)["hook_secret"]
    order = town.place(journey="smooth", route="manual").order
    body = json.dumps(order.as_json(town.shop)).encode()
    sign = b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    hooks, delivery = Hooks(), "x_wc_webhook_delivery_id"
    assert await post(hooks, token, body) == (401, "The signature does not fit.")
    assert await post(hooks, token, body + b" ", x_wc_webhook_signature=sign) == (401, "The signature does not fit.")
    assert await post(hooks, token + "x", body, x_wc_webhook_signature=sign) == (404, "There is no such address.")
    assert await numbered(town) == 0
    for words in ("ok", "known", "known"):
        assert await post(hooks, token, body, x_wc_webhook_signature=sign, **{delivery: "7"}) == (200, words)
    while await in_db(understand):
        pass
    assert (await numbered(town), await orders(town)) == (1, [order.number])


async def test_a_signed_webhook_of_garbage_is_kept_with_the_reason(town):
    shop = await town.connect("woocommerce")
    await connect.subscribe(shop)
    token = (await in_db(doors.hook_url, shop)).rpartition("/")[2]
    secret = vault.unseal((await reloaded(shop)).credentials_enc)["hook_secret"]
    body = b'{"id": 1, "numb'
    sign = b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    assert (await post(Hooks(), token, body, x_wc_webhook_signature=sign))[0] == 200
    await in_db(understand)
    row = await in_db(Inbox.objects.get)
    assert (row.state, inbox.answer_of(row).body) == ("bad", body)
    assert say.say(row.error).startswith("The shop answered something that is not its API's answer.")


# mails


def hand_over(port: int, address: str, raw: bytes) -> tuple[int, bytes]:
    """Deliver without announcing the size; (code, text) of the last answer."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="relay.example", timeout=60) as relay:
        relay.helo()
        relay.mail("a@b.example")
        relay.rcpt(address)
        return relay.data(raw)


async def test_a_mail_of_twenty_megabytes_is_refused_and_nothing_stored(town):
    address = await in_db(mailbox.address, town.ws)
    receiver = Receiver("127.0.0.1", 0)
    await receiver.start()
    try:
        code, words = await asyncio.to_thread(
            hand_over, receiver.port, address, MAIL + (b"x" * 78 + b"\r\n") * (20 << 14)
        )
        assert code == 552 and b"too" in words.lower()
        assert await numbered(town) == 0
        assert (await asyncio.to_thread(hand_over, receiver.port, address, MAIL))[0] == 250
        assert await numbered(town) == 1
    finally:
        await receiver.stop()


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (b"no headers at all", "read"),
        (b"Subject: Parcel\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: text/pla", "read"),
        (b"Subject: \xff\xfe\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\x00\x01", "read"),
        (b"From: a@b.example\r\nContent-Type: text/html; charset=nonsense\r\n\r\n" + b"<div>" * 3000, "read"),
        (
            b"From: a@b.example\r\nContent-Type: text/plain; charset=?\r\n\r\nTracking number: 9261290100130739674442",
            "needs_look",
        ),
    ],
)
async def test_broken_mime_is_kept_and_nothing_wrong_is_taken_from_it(town, raw, state):
    address = await in_db(mailbox.address, town.ws)
    receiver = Receiver("127.0.0.1", 0)
    await receiver.start()
    try:
        assert (await asyncio.to_thread(hand_over, receiver.port, address, raw))[0] == 250
    finally:
        await receiver.stop()
    await in_db(understand)
    row = await in_db(Inbox.objects.get)
    assert (inbox.answer_of(row).body.strip(), row.state) == (raw.replace(b"\0", b""), state)
    words = "The mail has a tracking number but names no order. Choose the order it belongs to."
    assert say.say(row.error) == (words if state == "needs_look" else "")
