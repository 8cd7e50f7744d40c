"""Purchases that name no order, and a person's word on them."""

import itertools

import pytest

from doorstep.app.reading.understand import understand
from doorstep.app.receive import matching
from doorstep.db.models import Inbox, Order, ParcelLine, Purchase, PurchaseLine
from tests.app.ledger import CJP, START, Ledger, cj, ledger, woo

pytestmark = pytest.mark.django_db


@pytest.fixture
def one() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo(1001)), one.woo(woo(1002)), one.cj(cj(order="", sku_line="")))
    return one


def bought() -> Purchase:
    return Purchase.objects.get()


def test_a_purchase_without_an_order_is_listed_with_its_numbers(one):
    (found,) = matching.unmatched(one.ws)
    assert (found.purchase.external_id, found.numbers, len(found.lines)) == ("260620000000000002", (CJP,), 1)
    assert matching.unmatched(ledger(email="charlie@example.org").ws) == []


def test_a_persons_word_gives_its_number_to_the_order(one):
    matching.match(one.ws, bought().id, one.order(1001).id, "user:1")
    assert (one.order(1001).state, matching.unmatched(one.ws)) == ("shipped", [])
    line = PurchaseLine.objects.get()
    assert (line.order_id, line.how) == (one.order(1001).id, "only_line")


def test_it_is_kept_when_the_supplier_tells_the_purchase_again(one):
    matching.match(one.ws, bought().id, one.order(1001).id, "user:1")
    one.hears(one.cj(cj(order="", sku_line="", number="CJPKL7160102188YQ")))
    assert PurchaseLine.objects.get().order_id == one.order(1001).id
    assert one.order(1001).state == "shipped"


def test_it_can_be_given_to_another_order_and_to_none(one):
    matching.match(one.ws, bought().id, one.order(1001).id, "user:1")
    matching.match(one.ws, bought().id, one.order(1002).id, "user:1")
    assert (one.order(1001).state, one.order(1002).state) == ("placed", "shipped")
    assert {push.order_id for push in one.pushes()} == {one.order(1002).id}
    matching.part(one.ws, bought().id, "user:1")
    assert (one.order(1001).state, one.order(1002).state) == ("placed", "placed")
    assert len(matching.unmatched(one.ws)) == 1 and one.pushes() == []
    matching.match(one.ws, bought().id, one.order(1001).id, "user:1")
    assert (one.order(1001).state, one.order(1002).state) == ("shipped", "placed")


def test_what_the_supplier_names_itself_goes_before(one):
    one.hears(one.cj(cj("77", "1002")))
    named = Purchase.objects.get(external_id="77")
    matching.match(one.ws, named.id, one.order(1001).id, "user:1")
    assert PurchaseLine.objects.get(purchase_id=named.id).order_id == one.order(1002).id


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_any_order_of_reading_gives_the_same(order):
    one = ledger()
    one.hears(one.woo(woo(1001)), one.woo(woo(1002)), one.cj(cj(order="", sku_line="")))
    matching.match(one.ws, bought().id, one.order(1002).id, "user:1")
    matching.match(one.ws, bought().id, one.order(1001).id, "user:1")
    rows = list(Inbox.objects.filter(ws=one.ws).order_by("id"))[-4:]
    for model in (Order, ParcelLine, PurchaseLine, Purchase):
        model.objects.filter(ws=one.ws).delete()
    for place in order:
        Inbox.objects.filter(ws=one.ws, id=rows[place].id).update(state="new")
        while understand():
            pass
    assert PurchaseLine.objects.get().order_id == one.order(1002).id  # order 1001 is not there any more
    one.hears(one.woo(woo(1001, modified=START)))
    assert PurchaseLine.objects.get().order_id == one.order(1001).id


def test_another_workspace_matches_nothing(one):
    other = ledger(email="charlie@example.org")
    with pytest.raises(Purchase.DoesNotExist):
        matching.match(other.ws, bought().id, one.order(1001).id, "user:2")
    with pytest.raises(Purchase.DoesNotExist):
        matching.part(other.ws, bought().id, "user:2")
