"""What people do by hand: a number on an order, another carrier, a parcel of no connected shop. Each goes through the
inbox like everything else that was said.
"""

import json
import secrets
from collections.abc import Collection, Sequence
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from doorstep.app import clock
from doorstep.app.audit import record
from doorstep.app.inbox import Arrival
from doorstep.app.ledger.beginning import new_ref
from doorstep.app.merge.claims import readable
from doorstep.app.reading.understand import read_now
from doorstep.app.settle.pushes import suspect
from doorstep.connectors.registry import connector
from doorstep.core.message import Message
from doorstep.core.number import Hints, normalize, number_in_link, recognize
from doorstep.core.order import Role
from doorstep.db.load import load
from doorstep.db.models import Aside, Claim, Connection, Number, Order, ParcelLine, ParcelNumber, Purchase

_AT_ONCE: Final = 500  # numbers looked up in one statement


class Doubtful(ValueError):
    """The text does not look like a tracking number; ``message`` says why. A person may insist (``confirmed``)."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


def type_number(
    ws: int,
    order_id: int,
    text: str,
    *,
    actor: str,
    carrier: str = "",
    contents: Sequence[tuple[str, int]] = (),
    confirmed: bool = False,
) -> int:
    """Put a number on an order: it ships ``contents`` ((store's line ref, quantity); empty = all lines not
    yet allotted). A tracking link is read; returns the inbox id. Raises Doubtful, and Order.DoesNotExist.
    """
    order = Order.objects.get(ws=ws, id=order_id)
    text, carrier = from_link(text, carrier)
    reason = _doubt(order, text, carrier)
    if reason and not (confirmed and readable(text)):
        raise Doubtful(reason)
    said: dict[str, object] = {"number": text, "carrier": carrier, "role": role_of(text), "contents": _pieces(contents)}
    record(ws, actor, "number.type", f"order:{order_id}", after={"number": normalize(text), "carrier": carrier})
    return _say(order, said, actor)


def change_carrier(ws: int, number_id: int, carrier: str, actor: str) -> None:
    """A person knows the carrier better: it is asked again under that name ("reload the carrier", S17)."""
    number = Number.objects.get(ws=ws, id=number_id)
    record(ws, actor, "carrier.change", f"number:{number_id}", {"carrier": number.carrier}, {"carrier": carrier})
    _say(_order_of(number), {"number": number.text, "carrier": carrier, "carrier_only": True}, actor)


def remove_number(ws: int, order_id: int, number_id: int, actor: str) -> None:
    """Take back what a person typed. It is denied for this order, whoever repeats it: a store that echoes it too."""
    order, number = Order.objects.get(ws=ws, id=order_id), Number.objects.get(ws=ws, id=number_id)
    record(ws, actor, "number.remove", f"order:{order_id}", before={"number": number.norm})
    _say(order, {"number": number.text, "role": role_of(number.text), "removed": True}, actor)


def follow_number(
    ws: int, text: str, carrier: str, actor: str, *, confirmed: bool = False, reference: str = "", title: str = ""
) -> int:
    """Follow a parcel of no connected shop: an order in the built-in shop "by hand", with this number. Returns its id.
    ``reference`` is what the order is called ('' = a name of ours), ``title`` what is in it. A number that one has is
    not made twice; one that was taken back is followed again. Raises Doubtful.
    """
    text, carrier = from_link(text, carrier)
    norm = readable(text)
    reason = Message(id="manual.empty") if not norm else suspect(text, set(), carrier)
    if reason and not (confirmed and norm):
        raise Doubtful(reason)
    store = by_hand(ws, "store", "by_hand")
    order_id = followed(ws, [norm]).get(norm, 0)
    if order_id and _held(ws, norm):
        return order_id
    if not Order.objects.filter(ws=ws, id=order_id, store_id=store.id).exists():
        order_id = _write_order(store, reference, title, actor)
    type_number(ws, order_id, text, actor=actor, carrier=carrier, confirmed=True)
    return order_id


def unfollow_number(ws: int, number_id: int, actor: str) -> None:
    """Stop following a parcel of no connected shop. Raises Number.DoesNotExist, and ValueError with a Message where a
    shop's order has the number: taking it off there would take it out of the shop.
    """
    number = Number.objects.get(ws=ws, id=number_id)
    store, orders = by_hand(ws, "store", "by_hand"), list(_orders_of(number))
    shops = [one for one in orders if one.store_id != store.id]
    if shops:
        raise ValueError(Message(id="manual.of_shop", values={"number": number.text, "order": shops[0].number}))
    for order in orders:
        remove_number(ws, order.id, number_id, actor)
    Aside.objects.filter(ws=ws, number_id=number_id).delete()


def _held(ws: int, norm: str) -> bool:
    """Whether a parcel has the number now."""
    numbers = Number.objects.filter(ws=ws, norm=norm).values("id")
    return ParcelNumber.objects.filter(ws=ws, number_id__in=numbers, until=None).exists()


def _write_order(store: Connection, reference: str, title: str, actor: str) -> int:
    ref = new_ref()
    body: dict[str, object] = {
        "ref": ref,
        "number": reference.strip()[:200] or ref,
        "placed_at": clock.now().isoformat(),
        "title": title.strip()[:200],
    }
    read_now(_arrival(store, "order", body, {}, actor))
    return Order.objects.values_list("id", flat=True).get(ws=store.ws, store_id=store.id, external_id=ref)


def followed(ws: int, norms: Collection[str]) -> dict[str, int]:
    """The order of each of these normalized numbers that one has already: it was said for it, or is its parcel's."""
    found: dict[str, int] = {}
    every = sorted(norms)
    for at in range(0, len(every), _AT_ONCE):
        numbers = Number.objects.filter(ws=ws, norm__in=every[at : at + _AT_ONCE])
        norm_of = dict(numbers.values_list("id", "norm"))
        held = load(ParcelNumber, ws, "number_id", norm_of, only=("number_id", "parcel_id", "until"))
        parcels = {one.parcel_id: norm_of[one.number_id] for one in held if one.until is None}
        parts = load(ParcelLine, ws, "parcel_id", parcels, only=("parcel_id", "order_id"))
        for part in sorted(parts, key=lambda one: one.order_id):
            found.setdefault(parcels[part.parcel_id], part.order_id)
        claims = load(Claim, ws, "number_id", norm_of, only=("id", "number_id", "order_id"))
        for claim in sorted(claims, key=lambda one: one.id):
            if claim.order_id:
                found.setdefault(norm_of[claim.number_id], claim.order_id)
    return found


def say_match(purchase: Purchase, order: Order | None, actor: str) -> None:
    """Keep a person's word on which order a purchase is for; None = for none."""
    body: dict[str, object] = {"supplier": str(purchase.supplier_id), "purchase": purchase.external_id}
    if order:
        body |= {"store": str(order.store_id), "order": order.external_id}
    read_now(_arrival(by_hand(purchase.ws, "supplier", "manual"), "match", body, {}, actor))


def say_mark(ws: int, number: str, mark: str, actor: str) -> None:
    """Keep the recipient's word on the parcel of a number: ``core.diagnosis.Mark``, '' takes it back."""
    read_now(_arrival(by_hand(ws, "supplier", "manual"), "mark", {"number": number, "mark": mark}, {}, actor))


def by_hand(ws: int, kind: str, name: str) -> Connection:
    """The built-in connection for what people say, made when first needed."""
    with transaction.atomic():
        connection, _ = Connection.objects.get_or_create(
            ws=ws,
            kind=kind,
            connector=name,
            external_id=name,
            defaults={"label": connector(kind, name).meta.label, "connected_at": clock.now()},
        )
    return connection


def _say(order: Order, said: dict[str, object], actor: str) -> int:
    supplier = by_hand(order.ws, "supplier", "manual")
    return read_now(
        _arrival(supplier, "typed", {"order": order.external_id, **said}, {"order_id": str(order.id)}, actor)
    )


def _arrival(account: Connection, what: str, body: dict[str, object], context: dict[str, str], actor: str) -> Arrival:
    return Arrival(
        ws=account.ws,
        connection_id=account.id,
        dedup_key=f"{what}:{secrets.token_hex(16)}",
        received_at=clock.now(),
        what=what,
        context={**context, "by": actor},
        body=json.dumps(body).encode(),
    )


def from_link(text: str, carrier: str) -> tuple[str, str]:
    """A pasted tracking link holds the number, and often the carrier."""
    found = number_in_link(text.strip())
    return (found[0], carrier or found[1]) if found else (text.strip(), carrier)


def _doubt(order: Order, text: str, carrier: str) -> Message | None:
    if not readable(text):
        return Message(id="manual.empty")
    return suspect(text, {normalize(order.number), normalize(order.external_id)}, carrier)


def role_of(text: str) -> str:
    """What a typed number is, as far as its form says: a supplier's own, or a courier's."""
    best = recognize(text, Hints()).best
    return best.role.value if best and best.role is Role.PLATFORM else Role.LOCAL.value


def _pieces(contents: Sequence[tuple[str, int]]) -> list[dict[str, object]]:
    return [{"line": line, "qty": qty} for line, qty in contents if qty > 0]


def _order_of(number: Number) -> Order:
    """An order that the number belongs to: a word about the number on one of them is a word about the number."""
    return _orders_of(number).earliest("id")


def _orders_of(number: Number) -> QuerySet[Order]:
    parcels = ParcelNumber.objects.filter(ws=number.ws, number_id=number.id).values("parcel_id")
    orders = ParcelLine.objects.filter(ws=number.ws, parcel_id__in=parcels).values("order_id")
    return Order.objects.filter(ws=number.ws, id__in=orders)
