"""Orders as their store tells them."""

import hmac
from collections.abc import Sequence

from django.conf import settings

from doorstep.app.changes import Noted, note
from doorstep.app.merge.claims import Scope, Word, claim
from doorstep.app.merge.source import Age, Source, Touched, order_ref
from doorstep.app.search import name_keys, number_end
from doorstep.app.waiting import release
from doorstep.core.number import normalize
from doorstep.core.order import Buyer, Role, SaidNumber
from doorstep.core.order import Line as SaidLine
from doorstep.core.order import Order as SaidOrder
from doorstep.db.models import Claim, Line, Order, Person


def merge_order(source: Source, said: SaidOrder, touched: Touched) -> Order:
    """Bring one snapshot of an order into the ledger."""
    age = Age.of(said, said.updated_at, source.received_at)
    order = _find_or_make(source, said, age)
    newest = order.version == 0 or age.newer_than(order)
    if newest:
        _take_over(source, order, said, age)
    _merge_lines(order, said.lines, age, newest=newest)
    if said.shipments is not None:
        _merge_shipments(source, order, said, age, touched, newest=newest)
    touched.orders.add(order.id)
    return order


def _find_or_make(source: Source, said: SaidOrder, age: Age) -> Order:
    order, new = Order.objects.select_for_update().get_or_create(
        ws=source.ws,
        store_id=source.connection.id,
        external_id=said.ref,
        defaults={
            "number": said.number,
            "placed_at": said.placed_at,
            "said_at": age.said_at,
            "heard_at": age.heard_at,
            "before_connection": said.placed_at < source.connection.connected_at,
        },
    )
    if new:
        note(source, Noted("order", order.id, "order.placed", new=said.number))
        release(source.ws, f"order:{order_ref(said.ref)}", f"order:{order_ref(said.number)}")
    return order


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
    order.save()


def _person(order: Order, buyer: Buyer) -> int:
    """The buyer's row of this order; an erased one stays erased."""
    person = Person.objects.filter(ws=order.ws, id=order.person_id or 0).first() or Person(ws=order.ws)
    if person.erased_at is None:
        for name in ("email", "phone", "name", "city", "postcode", "country", "locale"):
            setattr(person, name, getattr(buyer, name))
        person.email_hash, person.email_key = email_hash(buyer.email), buyer.email.strip().casefold()
        person.name_key, person.name_turned = name_keys(buyer.name)
        person.save()
    return person.id


def email_hash(email: str) -> bytes:
    """A keyed hash, so that a stolen database does not tell who bought. Empty for no address."""
    text = email.strip().casefold()
    return hmac.digest(settings.SECRET_KEY.encode(), f"email:{text}".encode(), "sha256") if text else b""


def _merge_lines(order: Order, said: Sequence[SaidLine], age: Age, *, newest: bool) -> None:
    """Every line ever seen is kept; one that the newest snapshot does not have counts as cancelled."""
    rows = {row.external_id: row for row in Line.objects.filter(ws=order.ws, order_id=order.id)}
    for line in said:
        row = rows.pop(line.ref, None)
        if row is not None and not newest:
            continue
        row = row or Line(ws=order.ws, order_id=order.id, external_id=line.ref, qty=line.qty)
        row.sku, row.title, row.qty = line.sku, line.title, line.qty
        row.qty_cancelled = line.qty_cancelled if newest else line.qty
        row.needs_shipping, row.item_class, row.said_at = line.needs_shipping, line.item_class, age.said_at
        row.save()
    if newest:
        for row in rows.values():
            row.qty_cancelled = row.qty
            row.save(update_fields=["qty_cancelled"])


def _merge_shipments(
    source: Source, order: Order, said: SaidOrder, age: Age, touched: Touched, *, newest: bool
) -> None:
    """Numbers that the store has. One that the newest snapshot does not have is gone: somebody took it out there."""
    kept = []
    for shipment in said.shipments or ():
        number = SaidNumber(text=shipment.number, role=Role.LOCAL, carrier=shipment.carrier, url=shipment.url)
        scope = Scope(order_id=order.id, group=shipment.ref or normalize(shipment.number))
        contents = tuple((one.line, one.qty) for one in shipment.contents)
        shown = "delivered" if shipment.delivered else "shipped"
        made = claim(source, scope, Word(said=number, at=age.said_at, contents=contents, shown=shown), touched)
        if made is None:
            continue  # fulfilled without a number: nothing to follow
        row, new = made
        kept.append(row.id)
        if newest or new:
            Claim.objects.filter(id=row.id).update(gone=not newest)
    if newest:
        theirs = Claim.objects.filter(ws=order.ws, order_id=order.id, source=source.name)
        theirs.exclude(id__in=kept).update(gone=True)
