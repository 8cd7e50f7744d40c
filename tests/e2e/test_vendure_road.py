"""A real Vendure: its order, a supplier's mail, the shipment in the shop, the scans on the page, delivered."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from sandbox.letters import SENDER_DOMAIN
from sandbox.mailer import Post, stamped
from tests import tools
from tests.e2e.product import RATE, Console, Town, Visitor, wait_until
from tests.e2e.vendure_shop import PASSWORD, USER, VendureShop

pytestmark = [pytest.mark.vendure, pytest.mark.timeout(600)]
NUMBER = "00340434161094042557"  # DHL Paket, with a check digit that fits


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[VendureShop]:
    try:
        vendure = VendureShop(tmp_path)
    except tools.Missing as problem:
        tools.give_up(problem)
    try:
        vendure.start(seconds=120)
        yield vendure
    finally:
        vendure.stop()


@pytest.fixture
def here(shop: VendureShop, tmp_path: Path) -> Iterator[Town]:
    """Doorstep with the shop connected. The shop lives in real time: it is connected before the fast time begins."""
    place = Town(tmp_path, allow=[shop.host])
    login = (f"username={USER}", f"password={PASSWORD}")
    place.product.command("connect", "store", "vendure", f"base_url=http://{shop.host}/admin-api", *login)
    try:
        place.open(RATE)
        place.connect_carrier()
        place.product.start()
        yield place
    finally:
        place.close()


def test_mail_ships_an_order_of_a_real_shop(here: Town, shop: VendureShop) -> None:
    code = shop.buy(quantity=2)
    console = Console(here.product)
    screen = wait_until("Vendure's order in Doorstep", lambda: console.order(code), here.product, shop)
    assert shop.shipments(code) == []
    here.world.control("numbers", {"number": NUMBER, "journey": "smooth"})
    send(here, code)
    shipped = [{"state": "Shipped", "method": "DHL Paket", "trackingCode": NUMBER}]
    wait_until("the shipment in Vendure", lambda: shop.shipments(code) == shipped, here.product, shop)
    page, shopper = console.page(screen), Visitor(here.product)
    wait_until("scans", lambda: "Departed from export airport" in shopper.get(page), here.product, here.world)
    assert "could not be asked" not in shopper.resync(page)
    wait_until("what the resync brought", lambda: "Done. " in shopper.get(page), here.product, here.world)
    say = "Delivered on the page"
    wait_until(say, lambda: "<h1>Delivered</h1>" in shopper.get(page), here.product, here.world, seconds=120)
    assert "Delivered, front door" in shopper.get(page)
    assert shop.shipments(code) == shipped
    assert here.product.errors() == []
    assert here.product.stop() == 0


def send(here: Town, code: str) -> None:
    """The supplier's mail, as the provider of the merchant's mailbox forwards it with its verdict on the sender."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Brightpack <shipping@{SENDER_DOMAIN}>"
    letter["To"] = "owner@e2e.example"
    letter["Subject"] = f"Order {code} has shipped"
    letter["Message-ID"] = f"<{code}@{SENDER_DOMAIN}>"
    letter.set_content(f"Order {code} left our warehouse today.\n\nCarrier: DHL Paket\nTracking number: {NUMBER}\n")
    post = Post(host="127.0.0.1", port=here.product.smtp, to=here.address)
    with smtplib.SMTP(post.host, post.port, timeout=10) as relay:
        relay.sendmail(f"bounce@{SENDER_DOMAIN}", [post.to], stamped(letter, post, authentic=True))
