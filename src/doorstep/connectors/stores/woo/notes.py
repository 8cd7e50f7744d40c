"""Numbers as notes on an order, for a shop that has no other place. A note that the shopper may see is mailed by the
shop at once; it is never edited, and taking it back would not take the mail back.
"""

import re
from typing import Final

import msgspec

from doorstep.connectors.answers import convert, instant
from doorstep.connectors.contract import Account, Flow, Pushed, Refused, Shipment
from doorstep.connectors.stores.woo import ways, wire
from doorstep.core.message import Message
from doorstep.core.order import StoreShipment

# What we write, without words of any language: carrier, number and, on a line of its own, the link.
_OURS: Final = re.compile(r"(?:(?P<carrier>[^:\n]{1,60}): )?(?P<number>[A-Z0-9-]{6,50})(?:\s+(?P<url>https?://\S+))?")


class _Note(msgspec.Struct):
    id: int
    note: str = ""
    date_created_gmt: str | None = None


def push(account: Account, shipment: Shipment) -> Flow[Pushed]:
    """Writes a note, and completes the order if all of it has left; without ``notify`` only the shop's staff see it."""
    order = yield from ways.fetch(account, shipment.order)
    ours = ways.with_number((yield from read_back(account, shipment.order)), shipment.number)
    ref = ours.ref if ours else (yield from _write(account, shipment))
    if shipment.notify and ways.whole(shipment, order):
        yield from ways.complete(account, order)
    return Pushed(ref=ref)


def read_back(account: Account, order: str) -> Flow[tuple[StoreShipment, ...]]:
    """The notes that hold a number as we write it; what people write is not searched."""
    notes = convert(wire.opened((yield wire.request(account, "GET", _place(order)))), list[_Note])
    return tuple(shipment for one in notes for shipment in _read(one))


def withdraw(account: Account, order: str, ref: str) -> Flow[None]:
    """Always Refused: the shopper has had the mail."""
    yield from ()
    raise Refused("a note stays", message=Message(id="stores.woocommerce.note_stays"))


def _write(account: Account, shipment: Shipment) -> Flow[str]:
    carrier = f"{shipment.carrier_name.replace(':', '')}: " if shipment.carrier_name else ""
    link = f"\n{shipment.url}" if shipment.url else ""
    body = {"note": f"{carrier}{shipment.number}{link}", "customer_note": shipment.notify}
    answer = yield wire.request(account, "POST", _place(shipment.order), body=body)
    return str(convert(wire.opened(answer), _Note).id)


def _read(one: _Note) -> list[StoreShipment]:
    found = _OURS.fullmatch(one.note.strip())
    if not found or not any(map(str.isdigit, found["number"])):
        return []
    at = instant(one.date_created_gmt)
    url, carrier = found["url"] or "", found["carrier"] or ""
    return [StoreShipment(ref=str(one.id), number=found["number"], carrier=carrier, url=url, shipped_at=at)]


def _place(order: str) -> str:
    return f"/wc/v3/orders/{wire.order_id(order)}/notes"
