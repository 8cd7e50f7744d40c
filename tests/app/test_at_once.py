"""What is made when it is first needed is made once, also where two need it at the same moment."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, connections

from doorstep.app import brands
from doorstep.app.household import household_entry
from doorstep.app.overview import saved_views
from doorstep.app.telling import push_seal, web_push
from doorstep.db.models import Brand, Follower, SavedView, User
from tests.app.ledger import ledger

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 1.0  # one of the two may be kept from getting there, as it should be


def together(do: Callable[[], object], statement: str) -> list[Exception]:
    """Two do it in threads that meet right before what would go wrong, and what did. SQLite lets one in at a time."""
    gate, failed = threading.Barrier(2), list[Exception]()

    def alone() -> None:
        met = list[bool]()

        def meet(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if statement in sql and not met and connection.vendor == "postgresql":
                met.append(True)
                with contextlib.suppress(threading.BrokenBarrierError):
                    gate.wait(PATIENCE_S)
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(meet):
                do()
        except Exception as problem:
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=alone) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failed


def test_who_comes_in_by_two_windows_is_one_user() -> None:
    assert not together(lambda: household_entry.proven("ines@buyer.example"), 'INSERT INTO "doorstep_user"')
    user = User.objects.get(email="ines@buyer.example")
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).verified


def test_view_that_two_save_is_there_once() -> None:
    ws = ledger().ws

    def save() -> None:
        saved_views.save(SavedView(ws=ws, tab="all"), "Late ones", "user:1")

    saved_views.save(SavedView(ws=ws, tab="all"), "Others", "user:1")
    assert not together(save, 'INSERT INTO "doorstep_savedview"')
    assert [one.name for one in saved_views.of(ws)] == ["Late ones", "Others"]


def test_browser_that_asks_twice_is_told_once() -> None:
    ws = ledger().ws
    point, auth = push_seal.public_key(), push_seal.encoded(b"a" * 16)
    typed = {"address": "https://push.example/1", "p256dh": point, "auth": auth}
    assert not together(lambda: web_push.begin(ws, typed, "en", user_id=1), 'INSERT INTO "doorstep_follower"')
    assert Follower.objects.get(ws=ws).address == typed["address"]


def test_store_whose_look_two_choose_at_once_has_one() -> None:
    shop = ledger()
    store = shop.store.id
    assert not together(
        lambda: brands.save(shop.ws, store, {"name": "Acme"}, b"", "user:1"), 'INSERT INTO "doorstep_brand"'
    )
    assert Brand.objects.get(ws=shop.ws, store_id=store).name == "Acme"
