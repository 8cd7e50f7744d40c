"""Medusa: what is packed and what has left, numbers given once, addresses and keys. A real one is asked in e2e."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Moved, NotFound, Refused, Request, Shipment
from doorstep.connectors.signing import basic
from doorstep.connectors.stores.medusa import CONNECTOR, Medusa
from doorstep.core.order import Content
from doorstep.core.status import Status
from tests.connectors.flow import NOW, Driven, answer, drive

MEDUSA = Medusa()
ACCOUNT = Account(base_url="https://Api.shop.example/app", credentials={"api_key": "sk_hush"}, now=NOW)
SHIPMENT = Shipment(order="order_1", number="RB123456785PT", key="k", url="https://track.example/RB123456785PT")


class Shop:
    """One order, fulfilled as Medusa does; what its validators decline is an error here."""

    def __init__(self, status: str = "pending") -> None:
        self.status = status
        self.items = {"a": (3, True), "b": (1, True), "pdf": (1, False)}
        self.fulfillments: list[dict[str, Any]] = []
        self.quiet: list[bool] = []
        self.deaf = False

    def __call__(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == basic("sk_hush", "")
        assert request.url.startswith("https://Api.shop.example/admin/orders/order_1")
        steps = urlsplit(request.url).path.split("/")[4:]
        if not steps:
            assert "*items.detail" in dict(request.query)["fields"]
            return answer({"order": self.order()})
        body = json.loads(request.body)
        if steps[2:] == ["mark-as-delivered"]:
            (there,) = [one for one in self.fulfillments if one["id"] == steps[1]]
            there["delivered_at"] = "2026-07-01T11:00:00.000Z"
            return answer({"order": {"id": "order_1"}})
        self.quiet.append(body.pop("no_notification"))
        if steps == ["fulfillments"]:
            assert set(body) == {"items"}
            return self.pack(body["items"])
        assert steps[2] == "shipments" and set(body) == {"items", "labels"}
        return self.ship(steps[1], body)

    def order(self) -> dict[str, Any]:
        items = [
            {"id": ref, "quantity": qty, "requires_shipping": goods, "detail": self.detail(ref, qty)}
            for ref, (qty, goods) in self.items.items()
        ]
        whole = {"id": "order_1", "display_id": 1, "status": self.status, "created_at": "2026-06-28T09:00:00.000Z"}
        return {**whole, "items": items, "fulfillments": self.fulfillments}

    def detail(self, ref: str, qty: int) -> dict[str, int]:
        return {"quantity": qty, "fulfilled_quantity": self.packed(ref)}

    def packed(self, ref: str) -> int:
        standing = [one for one in self.fulfillments if not one.get("canceled_at")]
        return sum(item["quantity"] for one in standing for item in one["items"] if item["line_item_id"] == ref)

    def pack(self, items: list[dict[str, Any]]) -> Answer:
        for one in items:
            qty, goods = self.items[one["id"]]
            assert goods, "Medusa declines goods beside what needs no shipping"
            if self.packed(one["id"]) + one["quantity"] > qty:
                said = f"Cannot fulfill more items than what was ordered for item {one['id']}."
                return answer({"type": "invalid_data", "message": said}, status=400)
        made = [{"line_item_id": one["id"], "quantity": one["quantity"]} for one in items]
        if not self.deaf:
            self.fulfillments.append({"id": f"ful_{len(self.fulfillments) + 1}", "items": made, "labels": []})
        return answer({"order": {"id": "order_1"}})

    def ship(self, ref: str, body: Any) -> Answer:
        (there,) = [one for one in self.fulfillments if one["id"] == ref]
        assert not there.get("shipped_at"), "Shipment has already been created"
        (label,) = body["labels"]
        assert set(label) == {"tracking_number", "tracking_url", "label_url"}
        there |= {"shipped_at": "2026-06-29T10:00:00.000Z", "labels": [{"id": "l", **label}]}
        return answer({"order": {"id": "order_1"}})


def push(shop: Any, **changed: Any) -> Driven[Any]:
    return drive(CONNECTOR, ACCOUNT, MEDUSA.push(ACCOUNT, replace(SHIPMENT, **changed)), shop)


def changes(done: Driven[Any]) -> list[str]:
    return [urlsplit(one.url).path.rpartition("/")[2] for one in done.requests if one.changes]


def shown(shop: Shop) -> list[tuple[str, str, tuple[tuple[str, int], ...]]]:
    found = drive(CONNECTOR, ACCOUNT, MEDUSA.read_back(ACCOUNT, "order_1"), shop).result
    return [(one.ref, one.number, tuple((part.line, part.qty) for part in one.contents)) for one in found]


def test_a_number_is_given_once_and_the_rest_under_another() -> None:
    shop = Shop()
    part = push(shop, contents=(Content(line="a", qty=1),))
    assert (part.result.ref, changes(part)) == ("ful_1", ["fulfillments", "shipments"])
    assert changes(push(shop)) == [], "a repetition adds nothing"
    rest = push(shop, number="LX1", notify=False, url="")
    assert (rest.result.ref, shop.quiet) == ("ful_2", [False, False, True, True])
    assert shown(shop) == [("ful_1", SHIPMENT.number, (("a", 1),)), ("ful_2", "LX1", (("a", 2), ("b", 1)))]
    with pytest.raises(Refused) as caught:
        push(shop, number="LX2")
    assert caught.value.message and caught.value.message.id == "stores.nothing_left"


@pytest.mark.parametrize("contents", [(), (Content(line="a", qty=3), Content(line="b", qty=1))])
def test_what_was_interrupted_is_ended_and_what_a_person_packed_is_shipped(contents: Any) -> None:
    shop = Shop()
    shop.pack([{"id": "a", "quantity": 3}, {"id": "b", "quantity": 1}])
    done = push(shop, contents=contents)
    assert (done.result.ref, changes(done)) == ("ful_1", ["shipments"])


def test_what_is_packed_for_others_is_not_taken() -> None:
    shop = Shop()
    shop.pack([{"id": "a", "quantity": 1}])
    assert push(shop, contents=(Content(line="b", qty=1),)).result.ref == "ful_2"
    assert push(shop, number="LX1").result.ref == "ful_3", "what is left is packed; somebody else's waits"
    shop.fulfillments[0]["canceled_at"] = "2026-06-29T11:00:00.000Z"
    assert [ref for ref, _, _ in shown(shop)] == ["ful_2", "ful_3"]


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({}, "canceled", "stores.order_cancelled"),
        ({"replaces": "ful_1", "former": "LX0"}, "pending", "medusa.no_change"),
        ({"contents": (Content(line="b", qty=2),)}, "pending", "stores.refused"),
        ({"order": "../users"}, "pending", "stores.not_found"),
    ],
)
def test_what_medusa_would_not_take_is_told(changed: Any, status: str, sentence: str) -> None:
    shop = Shop(status)
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert shop.fulfillments == []


def test_a_fulfillment_that_was_not_kept_is_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"


def told(shop: Shop, status: Status = Status.DELIVERED, ref: str = "ful_1") -> list[str]:
    moved = Moved(order="order_1", ref=ref, number=SHIPMENT.number, status=status, at=NOW, key="k")
    return changes(drive(CONNECTOR, ACCOUNT, MEDUSA.tell(ACCOUNT, moved), shop))


def test_a_parcel_is_marked_as_delivered_once_and_by_itself() -> None:
    shop = Shop()
    push(shop)
    assert told(shop, Status.IN_TRANSIT) == [], "Medusa has no word for it"
    assert told(shop) == ["mark-as-delivered"]
    assert told(shop) == [], "a repetition changes nothing"
    shop.fulfillments[0] |= {"delivered_at": None, "labels": [{"id": "l"}, {"id": "m"}]}
    assert told(shop) == [], "another parcel of it may be on its way"
    with pytest.raises(NotFound):
        told(shop, ref="ful_9")


def test_orders_are_paged_by_their_count_and_changes_asked_with_the_instant() -> None:
    page = answer({"orders": [{"id": 1}], "count": 51})
    done = drive(CONNECTOR, ACCOUNT, MEDUSA.orders(ACCOUNT, NOW), [page, page])
    assert [dict(one.query)["offset"] for one in done.requests] == ["0", "50"]
    assert {dict(one.query)["updated_at[$gte]"] for one in done.requests} == {"2026-07-01T12:00:00+00:00"}
    one = drive(CONNECTOR, ACCOUNT, MEDUSA.order(ACCOUNT, "order_1"), Shop())
    assert [(request.what, request.subject) for request in one.requests] == [("order", "order_1")]
    empty = drive(CONNECTOR, ACCOUNT, MEDUSA.orders(ACCOUNT, None), answer({"orders": [], "count": 9}))
    assert [name for name, _ in empty.requests[0].query] == ["fields", "order", "limit", "offset"]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("https://Api.shop.example/", "api.shop.example"),
        ("api.shop.example/app/orders", "api.shop.example"),
        ("http://127.0.0.1:9000/admin", "127.0.0.1:9000"),
        ("https://shop.example/medusa", "shop.example/medusa"),
    ],
)
def test_the_shop_is_known_by_its_address(said: str, place: str) -> None:
    mine = replace(ACCOUNT, base_url=said)
    done = drive(CONNECTOR, mine, MEDUSA.check(mine), answer({"orders": []}))
    assert done.result.external_id == place
    assert done.requests[0].url.endswith(f"{place}/admin/orders") or "Api" in said
