"""WooCommerce without a tracking plugin: its own fulfillments, and notes on the order."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import Answer, Broken, Busy, NotFound, Refused, Request, Shipment
from doorstep.connectors.stores.woo.ways import FULFILLMENTS, NOTES
from doorstep.connectors.stores.woocommerce import CONNECTOR
from doorstep.core.order import Content
from tests.connectors.flow import Driven, answer, drive
from tests.connectors.test_woocommerce_schema import contract, problems  # noqa: F401 (contract is a fixture)
from tests.connectors.woocommerce_shop import ACCOUNT, SHIPMENT, WOO, wrong

ITEMS = ({"id": 1, "quantity": 2}, {"id": 2, "quantity": 1})
WHOLE = [{"item_id": 1, "qty": 2}, {"item_id": 2, "qty": 1}]
LISTED = replace(SHIPMENT, carrier_name="ctt")


class Shop:
    """One order, its fulfillments and its notes."""

    def __init__(self, status: str = "processing") -> None:
        self.status = status
        self.fulfillments: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.deaf = False

    def __call__(self, request: Request) -> Answer:
        path = urlsplit(request.url).path.removeprefix("/wp-json/wc/v3/orders/17")
        body = json.loads(request.body) if request.body else {}
        if not path:
            self.status = body.get("status", self.status)
            lines = [{**one, "name": "Lamp"} for one in ITEMS]
            whole = {"id": 17, "status": self.status, "date_created_gmt": "2026-06-01T00:00:00", "line_items": lines}
            return answer(whole)
        if path == "/notes":
            return answer(self.write(body), status=201) if request.method == "POST" else answer(self.notes)
        ref = int(path.removeprefix("/fulfillments").lstrip("/") or 0)
        return getattr(self, request.method.lower())(ref, body)

    def write(self, body: dict[str, Any]) -> dict[str, Any]:
        self.notes.append({"id": 50 + len(self.notes), "date_created_gmt": "2026-07-01T12:00:00", **body})
        return self.notes[-1]

    def get(self, ref: int, body: Any) -> Answer:
        return answer(self.fulfillments)

    def post(self, ref: int, body: dict[str, Any]) -> Answer:
        metas = [{**one, "id": 900 + place} for place, one in enumerate(body["meta_data"])]
        made = {"id": 70 + len(self.fulfillments), "date_updated": "2026-07-01 12:00:00", "is_fulfilled": "1"}
        self.fulfillments += [] if self.deaf else [{**body, **made, "meta_data": metas}]
        return answer({**made, "meta_data": metas}, status=201)

    def put(self, ref: int, body: dict[str, Any]) -> Answer:
        (one,) = [one for one in self.fulfillments if one["id"] == ref]
        assert all(meta["id"] for meta in body["meta_data"]), "what is there is changed, not added once more"
        one["meta_data"] = body["meta_data"]
        return answer(one)

    def delete(self, ref: int, body: Any) -> Answer:
        kept = [one for one in self.fulfillments if one["id"] != ref]
        gone, self.fulfillments = len(kept) < len(self.fulfillments), kept
        return answer({}) if gone else wrong("woocommerce_rest_fulfillment_invalid_id", "Invalid ID.", 404)


def push(shop: Any, shipment: Shipment, way: str) -> Driven[Any]:
    account = replace(ACCOUNT, settings={"way": way, "auth": "basic"})
    return drive(CONNECTOR, account, WOO.push(account, shipment), shop)


def meta(one: dict[str, Any]) -> dict[str, Any]:
    return {said["key"]: said["value"] for said in one["meta_data"]}


# which way


@pytest.mark.parametrize(
    ("probe", "way", "channel"),
    [
        (wrong("woocommerce_rest_order_invalid_id", "Invalid ID.", 404), FULFILLMENTS, "woocommerce_fulfillments"),
        (wrong("rest_no_route", "No route", 404), NOTES, "woocommerce_notes"),
        (answer("<html>", status=404), NOTES, "woocommerce_notes"),
    ],
)
def test_check_finds_the_way_of_a_shop_without_a_plugin_and_says_it(probe: Answer, way: str, channel: str) -> None:
    index = answer({"name": "Lamps", "namespaces": ["wc/v3"]})
    done = drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [index, answer([]), probe])
    assert done.result.settings == {"way": way, "auth": "basic", "channel": channel}
    assert [one.id for one in done.result.notes] == [f"stores.woocommerce.by_{way}"]


def test_shop_in_trouble_is_not_taken_for_one_without_fulfillments() -> None:
    index = answer({"namespaces": ["wc/v3"]})
    with pytest.raises(Busy):
        drive(CONNECTOR, ACCOUNT, WOO.check(ACCOUNT), [index, answer([]), answer("", status=503)])


def test_order_of_a_shop_without_a_plugin_does_not_say_what_was_sent() -> None:
    account = replace(ACCOUNT, settings={"way": NOTES, "auth": "basic"})
    (said,) = drive(CONNECTOR, account, WOO.order(account, "17"), Shop()).answers
    assert [one.shipments for one in WOO.read(replace(said, context={"way": NOTES})).orders] == [None]


# fulfillments


def test_number_becomes_a_fulfillment_of_everything_left() -> None:
    shop = Shop()
    done = push(shop, replace(LISTED, url="https://ctt.example/RB"), FULFILLMENTS)
    (one,) = shop.fulfillments
    assert done.result.ref == "70"
    assert (one["status"], one["notify_customer"]) == ("fulfilled", True)
    assert meta(one) == {
        "_items": WHOLE,
        "_tracking_number": "RB123456785PT",
        "_shipment_provider": "ctt",
        "_tracking_url": "https://ctt.example/RB",
    }
    assert shop.status == "processing", "fulfillments say by themselves what was sent"


def test_repetition_makes_no_second_fulfillment() -> None:
    shop = Shop()
    assert {push(shop, LISTED, FULFILLMENTS).result.ref for _ in range(2)} == {"70"}
    assert len(shop.fulfillments) == 1


def test_parts_are_fulfilled_one_by_one_until_nothing_is_left() -> None:
    shop = Shop()
    push(shop, replace(LISTED, contents=(Content(line="1", qty=1),)), FULFILLMENTS)
    push(shop, replace(LISTED, number="RB2"), FULFILLMENTS)
    assert meta(shop.fulfillments[1])["_items"] == [{"item_id": 1, "qty": 1}, {"item_id": 2, "qty": 1}]
    with pytest.raises(Refused):
        push(shop, replace(LISTED, number="RB3"), FULFILLMENTS)


def test_carrier_that_woocommerce_does_not_know_keeps_its_name() -> None:
    shop = Shop()
    push(shop, replace(SHIPMENT, carrier_name="other", carrier_beside="Kurier Nord", notify=False), FULFILLMENTS)
    assert meta(shop.fulfillments[0])["_provider_name"] == "Kurier Nord"
    assert shop.fulfillments[0]["notify_customer"] is False
    account = replace(ACCOUNT, settings={"way": FULFILLMENTS, "auth": "basic"})
    (one,) = drive(CONNECTOR, account, WOO.read_back(account, "17"), shop).result
    assert (one.carrier, one.number, [part.qty for part in one.contents]) == ("Kurier Nord", "RB123456785PT", [2, 1])
    assert one.shipped_at is not None


def test_edit_changes_the_number_where_it_stands() -> None:
    shop = Shop()
    push(shop, replace(LISTED, number="OLD1", url="https://ctt.example/OLD1"), FULFILLMENTS)
    push(shop, replace(LISTED, replaces="70", carrier_name="ups"), FULFILLMENTS)
    assert meta(shop.fulfillments[0]) == {
        "_items": WHOLE,
        "_tracking_number": "RB123456785PT",
        "_shipment_provider": "ups",
        "_tracking_url": "",
    }
    with pytest.raises(NotFound):
        push(shop, replace(LISTED, number="NEW1", replaces="99"), FULFILLMENTS)


def test_fulfillment_is_taken_back_and_may_be_repeated() -> None:
    shop = Shop()
    push(shop, LISTED, FULFILLMENTS)
    account = replace(ACCOUNT, settings={"way": FULFILLMENTS, "auth": "basic"})
    for _ in range(2):
        drive(CONNECTOR, account, WOO.withdraw(account, "17", "70"), shop)
    assert shop.fulfillments == []
    with pytest.raises(NotFound):
        drive(CONNECTOR, account, WOO.withdraw(account, "17", "70"), [wrong("rest_no_route", "No route", 404)])


def test_fulfillment_that_was_not_kept_is_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken):
        push(shop, LISTED, FULFILLMENTS)


def test_items_that_cannot_be_read_count_as_none() -> None:
    shop = Shop()
    shop.fulfillments = [{"id": 69, "meta_data": [{"key": "_items", "value": "?"}]}]
    push(shop, LISTED, FULFILLMENTS)
    assert meta(shop.fulfillments[1])["_items"] == WHOLE


def test_fulfillments_are_requests_of_the_schema(contract: Any) -> None:  # noqa: F811 (the fixture)
    shop = Shop()
    made = push(shop, LISTED, FULFILLMENTS).requests
    changed = push(shop, replace(LISTED, number="RB2", replaces="70"), FULFILLMENTS).requests
    spec = contract.Spec("woocommerce/woocommerce_10.9.1_wc_v3_schemas.json", strict=True)
    arguments = spec.doc["OrderFulfillments"]
    for requests, name in ((made, "create"), (changed, "update")):
        (request,) = [one for one in requests if one.changes]
        known = arguments[f"get_args_for_{name}_fulfillment"]
        body = json.loads(request.body)
        assert set(body) <= set(known)
        assert {key for key, said in known.items() if said.get("required")} <= set(body)
        assert all({"id", "key", "value"} == set(one) for one in body["meta_data"])


# notes


def test_number_becomes_a_note_that_is_mailed_and_completes_the_order() -> None:
    shop = Shop()
    done = push(shop, replace(SHIPMENT, url="https://ctt.example/RB"), NOTES)
    (note,) = shop.notes
    assert (done.result.ref, note["customer_note"]) == ("50", True)
    assert note["note"] == "CTT: RB123456785PT\nhttps://ctt.example/RB"
    assert shop.status == "completed"
    assert push(shop, SHIPMENT, NOTES).result.ref == "50"
    assert len(shop.notes) == 1, "a repetition mails nobody"


def test_note_is_for_the_staff_where_the_shop_may_not_mail() -> None:
    shop = Shop()
    push(shop, replace(SHIPMENT, notify=False, carrier_name=""), NOTES)
    assert (shop.notes[0]["customer_note"], shop.notes[0]["note"]) == (False, "RB123456785PT")
    assert shop.status == "processing"


def test_part_of_an_order_does_not_complete_it() -> None:
    shop = Shop()
    push(shop, replace(SHIPMENT, contents=(Content(line="1", qty=2),)), NOTES)
    assert shop.status == "processing"


def test_what_people_wrote_is_not_taken_for_a_number() -> None:
    shop = Shop()
    for words in ("Please leave at the door", "Paid: CASH-ON-DELIVERY", "Call 555 123"):
        shop.write({"note": words})
    account = replace(ACCOUNT, settings={"way": NOTES, "auth": "basic"})
    assert drive(CONNECTOR, account, WOO.read_back(account, "17"), shop).result == ()
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, account, WOO.withdraw(account, "17", "50"), shop)
    assert caught.value.message and caught.value.message.id == "stores.woocommerce.note_stays"


def test_notes_are_requests_of_the_schema(contract: Any) -> None:  # noqa: F811 (the fixture)
    (request,) = [one for one in push(Shop(status="on-hold"), SHIPMENT, NOTES).requests if one.changes]
    assert problems(contract, "Order_Notes", json.loads(request.body), strict=True) == []
