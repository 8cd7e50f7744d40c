"""Shopify's flows against the sandbox's shop, which executes every document."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Busy, Checked, Denied, Moved, NotFound, Refused
from doorstep.connectors.stores.shopify import CONNECTOR
from doorstep.core.order import Content
from doorstep.core.status import Status
from sandbox.shopify import Shopify as Shop
from sandbox.shopify_order import Fulfillment, ShopifyLine, ShopifyOrder
from tests.connectors.flow import NOW, Driven, answer, drive
from tests.connectors.shopify_shop import SHOPIFY, TOKENED, order, shipment, shop, speaks


def push(there: Shop, to: ShopifyOrder, number: str = "RB123456785PT", **how: Any) -> Driven[Any]:
    return drive(CONNECTOR, TOKENED, SHOPIFY.push(TOKENED, shipment(to, number, **how)), speaks(there))


def check(there: Shop) -> Checked:
    return drive(CONNECTOR, TOKENED, SHOPIFY.check(TOKENED), speaks(there)).result


def read_back(there: Shop, of: ShopifyOrder) -> list[tuple[str, str]]:
    flow = SHOPIFY.read_back(TOKENED, str(of.id))
    return [(one.ref, one.number) for one in drive(CONNECTOR, TOKENED, flow, speaks(there)).result]


def withdraw(there: Shop, of: ShopifyOrder, ref: str) -> Driven[Any]:
    return drive(CONNECTOR, TOKENED, SHOPIFY.withdraw(TOKENED, str(of.id), ref), speaks(there))


def changed(done: Driven[Any]) -> list[dict[str, Any]]:
    """The variables of every request that changes something."""
    return [json.loads(one.body)["variables"] for one in done.requests if one.changes]


def contents(of: ShopifyOrder, *quantities: int) -> tuple[Content, ...]:
    pairs = zip(of.lines, quantities, strict=True)
    return tuple(Content(line=str(line.id), qty=quantity) for line, quantity in pairs if quantity)


# connecting


def test_check_says_which_shop_it_is() -> None:
    found = check(shop())
    assert (found.external_id, found.label) == ("lantern-thread.myshopify.com", "Lantern on Shopify")
    assert found.settings == {"shop": "lantern-thread.myshopify.com"}
    assert found.notes == ()


def test_check_names_missing_scopes_and_hidden_buyers() -> None:
    there = shop()
    there.place(order())
    there.shows_buyers, there.scopes = False, "read_orders,write_fulfillments"
    scopes, buyers = check(there).notes
    assert scopes.values["scopes"] == "write_merchant_managed_fulfillment_orders, write_third_party_fulfillment_orders"
    assert buyers.id == "shopify.no_buyers"
    there.scopes = ""
    with pytest.raises(Denied):
        check(there)


@pytest.mark.parametrize(
    ("account", "message"),
    [
        (replace(TOKENED, credentials={}), "shopify.no_key"),
        (replace(TOKENED, credentials={"access_token": "shpat_wrong"}), "shopify.denied"),
        (replace(TOKENED, base_url="https://admin.shopify.com/store/lantern-thread"), "shopify.console_address"),
    ],
)
def test_wrong_account_is_told_in_words(account: Account, message: str) -> None:
    with pytest.raises((Denied, Refused)) as caught:
        drive(CONNECTOR, account, SHOPIFY.check(account), speaks(shop()))
    assert caught.value.message and caught.value.message.id == message


# reading


def test_orders_come_page_by_page_and_large_ones_alone() -> None:
    there = shop()
    for n in range(7):
        there.place(order(f"#{n}", updated_at=NOW + timedelta(minutes=n)))
    large = there.place(order("#large", *range(1, 12), updated_at=NOW + timedelta(minutes=1)))
    done = drive(CONNECTOR, TOKENED, SHOPIFY.orders(TOKENED, NOW + timedelta(seconds=30)), speaks(there))
    assert [(one.what, one.subject) for one in done.requests] == [
        ("orders", ""),
        ("order", str(large.id)),
        ("orders", "6"),
    ]
    read = [one.number for said in done.answers for one in SHOPIFY.read(said).orders]
    assert sorted(read) == ["#1", "#2", "#3", "#4", "#5", "#6", "#large"]
    assert "updated_at:>='2026-07-01T12:00:30Z'" in done.requests[0].body.decode()


def test_every_order_ever_is_asked_for_at_first() -> None:
    there = shop()
    there.place(order())
    done = drive(CONNECTOR, TOKENED, SHOPIFY.orders(TOKENED, None), speaks(there))
    assert [len(SHOPIFY.read(one).orders) for one in done.answers] == [1]


def test_removed_units_are_cancelled_and_sent_ones_are_not() -> None:
    there = shop()
    to = there.place(order("#1", 3, 2))
    to.lines[0].removed, to.shares[0].left[to.lines[0].id] = 1, 2
    push(there, to)
    to.lines[1].removed = 1  # refunded after it had been sent
    (answered,) = drive(CONNECTOR, TOKENED, SHOPIFY.order(TOKENED, str(to.id)), speaks(there)).answers
    (found,) = SHOPIFY.read(answered).orders
    assert [(one.qty, one.qty_cancelled) for one in found.lines] == [(3, 1), (2, 0)]


def test_throttling_says_how_long_to_wait() -> None:
    there = shop()
    there.bucket.available, there.bucket.rate = 96.0, 0.0001
    with pytest.raises(Busy) as caught:
        drive(CONNECTOR, TOKENED, SHOPIFY.orders(TOKENED, None), speaks(there))
    assert caught.value.retry_after == pytest.approx((896 - 96) / 0.0001, abs=20_000)


@pytest.mark.parametrize(
    ("body", "status", "kind", "wait"),
    [
        ({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}, 200, Busy, None),
        ({"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": {}}}, 200, Busy, None),
        ({"errors": "Too fast"}, 430, Busy, None),
        ({"errors": "Locked"}, 423, Denied, None),
        ({"errors": [{"message": "gone", "extensions": {"code": "SHOP_INACTIVE"}}]}, 200, Denied, None),
        ({"errors": [{"message": "Field 'x' doesn't exist"}]}, 200, Refused, None),
        ({"errors": "Not Found"}, 404, NotFound, None),
        ("<html>", 200, NotFound, None),
    ],
)
def test_every_failure_is_trouble_of_its_kind(body: Any, status: int, kind: type[Exception], wait: Any) -> None:
    with pytest.raises(kind):
        drive(CONNECTOR, TOKENED, SHOPIFY.order(TOKENED, "9"), [answer(body, status=status)])


def test_an_id_that_cannot_be_one_is_not_asked_for() -> None:
    with pytest.raises(NotFound):
        drive(CONNECTOR, TOKENED, SHOPIFY.order(TOKENED, "9) { x"), [])


# giving numbers


def test_number_becomes_a_fulfillment_of_everything_left() -> None:
    there = shop()
    to = there.place(order())
    to.lines.append(ShopifyLine(sku="D", title="Download", quantity=1, ships=False))
    to.shares[0].left[to.lines[2].id] = 1
    to.shares[0].line_ids[to.lines[2].id] = 77
    done = push(there, to, url="https://track.example/RB")
    (one,) = to.fulfillments
    assert (done.result.ref, done.result.notes) == (str(one.id), ())
    assert (one.company, one.numbers, one.urls, one.notified) == ("CTT", ["RB123456785PT"], [], 1)
    assert one.parts == {to.lines[0].id: 2, to.lines[1].id: 1}, "what is not shipped has no parcel"
    assert [one.changes for one in done.requests] == [False, False, True]


def test_carrier_that_shopify_does_not_know_comes_with_its_link() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, carrier="", carrier_name="Kurier Nord", url="https://nord.example/1", notify=False)
    (one,) = to.fulfillments
    assert (one.company, one.urls, one.notified) == ("Kurier Nord", ["https://nord.example/1"], 0)


def test_repetition_adds_nothing() -> None:
    there = shop()
    to = there.place(order())
    refs = {push(there, to, contents=some).result.ref for some in ((), contents(to, 2, 1), ())}
    assert len(to.fulfillments) == len(refs) == 1


def test_part_of_the_lines_leaves_the_rest_for_the_next_parcel() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, "RB1", contents=contents(to, 1, 0))
    push(there, to, "RB2")
    assert [one.parts for one in to.fulfillments] == [
        {to.lines[0].id: 1},
        {to.lines[0].id: 1, to.lines[1].id: 1},
    ]


def test_each_location_has_a_fulfillment_and_an_interrupted_push_is_finished() -> None:
    there = shop()
    to = there.place(order("#1", 2, 1, shares=[{0: 2}, {1: 1}]))
    to.fulfill({to.shares[0].id: {to.lines[0].id: 2}}, NOW).numbers = ["RB 123456785 PT"]
    push(there, to)
    assert [one.parts for one in to.fulfillments] == [{to.lines[0].id: 2}, {to.lines[1].id: 1}]


def test_more_than_is_left_is_given_for_what_is_left_and_told() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, "RB1", contents=contents(to, 1, 0))
    done = push(there, to, "RB2", contents=contents(to, 2, 0))
    assert [one.id for one in done.result.notes] == ["shopify.part_only"]
    assert to.fulfillments[1].parts == {to.lines[0].id: 1}


def test_fulfillment_made_by_hand_without_a_number_takes_it() -> None:
    there = shop()
    to = there.place(order())
    made = to.fulfill({to.shares[0].id: dict(to.shares[0].left)}, NOW)
    assert push(there, to).result.ref == str(made.id)
    assert (made.numbers, made.company) == (["RB123456785PT"], "CTT")


def test_second_box_of_the_same_carrier_joins_the_shipment() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, "RB1")
    push(there, to, "RB2")
    assert [one.numbers for one in to.fulfillments] == [["RB1", "RB2"]]
    with pytest.raises(Refused) as caught:
        push(there, to, "1Z2", carrier="ups", carrier_name="UPS")
    assert caught.value.message and caught.value.message.id == "stores.nothing_left"


@pytest.mark.parametrize(
    ("status", "ours", "message"),
    [
        ("ON_HOLD", True, "shopify.on_hold"),
        ("SCHEDULED", True, "shopify.scheduled"),
        ("OPEN", False, "shopify.not_ours"),
        ("CLOSED", True, "stores.nothing_left"),
    ],
)
def test_what_cannot_be_sent_now_says_why(status: str, ours: bool, message: str) -> None:
    there = shop()
    to = there.place(order())
    to.shares[0].status, to.shares[0].ours = status, ours
    with pytest.raises(Refused) as caught:
        push(there, to)
    assert caught.value.message and caught.value.message.id == message


def test_cancelled_and_unknown_orders_take_no_number() -> None:
    there = shop()
    with pytest.raises(NotFound):
        push(there, order())
    with pytest.raises(Refused):
        push(there, there.place(order(cancelled_at=NOW)))


def test_a_race_is_refused_in_shopifys_words() -> None:
    there = shop()
    to = there.place(order())

    def reply(request: Any) -> Answer:
        if request.changes:
            to.shares[0].status = "CLOSED"  # somebody was faster
        return speaks(there)(request)

    with pytest.raises(Refused, match="unfulfillable status= closed"):
        drive(CONNECTOR, TOKENED, SHOPIFY.push(TOKENED, shipment(to)), reply)


def test_order_too_large_to_be_seen_whole_is_not_pushed_to() -> None:
    there = shop()
    to = there.place(order("#1", *[1] * 101))
    with pytest.raises(Refused) as caught:
        push(there, to)
    assert caught.value.message and caught.value.message.id == "shopify.too_large"


def test_shop_that_forgets_the_number_is_told() -> None:
    there = shop()
    to = there.place(order())
    there_says = speaks(there)

    def reply(request: Any) -> Answer:
        said = there_says(request)
        return replace(said, body=said.body.replace(b'"RB123456785PT"', b"null")) if request.changes else said

    with pytest.raises(Exception, match="not on the order"):
        drive(CONNECTOR, TOKENED, SHOPIFY.push(TOKENED, shipment(to)), reply)


# editing and taking back


def edited(there: Shop, to: ShopifyOrder, made: Fulfillment, former: str, number: str, **how: Any) -> Driven[Any]:
    return push(there, to, number, replaces=str(made.id), former=former, **how)


def test_edit_replaces_our_number_and_leaves_the_others() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, "RB1")
    push(there, to, "RB2")
    (made,) = to.fulfillments
    assert edited(there, to, made, "RB1", "RB9").result.ref == str(made.id)
    assert made.numbers == ["RB2", "RB9"]
    assert changed(edited(there, to, made, "RB1", "RB9")) == [], "a repetition changes nothing"


def test_edit_may_change_the_carrier_of_a_shipment_with_one_number_only() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, "RB1")
    (made,) = to.fulfillments
    edited(there, to, made, "RB1", "1Z1", carrier="ups", carrier_name="UPS")
    assert (made.company, made.numbers) == ("UPS", ["1Z1"])
    push(there, to, "1Z2", carrier="ups", carrier_name="UPS")
    with pytest.raises(Refused) as caught:
        edited(there, to, made, "1Z1", "RB1")
    assert caught.value.message and caught.value.message.id == "shopify.one_carrier"


def test_edit_of_what_a_person_changed_is_not_done() -> None:
    there = shop()
    to = there.place(order())
    push(there, to, "RB1")
    (made,) = to.fulfillments
    made.numbers = ["BYHAND1"]
    with pytest.raises(NotFound) as caught:
        edited(there, to, made, "RB1", "RB9")
    assert caught.value.message and caught.value.message.id == "stores.replaced_gone"
    assert made.numbers == ["BYHAND1"]


def test_withdrawn_number_frees_its_items_for_another() -> None:
    there = shop()
    to = there.place(order())
    ref = push(there, to, "RB1").result.ref
    assert read_back(there, to) == [(ref, "RB1")]
    assert [len(changed(withdraw(there, to, ref))) for _ in range(2)] == [1, 0]
    assert read_back(there, to) == []
    push(there, to, "RB2")
    assert [number for _, number in read_back(there, to)] == ["RB2"]


def test_one_of_several_numbers_is_left_to_a_person() -> None:
    there = shop()
    to = there.place(order())
    ref = push(there, to, "RB1").result.ref
    push(there, to, "RB2")
    with pytest.raises(Refused) as caught:
        withdraw(there, to, ref)
    assert caught.value.message and caught.value.message.id == "shopify.several_numbers"


# telling


def tell(there: Shop, ref: str, status: Status) -> Driven[Any]:
    moved = Moved(
        order="1", ref=ref, number="RB1", status=status, at=NOW + timedelta(microseconds=5), key="k", city="Porto"
    )
    return drive(CONNECTOR, TOKENED, SHOPIFY.tell(TOKENED, moved), speaks(there))


def test_where_a_parcel_is_becomes_an_event_once() -> None:
    there = shop()
    to = there.place(order())
    ref = push(there, to).result.ref
    for status in (Status.CUSTOMS, Status.DELIVERED, Status.DELIVERED, Status.EXCEPTION):
        tell(there, ref, status)
    assert [(word, at) for _, word, at in to.fulfillments[0].events] == [("IN_TRANSIT", NOW), ("DELIVERED", NOW)]
    with pytest.raises(NotFound):
        tell(there, "1", Status.DELIVERED)
