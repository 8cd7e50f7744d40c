"""A purchase at the supplier and how CJdropshipping's API v2 writes it. Order times are UTC, without an offset."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from sandbox.shipment import Scan, Shipment
from sandbox.store_order import Json, StoreOrder

BEIJING = timezone(timedelta(hours=8))
PAID = timedelta(hours=2)
# 17TRACK's words of the scripted scans as CJ's numbers (their webhook page), and trackInfo's text.
STAGES = {
    "InfoReceived": (1, "Created"),
    "InTransit_PickedUp": (2, "Picked up"),
    "InTransit_Other": (4, "In transit"),
    "InTransit_Departure": (5, "In transit"),
    "InTransit_CustomsProcessing": (7, "In transit"),
    "InTransit_CustomsRequiringInformation": (7, "Exception"),
    "InTransit_CustomsReleased": (8, "In transit"),
    "InTransit_Arrival": (9, "Arrived at destination"),
    "OutForDelivery_Other": (10, "Out for delivery"),
    "AvailableForPickup_Other": (11, "Waiting for pickup"),
    "Delivered_Other": (12, "Delivered"),
    "Exception_Returning": (14, "Return"),
    "Exception_Returned": (14, "Return"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOrder:
    """A purchase made for a store order."""

    order: StoreOrder
    shipment: Shipment

    @property
    def id(self) -> str:
        """CJ's order id: 19 digits, as text."""
        return self.shipment.purchase

    def status(self, now: datetime) -> tuple[str, str | None]:
        """orderStatus and subStatus at an instant."""
        delivered = self.shipment.delivered_at()
        if delivered and now >= delivered:
            return "DELIVERED", None
        if now >= self.shipment.dispatched_at:
            return "SHIPPED", None
        if now < self.order.placed_at + PAID:
            return "UNPAID", None
        return "UNSHIPPED", "PROCESSING" if now >= self.shipment.number_at else "PENDING"

    def as_json(self, now: datetime) -> Json:
        """A row of the order list, and the order's detail."""
        status, sub_status = self.status(now)
        buyer, shipment = self.order.buyer, self.shipment
        paid, sent = status != "UNPAID", now >= shipment.dispatched_at
        return {
            "orderId": self.id,
            "orderNum": self.order.number,
            "cjOrderId": self.id,
            "cjOrderCode": f"CJ{self.id[-9:]}",
            "platformOrderId": self.order.ref,
            "shippingCountryCode": buyer.country,
            "shippingProvince": buyer.state,
            "shippingCity": buyer.city,
            "shippingPhone": buyer.phone,
            "shippingAddress": buyer.street,
            "shippingCustomerName": f"{buyer.first} {buyer.last}",
            "remark": "",
            "orderStatus": status,
            "subStatus": sub_status,
            "orderAmount": 12.5,
            "productAmount": 8.1,
            "postageAmount": 4.4,
            "logisticName": shipment.method,
            "trackNumber": shipment.said(now) or None,
            "trackingUrl": None,
            "trackingProvider": shipment.carrier.name if shipment.said(now) else None,
            "createDate": _utc(self.order.placed_at),
            "paymentDate": _utc(self.order.placed_at + PAID) if paid else None,
            "outWarehouseTime": _utc(shipment.dispatched_at) if sent else None,
            "storeCreateDate": _utc(self.order.placed_at),
            "storageId": None,
            "storageName": None,
            "isSandbox": 0,
            "productList": self.products(),
        }

    def products(self) -> list[Json]:
        """What was bought, with the store's own line ids."""
        return [
            {
                "vid": f"VID{line.product.sku}",
                "sku": line.product.sku,
                "quantity": line.quantity,
                "sellPrice": 4.05,
                "storeLineItemId": str(line.id),
                "lineItemId": f"{self.id[:15]}{line.id % 10000:04d}",
                "productionOrderStatus": None,
                "abnormalType": None,
            }
            for line in self.order.lines
        ]

    def order_message(self, now: datetime) -> Json:
        """``params`` of the ORDER webhook."""
        row = self.as_json(now)
        return {
            "orderNumber": row["orderNum"],
            "cjOrderId": int(self.id),  # a number too large for a double, as the vendor sends it
            "orderStatus": row["orderStatus"],
            "logisticName": row["logisticName"],
            "trackNumber": row["trackNumber"],
            "trackingUrl": None,
            "trackingProvider": row["trackingProvider"],
            "createDate": row["createDate"],
            "updateDate": _utc(now),
            "payDate": row["paymentDate"],
            "orderItems": row["productList"],
        }

    def logistic_message(self, now: datetime) -> Json | None:
        """``params`` of the LOGISTIC webhook, newest event first; None before the first scan."""
        events = [_event(scan) for scan in reversed(self.shipment.seen(now, self.shipment.number))]
        if not events:
            return None
        return {
            "orderId": int(self.id),
            "storeOrderNumbers": [self.order.number],
            "logisticName": self.shipment.method,
            "trackingNumber": self.shipment.number,
            "trackingUrl": None,
            "trackingProvider": self.shipment.carrier.name,
            "trackingStatus": events[0]["status"],
            "logisticsTrackEvents": json.dumps(events),
        }

    def track_row(self, tracking: str, now: datetime) -> Json | None:
        """A row of trackInfo; None if the number is not this parcel's, or not given yet."""
        shipment = self.shipment
        if tracking not in {shipment.number, shipment.first_number, shipment.local} or now < shipment.number_at:
            return None
        scans, delivered = shipment.seen(now, tracking), shipment.delivered_at()
        done = delivered if delivered and delivered <= now else None
        last_mile = bool(shipment.local) and now >= shipment.local_at and tracking != shipment.first_number
        return {
            "trackingNumber": tracking,
            "logisticName": shipment.method,
            "trackingFrom": "CN",
            "trackingTo": self.order.buyer.country,
            "deliveryDay": str((done - shipment.dispatched_at).days) if done else None,
            "deliveryTime": f"{done.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if done else None,
            "trackingStatus": _stage(scans[-1].sub)[1] if scans else "Created",
            "lastMileCarrier": shipment.local_carrier.name if last_mile else None,
            "lastTrackNumber": shipment.local if last_mile else None,
        }


def _event(scan: Scan) -> Json:
    number, text = _stage(scan.sub)
    when = f"{scan.at.astimezone(scan.zone):%Y-%m-%d %H:%M:%S}"
    return {
        "status": number,
        "activity": scan.words,
        "location": scan.place,
        "eventTime": when,
        "statusDesc": text,
        "thirdActivity": scan.words,
        "thirdLocation": scan.place,
        "thirdEventTime": when,
    }


def _stage(sub: str) -> tuple[int, str]:
    return STAGES.get(sub, (13, "Exception"))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
