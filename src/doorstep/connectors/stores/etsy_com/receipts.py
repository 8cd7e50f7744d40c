"""What Etsy's receipts (orders) look like, and how they become ours. Times are seconds since 1970."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from doorstep.connectors.answers import bare
from doorstep.core.order import Buyer, Line, Order, StoreShipment
from doorstep.core.status import Status

STATUS: Mapping[str, Status] = {
    **dict.fromkeys(("open", "payment processing", "paid"), Status.PENDING),
    "completed": Status.IN_TRANSIT,  # Etsy's word for shipped
    **dict.fromkeys(("canceled", "fully refunded"), Status.CANCELLED),
    "partially refunded": Status.UNKNOWN,  # it hides whether anything was shipped; is_shipped tells
}


class _Shipment(msgspec.Struct):
    receipt_shipping_id: int | None = None
    shipment_notification_timestamp: int | None = None
    carrier_name: str | None = None
    tracking_code: str | None = None


class _Transaction(msgspec.Struct):
    transaction_id: int
    quantity: int
    title: str | None = None
    sku: str | None = None
    is_digital: bool = False
    paid_timestamp: int | None = None
    shipped_timestamp: int | None = None
    expected_ship_date: int | None = None


class ReceiptShape(msgspec.Struct):
    receipt_id: int
    status: str
    created_timestamp: int | None = None
    create_timestamp: int | None = None  # the older name of the same
    updated_timestamp: int | None = None
    update_timestamp: int | None = None
    is_paid: bool = False
    is_shipped: bool = False
    name: str | None = None
    buyer_email: str | None = None
    city: str | None = None
    zip: str | None = None
    country_iso: str | None = None
    shipments: list[_Shipment] | None = None
    transactions: list[_Transaction] = []


def read_receipt(receipt: ReceiptShape) -> Order:
    """ValueError: no usable date. Etsy does not say which lines a number stands for."""
    placed = _instant(receipt.created_timestamp) or _instant(receipt.create_timestamp)
    if placed is None:
        raise ValueError("created_timestamp is not a time")
    changed = _instant(receipt.updated_timestamp) or _instant(receipt.update_timestamp)
    paid = [at for one in receipt.transactions if (at := _instant(one.paid_timestamp))]
    due = [at for one in receipt.transactions if not one.shipped_timestamp and (at := _instant(one.expected_ship_date))]
    return Order(
        ref=str(receipt.receipt_id),
        number=str(receipt.receipt_id),
        placed_at=placed,
        lines=tuple(_read_line(one) for one in receipt.transactions),
        updated_at=changed,
        paid_at=min(paid, default=None),
        # Etsy keeps no time of cancellation: the last change stands for it.
        cancelled_at=(changed or placed) if cancelled(receipt) else None,
        awaiting_payment=not receipt.is_paid and not cancelled(receipt),
        ship_by=min(due, default=None),
        buyer=_read_buyer(receipt),
        shipments=None if receipt.shipments is None else shipments(receipt),
    )


def cancelled(receipt: ReceiptShape) -> bool:
    """What was refunded after it had left is not cancelled: it is still on its way."""
    return STATUS.get(receipt.status) is Status.CANCELLED and not receipt.is_shipped


def shipments(receipt: ReceiptShape) -> tuple[StoreShipment, ...]:
    return tuple(_read_shipment(one) for one in receipt.shipments or ())


def with_number(receipt: ReceiptShape, number: str) -> StoreShipment | None:
    return next((one for one in shipments(receipt) if bare(one.number) == bare(number)), None)


def _read_line(one: _Transaction) -> Line:
    return Line(
        ref=str(one.transaction_id),
        qty=max(one.quantity, 0),
        sku=one.sku or "",
        title=one.title or "",
        needs_shipping=not one.is_digital,
    )


def _read_buyer(receipt: ReceiptShape) -> Buyer:
    """Address and e-mail are only told to applications that Etsy has approved for them."""
    return Buyer(
        email=receipt.buyer_email or "",
        name=receipt.name or "",
        city=receipt.city or "",
        postcode=receipt.zip or "",
        country=receipt.country_iso or "",
    )


def _read_shipment(one: _Shipment) -> StoreShipment:
    """The id is null for a label that was bought and not sent: the number then stands for it."""
    number = (one.tracking_code or "").strip()
    return StoreShipment(
        ref=str(one.receipt_shipping_id or number),
        number=number,
        carrier=one.carrier_name or "",
        shipped_at=_instant(one.shipment_notification_timestamp),
    )


def _instant(seconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
