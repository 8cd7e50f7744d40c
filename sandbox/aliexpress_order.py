"""An order of a dropshipper at AliExpress, as the open platform writes it. Its times are US Pacific time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
USD = {"amount": "4.20", "currency_code": "USD"}
CANCELLED = "cancel_order_close_trade"
PARCEL = "AliExpress Selection Standard"


@dataclass(slots=True, kw_only=True)
class AliOrder:
    """``lines`` are (product id, name, quantity). ``number`` is Cainiao's, ``local`` the courier's. An instant that is
    None never comes.
    """

    id: int
    lines: tuple[tuple[int, str, int], ...]
    placed_at: datetime
    paid_at: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    cancelled: bool = False
    number: str = ""
    local: str = ""

    def status(self, now: datetime) -> tuple[str, str]:
        """order_status and logistics_status at an instant."""
        if self.cancelled:
            return "FINISH", "NO_LOGISTICS"
        if _past(self.received_at, now):
            return "FUND_PROCESSING", "BUYER_ACCEPT_GOODS"
        if _past(self.sent_at, now):
            return "WAIT_BUYER_ACCEPT_GOODS", "SELLER_SEND_GOODS"
        paid = _past(self.paid_at, now)
        return ("WAIT_SELLER_SEND_GOODS", "WAIT_SELLER_SEND_GOODS") if paid else ("PLACE_ORDER_SUCCESS", "NO_LOGISTICS")

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The result of aliexpress.trade.ds.order.get."""
        status, logistics = self.status(now)
        sent = {"logistics_no": self.number, "logistics_service": "CAINIAO_STANDARD"}
        told = {
            "gmt_create": written(self.placed_at),
            "order_status": status,
            "logistics_status": logistics,
            "order_amount": USD,
            "child_order_list": {"aeop_child_order_info": _one_or_more([self._child(*line) for line in self.lines])},
            "logistics_info_list": {"aeop_order_logistics_info": sent} if _past(self.sent_at, now) else {},
            "store_info": {"store_id": 1101, "store_name": "Harbour Lights", "store_url": "https://example.com/1101"},
        }
        return {**told, "order_paidtime_string": written(self.paid_at)} if _past(self.paid_at, now) else told

    def rows(self) -> list[dict[str, Any]]:
        """Of the list: one for each product."""
        rest = {"finished_time": written(self.received_at)} if self.received_at else {}
        return [
            {
                "order_id": self.id * 10 + place,
                "parent_order_number": self.id,
                "item_id": product,
                "item_count": str(quantity),
                "ship_to_country": "DE",
                **rest,
            }
            for place, (product, _, quantity) in enumerate(self.lines)
        ]

    def parcel(self, now: datetime) -> dict[str, Any]:
        """A tracking detail: scans newest first. The courier's number comes with the handover."""
        ours = (
            (self.received_at, "Delivery update", "Package delivered"),
            (self.sent_at, "Shipped", "Package shipped"),
        )
        created = (self.placed_at, "Order created", "Your order has been successfully created")
        nodes = [
            {"time_stamp": int(at.timestamp() * 1000), "tracking_name": name, "tracking_detail_desc": words}
            for at, name, words in (*ours, created)
            if at and at <= now
        ]
        mail_no = self.local or self.number
        return {"mail_no": mail_no, "carrier_name": PARCEL, "detail_node_list": {"detail_node": _one_or_more(nodes)}}

    def _child(self, product: int, name: str, quantity: int) -> dict[str, Any]:
        told = {"product_id": product, "product_name": name, "product_count": quantity, "product_price": USD}
        return {**told, "end_reason": CANCELLED} if self.cancelled else told


def written(at: datetime | None) -> str:
    """As the platform writes a time; '' for none."""
    return at.astimezone(PACIFIC).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _one_or_more(rows: list[dict[str, Any]]) -> Any:
    """A list of one comes as that one."""
    return rows[0] if len(rows) == 1 else rows
