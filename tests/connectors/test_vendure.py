"""Vendure's flows, against a small server in memory that answers as the admin API does."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import parse
from graphql.language import OperationDefinitionNode

from doorstep.connectors.contract import (
    Account,
    Answer,
    Broken,
    Busy,
    Denied,
    Moved,
    NotFound,
    Refused,
    Request,
    Shipment,
)
from doorstep.connectors.stores.vendure import CONNECTOR, Vendure
from doorstep.core.order import Content
from doorstep.core.status import Status
from tests.connectors.flow import NOW, Driven, answer, drive, fresh

VENDURE = Vendure()
KEYED = Account(base_url="https://shop.example/admin-api", credentials={"api_key": "k3y"}, now=NOW)
PERSON = replace(KEYED, settings={"username": "me"}, credentials={"password": "pa55"})
SHIPMENT = Shipment(order="1", number="RB123456785PT", key="k", carrier="ctt", carrier_name="CTT")
LINES = [{"id": "11", "quantity": 2}, {"id": "12", "quantity": 1}]


class Server:
    """One order with its fulfillments, and sessions."""

    def __init__(self, *fulfillments: dict[str, Any], state: str = "PaymentSettled") -> None:
        self.fulfillments = list(fulfillments)
        self.state = state
        self.tokens: list[str] = []
        self.added: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Answer:
        sent = json.loads(request.body)
        operation = parse(sent["query"]).definitions[0]
        assert isinstance(operation, OperationDefinitionNode) and operation.name
        name, variables = operation.name.value, sent["variables"]
        if name == "Login":
            return self.login(variables)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self.tokens and request.headers.get("vendure-api-key") != "k3y":
            return failure("FORBIDDEN", "You are not currently authorized to perform this action")
        return answer({"data": getattr(self, name.lower())(**variables)})

    def login(self, variables: dict[str, str]) -> Answer:
        if variables != {"name": "me", "password": "pa55"}:
            wrong = {
                "__typename": "InvalidCredentialsError",
                "errorCode": "INVALID_CREDENTIALS_ERROR",
                "message": "No.",
            }
            return answer({"data": {"login": wrong}})
        self.tokens.append(f"t{len(self.tokens) + 1}")
        return answer({"data": {"login": {"__typename": "CurrentUser"}}}, vendure_auth_token=self.tokens[-1])

    def me(self) -> Any:
        return {"me": {"id": "1"}}

    def any(self) -> Any:
        return {"orders": {"totalItems": 1}}

    def one(self, id: str) -> Any:  # noqa: A002 - the API's own name
        whole = {"id": id, "code": "ABC", "state": self.state, "updatedAt": "2026-06-01T00:00:00.000Z", "lines": LINES}
        whole |= {"orderPlacedAt": "2026-06-01T00:00:00.000Z", "fulfillments": self.fulfillments}
        return {"order": whole if id == "1" else None}

    def add(self, input: dict[str, Any]) -> Any:  # noqa: A002 - the API's own name
        self.added.append(input)
        values = {one["name"]: one["value"] for one in input["handler"]["arguments"]}
        made = fulfillment(f"f{len(self.added)}", values["trackingCode"], "Pending", lines=input["lines"])
        self.fulfillments.append({**made, "method": values["method"]})
        return {"addFulfillmentToOrder": {"__typename": "Fulfillment", "id": made["id"]}}

    def move(self, id: str, state: str) -> Any:  # noqa: A002 - the API's own name
        found = next(one for one in self.fulfillments if one["id"] == id)
        found["state"] = state
        return {"transitionFulfillmentToState": {"__typename": "Fulfillment", "id": id, "state": state}}


def fulfillment(ref: str, number: str, state: str = "Shipped", lines: Any = ()) -> dict[str, Any]:
    created = "2026-06-02T00:00:00.000Z"
    return {"id": ref, "state": state, "trackingCode": number, "createdAt": created, "lines": list(lines)}


def failure(code: str, message: str, status: int = 200) -> Answer:
    error = {"message": message, "extensions": {"code": code}}
    return answer({"errors": [error], "data": None}, status=status)


def push(server: Any, shipment: Shipment = SHIPMENT, account: Account = KEYED) -> Driven[Any]:
    return drive(CONNECTOR, account, VENDURE.push(account, shipment), server)


def states(server: Server) -> dict[str, str]:
    return {one["id"]: one["state"] for one in server.fulfillments}


# sessions


def test_person_is_logged_in_and_the_token_kept() -> None:
    server = Server()
    account = fresh(CONNECTOR, PERSON, server)
    assert account.credentials == {"password": "pa55", "token": "t1"}
    done = drive(CONNECTOR, account, VENDURE.check(account), server)
    assert (done.result.external_id, done.result.label) == ("shop.example/admin-api", "shop.example")


def test_session_is_good_until_it_is_denied() -> None:
    account = replace(PERSON, credentials={"password": "pa55", "token": "old"})
    assert not VENDURE.stale(account)
    with pytest.raises(Denied):
        drive(CONNECTOR, account, VENDURE.order(account, "1"), Server())
    assert drive(CONNECTOR, account, VENDURE.renew(account), Server()).result == {"token": "t1"}
    assert drive(CONNECTOR, KEYED, VENDURE.renew(KEYED), Server()).result == {}, "a key cannot be renewed"


@pytest.mark.parametrize("account", [KEYED, replace(KEYED, base_url="shop.example")])
def test_api_key_needs_no_session(account: Account) -> None:
    done = drive(CONNECTOR, account, VENDURE.check(account), Server())
    assert [one.url for one in done.requests] == ["https://shop.example/admin-api"]


@pytest.mark.parametrize(
    ("account", "message"),
    [
        (replace(PERSON, credentials={"password": "wrong"}), "stores.vendure.denied"),
        (replace(PERSON, settings={}), "stores.vendure.no_login"),
        (replace(PERSON, credentials={}), "stores.vendure.no_login"),
        (replace(KEYED, credentials={"api_key": "wrong"}), "stores.vendure.denied"),
    ],
)
def test_wrong_credentials_are_told(account: Account, message: str) -> None:
    with pytest.raises(Denied) as caught:
        drive(CONNECTOR, account, VENDURE.check(fresh(CONNECTOR, account, Server())), Server())
    assert caught.value.message and caught.value.message.id == message


def test_server_that_gives_no_token_is_told() -> None:
    with pytest.raises(Denied) as caught:
        fresh(CONNECTOR, PERSON, [answer({"data": {"login": {"__typename": "CurrentUser"}}})])
    assert caught.value.message and caught.value.message.id == "stores.vendure.no_token"


@pytest.mark.parametrize(
    ("canned", "kind"),
    [
        (failure("INTERNAL_SERVER_ERROR", "Internal server error"), Broken),
        (failure("ENTITY_NOT_FOUND", "No Order with the id '9' could be found"), NotFound),
        (failure("GRAPHQL_VALIDATION_FAILED", "Cannot query field", 400), Refused),
        (failure("BAD_USER_INPUT", "Variable got invalid value"), Refused),
        (answer("<html>", status=404), Broken),
        (answer("<html>", status=503), Busy),
        (answer("", status=401), Denied),
        (answer({"errors": [None, {"message": "odd"}]}), Refused),
        (answer({"data": None}), Broken),
        (answer([]), Broken),
        (answer({"data": {"order": None}}, status=404), NotFound),
    ],
)
def test_every_failure_is_trouble_of_its_kind(canned: Answer, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(CONNECTOR, KEYED, VENDURE.order(KEYED, "9"), [canned])


# reading


def test_placed_orders_are_asked_page_by_page() -> None:
    page = {"data": {"orders": {"totalItems": 51, "items": [{}]}}}
    since = datetime(2026, 6, 30, tzinfo=UTC)
    done = drive(CONNECTOR, KEYED, VENDURE.orders(KEYED, since), [answer(page), answer(page)])
    first, second = (json.loads(one.body)["variables"]["options"] for one in done.requests)
    after, earlier = {"after": "2026-06-30T00:00:00+00:00"}, {"after": "2026-06-16T00:00:00+00:00"}
    moving = ["PaymentAuthorized", "PaymentSettled", "PartiallyShipped", "Shipped", "PartiallyDelivered"]
    changed = [
        {"updatedAt": after},
        {"orderPlacedAt": after},
        {"_and": [{"state": {"in": moving}}, {"orderPlacedAt": earlier}]},
    ]
    wanted = {"orderPlacedAt": {"isNull": False}, "_or": changed}
    assert first == {"filter": wanted, "sort": {"orderPlacedAt": "ASC"}, "take": 50, "skip": 0}
    assert second["skip"] == 50
    assert [(one.what, one.subject) for one in done.requests] == [("orders", "0"), ("orders", "50")]


def test_pages_end_where_the_server_has_nothing_more() -> None:
    empty = answer({"data": {"orders": {"totalItems": 500, "items": []}}})
    assert len(drive(CONNECTOR, KEYED, VENDURE.orders(KEYED, None), [empty]).requests) == 1


# giving numbers


def test_number_becomes_a_shipped_fulfillment_of_what_is_left() -> None:
    server = Server(fulfillment("f0", "XY1", lines=[{"orderLineId": "11", "quantity": 1}]))
    done = push(server)
    assert done.result.ref == "f1"
    assert server.added[0]["lines"] == [{"orderLineId": "11", "quantity": 1}, {"orderLineId": "12", "quantity": 1}]
    assert server.fulfillments[1]["method"] == "CTT"
    assert states(server) == {"f0": "Shipped", "f1": "Shipped"}
    assert [one.changes for one in done.requests] == [False, True, True]


def test_part_of_the_lines_is_a_fulfillment_of_that_part() -> None:
    server = Server()
    push(server, replace(SHIPMENT, contents=(Content(line="11", qty=1),)))
    assert server.added[0]["lines"] == [{"orderLineId": "11", "quantity": 1}]


def test_repetition_adds_nothing() -> None:
    server = Server()
    assert push(server).result.ref == push(server).result.ref
    assert len(server.added) == 1


def test_push_interrupted_before_shipped_is_finished() -> None:
    server = Server(fulfillment("f0", "RB 123456785 PT", "Pending"))
    assert push(server).result.ref == "f0"
    assert states(server) == {"f0": "Shipped"}
    assert server.added == []


def test_edit_cancels_the_old_fulfillment_first() -> None:
    whole = [{"orderLineId": "11", "quantity": 2}, {"orderLineId": "12", "quantity": 1}]
    server = Server(fulfillment("f0", "CJP1", lines=whole))
    push(server, replace(SHIPMENT, replaces="f0"))
    assert states(server) == {"f0": "Cancelled", "f1": "Shipped"}
    assert server.added[0]["lines"] == whole


def test_interrupted_edit_is_finished() -> None:
    server = Server(fulfillment("f0", "CJP1", "Cancelled"))
    push(server, replace(SHIPMENT, replaces="f0"))
    assert states(server) == {"f0": "Cancelled", "f1": "Shipped"}


def test_edit_of_a_fulfillment_that_is_not_there_changes_nothing() -> None:
    server = Server()
    with pytest.raises(NotFound):
        push(server, replace(SHIPMENT, replaces="f9"))
    assert server.added == []


def test_nothing_left_to_ship_is_told() -> None:
    whole = [{"orderLineId": "11", "quantity": 2}, {"orderLineId": "12", "quantity": 1}]
    with pytest.raises(Refused) as caught:
        push(Server(fulfillment("f0", "XY1", lines=whole)))
    assert caught.value.message and caught.value.message.id == "stores.nothing_left"


def test_cancelled_order_takes_no_number() -> None:
    with pytest.raises(Refused):
        push(Server(state="Cancelled"))


def test_unknown_order_is_not_found() -> None:
    with pytest.raises(NotFound):
        push(Server(), replace(SHIPMENT, order="9"))


def test_store_that_may_not_mail_cannot_be_told_so() -> None:
    assert [one.id for one in push(Server(), replace(SHIPMENT, notify=False)).result.notes] == [
        "stores.vendure.mails_itself"
    ]


@pytest.mark.parametrize(
    ("mutation", "said"),
    [
        ("add", {"errorCode": "INSUFFICIENT_STOCK_ON_HAND_ERROR", "message": "Too few in stock"}),
        ("move", {"errorCode": "X", "message": "Cannot transition", "transitionError": "Paperwork is missing"}),
    ],
)
def test_refusal_is_told_in_the_shops_words(mutation: str, said: dict[str, str]) -> None:
    server = Server()
    field = {"add": "addFulfillmentToOrder", "move": "transitionFulfillmentToState"}[mutation]
    setattr(server, mutation, lambda **_: {field: said})
    with pytest.raises(Refused) as caught:
        push(server)
    assert caught.value.said == said.get("transitionError", said["message"])


def test_read_back_and_withdraw() -> None:
    server = Server(fulfillment("f0", "RB1"))
    (one,) = drive(CONNECTOR, KEYED, VENDURE.read_back(KEYED, "1"), server).result
    assert (one.ref, one.number) == ("f0", "RB1")
    for _ in range(2):
        drive(CONNECTOR, KEYED, VENDURE.withdraw(KEYED, "1", "f0"), server)
    assert states(server) == {"f0": "Cancelled"}
    assert drive(CONNECTOR, KEYED, VENDURE.read_back(KEYED, "1"), server).result == ()


# what arrived


def test_a_parcel_is_delivered_once() -> None:
    server = Server(fulfillment("f1", SHIPMENT.number), fulfillment("f2", "LX1", "Cancelled"))

    def told(status: Status, ref: str = "f1") -> int:
        moved = Moved(order="1", ref=ref, number=SHIPMENT.number, status=status, at=NOW, key="k")
        return sum(one.changes for one in drive(CONNECTOR, KEYED, VENDURE.tell(KEYED, moved), server).requests)

    assert told(Status.OUT_FOR_DELIVERY) == 0, "Vendure has no word for it"
    assert [told(Status.DELIVERED), told(Status.DELIVERED)] == [1, 0]
    assert states(server) == {"f1": "Delivered", "f2": "Cancelled"}
    with pytest.raises(NotFound):
        told(Status.DELIVERED, ref="f2")
