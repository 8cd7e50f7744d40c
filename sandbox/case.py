"""One order with its parcel, and where it was bought."""

from dataclasses import dataclass
from typing import Any

from sandbox.letters import Layout
from sandbox.shipment import Shipment
from sandbox.store_order import StoreOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``channel`` is where the buyer bought, ``supplier`` who ships and tells it by an API ('' = nobody)."""

    order: StoreOrder
    shipment: Shipment
    channel: str
    supplier: str
    authentic: bool
    layout: Layout

    def as_json(self) -> dict[str, Any]:
        """What the script will do: for people, and for tests to compare with."""
        shipment = self.shipment
        return {
            "order": self.order.number,
            "ref": self.order.ref,
            "channel": self.channel,
            "supplier": self.supplier,
            "email": self.order.buyer.email,
            "postcode": self.order.buyer.postcode,
            "phone": self.order.buyer.phone,
            "capture": self.order.capture,
            "route": shipment.route,
            "journey": shipment.journey.name,
            "ends": shipment.journey.ends,
            "method": shipment.method,
            "purchase": shipment.purchase,
            "number": shipment.number,
            "carrier": shipment.carrier.name,
            "named_carrier": shipment.named.name,
            "first_number": shipment.first_number,
            "local_number": shipment.local,
            "authentic": self.authentic,
            "placed_at": self.order.placed_at.isoformat(),
            "number_at": shipment.number_at.isoformat(),
            "dispatched_at": shipment.dispatched_at.isoformat(),
            "scans": [[scan.at.isoformat(), scan.sub, scan.words] for scan in shipment.scans],
        }
