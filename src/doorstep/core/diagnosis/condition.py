"""What the rules ask of a case: each condition with the words it has in the decision table."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from doorstep.core.diagnosis.case import Case
from doorstep.core.diagnosis.facts import Canceller, Mark, Trouble
from doorstep.core.state import OrderState, TrackAnswer
from doorstep.core.status import Reason, Status

GONE: Final = frozenset({Reason.LOST, Reason.DESTROYED})
_STOPPED: Final = frozenset({Status.AVAILABLE_FOR_PICKUP, Status.ATTEMPT_FAILED, Status.EXCEPTION})


class Column(StrEnum):
    """The table's columns of conditions."""

    KNOWN = "what is known"
    STATUS = "status"
    DATE = "now is"


class Condition(NamedTuple):
    """``says`` is how it reads in its column of the table."""

    says: str
    holds: Callable[[Case], bool]
    column: Column = Column.KNOWN


# The dates of a case, as the table calls them.
DATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "refund_checked": "20 days after the cancellation",
        "number_due": "the day the number is due",
        "answer_due": "the day the seller's answer is due",
        "dispute_announced": "the last sensible day for a dispute, less the margin",
        "dispute_by": "the last sensible day for a dispute",
        "dispute_end": "the end of the protection",
        "dispute_closes": "the last day for a dispute",
        "first_due": "the day the first scan is due",
        "check_due": "the day the number must be doubted",
        "kept_until": "the last day it is kept",
        "lost_at": "the day it counts as lost",
        "customs_due": "a week in customs",
        "stalled_at": "the day the next scan is due",
        "due": "the promised day",
        "usual_end": "the day 85 of 100 parcels of the lane were there",
    }
)


def before(name: str) -> Condition:
    """Now is not after a date of the case; one that is not known is never before."""
    return Condition(f"not after {DATES[name]}", lambda case: _passed(case, name) is False, Column.DATE)


def after(name: str) -> Condition:
    """Now is after a date of the case; one that is not known is never passed."""
    return Condition(f"after {DATES[name]}", lambda case: _passed(case, name) is True, Column.DATE)


def _passed(case: Case, name: str) -> bool | None:
    date: datetime | None = getattr(case, name)
    return None if date is None else case.now > date


def negate(one: Condition, says: str) -> Condition:
    return Condition(says, lambda case: not one.holds(case), one.column)


def status(*wanted: Status) -> Condition:
    return Condition(" or ".join(wanted), lambda case: case.parcel.status in wanted, Column.STATUS)


# The order.
CANCELLED = Condition("the order is cancelled", lambda case: case.cancelled)
LIVE = negate(CANCELLED, "the order is not cancelled")
PAYMENT_OPEN = Condition("it awaits its payment", lambda case: case.order.state is OrderState.AWAITING_PAYMENT)
PAID = negate(PAYMENT_OPEN, "it does not await its payment")
BY_THE_OTHERS = Condition(
    "by the seller or the marketplace",
    lambda case: case.order.cancelled_by in {Canceller.SELLER, Canceller.MARKETPLACE},
)
NOT_LONG_AGO = negate(after("refund_checked"), f"not known to be after {DATES['refund_checked']}")
SUPPLIED = Condition("a supplier ships it for the merchant", lambda case: case.order.supplied)
WAITING = Condition("something of it is in no parcel", lambda case: case.waiting)
SAID_SENT = Condition("the seller says it was sent", lambda case: case.said_sent)
STORE_SILENT = Condition("the store answers nothing about it", lambda case: case.store_silent is not None)
REFUNDS_BY_ITSELF = Condition("the marketplace pays back by itself", lambda case: case.market.refund is not None)
ARRIVED = Condition("everything arrived", lambda case: case.arrived)
NOT_ARRIVED = negate(ARRIVED, "not everything has arrived")
NOTHING_TO_SHIP = Condition("nothing of it is shipped", lambda case: not case.order.needs_shipping)
CONTACT_INVALID = Condition("nothing written to the seller arrives", lambda case: case.order.contact_invalid)

# The number.
HAS_NUMBER = Condition("there is a number", lambda case: bool(case.number))
ORDER_NUMBER = Condition("it is an order number", lambda case: case.is_order_number)
SOMETHING_ELSE = Condition("it is surely something else", lambda case: case.is_something_else)
CARRIER_DENIES = Condition(
    "the carrier says it is not its own", lambda case: case.parcel.reason is Reason.WRONG_CARRIER
)
CHECK_DIGIT_WRONG = Condition("its check digit is wrong or the carrier calls it invalid", lambda case: case.is_invalid)
LOOKS_LIKE_ANOTHERS = Condition("it looks like another carrier's", lambda case: bool(case.likely_carrier))
REJECTED = Condition("the carrier did not take it", lambda case: case.parcel.answer is TrackAnswer.REJECTED)
PLAUSIBLE = Condition("the number may be right", lambda case: case.plausible)
REPLACED = Condition("the number took another's place", lambda case: bool(case.replaced_number))

# The first scan.
UNSCANNED = Condition("no scan yet", lambda case: case.unscanned, Column.STATUS)
UNTRACKED = Condition("the service scans nothing", lambda case: case.parcel.tracked is False)
MAY_BE_TRACKED = negate(UNTRACKED, "the service may scan")
LABEL_ONLY = Condition("a label was made", lambda case: case.label_only, Column.STATUS)
CONFIRMED = Condition("the seller still gives the same number after that", lambda case: case.confirmed)
SMALL = Condition("all goods are small ones", lambda case: bool(case.small_classes))

# The road.
ON_THE_ROAD = Condition("it is on the road", lambda case: case.on_the_road, Column.STATUS)
CLOSE_BY = Condition(
    "it is on the road or waits for somebody", lambda case: case.on_the_road or _stopped(case), Column.STATUS
)
NOT_RECEIVED = Condition("the shopper does not say it came", lambda case: case.parcel.mark is not Mark.RECEIVED)
REASONED = Condition("with a reason", lambda case: case.parcel.reason is not None)
GONE_FOR_GOOD = Condition("reason is lost or destroyed", lambda case: case.parcel.reason in GONE)
UNDATED = Condition("no scan has a date", lambda case: case.last_scan is None)
STOPPED_WATCHING = status(Status.EXPIRED)

# The delivery.
SAID_MISSING = Condition("the shopper says it did not come", lambda case: case.parcel.mark is Mark.MISSING)
SAID_DAMAGED = Condition("the shopper says it is damaged", lambda case: case.parcel.mark is Mark.DAMAGED)

# Asking.
OPEN = Condition(
    "it is still on its way", lambda case: case.parcel.status not in {Status.DELIVERED, Status.RETURNED}, Column.STATUS
)
FAILING = Condition("asking for this number fails", lambda case: case.failing is not None)
DOWN = Condition("asking fails for every number", lambda case: case.down is not None)
DENIED = Condition("the access is refused", lambda case: case.parcel.trouble is Trouble.DENIED)


def _stopped(case: Case) -> bool:
    return case.parcel.status in _STOPPED and case.parcel.mark is not Mark.RECEIVED
