"""An order at eBay, its shipping fulfillments, and how eBay words a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.catalog import INES, Buyer

CARRIERS = frozenset(
    {
        *("USPS", "UPS", "FedEx", "DHL", "DHLGlobalMail", "DeutschePost", "RoyalMail", "Parcelforce", "Hermes"),
        *("DPD", "GLS", "ChinaPost", "YANWEN", "FourPX", "AustraliaPost", "LAPOSTE", "Colissimo", "Chronopost"),
        *("PostNL", "PosteItaliane", "Correos", "BPost", "IndiaPost", "Other"),
    }
)


class Refusal(Exception):
    """An answer with ``errors``."""

    def __init__(self, status: int, number: int, message: str, more: str = "") -> None:
        super().__init__(message)
        self.status = status
        category = "APPLICATION" if status >= 500 else "REQUEST"
        error = {"errorId": number, "domain": "API_FULFILLMENT", "category": category, "message": message[:50]}
        self.body = {"errors": [{**error, "longMessage": more or message}]}


@dataclass(slots=True, kw_only=True)
class EBayOrder:
    """``lines`` are (id, title, quantity)."""

    id: str
    placed_at: datetime
    modified_at: datetime
    lines: Sequence[tuple[str, str, int]]
    buyer: Buyer = INES
    cancelled: bool = False
    fulfillments: list[dict[str, Any]] = field(default_factory=list)

    def check_lines(self, said: Sequence[Mapping[str, Any]]) -> None:
        """Each line once, none unknown, and of none more than was bought. Raises Refusal."""
        bought = {ref: qty for ref, _, qty in self.lines}
        refs = [one.get("lineItemId") for one in said]
        if not refs or set(refs) - set(bought):
            raise Refusal(400, 32200, f"Invalid line item id: {refs}")
        if len(refs) != len(set(refs)):
            raise Refusal(400, 32210, "Duplicate line item in the request")
        if any(not 0 < one.get("quantity", 1) <= bought[str(one["lineItemId"])] for one in said):
            raise Refusal(400, 32600, "Invalid input data", "The quantity is not that of the line item.")

    def ship(self, body: Mapping[str, Any], now: datetime) -> str:
        """A new fulfillment; its id is the number, or 999 without one."""
        ref = body.get("trackingNumber") or "999"
        made = {
            "fulfillmentId": ref,
            "shipmentTrackingNumber": body.get("trackingNumber", ""),
            "shippingCarrierCode": body.get("shippingCarrierCode", ""),
            "shippedDate": body["shippedDate"],
            "lineItems": [
                {"lineItemId": one["lineItemId"], "quantity": one.get("quantity", 1)} for one in body["lineItems"]
            ],
        }
        self.fulfillments.append(made)
        self.modified_at = now
        return str(ref)

    def as_json(self) -> dict[str, Any]:
        """As getOrder and getOrders answer it."""
        href = f"https://api.ebay.com/sell/fulfillment/v1/order/{self.id}/shipping_fulfillment/"
        left = [self._left(ref, qty) for ref, _, qty in self.lines]
        state = "FULFILLED" if not any(left) else "IN_PROGRESS" if self.fulfillments else "NOT_STARTED"
        cancel: dict[str, Any] = {"cancelState": "CANCELED" if self.cancelled else "NONE_REQUESTED"}
        who = self.buyer
        to = {"city": who.city, "postalCode": who.postcode, "countryCode": who.country, "addressLine1": who.street}
        name = f"{who.first} {who.last}"
        step = {"shipTo": {"fullName": name, "email": "4a1b@members.ebay.example", "contactAddress": to}}
        paid = {"paymentStatus": "PAID", "paymentMethod": "EBAY", "paymentDate": _time(self.placed_at)}
        return {
            "orderId": self.id,
            "legacyOrderId": self.id,
            "creationDate": _time(self.placed_at),
            "lastModifiedDate": _time(self.modified_at),
            "orderFulfillmentStatus": state,
            "orderPaymentStatus": "PAID",
            "cancelStatus": {**cancel, "cancelRequests": []},
            "paymentSummary": {"payments": [paid], "refunds": []},
            "fulfillmentStartInstructions": [{"fulfillmentInstructionsType": "SHIP_TO", "shippingStep": step}],
            "fulfillmentHrefs": [href + one["fulfillmentId"] for one in self.fulfillments],
            "lineItems": [self._line(*one) for one in self.lines],
        }

    def _line(self, ref: str, title: str, qty: int) -> dict[str, Any]:
        status = "NOT_STARTED" if self._left(ref, qty) else "FULFILLED"
        ship_by = {"shipByDate": _time(self.placed_at + timedelta(days=2)), "guaranteedDelivery": False}
        line = {"lineItemId": ref, "title": title, "quantity": qty, "lineItemFulfillmentStatus": status}
        return {**line, "lineItemFulfillmentInstructions": ship_by, "refunds": []}

    def _left(self, ref: str, qty: int) -> int:
        sent = (part for one in self.fulfillments for part in one["lineItems"] if part["lineItemId"] == ref)
        return max(0, qty - sum(int(part["quantity"]) for part in sent))


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
