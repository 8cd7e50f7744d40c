"""A receipt at Etsy, which is what it calls an order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.catalog import INES, Buyer

CARRIERS = frozenset(
    {
        *("usps", "ups", "fedex", "dhl", "dhl-germany", "deutsch-post", "royal-mail", "parcel-force", "hermes-de"),
        *("dpd", "gls", "china-post", "china-ems", "yanwen", "4px", "australia-post", "la-poste-colissimo"),
        *("colissimo", "postnl", "portugal-ctt", "canada-post", "spain-correos-es", "other"),
    }
)


@dataclass(slots=True, kw_only=True)
class EtsyReceipt:
    """``lines`` are (transaction id, title, quantity)."""

    id: int
    placed_at: datetime
    modified_at: datetime
    lines: Sequence[tuple[int, str, int]]
    buyer: Buyer = INES
    status: str = "paid"
    shipments: list[dict[str, Any]] = field(default_factory=list)

    def ship(self, number: str, carrier: str, now: datetime) -> None:
        """One more shipment; the receipt is completed by its first."""
        made = {"receipt_shipping_id": self.id * 100 + len(self.shipments) + 1, "carrier_name": carrier}
        self.shipments.append({**made, "tracking_code": number, "shipment_notification_timestamp": _seconds(now)})
        self.status, self.modified_at = "completed", now

    def as_json(self) -> dict[str, Any]:
        """As every operation answers it."""
        placed, changed = _seconds(self.placed_at), _seconds(self.modified_at)
        who = self.buyer
        to = {"name": f"{who.first} {who.last}", "city": who.city, "zip": who.postcode, "country_iso": who.country}
        return {
            "receipt_id": self.id,
            "receipt_type": 0,
            **to,
            "buyer_email": None,
            "status": self.status,
            "is_paid": True,
            "is_shipped": bool(self.shipments),
            "create_timestamp": placed,
            "created_timestamp": placed,
            "update_timestamp": changed,
            "updated_timestamp": changed,
            "shipments": self.shipments,
            "transactions": [self._transaction(*one) for one in self.lines],
            "refunds": [],
        }

    def _transaction(self, ref: int, title: str, qty: int) -> dict[str, Any]:
        placed = _seconds(self.placed_at)
        shipped = self.shipments[0]["shipment_notification_timestamp"] if self.shipments else None
        times = {"created_timestamp": placed, "paid_timestamp": placed, "shipped_timestamp": shipped}
        due = _seconds(self.placed_at + timedelta(days=3))
        line = {"transaction_id": ref, "title": title, "quantity": qty, "is_digital": False, "receipt_id": self.id}
        return {**line, **times, "expected_ship_date": due}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
