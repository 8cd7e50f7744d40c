"""WooCommerce: giving numbers, reading them back, taking them back."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from doorstep.connectors.contract import (
    Account,
    Broken,
    NotFound,
    Refused,
    Shipment,
)
from doorstep.connectors.stores.woo.ways import PLAIN
from doorstep.connectors.stores.woocommerce import CONNECTOR
from doorstep.core.order import Content
from tests.connectors.flow import Driven, drive
from tests.connectors.woocommerce_shop import ACCOUNT, SHIPMENT, WOO, Shop, item, wrong


def push(shop: Any, shipment: Shipment = SHIPMENT, account: Account = ACCOUNT) -> Driven[Any]:
    return drive(CONNECTOR, account, WOO.push(account, shipment), shop)


def test_number_is_given_and_completes_the_order() -> None:
    shop = Shop()
    done = push(shop)
    assert done.result.ref == "id1"
    assert done.result.notes == ()
    assert shop.posted == [
        {
            "tracking_provider": "CTT",
            "tracking_number": "RB123456785PT",
            "date_shipped": "2026-07-01",
            "status_shipped": 1,
        }
    ]
    assert [one.changes for one in done.requests if one.method == "POST"] == [True]


def test_repetition_adds_nothing() -> None:
    shop = Shop()
    push(shop)
    again = push(shop)
    assert again.result.ref == "id1"
    assert len(shop.posted) == 1


@pytest.mark.parametrize(
    ("contents", "notify", "shipped"),
    [
        ((Content(line="1", qty=2), Content(line="2", qty=1)), True, 1),
        ((Content(line="1", qty=2),), True, 2),
        ((Content(line="1", qty=1), Content(line="2", qty=1)), True, 2),
        ((), False, 0),
    ],
)
def test_order_is_completed_only_when_all_has_left_and_the_store_may_mail(
    contents: tuple[Content, ...], notify: bool, shipped: int
) -> None:
    shop = Shop()
    push(shop, replace(SHIPMENT, contents=contents, notify=notify))
    assert shop.posted[0]["status_shipped"] == shipped


def test_carrier_the_shop_does_not_know_goes_with_its_link() -> None:
    shop = Shop()
    done = push(shop, replace(SHIPMENT, carrier_name="Example Courier", url="https://courier.example/RB1"))
    assert shop.posted[0]["custom_tracking_provider"] == "Example Courier"
    assert shop.posted[0]["custom_tracking_link"] == "https://courier.example/RB1"
    assert done.result.notes == ()


def test_carrier_name_takes_the_shops_own_spelling() -> None:
    shop = Shop()
    push(shop, replace(SHIPMENT, carrier_name="ctt", url="https://ctt.example/RB1"))
    assert shop.posted[0]["tracking_provider"] == "CTT"


def test_carrier_that_got_lost_is_noted() -> None:
    shop = Shop()
    shop.providers = None
    done = push(shop, replace(SHIPMENT, carrier_name="Example Courier", url="https://courier.example/RB1"))
    assert [one.id for one in done.result.notes] == ["stores.woocommerce.carrier_lost"]


def test_plugin_without_status_has_the_order_completed_afterwards() -> None:
    shop, account = Shop(), replace(ACCOUNT, settings={"way": PLAIN})
    done = push(shop, account=account)
    assert "status_shipped" not in shop.posted[0]
    assert shop.status == "completed"
    assert [one.method for one in done.requests if one.changes] == ["POST", "PUT"]
    assert [one.method for one in push(shop, account=account).requests if one.changes] == []


def test_plugin_without_status_finishes_what_was_interrupted() -> None:
    shop = Shop(items=[item("old", "RB 123456785 PT")])
    push(shop, account=replace(ACCOUNT, settings={"way": PLAIN}))
    assert shop.posted == []
    assert shop.status == "completed"


def test_edit_adds_before_it_deletes_and_leaves_other_numbers() -> None:
    shop = Shop(items=[item("ours", "CJP1"), item("theirs", "XY1")])
    done = push(shop, replace(SHIPMENT, replaces="ours"))
    assert [one["tracking_id"] for one in shop.items] == ["theirs", "id1"]
    assert [one.method for one in done.requests if one.changes] == ["POST", "DELETE"]
    assert "replace_tracking" not in shop.posted[0], "that would delete every number of the order"


def test_edit_of_a_number_that_somebody_removed_changes_nothing() -> None:
    shop = Shop(items=[item("theirs", "XY1")])
    with pytest.raises(NotFound) as caught:
        push(shop, replace(SHIPMENT, replaces="ours"))
    assert caught.value.message and caught.value.message.id == "stores.replaced_gone"
    assert shop.posted == []


def test_interrupted_edit_is_finished() -> None:
    shop = Shop(items=[item("ours", "CJP1"), item("new", "RB123456785PT")])
    assert push(shop, replace(SHIPMENT, replaces="ours")).result.ref == "new"
    assert [one["tracking_id"] for one in shop.items] == ["new"]


@pytest.mark.parametrize("status", ["cancelled", "refunded", "trash"])
def test_cancelled_order_is_not_brought_back_to_life(status: str) -> None:
    shop = Shop(status=status)
    with pytest.raises(Refused) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.order_cancelled"
    assert shop.posted == []


def test_number_that_was_not_kept_is_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


def test_number_with_special_characters_is_refused_not_lost() -> None:
    """The plugin answers 404 and the code of an unknown order to a number it does not like."""
    shop = Shop()
    shop.add = lambda _: wrong("woocommerce_rest_order_invalid_id", "Special character", 404)  # type: ignore[method-assign]
    with pytest.raises(Refused, match="Special character"):
        push(shop, replace(SHIPMENT, number="RB/1"))


def test_plugin_that_was_removed_is_told_as_such() -> None:
    shop = Shop()
    shop.add = lambda _: wrong("rest_no_route", "No route", 404)  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        push(shop)


def test_without_a_plugin_nothing_is_pushed() -> None:
    with pytest.raises(Refused) as caught:
        push([], account=replace(ACCOUNT, settings={}))
    assert caught.value.message and caught.value.message.id == "stores.woocommerce.no_way"


def test_read_back_tells_what_the_shopper_sees() -> None:
    shop = Shop(items=[item("a", "RB123456785PT")])
    (one,) = drive(CONNECTOR, ACCOUNT, WOO.read_back(ACCOUNT, "17"), shop).result
    assert (one.ref, one.number, one.carrier) == ("a", "RB123456785PT", "CTT")
    assert one.shipped_at == datetime(2026, 6, 30, tzinfo=UTC)


def test_withdraw_deletes_and_may_be_repeated() -> None:
    shop = Shop(items=[item("a", "RB123456785PT")])
    for _ in range(2):
        drive(CONNECTOR, ACCOUNT, WOO.withdraw(ACCOUNT, "17", "a"), shop)
    assert shop.items == []


def test_withdraw_where_the_plugin_is_gone_is_trouble() -> None:
    with pytest.raises(NotFound):
        drive(CONNECTOR, ACCOUNT, WOO.withdraw(ACCOUNT, "17", "a"), [wrong("rest_no_route", "No route", 404)])
