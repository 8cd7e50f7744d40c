"""Orders as their store tells them."""

import hmac
from collections.abc import Sequence
from typing import Final

from django.conf import settings

from doorstep.app.ledger.changes import Noted, note
from doorstep.app.ledger.search import name_keys, number_end
from doorstep.app.ledger.waiting import release
from doorstep.app.merge.claims import Scope, Word, claim, mark_gone
from doorstep.app.merge.source import Age, Source, Touched, order_ref
from doorstep.app.shopper import coupons
from doorstep.core.number import normalize
from doorstep.core.order import Buyer, Role, SaidNumber
from doorstep.core.order import Line as SaidLine
from doorstep.core.order import Order as SaidOrder
from doorstep.db import bulk
from doorstep.db.load import fetch, load
from doorstep.db.models import Claim, Line, Order, Person

# What a snapshot says of an order, of its buyer and of a line.
TAKEN: Final = (
    *("number", "number_end", "placed_at", "paid_at", "cancelled_at", "ship_by", "awaiting_payment", "transaction"),
    *("person_id", "version", "said_at", "heard_at", "said_hash"),
)
BUYER: Final = ("email", "phone", "name", "city", "postcode", "country", "locale")
WHO: Final = (*BUYER, "email_hash", "email_key", "name_key", "name_turned")
OF_LINE: Final = ("sku", "title", "qty", "qty_cancelled", "needs_shipping", "item_class", "said_at")


def merge_order(source: Source, said: SaidOrder, touched: Touched) -> Order:
    """Bring one snapshot of an order into the ledger."""
    age = Age.of(said, said.updated_at, source.received_at)
    known = fetch(Order, source.ws, "store_id = %s AND external_id = %s", source.connection.id, said.ref, lock=True)
    order = known[0] if known else _new(source, said, age)
    newest = order.version == 0 or age.newer_than(order)
    if newest:
        _take_over(source, order, said, age)
        bulk.keep(order, TAKEN, new=not known)
    if not known:
        note(source, Noted("order", order.id, "order.placed", new=said.number))
        release(source.ws, f"order:{order_ref(said.ref)}", f"order:{order_ref(said.number)}")
    _merge_lines(order, said.lines, age, newest=newest)
    if said.shipments is not None:
        _merge_shipments(source, order, said, age, touched, newest=newest)
    if said.coupons:
        coupons.redeemed(source.ws, source.connection.id, said.number, said.coupons)
    touched.orders.add(order.id)
    return order


def _new(source: Source, said: SaidOrder, age: Age) -> Order:
    return Order(
        ws=source.ws,
        store_id=source.connection.id,
        external_id=said.ref,
        before_connection=said.placed_at < source.connection.connected_at,
    )


def _take_over(source: Source, order: Order, said: SaidOrder, age: Age) -> None:
    """The newest snapshot is what the order is."""
    if said.cancelled_at and not order.cancelled_at:
        note(source, Noted("order", order.id, "order.cancelled", new=said.cancelled_at.isoformat()))
    if said.paid_at and not order.paid_at:
        note(source, Noted("order", order.id, "order.paid", new=said.paid_at.isoformat()))
    order.number, order.placed_at, order.paid_at = said.number, said.placed_at, said.paid_at
    order.number_end = number_end(said.number)
    order.cancelled_at, order.ship_by = said.cancelled_at, said.ship_by
    order.awaiting_payment = said.awaiting_payment
    order.transaction = said.transaction or order.transaction
    order.person_id = _person(order, said.buyer) if said.buyer else order.person_id
    order.version += 1
    age.put_on(order)


def _person(order: Order, buyer: Buyer) -> int:
    """The buyer's row of this order; an erased one stays erased."""
    known = load(Person, order.ws, "id", [order.person_id] if order.person_id else [])
    person = known[0] if known else Person(ws=order.ws)
    if person.erased_at is None:
        for name in BUYER:
            setattr(person, name, getattr(buyer, name))
        person.email_hash, person.email_key = email_hash(buyer.email), buyer.email.strip().casefold()
        person.name_key, person.name_turned = name_keys(buyer.name)
        bulk.keep(person, WHO, new=not known)
    return person.id


def email_hash(email: str) -> bytes:
    """A keyed hash, so that a stolen database does not tell who bought. Empty for no address."""
    text = email.strip().casefold()
    return hmac.digest(settings.SECRET_KEY.encode(), f"email:{text}".encode(), "sha256") if text else b""


def _merge_lines(order: Order, said: Sequence[SaidLine], age: Age, *, newest: bool) -> None:
    """Every line ever seen is kept; one that the newest snapshot does not have counts as cancelled."""
    rows = {row.external_id: row for row in load(Line, order.ws, "order_id", [order.id])}
    added, changed = list[Line](), list[Line]()
    for line in said:
        row = rows.pop(line.ref, None)
        if row is not None and not newest:
            continue
        (added if row is None else changed).append(
            row := row or Line(ws=order.ws, order_id=order.id, external_id=line.ref)
        )
        row.sku, row.title, row.qty = line.sku, line.title, line.qty
        row.qty_cancelled = line.qty_cancelled if newest else line.qty
        row.needs_shipping, row.item_class, row.said_at = line.needs_shipping, line.item_class, age.said_at
    if newest:
        for row in rows.values():
            row.qty_cancelled = row.qty
            changed.append(row)
    bulk.insert(added)
    bulk.put(changed, OF_LINE)


def _merge_shipments(
    source: Source, order: Order, said: SaidOrder, age: Age, touched: Touched, *, newest: bool
) -> None:
    """Numbers that the store has. One that the newest snapshot does not have is gone: somebody took it out there."""
    kept = set()
    for shipment in said.shipments or ():
        number = SaidNumber(text=shipment.number, role=Role.LOCAL, carrier=shipment.carrier, url=shipment.url)
        scope = Scope(order_id=order.id, group=shipment.ref or normalize(shipment.number))
        contents = tuple((one.line, one.qty) for one in shipment.contents)
        shown = "delivered" if shipment.delivered else "shipped"
        made = claim(source, scope, Word(said=number, at=age.said_at, contents=contents, shown=shown), touched)
        if made is None:
            continue  # fulfilled without a number: nothing to follow
        row, new = made
        kept.add(row.id)
        if new and not newest:
            mark_gone([row], lambda _: True)
    if newest:
        theirs = fetch(Claim, order.ws, "order_id = %s AND source = %s", order.id, source.name)
        mark_gone(theirs, lambda row: row.id not in kept)
