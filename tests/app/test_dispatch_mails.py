"""A mail that says "shipped" and gives no number still says that the goods have left."""

from datetime import timedelta
from itertools import permutations

import pytest

from doorstep.core.mailmatch import Proof, context_of
from tests.app.ledger import CJP, START, Ledger, cj, ledger, woo

pytestmark = pytest.mark.django_db
PROVEN = Proof(domain="supplier.example", how="dkim", why_not="")
SHIPPED = "From: ship@supplier.example\nMessage-ID: <%s@s>\nSubject: Order 1001 has shipped\n\nThank you.\n"


@pytest.fixture
def shop() -> Ledger:
    """A number that waits for its dispatch."""
    shop = ledger()
    shop.hears(shop.woo(woo()), shop.cj(cj(number=CJP, status="UNSHIPPED", left=None)))
    assert [push.state for push in shop.pushes()] == ["held"]
    return shop


def test_it_ends_the_wait_for_the_dispatch(shop):
    shop.hears(shop.mail(SHIPPED % 1, **context_of(PROVEN)))
    assert [push.state for push in shop.pushes()] == ["due"]
    assert shop.order().mail_dispatched_at == shop.at


def test_nobodys_mail_ends_nothing(shop):
    shop.hears(shop.mail(SHIPPED % 1), shop.mail(SHIPPED.replace("1001", "x"), **context_of(PROVEN)))
    assert [push.state for push in shop.pushes()] == ["held"]
    assert shop.order().mail_dispatched_at is None


def test_the_earliest_counts_whichever_is_read_first():
    times = set()
    for order in permutations(range(3)):
        shop = ledger()
        mails = [shop.mail(SHIPPED % n, **context_of(PROVEN)) for n in range(3)]
        arrivals = [mails[n] for n in order]
        shop.hears(*arrivals[:2], shop.woo(woo()), arrivals[2])
        times.add(shop.order().mail_dispatched_at)
        assert shop.order().mail_dispatched_at == mails[0].received_at
    assert times == {START + timedelta(days=4, minutes=1)}


def test_it_does_not_say_which_of_two_parcels_left(shop):
    second = cj("260620000000000003", number="CJPKL7160102172YQ", status="UNSHIPPED", left=None, sku_line="502")
    shop.hears(shop.woo(woo(lines=((501, "LAMP-1", 2), (502, "SHADE-2", 2)))), shop.cj(second))
    assert len(shop.parcels()) == 2
    shop.hears(shop.mail(SHIPPED % 1, **context_of(PROVEN)))
    assert {push.state for push in shop.pushes()} == {"held"}
