"""A real Medusa, as `make long` runs it: its order, a supplier's mail, the shipment in the shop, delivered; and what
the connector asks of it, word by word.
"""

import os
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import aiohttp
import pytest

from doorstep.connectors.contract import Account, Denied, Moved, NotFound, Refused, Shipment
from doorstep.connectors.stores.medusa import CONNECTOR, Medusa
from doorstep.core.order import Content
from doorstep.core.status import Status
from sandbox.clock import Clock
from sandbox.letters import SENDER_DOMAIN
from sandbox.mailer import Post, stamped
from tests import tools
from tests.e2e.medusa_shop import MedusaShop
from tests.e2e.product import RATE, Console, Town, Visitor, wait_until
from tests.sandbox.vendors import Line

pytestmark = [
    pytest.mark.skipif("DOORSTEP_LONG" not in os.environ, reason="700 MB of packages: `make long` installs them"),
    pytest.mark.timeout(900),
]
FIRST, SECOND = "00340434161094042557", "00340434161094027318"  # DHL Paket, with check digits that fit


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MedusaShop]:
    try:
        medusa = MedusaShop(tmp_path_factory.mktemp("shop"))
    except tools.Missing as problem:
        tools.give_up(problem)
    try:
        medusa.furnish()
        medusa.start(seconds=120)
        medusa.open()
        yield medusa
    finally:
        medusa.stop()


@pytest.fixture
def here(shop: MedusaShop, tmp_path: Path) -> Iterator[Town]:
    """Doorstep with the shop connected. The shop lives in real time: it is connected before the fast time begins."""
    place = Town(tmp_path, allow=[shop.host])
    place.product.command("connect", "store", "medusa", f"base_url=http://{shop.host}", f"api_key={shop.key}")
    try:
        yield place
    finally:
        place.close()


def test_mail_ships_an_order_of_a_real_shop(here: Town, shop: MedusaShop) -> None:
    ref, number = shop.buy(quantity=2)
    here.open(RATE)
    here.connect_carrier()
    here.product.start()
    console = Console(here.product)
    screen = wait_until("Medusa's order in Doorstep", lambda: console.order(number), here.product, shop)
    assert shop.shipments(ref) == []
    here.world.control("numbers", {"number": FIRST, "journey": "smooth"})
    send(here, number, FIRST)
    wait_until("the shipment in Medusa", lambda: shop.shipments(ref) == [(FIRST,)], here.product, shop)
    page, shopper = console.page(screen), Visitor(here.product)
    say = "Delivered on the page"
    wait_until(say, lambda: "<h1>Delivered</h1>" in shopper.get(page), here.product, here.world, seconds=120)
    assert shop.shipments(ref) == [(FIRST,)]
    assert here.product.errors() == []
    assert here.product.stop() == 0


async def test_what_the_connector_says_is_what_medusa_takes(shop: MedusaShop) -> None:
    ref, number = shop.buy(quantity=3)
    account = Account(base_url=f"http://{shop.host}", credentials={"api_key": shop.key}, now=datetime.now(UTC))
    medusa, given = Medusa(), Shipment(order=ref, number=FIRST, key="k", url=f"https://track.example/{FIRST}")
    async with aiohttp.ClientSession() as session:
        line = Line(f"http://{shop.host}", session, Clock(account.now, 1.0))
        assert (await line.run(CONNECTOR, account, medusa.check(account))).external_id == shop.host
        await line.run(CONNECTOR, account, medusa.orders(account, account.now - timedelta(minutes=5)))
        found = [one for facts in line.read for one in facts.orders if one.ref == ref]
        assert [(one.number, one.awaiting_payment, one.lines[0].qty) for one in found] == [(number, False, 3)]
        part = replace(given, contents=(Content(line=found[0].lines[0].ref, qty=1),))
        first = await line.run(CONNECTOR, account, medusa.push(account, part))
        assert await line.run(CONNECTOR, account, medusa.push(account, part)) == first, "a repetition adds nothing"
        rest = replace(given, number=SECOND, notify=False)
        await line.run(CONNECTOR, account, medusa.push(account, rest))
        shown = await line.run(CONNECTOR, account, medusa.read_back(account, ref))
        moved = Moved(order=ref, ref=first.ref, number=FIRST, status=Status.DELIVERED, at=account.now, key="k")
        for _ in range(2):
            await line.run(CONNECTOR, account, medusa.tell(account, moved))
        arrived = await line.run(CONNECTOR, account, medusa.read_back(account, ref))
        with pytest.raises(Refused):
            await line.run(CONNECTOR, account, medusa.push(account, replace(rest, number="LX123456785CN")))
        with pytest.raises(NotFound):
            await line.run(CONNECTOR, account, medusa.order(account, "order_nobody"))
    assert sorted((one.number, one.contents[0].qty) for one in shown) == sorted([(FIRST, 1), (SECOND, 2)])
    assert all(one.shipped_at and not one.delivered for one in shown)
    assert [one.number for one in arrived if one.delivered] == [FIRST]
    denied = replace(account, credentials={"api_key": "sk_wrong"})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(Denied):
            await Line(f"http://{shop.host}", session, Clock(account.now, 1.0)).run(
                CONNECTOR, denied, medusa.check(denied)
            )


def send(here: Town, order: str, number: str) -> None:
    """The supplier's mail, as the provider of the merchant's mailbox forwards it with its verdict on the sender."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Brightpack <shipping@{SENDER_DOMAIN}>"
    letter["To"] = "owner@e2e.example"
    letter["Subject"] = f"Order {order} has shipped"
    letter["Message-ID"] = f"<{order}-{number}@{SENDER_DOMAIN}>"
    letter.set_content(f"Order {order} left our warehouse today.\n\nCarrier: DHL Paket\nTracking number: {number}\n")
    post = Post(host="127.0.0.1", port=here.product.smtp, to=here.address)
    with smtplib.SMTP(post.host, post.port, timeout=10) as relay:
        relay.sendmail(f"bounce@{SENDER_DOMAIN}", [post.to], stamped(letter, post, authentic=True))
