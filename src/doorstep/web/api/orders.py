"""Orders of stores."""

from typing import Annotated

import msgspec
from msgspec import Meta as Limits

from doorstep.app.push import pushes
from doorstep.app.receive import manual
from doorstep.app.records import numbers
from doorstep.app.records.orders import Order, Wanted
from doorstep.app.records.orders import order as one_order
from doorstep.app.records.orders import orders as some_orders
from doorstep.app.records.page import Page
from doorstep.core.order import OrderState
from doorstep.web.api.kinds import Aware, Id, Short, Text, whole
from doorstep.web.api.numbers import Typed, named_carrier
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Made, Shown, route


class OrdersQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which orders."""

    state: OrderState | None = None
    store_id: Id | None = None
    number: Short | None = None
    external_id: Short | None = None
    placed_from: Aware | None = None
    placed_before: Aware | None = None


class Piece(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Some of one line: ``line`` is the line's ``ref``."""

    line: Text
    quantity: Annotated[int, Limits(ge=1, le=1_000_000)]


class NumberForOrder(Typed, kw_only=True, forbid_unknown_fields=True):
    """A number that ships some of an order. Empty ``contents`` = all lines that are in no parcel yet."""

    contents: Annotated[list[Piece], Limits(max_length=200)] = msgspec.field(default_factory=list)


@route("GET", "/orders", "orders:read", steady=True)
def list_orders(ask: Ask, query: OrdersQuery) -> Page[Order]:
    """Orders, the newest placed first."""
    wanted = Wanted(
        state=query.state,
        store_id=whole(query.store_id),
        number=query.number,
        external_id=query.external_id,
        placed_from=query.placed_from,
        placed_before=query.placed_before,
    )
    return some_orders(ask.ws, wanted, query.limit, query.cursor, ask.fields)


@route("GET", "/orders/{order_id}", "orders:read", steady=True)
def get_order(ask: Ask, query: Shown, order_id: int) -> Order:
    """One order."""
    found = one_order(ask.ws, order_id, ask.fields)
    if found is None:
        raise Declined("not_found")
    return found


@route("POST", "/orders/{order_id}/numbers", "parcels:write", status=201)
def add_number_to_order(ask: Ask, body: NumberForOrder, order_id: int) -> Made[numbers.Number]:
    """Put a tracking number on an order. It goes to the store by the store's rules."""
    contents = [(one.line, one.quantity) for one in body.contents]
    manual.type_number(
        ask.ws,
        order_id,
        body.text,
        actor=ask.actor,
        carrier=named_carrier(body.carrier),
        contents=contents,
        confirmed=body.confirmed,
    )
    text, _ = manual.from_link(body.text, "")
    made = numbers.of_order(ask.ws, order_id, text)
    return Made(made, f"/numbers/{made.id}")


@route("DELETE", "/orders/{order_id}/numbers/{number_id}", "parcels:write", status=204)
def remove_number_from_order(ask: Ask, order_id: int, number_id: int) -> None:
    """Say that a number is not this order's. Whoever says it again is not believed, until a person does."""
    if number_id not in numbers.number_ids(ask.ws, parcel_id=None, order_id=order_id):
        raise Declined("not_found")
    manual.remove_number(ask.ws, order_id, number_id, ask.actor)


@route("POST", "/orders/{order_id}/push", "pushes:write", status=200)
def push_order(ask: Ask, order_id: int) -> Order:
    """Give this order's numbers to its store although it was placed before the store was connected, or a person changed
    them over there.
    """
    pushes.push_old_order(ask.ws, order_id, ask.actor)
    return get_order(ask, Shown(), order_id)
