"""What was bought with a buy account, and the mails that it brings together with its order."""

import pytest

from doorstep.app import loop
from doorstep.app.connections import account_check, connect
from doorstep.app.connections.account_check import checked
from doorstep.app.receive import buying, mailbox, matching
from doorstep.connectors.accounts import AccountKind
from doorstep.connectors.contract import Refused
from doorstep.db.models import Connection, Feed, Inbox, Order, Purchase
from tests.app.ledger import Ledger, cj, ledger, woo
from tests.app.ledger import connect as connected

pytestmark = pytest.mark.django_db(transaction=True)
THEIRS, OTHER = "111-1234567-1234567", "112-7654321-7654321"
MAIL = (
    "From: Amazon <ship-confirm@amazon.com>\r\nTo: in@doorstep.example\r\nMessage-ID: <1@amazon.com>\r\n"
    "Subject: Your package was shipped\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\n"
    f"Order {THEIRS} has been shipped. Tracking number: LX123459509CN\r\n"
)


@pytest.fixture
def shop() -> Ledger:
    one = ledger()
    one.hears(one.woo(woo()), one.woo(woo(1002, lines=((601, "LAMP-1", 1),))))
    return one


def account(here: Ledger, name: str = "buy_account", **form: str) -> Connection:
    form = form or {"shop": "amazon", "account": "buy@shop.example"}
    found = loop.call(connect.check("supplier", name, form))
    return connect.save(here.ws, "user:1", "supplier", name, form, found)


def items(one: Connection) -> dict[str, str]:
    return {item.name: item.state for item in checked(one)[1]}


def test_account_knows_its_shop_and_two_of_one_shop_are_two(shop: Ledger) -> None:
    first, second = account(shop), account(shop, shop="Amazon", account="other@shop.example")
    assert (first.label, first.settings["merchant"]) == ("Amazon (buy@shop.example)", "amazon")
    assert first.id != second.id
    assert account(shop, shop="Corner shop").settings["merchant"] == ""


def test_mail_of_the_shop_brings_its_number_to_the_order_whichever_comes_first(shop: Ledger) -> None:
    proof = {"proven": "amazon.com", "how": "dkim"}
    shop.hears(shop.mail(MAIL, **proof))
    assert shop.order().state == "placed"
    assert buying.bought(account(shop), shop.order(), f" #{THEIRS} ", "user:1") is None
    shop.hears()
    assert shop.order().state == "shipped"
    shop.hears(shop.mail(MAIL.replace(THEIRS, OTHER).replace("LX123459509CN", "LX123456785CN"), **proof))
    assert shop.order(1002).state == "placed"
    assert buying.bought_many(account(shop), f"{OTHER};1002\n", "user:1") == (1, [])
    shop.hears()
    assert shop.order(1002).state == "shipped"


def test_number_is_entered_once_and_for_one_order(shop: Ledger) -> None:
    one = account(shop)
    for _ in range(2):
        assert buying.bought(one, shop.order(), THEIRS, "user:1") is None
    assert Purchase.objects.get(ws=shop.ws).matched_order_id == shop.order().id
    with pytest.raises(ValueError, match="buying") as refused:
        buying.bought(one, shop.order(1002), THEIRS, "user:1")
    assert refused.value.args[0].values["order"] == "1001"
    matching.part(shop.ws, Purchase.objects.get(ws=shop.ws).id, "user:1")
    assert buying.bought(one, shop.order(1002), THEIRS, "user:1") is None


def test_what_cannot_be_a_number_of_the_shop_is_refused_and_an_odd_one_is_told(shop: Ledger) -> None:
    one = account(shop)
    for text, why in (("  ", "buying.empty"), ("#1001", "buying.own_number")):
        with pytest.raises(ValueError, match="buying") as refused:
            buying.bought(one, shop.order(), text, "user:1")
        assert refused.value.args[0].id == why
    odd = buying.bought(one, shop.order(), "B-77", "user:1")
    assert odd is not None and odd.id == "buying.odd"


def test_lines_that_say_too_little_are_left_out_and_named(shop: Ledger) -> None:
    text = f"1001\t{THEIRS}\n9999,{OTHER}\nonly one\n1002,1002\n"
    count, problems = buying.bought_many(account(shop), text, "user:1")
    assert count == 1
    assert [(place, why.id) for place, why in problems] == [
        (2, "import.no_order"), (3, "buying.two"), (4, "buying.own_number"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="too_many"):
        buying.bought_many(account(shop), "1001,x\n" * (buying.MOST + 1), "user:1")


def test_check_of_a_buy_account_names_what_is_missing_until_it_is_there(shop: Ledger) -> None:
    one = account(shop)
    Connection.objects.filter(id=shop.mailbox.id).update(external_id="mail")
    before = items(one)
    assert (before["rules"], before["address"], before["mails"], before["entered"]) == (
        "right",
        "wrong",
        "open",
        "wrong",
    )
    mailbox.address(shop.ws)
    shop.hears(shop.mail(MAIL, proven="amazon.com", how="dkim"))
    buying.bought_many(one, f"1001,{THEIRS}\n1002,{OTHER}", "user:1")
    shop.hears()
    after = items(one)
    assert (after["address"], after["mails"], after["entered"]) == ("right", "right", "right")
    assert (after["store"], after["carrier"], after["domain"]) == ("right", "right", "wrong")
    Inbox.objects.filter(ws=shop.ws, connection_id=shop.mailbox.id).update(
        state="needs_look", error={"id": "mail.confirm_forwarding"}
    )
    assert items(one)["confirm"] == "wrong"
    assert items(account(shop, shop="Corner shop"))["rules"] == "open"


def test_check_of_a_service_finds_order_numbers_that_two_stores_share(shop: Ledger) -> None:
    one = account(shop, "fulfilled_by", service="Porto Fulfilment", domain="ship@porto.example")
    assert (one.external_id, one.settings["domain"]) == ("porto fulfilment", "porto.example")
    assert checked(one)[0] is AccountKind.FULFILLED
    assert (items(one)["numbers"], items(one)["rules"]) == ("right", "open")
    second = connected(shop.ws, "store", "woocommerce", shop.store.connected_at)
    Order.objects.filter(ws=shop.ws, external_id="1002").update(store_id=second.id, number="1001")
    assert items(one)["numbers"] == "wrong"
    with pytest.raises(Refused):
        account(shop, "fulfilled_by", service="Porto", domain="no domain")


def test_check_of_an_interface_follows_what_it_answers(shop: Ledger) -> None:
    one = shop.supplier
    assert items(one) == {
        "credentials": "right", "reading": "open", "hooks": "open", "matched": "open", "store": "right",
        "carrier": "right",
    }  # fmt: skip
    now = shop.at
    Feed.objects.create(ws=shop.ws, connection_id=one.id, name="purchases", next_at=now, asked_at=now, answer="broken")
    shop.hears(shop.cj(cj(order="9999")))
    Connection.objects.filter(id=one.id).update(state="denied", pushed_at=now)
    one.refresh_from_db()
    Connection.objects.filter(ws=shop.ws, kind__in=("store", "carrier")).update(state="paused")
    assert items(one) == {
        "credentials": "wrong", "reading": "wrong", "hooks": "right", "matched": "wrong", "store": "wrong",
        "carrier": "wrong",
    }  # fmt: skip
    Connection.objects.filter(id=one.id).update(state="removed")
    one.refresh_from_db()
    assert items(one) == {}


def test_check_of_a_private_link_asks_for_one(shop: Ledger) -> None:
    one = connected(shop.ws, "supplier", "agent", shop.store.connected_at)
    assert account_check.checked(one)[0] is AccountKind.HAND
    assert items(one)["link"] == "wrong"
    assert items(connected(shop.ws, "supplier", "sheet", shop.store.connected_at)) == {}
