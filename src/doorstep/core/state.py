"""What an order and an answer can be, apart from the facts about them: rules import these alone, which is quick."""

from enum import StrEnum


class OrderState(StrEnum):
    """State of a store order, derived from the item by quantity by parcel matrix."""

    AWAITING_PAYMENT = "awaiting_payment"
    PLACED = "placed"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    PARTLY_DELIVERED = "partly_delivered"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class TrackAnswer(StrEnum):
    """What a carrier answered for one number. Failing to ask is not among them: that is Trouble."""

    EVENTS = "events"
    NOTHING = "nothing"  # accepted, no information yet
    NOT_FOUND = "not_found"  # the carrier says it does not know the number
    REJECTED = "rejected"  # wrong format, carrier not detected, not registered, quota ...: see reason
