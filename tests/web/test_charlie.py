"""Charlie must see nothing; nobody gets in without a login; bob may do what his role allows."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import get_resolver

from doorstep.db.models import Inbox, Number, Order, ParcelLine, Purchase, Push, Workspace
from tests.app.ledger import Ledger
from tests.web import own

POSTS = {
    "store_orders", "deadlines_feed",
    "type_number", "change_carrier", "remove_number", "resync", "push_again", "push_withdraw", "push_old", "page_link",
    "upload", "decide", "make_mailbox", "connection_act", "lookup_link", "teach", "unteach", "board_resync_ask",
    "board_resync_cancel", "given_up_act", "given_up_all", "import_bring", "import_act", "agent_links",
    "board_columns", "board_view", "bulk_act", "bulk_undo", "switch", "ack", "note", "purchase_match",
    "order_purchase", "payment_again", "bought", "bought_many", "key_make", "key_revoke", "answer", "letter_test",
    "talk", "reply_keep",
}  # fmt: skip
OPEN = {"page", "page_resync", "page_mark", "page_photo", "page_message", "page_calendar", "page_qr", "look_style",
        "look_logo", "find", "agent", "agent_bring", "agent_table", "agent_act", "import_template", "api",
        "calendar"}  # fmt: skip


def addresses(shop: Ledger, order: Order) -> Iterator[tuple[str, str]]:
    """Every address of the console that names something of alice's: (name, path)."""
    named = {
        "order_id": order.id,
        "number_id": Number.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "parcel_id": ParcelLine.objects.filter(ws=shop.ws).values_list("parcel_id", flat=True)[0],
        "push_id": Push.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "inbox_id": Inbox.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "purchase_id": Purchase.objects.filter(ws=shop.ws).values_list("id", flat=True)[0],
        "rule_id": 1,
        "key_id": 1,
        "resync_id": 1,
        "sync_id": 1,
        "outbox_id": 1,
        "bulk_id": 1,
        "photo_id": 1,
        "connection_id": shop.store.id,
        "kind": "store",
        "name": "woocommerce",
        "event": "shipped",
        "language": "en",
    }
    for pattern in get_resolver().url_patterns:
        name = getattr(pattern, "name", None)
        if name and name not in OPEN:
            path = str(pattern.pattern)
            for key, value in named.items():
                path = path.replace(f"<int:{key}>", str(value)).replace(f"<slug:{key}>", str(value))
            yield name, f"/{path}"


def test_stranger_finds_nothing_of_the_shop(shop: Ledger, order: Order, charlie: Client) -> None:
    for name, path in addresses(shop, order):
        answer = charlie.post(path, {"do": "pause"}) if name in POSTS else charlie.get(path)
        if str(order.id) in path or str(shop.store.id) in path:
            assert answer.status_code == 404, path
        assert b"LX123456079CN" not in answer.content, path
        assert b"Ines" not in answer.content, path


def test_stranger_cannot_act_on_single_things_of_the_shop(shop: Ledger, order: Order, charlie: Client) -> None:
    inbox = Inbox.objects.filter(ws=shop.ws).first()
    assert inbox is not None
    charlie.post(f"/look/{inbox.id}", {"do": "dismiss"})
    assert Inbox.objects.get(ws=shop.ws, id=inbox.id).state == inbox.state


def test_nobody_gets_in_without_a_login(shop: Ledger, order: Order) -> None:
    client = Client()
    for name, path in addresses(shop, order):
        answer = client.post(path) if name in POSTS else client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/accounts/login/"), path


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
