"""What is good once is good once, also for threads that begin at the same moment. On PostgreSQL they really meet."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from doorstep.app import clock, doors, outbox
from doorstep.app.api import api_answers
from doorstep.app.members import invitations
from doorstep.app.shopper import coupons
from doorstep.app.vendors import accounts
from doorstep.db.models import ApiAnswer, Coupon, Door, Membership, Outbox, User
from tests.app.ledger import Ledger, cj, ledger, woo

pytestmark = pytest.mark.django_db(transaction=True)
OFFER = {"label": "10 % off", "cost": "5", "currency": "eur", "budget": "100", "days": "30", "a_day": "9"}


@pytest.fixture
def shop() -> Ledger:
    """A shop with two orders, one of them with a number that is to be pushed."""
    shop = ledger(email="alice@example.org")
    shop.hears(shop.woo(woo(1001)), shop.woo(woo(1002)), shop.cj(cj(number="LX123456079CN")))
    return shop


def at_once(*dos: Callable[[], object]) -> list[Any]:
    """What each of them returned or raised; all of them begin when the last one is ready."""
    gate, came = threading.Barrier(len(dos)), list[Any]([None] * len(dos))

    def alone(at: int) -> None:
        connection.ensure_connection()
        gate.wait(60)
        try:
            came[at] = dos[at]()
        except Exception as problem:
            came[at] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=alone, args=(at,)) for at in range(len(dos))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return came


def good(came: list[Any]) -> list[Any]:
    return [one for one in came if not isinstance(one, Exception)]


def test_invitation_lets_one_in(shop: Ledger) -> None:
    invitations.invite(shop.ws, "dora@example.org", "agent", User.objects.get(email="alice@example.org").pk)
    offer = invitations.look(doors.token_of(Door.objects.get(kind="invite")))
    assert offer
    came = at_once(*[lambda: invitations.accept(offer, None, "a lamp beside the door")] * 3)
    assert len(good(came)) == 1
    assert {str(one) for one in came if isinstance(one, Exception)} == {"team.used"}
    assert Membership.objects.filter(ws=shop.ws, user_id=good(came)[0].pk).count() == 1


def test_order_gets_one_coupon_and_a_code_goes_to_one_order(shop: Ledger) -> None:
    offer = coupons.offer(shop.ws, shop.store.id, OFFER, "user:1")
    coupons.add(shop.ws, offer, "AAA-1\nBBB-2\nCCC-3", "user:1")
    orders = [shop.order(number).id for number in (1001, 1001, 1002)]
    came = at_once(*[lambda order=order: coupons.give(shop.ws, offer, order, "user:1") for order in orders])
    given = good(came)
    assert {one.order_id for one in given} == set(orders) and len({one.code for one in given}) == len(given) == 2


def test_coupon_that_is_given_while_others_are_said_to_be_used_stays_given(shop: Ledger) -> None:
    offer = coupons.offer(shop.ws, shop.store.id, OFFER, "user:1")
    coupons.add(shop.ws, offer, "AAA-1\nBBB-2", "user:1")
    came = at_once(
        lambda: coupons.bring_redeemed(shop.ws, offer, "BBB-2", "user:1"),
        lambda: coupons.give(shop.ws, offer, shop.order(1001).id, "user:1"),
    )
    assert came[0] == 1 and Coupon.objects.get(id=came[1].id).order_id == shop.order(1001).id
    assert Coupon.objects.get(code="BBB-2").state == "redeemed"
    assert Coupon.objects.get(code="AAA-1").state == ("given" if came[1].code == "AAA-1" else "free")


def test_request_with_a_name_is_begun_once(shop: Ledger) -> None:
    came = at_once(*[lambda: api_answers.begin(shop.ws, 1, "one", b"asked")] * 3)
    assert len(good(came)) == 1
    assert {type(one) for one in came if isinstance(one, Exception)} == {api_answers.UnderWay}


def test_name_that_is_given_back_this_very_moment_is_under_way(shop: Ledger) -> None:
    api_answers.begin(shop.ws, 1, "one", b"asked")

    def release(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            ApiAnswer._base_manager.filter(ws=shop.ws).delete()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(release), pytest.raises(api_answers.UnderWay):
        api_answers.begin(shop.ws, 1, "one", b"asked")


def test_what_is_due_is_claimed_by_one_worker(shop: Ledger) -> None:
    now = clock.now()
    for at in (1, 2):
        what = {"target_id": at, "payload_ref": at, "intent_key": f"push:{at}", "due_at": now}
        Outbox.objects.create(ws=shop.ws, lane="push", **what)
    claimed = [one.row.id for one in at_once(*[lambda: outbox.claim(["push"])] * 4) if one is not None]
    assert claimed and len(claimed) == len(set(claimed)) <= 2


def test_credentials_are_renewed_by_one_worker(shop: Ledger) -> None:
    leases = at_once(*[lambda: accounts._lease(shop.store, shop.store.cred_version)] * 3)
    assert sorted(bool(one) for one in leases) == [False, False, True]
