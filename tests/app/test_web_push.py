"""Messages to browsers: sealed as the RFC says, signed, sent to public addresses only, forgotten when they are gone."""

import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from doorstep.app import clock, outbox
from doorstep.app.loop import in_db
from doorstep.app.telling import push_seal, web_push
from doorstep.core.policy import MailBy
from doorstep.db.models import Follower, LetterRules, Outbox
from tests.app.ledger import USPS, Ledger, track17
from tests.app.test_notify import MOVING, NOW, OUT, shop

pytestmark = pytest.mark.django_db(transaction=True)
# RFC 8291, 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_a_message_is_sealed_as_in_the_rfc() -> None:
    own = ec.derive_private_key(int.from_bytes(push_seal.decoded(OURS)), ec.SECP256R1())
    sealed = push_seal.seal(PLAIN, push_seal.decoded(THEIRS), push_seal.decoded(AUTH), own, push_seal.decoded(SALT))
    assert push_seal.encoded(sealed) == BODY


class Browser:
    """A browser that subscribed, and opens what it is sent: written from the RFCs, apart from the product's code."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def typed(self) -> dict[str, str]:
        return {"p256dh": push_seal.encoded(self.point), "auth": push_seal.encoded(self.auth)}

    def open(self, body: bytes) -> dict[str, str]:
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= size == 4096
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = mac(mac(self.auth, shared), b"WebPush: info\0" + self.point + sender + b"\1")
        first = mac(salt, secret)
        key, nonce = (mac(first, b"Content-Encoding: " + one + b"\0\1") for one in (b"aes128gcm", b"nonce"))
        plain = AESGCM(key[:16]).decrypt(nonce[:12], sealed, None)
        assert plain.endswith(b"\2")
        opened: dict[str, str] = json.loads(plain[:-1])
        return opened


def mac(key: bytes, data: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


class Service:
    """A push service on this machine. ``status`` is what it answers next."""

    def __init__(self) -> None:
        self.took: list[tuple[dict[str, str], bytes]] = []
        self.status, self.url = 201, ""

    async def take(self, request: web.Request) -> web.Response:
        self.took.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)


@pytest.fixture
async def service(settings) -> AsyncIterator[Service]:
    there, app = Service(), web.Application()
    app.router.add_post("/send/{name}", there.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    there.url, settings.ALLOW_HOSTS = f"http://127.0.0.1:{port}/send/1", f"127.0.0.1:{port}"
    yield there
    await runner.cleanup()


@pytest.fixture
def browser() -> Browser:
    return Browser()


def follow(one: Ledger, browser: Browser, address: str) -> Follower:
    """Ines' browser, which follows order 1001 since before anything happened."""
    web_push.begin(one.ws, {**browser.typed, "address": "https://push.example/1"}, "de", order=one.order())
    Follower.objects.update(address=address, confirmed_at=one.at - timedelta(days=30))
    one.at = clock.now() - timedelta(hours=1)
    one.hears(one.track(track17(USPS, MOVING, OUT, NOW)))
    return Follower.objects.get()


def leased(key: str = ":delivered") -> outbox.Leased:
    Outbox.objects.update(due_at=clock.now() + timedelta(days=1), lease_until=0.0)
    Outbox.objects.filter(lane="web_push", intent_key__endswith=key).update(due_at=clock.now(), state="due")
    taken = outbox.claim(("web_push",))
    assert taken is not None
    return taken


def intent() -> Outbox:
    return Outbox.objects.get(lane="web_push", intent_key__endswith=":delivered")


def signature_of(header: str) -> dict[str, str]:
    """The claims of a VAPID header whose signature is right."""
    token, key = header.removeprefix("vapid t=").split(", k=")
    signed, _, mark = token.rpartition(".")
    raw = push_seal.decoded(mark)
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), push_seal.decoded(key))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    point.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, str] = json.loads(push_seal.decoded(signed.partition(".")[2]))
    return claims


async def test_a_shopper_who_asked_is_told_whoever_mails_the_buyers(service: Service, browser: Browser) -> None:
    one = await in_db(lambda: shop(mail_by=MailBy.STORE))
    await in_db(follow, one, browser, service.url)
    await web_push.carry_out(await in_db(leased))
    ((headers, body),) = service.took
    said = browser.open(body)
    assert "1001" in said["body"] and "zugestellt" in said["body"] and "/t/" in said["url"]
    assert (headers["Content-Encoding"], headers["TTL"]) == ("aes128gcm", "86400")
    claims = signature_of(headers["Authorization"])
    assert claims["aud"] == service.url.removesuffix("/send/1")
    assert 0 < int(claims["exp"]) - clock.machine() <= 24 * 3600
    assert await in_db(Outbox.objects.filter(lane="mail").count) == 0


@pytest.mark.parametrize("status", [404, 410, 403])
async def test_a_browser_that_is_gone_is_forgotten(service: Service, browser: Browser, status: int) -> None:
    one = await in_db(shop)
    await in_db(follow, one, browser, service.url)
    service.status = status
    await web_push.carry_out(await in_db(leased))
    assert await in_db(Follower.objects.count) == 0
    assert (await in_db(intent)).state == "done"


async def test_a_service_that_is_busy_is_asked_again(service: Service, browser: Browser) -> None:
    one = await in_db(shop)
    await in_db(follow, one, browser, service.url)
    service.status = 503
    await web_push.carry_out(await in_db(leased))
    row = await in_db(intent)
    assert (row.state, row.error["id"]) == ("due", "letters.push_declined") and await in_db(Follower.objects.count) == 1


async def test_nothing_is_sent_into_a_private_network(service: Service, browser: Browser, settings) -> None:
    one = await in_db(shop)
    await in_db(follow, one, browser, service.url)
    settings.ALLOW_HOSTS = ""
    await web_push.carry_out(await in_db(leased))
    assert service.took == [] and await in_db(Follower.objects.count) == 0


async def test_what_is_no_news_or_disturbs_the_night_is_not_sent(service: Service, browser: Browser) -> None:
    one = await in_db(shop)
    await in_db(follow, one, browser, service.url)
    await web_push.carry_out(await in_db(leased, ":out_for_delivery"))
    hour = clock.now().hour
    await in_db(
        lambda: LetterRules.objects.create(ws=one.ws, store_id=one.store.id, quiet_from=hour, quiet_to=(hour + 2) % 24)
    )
    await web_push.carry_out(await in_db(leased))
    row = await in_db(intent)
    assert service.took == [] and row.error["id"] == "letters.held.quiet"


async def test_a_key_that_is_gone_ends_what_was_subscribed_with_it(
    service: Service, browser: Browser, settings
) -> None:
    one = await in_db(shop)
    await in_db(follow, one, browser, service.url)
    former = str(settings.SECRET_KEY)
    settings.SECRET_KEY, settings.FORMER_KEYS = "another", (former,)
    assert push_seal.authorization("https://x", (await in_db(Follower.objects.get)).keys["vapid"], 0.0)
    settings.FORMER_KEYS = ()
    await web_push.carry_out(await in_db(leased))
    assert service.took == [] and await in_db(Follower.objects.count) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "http://push.example/1"},
        {"address": "https://user:x@push.example/1"},
        {"address": "https://push.example/" + "x" * 1000},
        {"address": ""},
        {"p256dh": "AAAA"},
        {"auth": "not base64!"},
        {"auth": "AAAA"},
    ],
)
def test_what_is_no_browser_is_not_taken(browser: Browser, wrong: dict[str, str]) -> None:
    typed = {**browser.typed, "address": "https://push.example/1", **wrong}
    with pytest.raises(web_push.Refused):
        web_push.begin(1, typed, "en", user_id=1)
    assert not Follower.objects.exists()


def test_a_browser_counts_once_and_not_too_many_do(browser: Browser) -> None:
    typed = {**browser.typed, "address": "https://push.example/1"}
    for _ in range(2):
        web_push.begin(1, typed, "en", user_id=1)
    assert Follower.objects.count() == 1 and web_push.known(1, typed["address"], user_id=1)
    for one in range(2, web_push.MOST + 1):
        web_push.begin(1, {**typed, "address": f"https://push.example/{one}"}, "en", user_id=1)
    with pytest.raises(web_push.Refused):
        web_push.begin(1, {**typed, "address": "https://push.example/more"}, "en", user_id=1)
    web_push.end(1, typed["address"], user_id=1)
    assert not web_push.known(1, typed["address"], user_id=1)
