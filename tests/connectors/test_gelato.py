"""Gelato's flows, against a small server in memory; requests are held to a third party's description of the API."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from doorstep.connectors.contract import Account, Answer, Broken, Busy, Delivery, Denied, NotFound, Refused, Request
from doorstep.connectors.suppliers.gelato import BASE, HEADER, PAGE, Gelato
from doorstep.core.order import PurchaseState
from tests.connectors.flow import NOW, answer, drive
from tests.connectors.vendor_schema import described

GELATO = Gelato()
ACCOUNT = Account(credentials={"api_key": "k3y", "webhook_secret": "w0rd"}, now=NOW)


def order(ref: str, *, updated: float = 1, status: str = "shipped") -> dict[str, Any]:
    """``updated`` days ago; 0 = it does not say."""
    at = (NOW - timedelta(days=updated)).isoformat() if updated else None
    return {"id": ref, "fulfillmentStatus": status, "updatedAt": at, "items": []}


class Server:
    """Orders as they are listed; those in ``gone`` are not there any more when they are asked for."""

    def __init__(self, *orders: dict[str, Any], gone: str = "") -> None:
        self.orders, self.gone = orders, gone

    def __call__(self, request: Request) -> Answer:
        assert request.headers["X-API-KEY"] == "k3y"
        path = request.url.removeprefix(BASE)
        if path == "/orders:search":
            asked = json.loads(request.body)
            assert datetime.fromisoformat(asked["startDate"]).tzinfo
            return answer({"orders": self.orders[asked["offset"] : asked["offset"] + asked["limit"]]})
        ref = path.removeprefix("/orders/")
        found = [one for one in self.orders if one["id"] == ref != self.gone]
        return answer(found[0]) if found else answer({"message": "Order not found"}, 404)


def read(server: Server, days: float | None) -> list[str]:
    since = None if days is None else NOW - timedelta(days=days)
    done = drive(GELATO, ACCOUNT, GELATO.purchases(ACCOUNT, since), server)
    return [one.subject for one in done.requests if one.what]


def test_connecting_lists_one_order_and_hides_the_key() -> None:
    done = drive(GELATO, ACCOUNT, GELATO.check(ACCOUNT), Server())
    assert json.loads(done.requests[0].body)["limit"] == 1
    assert "k3y" not in done.result.external_id


def test_changed_orders_are_read_and_once_a_day_every_open_one() -> None:
    server = Server(order("a", updated=0.01), order("b", updated=9), order("c", updated=9, status="delivered"))
    assert read(server, 0.02) == ["a"]
    assert read(server, 3) == ["a", "b"]
    assert read(server, None) == ["a", "b", "c"]
    assert read(Server(order("d", updated=0)), 0.02) == ["d"], "without a time of change it may have changed"


def test_pages_are_read_to_the_end() -> None:
    assert read(Server(*(order(f"o{one}", updated=9) for one in range(PAGE)), order("last", updated=0.01)), 0.02) == [
        "last"
    ]


def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorstep.connectors.suppliers.gelato.PAGES", 3)
    same = answer({"orders": [order("o", updated=9)] * PAGE})
    assert len(drive(GELATO, ACCOUNT, GELATO.purchases(ACCOUNT, NOW), same).requests) == 3


def test_an_order_that_is_gone_spoils_no_poll() -> None:
    server = Server(order("a"), order("b"), gone="a")
    assert read(server, 3) == ["a", "b"]
    with pytest.raises(NotFound):
        drive(GELATO, ACCOUNT, GELATO.purchase(ACCOUNT, "a"), server)
    done = drive(GELATO, ACCOUNT, GELATO.purchase(ACCOUNT, "b/2"), server)
    assert GELATO.read(done.answers[0]).purchases[0].state is PurchaseState.DISPATCHED
    with pytest.raises(Broken):
        GELATO.read(answer({}))


@pytest.mark.parametrize(
    ("bad", "kind"),
    [(answer({"message": "no"}, 401), Denied), (answer({}, 429), Busy), (answer({"orders": 1}), Broken)],
)
def test_trouble_is_what_it_is(bad: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(GELATO, ACCOUNT, GELATO.purchases(ACCOUNT, NOW), bad)


def test_the_address_is_entered_by_hand() -> None:
    with pytest.raises(Refused) as caught:
        drive(GELATO, ACCOUNT, GELATO.subscribe(ACCOUNT, "https://doorstep.example/hooks/x", ""), [])
    assert caught.value.message
    assert caught.value.message.values["address"] == "https://doorstep.example/hooks/x"


def hook(**headers: str) -> Delivery:
    return Delivery(headers=headers, body=b'{"event":"order_status_updated"}', received_at=NOW)


def test_a_webhook_is_a_knock_and_has_to_say_the_word() -> None:
    assert GELATO.receive(ACCOUNT, hook(**{HEADER: "w0rd"})).knock
    for headers in ({}, {HEADER: "w0rds"}):
        with pytest.raises(Denied):
            GELATO.receive(ACCOUNT, hook(**headers))
    assert GELATO.receive(replace(ACCOUNT, credentials={"api_key": "k3y"}), hook()).knock


def test_the_search_has_the_shape_that_others_describe() -> None:
    spec = described("gelato/gelato-openapi.yml", strict=True)
    asked = drive(GELATO, ACCOUNT, GELATO.purchases(ACCOUNT, NOW), Server()).requests[0]
    assert spec.request("post", "/v4/orders:search", json.loads(asked.body)) == []
