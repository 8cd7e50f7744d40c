"""An order at Printful, as API v1 writes it (Unix time, with tracking numbers), and its shipments as API v2 does."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

HOST = "https://api.printful.com"
DELIVERY = timedelta(days=4)


@dataclass(slots=True, kw_only=True)
class Parcel:
    """``contents`` are (item id, quantity). ``scans`` are (instant, words), the oldest first."""

    id: int
    number: str
    carrier: str
    sent_at: datetime
    contents: tuple[tuple[int, int], ...]
    scans: tuple[tuple[datetime, str], ...] = ()
    delivered_at: datetime | None = None

    def old(self) -> dict[str, Any]:
        """Of v1."""
        at = int(self.sent_at.timestamp())
        items = [{"item_id": item, "quantity": quantity, "picked": 1, "printed": 1} for item, quantity in self.contents]
        shown = {"id": self.id, "carrier": self.carrier, "service": "Ground", "tracking_number": self.number}
        link = {"tracking_url": f"https://myorders.example/tracking/{self.id}", "reshipment": False}
        return {**shown, **link, "created": at, "ship_date": str(self.sent_at.date()), "shipped_at": at, "items": items}

    def new(self, order: "PrintfulOrder", now: datetime) -> dict[str, Any]:
        """Of v2: without the number."""
        here = f"{HOST}/v2/orders/{order.id}"
        seen = [{"triggered_at": iso(at), "description": words} for at, words in self.scans if at <= now]
        arrived = self.delivered_at if self.delivered_at and self.delivered_at <= now else None
        due = (self.sent_at + DELIVERY).date()
        return {
            "id": self.id,
            "order_id": order.id,
            "order_external_id": order.external_id,
            "carrier": self.carrier,
            "service": "Ground",
            "shipment_status": "shipped",
            "shipped_at": iso(self.sent_at),
            "delivery_status": "delivered" if arrived else "in_transit" if seen else "pre_transit",
            "delivered_at": iso(arrived) if arrived else None,
            "departure_address": {"country_name": "Latvia", "country_code": "LV", "state_code": ""},
            "is_reshipment": False,
            "tracking_url": f"https://myorders.example/tracking/{self.id}",
            "tracking_events": seen[::-1],
            "estimated_delivery": _due(due, self.sent_at),
            "shipment_items": [_packed(order, item, quantity) for item, quantity in self.contents],
            "_links": {"self": {"href": f"{HOST}/v2/shipments/{self.id}"}, "order": {"href": here}},
        }


@dataclass(slots=True, kw_only=True)
class PrintfulOrder:
    """``items`` are (id, the shop's line id, name, quantity)."""

    id: int
    external_id: str
    placed_at: datetime
    items: tuple[tuple[int, str, str, int], ...]
    status: str = "inprocess"
    changed_at: datetime | None = None
    parcels: list[Parcel] = field(default_factory=list)

    def send(self, parcel: Parcel) -> None:
        """A parcel leaves; with the last piece the order is fulfilled. Raises ValueError for more than was ordered."""
        left = {item: quantity for item, _, _, quantity in self.items}
        for one in (*self.parcels, parcel):
            for item, quantity in one.contents:
                left[item] -= quantity
        if min(left.values()) < 0:
            raise ValueError("more than was ordered")
        self.parcels.append(parcel)
        self.status = "partial" if any(left.values()) else "fulfilled"
        self.changed_at = parcel.sent_at

    def old(self) -> dict[str, Any]:
        """Of v1."""
        items = [
            {"id": ref, "external_id": line, "quantity": quantity, "name": name, "sku": None, "price": "9.85"}
            for ref, line, name, quantity in self.items
        ]
        times = {"created": _unix(self.placed_at), "updated": _unix(self.changed_at or self.placed_at)}
        shipments = [parcel.old() for parcel in self.parcels]
        whole = {"id": self.id, "external_id": self.external_id, "store": 10, "status": self.status}
        return {**whole, "shipping": "STANDARD", **times, "items": items, "shipments": shipments}


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _unix(at: datetime) -> int:
    return int(at.timestamp())


def _due(due: date, said_at: datetime) -> dict[str, str]:
    return {"from_date": str(due), "to_date": str(due + timedelta(days=2)), "calculated_at": iso(said_at)}


def _packed(order: PrintfulOrder, item: int, quantity: int) -> dict[str, Any]:
    line, name = next((line, name) for ref, line, name, _ in order.items if ref == item)
    link = {"order_item": {"href": f"{HOST}/v2/orders/{order.id}/order-items/{item}"}}
    told = {"id": item + 1, "order_item_id": item, "order_item_external_id": line, "order_item_name": name}
    return {**told, "quantity": quantity, "_links": link}
