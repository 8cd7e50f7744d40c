"""Tracking numbers."""

from typing import Annotated

import msgspec
from msgspec import Meta as Limits

from doorstep.app.receive import manual
from doorstep.app.records.numbers import SHORTEST, Number, Wanted, of_order
from doorstep.app.records.numbers import number as one_number
from doorstep.app.records.numbers import numbers as some_numbers
from doorstep.app.records.page import Page
from doorstep.core.message import Message
from doorstep.core.number import carrier_named
from doorstep.web.api.kinds import Id, Short, Text, whole
from doorstep.web.api.problem import Declined
from doorstep.web.api.route import Ask, Listed, Made, Shown, route

Part = Annotated[str, Limits(min_length=SHORTEST, max_length=100)]


class NumbersQuery(Listed, kw_only=True, forbid_unknown_fields=True):
    """Which numbers: as a whole, or by how they begin or end. Blanks, dashes and case do not matter."""

    text: Short | None = None
    starts_with: Part | None = None
    ends_with: Part | None = None
    carrier: Short | None = None
    parcel_id: Id | None = None


class Typed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A tracking number, or a tracking link. ``carrier`` is our code or any name of the carrier; ``confirmed``: it is a
    number although it does not look like one.
    """

    text: Text
    carrier: Short = ""
    confirmed: bool = False


class CarrierOfNumber(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Who carries a number: our code, or any name of the carrier."""

    carrier: Text


@route("GET", "/numbers", "parcels:read", steady=True)
def list_numbers(ask: Ask, query: NumbersQuery) -> Page[Number]:
    """Numbers, in the order of their letters."""
    wanted = Wanted(
        text=query.text,
        starts_with=query.starts_with,
        ends_with=query.ends_with,
        carrier=query.carrier,
        parcel_id=whole(query.parcel_id),
    )
    return some_numbers(ask.ws, wanted, query.limit, query.cursor, ask.fields)


@route("GET", "/numbers/{number_id}", "parcels:read", steady=True)
def get_number(ask: Ask, query: Shown, number_id: int) -> Number:
    """One number."""
    return _number(ask, number_id)


@route("POST", "/numbers", "parcels:write", status=201)
def follow_number(ask: Ask, body: Typed) -> Made[Number]:
    """Follow a parcel of no connected shop. A number that is followed already is not made twice."""
    order_id = manual.follow_number(ask.ws, body.text, named_carrier(body.carrier), ask.actor, confirmed=body.confirmed)
    text, _ = manual.from_link(body.text, "")
    made = of_order(ask.ws, order_id, text)
    return Made(made, f"/numbers/{made.id}")


@route("PATCH", "/numbers/{number_id}", "parcels:write")
def change_carrier(ask: Ask, body: CarrierOfNumber, number_id: int) -> Number:
    """Name the carrier of a number: it is asked about there from now on."""
    _number(ask, number_id)
    manual.change_carrier(ask.ws, number_id, named_carrier(body.carrier), ask.actor)
    return _number(ask, number_id)


def named_carrier(text: str) -> str:
    """The code of a carrier, '' for none. Raises Declined when nobody has that name."""
    code = carrier_named(text) if text.strip() else ""
    if text.strip() and not code:
        raise Declined("refused", Message(id="refuse.carrier", values={"name": text.strip()[:60]}))
    return code


def _number(ask: Ask, number_id: int) -> Number:
    found = one_number(ask.ws, number_id, ask.fields)
    if found is None:
        raise Declined("not_found")
    return found
