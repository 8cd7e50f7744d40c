"""PrestaShop: whole resources written back, states marked once, local times, rows of many resources."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from doorstep.connectors import xml
from doorstep.connectors.contract import Account, Answer, Broken, NotFound, Refused, Request, Shipment
from doorstep.connectors.signing import basic
from doorstep.connectors.stores.prestashop import CONNECTOR, SENDING, PrestaShop
from tests.connectors.flow import NOW, Driven, answer, drive

PRESTASHOP = PrestaShop()
SETTINGS = {"timezone": "Europe/Lisbon", "shipped": "4", "delivered": "5", "ended": "6,8"}
ACCOUNT = Account(base_url="https://Shop.example/api/", settings=SETTINGS, credentials={"api_key": "HUSH"}, now=NOW)
SHIPMENT = Shipment(order="7", number="LX123456785CN", key="k", carrier="ctt", carrier_name="CTT")
SENDINGS = {"id_order": "7", "weight": "0.5", "shipping_cost_tax_excl": "4", "date_add": "2026-06-28 09:00:00"}


class Shop:
    """One order, and rows of resources as PrestaShop gives and takes them: numbers as texts, nothing as a bare list."""

    def __init__(self, state: str = "2", numbers: tuple[str, ...] = ("",)) -> None:
        self.order = {"id": 7, "current_state": state, "reference": "KHWLILZLL", "date_add": "2026-06-28 09:00:00"}
        self.order |= {"id_customer": "3", "id_address_delivery": "5"}
        self.rows: dict[str, list[dict[str, Any]]] = {
            "orders": [self.order],
            "order_carriers": [
                {"id": place, "id_carrier": "2", "tracking_number": number, **SENDINGS}
                for place, number in enumerate(numbers, 1)
            ],
            "order_details": [{"id": 1, "id_order": "7", "product_quantity": "2", "product_name": "Desk lamp"}],
            "order_states": [{"id": 2, "paid": "1", "shipped": "0"}, {"id": 4, "paid": "1", "shipped": "1"}],
            "carriers": [
                {"id": 2, "name": "Post", "url": "https://post.example/@"},
                {"id": 3, "name": "C.T.T", "url": ""},
            ],
            "customers": [{"id": 3, "email": "rui@shopper.example"}],
            "addresses": [{"id": 5, "id_country": "15", "city": "Porto", "postcode": "4050-262"}],
            "countries": [{"id": 15, "iso_code": "PT"}],
        }
        self.mailed: list[str] = []
        self.marked: list[str] = []
        self.deaf = False

    def __call__(self, request: Request) -> Answer:
        assert request.headers["Authorization"] == basic("HUSH", "")
        path = urlsplit(request.url).path.removeprefix("/api/").split("/")
        if request.method == "GET":
            assert ("output_format", "JSON") in request.query
            found = self.rows[path[0]]
            return answer({path[0]: found} if found else [])
        ((one,),) = [list(xml.parsed(request.body))]
        sent = {field.tag: field.text or "" for field in one}
        if request.method == "POST":
            assert (path, one.tag, sent["id_order"]) == (["order_histories"], "order_history", "7")
            self.marked.append(sent["id_order_state"])
            self.order["current_state"] = sent["id_order_state"]
            return answer(b"<prestashop/>", status=201)
        assert (path[0], one.tag, set(sent)) == ("order_carriers", "order_carrier", set(SENDING))
        self.mailed += [sent["tracking_number"]] if ("sendemail", "1") in request.query else []
        (there,) = [row for row in self.rows["order_carriers"] if str(row["id"]) == path[1]]
        there |= {} if self.deaf else sent | {"id": int(sent["id"])}
        return answer(b"<prestashop/>")


def push(shop: Any, **changed: Any) -> Driven[Any]:
    return drive(CONNECTOR, ACCOUNT, PRESTASHOP.push(ACCOUNT, replace(SHIPMENT, **changed)), shop)


def changes(done: Driven[Any]) -> list[str]:
    return [f"{one.method} {urlsplit(one.url).path}" for one in done.requests if one.changes]


def test_a_number_is_written_with_its_carrier_and_the_order_marked_once() -> None:
    shop = Shop()
    done = push(shop)
    assert (done.result.ref, done.result.notes) == ("1", ())
    assert changes(done) == ["PUT /api/order_carriers/1", "POST /api/order_histories"]
    assert (shop.mailed, shop.marked) == ([SHIPMENT.number], ["4"])
    kept = shop.rows["order_carriers"][0]
    assert (kept["id_carrier"], kept["weight"], kept["date_add"]) == ("3", "0.5", "2026-06-28 09:00:00")
    assert changes(push(shop)) == [], "a repetition adds nothing"
    shop.order["current_state"] = "2"
    assert changes(push(shop)) == ["POST /api/order_histories"], "what was interrupted is ended"


def test_a_carrier_that_the_shop_does_not_have_leaves_the_one_of_the_checkout() -> None:
    for name in ("Hermes", ""):
        shop = Shop(state="4")
        done = push(shop, carrier_name=name, notify=False)
        assert [one.id for one in done.result.notes] == ["prestashop.other_carrier"]
        assert (shop.rows["order_carriers"][0]["id_carrier"], shop.mailed, shop.marked) == ("2", [], [])
    shown = drive(CONNECTOR, ACCOUNT, PRESTASHOP.read_back(ACCOUNT, "7"), shop).result
    link = f"https://post.example/{SHIPMENT.number}"
    assert [(one.ref, one.number, one.carrier, one.url) for one in shown] == [("1", SHIPMENT.number, "Post", link)]


def test_a_number_is_changed_and_taken_back() -> None:
    shop = Shop()
    push(shop)
    assert push(shop, number="RB1 <&>", replaces="1", former=SHIPMENT.number).result.ref == "1"
    assert shop.rows["order_carriers"][0]["tracking_number"] == "RB1 <&>"
    for expected in (["PUT /api/order_carriers/1"], []):
        done = drive(CONNECTOR, ACCOUNT, PRESTASHOP.withdraw(ACCOUNT, "7", "1"), shop)
        assert changes(done) == expected, "what is gone already is fine"
    assert shop.rows["order_carriers"][0]["tracking_number"] == ""
    assert len(shop.mailed) == 2


@pytest.mark.parametrize(
    ("changed", "shop", "sentence"),
    [
        ({}, Shop(state="6"), "stores.order_cancelled"),
        ({}, Shop(numbers=("RB1",)), "prestashop.one_number"),
        ({}, Shop(numbers=()), "stores.nothing_left"),
        ({"replaces": "1"}, Shop(), "stores.replaced_gone"),
        ({"order": "7]&x=["}, Shop(), "stores.not_found"),
    ],
)
def test_what_prestashop_would_not_take_is_not_sent(changed: Any, shop: Shop, sentence: str) -> None:
    with pytest.raises((Refused, NotFound)) as caught:
        push(shop, **changed)
    assert caught.value.message and caught.value.message.id == sentence
    assert (shop.mailed, shop.marked) == ([], [])


def test_an_order_that_is_gone_and_a_number_that_was_not_kept_are_told() -> None:
    shop = Shop()
    shop.deaf = True
    with pytest.raises(Broken) as caught:
        push(shop)
    assert caught.value.message and caught.value.message.id == "stores.not_kept"
    shop.rows["orders"] = []
    for flow in (PRESTASHOP.push(ACCOUNT, SHIPMENT), PRESTASHOP.order(ACCOUNT, "7")):
        with pytest.raises(NotFound):
            drive(CONNECTOR, ACCOUNT, flow, shop)


def test_orders_come_with_what_belongs_to_them() -> None:
    done = drive(CONNECTOR, ACCOUNT, PRESTASHOP.orders(ACCOUNT, NOW), Shop())
    (last,) = [one for one in done.requests if one.what]
    assert (last.what, last.subject) == ("orders", "0")
    assert ("filter[date_upd]", "[2026-07-01 13:00:00,2026-07-02 13:00:00]") in last.query, "the shop's own time"
    said = replace(answer({"orders": [Shop().order]}), what="orders", context=last.context)
    (order,) = PRESTASHOP.read(said).orders
    assert order.placed_at.isoformat() == "2026-06-28T08:00:00+00:00"
    assert order.buyer and (order.buyer.email, order.buyer.country) == ("rui@shopper.example", "PT")
    assert ([one.qty for one in order.lines], order.shipments) == ([2], ())
    alone = drive(CONNECTOR, ACCOUNT, PRESTASHOP.order(ACCOUNT, "7"), Shop())
    assert [one.subject for one in alone.requests if one.what] == ["7"]
    many = Shop()
    many.rows["orders"] = [
        {**many.order, "id": ref, "id_customer": "0", "id_address_delivery": ""} for ref in range(1, 51)
    ]
    paged = drive(CONNECTOR, ACCOUNT, PRESTASHOP.orders(ACCOUNT, None), first_page_of(many))
    assert [dict(one.query)["limit"] for one in paged.requests if "limit" in dict(one.query)] == [
        "0,50",
        "0,50",
        "50,50",
    ]


def first_page_of(shop: Shop) -> Any:
    def reply(request: Request) -> Answer:
        if dict(request.query).get("limit") == "50,50":
            return answer([])
        return shop(request)

    return reply


@pytest.mark.parametrize(
    ("said", "place"), [("https://Shop.example/", "shop.example"), ("x.example/fr/api", "x.example/fr")]
)
def test_the_shop_is_known_by_its_address_and_its_time(said: str, place: str) -> None:
    mine = replace(ACCOUNT, base_url=said)
    names = {"PS_TIMEZONE": "Europe/Lisbon", "PS_OS_SHIPPING": "4", "PS_OS_CANCELED": "6", "PS_SHOP_NAME": "Lamps"}
    rows = [{"name": name, "value": value} for name, value in [*names.items(), ("PS_OS_ERROR", "")]]

    def reply(request: Request) -> Answer:
        return answer({"configurations": rows} if request.url.endswith("configurations") else [])

    done = drive(CONNECTOR, mine, PRESTASHOP.check(mine), reply)
    assert (done.result.external_id, done.result.label) == (place, "Lamps")
    assert done.result.settings == {"timezone": "Europe/Lisbon", "shipped": "4", "delivered": "", "ended": "6"}
    with pytest.raises(Refused) as caught:
        drive(CONNECTOR, mine, PRESTASHOP.check(mine), answer([]))
    assert caught.value.message and caught.value.message.id == "prestashop.no_timezone"
