"""Charlie must see nothing; bob may do what his role allows (``test_who_may`` goes through every view and role)."""

import pytest
from django.test import Client

from doorstep.db.models import Inbox, Order, Workspace
from tests.app.ledger import Ledger
from tests.web import own
from tests.web.views import POSTS, addresses


def test_stranger_finds_nothing_of_the_shop(shop: Ledger, order: Order, charlie: Client) -> None:
    for name, path in addresses(shop, order):
        answer = charlie.post(path, {"do": "pause"}) if name in POSTS else charlie.get(path)
        if str(order.id) in path or str(shop.store.id) in path:
            assert answer.status_code == 404, path
        said = b"".join(answer)
        assert b"LX123456079CN" not in said, path
        assert b"Ines" not in said, path


def test_stranger_cannot_act_on_single_things_of_the_shop(shop: Ledger, order: Order, charlie: Client) -> None:
    inbox = Inbox.objects.filter(ws=shop.ws).first()
    assert inbox is not None
    charlie.post(f"/look/{inbox.id}", {"do": "dismiss"})
    assert Inbox.objects.get(ws=shop.ws, id=inbox.id).state == inbox.state


def test_get_does_nothing_where_a_press_is_meant(shop: Ledger, order: Order, alice: Client) -> None:
    for name, path in addresses(shop, order):
        if name in POSTS:
            assert alice.get(path).status_code == 405, path


def test_press_without_its_token_is_refused(order: Order, alice: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice.cookies
    assert strict.post(f"/orders/{order.id}/push").status_code == 403


def test_team_member_sees_the_shop_and_may_not_connect(order: Order, shop: Ledger, bob: Client) -> None:
    assert bob.get(f"/orders/{order.id}").status_code == 200
    assert bob.get("/connections").status_code == 200
    assert bob.get("/connections/new").status_code == 403
    assert bob.get(f"/connections/{shop.store.id}/rules").status_code == 403
    assert bob.post(f"/connections/{shop.store.id}/do", {"do": "pause"}).status_code == 403


def test_user_without_a_workspace_sees_nothing(db: None) -> None:
    from doorstep.db.models import User

    client = Client()
    client.force_login(User.objects.create_user("dora@example.org", "correct horse battery"))
    assert client.get("/").status_code == 403


@pytest.mark.parametrize("path", ["/", "/look", "/connections"])
def test_console_runs_no_inline_script(alice: Client, path: str) -> None:
    answer = alice.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    text = answer.content.decode()
    assert "style=" not in text
    assert " onclick=" not in text
    assert text.count("<script") == text.count("<script defer src=") + text.count('<script type="module" src=')


def test_sign_up_is_closed(db: None) -> None:
    answer = Client().get("/accounts/signup/")
    assert b"password1" not in answer.content


def test_a_way_round_the_gate_would_be_seen(alice: Client) -> None:
    tables, mine = own.tenants(), Order.objects.filter(ws=1)
    assert own.goes_round(str(Order.objects.filter(number="1001").query), tables)
    assert not own.goes_round(str(mine.query), tables)
    assert own.goes_round('UPDATE "doorstep_order" SET "number" = %s WHERE "doorstep_order"."number" = %s', tables)
    with own.watching(frozenset({"doorstep_workspace"})) as found:  # as if its rows were tenants'
        Workspace.objects.count()
        assert found == []  # not within a request
        alice.get("/")
    assert found
