"""Saying which order a purchase is for, in the list and on the order's screen."""

import pytest
from django.test import Client

from doorstep.db.models import Purchase
from tests.app.ledger import Ledger, cj

REF = "260620000000000099"


@pytest.fixture
def bought(shop: Ledger) -> Purchase:
    shop.hears(shop.cj(cj(REF, "", number="CJPKL7160102188YQ", sku_line="")))
    return Purchase.objects.get(external_id=REF)


def test_a_purchase_is_given_from_the_list_and_taken_back_on_the_order(
    shop: Ledger, bought: Purchase, bob: Client
) -> None:
    listed = bob.get("/purchases").content.decode()
    assert REF in listed and "CJPKL7160102188YQ" in listed
    at = f"/purchases/{bought.id}/match"
    assert bob.post(at, {"order": "77"}, follow=True).content.decode().count(REF) == 1
    assert "Every purchase has its order" in bob.post(at, {"order": "1002"}, follow=True).content.decode()
    order = shop.order(1002)
    assert order.state == "shipped" and "Not for this order" in bob.get(f"/orders/{order.id}").content.decode()
    parted = bob.post(at, {"do": "part", "back": str(order.id)}, follow=True).content.decode()
    assert "belongs to no order now" in parted and shop.order(1002).state == "placed"


def test_an_order_says_which_purchase_it_is(shop: Ledger, bought: Purchase, bob: Client) -> None:
    at = f"/orders/{shop.order(1002).id}"
    assert "Which purchase is this?" in bob.get(at).content.decode()
    assert bob.post(f"{at}/purchase", {"purchase": "7"}).status_code == 404
    done = bob.post(f"{at}/purchase", {"purchase": str(bought.id)}, follow=True).content.decode()
    assert "belongs to the order now" in done and "Which purchase is this?" not in done


def test_charlie_sees_no_purchase_and_gives_none(shop: Ledger, bought: Purchase, charlie: Client) -> None:
    assert REF not in charlie.get("/purchases").content.decode()
    assert charlie.post(f"/purchases/{bought.id}/match", {"do": "part"}).status_code == 404
    assert charlie.post(f"/orders/{shop.order(1002).id}/purchase", {"purchase": str(bought.id)}).status_code == 404
