"""What a diagnosis says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.core.message import Message

Said = tuple[Message, ...]


class Cause(StrEnum):
    """What is the matter. The sentence of each is ``finding.<cause>``."""

    PAYMENT_OPEN = "payment_open"
    CANCELLED_UNEXPECTEDLY = "cancelled_unexpectedly"
    STILL_PLACED = "still_placed"
    SENT_WITHOUT_NUMBER = "sent_without_number"
    NO_CODE_YET = "no_code_yet"
    REFUND_AUTOMATIC = "refund_automatic"
    DISPATCH_LATE = "dispatch_late"
    ORDER_NUMBER_AS_TRACKING = "order_number_as_tracking"
    NOT_A_TRACKING_NUMBER = "not_a_tracking_number"
    INVALID_NUMBER = "invalid_number"
    WRONG_CARRIER_SUSPECTED = "wrong_carrier_suspected"
    NUMBER_REPLACED = "number_replaced"
    UNTRACKED_SERVICE = "untracked_service"
    LABEL_MADE = "label_made"
    LABEL_NOT_HANDED_OVER = "label_not_handed_over"
    FIRST_INFO_PENDING = "first_info_pending"
    FIRST_INFO_LATE = "first_info_late"
    NUMBER_MAY_HAVE_CHANGED = "number_may_have_changed"
    CONTACT_SELLER = "contact_seller"
    SMALL_ITEM_NEVER_TRACKED = "small_item_never_tracked"
    CANCELLED_BUT_SENT = "cancelled_but_sent"
    LOST = "lost"
    CUSTOMS = "customs"
    PICKUP_WAITING = "pickup_waiting"
    ATTEMPT_FAILED = "attempt_failed"
    RETURN_LIKELY = "return_likely"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    LABEL_CANCELLED = "label_cancelled"
    STALLED = "stalled"
    OVERDUE = "overdue"
    SLOWER_THAN_USUAL = "slower_than_usual"
    WATCH_ENDED = "watch_ended"
    NO_DATES = "no_dates"
    DELIVERED_NOT_RECEIVED = "delivered_not_received"
    RECEIVED_DAMAGED = "received_damaged"
    SELLER_UNREACHABLE = "seller_unreachable"
    PROTECTION_ENDS = "protection_ends"
    PROTECTION_OVER = "protection_over"
    ACCESS_DENIED = "access_denied"
    CARRIER_DOWN = "carrier_down"
    SOURCE_TROUBLE = "source_trouble"
    ORDER_CANCELLED = "order_cancelled"
    NOTHING_TO_SHIP = "nothing_to_ship"
    ARRIVED = "arrived"
    ALL_WELL = "all_well"


class Confidence(StrEnum):
    """How sure: somebody said so, it usually is so, it may be so."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Who(StrEnum):
    """Who takes the next step."""

    MERCHANT = "merchant"
    SHOPPER = "shopper"
    CARRIER = "carrier"
    SUPPLIER = "supplier"
    NOBODY = "nobody"  # waiting is all that can be done


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One diagnosis. ``evidence`` holds facts and dates only, nothing that changes with the day or with what is learned
    later, so that an answer given to a finding still fits it tomorrow; ``measure`` says what its dates go by.
    ``next_at``: when to take the next step, or to look again (``now`` = at once); None = nothing more will come.
    ``parcel``: the ``ref`` of the one it is about, '' = the order.
    """

    cause: Cause
    confidence: Confidence
    who: Who
    evidence: Said
    advice: Said
    next_at: datetime | None
    parcel: str = ""
    measure: Message | None = None

    @property
    def message(self) -> Message:
        """The finding in one sentence."""
        return Message(id=f"finding.{self.cause}")
