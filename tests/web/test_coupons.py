"""Coupons: codes with a budget, given by hand or by rule, shown to the shopper, recorded when they are used."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from doorstep.app import clock
from doorstep.app.shopper import coupon_rule, coupons
from doorstep.db.models import Coupon, Offer, Order, Parcel, Scans
from tests.app.ledger import START, Ledger, woo

FORM = {"label": "10 % off", "cost": "5", "currency": "eur", "budget": "12.50", "days": "30", "a_day": "2"}


@pytest.fixture
def offer(shop: Ledger) -> int:
    """An offer whose budget holds two coupons, with three codes."""
    made = coupons.offer(shop.ws, shop.store.id, FORM, "user:1")
    coupons.add(shop.ws, made, "code\nAAA-1\nBBB-2;x\r\nCCC-3,y\n\n", "user:1")
    return made


def state(code: str) -> str:
    return Coupon.objects.get(code=code).state


def test_coupon_is_given_from_the_order_once_shown_and_taken_back(
    shop: Ledger, order: Order, offer: int, alice: Client, page: str
) -> None:
    assert "For the wait" not in Client().get(page).content.decode()
    assert "10 % off" in alice.get(f"/orders/{order.id}").content.decode()
    alice.post(f"/orders/{order.id}/coupon", {"offer": offer})
    shown = Client().get(f"{page}?lang=de").content.decode()
    assert "AAA-1" in shown and "Für das Warten" in shown
    again = alice.post(f"/orders/{order.id}/coupon", {"offer": offer}, follow=True).content.decode()
    assert "has a coupon already" in again and "AAA-1" in again
    alice.post(f"/orders/{order.id}/coupon", {"do": "back"})
    assert "AAA-1" not in Client().get(page).content.decode() and state("AAA-1") == "back"
    assert "no unused coupon" in alice.post(f"/orders/{order.id}/coupon", {"do": "back"}, follow=True).content.decode()
    alice.post(f"/orders/{order.id}/coupon", {"offer": offer})
    assert state("BBB-2") == "given"


def test_coupon_that_has_run_out_is_not_shown(order: Order, offer: int, page: str, shop: Ledger) -> None:
    coupons.give(shop.ws, offer, order.id, "user:1")
    Coupon.objects.filter(code="AAA-1").update(expires_at=clock.now() - timedelta(minutes=1))
    assert "AAA-1" not in Client().get(page).content.decode()


def test_budget_codes_and_the_end_of_an_offer_limit_what_is_given(shop: Ledger, order: Order, offer: int) -> None:
    other = shop.order(1002)
    coupons.give(shop.ws, offer, order.id, "user:1")
    coupons.give(shop.ws, offer, other.id, "user:1")
    shop.hears(shop.woo(woo(1003)))
    with pytest.raises(coupons.Refused, match="budget_spent"):
        coupons.give(shop.ws, offer, shop.order(1003).id, "user:1")
    Offer.objects.filter(id=offer).update(budget=Decimal(100))
    Coupon.objects.filter(state="free").update(state="back")
    with pytest.raises(coupons.Refused, match="none_left"):
        coupons.give(shop.ws, offer, shop.order(1003).id, "user:1")
    coupons.end(shop.ws, offer, "user:1")
    with pytest.raises(coupons.Refused, match="other_store"):
        coupons.give(shop.ws, offer, shop.order(1003).id, "user:1")


def test_store_says_in_its_order_that_a_code_was_used(shop: Ledger, order: Order, offer: int, page: str) -> None:
    coupons.give(shop.ws, offer, order.id, "user:1")
    shop.hears(shop.woo(woo(1007) | {"coupon_lines": [{"id": 1, "code": "aaa-1"}, {"id": 2, "code": "theirs"}]}))
    row = Coupon.objects.get(code="AAA-1")
    assert (row.state, row.redeemed_in) == ("redeemed", "1007")
    assert "AAA-1" not in Client().get(page).content.decode()
    (account,) = coupons.accounts(shop.ws)
    assert (account.redeemed, account.spent, account.bound, account.left) == (1, 5, 0, Decimal("7.50"))


def test_list_of_used_codes_is_brought_whole_or_not_at_all(shop: Ledger, offer: int, alice: Client) -> None:
    path = f"/coupons/{offer}/do"
    bad = alice.post(path, {"do": "redeemed", "codes": "AAA-1,1009,3.20\nZZZ,1,1"}, follow=True).content.decode()
    assert "“ZZZ” is no code of this offer" in bad and state("AAA-1") == "free"
    bad = alice.post(path, {"do": "redeemed", "codes": "AAA-1,1009,lots"}, follow=True).content.decode()
    assert "is no amount" in bad
    done = alice.post(path, {"do": "redeemed", "codes": "Code,Order,Amount\nAAA-1,1009,3.20\nbbb-2"}, follow=True)
    assert "2 were recorded as used" in done.content.decode()
    (account,) = coupons.accounts(shop.ws)
    assert account.spent == Decimal("8.20")
    again = alice.post(path, {"do": "redeemed", "codes": "AAA-1"}, follow=True).content.decode()
    assert "0 were recorded" in again and coupons.accounts(shop.ws)[0].spent == Decimal("8.20")


def test_codes_are_made_here_and_exported_to_be_created_in_the_store(shop: Ledger, offer: int, alice: Client) -> None:
    assert (
        "create it in your store"
        in alice.post(f"/coupons/{offer}/do", {"do": "make", "count": "1"}, follow=True).content.decode().lower()
    )
    made = Coupon.objects.order_by("id").last()
    assert made is not None and len(made.code) == 11
    answer = alice.get(f"/coupons/{offer}/codes.csv")
    assert answer.content.decode().splitlines() == [
        "code,worth,currency,uses", *(f"{one},5.00,EUR,1" for one in ("AAA-1", "BBB-2", "CCC-3", made.code))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"label": " "}, "Say what the shopper reads"),
        ({"currency": "€"}, "three letters"),
        ({"cost": "free"}, "is no amount"),
        ({"cost": "0"}, "is no amount"),
        ({"budget": "1"}, "smaller than one coupon"),
        ({"days": "9999"}, "whole number from 1 to"),
        ({"store": "1"}, "one of your stores"),
    ],
)
def test_offer_that_cannot_be_is_refused_with_a_reason(
    shop: Ledger, alice: Client, wrong: dict[str, str], said: str
) -> None:
    form = {**FORM, "store": shop.store.id, **wrong}
    screen = alice.post("/coupons/make", form, follow=True).content.decode()
    assert said in screen
    assert f'name="budget" value="{form["budget"]}"' in screen  # what was typed is still there
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("codes", "said"),
    [("", "no code in it"), ("a b", "is no code"), ("AAA-1\naaa-1", "no new code"), ("x", "is no code")],
)
def test_codes_that_cannot_be_are_refused(offer: int, alice: Client, codes: str, said: str) -> None:
    assert said in alice.post(f"/coupons/{offer}/do", {"do": "add", "codes": codes}, follow=True).content.decode()
    assert Coupon.objects.count() == 3


def test_offers_are_seen_by_the_team_and_made_by_who_sets_the_rules(
    shop: Ledger, offer: int, alice: Client, bob: Client, charlie: Client
) -> None:
    made = alice.post("/coupons/make", {**FORM, "store": shop.store.id, "label": "Free socks"}, follow=True)
    assert "Free socks" in made.content.decode()
    assert (
        "Free socks" in bob.get("/coupons").content.decode()
        and "AAA-1" not in bob.get(f"/coupons/{offer}").content.decode()
    )
    assert bob.post("/coupons/make", FORM).status_code == 403
    assert bob.get(f"/coupons/{offer}/codes.csv").status_code == 403
    assert "socks" not in charlie.get("/coupons").content.decode()
    assert alice.post(f"/coupons/{offer}/do", {"do": "sell"}).status_code == 404
    assert alice.post(f"/coupons/{offer}/do", {"do": "end"}, follow=True).content.decode().count("Ended") >= 2


@pytest.fixture
def late(shop: Ledger, order: Order) -> Order:
    """Order 1001 has not moved for two months."""
    Scans.objects.filter(ws=shop.ws).delete()
    old = START - timedelta(days=60)
    Order.objects.filter(id=order.id).update(placed_at=old, state="shipped")
    Parcel.objects.filter(ws=shop.ws).update(
        status="in_transit", status_since=old, last_event_at=old, first_scan_at=old, handed_at=old
    )
    return order


def test_rule_gives_one_to_the_late_once_and_none_to_the_others(shop: Ledger, late: Order, offer: int) -> None:
    assert coupon_rule.step() == 0  # it is given by hand only
    Offer.objects.filter(id=offer).update(by_rule=True)
    assert coupon_rule.step() == 1
    row = Coupon.objects.get(state="given")
    assert (row.order_id, row.given_by) == (late.id, "rule") and row.cause in {one.value for one in coupon_rule.LATE}
    assert coupon_rule.step() == 0
    coupons.take_back(shop.ws, late.id, "user:1")
    assert coupon_rule.step() == 0


def test_rule_stops_at_the_days_share_and_the_budget(shop: Ledger, late: Order, offer: int) -> None:
    Offer.objects.filter(id=offer).update(by_rule=True, budget=0)
    assert coupon_rule.step() == 0
    Offer.objects.filter(id=offer).update(budget=100, a_day=1)
    coupons.give(shop.ws, offer, shop.order(1002).id, coupons.RULE)
    assert coupon_rule.step() == 0
    Coupon.objects.filter(state="given").update(given_at=clock.now() - timedelta(days=2))
    assert coupon_rule.step() == 1
