"""The closed lists of words that the API uses.

Made from the API's description by `make docs`; do not edit it.
"""

from typing import Literal

Cause = Literal[
    "access_denied",
    "all_well",
    "arrived",
    "attempt_failed",
    "cancelled_but_sent",
    "cancelled_unexpectedly",
    "carrier_down",
    "contact_seller",
    "customs",
    "delivered_not_received",
    "dispatch_late",
    "exception",
    "first_info_late",
    "first_info_pending",
    "invalid_number",
    "label_cancelled",
    "label_made",
    "label_not_handed_over",
    "lost",
    "no_code_yet",
    "no_dates",
    "not_a_tracking_number",
    "nothing_to_ship",
    "number_may_have_changed",
    "number_replaced",
    "order_cancelled",
    "order_number_as_tracking",
    "overdue",
    "payment_open",
    "pickup_waiting",
    "protection_ends",
    "protection_over",
    "received_damaged",
    "refund_automatic",
    "return_likely",
    "returned",
    "returning",
    "seller_unreachable",
    "sent_without_number",
    "slower_than_usual",
    "small_item_never_tracked",
    "source_trouble",
    "stalled",
    "still_placed",
    "untracked_service",
    "watch_ended",
    "wrong_carrier_suspected",
]
FindingConfidence = Literal["certain", "likely", "possible"]
Who = Literal["carrier", "merchant", "nobody", "shopper", "supplier"]
OrderState = Literal[
    "awaiting_payment", "cancelled", "delivered", "partly_delivered", "partly_shipped", "placed", "shipped"
]
Status = Literal[
    "arrived",
    "attempt_failed",
    "available_for_pickup",
    "cancelled",
    "customs",
    "delivered",
    "exception",
    "expired",
    "in_transit",
    "info_received",
    "not_found",
    "out_for_delivery",
    "pending",
    "picked_up",
    "returned",
    "returning",
    "unknown",
]
Range = Literal["30d", "60d", "7d", "today", "yesterday"]
PurchaseState = Literal["cancelled", "delivered", "dispatched", "paid", "unknown", "unpaid"]
FormatConfidence = Literal["certain", "likely", "possible"]
