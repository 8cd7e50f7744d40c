"""A shop seen by alice (its owner), bob (on her team) and charlie (a stranger with a workspace of his own)."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from doorstep.app import doors
from doorstep.app.members import workspaces
from doorstep.core.roles import Member
from doorstep.db.models import Order
from tests.app import kept
from tests.app.ledger import START, Ledger, cj, ledger, scan, track17, woo
from tests.web import own

NUMBER = "LX123456079CN"
SCANS = (
    scan(3.1, "InfoReceived", "Shipment information sent to carrier"),
    scan(3.6, "InTransit_PickedUp", "Accepted at origin"),
    scan(5.0, "OutForDelivery_Other", "Out for delivery"),
)


@pytest.fixture(autouse=True)
def _one_workspace_at_a_time() -> Iterator[None]:
    """No request of any test reads or changes rows of a tenant without saying whose."""
    with own.watching() as round_the_gate:
        yield
    assert round_the_gate == []


def make_shop() -> Ledger:
    """Alice's shop: order 1001 on its way with a part left over, order 1002 without a number."""
    shop = ledger(email="alice@example.org")
    workspaces.join(shop.ws, "bob@example.org", "correct horse battery", Member.AGENT)
    lines = ((501, "LAMP-1", 2), (502, "SHADE-2", 1))
    shop.hears(shop.woo(woo(1001, lines=lines)), shop.woo(woo(1002, lines=((601, "LAMP-1", 1),))))
    shop.hears(shop.cj(cj(number=NUMBER, method="CJPacket Liquid")), shop.track(track17(NUMBER, *SCANS, key=3011)))
    return shop


@pytest.fixture
def shop(db: None) -> Ledger:
    """Alice's shop, as ``make_shop`` makes it."""
    return kept.once(make_shop)


@pytest.fixture
def order(shop: Ledger) -> Order:
    return shop.order(1001)


@pytest.fixture
def alice(shop: Ledger) -> Client:
    return login("alice@example.org")


@pytest.fixture
def bob(shop: Ledger) -> Client:
    return login("bob@example.org")


@pytest.fixture
def charlie(shop: Ledger) -> Client:
    workspaces.create("Charlie's shop", "charlie@example.org", "correct horse battery")
    return login("charlie@example.org")


@pytest.fixture
def page(order: Order) -> str:
    """The path of the shopper's page of order 1001."""
    return doors.page_url(order.ws, order.id).removeprefix(settings.PUBLIC_URL)


def login(email: str) -> Client:
    from doorstep.db.models import User

    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


__all__ = ["NUMBER", "START"]
