"""Everything about a parcel's status lives here: the closed lists, who is responsible, and the transition rules.

Sources: the union of the vendors' lists (AfterShip tags, 17TRACK main and sub status, EasyPost, Shippo, Ship24,
TrackingMore) reduced to what a person can act on. What a vendor says beside the status (refused, lost, held by
customs ...) is a Reason, never a status of its own.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


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


RESPONSIBLE: Final[Mapping[Reason, Responsible]] = MappingProxyType(
    {
        Reason.INCOMPLETE_ADDRESS: Responsible.SENDER,
        Reason.WRONG_ADDRESS: Responsible.SENDER,
        Reason.NOBODY_HOME: Responsible.RECIPIENT,
        Reason.BUSINESS_CLOSED: Responsible.RECIPIENT,
        Reason.REFUSED: Responsible.RECIPIENT,
        Reason.PICKUP_MISSED: Responsible.RECIPIENT,
        Reason.CUSTOMS_HELD: Responsible.CUSTOMS,
        Reason.CUSTOMS_DOCUMENTS: Responsible.RECIPIENT,
        Reason.DUTIES_UNPAID: Responsible.RECIPIENT,
        Reason.RESTRICTED_GOODS: Responsible.SENDER,
        Reason.INFRINGING_GOODS: Responsible.SENDER,
        Reason.DAMAGED: Responsible.CARRIER,
        Reason.LOST: Responsible.CARRIER,
        Reason.DESTROYED: Responsible.CARRIER,
        Reason.DELAYED_WEATHER: Responsible.NATURE,
        Reason.DELAYED_CARRIER: Responsible.CARRIER,
        Reason.SECURITY: Responsible.CARRIER,
        Reason.HELD_FOR_PAYMENT: Responsible.RECIPIENT,
        Reason.MOVED: Responsible.RECIPIENT,
        Reason.INVALID_NUMBER: Responsible.SENDER,
        Reason.WRONG_CARRIER: Responsible.SENDER,
    }
)

# Reasons that mend themselves: nobody has to do anything but wait.
_WAIT: Final = frozenset({Reason.CUSTOMS_HELD, Reason.DELAYED_WEATHER, Reason.DELAYED_CARRIER, Reason.SECURITY})
# Whoever caused it, only the sender can claim it from the carrier and send the goods again.
_CLAIM: Final = frozenset({Reason.DAMAGED, Reason.LOST, Reason.DESTROYED, Reason.REFUSED, Reason.PICKUP_MISSED})

CLOSED: Final = frozenset({Status.DELIVERED, Status.RETURNED, Status.CANCELLED})
# What a source says when it has nothing to say. None of these is news about the parcel.
NO_NEWS: Final = frozenset({Status.PENDING, Status.NOT_FOUND, Status.EXPIRED})

# The transition table, for the statuses that do not simply give way to the next scan: after the key, only these change
# the headline. Everything else in the middle of the road follows everything else: parcels do go back to the depot.
_ONLY_AFTER: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        # A stray scan after the delivery undoes nothing; a parcel sent back, or a complaint, does.
        Status.DELIVERED: frozenset({Status.DELIVERED, Status.EXCEPTION, Status.RETURNING, Status.RETURNED}),
        # Scans on the way back look like scans on the way there.
        Status.RETURNING: frozenset({Status.RETURNING, Status.RETURNED, Status.EXCEPTION, Status.DELIVERED}),
        Status.RETURNED: frozenset({Status.RETURNED}),
    }
)


def closed(status: Status) -> bool:
    """True if nothing more is expected to happen. EXPIRED is not closed: only the source stopped watching."""
    return status in CLOSED


def follows(current: Status, event: Status) -> bool:
    """True if a scan of status ``event`` that happened after those behind ``current`` becomes the headline."""
    if event is Status.UNKNOWN:
        return False
    if event in NO_NEWS:
        return current is Status.PENDING
    if event is Status.INFO_RECEIVED:  # label data that arrives late does not take a parcel off the road
        return current in NO_NEWS or current is Status.INFO_RECEIVED
    return current not in _ONLY_AFTER or event in _ONLY_AFTER[current]


def responsible(reason: Reason | None) -> Responsible | None:
    """Who the reason lies with; None without a reason."""
    return RESPONSIBLE[reason] if reason else None


def action_by(status: Status, reason: Reason | None) -> Responsible | None:
    """Who has to act now, or None when waiting is all that can be done."""
    if closed(status):
        return None
    if reason in _CLAIM:
        return Responsible.SENDER
    if reason and reason not in _WAIT:
        return RESPONSIBLE[reason]
    if status in {Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED}:
        return Responsible.RECIPIENT
    if status in {Status.RETURNING, Status.EXCEPTION} and reason is None:
        return Responsible.SENDER
    return None
