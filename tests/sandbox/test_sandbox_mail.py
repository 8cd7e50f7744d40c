"""The letters, read as any mail reader would, and handed over by SMTP."""

import asyncio
import base64
import itertools
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from random import Random

import dkim
import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.catalog import BUYERS, PRODUCTS
from sandbox.clock import Clock
from sandbox.journeys import BY_NAME, Route
from sandbox.letters import WORDINGS, Layout, News, compose
from sandbox.mailer import Mailer, Post, stamped
from sandbox.numbers import ROYAL_MAIL
from sandbox.serve import listen
from sandbox.shipment import plan
from sandbox.store_order import StoreLine, StoreOrder
from sandbox.world import World

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
MEMBER = "owner@demo.example"


def news(number="LX473124829GB"):
    lines = (StoreLine(id=1, product=PRODUCTS[0], quantity=2),)
    order = StoreOrder(id=1041, buyer=BUYERS[3], lines=lines, placed_at=NOW, modified_at=NOW)
    return News(order=order, purchase="65519797821543", number=number, carrier=ROYAL_MAIL, at=NOW, serial=1)


def letter(language="en", layout=Layout.PLAIN):
    return compose(news(), language=language, layout=layout, to="in@demo.example", member=MEMBER)


def post(port=1, key=b""):
    return Post(host="127.0.0.1", port=port, to="in@demo.example", dkim_key=key)


def texts(message):
    return [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]


@pytest.mark.parametrize(("language", "layout"), list(itertools.product(WORDINGS, Layout)))
def test_letter_survives_the_wire_with_its_number_and_order(language, layout):
    message = message_from_bytes(stamped(letter(language, layout), post(), authentic=True), policy=default)
    assert not [part.defects for part in message.walk() if part.defects]
    said = [text for text in texts(message) if "LX473124829GB" in text]
    assert said
    assert all("65519797821543" in text and "#1041" in text and "Whitby" in text for text in said)
    assert "65519797821543" in message["Subject"]


def test_layouts_are_packed_differently():
    shapes = {layout: [part.get_content_type() for part in letter(layout=layout).walk()] for layout in Layout}
    assert shapes[Layout.PLAIN] == ["text/plain"]
    assert shapes[Layout.HTML] == ["text/html"]
    assert shapes[Layout.TABLE] == ["multipart/alternative", "text/plain", "text/html"]
    assert shapes[Layout.FORWARDED] == ["multipart/mixed", "text/plain", "message/rfc822", "text/plain"]


def test_forwarded_letter_comes_from_the_member():
    outer = letter(layout=Layout.FORWARDED)
    assert (outer["From"], outer["To"]) == (MEMBER, "in@demo.example")
    [inner] = [part.get_content() for part in outer.iter_attachments()]
    assert (inner["From"], inner["To"]) == ("Brightpack <shipping@brightpack.example>", MEMBER)
    assert outer["Message-ID"] != inner["Message-ID"]


def test_providers_verdict_tells_proven_letters_from_others():
    proven, other = [stamped(letter(), post(), authentic=yes).partition(b"\r\n")[0] for yes in (True, False)]
    assert proven.startswith(b"Authentication-Results: mx.demo.example; dkim=pass header.d=brightpack.example")
    assert b"dkim=none" in other
    assert b"pass" not in other


def test_dkim_signature_verifies_against_the_published_key():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    asked = []

    def lookup(name, timeout=5):
        asked.append(name)
        return record

    signed = stamped(letter(layout=Layout.TABLE), post(key=pem), authentic=True)
    assert dkim.verify(signed, dnsfunc=lookup)
    assert asked == [b"sandbox._domainkey.brightpack.example."]
    assert not dkim.verify(signed.replace(b"LX473124829GB", b"LX473124830GB"), dnsfunc=lookup)
    assert b"DKIM-Signature" not in stamped(letter(), post(key=pem), authentic=False)


class Box:
    """A mailbox. ``answers`` are the replies to the next letters; 250 afterwards."""

    def __init__(self, *answers: str) -> None:
        self.letters = []
        self.answers = list(answers)

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(envelope.content)
        return "250 on disk"


@pytest.fixture
def free_port():
    sock = listen(0)
    port = sock.getsockname()[1]
    sock.close()
    return port


def opened(box, port):
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    return controller


async def settled(mailer):
    for _ in range(800):
        if mailer.mailed.written and not mailer.mailed.waiting:
            return mailer.state()
        await asyncio.sleep(0.01)
    raise AssertionError(mailer.state())


async def test_letter_is_tried_again_while_the_other_side_is_down(free_port):
    mailer, box = Mailer(post(free_port)), Box("451 later")
    mailer.send(letter())
    await asyncio.sleep(0.2)
    controller = opened(box, free_port)
    state = await settled(mailer)
    controller.stop()
    await mailer.close()
    assert (state["accepted"], len(box.letters)) == (1, 1)
    assert state["accepted_ids"] == ["<65519797821543.1@brightpack.example>"]


async def test_refused_letter_is_not_repeated(free_port):
    mailer, box = Mailer(post(free_port)), Box("552 too big")
    controller = opened(box, free_port)
    mailer.send(letter())
    state = await settled(mailer)
    controller.stop()
    await mailer.close()
    assert (state["refused"], state["accepted"], box.letters) == (1, 0, [])


async def test_mailer_without_an_address_writes_nothing():
    mailer = Mailer(None)
    mailer.send(letter())
    await mailer.close()
    assert mailer.mailed.written == 0


async def test_order_number_comes_first_and_the_real_number_later(free_port):
    box = Box()
    controller = opened(box, free_port)
    world = World(clock=Clock(datetime.now(UTC), 1), seed=3, post=post(free_port))
    case = world.place(at=world.clock.now(), journey="order_number_given", route="mail", layout="plain", authentic=True)
    for days, heard in ((1.1, 1), (1.1, 2)):
        world.clock.jump(timedelta(days=days))
        world.happen()
        for _ in range(300):
            if len(box.letters) >= heard:
                break
            await asyncio.sleep(0.01)
    await world.close()
    controller.stop()
    first, second = box.letters
    assert f"Tracking number: {case.shipment.purchase}".encode() in first or case.order.buyer.country != "US"
    assert case.shipment.number.encode() not in first
    assert case.shipment.number.encode() in second


async def test_letters_of_the_past_stay_unsent():
    world = World(clock=Clock(datetime.now(UTC), 1), seed=3, post=post())
    world.remember()
    assert {case.shipment.route for case in world.cases} >= {Route.MAIL}
    assert world.mailer.mailed.written == 0
    await world.close()


def test_plan_of_a_mailed_parcel_names_its_number_when_it_leaves():
    shipment = plan(buyer=BUYERS[0], journey=BY_NAME["smooth"], route=Route.MAIL, placed_at=NOW, random=Random(1))
    assert shipment.number_at == shipment.dispatched_at
