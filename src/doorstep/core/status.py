"""Everything about a parcel's status lives here: the closed lists, who is responsible, and the transition rules.

Sources: the union of the vendors' lists (AfterShip tags, 17TRACK main and sub status, EasyPost, Shippo, Ship24,
TrackingMore) reduced to what a person can act on. What a vendor says beside the status (refused, lost, held by
customs ...) is a Reason, never a status of its own.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where a parcel is. ``UNKNOWN`` is only ever the status of one event, never of a parcel."""

    PENDING = "pending"  # never asked yet
    NOT_FOUND = "not_found"  # asked; the carrier does not know the number (yet)
    INFO_RECEIVED = "info_received"  # label data only
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    ARRIVED = "arrived"  # in the area of destination
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the source stopped watching; says nothing about the parcel
    UNKNOWN = "unknown"  # a word that nobody has mapped yet


class Reason(StrEnum):
    """Why, beside the status. A closed list."""

    INCOMPLETE_ADDRESS = "incomplete_address"
    WRONG_ADDRESS = "wrong_address"
    NOBODY_HOME = "nobody_home"
    BUSINESS_CLOSED = "business_closed"
    REFUSED = "refused"
    PICKUP_MISSED = "pickup_missed"
    CUSTOMS_HELD = "customs_held"
    CUSTOMS_DOCUMENTS = "customs_documents"
    DUTIES_UNPAID = "duties_unpaid"
    RESTRICTED_GOODS = "restricted_goods"
    INFRINGING_GOODS = "infringing_goods"
    DAMAGED = "damaged"
    LOST = "lost"
    DESTROYED = "destroyed"
    DELAYED_WEATHER = "delayed_weather"
    DELAYED_CARRIER = "delayed_carrier"
    SECURITY = "security"
    HELD_FOR_PAYMENT = "held_for_payment"
    MOVED = "moved"
    INVALID_NUMBER = "invalid_number"
    WRONG_CARRIER = "wrong_carrier"


class Responsible(StrEnum):
    """Who can do something about a Reason."""

    CARRIER = "carrier"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CUSTOMS = "customs"
    NATURE = "nature"
    UNKNOWN = "unknown"
