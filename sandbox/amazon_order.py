"""An order at Amazon, its packages, and how Amazon words a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

CARRIERS = frozenset(
    {
        *("USPS", "UPS", "FedEx", "DHL", "DHL Global Mail", "Deutsche Post", "Royal Mail", "Parcelforce", "DPD"),
        *("GLS", "China Post", "YANWEN", "4PX", "Yun Express", "Australia Post", "La Poste", "Colissimo", "SF Express"),
        *("Hermes Logistik Gruppe", "India Post", "Correos", "Canada Post", "Other"),
    }
)


class Refusal(Exception):
    """An answer with ``errors``."""

    def __init__(
        self, status: int, code: str, message: str, details: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"errors": [{"code": code, "message": message, "details": details}]}


@dataclass(slots=True, kw_only=True)
class AmazonOrder:
    """``items`` are (id, title, quantity); ``packages`` by their reference."""

    id: str
    placed_at: datetime
    modified_at: datetime
    items: Sequence[tuple[str, str, int]]
    fulfilled_by: str = "MERCHANT"
    cancelled: bool = False
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)

    def check_items(self, package: Mapping[str, Any]) -> None:
        """None unknown, and of none more than was ordered, the other packages counted in. Raises Refusal."""
        if self.fulfilled_by != "MERCHANT" or self.cancelled:
            raise Refusal(400, "InvalidInput", "The order cannot be confirmed.")
        ref = package["packageReferenceId"]
        if any(one["packageStatus"]["status"] == "DELIVERED" for one in self.packages.values() if one["ref"] == ref):
            raise Refusal(400, "GeneralError", "errorMetric=PackageToUpdateNotFound")
        left = {item: self.left(item, qty, but=ref) for item, _, qty in self.items}
        for one in package.get("orderItems") or [{}]:
            if one.get("orderItemId") not in left or not 0 < one.get("quantity", 0) <= left[one["orderItemId"]]:
                raise Refusal(400, "InvalidInput", f"Quantity of {one} is more than is left, or the item is unknown.")

    def confirm(self, package: Mapping[str, Any], now: datetime) -> None:
        """A new package, or the same one changed."""
        ref = package["packageReferenceId"]
        self.packages[ref] = {
            "ref": ref,
            "packageReferenceId": ref,
            "createdTime": _time(now),
            "packageStatus": {"status": "SHIPPED"},
            "carrier": package.get("carrierName") or package["carrierCode"],
            "shipTime": package["shipDate"],
            "trackingNumber": package["trackingNumber"],
            "packageItems": [dict(one) for one in package["orderItems"]],
        }
        self.modified_at = now

    def left(self, item: str, ordered: int, but: str = "") -> int:
        """What is in no package, that of the reference ``but`` not counted."""
        packed = (part for one in self.packages.values() if one["ref"] != but for part in one["packageItems"])
        return ordered - sum(int(part["quantity"]) for part in packed if part["orderItemId"] == item)

    def as_json(self) -> dict[str, Any]:
        """As searchOrders and getOrder answer it."""
        left = [self.left(item, qty) for item, _, qty in self.items]
        shipped = "SHIPPED" if not any(left) else "PARTIALLY_SHIPPED" if self.packages else "UNSHIPPED"
        state = {
            "fulfillmentStatus": "CANCELLED" if self.cancelled else shipped,
            "fulfilledBy": self.fulfilled_by,
            "shipByWindow": {"latestDateTime": _time(self.placed_at + timedelta(days=2))},
        }
        return {
            "orderId": self.id,
            "createdTime": _time(self.placed_at),
            "lastUpdatedTime": _time(self.modified_at),
            "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"},
            "fulfillment": state,
            "orderItems": [self._item(*one) for one in self.items],
            "packages": [{name: said for name, said in one.items() if name != "ref"} for one in self.packages.values()],
        }

    def _item(self, ref: str, title: str, qty: int) -> dict[str, Any]:
        left = self.left(ref, qty)
        counted = {"quantityFulfilled": qty - left, "quantityUnfulfilled": left}
        product = {"title": title, "sellerSku": f"SKU-{ref[-2:]}"}
        return {"orderItemId": ref, "quantityOrdered": qty, "product": product, "fulfillment": counted}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
